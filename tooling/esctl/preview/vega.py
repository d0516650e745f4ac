"""Vega panels: HJSON with Elasticsearch in it → a spec that a plain Vega can draw.

First `vega_ready` finds the data sources and makes their searches; then `vega_filled` puts the answers in. Sizes and
`$schema` follow what Kibana does: content is fitted to the panel, v5 specs run on the Vega that is there.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import EsctlError
from ..model import Body, Path
from .buckets import time_span
from .filters import Scope, scope_query

_CONTEXT_PARTS = ("must", "filter", "must_not", "should")
_COMPOSED = ("hconcat", "vconcat", "concat", "repeat", "facet")
_AUTO_INTERVALS = ("1s", "10s", "30s", "1m", "5m", "10m", "30m", "1h", "3h", "12h", "1d", "7d", "30d")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True)
class VegaSearch:
    """One data source that is a search: where its data object stands in the spec, the index, the body."""

    path: Path
    index: str
    body: Body


@dataclass(frozen=True)
class VegaReady:
    """`resize`: whether width and height come from the panel."""

    spec: Body
    mode: Literal["vega", "vega-lite"]
    searches: tuple[VegaSearch, ...]
    resize: bool


def parse_vega(text: str) -> Body:
    """HJSON (JSON included) → spec. Raises EsctlError with the place of a mistake, or where `$schema` is missing."""
    import hjson

    try:
        spec = json.loads(text)
    except ValueError:
        try:
            spec = json.loads(hjson.dumpsJSON(hjson.loads(text)))
        except hjson.HjsonDecodeError as error:
            raise EsctlError(f"the Vega spec is not HJSON: {error}") from None
    if not isinstance(spec, dict):
        raise EsctlError("the Vega spec is not an object")
    if "$schema" not in spec:
        raise EsctlError("the Vega spec has no $schema", hint="add https://vega.github.io/schema/vega/v5.json")
    return spec


def vega_ready(text: str, scope: Scope, *, default_index: str = "") -> VegaReady:
    """Raises EsctlError for a spec that does not parse and for a data source that cannot be resolved."""
    spec = parse_vega(text)
    mode: Literal["vega", "vega-lite"] = "vega-lite" if "vega-lite" in str(spec.pop("$schema")) else "vega"
    searches = tuple(_search(path, source, scope, default_index) for path, source in _sources(spec, ()))
    resize = _fit(spec, mode)
    return VegaReady(spec, mode, searches, resize)


def vega_filled(ready: VegaReady, answers: Mapping[Path, Body]) -> Body:
    """The spec with every search's answer as inline `values`; `answers` by the path of the search."""
    spec = copy.deepcopy(ready.spec)
    for search in ready.searches:
        source = _at(spec, search.path)
        source.pop("url")
        source["values"] = answers[search.path]
        # `format.property` reads from parsed JSON as it does from a url; naming the type makes Vega parse inline values too.
        source["format"] = {"type": "json", **(source.get("format") or {})}
    return spec


def _sources(node: Any, path: Path) -> Iterator[tuple[Path, Body]]:
    """Every object with a `url` that stands under a `data` key (a list in Vega, one object per view in Vega-Lite)."""
    if isinstance(node, dict):
        for key, inner in node.items():
            if key == "data":
                for place, source in _listed(inner, (*path, key)):
                    if isinstance(source, dict) and source.get("url") is not None:
                        yield place, source
            if key not in ("values", "url"):
                yield from _sources(inner, (*path, key))
    elif isinstance(node, list):
        for i, inner in enumerate(node):
            yield from _sources(inner, (*path, i))


