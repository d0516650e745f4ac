"""A progress bar on a terminal's stderr; silence where there is no terminal."""

from __future__ import annotations

import shutil
import sys
import time
from types import TracebackType

WIDTH = 28
EVERY = 0.1  # seconds between two drawings


class Bar:
    """`with Bar("embedding") as bar: bar.show(done, total)`; rubs itself out at the end."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._started = time.monotonic()
        self._drawn = 0.0
        self._wanted = sys.stderr.isatty()

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Rub it out."""
        if self._wanted and self._drawn:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def show(self, done: int, total: int) -> None:
        """Draw `done` of `total`, at most ten times a second."""
        now = time.monotonic()
        if not self._wanted or total <= 0 or (now - self._drawn < EVERY and done < total):
            return
        self._drawn = now
        full = int(WIDTH * done / total)
        rate = done / max(now - self._started, 1e-6)
        left = (total - done) / rate if rate else 0.0
        line = f"{self._what} {'█' * full}{'░' * (WIDTH - full)} {done}/{total}  {rate:.0f}/s  {left:.0f} s left"
        print("\r\x1b[K" + line[: shutil.get_terminal_size().columns - 1], end="", file=sys.stderr, flush=True)
