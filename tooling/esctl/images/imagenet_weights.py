"""Finds ResNet50's ImageNet weights in Keras' own cache, or downloads them there."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import EsctlError
from .files import replacing

PATIENCE = 5.0
"""Seconds until the first byte has to be here. A silent network must not hold up the first run."""
STALLED = 30.0
"""Seconds without a byte after which a running download is given up."""


@dataclass(frozen=True)
class WeightsFile:
    """A file as `keras.applications` names it; `md5` is the checksum that Keras publishes."""

    name: str
    url: str
    md5: str


RESNET50 = WeightsFile(
    "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
    "https://storage.googleapis.com/tensorflow/keras-applications/resnet/"
    "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
    "4d473c1dd8becc155b73f8504c6f6626",
)


class Unavailable(EsctlError):
    """The weights could not be downloaded; the text says why."""


def cache_path(file: WeightsFile = RESNET50) -> Path:
    """Where Keras keeps the file: below `KERAS_HOME`, else below the home folder, else below /tmp."""
    if home := os.environ.get("KERAS_HOME"):
        return Path(home, "models", file.name)
    base = os.path.expanduser("~")
    return Path(base if os.access(base, os.W_OK) else "/tmp", ".keras", "models", file.name)


def cached(file: WeightsFile = RESNET50) -> Path | None:
    """The file in the cache where it is whole, else None."""
    path = cache_path(file)
    try:
        with open(path, "rb") as opened:
            return path if hashlib.file_digest(opened, "md5").hexdigest() == file.md5 else None
    except OSError:
        return None


def fetch(notice: Callable[[str], None], file: WeightsFile = RESNET50, *, patience: float = PATIENCE) -> Path:
    """The file from the cache, else downloaded. Raises Unavailable, within `patience` seconds where no byte comes.

    A download that runs is told to `notice`, about ten times, and may take as long as it needs.
    """
    if (path := cached(file)) is not None:
        return path
    download = _Download(file, notice)
    # A thread of ours, because neither name resolution nor a proxy that trickles headers keeps to a socket's time-out.
    thread = threading.Thread(target=download.run, daemon=True)
    thread.start()
    try:
        if not download.decided.wait(patience):
            raise Unavailable(f"no answer from {file.url.split('/')[2]} within {patience:g} s")
        while thread.is_alive():
            thread.join(0.2)
    finally:
        download.cancelled.set()
        if download.decided.is_set():
            thread.join(1.0)  # after Ctrl-C: let it remove the half file
    if download.failure is not None:
        raise Unavailable(download.failure)
    return cache_path(file)


class _Download:
    """State shared by the thread that downloads and the one that waits."""

    def __init__(self, file: WeightsFile, notice: Callable[[str], None]) -> None:
        self.file = file
        self.notice = notice
        self.decided = threading.Event()  # the first byte is here, or it failed
        self.cancelled = threading.Event()
        self.failure: str | None = None

    def run(self) -> None:
        import requests

        try:
            self._receive()
        except Unavailable as error:
            self.failure = str(error)
        except requests.RequestException as error:
            self.failure = _reason(error, self.file.url.split("/")[2])
        except OSError as error:
            self.failure = f"{error.filename or cache_path(self.file)}: {error.strerror or error}"
        finally:
            self.decided.set()

    def _receive(self) -> None:
        import requests

        path = cache_path(self.file)
        with requests.get(self.file.url, stream=True, timeout=(PATIENCE, STALLED)) as response:
            response.raise_for_status()
            total = int(response.headers.get("content-length") or 0)
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as new:
                self._copy(response.iter_content(1 << 14), new, total)

    def _copy(self, chunks: Iterable[bytes], new: Path, total: int) -> None:
        digest, received, told = hashlib.md5(), 0, 0.0
        with open(new, "wb") as out:
            for chunk in chunks:
                if self.cancelled.is_set():
                    raise Unavailable("cancelled")
                out.write(chunk)
                digest.update(chunk)
                received += len(chunk)
                self.decided.set()
                if total and received / total >= told:
                    self.notice(f"downloading {self.file.name}: {received / 1e6:.0f} of {total / 1e6:.0f} MB")
                    told = received / total + 0.1
        if digest.hexdigest() != self.file.md5:
            raise Unavailable(f"what {self.file.url} gave has another checksum")


def _reason(error: Exception, host: str) -> str:
    """One short line instead of urllib3's nested text."""
    text = str(error)
    if "Name" in text and "resol" in text.lower() or "getaddrinfo" in text:
        return f"the name {host} does not resolve"
    if "timed out" in text.lower():
        return f"{host} does not answer"
    if type(error).__name__ == "ChunkedEncodingError":
        return f"{host} broke off"
    response = getattr(error, "response", None)
    if response is not None:
        return f"{host} answers {response.status_code}"
    return f"{host} cannot be reached ({type(error).__name__})"
