"""A small Elasticsearch and Kibana for the viewer's tests: answers are worked out from documents.

Knows only what these tests ask for, and refuses the rest. Shares no code with esctl.
"""

from __future__ import annotations

import base64
import json
import math
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlparse

from dashboard_objects import dashboard

WORDS = ["cat", "coffee", "rocket", "moon", "page"]


def documents() -> dict[str, list[dict[str, Any]]]:
    """120 images in five clusters, one evaluation."""
    images = []
    for i in range(120):
        cluster = (i * 7) % 5 if i % 4 else 0
        angle = cluster * 2 * math.pi / 5
        spread = 0.35 * ((i * 37 % 100) / 100)
        pixels = bytes((v * 7 + i * 3 + c * (60 + cluster * 20)) % 256 for v in range(576) for c in range(3))
        images.append(
            {
                "file_name": f"{WORDS[cluster]}/{WORDS[cluster]}-{i:03}.png",
                "vector_preview": f"[{i / 100:.3f}, {cluster / 7:.3f}, …]",
                "cluster": cluster,
                "label": WORDS[cluster],
                "distance": round(0.2 + spread, 4),
                "silhouette_simplified": round(0.7 - spread, 4),
                "x": round(math.cos(angle) + spread * math.cos(i), 4),
                "y": round(math.sin(angle) + spread * math.sin(i), 4),
                "thumbnail": base64.b64encode(pixels).decode(),
            }
        )
    run = {"type": "run", "newest": True, "@timestamp": "2026-01-02T00:00:00Z", "images": 120, "k": 5}
    old = {"type": "run", "newest": False, "@timestamp": "2026-01-01T00:00:00Z", "images": 7, "k": 2}
    return {
        "image_data": images,
        "image_clusters": [
            {**old, "silhouette_simplified": 0.1, "davies_bouldin_centroids": 9.0},
            {**run, "silhouette_simplified": 0.5234, "davies_bouldin_centroids": 0.8141},
            {"type": "cluster", "@timestamp": "2026-01-03T00:00:00Z", "images": 1, "k": 1},
        ],
    }


def search(docs: list[dict[str, Any]], body: dict[str, Any]) -> dict[str, Any]:
    found = [d for d in docs if _matches(d, body.get("query") or {"match_all": {}})]
    for sort in reversed(body.get("sort") or []):
        ((field, direction),) = sort.items()
        found.sort(key=lambda d: d[field], reverse=direction == "desc")
    hits = [{"_id": str(i), "_source": d} for i, d in enumerate(found)][: body.get("size", 10)]
    answer: dict[str, Any] = {"took": 1, "hits": {"total": {"value": len(found), "relation": "eq"}, "hits": hits}}
    if "aggs" in body:
        answer["aggregations"] = {name: _aggregate(found, agg) for name, agg in body["aggs"].items()}
    return answer


def _matches(doc: dict[str, Any], query: dict[str, Any]) -> bool:
    ((kind, inner),) = query.items()
    if kind == "match_all":
        return True
    if kind == "bool":
        should = inner.get("should") or []
        return (
            all(_matches(doc, q) for q in inner.get("filter") or [])
            and not any(_matches(doc, q) for q in inner.get("must_not") or [])
            and (not should or any(_matches(doc, q) for q in should))
        )
    if kind == "exists":
        return doc.get(inner["field"]) is not None
    if kind not in ("term", "match", "match_phrase", "range"):
        raise ValueError(f"unknown query [{kind}]")
    ((field, wanted),) = inner.items()
    value = doc.get(field)
    if kind == "range":
        return value is not None and value >= wanted.get("gte", -math.inf) and value < wanted.get("lt", math.inf)
    return str(value) == str(wanted)


