import asyncio, json
from websockets.asyncio.client import connect

async def main(url):
    async with connect(url) as wire:
        counter = json.loads(await wire.recv())["counter"]
        print("It stands at", counter, flush=True)
        await wire.send(json.dumps({"counter": counter + 1}))
        async for text in wire:
            print("Now", json.loads(text)["counter"], flush=True)

asyncio.run(main("ws://127.0.0.1:8000/ws"))
