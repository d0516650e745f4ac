"""ES|QL as the source of a chart: the index and the time field that a query names, columns of a `textBased` layer."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from .formats import format_of, format_state

Body = dict[str, Any]

_COMMENTS = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_SOURCES = re.compile(r"^\s*(?:FROM|TS)\s+(.+?)(?:\s+METADATA\b.*)?$", re.IGNORECASE | re.DOTALL)
_BOUND = re.compile(r"([\w.@`-]+)\s*[<>]=?\s*\?_t(?:start|end)\b", re.IGNORECASE)
_BOUND_BEFORE = re.compile(r"\?_t(?:start|end)\s*[<>]=?\s*([\w.@`-]+)", re.IGNORECASE)
_BUCKET = re.compile(r"\bBUCKET\s*\(\s*([\w.@`-]+)\s*,[^)]*\?_t(?:start|end)\b", re.IGNORECASE)
VARIABLE = "??"
"""How a column begins that the value of a control names."""


def index_of(query: str) -> str:
    """`logs-*,metrics-*` of `FROM logs-*, metrics-* METADATA _id | …`; empty where there is no source (`ROW`)."""
    first = _COMMENTS.sub(" ", query).split("|", 1)[0]
    found = _SOURCES.match(first)
    if not found:
        return ""
    return ",".join(part.strip().strip('"') for part in found[1].split(",") if part.strip())


def time_field_of(query: str) -> str | None:
    """The field that the query compares with the bounds of the dashboard's time range, if it names one."""
    if "?_t" not in query:
        return None
    for pattern in (_BUCKET, _BOUND, _BOUND_BEFORE):
        found = pattern.search(query)
        if found:
            return found[1].strip("`")
    return "@timestamp"


def esql_view(query: str) -> Body:
    """The data view that Kibana makes for a query, under an id of the index and the time field, or of the query."""
    index, time_field = index_of(query), time_field_of(query)
    ending = time_field or hashlib.sha256(" ".join(query.split()).lower().encode()).hexdigest()
    view: Body = {"id": f"{index}-{ending}", "title": index, "name": index, "type": "esql"}
    view |= {"timeFieldName": time_field} if time_field else {}
    return view | {
        "sourceFilters": [],
        "fieldFormats": {},
        "runtimeFieldMap": {},
        "fieldAttrs": {},
        "allowNoIndex": False,
        "allowHidden": False,
    }


def text_column(id_: str, column: Body, kind: str) -> Body:
    """`{column, label?, format?}` as a column of a `textBased` layer; `kind`: what it holds (`number`, `date`, …)."""
    name = column["column"]
    state: Body = {"columnId": id_, "fieldName": name or id_, "meta": {"type": kind}}
    if "label" in column:
        state |= {"label": column["label"], "customLabel": True}
    if "format" in column:
        state["params"] = {"format": format_state(column["format"])}
    if name.startswith(VARIABLE):
        state["variable"] = name.removeprefix(VARIABLE)
    return state


def text_column_of(state: Body) -> Body:
    """The way back."""
    found: Body = {"column": state["fieldName"]}
    if state.get("customLabel"):
        found["label"] = state.get("label", "")
    format_ = format_of((state.get("params") or {}).get("format"))
    return found | ({"format": format_} if format_ else {})
