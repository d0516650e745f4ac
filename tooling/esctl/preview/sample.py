"""Documents made up from a mapping, so that a dashboard can be looked at before there is data. Always the same ones.

The dashboard itself says which values must occur: those of its filters, queries and colours. Everything else is drawn
from what the name and type of a field suggest.
"""

from __future__ import annotations

import math
import random
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ..errors import EsctlError
from ..model import Body
from .dashboard import Dashboard
from .filters import Scope, TimeRange, instant, query_clause, scope_query
from .lens import RECORDS, Layer, Lens, read_lens
from .vega import vega_ready

_NUMBERS = ("long", "integer", "short", "byte", "unsigned_long")
_FRACTIONS = ("double", "float", "half_float", "scaled_float")
_KEYWORDS = ("keyword", "constant_keyword", "wildcard", "version", "flattened")
_TEXTS = ("text", "match_only_text", "search_as_you_type", "semantic_text")
_WORDS: Mapping[str, tuple[Any, ...]] = {
    "host": ("web-1", "web-2", "web-3", "db-1", "db-2", "cache-1"),
    "service": ("checkout", "cart", "search", "payments", "accounts"),
    "environment": ("production", "staging", "development"),
    "level": ("info", "warn", "error", "debug"),
    "method": ("GET", "POST", "PUT", "DELETE"),
    "status_code": (200, 200, 200, 201, 301, 404, 500),
    "status": ("ok", "ok", "ok", "failed", "pending"),
    "outcome": ("success", "success", "success", "failure", "unknown"),
    "country": ("DE", "US", "FR", "IN", "BR", "JP", "GB"),
    "city": ("Berlin", "New York", "Paris", "Mumbai", "São Paulo", "Tokyo", "London"),
    "region": ("eu-central-1", "us-east-1", "ap-south-1"),
    "browser": ("Chrome", "Firefox", "Safari", "Edge"),
    "agent": ("Chrome", "Firefox", "Safari", "curl"),
    "os": ("linux", "windows", "macos"),
    "user": ("ada", "grace", "linus", "margaret", "edsger", "barbara"),
    "category": ("shoes", "shirts", "coats", "hats"),
    "product": ("sneaker", "boot", "parka", "cap", "scarf"),
    "extension": ("html", "css", "js", "png", "zip"),
    "path": ("/", "/cart", "/search", "/login", "/api/orders"),
    "url": ("/", "/cart", "/search", "/login", "/api/orders"),
    "message": ("request served", "cache missed", "connection closed", "retry after timeout"),
    "type": ("a", "b", "c"),
}
_MOST_VALUES = 12
_PLAIN = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf")
_PLACES = ((52.5, 13.4), (40.7, -74.0), (48.9, 2.35), (19.1, 72.9), (-23.6, -46.6), (35.7, 139.7))


@dataclass
class Wishes:
    """What a dashboard asks of its data: by index pattern, the fields with the type their use suggests; by field,
    the values that must occur and the bounds that must be met."""

    fields: dict[str, dict[str, str]] = field(default_factory=dict)
    values: dict[str, list[Any]] = field(default_factory=dict)
    bounds: dict[str, list[float]] = field(default_factory=dict)

    def value(self, name: str, value: Any) -> None:
        known = self.values.setdefault(name, [])
        if len(known) < _MOST_VALUES and value not in known and isinstance(value, str | int | float | bool):
            known.append(value)


def wishes(dashboard: Dashboard) -> Wishes:
    """Read from panels, filters and controls; a panel that cannot be read asks for nothing here (it says so itself)."""
    found = Wishes()
    scope = Scope(dashboard.filters, (dashboard.query,) if dashboard.query.get("query") else ())
    _clauses(scope_query(scope), found)
    for control in dashboard.controls:
        view = dashboard.data_views.get(control.data_view)
        name = control.settings.get("field_name")
        if view and name:
            kind = "double" if control.kind == "range_slider_control" else "keyword"
            found.fields.setdefault(view.title, {}).setdefault(str(name), kind)
            for value in control.settings.get("selected_options") or ():
                found.value(str(name), value)
    for panel in dashboard.panels:
        try:
            if panel.kind == "lens":
                _of_lens(read_lens(panel.definition, data_views=dashboard.data_views), found)
            elif panel.kind == "vega":
                for search in vega_ready(panel.definition["spec"], Scope(time_range=dashboard.time_range)).searches:
                    fields = found.fields.setdefault(search.index, {})
                    _of_body(search.body, fields, found)
        except EsctlError:
            continue
    return found


