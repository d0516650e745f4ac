"""Watches: kept, listed, switched on and off, and read back as Watcher prints them; nothing here runs them."""

from __future__ import annotations

import re

from .dates import iso, now_ms
from .errors import ElasticsearchError, unsupported
from .http import Handler, Request, Response, Route, route
from .mapping import Body
from .node import Node
from .role_bodies import failed, parse_failure
from .watch_bodies import REDACTED, holds_redacted, kept, parse_watch, redacted

WATCHES = "watch"


def _status(stored: Body) -> Body:
    ack = {"ack": {"timestamp": stored["since"], "state": "awaits_successful_execution"}}
    return {
        "state": {"active": stored["active"], "timestamp": stored["since"]},
        "actions": {name: ack for name in stored["watch"]["actions"]},
        "version": stored["version"],
    }


def put_watch(node: Node, request: Request) -> Response:
    id = request.values["id"]
    if re.search(r"\s", id):
        raise failed("watch id contains whitespace")
    if not request.body.strip():
        raise failed("request body is missing")
    watch = parse_watch(id, request.json())
    before = node.collection(WATCHES).get(id)
    expected = request.number("if_seq_no"), request.number("if_primary_term")
    if expected != (None, None):
        if before is None or expected != (before["seq_no"], 1):
            current = f"current document has seqNo [{before['seq_no']}] and primary term [1]" if before else (
                "but no document was found"
            )  # fmt: skip
            raise ElasticsearchError(
                "version_conflict_engine_exception",
                f"[{id}]: version conflict, required seqNo [{expected[0]}], primary term [{expected[1]}]. {current}",
                status=409,
            )
        watch = kept(watch, before["watch"])
    if holds_redacted(watch):
        raise parse_failure(
            f"found redacted password in field [password] of watch [{id}], but {REDACTED} is only valid in an update"
            " that names if_seq_no and if_primary_term"
        )
    counter = node.collection("watch_counter").get("seq_no", {"next": 0})["next"]
    node.put("watch_counter", "seq_no", {"next": counter + 1})
    stored = {
        "watch": watch,
        "active": request.flag("active", True),
        "since": iso(now_ms()),
        "version": before["version"] + 1 if before else 1,
        "seq_no": counter,
    }
    node.put(WATCHES, id, stored)
    answer = {"_id": id, "_version": stored["version"], "_seq_no": counter, "_primary_term": 1}
    return Response({**answer, "created": before is None}, 200 if before else 201)


def get_watch(node: Node, request: Request) -> Response:
    id = request.values["id"]
    stored = node.collection(WATCHES).get(id)
    if stored is None:
        return Response({"found": False, "_id": id}, 404)
    where = {"_version": stored["version"], "_seq_no": stored["seq_no"], "_primary_term": 1}
    shown = {"status": _status(stored), "watch": redacted(stored["watch"])}
    return Response({"found": True, "_id": id, **where, **shown})


def query_watches(node: Node, request: Request) -> Response:
    body = request.json()
    for key in ("query", "sort", "search_after"):
        if key in body:
            raise unsupported(f"[{key}] in a query of watches")
    items = list(node.collection(WATCHES).items())
    start, size = body.get("from", 0), body.get("size", 10)
    watches = [
        {
            "_id": id,
            "watch": redacted(stored["watch"]),
            "status": _status(stored),
            "_seq_no": stored["seq_no"],
            "_primary_term": 1,
        }
        for id, stored in items[start : start + size]
    ]
    return Response({"count": len(items), "watches": watches})


def delete_watch(node: Node, request: Request) -> Response:
    id = request.values["id"]
    stored = node.collection(WATCHES).get(id)
    if stored is None:
        return Response({"_id": id, "_version": 1, "found": False}, 404)
    node.remove(WATCHES, id)
    return Response({"_id": id, "_version": stored["version"] + 1, "found": True})


def _switched(active: bool) -> Handler:
    def handler(node: Node, request: Request) -> Response:
        id = request.values["id"]
        stored = node.collection(WATCHES).get(id)
        if stored is None:
            raise ElasticsearchError("resource_not_found_exception", f"watch with id [{id}] does not exist", status=404)
        if stored["active"] != active:
            stored = {**stored, "active": active, "since": iso(now_ms()), "version": stored["version"] + 1}
            node.put(WATCHES, id, stored)
        return Response({"status": _status(stored)})

    return handler


ROUTES: list[Route] = [
    route("PUT POST", "/_watcher/watch/{id}", put_watch, "active if_seq_no if_primary_term version"),
    route("GET", "/_watcher/watch/{id}", get_watch),
    route("DELETE", "/_watcher/watch/{id}", delete_watch),
    route("PUT POST", "/_watcher/watch/{id}/_activate", _switched(True)),
    route("PUT POST", "/_watcher/watch/{id}/_deactivate", _switched(False)),
    route("GET POST", "/_watcher/_query/watches", query_watches),
]