def _aggregate(docs: list[dict[str, Any]], agg: dict[str, Any]) -> dict[str, Any]:
    nested = agg.get("aggs") or {}
    ((kind, body),) = ((k, v) for k, v in agg.items() if k != "aggs")

    def bucket(inside: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        return {**more, "doc_count": len(inside), **{n: _aggregate(inside, a) for n, a in nested.items()}}

    values = [d[body["field"]] for d in docs if d.get(body.get("field")) is not None]
    if kind == "terms":
        keys = sorted(set(values), key=lambda k: (-values.count(k), k))
        ((order, direction),) = (body.get("order") or {"_count": "desc"}).items()
        if order == "_key":
            keys.sort(reverse=direction == "desc")
        elif order != "_count":
            raise ValueError(f"Invalid aggregation order path [{order}]")
        kept = keys[: body.get("size", 10)]
        rest = sum(values.count(k) for k in keys[len(kept) :])
        field = body["field"]
        return {
            "buckets": [bucket([d for d in docs if d.get(field) == k], key=k) for k in kept],
            "sum_other_doc_count": rest,
        }
    if kind == "filter":
        return bucket([d for d in docs if _matches(d, body)])
    if kind == "top_metrics":
        ((field, order),) = body["sort"].items()
        best = sorted(docs, key=lambda d: str(d.get(field)), reverse=order["order"] == "desc")[:1]
        return {"top": [{"metrics": {body["metrics"]["field"]: d.get(body["metrics"]["field"])}} for d in best]}
    if kind == "avg":
        return {"value": sum(values) / len(values) if values else None}
    raise ValueError(f"unknown aggregation [{kind}]")


class Asked:
    """Every request that reached the servers: (method, path, body)."""

    def __init__(self) -> None:
        self.all: list[tuple[str, str, Any]] = []
        self.headers: list[dict[str, str]] = []

    def searches(self) -> list[Any]:
        return [body for _, path, body in self.all if path.endswith("/_search")]


@contextmanager
def servers(
    objects: list[dict[str, Any]] | None = None, docs: dict[str, Any] | None = None
) -> Iterator[tuple[str, Asked]]:
    """One address that is both servers, and what it was asked."""
    stored = dashboard() if objects is None else objects
    held = documents() if docs is None else docs
    asked = Asked()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            text = self.rfile.read(length)
            body = json.loads(text) if text else None
            path = unquote(urlparse(self.path).path)
            asked.all.append((self.command, path, body))
            asked.headers.append({k.lower(): v for k, v in self.headers.items()})
            status, answer = answer_to(self.command, path, body, stored, held)
            raw = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = handle_any

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


Answer = tuple[int, Any]


def answer_to(method: str, path: str, body: Any, stored: list[dict[str, Any]], docs: dict[str, Any]) -> Answer:
    routes: list[tuple[str, Callable[[re.Match[str]], Answer]]] = [
        (r"GET /", lambda m: (200, {"version": {"number": "9.5.3"}, "sandbox": True})),
        (r"GET /api/saved_objects/_find", lambda m: (200, _found(stored))),
        (r"POST /api/saved_objects/_export", lambda m: _exported(stored, body)),
        (r"POST /([^/]+)/_search", lambda m: _searched(docs, m[1], body)),
    ]
    for pattern, route in routes:
        matched = re.fullmatch(pattern, f"{method} {path}")
        if matched:
            return route(matched)
    return 404, {"statusCode": 404, "error": "Not Found", "message": "Not Found"}


def _found(stored: list[dict[str, Any]]) -> dict[str, Any]:
    listed = [o for o in stored if o["type"] == "dashboard"]
    return {"page": 1, "per_page": 1000, "total": len(listed), "saved_objects": listed}


def _exported(stored: list[dict[str, Any]], body: Any) -> Answer:
    if body["objects"][0]["id"] not in {o["id"] for o in stored}:
        return 400, {"statusCode": 400, "error": "Bad Request", "message": "Error fetching objects to export"}
    return 200, "\n".join(json.dumps(o) for o in [*stored, {"exportedCount": len(stored), "missingRefCount": 0}])


def _searched(docs: dict[str, Any], index: str, body: Any) -> Answer:
    if index not in docs:
        reason = {"type": "index_not_found_exception", "reason": f"no such index [{index}]"}
        return 404, {"error": {"root_cause": [reason], **reason}, "status": 404}
    try:
        return 200, search(docs[index], body)
    except ValueError as error:
        reason = {"type": "parsing_exception", "reason": str(error)}
        return 400, {"error": {"root_cause": [reason], **reason}, "status": 400}
