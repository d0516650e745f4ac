"""Reads embedded images: `image_vectors.csv` or `.parquet` → VectorTable."""

from __future__ import annotations

import base64
import binascii
import csv
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import EsctlError, Source, did_you_mean
from .identity import Embedding

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

COLUMNS = ("file_name", "vector")
EMBEDDING_KEY = b"esctl.embedding"
"""Key of the Parquet schema metadata; its value is the Embedding as JSON."""


@dataclass(frozen=True, eq=False)
class VectorTable:
    """Images and their vectors, row by row.

    `vectors` has shape (n, d), float32, raw as the model gave them. `thumbnails` are base64 of 24 × 24 RGB bytes.
    `embedding` is None where the file does not say which model made the vectors.
    """

    file_names: list[str]
    vectors: np.ndarray
    thumbnails: list[str | None]
    embedding: Embedding | None
    path: Path

    def __len__(self) -> int:
        return len(self.file_names)

    @property
    def dims(self) -> int:
        return int(self.vectors.shape[1])

    def label(self, i: int) -> str | None:
        """The top folder of row `i`, or None for an image that lies in no folder."""
        top, slash, _ = self.file_names[i].partition("/")
        return top if slash else None

    @cached_property
    def vectors_hash(self) -> str:
        """sha256 over shape and float32 bytes (little-endian), in the order of the rows."""
        digest = hashlib.sha256(repr(self.vectors.shape).encode())
        digest.update(self.vectors.astype("<f4", order="C", copy=False).tobytes())
        return digest.hexdigest()


def meta_path(path: Path) -> Path:
    """`image_vectors.meta.json` beside `image_vectors.csv`."""
    return path.with_name(path.stem + ".meta.json")


def read_vectors(path: Path) -> VectorTable:
    """Read a CSV or a Parquet file with the columns `file_name` and `vector`.

    In a CSV the vector is a JSON array, or base64 of big-endian float32. Beside it, `.meta.json` gives the embedding,
    and `.parquet` the thumbnails where it holds the same rows.
    Raises EsctlError, with the line where a row is bad.
    """
    if not path.is_file():
        raise EsctlError(f"{path}: no such file", hint='"esctl images embed DIR" makes it')
    try:
        return _read_parquet(path) if path.suffix.lower() == ".parquet" else _read_csv(path)
    except OSError as error:
        raise EsctlError(f"{path}: cannot be read: {error.strerror or error}") from None


def read_meta(path: Path) -> dict[str, Any] | None:
    """What `.meta.json` beside `path` says, or None where there is none; raises EsctlError."""
    beside = meta_path(path)
    if not beside.is_file():
        return None
    try:
        meta = json.loads(beside.read_text("utf-8"))
    except ValueError as error:
        raise EsctlError(f"{beside}: not JSON: {error}", hint="embed the images again") from None
    if not isinstance(meta, dict):
        raise EsctlError(f"{beside}: not a JSON object", hint="embed the images again")
    return meta


def _read_csv(path: Path) -> VectorTable:
    import numpy as np

    names: dict[str, int] = {}
    rows: list[np.ndarray] = []
    for line, name, text in _csv_rows(path):
        at = Source(str(path), line)
        if not name:
            raise EsctlError("file_name is empty", source=at)
        if name in names:
            raise EsctlError(f'file_name "{name}" stands in line {names[name]} already', source=at)
        names[name] = line
        try:
            vector = parse_vector(text)
        except ValueError as error:
            raise EsctlError(f'vector of "{name}": {error}', source=at) from None
        if rows and vector.size != rows[0].size:
            raise EsctlError(f'vector of "{name}" has {vector.size} numbers, the others have {rows[0].size}', source=at)
        rows.append(vector)
    if not rows:
        raise EsctlError(f"{path}: no rows", hint='"esctl images embed DIR" makes them')
    file_names, vectors = list(names), np.stack(rows)
    meta = read_meta(path)
    embedding = None
    if meta is not None:
        embedding = Embedding.from_dict(meta.get("embedding") or {}, where=str(meta_path(path)))
        _check_dims(path, embedding, vectors.shape[1], str(meta_path(path)))
    return VectorTable(file_names, vectors, _thumbnails_beside(path, file_names, vectors), embedding, path)


def _csv_rows(path: Path) -> Iterator[tuple[int, str, str]]:
    """(line, file name, vector as text); a row that spans lines is told by its first."""
    # A field of 4,096 numbers is longer than the reader's own limit of 128 KiB allows in the worst case.
    csv.field_size_limit(max(csv.field_size_limit(), 1 << 22))
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        line = 1
        try:
            header = next(reader, [])
            missing = [column for column in COLUMNS if column not in header]
            if missing:
                raise EsctlError(
                    f'column "{missing[0]}" is missing (found: {", ".join(header)[:200] or "nothing"})',
                    hint=did_you_mean(missing[0], header),
                    source=Source(str(path), 1),
                )
            name_at, vector_at = (header.index(column) for column in COLUMNS)
            line = reader.line_num + 1
            for row in reader:
                if row:
                    if len(row) != len(header):
                        raise EsctlError(
                            f"{len(row)} fields instead of {len(header)}",
                            hint="a vector holds commas: it stands in double quotes",
                            source=Source(str(path), line),
                        )
                    yield line, row[name_at], row[vector_at]
                line = reader.line_num + 1
        except csv.Error as error:
            raise EsctlError(f"not CSV: {error}", source=Source(str(path), line)) from None
        except UnicodeDecodeError:
            raise EsctlError("not UTF-8", source=Source(str(path), line)) from None


