"""A client as the course's original page is one: no subprotocol, and the one key it knows."""

import asyncio
import threading
from types import TracebackType

import aiohttp


class ClassicClient:
    """Connected while in its `with` block; remembers every value that it was told."""

    def __init__(self, join_url: str) -> None:
        self._url = join_url.replace("http:", "ws:") + "ws"
        self._heard = threading.Condition()
        self._loop = asyncio.new_event_loop()
        # A thread of its own: Playwright's loop holds the test's.
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self.values: list[int] = []
        self.close_code: int | None = None

    def __enter__(self) -> "ClassicClient":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._socket is not None and not self._loop.is_closed():
            asyncio.run_coroutine_threadsafe(self._socket.close(), self._loop)
        self._thread.join(10)

    def set(self, value: int) -> None:
        """Set the counter, the last write wins."""
        assert self._socket is not None
        asyncio.run_coroutine_threadsafe(self._socket.send_json({"counter": value}), self._loop).result(10)

    def hears(self, value: int, within: float = 15) -> None:
        """Wait until the newest value it was told is `value`."""
        with self._heard:
            told = self._heard.wait_for(lambda: self.values[-1:] == [value], within)
        assert told, f"the newest values are {self.values[-5:]}, not {value}"

    def is_closed(self, within: float = 15) -> int | None:
        """Wait until the server has closed the connection, and return the close code."""
        self._thread.join(within)
        return self.close_code

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._listen())
        finally:
            self._loop.close()

    async def _listen(self) -> None:
        async with aiohttp.ClientSession() as session, session.ws_connect(self._url) as self._socket:
            async for message in self._socket:
                with self._heard:
                    self.values.append(message.json()["counter"])
                    self._heard.notify_all()
            self.close_code = self._socket.close_code
