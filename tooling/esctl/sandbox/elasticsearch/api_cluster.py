"""The cluster's own endpoints: root, health, nodes, cat, licence, and security (which is off)."""

from __future__ import annotations

from functools import partial
from typing import Any

from .dates import duration_ms, iso, now_ms
from .errors import ElasticsearchError, illegal, unsupported
from .http import MULTI_INDEX, Request, Response, Route, route
from .names import options, resolve
from .node import Index, Node

CLUSTER = "esctl-sandbox"
_COLOURS = ("green", "yellow", "red")


def root(node: Node, request: Request) -> Response:
    version = node.version
    return Response(
        {
            "name": "sandbox",
            "cluster_name": CLUSTER,
            "cluster_uuid": node.cluster_uuid,
            "version": {
                "number": version.number,
                "build_flavor": "default",
                "build_type": "sandbox",
                "build_hash": "esctl-sandbox",
                "build_date": "2026-01-01T00:00:00.000000000Z",
                "build_snapshot": False,
                "lucene_version": version.lucene,
                "minimum_wire_compatibility_version": version.wire,
                "minimum_index_compatibility_version": version.index,
            },
            "sandbox": True,
            "tagline": "You Know, for Search",
        }
    )


def replicas(index: Index) -> int:
    """Replicas wanted; `auto_expand_replicas` of one node is none."""
    expand = index.settings.get("index.auto_expand_replicas", "false")
    return 0 if expand != "false" else int(index.settings.get("index.number_of_replicas", 1))


def shards(index: Index) -> int:
    return int(index.settings.get("index.number_of_shards", 1))


def index_health(index: Index) -> str:
    return "yellow" if replicas(index) else "green"


def health(node: Node, request: Request) -> Response:
    level, wanted = request.params.get("level", "cluster"), request.params.get("wait_for_status")
    if level not in ("cluster", "indices", "shards"):
        raise illegal(f"level parameter must be one of [cluster] or [indices] or [shards] but was [{level}]")
    if level == "shards":
        raise unsupported("the health of single shards")
    if wanted is not None and wanted not in _COLOURS:
        reason = f"No enum constant org.elasticsearch.cluster.health.ClusterHealthStatus.{wanted.upper()}"
        raise illegal(reason)
    for name in ("timeout", "master_timeout"):
        if name in request.params:
            duration_ms(request.params[name], name)
    # Nothing changes while one waits here: what is not so is answered at once as what timed out.
    missed = any("*" not in n and not resolve(node, [n], ignore_unavailable=True, hidden=True) for n in request.names())
    indices = resolve(node, request.names(), hidden=True, closed=True, ignore_unavailable=True)
    primaries = sum(shards(i) for i in indices)
    missing = sum(shards(i) * replicas(i) for i in indices)
    status = "red" if missed else "yellow" if missing else "green"
    late = missed or (wanted is not None and _COLOURS.index(status) > _COLOURS.index(wanted))
    by_index = {"indices": {index.name: _index_health(index) for index in indices}} if level == "indices" else {}
    return Response(
        {
            "cluster_name": CLUSTER,
            "status": status,
            "timed_out": late,
            "number_of_nodes": 1,
            "number_of_data_nodes": 1,
            "active_primary_shards": primaries,
            "active_shards": primaries,
            "relocating_shards": 0,
            "initializing_shards": 0,
            "unassigned_shards": missing,
            "unassigned_primary_shards": 0,
            "delayed_unassigned_shards": 0,
            "number_of_pending_tasks": 0,
            "number_of_in_flight_fetch": 0,
            "task_max_waiting_in_queue_millis": 0,
            "active_shards_percent_as_number": 100.0 * primaries / max(1, primaries + missing),
            **by_index,
        },
        408 if late else 200,
    )


def _index_health(index: Index) -> dict[str, Any]:
    primaries, copies = shards(index), replicas(index)
    return {
        "status": index_health(index),
        "number_of_shards": primaries,
        "number_of_replicas": copies,
        "active_primary_shards": primaries,
        "active_shards": primaries,
        "relocating_shards": 0,
        "initializing_shards": 0,
        "unassigned_shards": primaries * copies,
        "unassigned_primary_shards": 0,
    }


def size_text(size: int) -> str:
    """`19.5kb`, as the cat endpoints print sizes."""
    value = float(size)
    for unit in ("b", "kb", "mb", "gb"):
        if value < 1024 or unit == "gb":
            return f"{value:.1f}".rstrip("0").rstrip(".") + unit
        value /= 1024
    return str(size)