def parse_vector(text: str) -> np.ndarray:
    """A JSON array of numbers, or base64 of big-endian float32, as float32 of shape (d,).

    Raises ValueError with the reason.
    """
    import numpy as np
    import orjson

    text = text.strip()
    if not text:
        raise ValueError("empty")
    if text.startswith("["):
        try:
            numbers = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise ValueError(f"not a JSON array: {error}") from None
        if not set(map(type, numbers)) <= {float, int}:
            i = next(i for i, number in enumerate(numbers) if type(number) not in (float, int))
            raise ValueError(f"element {i} is not a number: {json.dumps(numbers[i])[:40]}")
        with np.errstate(over="ignore"):
            vector = np.array(numbers, dtype=np.float64).astype(np.float32)
    else:
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise ValueError(f'neither a JSON array nor base64: "{text[:40]}"') from None
        if len(data) % 4:
            raise ValueError(f"{len(data)} bytes of base64 are no whole number of float32")
        vector = np.frombuffer(data, ">f4").astype(np.float32)
    if not vector.size:
        raise ValueError("no numbers")
    if not np.isfinite(vector).all():
        raise ValueError(f"element {int(np.flatnonzero(~np.isfinite(vector))[0])} is not a finite float32")
    return vector


def _thumbnails_beside(path: Path, file_names: list[str], vectors: np.ndarray) -> list[str | None]:
    import numpy as np

    beside = path.with_suffix(".parquet")
    nothing: list[str | None] = [None] * len(file_names)
    if not beside.is_file():
        return nothing
    try:
        table = _read_parquet(beside)
    except EsctlError:
        return nothing  # the CSV is what was asked for; without the Parquet file it only lacks thumbnails
    same = table.file_names == file_names and np.array_equal(table.vectors, vectors)
    return table.thumbnails if same else nothing


def _read_parquet(path: Path) -> VectorTable:
    import numpy as np

    columns = read_parquet_table(path)
    for column in COLUMNS:
        if column not in columns.column_names:
            raise EsctlError(
                f'{path}: column "{column}" is missing (found: {", ".join(columns.column_names)})',
                hint=did_you_mean(column, columns.column_names),
            )
    if not columns.num_rows:
        raise EsctlError(f"{path}: no rows")
    file_names = columns["file_name"].to_pylist()
    if len(set(file_names)) != len(file_names) or not all(isinstance(name, str) and name for name in file_names):
        raise EsctlError(f'{path}: "file_name" must be text, never empty, and each only once')
    vectors = _vectors(path, columns, file_names)
    if not np.isfinite(vectors).all():
        row = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise EsctlError(f'{path}: vector of "{file_names[row]}" (row {row}) holds a number that is not finite')
    thumbnails = columns["thumbnail"].to_pylist() if "thumbnail" in columns.column_names else [None] * len(file_names)
    embedding = embedding_of(path, columns.schema)
    if embedding is not None:
        _check_dims(path, embedding, vectors.shape[1], "its metadata")
    return VectorTable(file_names, vectors, thumbnails, embedding, path)


def read_parquet_table(path: Path) -> pa.Table:
    """The whole file, by pyarrow; raises EsctlError."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return parquet.ParquetFile(path).read()
    except (pa.ArrowException, OSError) as error:
        raise EsctlError(f"{path}: not a Parquet file that can be read: {str(error).splitlines()[0]}") from None


def embedding_of(path: Path, schema: pa.Schema) -> Embedding | None:
    """The Embedding that the schema's metadata names, or None; raises EsctlError."""
    text = (schema.metadata or {}).get(EMBEDDING_KEY)
    if text is None:
        return None
    try:
        data = json.loads(text)
    except ValueError:
        raise EsctlError(f"{path}: the embedding in its metadata is not JSON") from None
    return Embedding.from_dict(data, where=f"{path}: metadata")


def _vectors(path: Path, columns: pa.Table, file_names: list[str]) -> np.ndarray:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute

    column = columns["vector"].combine_chunks()
    kind = column.type
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)):
        raise EsctlError(f'{path}: "vector" is {kind}, must be a list of float')
    if not (pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type)):
        raise EsctlError(f'{path}: "vector" is {kind}, must be a list of float')
    flat = column.flatten()
    if column.null_count or flat.null_count:
        raise EsctlError(f'{path}: "vector" holds nulls')
    dims = len(flat) // len(file_names)
    lengths = np.asarray(pa.compute.list_value_length(column))
    odd = np.flatnonzero(lengths != lengths[0])
    if odd.size or not dims:
        row = int(odd[0]) if odd.size else 0
        raise EsctlError(
            f'{path}: vector of "{file_names[row]}" (row {row}) has {lengths[row]} numbers, the first has {lengths[0]}'
        )
    return np.asarray(flat.to_numpy(zero_copy_only=False), dtype=np.float32).reshape(len(file_names), dims)


def _check_dims(path: Path, embedding: Embedding, dims: int, where: str) -> None:
    if embedding.dims != dims:
        raise EsctlError(
            f"{path}: vectors have {dims} numbers, {where} says {embedding.dims} ({embedding.name})",
            hint="these files do not belong together: embed the images again",
        )