def documents(
    fields: Mapping[str, Body], wanted: Wishes, count: int, time_range: TimeRange | None, *, seed: str = ""
) -> Iterator[Body]:
    """`count` documents for a mapping's fields by full name. Dates lie in the time range, or in the last seven days."""
    chance = random.Random(zlib.crc32(seed.encode()))
    start, end = _span(time_range)
    leaves = {name: kind for name, definition in fields.items() if (kind := definition.get("type", "object"))}
    leaves = {n: k for n, k in leaves.items() if n.rpartition(".")[0] not in leaves}  # no multi-fields
    for i in range(count):
        share = (i + chance.random()) / count
        moment = start + (end - start) * share
        mood = 1 + 0.35 * math.sin(share * 2 * math.pi * 3) + 0.2 * share
        document: Body = {}
        for name, kind in leaves.items():
            value = _value(name, kind, wanted, chance, moment, mood, document)
            if value is not None:
                _put(document, name, value)
        yield document


def _of_lens(lens: Lens, found: Wishes) -> None:
    for stored in lens.filters:
        _clauses(scope_query(Scope((stored,))), found)
    if lens.query and isinstance(lens.query.get("query"), str) and lens.query["query"]:
        _clauses(query_clause(lens.query), found)
    for layer in lens.layers.values():
        view = lens.data_views.get(layer.data_view)
        if view is None or layer.esql:
            continue
        fields = found.fields.setdefault(view.title, {})
        if view.time_field:
            fields.setdefault(view.time_field, "date")
        _of_layer(layer, fields, found)
    _colours(lens, found)


def _of_layer(layer: Layer, fields: dict[str, str], found: Wishes) -> None:
    for column in layer.columns.values():
        params = column.params
        own = column.state.get("filter")
        if own and own.get("query"):
            _clauses(query_clause(own), found)
        for stored in params.get("filters") or ():
            _clauses(query_clause(stored.get("input") or {}), found)
        for value in params.get("include") or () if not params.get("includeIsRegex") else ():
            found.value(column.field, value)
        for bounds in params.get("ranges") or ():
            found.bounds.setdefault(column.field, []).extend(
                float(v) for v in (bounds.get("from"), bounds.get("to")) if isinstance(v, int | float)
            )
        kinds = {"date_histogram": "date", "terms": "keyword", "unique_count": "keyword", "filters": "", "count": ""}
        kind = kinds.get(column.operation, "double" if column.field else "")
        for name in (column.field, *(params.get("secondaryFields") or ())):
            if name and name != RECORDS and kind:
                fields.setdefault(name, kind)


def _colours(lens: Lens, found: Wishes) -> None:
    """Values that have a colour of their own should be seen."""

    def walk(node: Any, column: str) -> None:
        if isinstance(node, dict):
            column = str(
                node.get("columnId")
                or (_first(node, "splitAccessors", "splitAccessor", "primaryGroups", "tagAccessor"))
                or column
            )
            for assignment in (node.get("colorMapping") or {}).get("assignments") or ():
                for rule in assignment.get("rules") or [assignment.get("rule") or {}]:
                    for value in rule.get("values") or [rule.get("value")]:
                        for layer in lens.layers.values():
                            if column in layer.columns and layer.columns[column].operation == "terms":
                                found.value(layer.columns[column].field, value)
            for inner in node.values():
                walk(inner, column)
        elif isinstance(node, list):
            for inner in node:
                walk(inner, column)

    walk(lens.visualization, "")


def _first(node: Body, *names: str) -> str | None:
    for name in names:
        value = node.get(name)
        if value:
            return str(value[0] if isinstance(value, list) else value)
    return None


def _of_body(node: Any, fields: dict[str, str], found: Wishes) -> None:
    """Fields that a search of a Vega panel names."""
    _clauses(node, found)
    if isinstance(node, dict):
        for key, inner in node.items():
            if isinstance(inner, dict) and isinstance(inner.get("field"), str):
                kind = {"terms": "keyword", "date_histogram": "date", "cardinality": "keyword"}.get(key, "double")
                fields.setdefault(inner["field"], kind)
            _of_body(inner, fields, found)
    elif isinstance(node, list):
        for inner in node:
            _of_body(inner, fields, found)


