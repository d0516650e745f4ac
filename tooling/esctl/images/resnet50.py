"""ResNet50 as Keras has it: `include_top=False, pooling="avg"`, 224 × 224, and its `preprocess_input`."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import EsctlError
from .quiet_keras import import_keras

if TYPE_CHECKING:
    import numpy as np

DIMS = 2048
PREPROCESSING = "caffe"
"""Keras' word: RGB → BGR, minus the mean of ImageNet per channel, no scaling."""


def preprocess(pixels: np.ndarray) -> np.ndarray:
    """RGB 0…255 of shape (n, 224, 224, 3) → what the network was trained on, float32."""
    import numpy as np

    prepared = import_keras().applications.resnet50.preprocess_input(
        pixels.astype(np.float32), data_format="channels_last"
    )
    return np.ascontiguousarray(prepared)


def build(weights: Path | None) -> Any:
    """The Keras model, (n, 224, 224, 3) → (n, 2048), with the weights of a file; None leaves them random.

    Raises EsctlError where the file holds other weights.
    """
    keras = import_keras()
    try:
        return keras.applications.ResNet50(
            include_top=False,
            pooling="avg",
            input_shape=(224, 224, 3),
            weights=None if weights is None else str(weights),
        )
    except (ValueError, OSError, KeyError) as error:
        reason = str(error).strip().splitlines()[0][:200]
        raise EsctlError(f"{weights}: not weights of ResNet50 without its top: {reason}") from None


def build_random(seed: int) -> Any:
    """Random weights that are the same for the same seed. For tests of the plumbing: their clusters mean nothing."""
    import_keras().utils.set_random_seed(seed)
    return build(None)


def hash_weights(model: Any) -> str:
    """sha256 over the weights as little-endian float32, in Keras' order."""
    import numpy as np

    digest = hashlib.sha256()
    for array in model.get_weights():
        digest.update(np.asarray(array, "<f4").tobytes())
    return digest.hexdigest()
