"""`GET /_resolve/index/{name}`: which indices and aliases a name or pattern stands for, without their bodies."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from . import data_streams
from .http import Request, Response, Route, route
from .names import options, resolve
from .node import Index, Node

_PARAMS = "expand_wildcards ignore_unavailable allow_no_indices"


def resolve_index(node: Node, request: Request) -> Response:
    names = request.names("name")
    chosen = options(request)
    indices = resolve(node, names, **{**chosen, "aliases": False, "ignore_unavailable": True})
    by_alias: dict[str, list[str]] = {}
    visible = resolve(node, ["*"], open=True, closed=chosen["closed"], hidden=True)
    for index in visible:
        for alias in _aliases(node, index):
            if any(fnmatchcase(alias, name) for name in names):
                by_alias.setdefault(alias, []).append(index.name)
    if not chosen["ignore_unavailable"]:
        for name in names:
            if "*" not in name and name not in by_alias:
                resolve(node, [name])  # raises for a name that stands for nothing
    aliases = [{"name": alias, "indices": sorted(held)} for alias, held in sorted(by_alias.items())]
    by_stream = {
        name: body["indices"]
        for name, body in data_streams.streams(node).items()
        if any(fnmatchcase(name, pattern) for pattern in names)
        and (name in names or chosen["hidden"] or not body["hidden"])
    }
    # What stands behind a stream is told with it, not as indices of their own.
    behind = {index for indices_ in by_stream.values() for index in indices_}
    streams = [
        {"name": name, "backing_indices": held, "timestamp_field": data_streams.TIMESTAMP}
        for name, held in sorted(by_stream.items())
    ]
    shown = [_shown(node, index) for index in indices if index.name not in behind]
    return Response({"indices": shown, "aliases": aliases, "data_streams": streams})


def _aliases(node: Node, index: Index) -> list[str]:
    stream = data_streams.stream_of(node, index.name)
    return list(index.aliases if stream is None else data_streams.streams(node)[stream]["aliases"])


def _shown(node: Node, index: Index) -> dict[str, Any]:
    body: dict[str, Any] = {"name": index.name}
    if index.aliases:
        body["aliases"] = sorted(index.aliases)
    body["attributes"] = (["hidden"] if index.hidden else []) + ["closed" if index.closed else "open"]
    if node.version.major > 8:
        body["mode"] = index.settings.get("index.mode", "standard")
    return body


ROUTES: list[Route] = [route("GET", "/_resolve/index/{name}", resolve_index, _PARAMS)]
