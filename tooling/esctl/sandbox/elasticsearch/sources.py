"""`_source`: what of a stored document is shown (includes, excludes, vectors), and how vectors are kept beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import orjson

from .errors import parsing, token
from .http import Request
from .store import Stored

if TYPE_CHECKING:
    import numpy

Body = dict[str, Any]


def pack_vectors(vectors: Mapping[str, numpy.ndarray]) -> bytes | None:
    """`{"path": bytes, …}` as one line of JSON, then little-endian float32 one after the other."""
    if not vectors:
        return None
    header = orjson.dumps({path: int(v.nbytes) for path, v in vectors.items()})
    return header + b"\n" + b"".join(v.astype("<f4", copy=False).tobytes() for v in vectors.values())


def unpack_vectors(blob: bytes | None) -> dict[str, numpy.ndarray]:
    if not blob:
        return {}
    import numpy as np

    head, _, rest = blob.partition(b"\n")
    found, position = {}, 0
    for path, size in orjson.loads(head).items():
        found[path] = np.frombuffer(rest, dtype="<f4", count=size // 4, offset=position)
        position += size
    return found


def split_vectors(source: Body, paths: list[str]) -> Body:
    """A copy of `source` without the vectors at `paths`; one that cannot be reached by plain keys stays in."""
    for path in paths:
        source = _without(source, path.split("."))
    return source


def _without(node: Body, parts: list[str]) -> Body:
    dotted = ".".join(parts)
    if dotted in node:
        return {k: v for k, v in node.items() if k != dotted}
    child = node.get(parts[0])
    if isinstance(child, dict) and len(parts) > 1:
        return {**node, parts[0]: _without(child, parts[1:])}
    return node


def whole_source(stored: Stored) -> Body:
    """The document with its vectors, as lists of float32 in their shortest form."""
    source: Body = orjson.loads(stored.source or b"{}")
    for path, vector in unpack_vectors(stored.vectors).items():
        node = source
        *parents, last = path.split(".")
        for part in parents:
            node = node.setdefault(part, {})
        node[last] = orjson.loads(orjson.dumps(vector, option=orjson.OPT_SERIALIZE_NUMPY))
    return source


@dataclass(frozen=True)
class SourceFilter:
    """`vectors` None: the version's default, unless a vector is named in `includes`."""

    enabled: bool = True
    includes: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    vectors: bool | None = None

    def apply(self, stored: Stored) -> Body | None:
        """What is shown of a document, or None where `_source` was switched off."""
        if not self.enabled or stored.source is None:
            return None
        named = (
            self.vectors is None
            and stored.vectors
            and any(fnmatchcase(path, p) and p != "*" for path in unpack_vectors(stored.vectors) for p in self.includes)
        )
        source: Body = (
            whole_source(stored) if stored.vectors and (self.vectors or named) else orjson.loads(stored.source)
        )
        return filter_source(source, self.includes, self.excludes)


def filter_source(source: Body, includes: tuple[str, ...], excludes: tuple[str, ...]) -> Body:
    if not includes and not excludes:
        return source
    return _filter(source, "", includes, excludes, not includes) or {}


def _filter(node: Any, prefix: str, includes: tuple[str, ...], excludes: tuple[str, ...], inside: bool) -> Any:
    if isinstance(node, list):
        items = [_filter(i, prefix, includes, excludes, inside) if isinstance(i, (dict, list)) else i for i in node]
        return [
            i
            for i, old in zip(items, node, strict=True)
            if inside or i not in ({}, None) and isinstance(old, (dict, list))
        ]
    kept = {}
    for key, value in node.items():
        path = f"{prefix}.{key}" if prefix else key
        if any(fnmatchcase(path, e) for e in excludes):
            continue
        within = inside or any(fnmatchcase(path, i) for i in includes)
        if isinstance(value, (dict, list)) and (not within or excludes):
            if not within and not any(_may_hold(i, path) for i in includes):
                continue
            child = _filter(value, path, includes, excludes, within)
            if child or within:
                kept[key] = child
        elif within:
            kept[key] = value
    return kept


def _may_hold(include: str, path: str) -> bool:
    """Whether something below `path` can match `include`."""
    return (
        include.startswith(path + ".")
        or "*" in include.split(".")[0]
        or ("*" in include and fnmatchcase(path, ".".join(include.split(".")[: path.count(".") + 1])))
    )


def from_request(request: Request) -> SourceFilter:
    """The `_source*` parameters of a GET."""
    includes = request.listed("_source_includes") + request.listed("_source_include")
    text = request.params.get("_source")
    enabled = True
    if text in ("true", "false"):
        enabled = text == "true"
    elif text:
        includes += request.listed("_source")
    vectors = None if "_source_exclude_vectors" not in request.params else not request.flag("_source_exclude_vectors")
    return SourceFilter(enabled, tuple(includes), tuple(request.listed("_source_excludes")), vectors)


def from_body(value: Any, vectors: bool | None = None) -> SourceFilter:
    """The `_source` of a search body: a boolean, a pattern, patterns, or `{includes, excludes, exclude_vectors}`."""
    if value is None:
        return SourceFilter(vectors=vectors)
    if isinstance(value, bool):
        return SourceFilter(value, vectors=vectors)
    if isinstance(value, str):
        return SourceFilter(includes=(value,), vectors=vectors)
    if isinstance(value, list):
        return SourceFilter(includes=tuple(value), vectors=vectors)
    if not isinstance(value, dict):
        allowed = "[VALUE_BOOLEAN, VALUE_STRING, START_ARRAY, START_OBJECT]"
        raise parsing(f"Expected one of {allowed} but found [{token(value)}]")
    if "exclude_vectors" in value:
        vectors = not value["exclude_vectors"]
    for key in value:
        if key not in ("includes", "include", "excludes", "exclude", "exclude_vectors"):
            raise parsing(f"Unknown key for a {token(value[key])} in [{key}].")
    return SourceFilter(True, _patterns(value, "includes"), _patterns(value, "excludes"), vectors)


def _patterns(body: Body, name: str) -> tuple[str, ...]:
    value: Any = body.get(name, body.get(name[:-1], []))
    return (value,) if isinstance(value, str) else tuple(value)
