"""What open pages are told without asking: server-sent events, one for each change."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from contextlib import suppress

from ..model import Body

_STILL_THERE = 15.0  # seconds between two signs of life: a browser that has gone is noticed by them


class Feed:
    """The newest event, and who waits for the next one. `tell` and `close` may be called from any thread.

    An event is `{revision, changed: [dashboard ids], listed: whether the list of dashboards is another, problems}`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest: Body = {"revision": 0, "changed": [], "listed": False, "problems": []}
        self._waiting: dict[asyncio.Queue[bytes | None], asyncio.AbstractEventLoop] = {}
        self._closed = False

    def tell(self, *, changed: list[str], listed: bool, problems: list[Body]) -> None:
        """Send an event to every open page, and keep it for those that open later."""
        with self._lock:
            revision = int(self._newest["revision"]) + 1
            self._newest = {"revision": revision, "changed": changed, "listed": listed, "problems": problems}
            self._send(_event(self._newest))

    def close(self) -> None:
        """End every stream: a server that is to stop would wait for them."""
        with self._lock:
            self._closed = True
            self._send(None)

    async def events(self) -> AsyncIterator[bytes]:
        """The stream of one page: the newest event at once, then each as it comes."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        with self._lock:
            if self._closed:
                return
            self._waiting[queue] = asyncio.get_running_loop()
            first = _event(self._newest)
        try:
            yield first
            while True:
                try:
                    said = await asyncio.wait_for(queue.get(), _STILL_THERE)
                except TimeoutError:
                    said = b":\n\n"
                if said is None:
                    return
                yield said
        finally:
            with self._lock:
                self._waiting.pop(queue, None)

    def _send(self, said: bytes | None) -> None:
        for queue, loop in self._waiting.items():
            with suppress(RuntimeError):  # the page's loop has ended
                loop.call_soon_threadsafe(queue.put_nowait, said)


def _event(body: Body) -> bytes:
    return f"data: {json.dumps(body, ensure_ascii=False)}\n\n".encode()
