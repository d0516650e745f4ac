"""Imports Keras without TensorFlow's chatter on stderr."""

from __future__ import annotations

import os
from typing import Any


def import_keras() -> Any:
    """The `keras` package. Takes seconds the first time; what the user set in the environment stays."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    import keras

    return keras
