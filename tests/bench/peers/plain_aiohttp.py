"""aiohttp as its documentation shows it: everybody sent to in turn with `await`."""

import socket

from aiohttp import web

counter = 0
connections: list[web.WebSocketResponse] = []


async def ws(request: web.Request) -> web.WebSocketResponse:
    global counter
    own = web.WebSocketResponse(compress=False)
    await own.prepare(request)
    connections.append(own)
    try:
        await own.send_json({"counter": counter})
        async for message in own:
            counter = message.json()["counter"]
            for other in list(connections):
                await other.send_json({"counter": counter})
    finally:
        connections.remove(own)
    return own


app = web.Application()
app.router.add_get("/ws", ws)
sock = socket.create_server(("127.0.0.1", 0), backlog=2048)
print(sock.getsockname()[1], flush=True)
web.run_app(app, sock=sock, print=None, access_log=None)
