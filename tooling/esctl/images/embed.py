"""Embeds every image below a folder; what is unchanged since the last run is taken from its Parquet file."""

from __future__ import annotations

import hashlib
import os
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..errors import EsctlError
from .decode import BrokenImage, DecodedImage, decode
from .find import ImageFile, look_for_images
from .identity import Embedding
from .lock import read_lock, write_lock
from .models import Encoder, choose, to_stderr
from .vector_files import (
    EmbeddedImage,
    VectorFiles,
    is_current,
    read_embedded,
    write_errors,
    write_parquet,
    write_vector_files,
)

if TYPE_CHECKING:
    import numpy as np

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class EmbedReport:
    """What became of a run: `images` have a vector, `reused` of them from an earlier run.

    `errors` are (file name, reason), also in `errors.csv`. `written` is False where the files were current.
    """

    images: int
    errors: tuple[tuple[str, str], ...]
    embedding: Embedding
    csv: Path
    parquet: Path
    meta: Path
    seconds: float
    reused: int
    written: bool = True


@dataclass(frozen=True)
class _Prepared:
    """An image read: decoded, or known already, or broken."""

    file_name: str
    content_hash: str = ""
    decoded: DecodedImage | None = None
    known: EmbeddedImage | None = None
    error: str = ""


def embed(
    folder: Path,
    out: Path,
    *,
    lock: Path,
    model: str | None = None,
    batch_size: int = 32,
    progress: Callable[[int, int], None] | None = None,
    limit: int | None = None,
    notice: Callable[[str], None] = to_stderr,
) -> EmbedReport:
    """Embed the images below `folder` (the first `limit` by name) into files in `out`, and lock the model.

    `progress` gets (images done, images in all), `notice` a line where something has to be said about the model or
    about pictures of other formats.
    Raises EsctlError; a broken image is a row in the report.
    """
    started = time.monotonic()
    if batch_size < 1:
        raise EsctlError(f"batch size is {batch_size}, must be at least 1")
    found = look_for_images(folder)
    images = found.images[:limit]
    if found.unreadable:
        notice(f"{folder}: passed over {found.unreadable}: such images are not read")
    encoder = choose(read_lock(lock), model, notice=notice)
    files = VectorFiles(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
        before = read_embedded(files.parquet, encoder.embedding)
        known = {row.content_hash: row for row in (*read_embedded(files.unfinished, encoder.embedding), *before)}
        run = _Run(encoder, batch_size, len(images), progress or (lambda done, total: None))
        try:
            run.embed(images, known)
        except BaseException:
            if run.embedded:  # Ctrl-C after an hour should cost a moment
                write_parquet(files.unfinished, [*run.rows, *known.values()], encoder.embedding)
            raise
        if not run.rows:
            name, reason = run.errors[0]
            raise EsctlError(f"{folder}: none of {len(images)} images can be read ({name}: {reason})")
        rows = sorted(run.rows, key=lambda row: row.file_name)
        write_errors(files.errors, run.errors)
        current = is_current(files, rows, before, len(run.errors))
        if not current:
            write_vector_files(files, rows, encoder.embedding, len(run.errors))
        files.unfinished.unlink(missing_ok=True)
        write_lock(lock, encoder.embedding)
    except OSError as error:
        raise EsctlError(f"{error.filename or out}: cannot be written: {error.strerror or error}") from None
    return EmbedReport(
        images=len(rows),
        errors=tuple(run.errors),
        embedding=encoder.embedding,
        csv=files.csv,
        parquet=files.parquet,
        meta=files.meta,
        seconds=time.monotonic() - started,
        reused=len(rows) - run.embedded,
        written=not current,
    )


class _Run:
    """What one run has done so far."""

    def __init__(self, encoder: Encoder, batch_size: int, total: int, progress: Callable[[int, int], None]) -> None:
        self.encoder = encoder
        self.batch_size = batch_size
        self.total = total
        self.progress = progress
        self.rows: list[EmbeddedImage] = []
        self.errors: list[tuple[str, str]] = []
        self.embedded = 0
        self._waiting: list[_Prepared] = []
        self._told = 0

    def embed(self, images: Sequence[ImageFile], known: Mapping[str, EmbeddedImage]) -> None:
        """Decode ahead in threads, predict here."""
        size = self.encoder.embedding.size
        pool = ThreadPoolExecutor(max(1, min(4, (os.cpu_count() or 1) // 2)), thread_name_prefix="decode")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Pillow's doubts about files that it then decodes
                ahead = 2 * self.batch_size
                for prepared in _in_order(pool, lambda image: _prepare(image, known, size), images, ahead):
                    self._take(prepared)
                self._predict()
                self._tell()
        finally:
            pool.shutdown(cancel_futures=True)

    def _tell(self) -> None:
        done = len(self.rows) + len(self.errors)
        if done != self._told:
            self._told = done
            self.progress(done, self.total)

    def _take(self, prepared: _Prepared) -> None:
        if prepared.error:
            self.errors.append((prepared.file_name, prepared.error))
        elif prepared.known is not None:
            self.rows.append(replace(prepared.known, file_name=prepared.file_name))
        else:
            self._waiting.append(prepared)
            if len(self._waiting) == self.batch_size:
                self._predict()

    def _predict(self) -> None:
        import numpy as np

        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        size = self.encoder.embedding.size
        # Every batch has the full size: the last bits of a vector depend on the shape of its batch.
        batch = np.zeros((self.batch_size, size, size, 3), np.uint8)
        for i, prepared in enumerate(waiting):
            assert prepared.decoded is not None
            batch[i] = prepared.decoded.pixels
        self._keep(waiting, self.encoder.encode(batch))
        self._tell()

    def _keep(self, waiting: Sequence[_Prepared], vectors: np.ndarray) -> None:
        import numpy as np

        for prepared, vector in zip(waiting, vectors, strict=False):  # the batch is padded
            image = prepared.decoded
            assert image is not None
            if np.isfinite(vector).all():
                self.rows.append(
                    EmbeddedImage(
                        prepared.file_name, prepared.content_hash, image.width, image.height, image.thumbnail, vector
                    )
                )
                self.embedded += 1
            else:
                self.errors.append((prepared.file_name, "the model gave numbers that are not finite"))


def _prepare(image: ImageFile, known: Mapping[str, EmbeddedImage], size: int) -> _Prepared:
    name = image.file_name
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return _Prepared(name.encode("utf-8", "backslashreplace").decode(), error="the file name is not UTF-8")
    if not image.path.is_file():
        return _Prepared(name, error="not a file, or a link to nowhere")
    try:
        data = image.path.read_bytes()
    except OSError as error:
        return _Prepared(name, error=f"cannot be read: {error.strerror}")
    content_hash = hashlib.sha256(data).hexdigest()
    if (row := known.get(content_hash)) is not None:
        return _Prepared(name, content_hash, known=row)
    try:
        return _Prepared(name, content_hash, decoded=decode(data, size))
    except BrokenImage as error:
        return _Prepared(name, error=str(error))


def _in_order(
    pool: ThreadPoolExecutor, work: Callable[[Item], Result], items: Iterable[Item], ahead: int
) -> Iterator[Result]:
    """`map` over the pool that is never more than `ahead` items in front of who reads it."""
    remaining = iter(items)
    running = deque(pool.submit(work, item) for item in islice(remaining, ahead))
    while running:
        yield running.popleft().result()
        running.extend(pool.submit(work, item) for item in islice(remaining, 1))
