"""ES|QL layers: what is sent to `_query`, and its columns and values as rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ..errors import EsctlError
from ..model import Body
from .asking import Question
from .filters import Scope, instant, scope_query
from .lens import Column, Layer, Lens
from .rows import Row, Table

_NUMBERS = ("long", "integer", "double", "unsigned_long", "float", "counter_long", "counter_integer", "counter_double")


def esql_question(lens: Lens, layer: Layer, scope: Scope) -> Question:
    """The layer's query with the dashboard's filters; `?_tstart`, `?_tend` and controls' variables as parameters."""
    if layer.ignore_global_filters:
        scope = scope.without_globals()
    scope = replace(scope, filters=scope.filters + lens.filters)
    return esql_body(layer.esql, scope, layer.time_field)


def esql_body(query: str, scope: Scope, time_field: str | None) -> Question:
    """Raises EsctlError for a parameter that the dashboard has no value for."""
    body: Body = {"query": query}
    clause = scope_query(scope, time_field=time_field)
    if clause["bool"]["filter"] or clause["bool"]["must_not"]:
        body["filter"] = clause
    params = []
    for name in dict.fromkeys(_parameters(query)):
        params.append({name: _parameter(name, query, scope)})
    if params:
        body["params"] = params
    return Question("esql", "", body)


def _parameters(query: str) -> list[str]:
    """Names after `?`, outside of quotes and comments."""
    import re

    bare = re.sub(r'"""(?:.|\n)*?"""|"(?:[^"\\]|\\.)*"|//[^\n]*|/\*(?:.|\n)*?\*/', " ", query)
    return re.findall(r"\?\??([A-Za-z_]\w*)", bare)


def _parameter(name: str, query: str, scope: Scope) -> Any:
    if name in ("_tstart", "_tend"):
        if not scope.time_range:
            raise EsctlError(f"the query asks for ?{name}, and the dashboard has no time range")
        text = scope.time_range.start if name == "_tstart" else scope.time_range.end
        moment = instant(text, datetime.now(UTC))
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else text
    if name not in scope.variables:
        raise EsctlError(f"the query asks for ?{name}, and no control gives it a value")
    return scope.variables[name]


def esql_table(layer: Layer, answer: Body) -> Table:
    """Rows of the columns that the layer shows. Raises EsctlError for a column that the query does not give."""
    names = [str(c.get("name")) for c in answer.get("columns") or ()]
    types = [str(c.get("type")) for c in answer.get("columns") or ()]
    columns: dict[str, Column] = {}
    places: dict[str, int] = {}
    for column in layer.columns.values():
        if column.field not in names:
            known = ", ".join(names) or "nothing"
            raise EsctlError(f'the query gives no column "{column.field}"', hint=f"it gives {known}")
        place = names.index(column.field)
        places[column.id] = place
        columns[column.id] = _typed(column, types[place])
    dated = {c.id for c in columns.values() if c.operation == "date_histogram"}
    rows: list[Row] = []
    for values in answer.get("values") or ():
        row = {name: values[place] for name, place in places.items()}
        rows.append({n: _milliseconds(v) if n in dated else v for n, v in row.items()})
    typed = replace(layer, columns=columns)
    widths = {name: _width([row[name] for row in rows]) for name in dated}
    notes = ("the answer is not complete",) if answer.get("is_partial") else ()
    return Table(typed, tuple(rows), len(rows), widths, notes)


def _typed(column: Column, kind: str) -> Column:
    """A column that the server calls a date is a date; numbers that nothing groups by are values."""
    state = dict(column.state)
    if kind in ("date", "date_nanos", "datetime"):
        state |= {"operationType": "date_histogram", "isBucketed": True, "esql": True}
    elif kind in _NUMBERS and (state.get("meta") or {}).get("type") in ("number", None) and not column.bucketed:
        state["isBucketed"] = False
    elif kind not in _NUMBERS:
        state["isBucketed"] = True
    return replace(column, state=state)


def _milliseconds(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    moment = instant(value.replace("Z", "+00:00"), datetime.now(UTC))
    return moment.timestamp() * 1000 if moment else value


def _width(keys: list[Any]) -> float | None:
    """The smallest step between two dates that are not the same."""
    known = sorted({k for k in keys if isinstance(k, int | float)})
    steps = [b - a for a, b in zip(known, known[1:], strict=False)]
    return min(steps) if steps else None
