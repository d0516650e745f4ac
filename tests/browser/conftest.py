"""Browser tests: skipped with one loud line where Chromium is missing, an error in CI."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "viewer")]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One browser for all tests of a process, 1600 × 1200."""
    from shot import browser
    from shot import chromium as found

    if found() is None:
        line = "NO BROWSER TESTS: Chromium is not installed (apt-get install chromium chromium-driver)"
        if os.environ.get("CI"):
            pytest.fail(line)
        warnings.warn(line, stacklevel=1)
        pytest.skip(line)
    with browser() as driver:
        yield driver
