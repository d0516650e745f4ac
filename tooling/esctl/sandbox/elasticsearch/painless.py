"""The scripts that the sandbox knows, by their text, and equal Python functions; any other script is refused.

Nothing here compiles Painless. A script is recognised by the SHA-256 of its text with whitespace collapsed; its
function was written from what the script says, apart from any other twin of it, so that the two can be compared.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .errors import ElasticsearchError, illegal

if TYPE_CHECKING:
    import numpy

Params = Mapping[str, Any]


class ScriptFailure(Exception):
    """An exception that the script itself throws; `type` is Elasticsearch's name of it."""

    def __init__(self, reason: str, type: str = "illegal_argument_exception") -> None:
        super().__init__(reason)
        self.type = type


@dataclass(frozen=True)
class Script:
    """A recognised script. `reads` are the fields whose doc values a scripted_metric's map takes."""

    name: str
    run: Callable[..., Any]
    reads: tuple[str, ...] = ()


@lru_cache(maxsize=256)
def digest(source: str) -> str:
    return hashlib.sha256(" ".join(source.split()).encode()).hexdigest()


def find_script(script: Any, *, extra: Mapping[str, Any] | None = None) -> tuple[Script, Params]:
    """The function of a request's script (text, or `{source, lang, params}`); raises script_exception for any other."""
    body = {"source": script} if isinstance(script, str) else script
    if not isinstance(body, dict) or ("source" not in body and "id" not in body):
        raise illegal("must specify either [source] for an inline script or [id] for a stored script")
    if "id" in body:
        raise illegal("the esctl sandbox does not implement stored scripts")
    language = body.get("lang", "painless")
    if language != "painless":
        raise illegal(f"script_lang not supported [{language}]")
    source = body["source"]
    known = SCRIPTS.get(digest(source)) if isinstance(source, str) else None
    if known is None:
        raise ElasticsearchError(
            "script_exception",
            "compile error",
            script_stack=[],
            script=str(source),
            lang="painless",
            cause=illegal(
                "the esctl sandbox does not compile Painless: it recognises the scripts of scripts/painless by their"
                " text"
            ),
            **(extra or {}),
        )
    return known, body.get("params", {})


def failed(script: str, failure: ScriptFailure) -> ElasticsearchError:
    """What the server makes of an exception in a script."""
    return ElasticsearchError(
        "script_exception",
        "runtime error",
        script_stack=[],
        script=script,
        lang="painless",
        cause={"type": failure.type, "reason": str(failure)},
    )


# ingest: kmeans, is_json_array


def _is_json_array(ctx: Mapping[str, Any], params: Params) -> bool:
    value = ctx.get(params["field"])
    return isinstance(value, str) and value.startswith("[")


@lru_cache(maxsize=64)
def _floats(packed: str) -> numpy.ndarray:
    """base64 of big-endian float32 as float64."""
    import numpy as np

    return np.frombuffer(base64.b64decode(packed), dtype=">f4").astype(np.float64)


@lru_cache(maxsize=16)
def _matrix(packed: tuple[str, ...]) -> numpy.ndarray:
    import numpy as np

    return np.stack([_floats(p) for p in packed])


def _told(ctx: Mapping[str, Any], field: str, problem: str) -> ScriptFailure:
    name = f'image "{ctx["file_name"]}"' if "file_name" in ctx else f'document "{ctx.get("_id")}"'
    return ScriptFailure(f'{name}: field "{field}" {problem}')


def _vector(ctx: Mapping[str, Any], field: str, dims: int) -> numpy.ndarray:
    import numpy as np

    sent = ctx.get(field)
    if sent is None:
        raise _told(ctx, field, "is null" if field in ctx else "is missing")
    if isinstance(sent, list):
        if len(sent) != dims:
            raise _told(ctx, field, f"has {len(sent)} elements, the model has {dims}")
        for position, element in enumerate(sent):
            if type(element) not in (int, float):
                raise _told(ctx, field, f"has no number at position {position}: {_java(element)}")
        with np.errstate(over="ignore"):
            vector = np.array(sent, dtype=np.float64).astype(np.float32).astype(np.float64)
    elif isinstance(sent, str):
        if sent.startswith("["):
            raise _told(ctx, field, 'starts with "[" but is not a JSON array')
        try:
            data = base64.b64decode(sent, validate=True)
        except (binascii.Error, ValueError) as error:
            raise _told(ctx, field, f"is neither a JSON array nor base64: {error}") from None
        if len(data) != dims * 4:
            raise _told(ctx, field, f"has {len(data)} bytes, the model has {dims} elements of 4 bytes")
        vector = np.frombuffer(data, dtype=">f4").astype(np.float64)
    else:
        raise _told(ctx, field, f"is neither a list nor base64: {_java(sent)}")
    bad = np.flatnonzero(~np.isfinite(vector))
    if bad.size:
        raise _told(ctx, field, f"has no finite float32 at position {int(bad[0])}")
    return vector


def _java(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}={_java(v)}" for k, v in value.items()) + "}"
    return "null" if value is None else str(value)


def _rounded(value: float) -> str:
    size = abs(value)
    if size >= 1e9:
        return "<-1e9" if value < 0 else ">1e9"
    hundredths = math.floor(size * 100.0 + 0.5)
    sign = "-" if value < 0 and hundredths > 0 else ""
    return f"{sign}{hundredths // 100}.{hundredths % 100:02d}"


