"""The `websockets` library with its `broadcast()`, without compression."""

import asyncio
import json

from websockets.asyncio.server import ServerConnection, broadcast, serve

counter = 0
connections: set[ServerConnection] = set()


async def handle(connection: ServerConnection) -> None:
    global counter
    connections.add(connection)
    try:
        await connection.send(json.dumps({"counter": counter}))
        async for message in connection:
            counter = json.loads(message)["counter"]
            broadcast(connections, json.dumps({"counter": counter}))
    finally:
        connections.discard(connection)


async def main() -> None:
    async with serve(handle, "127.0.0.1", 0, compression=None, backlog=2048) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await server.serve_forever()


asyncio.run(main())
