"""The attributes of a Lens chart → its config as code and what is left over: `charts.chart_attributes` back."""

from __future__ import annotations

from typing import Any

from .charts import WHOLE, chart_attributes
from .filters_of import filter_of, query_of
from .form import Form
from .left_over import Raw, difference, patched
from .lens_normal import Normal, normal_attributes

Body = dict[str, Any]


class _NoFilter(Exception):
    """A filter has no form as code."""


def read_chart(attributes: Body, references: list[dict[str, str]]) -> tuple[Body, Raw]:
    """See `charts.chart_of`."""
    normal = Normal(attributes, references)
    form = Form((8, 19, 0)) if attributes.get("version") is None else Form((9, 5, 0))
    if normal.config is not None:
        config = _with_head(normal)
        made = chart_attributes(config, form)
        left = difference(normal_attributes(made), normal.attributes)
        if not left:
            return config, {}
        if normal_attributes(patched(made, left)) == normal.attributes:
            return config, left
    return _whole(attributes, references)


def _whole(attributes: Body, references: list[dict[str, str]]) -> tuple[Body, Raw]:
    given = attributes.get("references") or []
    names = {one["name"] for one in given}
    every = [*given, *(one for one in references if one["name"] not in names)]
    return {"type": WHOLE}, {**attributes, "references": every}


def _with_head(normal: Normal) -> Body:
    config, attributes = dict(normal.config or {}), normal.attributes
    found: Body = {"type": config.pop("type")}
    for key in ("title", "description"):
        if key in attributes:
            found[key] = attributes[key]
    found |= config
    query = query_of(attributes["state"].get("query"))
    if query and query["expression"]:
        found["query"] = query
    filters = []
    for stored in attributes["state"].get("filters") or ():
        try:
            filters.append(filter_of(stored, lambda name: None, _NoFilter))
        except (_NoFilter, KeyError, TypeError, AttributeError):
            continue
    found |= {"filters": filters} if filters else {}
    return found | ({"references": normal.extra} if normal.extra else {})