def _clauses(node: Any, found: Wishes) -> None:
    """Values that queries compare with."""
    if isinstance(node, list):
        for inner in node:
            _clauses(inner, found)
        return
    if not isinstance(node, dict):
        return
    for key, inner in node.items():
        if key in ("match", "match_phrase", "term", "terms", "wildcard") and isinstance(inner, dict):
            for name, value in inner.items():
                told = value.get("query", value.get("value")) if isinstance(value, dict) else value
                for one in told if isinstance(told, list) else [told]:
                    if key != "wildcard" or not isinstance(one, str):
                        found.value(name, one)
                    else:
                        found.value(name, one.replace("*", ""))
        elif key == "range" and isinstance(inner, dict):
            for name, ends in inner.items():
                numbers = [v for v in ends.values() if isinstance(v, int | float)] if isinstance(ends, dict) else []
                found.bounds.setdefault(name, []).extend(float(v) for v in numbers)
        else:
            _clauses(inner, found)


def _span(time_range: TimeRange | None) -> tuple[datetime, datetime]:
    now = datetime.now(UTC)
    end = instant(time_range.end, now) if time_range else None
    start = instant(time_range.start, now) if time_range else None
    end = min(end or now, now)
    return (start if start and start < end else end - timedelta(days=7)), end


def _value(
    name: str, kind: str, wanted: Wishes, chance: random.Random, moment: datetime, mood: float, document: Body
) -> Any:
    if kind in ("date", "date_nanos"):
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    asked = wanted.values.get(name) or wanted.values.get(f"{name}.keyword") or []
    if kind == "boolean":
        return chance.random() < 0.7
    if kind == "ip":
        return f"10.0.{int(chance.triangular(0, 5, 0))}.{chance.randrange(1, 20)}"
    if kind == "geo_point":
        lat, lon = chance.choice(_PLACES)
        return {"lat": lat, "lon": lon}
    if kind in _KEYWORDS or kind in _TEXTS:
        return _skewed([str(v) for v in _some(asked, _suggested(name) or _PLAIN)], chance)
    if kind in _NUMBERS or kind in _FRACTIONS or kind in ("counted_keyword", "aggregate_metric_double"):
        number = _number(
            name, [v for v in asked if isinstance(v, int | float)], wanted.bounds.get(name, []), chance, mood
        )
        return int(number) if kind in _NUMBERS and number == number else round(number, 4)
    return None


def _some(asked: Iterable[Any], suggested: tuple[Any, ...]) -> list[Any]:
    listed = list(asked)
    return listed + [v for v in suggested if v not in listed][: max(5 - len(listed), 1)] if listed else list(suggested)


def _skewed(values: list[Any], chance: random.Random) -> Any:
    """The first ones more often."""
    return values[min(int(chance.expovariate(1.0) * len(values) / 3), len(values) - 1)]


def _suggested(name: str) -> tuple[Any, ...]:
    lowered = name.lower().removesuffix(".keyword").removesuffix(".name")
    last = lowered.rpartition(".")[2]
    for part in (last, lowered):
        for word, values in _WORDS.items():
            if word == part or part.endswith(word) or part.startswith(word):
                return values
    return ()


def _number(name: str, asked: list[Any], bounds: list[float], chance: random.Random, mood: float) -> float:
    lowered = name.lower()
    if asked:
        return float(_skewed(asked, chance) if chance.random() < 0.7 else asked[0])
    if "status_code" in lowered or lowered.endswith("status"):
        return float(_skewed(list(_WORDS["status_code"]), chance))
    if bounds:
        low, high = min(bounds), max(bounds)
        room = (high - low) or abs(high) or 1.0
        return chance.uniform(low - 0.25 * room if low > 0.25 * room else low, high + 0.25 * room)
    if any(word in lowered for word in ("percent", "pct", "ratio", "score", "rate", "utilization", "probability")):
        return min(max(chance.gauss(0.45, 0.18) * mood, 0.0), 1.0)
    if lowered.rpartition(".")[2] in ("x", "y", "z") or "silhouette" in lowered:
        return chance.gauss(0.3, 0.3)
    if any(word in lowered for word in ("bytes", "size", "memory")):
        return chance.lognormvariate(math.log(60_000), 1.0) * mood
    if any(word in lowered for word in ("duration", "latency", "_ms", "time", "took")):
        return chance.lognormvariate(math.log(120), 0.6) * mood
    if any(word in lowered for word in ("price", "amount", "total", "revenue", "cost")):
        return chance.lognormvariate(math.log(40), 0.6) * mood
    if any(word in lowered for word in ("cluster", "group", "class", "rank", "level", "priority")):
        return float(int(chance.triangular(0, 5, 1)))
    return chance.lognormvariate(math.log(20), 0.5) * mood


def _put(document: Body, name: str, value: Any) -> None:
    *above, last = name.split(".")
    for part in above:
        document = document.setdefault(part, {})
        if not isinstance(document, dict):
            return
    document[last] = value
