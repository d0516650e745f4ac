"""Vectors on disk: exact to the last bit, and bad rows named by line."""

from __future__ import annotations

import base64
import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from esctl.errors import EsctlError
from esctl.images.identity import Embedding
from esctl.images.store import VectorTable, read_vectors
from esctl.images.vector_files import EmbeddedImage, VectorFiles, write_csv, write_vector_files

EMBEDDING = Embedding("resnet50", "random:7", "ab" * 32, 4, "caffe", "pil-bilinear-antialias")


def rows(*names: str, seed: int = 0) -> list[EmbeddedImage]:
    vectors = np.random.default_rng(seed).normal(size=(len(names), 4)).astype(np.float32)
    return [
        EmbeddedImage(name, f"hash of {name}", 30, 20, "AAAA", vector)
        for name, vector in zip(names, vectors, strict=True)
    ]


finite = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(vector=arrays.arrays(np.float32, st.integers(1, 40), elements=finite))
def test_every_float32_comes_back_from_the_csv(vector: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "exact.csv"
    write_csv(path, [EmbeddedImage("a.png", "", 1, 1, "", vector)])
    back = read_vectors(path).vectors
    assert back.dtype == np.float32 and back.tobytes() == vector.tobytes()


@given(number=finite)
def test_no_shorter_text_would_do(number: float, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "short.csv"
    write_csv(path, [EmbeddedImage("a.png", "", 1, 1, "", np.array([number], np.float32))])
    with open(path, newline="") as file:
        written = list(csv.reader(file))[1][1].strip("[]")
    digits = written.lower().split("e")[0].replace(".", "").replace("-", "").strip("0")
    shortest = np.format_float_scientific(np.float32(number), unique=True)
    assert len(digits) <= len(shortest.split("e")[0].replace(".", "").replace("-", "").strip("0"))


def test_the_three_files_agree(tmp_path: Path) -> None:
    files = VectorFiles(tmp_path)
    odd = rows("cat/a.png", 'dog/"b", c.png', "line\nbreak.png", "ä.png")
    write_vector_files(files, odd, EMBEDDING, errors=2)
    from_csv, from_parquet = read_vectors(files.csv), read_vectors(files.parquet)
    for table in (from_csv, from_parquet):
        assert table.file_names == [row.file_name for row in odd]
        assert np.array_equal(table.vectors, np.stack([row.vector for row in odd]))
        assert table.thumbnails == ["AAAA"] * 4
        assert table.embedding == EMBEDDING
        assert [table.label(i) for i in range(4)] == ["cat", "dog", None, None]
    assert from_csv.vectors_hash == from_parquet.vectors_hash
    meta = json.loads(files.meta.read_text())
    assert meta["embedding"]["identity"] == EMBEDDING.identity and (meta["images"], meta["errors"]) == (4, 2)
    assert files.csv.read_bytes().startswith(b'file_name,vector\r\ncat/a.png,"[')


def test_a_csv_alone_says_nothing_about_its_model(tmp_path: Path) -> None:
    path = tmp_path / "v.csv"
    path.write_text('vector,other,file_name\n"[1, 2.5]",x,a.png\n\n"[3, -4e-3]",y,b.png\n')
    table = read_vectors(path)
    assert table.embedding is None and table.thumbnails == [None, None]
    assert table.vectors.tolist() == [[1, 2.5], [3, np.float32(-4e-3)]]


def test_base64_is_big_endian_float32(tmp_path: Path) -> None:
    numbers = np.array([1.5, -2, 3e-8], np.float32)
    path = tmp_path / "v.csv"
    path.write_text(f"file_name,vector\na.png,{base64.b64encode(numbers.astype('>f4').tobytes()).decode()}\n")
    assert np.array_equal(read_vectors(path).vectors[0], numbers)


def test_thumbnails_of_other_rows_are_not_taken(tmp_path: Path) -> None:
    files = VectorFiles(tmp_path)
    write_vector_files(files, rows("a.png", "b.png"), EMBEDDING, errors=0)
    write_csv(files.csv, rows("a.png", "b.png", seed=9))
    assert read_vectors(files.csv).thumbnails == [None, None]


def test_parquet_of_someone_else(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    path = tmp_path / "v.parquet"
    parquet.write_table(pa.table({"file_name": ["a", "b"], "vector": [[1.0, 2.0], [3.0, 4.0]]}), path)
    table = read_vectors(path)
    assert table.vectors.tolist() == [[1, 2], [3, 4]] and table.vectors.dtype == np.float32 and table.embedding is None


GOOD = '"[1, 2]"'


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("name,vector\n", 1, 'column "file_name" is missing (found: name, vector); did you mean "name"?'),
        ("", 1, 'column "file_name" is missing (found: nothing)'),
        (f"file_name,vector\na,{GOOD}\n,{GOOD}\n", 3, "file_name is empty"),
        (f"file_name,vector\na,{GOOD}\na,{GOOD}\n", 3, 'file_name "a" stands in line 2 already'),
        ("file_name,vector\na,[1, 2]\n", 2, "3 fields instead of 2; a vector holds commas: it stands in double quotes"),
        ('file_name,vector\na,"[1, 2"\n', 2, 'vector of "a": not a JSON array'),
        ('file_name,vector\na,"[1, true]"\n', 2, 'vector of "a": element 1 is not a number: true'),
        ('file_name,vector\na,"[1, null]"\n', 2, 'vector of "a": element 1 is not a number: null'),
        ('file_name,vector\na,"[1, 1e39]"\n', 2, 'vector of "a": element 1 is not a finite float32'),
        ('file_name,vector\na,"[]"\n', 2, 'vector of "a": no numbers'),
        ("file_name,vector\na,\n", 2, 'vector of "a": empty'),
        ("file_name,vector\na,AAAAAAA=\n", 2, 'vector of "a": 5 bytes of base64 are no whole number of float32'),
        ("file_name,vector\na,f8AAAA==\n", 2, 'vector of "a": element 0 is not a finite float32'),
        ("file_name,vector\na,1 2 3\n", 2, 'vector of "a": neither a JSON array nor base64: "1 2 3"'),
        (f'file_name,vector\na,{GOOD}\nb,"[1]"\n', 3, 'vector of "b" has 1 numbers, the others have 2'),
        (f'file_name,vector\n"a\nb",{GOOD}\nc,x\n', 4, 'vector of "c": neither'),
        (f'file_name,vector\n"a"b,{GOOD}\n', 2, "not CSV:"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, text: str, line: int, message: str) -> None:
    path = tmp_path / "v.csv"
    path.write_text(text)
    with pytest.raises(EsctlError) as raised:
        read_vectors(path)
    assert str(raised.value).startswith(f"{path}:{line}: {message}") and "\n" not in str(raised.value)


def test_files_that_cannot_be(tmp_path: Path) -> None:
    def message(path: Path) -> str:
        with pytest.raises(EsctlError) as raised:
            read_vectors(path)
        return str(raised.value).removeprefix(f"{path}: ")

    assert message(tmp_path / "none.csv").startswith("no such file")
    (tmp_path / "rows.csv").write_text("file_name,vector\n")
    assert message(tmp_path / "rows.csv").startswith("no rows")
    (tmp_path / "latin.csv").write_bytes(b"file_name,vector\n\xe4,x\n")
    assert "not UTF-8" in message(tmp_path / "latin.csv")
    (tmp_path / "text.parquet").write_text("hello")
    assert message(tmp_path / "text.parquet").startswith("not a Parquet file")


def test_meta_of_other_vectors_is_refused(tmp_path: Path) -> None:
    files = VectorFiles(tmp_path)
    write_vector_files(files, rows("a.png"), EMBEDDING, errors=0)
    files.csv.write_text(f"file_name,vector\na.png,{GOOD}\n")
    with pytest.raises(EsctlError, match="vectors have 2 numbers, .* says 4 .*embed the images again"):
        read_vectors(files.csv)
    files.meta.write_text("{}")
    with pytest.raises(EsctlError, match='"model" is missing'):
        read_vectors(files.csv)


def test_ragged_parquet_names_the_row(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    path = tmp_path / "v.parquet"
    parquet.write_table(pa.table({"file_name": ["a", "b"], "vector": [[1.0, 2.0], [3.0]]}), path)
    with pytest.raises(EsctlError, match='vector of "b" .row 1. has 1 numbers, the first has 2'):
        read_vectors(path)
    parquet.write_table(pa.table({"file": ["a"], "vector": [[1.0]]}), path)
    with pytest.raises(EsctlError, match='column "file_name" is missing'):
        read_vectors(path)


def test_identity_is_what_decides_the_numbers() -> None:
    same = Embedding("resnet50", "/elsewhere/copy.h5", "ab" * 32, 4, "caffe", "pil-bilinear-antialias")
    assert same.identity == EMBEDDING.identity and same.name == "resnet50 (copy.h5)"
    for change in (
        {"weights_hash": "cd" * 32},
        {"dims": 5},
        {"preprocessing": "tf"},
        {"resize": "nearest"},
        {"model": "x"},
    ):
        other = Embedding.from_dict({**EMBEDDING.to_dict(), **change})
        assert other.identity != EMBEDDING.identity
    assert Embedding.from_dict(json.loads(json.dumps(EMBEDDING.to_dict()))) == EMBEDDING
    assert EMBEDDING.name == "resnet50 (random:7)" and len(EMBEDDING.identity) == 16


def test_the_hash_follows_the_numbers(tmp_path: Path) -> None:
    one = VectorTable(["a"], np.ones((1, 4), np.float32), [None], None, tmp_path)
    same = VectorTable(["b"], np.ones((1, 4), ">f4"), [None], EMBEDDING, tmp_path)
    other = VectorTable(["a"], np.ones((2, 2), np.float32), [None], None, tmp_path)
    assert one.vectors_hash == same.vectors_hash != other.vectors_hash
