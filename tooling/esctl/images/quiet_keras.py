"""Imports Keras without TensorFlow's chatter on stderr."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

LEVEL, QUIET = "TF_CPP_MIN_LOG_LEVEL", "3"


def import_keras() -> Any:
    """The `keras` package. Takes seconds the first time. Who sets TF_CPP_MIN_LOG_LEVEL below 3 hears everything."""
    if os.environ.get(LEVEL, QUIET) != QUIET or "keras" in sys.modules:
        import keras

        return keras
    os.environ[LEVEL] = QUIET
    # What TensorFlow logs while it is loaded goes to file descriptor 2 whatever the level says.
    with _held_back():
        import keras
    return keras


@contextmanager
def _held_back() -> Iterator[None]:
    """Keep what is written to file descriptor 2 inside the block; give it out only if the block fails."""
    sys.stderr.flush()
    try:
        stderr = os.dup(2)
    except OSError:  # closed: nothing to keep back
        yield
        return
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)
        try:
            yield
        except BaseException:
            kept.seek(0)
            os.write(stderr, kept.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
