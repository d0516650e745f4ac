"""Writes embedded images: `image_vectors.csv`, `.parquet`, `.meta.json`, and `errors.csv` where some were broken."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .. import __version__
from ..errors import EsctlError
from .files import replacing
from .identity import Embedding
from .store import COLUMNS, EMBEDDING_KEY, embedding_of, meta_path, read_meta, read_parquet_table

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, eq=False)
class EmbeddedImage:
    """One row. `content_hash` is the sha256 of the file's bytes; `width`, `height` in pixels; `vector` float32 (d,)."""

    file_name: str
    content_hash: str
    width: int
    height: int
    thumbnail: str
    vector: np.ndarray


@dataclass(frozen=True)
class VectorFiles:
    """The files of one output folder."""

    folder: Path

    @property
    def csv(self) -> Path:
        return self.folder / "image_vectors.csv"

    @property
    def parquet(self) -> Path:
        return self.folder / "image_vectors.parquet"

    @property
    def meta(self) -> Path:
        return meta_path(self.csv)

    @property
    def unfinished(self) -> Path:
        """What an interrupted run had embedded; the next run reads it and removes it."""
        return self.folder / "image_vectors.unfinished.parquet"

    @property
    def errors(self) -> Path:
        return self.folder / "errors.csv"


def read_embedded(path: Path, embedding: Embedding) -> list[EmbeddedImage]:
    """The rows of an earlier run with the same embedding; none where the file is missing, damaged or of another."""
    if not path.is_file():
        return []
    try:
        table = read_parquet_table(path)
        of = embedding_of(path, table.schema)
        if of is None or of.identity != embedding.identity or table.schema != _schema(of, embedding.dims):
            return []
    except EsctlError:
        return []  # embedding again is slower, and right
    import numpy as np

    flat = table["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    vectors = np.asarray(flat, np.float32).reshape(table.num_rows, embedding.dims)
    columns = table.drop_columns("vector").to_pylist()
    return [EmbeddedImage(**row, vector=vector) for row, vector in zip(columns, vectors, strict=True)]


def is_current(files: VectorFiles, rows: Sequence[EmbeddedImage], before: Sequence[EmbeddedImage], errors: int) -> bool:
    """Whether the files hold exactly `rows` and the count of errors already; `before` is what the Parquet file held."""
    if [(row.file_name, row.content_hash) for row in rows] != [(row.file_name, row.content_hash) for row in before]:
        return False
    try:
        meta = read_meta(files.csv)
    except EsctlError:
        return False
    if meta is None or not files.csv.is_file():
        return False
    # The size is enough to notice that someone else wrote the CSV, and spares reading it.
    return meta.get("csv_bytes") == files.csv.stat().st_size and meta.get("errors") == errors


def write_vector_files(files: VectorFiles, rows: Sequence[EmbeddedImage], embedding: Embedding, errors: int) -> None:
    """Write all three, each at once. The meta file goes first and comes last: it never vouches for another CSV."""
    files.meta.unlink(missing_ok=True)
    write_parquet(files.parquet, rows, embedding)
    with replacing(files.csv) as new:
        write_csv(new, rows)
    meta = {
        "embedding": {"name": embedding.name, "identity": embedding.identity, **embedding.to_dict()},
        "images": len(rows),
        "errors": errors,
        "csv_bytes": files.csv.stat().st_size,
        "created_by": f"esctl {__version__}",
    }
    with replacing(files.meta) as new:
        new.write_text(json.dumps(meta, indent=2) + "\n", "utf-8")


def write_csv(path: Path, rows: Iterable[EmbeddedImage]) -> None:
    """RFC 4180; a vector is a JSON array in which every float32 has the fewest digits that read back to it."""
    import orjson

    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in rows:
            vector = orjson.dumps(row.vector, option=orjson.OPT_SERIALIZE_NUMPY)
            writer.writerow((row.file_name, vector.decode("ascii")))


def write_parquet(path: Path, rows: Sequence[EmbeddedImage], embedding: Embedding) -> None:
    """Columns file_name, vector, content_hash, width, height, thumbnail; the embedding in the schema's metadata."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import parquet

    flat = np.concatenate([row.vector for row in rows]) if rows else np.empty(0, np.float32)
    table = pa.Table.from_arrays(
        [
            pa.array([row.file_name for row in rows], pa.string()),
            pa.FixedSizeListArray.from_arrays(pa.array(flat, pa.float32()), embedding.dims),
            pa.array([row.content_hash for row in rows], pa.string()),
            pa.array([row.width for row in rows], pa.int32()),
            pa.array([row.height for row in rows], pa.int32()),
            pa.array([row.thumbnail for row in rows], pa.string()),
        ],
        schema=_schema(embedding, embedding.dims),
    )
    with replacing(path) as new:
        parquet.write_table(table, new, compression="zstd")


def write_errors(path: Path, errors: Sequence[tuple[str, str]]) -> None:
    """`file_name,reason`, or no file where nothing went wrong."""
    if not errors:
        path.unlink(missing_ok=True)
        return
    with replacing(path) as new, open(new, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("file_name", "reason"))
        writer.writerows(errors)


def _schema(embedding: Embedding, dims: int) -> object:
    import pyarrow as pa

    return pa.schema(
        [
            ("file_name", pa.string()),
            ("vector", pa.list_(pa.float32(), dims)),
            ("content_hash", pa.string()),
            ("width", pa.int32()),
            ("height", pa.int32()),
            ("thumbnail", pa.string()),
        ],
        metadata={EMBEDDING_KEY: json.dumps(embedding.to_dict()).encode()},
    )
