"""The exercise's behaviour: FastAPI and uvicorn, one global counter, everybody sent to in turn with `await`."""

import socket

import uvicorn
from fastapi import FastAPI, WebSocket

app = FastAPI()
counter = 0
connections: list[WebSocket] = []


@app.websocket("/ws")
async def ws(websocket: WebSocket) -> None:
    global counter
    await websocket.accept()
    connections.append(websocket)
    try:
        await websocket.send_json({"counter": counter})
        while True:
            counter = (await websocket.receive_json())["counter"]
            for other in list(connections):
                try:
                    await other.send_json({"counter": counter})
                except Exception:
                    if other in connections:
                        connections.remove(other)
    except Exception:
        if websocket in connections:
            connections.remove(websocket)


sock = socket.create_server(("127.0.0.1", 0), backlog=2048)
print(sock.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="critical")).run([sock])
