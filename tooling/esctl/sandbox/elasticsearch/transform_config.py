"""A transform's configuration as PUT, _update and _preview read it: what is unknown, missing or contradictory."""

from __future__ import annotations

import re

from .errors import ElasticsearchError, illegal, validation
from .mapping import Body
from .pivots import check_names

_KEYS = frozenset("source dest frequency sync pivot latest description settings _meta retention_policy id".split())
_SETTINGS = frozenset(
    "max_page_search_size docs_per_second dates_as_epoch_millis align_checkpoints use_point_in_time deduce_mappings"
    " num_failure_retries unattended".split()
)
_PARTS = {
    "source": ("data_frame_config_source", frozenset({"index", "query", "runtime_mappings", "project_routing"})),
    "dest": ("data_frame_config_dest", frozenset({"index", "aliases", "pipeline"})),
    "settings": ("transform_config_settings", _SETTINGS),
    "pivot": (
        "data_frame_transform_pivot",
        frozenset({"group_by", "aggregations", "aggs", "max_page_search_size"}),
    ),
    "latest": ("latest_config", frozenset({"unique_key", "sort"})),
}
_ID = re.compile(r"[a-z0-9](?:[a-z0-9_\-.]*[a-z0-9])?")


def check_id(id: str) -> None:
    if not _ID.fullmatch(id):
        raise validation(
            f"Invalid id; '{id}' can contain lowercase alphanumeric (a-z and 0-9), hyphens or underscores; must start"
            " and end with alphanumeric"
        )


def _unknown(parser: str, name: str) -> ElasticsearchError:
    return ElasticsearchError("x_content_parse_exception", f"[1:1] [{parser}] unknown field [{name}]")


def parsed(id: str, body: Body, *, update: bool = False) -> Body:
    """The configuration (or the parts of an update) as it is kept; raises ElasticsearchError."""
    name = "data_frame_transform_config" + ("_update" if update else "")
    for key, value in body.items():
        if key not in _KEYS or (update and key in ("pivot", "latest", "id")):
            raise _unknown(name, key)
        parser, known = _PARTS.get(key, ("", frozenset()))
        for inner in value if parser and isinstance(value, dict) else ():
            if inner not in known:
                raise _unknown(parser, inner)
    if not update:
        if body.get("id", id) != id:
            raise illegal(
                f"Inconsistent id; '{body['id']}' specified in the body differs from '{id}' specified as a URL argument"
            )
        missing = [key for key in ("source", "dest") if key not in body]
        if missing:
            raise illegal(f"Required [{', '.join(missing)}]")
        if ("pivot" in body) == ("latest" in body):
            raise illegal("Transform configuration must specify exactly 1 function")
    kept = {key: value for key, value in body.items() if key != "id"}
    if "source" in kept:
        index = kept["source"].get("index")
        if not index:
            raise illegal("Required [index]")
        listed = index if isinstance(index, list) else [index]
        kept["source"] = {"query": {"match_all": {}}, **kept["source"], "index": listed}
    if "dest" in kept and "index" not in kept["dest"]:
        raise illegal("Required [index]")
    if "pivot" in kept:
        kept["pivot"] = _pivot(kept["pivot"])
    if "sync" in kept:
        kept["sync"] = _sync(kept["sync"])
    return kept


def _pivot(pivot: Body) -> Body:
    if "aggs" in pivot and "aggregations" in pivot:
        raise illegal("Found two aggregation definitions: [aggs] and [aggregations]")
    aggregations = pivot.get("aggregations", pivot.get("aggs"))
    if "group_by" not in pivot:
        raise illegal("Required [group_by]")
    if aggregations is None:
        raise illegal("Required [aggregations]")
    kept = {"group_by": pivot["group_by"], "aggregations": aggregations}
    for group in kept["group_by"].values():
        for kind, body in group.items():
            if kind == "date_histogram" and ("fixed_interval" in body) == ("calendar_interval" in body):
                found = "both" if "fixed_interval" in body else "none"
                reason = f"You must specify either fixed_interval or calendar_interval, found {found}"
                raise illegal(reason)
    reasons = check_names(kept)
    if reasons:
        raise validation(*reasons)
    return kept


def _sync(sync: Body) -> Body:
    for kind in sync:
        if kind != "time":
            raise illegal(f"unknown field [{kind}]")
        if "field" not in sync["time"]:
            raise illegal("Required [field]")
    return {"time": {"field": sync["time"]["field"], "delay": "60s", **sync["time"]}}
