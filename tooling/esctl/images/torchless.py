"""Reads a legacy (pre-1.6, non-zip) PyTorch state_dict as NumPy arrays, without torch.

Layout: pickle(magic) pickle(protocol) pickle(sys_info) pickle(object, storages as persistent ids) pickle(list of
storage keys), then for each key an int64 count and the raw data. Only the globals that such a file needs can be
reached; any other raises UnpicklingError before it is looked up.
"""

from __future__ import annotations

import collections
import hashlib
import pickle
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
DTYPES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ByteStorage": "u1",
}


class _View(NamedTuple):
    """A tensor: a part of a storage, by offset, shape and strides in elements."""

    storage: str
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


def _rebuild_tensor_v2(storage: str, offset: int, size: Any, stride: Any, *_: object) -> _View:
    return _View(storage, int(offset), tuple(size), tuple(stride))


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, encoding="utf-8")
        self.storages: dict[str, tuple[str, int]] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor_v2
        if module == "torch" and name in DTYPES:
            return name  # plain text, nothing that can be called
        raise pickle.UnpicklingError(f"refused global {module}.{name}")

    def persistent_load(self, pid: Any) -> str:
        kind, dtype, key, _location, count = pid[:5]
        if kind != "storage" or dtype not in DTYPES or (len(pid) > 5 and pid[5] is not None):
            raise pickle.UnpicklingError(f"refused persistent id {pid!r}")
        self.storages[key] = (DTYPES[dtype], int(count))
        return str(key)


def load_state_dict(path: Path, sha256: str) -> dict[str, np.ndarray]:
    """Parameter name → array (a read-only view of its storage).

    Raises ValueError for a file of another sha256 or a damaged one, pickle.UnpicklingError for a global that has no
    place in it.
    """
    import numpy as np

    with open(path, "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != sha256:
            raise ValueError(f"{path}: sha256 is {found}, expected {sha256}")
        file.seek(0)
        if _Unpickler(file).load() != MAGIC or _Unpickler(file).load() != PROTOCOL:
            raise ValueError(f"{path}: not a legacy PyTorch checkpoint")
        if not _Unpickler(file).load().get("little_endian", True):
            raise ValueError(f"{path}: big-endian checkpoint")
        unpickler = _Unpickler(file)
        views: dict[str, _View] = unpickler.load()
        storages: dict[str, np.ndarray] = {}
        for key in _Unpickler(file).load():
            dtype, count = unpickler.storages[key]
            if int.from_bytes(file.read(8), "little") != count:
                raise ValueError(f"{path}: storage {key} has a wrong length")
            storages[key] = np.frombuffer(file.read(count * np.dtype(dtype).itemsize), dtype)
            if storages[key].size != count:
                raise ValueError(f"{path}: truncated")
    state = {}
    for name, view in views.items():
        storage = storages[view.storage]
        last = view.offset + sum((n - 1) * step for n, step in zip(view.size, view.stride, strict=True))
        if view.offset < 0 or min(view.stride, default=0) < 0 or last >= storage.size:
            raise ValueError(f"{path}: {name} lies outside its storage")
        strides = [step * storage.itemsize for step in view.stride]
        state[name] = np.lib.stride_tricks.as_strided(storage[view.offset :], view.size, strides, writeable=False)
    return state
