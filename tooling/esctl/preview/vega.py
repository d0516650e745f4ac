"""Vega panels: HJSON with Elasticsearch in it → a spec that a plain Vega can draw.

First `vega_ready` finds the data sources and makes their searches; then `vega_filled` puts the answers in. Sizes and
`$schema` follow what Kibana does: content is fitted to the panel, v5 specs run on the Vega that is there.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import EsctlError, did_you_mean
from ..model import Body, Path
from .asking import Question
from .colours import AMSTERDAM
from .esql import esql_body
from .filters import Scope, scope_query, span_of
from .lens import NotDrawn

_CONTEXT_PARTS = ("must", "filter", "must_not")
_URL_KEYS = {"index", "body", "%context%", "%context_query%", "%timefield%", "%type%", "timeout"}
_ESQL_KEYS = {"query", "params", "dropNullColumns", "%context%", "%timefield%", "%type%"}
_TYPES = ("elasticsearch", "esql")
_COMPOSED = ("hconcat", "vconcat", "concat", "repeat", "facet")
_FACETS = {"row", "column", "facet"}
# Kibana's steps: an interval of up to so many seconds becomes this one.
_ROUNDED = (
    (0.5, "100ms"), (5, "1s"), (7.5, "5s"), (15, "10s"), (45, "30s"), (180, "1m"), (450, "5m"), (1200, "10m"),
    (2700, "30m"), (7200, "1h"), (21600, "3h"), (86400, "12h"), (604800, "24h"), (1814400, "1w"), (3628800, "30d"),
)  # fmt: skip
_DEFAULT_BARS = 50
# `#`, `//` and `/* */` of HJSON, before the first brace.
_LEADING_COMMENTS = re.compile(r"(?:\s|#[^\n]*|//[^\n]*|/\*.*?\*/)*", re.S)


@dataclass(frozen=True)
class VegaSearch:
    """One data source that is a search: where its data object stands in the spec, the index, the body.

    `index` is empty for one in ES|QL.
    """

    path: Path
    index: str
    body: Body

    @property
    def question(self) -> Question:
        return Question("search" if self.index else "esql", self.index, self.body)


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
        start = _LEADING_COMMENTS.match(text)
        if not text[start.end() if start else 0 :].startswith("{"):
            raise EsctlError("the Vega spec must stand in braces: { … }") from None
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
    spec = _with_elastic_scheme(parse_vega(text))
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
        if not search.index:
            source["values"] = _records(answers[search.path])
            continue
        source["values"] = answers[search.path]
        # With its type named, Vega takes `format.property` from inline values as it does from a url.
        source["format"] = {"type": "json", **(source.get("format") or {})}
    return spec


def _records(answer: Body) -> list[Body]:
    """Columns and values of ES|QL as one object for each row: the form in which Kibana hands them to Vega."""
    names = [str(column.get("name")) for column in answer.get("columns") or ()]
    return [dict(zip(names, row, strict=True)) for row in answer.get("values") or ()]


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
        raise EsctlError(f'data "{name}": {url!r} is not loaded here', hint="write url: {index: …, body: …}")
    if "values" in source or "source" in source:
        raise EsctlError(f'data "{name}": only one of url, values and source')
    kind = url.get("%type%", "elasticsearch")
    if kind in ("emsfile", "url"):
        raise EsctlError(f'data "{name}": %type% {kind!r} loads from the network, and nothing is loaded here')
    if kind not in _TYPES:
        raise EsctlError(f'data "{name}": unknown %type% {kind!r}', hint=did_you_mean(str(kind), _TYPES))
    if kind == "esql":
        return VegaSearch(path, "", _esql(url, scope, name))
    unknown = sorted(set(url) - _URL_KEYS)
    if unknown:
        raise EsctlError(f'data "{name}": unknown key "{unknown[0]}" in url', hint=did_you_mean(unknown[0], _URL_KEYS))
    index = str(url.get("index") or default_index)
    if not index:
        raise EsctlError(f'data "{name}": url names no index')
    body = copy.deepcopy(url.get("body") or {})
    return VegaSearch(path, index, _with_context(body, url, scope, name))


def _esql(url: Body, scope: Scope, name: str) -> Body:
    """The query with the dashboard's filters (`%context%`), its time range on `%timefield%`, and its parameters."""
    unknown = sorted(set(url) - _ESQL_KEYS)
    if unknown:
        raise EsctlError(f'data "{name}": unknown key "{unknown[0]}" in url', hint=did_you_mean(unknown[0], _ESQL_KEYS))
    if not isinstance(url.get("query"), str):
        raise EsctlError(f'data "{name}": url has no query')
    context = scope if url.get("%context%") else scope.without_globals()
    time_field = url.get("%timefield%")
    body = esql_body(url["query"], context, str(time_field) if time_field else None).body
    if url.get("params"):
        body["params"] = [*body.get("params", []), *url["params"]]
    return body