def _kmeans(ctx: dict[str, Any], params: Params) -> None:
    import numpy as np

    vector = _vector(ctx, params["field"], int(params["dims"]))
    shown = ", ".join(_rounded(float(v)) for v in vector[:3])
    preview = f"{shown}{', …' if len(vector) > 3 else ''} ({len(vector)})"
    if params["normalise"]:
        length = math.sqrt(float(vector @ vector))
        if length > 0:
            vector = vector / length
    differences = _matrix(tuple(params["centroids"])) - vector
    distances = np.sqrt(np.einsum("ij,ij->i", differences, differences))
    nearest = int(np.argmin(distances))
    first = float(distances[nearest])
    second = float(np.min(np.delete(distances, nearest))) if len(distances) > 1 else math.inf
    silhouette = (second - first) / second if second > 0 else 0.0
    centred = vector - _floats(params["mean"])
    x, y = (float(centred @ _floats(axis)) for axis in params["components"][:2])
    ctx[params["target_field"]] = nearest
    ctx.update(
        distance=first,
        distance_second=second,
        silhouette_simplified=silhouette,
        silhouette_rank=1 + silhouette,
        vector_preview=preview,
        x=x,
        y=y,
        model_hash=params["model_hash"],
    )


# scripted_metric: the clusters' sums, the mean silhouette, Davies-Bouldin

State = dict[str, Any]


def _clusters_init(state: State, params: Params) -> None:
    state["clusters"] = {}


def _clusters_combine(state: State, params: Params) -> Any:
    return state["clusters"]


def _entry(state: State, doc: Mapping[str, list[Any]]) -> list[float]:
    entry: list[float] = state["clusters"].setdefault(str(doc["cluster"][0]), [0.0, 0.0])
    return entry


def _scatter_map(state: State, doc: Mapping[str, list[Any]], params: Params) -> None:
    if len(doc["cluster"]) == 1 and len(doc["distance"]) == 1:
        entry = _entry(state, doc)
        entry[0] += 1
        entry[1] += doc["distance"][0]


def _silhouette_map(state: State, doc: Mapping[str, list[Any]], params: Params) -> None:
    if all(len(doc[name]) == 1 for name in ("cluster", "distance", "distance_second")):
        entry = _entry(state, doc)
        a, b = doc["distance"][0], doc["distance_second"][0]
        entry[0] += 1
        entry[1] += (b - a) / max(a, b) if max(a, b) > 0 else 0.0


def _together(states: list[Any]) -> dict[str, list[float]]:
    clusters: dict[str, list[float]] = {}
    for shard in states:
        for name, (count, total) in (shard or {}).items():
            entry = clusters.setdefault(name, [0.0, 0.0])
            entry[0] += count
            entry[1] += total
    return clusters


def _scatter_reduce(states: list[Any], params: Params) -> float | None:
    clusters = _together(states).values()
    count = sum(n for n, _ in clusters)
    return sum(s for _, s in clusters) / count if count else None


def _silhouette_reduce(states: list[Any], params: Params) -> float | None:
    clusters = _together(states).values()
    count = sum(n for n, _ in clusters)
    return sum(s for n, s in clusters if n > 1) / count if count else None


def _davies_bouldin_reduce(states: list[Any], params: Params) -> float | None:
    import numpy as np

    clusters = dict(sorted(_together(states).items()))
    if len(clusters) < 2:
        return None
    centroids = np.stack([_floats(params["centroids"][int(name)]) for name in clusters])
    scatter = np.array([total / count for count, total in clusters.values()])
    worst = []
    for i in range(len(scatter)):
        apart = np.sqrt(((centroids - centroids[i]) ** 2).sum(axis=1))
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = np.delete((scatter + scatter[i]) / apart, i)
        worst.append(max(0.0, float(ratios.max())))
    return sum(worst) / len(worst)


SCRIPTS: dict[str, Script] = {
    "04ce39a7b4ea554561eed1d6406b6a4d34d6e55c78b8106e15589b325a539124": Script("clusters_combine", _clusters_combine),
    "da1bb530aebf875d357753750d7b66ec235cf8be7299201693bc96742cf41b3d": Script("clusters_init", _clusters_init),
    "b73081940c0d78e3befe3f3828ae4e95c54cc86f24f4173d92798de779c62c69": Script(
        "davies_bouldin_reduce", _davies_bouldin_reduce
    ),
    "4b4b52b79373f43526ee6378f0daad4d299d6fa0b1282b38208ec2b946be3abd": Script("is_json_array", _is_json_array),
    "0013aecc84f62edad8ffefe7fb7c98c61484248024dc29b18e0c0ec56947396d": Script("kmeans", _kmeans),
    "85491b83ea96ad68a17f17d844c90adc1efd4b64d5e6bb94fdee62a3e627c114": Script(
        "scatter_map", _scatter_map, ("cluster", "distance")
    ),
    "61993efcf148fd38ae173ee62dd9faf80440cbffbf65097678d487cf7ea916e4": Script("scatter_reduce", _scatter_reduce),
    "a5b02f64dccf6daab140f0f1b8b3948eb1620b30b82c9b7a3e83ce34435482ae": Script(
        "silhouette_map", _silhouette_map, ("cluster", "distance", "distance_second")
    ),
    "5f650110a0fa20c5c3f3ac89ff20b45e225312420d372f3a79c19f661cd5d893": Script("silhouette_reduce", _silhouette_reduce),
}
