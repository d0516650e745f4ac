"""Index names: valid ones, and which indices an expression (`logs-*,-logs-old`, an alias) means."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from . import data_streams
from .errors import ElasticsearchError, illegal, no_such_index
from .http import Request
from .node import Index, Node

_FORBIDDEN = set('\\/*?"<>| ,')


def check_index_name(name: str) -> None:
    """Raises Elasticsearch's invalid_index_name_exception."""
    reason = None
    if any(c in _FORBIDDEN for c in name):
        reason = "must not contain the following characters [' ','\"','*',',','/','<','>','?','\\','|']"
    elif "#" in name or ":" in name:
        reason = f"must not contain '{'#' if '#' in name else ':'}'"
    elif name[:1] in "_-+":
        reason = "must not start with '_', '-', or '+'"
    elif name in (".", ".."):
        reason = "must not be '.' or '..'"
    elif name != name.lower():
        reason = "must be lowercase"
    elif len(name.encode()) > 255:
        reason = f"index name is too long, ({len(name.encode())} > 255)"
    if reason:
        raise ElasticsearchError(
            "invalid_index_name_exception", f"Invalid index name [{name}], {reason}", index_uuid="_na_", index=name
        )


def check_alias_name(name: str) -> None:
    """As of an index, but upper case is allowed; raises Elasticsearch's invalid_alias_name_exception."""
    try:
        check_index_name(name.lower())
    except ElasticsearchError as error:
        reason = error.reason.split("], ", 1)[-1]
        raise ElasticsearchError(
            "invalid_alias_name_exception", f"Invalid alias name [{name}]: {reason}", index_uuid="_na_"
        ) from None


def options(request: Request) -> Mapping[str, bool]:
    """The index options of a request; wildcards mean open, visible indices unless it says otherwise."""
    expand = set((request.params.get("expand_wildcards") or "open").split(","))
    unknown = expand - {"all", "open", "closed", "hidden", "none"}
    if unknown:
        raise illegal(f"No valid expand wildcard value [{sorted(unknown)[0]}]")
    return {
        "ignore_unavailable": _switch(request, "ignore_unavailable", False),
        "allow_no_indices": _switch(request, "allow_no_indices", True),
        "open": bool(expand & {"open", "all"}),
        "closed": bool(expand & {"closed", "all"}),
        "hidden": bool(expand & {"hidden", "all"}),
    }


def _switch(request: Request, name: str, default: bool) -> bool:
    try:
        return request.flag(name, default)
    except ElasticsearchError as error:
        raise illegal(f"Could not convert [{name}] to boolean", cause=error) from None


def resolve(
    node: Node,
    names: list[str],
    *,
    ignore_unavailable: bool = False,
    allow_no_indices: bool = True,
    open: bool = True,
    closed: bool = False,
    hidden: bool = False,
    aliases: bool = True,
    streams: bool = True,
) -> list[Index]:
    """The indices meant, by name; raises index_not_found_exception. No names, `_all` and `*` mean all.

    A data stream's name stands for the indices behind it, where `streams` are looked at.
    """
    if not names or names == ["_all"]:
        names = ["*"]
    found: dict[str, Index] = {}
    for name in names:
        if name.startswith("-") and found:
            found = {n: i for n, i in found.items() if not fnmatchcase(n, name[1:])}
        elif "*" in name or name == "_all":
            dotted = name.startswith(".")
            matched = 0
            for index in node.indices.values():
                if not (closed if index.closed else open):
                    continue
                hit = fnmatchcase(index.name, name) or (aliases and any(fnmatchcase(a, name) for a in index.aliases))
                if hit and (hidden or not index.hidden or (dotted and index.name.startswith("."))):
                    found[index.name] = index
                    matched += 1
            if streams:
                behind = data_streams.matched(node, "*" if name == "_all" else name, hidden=hidden, aliases=aliases)
                found.update((index.name, index) for index in behind)
                matched += len(behind)
            if not matched and not allow_no_indices:
                error = no_such_index(name)
                if node.version.major < 9:
                    for key in ("resource__type", "resource__id"):
                        del error.extra[key]
                raise error
        else:
            meant = [node.indices[name]] if name in node.indices else []
            if not meant and aliases:
                meant = [i for i in node.indices.values() if name in i.aliases]
            known = data_streams.streams(node)
            holders = [name] if name in known else data_streams.streams_of_alias(node, name) if aliases else []
            if holders and streams:
                meant = [*meant, *(index for stream in holders for index in data_streams.backing(node, stream))]
            elif holders and not meant and not ignore_unavailable:
                raise data_streams.excluded(name)
            if not meant and not ignore_unavailable:
                if name.startswith("_"):
                    check_index_name(name)
                raise no_such_index(name)
            found.update((i.name, i) for i in meant)
    if not found and not allow_no_indices:
        raise no_such_index(",".join(names))
    return [found[n] for n in sorted(found)]


def writable(node: Node, name: str) -> Index | None:
    """The one index that a write to `name` goes to, or None where there is none yet; raises for an unclear alias."""
    if name in node.indices:
        index = node.indices[name]
    else:
        holders = [i for i in node.indices.values() if name in i.aliases]
        if not holders:
            return None
        write = [i for i in holders if i.aliases[name].get("is_write_index")]
        if len(holders) > 1 or (holders and holders[0].aliases[name].get("is_write_index") is False):
            if not write:
                raise illegal(
                    f"no write index is defined for alias [{name}]. The write index may be explicitly disabled using"
                    " is_write_index=false or the alias points to multiple indices without one being designated as a"
                    " write index"
                )
            holders = write
        index = holders[0]
    if index.closed:
        raise ElasticsearchError("index_closed_exception", "closed", index_uuid=index.uuid, index=index.name)
    for block, reason in (
        ("read_only", "FORBIDDEN/5/index read-only (api)"),
        ("write", "FORBIDDEN/8/index write (api)"),
        (
            "read_only_allow_delete",
            "TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has read-only-allow-delete block",
        ),
    ):
        if index.settings.get(f"index.blocks.{block}") == "true":
            status = 429 if block == "read_only_allow_delete" else 403
            reason = f"index [{index.name}] blocked by: [{reason}];"
            raise ElasticsearchError("cluster_block_exception", reason, status=status)
    return index