def _with_context(body: Body, url: Body, scope: Scope, name: str) -> Body:
    legacy = url.get("%context_query%")
    time_field = legacy if isinstance(legacy, str) else url.get("%timefield%")
    if any(key in url for key in ("%context%", "%context_query%", "%timefield%")):
        if "query" in body:
            raise EsctlError(
                f'data "{name}": %context% and %timefield% must not be used when url.body.query is set',
                hint='put "%dashboard_context-filter_clause%" into the query\'s bool instead',
            )
        context = scope if url.get("%context%") or legacy else Scope(time_range=scope.time_range)
        body["query"] = scope_query(context, time_field=time_field)
    inserted: Body = _inserted(body, scope, name)
    return inserted


def _inserted(node: Any, scope: Scope, name: str, key: str = "") -> Any:
    """Replace Kibana's marks inside a body: dashboard clauses, time filters, intervals of date histograms."""
    if isinstance(node, list):
        out: list[Any] = []
        for inner in node:
            clauses = _context_clauses(inner, scope)
            out += clauses if clauses is not None else [_inserted(inner, scope, name)]
        return out
    if not isinstance(node, dict):
        return node
    if "%timefilter%" in node:
        return _time_filter(node, scope, name)
    made: Body = {}
    for inner_key, inner in node.items():
        if inner_key == "interval" and key == "date_histogram":
            made |= _interval(inner, scope)
        else:
            made[inner_key] = _inserted(inner, scope, name, inner_key)
    return made


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


def _interval(wanted: Any, scope: Scope) -> Body:
    """`interval` of a date histogram → the key that Elasticsearch takes since 8.0."""
    text = str(wanted)
    if isinstance(wanted, dict) and "%autointerval%" in wanted:
        asked = wanted["%autointerval%"]
        bars = _DEFAULT_BARS if asked is True else int(asked)
        span = scope.time_range and span_of(scope.time_range)
        text = next((name for limit, name in _ROUNDED if span / bars <= limit), "1y") if span else "1d"
    calendar = re.fullmatch(r"1?[mhd]|1?[wMqy]|minute|hour|day|week|month|quarter|year", text)
    return {"calendar_interval" if calendar else "fixed_interval": text}


def _with_elastic_scheme(node: Any) -> Any:
    """Kibana's colour scheme `elastic`, which Vega itself does not know, as its colours."""
    if isinstance(node, list):
        return [_with_elastic_scheme(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    if node == {"scheme": "elastic"}:
        return list(AMSTERDAM)
    made = {key: _with_elastic_scheme(inner) for key, inner in node.items()}
    if made.get("scheme") == "elastic":
        made.pop("scheme")
        made.setdefault("range", list(AMSTERDAM))
    return made


def _fit(spec: Body, mode: str) -> bool:
    """Kibana's sizing: fitted to the panel, whatever width and height say, unless `autosize` is `none`."""
    kibana = (spec.get("config") or {}).pop("kibana", None) if isinstance(spec.get("config"), dict) else None
    if isinstance(kibana, dict) and kibana.get("type") == "map":
        raise NotDrawn("a Vega map is not drawn: its ground comes from the network")
    if mode == "vega-lite" and (any(key in spec for key in _COMPOSED) or _FACETS & set(spec.get("encoding") or ())):
        return False
    autosize = spec.get("autosize")
    if isinstance(autosize, dict) and "signal" in autosize:
        return False
    more = autosize if isinstance(autosize, dict) else {"type": autosize} if isinstance(autosize, str) else {}
    spec["autosize"] = {"type": "fit", "contains": "padding", **more}
    return bool(spec["autosize"]["type"] != "none")
