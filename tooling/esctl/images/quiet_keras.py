"""Imports Keras without TensorFlow's chatter on stderr."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

LEVEL = "TF_CPP_MIN_LOG_LEVEL"


def import_keras() -> Any:
    """The `keras` package. Takes seconds the first time. Who sets TF_CPP_MIN_LOG_LEVEL hears everything."""
    if LEVEL in os.environ or "keras" in sys.modules:
        import keras

        return keras
    os.environ[LEVEL] = "3"
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
