"""A run over a folder: broken images are rows, unchanged ones are reused, files appear whole or not at all."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from esctl.errors import EsctlError
from esctl.images import embed as module
from esctl.images.embed import EmbedReport, embed
from esctl.images.identity import Embedding
from esctl.images.lock import read_lock
from esctl.images.models import Encoder
from esctl.images.store import read_vectors

SCRIPT = Path(__file__).parents[2] / "scripts" / "embed_images.py"


class Colours:
    """A model without weights: the mean colour. It keeps what it was asked."""

    def __init__(self, name: str = "colours") -> None:
        self.embedding = Embedding(name, "imagenet", "00" * 32, 3, "none", "pil-bilinear-antialias")
        self.batches: list[int] = []
        self.fail_at: int | None = None

    def encode(self, pixels: np.ndarray) -> np.ndarray:
        if self.fail_at == len(self.batches):
            raise KeyboardInterrupt
        self.batches.append(len(pixels))
        return pixels.mean(axis=(1, 2), dtype=np.float64).astype(np.float32)


@pytest.fixture
def colours(monkeypatch: pytest.MonkeyPatch) -> Colours:
    model = Colours()
    monkeypatch.setattr(module, "choose", lambda lock, name, notice: Encoder(model.embedding, model.encode))
    return model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    for i in range(5):
        paint(folder / f"class{i % 2}" / f"{i}.png", i)
    return folder


def paint(path: Path, value: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (10, 20), (value, 2 * value, 3 * value)).save(path)


def run(folder: Path, **options: object) -> EmbedReport:
    out = folder.parent / "out"
    return embed(folder, out, lock=out / "lock.json", **options)  # type: ignore[arg-type]


def test_every_image_gets_its_vector(folder: Path, colours: Colours) -> None:
    told: list[tuple[int, int]] = []
    report = run(folder, batch_size=2, progress=lambda done, total: told.append((done, total)))
    table = read_vectors(report.csv)
    assert table.file_names == ["class0/0.png", "class0/2.png", "class0/4.png", "class1/1.png", "class1/3.png"]
    assert table.vectors.tolist() == [[v, 2 * v, 3 * v] for v in (0, 2, 4, 1, 3)]
    assert colours.batches == [2, 2, 2]  # the last one padded
    assert told == [(2, 5), (4, 5), (5, 5)]
    assert (report.images, report.reused, report.errors, report.written) == (5, 0, (), True)
    assert read_lock(folder.parent / "out/lock.json") == table.embedding == report.embedding == colours.embedding
    assert sorted(os.listdir(report.csv.parent)) == [
        "image_vectors.csv", "image_vectors.meta.json", "image_vectors.parquet", "lock.json",
    ]  # fmt: skip


def test_broken_images_are_rows_of_a_report(folder: Path, colours: Colours) -> None:
    (folder / "empty.jpg").touch()
    (folder / "text.jpg").write_text("hello")
    whole = (folder / "class0/0.png").read_bytes()
    (folder / "short.png").write_bytes(whole[: len(whole) // 2])
    report = run(folder)
    assert report.images == 5
    assert [name for name, _ in report.errors] == ["empty.jpg", "short.png", "text.jpg"]
    with open(report.csv.parent / "errors.csv", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["file_name", "reason"] and [tuple(row) for row in rows] == list(report.errors)
    for name in ("empty.jpg", "text.jpg", "short.png"):
        (folder / name).unlink()
    assert json.loads(report.meta.read_text())["errors"] == 3
    assert run(folder).errors == () and not (report.csv.parent / "errors.csv").exists()
    assert json.loads(report.meta.read_text())["errors"] == 0


def test_other_formats_and_dead_links_are_told(folder: Path, colours: Colours) -> None:
    for name in ("a.heic", "b.HEIC", "c.avif", "notes.txt"):
        (folder / name).touch()
    (folder / "dead.png").symlink_to(folder / "gone.png")
    os.mkfifo(folder / "pipe.png")
    told: list[str] = []
    report = run(folder, notice=told.append)
    assert told == [f"{folder}: passed over 2 × .heic, 1 × .avif: such images are not read"]
    reason = "not a file, or a link to nowhere"
    assert report.errors == (("dead.png", reason), ("pipe.png", reason)) and report.images == 5


def test_a_name_that_is_no_text_is_a_row(folder: Path, colours: Colours) -> None:
    odd = os.fsencode(folder) + b"/\xff.png"
    try:
        os.link(folder / "class0/0.png", odd)
    except OSError:
        pytest.skip("this file system only takes UTF-8 names")
    assert run(folder).errors == (("\\udcff.png", "the file name is not UTF-8"),)


def test_only_broken_images_is_an_error_and_writes_nothing(tmp_path: Path, colours: Colours) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "a.jpg").write_text("hello")
    with pytest.raises(EsctlError, match="none of 1 images can be read .a.jpg: not a JPEG"):
        run(folder)
    assert os.listdir(tmp_path / "out") == []


def stamps(out: Path) -> dict[str, tuple[int, int]]:
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in out.iterdir()}


def test_a_second_run_embeds_and_writes_nothing(folder: Path, colours: Colours) -> None:
    out = run(folder).csv.parent
    before, colours.batches = stamps(out), []
    again = run(folder)
    assert (again.images, again.reused, again.written) == (5, 5, False)
    assert colours.batches == [] and stamps(out) == before


def test_only_what_changed_is_embedded(folder: Path, colours: Colours) -> None:
    run(folder)
    colours.batches = []
    paint(folder / "class0/0.png", 50)  # other bytes under the same name
    paint(folder / "new.png", 60)
    (folder / "class1/1.png").rename(folder / "class1/renamed.png")
    (folder / "class1/3.png").unlink()
    report = run(folder, batch_size=8)
    assert (report.images, report.reused, report.written, colours.batches) == (5, 3, True, [8])
    table = read_vectors(report.parquet)
    assert dict(zip(table.file_names, table.vectors[:, 0].tolist(), strict=True)) == {
        "class0/0.png": 50, "class0/2.png": 2, "class0/4.png": 4, "class1/renamed.png": 1, "new.png": 60,
    }  # fmt: skip


def test_another_model_reuses_nothing(folder: Path, colours: Colours) -> None:
    run(folder)
    colours.embedding = Colours("other").embedding
    report = run(folder)
    assert (report.reused, report.embedding.model) == (0, "other")
    assert read_lock(folder.parent / "out/lock.json") == report.embedding


@pytest.mark.parametrize(
    "spoil",
    [
        lambda report: report.csv.unlink(),
        lambda report: report.csv.write_text("file_name,vector\n"),
        lambda report: report.meta.unlink(),
        lambda report: report.meta.write_text("{"),
        lambda report: report.parquet.write_bytes(b"PAR1"),
    ],
    ids=["csv gone", "csv other", "meta gone", "meta broken", "parquet broken"],
)
def test_spoilt_files_are_made_again(folder: Path, colours: Colours, spoil: Callable[[EmbedReport], None]) -> None:
    report = run(folder)
    good = [path.read_bytes() for path in (report.csv, report.parquet, report.meta)]
    spoil(report)
    assert run(folder).written
    assert [path.read_bytes() for path in (report.csv, report.parquet, report.meta)] == good


def test_an_interrupted_run_goes_on_where_it_was(folder: Path, colours: Colours) -> None:
    colours.fail_at = 2
    with pytest.raises(KeyboardInterrupt):
        run(folder, batch_size=2)
    out = folder.parent / "out"
    assert os.listdir(out) == ["image_vectors.unfinished.parquet"]
    colours.fail_at, colours.batches = None, []
    report = run(folder, batch_size=2)
    assert (report.images, report.reused, colours.batches) == (5, 4, [2])
    assert not (out / "image_vectors.unfinished.parquet").exists()
    assert run(folder).written is False


def test_limit_takes_the_first_by_name(folder: Path, colours: Colours) -> None:
    assert read_vectors(run(folder, limit=2).csv).file_names == ["class0/0.png", "class0/2.png"]


def test_numbers_that_are_none_are_an_error_row(
    folder: Path, colours: Colours, monkeypatch: pytest.MonkeyPatch
) -> None:
    def encode(pixels: np.ndarray) -> np.ndarray:
        vectors = np.ones((len(pixels), 3), np.float32)
        vectors[0, 1] = np.nan
        return vectors

    monkeypatch.setattr(colours, "encode", encode)
    report = run(folder)
    assert report.errors == (("class0/0.png", "the model gave numbers that are not finite"),) and report.images == 4


def test_out_that_cannot_be_written(folder: Path, colours: Colours) -> None:
    (folder.parent / "out").touch()
    with pytest.raises(EsctlError, match="out: cannot be written: File exists"):
        run(folder)


def test_the_script(folder: Path, tmp_path: Path) -> None:
    """With the packaged model, as a person starts it; the second run loads no TensorFlow."""

    def start(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, cwd=tmp_path)

    first = start("images", "vectors", "efficientnet-lite0")
    assert first.returncode == 0, first.stderr
    assert first.stdout == "vectors/image_vectors.csv: 5 images, 1280 numbers each, by efficientnet-lite0 (imagenet)\n"
    assert first.stderr == "5 of 5 images\n"
    table = read_vectors(tmp_path / "vectors/image_vectors.csv")
    assert (len(table), table.dims) == (5, 1280)
    second = start("images", "vectors")
    assert second.stdout == first.stdout
    missing = start("nowhere")
    assert (missing.returncode, missing.stderr) == (1, "nowhere: no such folder\n")
    assert start().stderr.startswith("usage: ")


def test_importing_is_cheap() -> None:
    code = (
        "import sys, esctl.images.bundled, esctl.images.embed, esctl.images.store;"
        "heavy = ('numpy', 'PIL', 'pyarrow', 'orjson', 'requests', 'keras', 'tensorflow', 'sklearn', 'skimage');"
        "print([name for name in heavy if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_a_second_run_loads_no_tensorflow(folder: Path, colours: Colours) -> None:
    out = run(folder).csv.parent
    code = (
        "import sys; from pathlib import Path; from esctl.images import embed as module;"
        "from esctl.images.models import Encoder; from esctl.images.lock import read_lock;"
        f"lock = Path({str(out / 'lock.json')!r});"
        "module.choose = lambda locked, name, notice: Encoder(locked, None);"
        f"report = module.embed(Path({str(folder)!r}), lock.parent, lock=lock);"
        "print(report.reused, [m for m in ('tensorflow', 'keras', 'sklearn', 'requests') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "5 []\n"