def _listed(data: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(data, list):
        yield from (((*path, i), source) for i, source in enumerate(data))
    else:
        yield path, data


def _at(spec: Any, path: Path) -> Any:
    for step in path:
        spec = spec[step]
    return spec


def _search(path: Path, source: Body, scope: Scope, default_index: str) -> VegaSearch:
    url = source["url"]
    name = source.get("name") or ".".join(str(p) for p in path)
    if not isinstance(url, dict):
        raise EsctlError(
            f'data "{name}": {url!r} is not loaded here', hint="use an Elasticsearch search: url: {index: …, body: …}"
        )
    kind = url.get("%type%", "elasticsearch")
    if kind != "elasticsearch":
        raise EsctlError(f'data "{name}": %type% {kind!r} is not drawn yet')
    unknown = set(url) - {"index", "body", "%context%", "%timefield%", "%type%", "timeout"}
    if unknown:
        raise EsctlError(f'data "{name}": unknown key {sorted(unknown)[0]!r} in url')
    index = str(url.get("index") or default_index)
    if not index:
        raise EsctlError(f'data "{name}": url names no index')
    body = copy.deepcopy(url.get("body") or {})
    time_field = url.get("%timefield%")
    if url.get("%context%") or time_field:
        if "query" in body:
            raise EsctlError(f'data "{name}": url.body must not have a query where %context% or %timefield% is set')
        context = scope if url.get("%context%") else Scope(time_range=scope.time_range)
        body["query"] = scope_query(context, time_field=time_field)
    return VegaSearch(path, index, _inserted(body, scope, name))


def _inserted(node: Any, scope: Scope, name: str) -> Any:
    """Replace Kibana's marks inside a body: dashboard clauses, time filters, automatic intervals."""
    if isinstance(node, list):
        out: list[Any] = []
        for inner in node:
            clauses = _context_clauses(inner, scope)
            out += clauses if clauses is not None else [_inserted(inner, scope, name)]
        return out
    if not isinstance(node, dict):
        clauses = _context_clauses(node, scope)
        return node if clauses is None else clauses
    if "%timefilter%" in node:
        return _time_filter(node, scope, name)
    if node.get("%autointerval%"):
        return _auto_interval(node, scope)
    return {key: _inserted(inner, scope, name) for key, inner in node.items()}


def _context_clauses(node: Any, scope: Scope) -> list[Body] | None:
    if not (isinstance(node, str) and node.startswith("%dashboard_context-") and node.endswith("_clause%")):
        return None
    part = node.removeprefix("%dashboard_context-").removesuffix("_clause%")
    if part not in _CONTEXT_PARTS:
        raise EsctlError(f"unknown mark {node!r} in a query")
    clauses: list[Body] = scope_query(scope)["bool"].get(part, [])
    return clauses


def _time_filter(node: Body, scope: Scope, name: str) -> Any:
    if not scope.time_range:
        raise EsctlError(f'data "{name}": %timefilter% needs a time range, and the dashboard has none')
    start, end = scope.time_range.start, scope.time_range.end
    shift = ""
    if node.get("shift"):
        amount = int(node["shift"])
        shift = f"{'+' if amount > 0 else '-'}{abs(amount)}{str(node.get('unit') or 'd')[0]}"
    ends = {"min": _shifted(start, shift), "max": _shifted(end, shift)}
    if node["%timefilter%"] in ends:
        return ends[node["%timefilter%"]]
    rest = {k: v for k, v in node.items() if k not in ("%timefilter%", "shift", "unit")}
    return {**rest, "gte": ends["min"], "lte": ends["max"], "format": "strict_date_optional_time"}


def _shifted(text: str, shift: str) -> str:
    return text if not shift else f"{text}{shift}" if text.startswith("now") else f"{text}||{shift}"


def _auto_interval(node: Body, scope: Scope) -> str:
    wanted = node["%autointerval%"]
    buckets = wanted if isinstance(wanted, int) and not isinstance(wanted, bool) else 50
    span = scope.time_range and time_span(scope.time_range)
    if not span:
        return "1d"
    steps = (s for s in _AUTO_INTERVALS if int(s[:-1]) * _SECONDS[s[-1]] >= span / buckets)
    return next(steps, _AUTO_INTERVALS[-1])


def _fit(spec: Body, mode: str) -> bool:
    """Kibana's sizing: fit to the panel with padding 5, unless the spec says how it wants to be sized."""
    kibana = (spec.get("config") or {}).pop("kibana", None) if isinstance(spec.get("config"), dict) else None
    if isinstance(kibana, dict) and kibana.get("type") == "map":
        raise EsctlError("Vega maps are not drawn yet")
    spec.setdefault("padding", 5)
    if mode == "vega-lite" and any(key in spec for key in _COMPOSED):
        return False
    autosize = spec.get("autosize")
    kind = autosize.get("type") if isinstance(autosize, dict) else autosize
    if kind in (None, "fit"):
        more = autosize if isinstance(autosize, dict) else {}
        spec["autosize"] = {"contains": "padding", **more, "type": "fit"}
        return True
    return bool(kind in ("fit-x", "fit-y"))