def cat_indices(node: Node, request: Request) -> Response:
    rows = []
    for index in resolve(node, request.names(), **{**options(request), "closed": True}):
        count, deleted, size = node.store.count(index.uuid)
        shown = size_text(size) if request.params.get("bytes") is None else str(size)
        rows.append(
            {
                "health": index_health(index),
                "status": "close" if index.closed else "open",
                "index": index.name,
                "uuid": index.uuid,
                "pri": str(shards(index)),
                "rep": str(replicas(index)),
                "docs.count": str(count),
                "docs.deleted": str(deleted),
                "store.size": shown,
                "pri.store.size": shown,
                "dataset.size": shown,
            }
        )
    return _table(rows, request)


def _sort_value(name: str, row: dict[str, str]) -> tuple[float, str]:
    return (float(row[name]), "") if row[name].isdigit() else (0.0, row[name])


def _table(rows: list[dict[str, str]], request: Request) -> Response:
    """A cat answer as JSON or as aligned text; `h` picks columns, `s` sorts, `v` adds the header."""
    columns = list(rows[0]) if rows else []
    for wanted in request.listed("s"):
        name, _, direction = wanted.partition(":")
        if columns and name not in columns:
            raise ElasticsearchError(
                "unsupported_operation_exception", f"Unable to sort by unknown sort key `{name}`", status=500
            )
        rows.sort(key=partial(_sort_value, name), reverse=direction == "desc")
    if request.params.get("h"):
        columns = [c for c in request.listed("h") if c in columns]
        rows = [{c: r[c] for c in columns} for r in rows]
    if (
        "json" in request.headers.get("accept", "")
        and "text/plain" not in request.headers.get("accept", "")
        or request.params.get("format") == "json"
    ):
        return Response(rows)
    header = [dict(zip(columns, columns, strict=True))] if request.flag("v") and columns else []
    lines = header + rows
    widths = {c: max(len(r[c]) for r in lines) for c in columns} if lines else {}
    numeric = {c for c in columns if rows and all(r[c][:1].isdigit() for r in rows) and c not in ("uuid", "index")}
    text = "".join(
        " ".join(r[c].rjust(widths[c]) if c in numeric else r[c].ljust(widths[c]) for c in columns).rstrip() + "\n"
        for r in lines
    )
    return Response(text)


def nodes(node: Node, request: Request) -> Response:
    one = {
        "name": "sandbox",
        "version": node.version.number,
        "build_flavor": "default",
        "build_type": "sandbox",
        "roles": ["data", "ingest", "master"],
    }
    return Response({"_nodes": _one_node(), "cluster_name": CLUSTER, "nodes": {node.node_id: one}})


def nodes_stats(node: Node, request: Request) -> Response:
    one: dict[str, Any] = {"timestamp": now_ms(), "name": "sandbox", "roles": ["data", "ingest", "master"]}
    metrics = set(request.names("metric")) or {"os"}
    if metrics & {"os", "_all"}:
        one["os"] = {"timestamp": now_ms()}
    return Response({"_nodes": _one_node(), "cluster_name": CLUSTER, "nodes": {node.node_id: one}})


def _one_node() -> dict[str, int]:
    return {"total": 1, "successful": 1, "failed": 0}


def licence(node: Node, request: Request) -> Response:
    started = node.started
    return Response(
        {
            "license": {
                "status": "active",
                "uid": node.cluster_uuid,
                "type": "basic",
                "issue_date": iso(started),
                "issue_date_in_millis": started,
                "max_nodes": 1000,
                "max_resource_units": None,
                "issued_to": CLUSTER,
                "issuer": "elasticsearch",
                "start_date_in_millis": -1,
            }
        }
    )


_WAIT = (
    "wait_for_status wait_for_no_relocating_shards wait_for_active_shards wait_for_nodes level timeout master_timeout"
    " local expand_wildcards"
)
_CAT = MULTI_INDEX + " h s v bytes time help health pri include_unloaded_segments"

ROUTES: list[Route] = [
    route("GET", "/", root),
    route("GET", "/_cluster/health", health, _WAIT),
    route("GET", "/_cluster/health/{index}", health, _WAIT),
    route("GET", "/_cat/indices", cat_indices, _CAT),
    route("GET", "/_cat/indices/{index}", cat_indices, _CAT),
    route("GET", "/_nodes", nodes, "timeout flat_settings"),
    route("GET", "/_nodes/_local", nodes, "timeout flat_settings"),
    route("GET", "/_nodes/stats", nodes_stats, "timeout level"),
    route("GET", "/_nodes/stats/{metric}", nodes_stats, "timeout level"),
    route("GET", "/_nodes/_local/stats", nodes_stats, "timeout level"),
    route("GET", "/_nodes/_local/stats/{metric}", nodes_stats, "timeout level"),
    route("GET", "/_license", licence, "local accept_enterprise"),
]
