"""Data streams: made by a template that matches, backed by hidden indices, written to by their newest one."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from .dates import iso, now_ms
from .errors import ElasticsearchError, illegal, unknown_field, unsupported
from .mapping import Body
from .mapping_merge import merge_mapping

if TYPE_CHECKING:
    from .node import Index, Node

KIND = "data_stream"
TIMESTAMP = "@timestamp"
_BASE: Body = {"_data_stream_timestamp": {"enabled": True}, "properties": {TIMESTAMP: {"type": "date"}}}
CREATE_ONLY = "only write ops with an op_type of create are allowed in data streams"


def streams(node: Node) -> dict[str, Body]:
    """Every stream by name: `indices` (oldest first), `generation`, `aliases`, `lifecycle`, `options`, …"""
    return node.collection(KIND)


def backing(node: Node, name: str) -> list[Index]:
    return [node.indices[index] for index in streams(node)[name]["indices"]]


def stream_of(node: Node, index: str) -> str | None:
    """The stream that an index stands behind."""
    return next((name for name, body in streams(node).items() if index in body["indices"]), None)


def streams_of_alias(node: Node, alias: str) -> list[str]:
    return [name for name, body in streams(node).items() if alias in body["aliases"]]


def makes_stream(node: Node, name: str) -> bool:
    """Whether a write to this name, which nothing has yet, would make a data stream."""
    from .templates import matching

    found = matching(node, name)
    return found is not None and "data_stream" in found[1]


def template_of(node: Node, name: str) -> tuple[str, Body]:
    """The template of a stream; raises ElasticsearchError where none fits."""
    from .templates import matching

    found = matching(node, name)
    if found is None:
        raise illegal(f"no matching index template found for data stream [{name}]")
    if "data_stream" not in found[1]:
        raise illegal(f"matching index template [{found[0]}] for data stream [{name}] has no data stream template")
    return found


def composed(node: Node, template: Body, part: str) -> Body | None:
    """`lifecycle` or `data_stream_options` of the components in order, then the template's own: merged."""
    result: Body | None = None
    for one in [*(node.components[n]["template"] for n in template.get("composed_of", []) if n in node.components)] + [
        template.get("template", {})
    ]:
        if part in one:
            result = None if one[part] is None else {**(result or {}), **one[part]}
    return result


def create_stream(node: Node, name: str) -> Body:
    """Raises ElasticsearchError and makes nothing."""
    from .names import check_index_name

    if name in streams(node):
        raise ElasticsearchError("resource_already_exists_exception", f"data_stream [{name}] already exists")
    try:
        check_index_name(name)
    except ElasticsearchError as error:
        raise illegal(f"data_stream [{name}] {error.reason.split('], ', 1)[-1]}") from None
    if name.startswith(".ds-"):
        raise illegal(f"data_stream [{name}] must not start with '.ds-'")
    if name in node.indices or any(name in index.aliases for index in node.indices.values()):
        what = "index" if name in node.indices else "alias"
        raise ElasticsearchError(
            "illegal_state_exception", f"data stream [{name}] conflicts with {what}", status=500
        )  # fmt: skip
    _, template = template_of(node, name)
    options = template["data_stream"]
    body: Body = {
        "name": name,
        "indices": [],
        "generation": 0,
        "hidden": options.get("hidden", False),
        "allow_custom_routing": options.get("allow_custom_routing", False),
        "lifecycle": composed(node, template, "lifecycle"),
        "options": composed(node, template, "data_stream_options"),
        "aliases": {},
        "rollover_on_write": False,
    }
    if template.get("_meta"):
        body["_meta"] = template["_meta"]
    from .templates import compose

    _, _, aliases = compose(node, template)
    body["aliases"] = {alias: {k: v for k, v in form.items() if "routing" not in k} for alias, form in aliases.items()}
    node.put(KIND, name, body)
    try:
        roll_over(node, name)
    except ElasticsearchError:
        node.remove(KIND, name)
        raise
    return body


def with_timestamp(node: Node, mapping: Body) -> Body:
    """A template's mapping as a backing index gets it."""
    return merge_mapping(_BASE, mapping, node.version, template=True)


def next_index(node: Node, name: str) -> str:
    """The name of the backing index that comes next."""
    day = iso(now_ms())[:10].replace("-", ".")
    return f".ds-{name}-{day}-{streams(node)[name]['generation'] + 1:06d}"


def roll_over(node: Node, name: str) -> str:
    """Add a backing index, made from the template as it is now; the stream writes there from now on."""
    from .templates import compose

    body = streams(node)[name]
    _, template = template_of(node, name)
    settings, mapping, _ = compose(node, template)
    index = next_index(node, name)
    settings = {
        "index.routing.allocation.include._tier_preference": "data_hot",
        **settings,
        "index.hidden": "true",
    }
    node.add_index(index, settings, with_timestamp(node, mapping), {})
    body["indices"].append(index)
    body["generation"] += 1
    body["rollover_on_write"] = False
    node.put(KIND, name, body)
    return index


def write_index(node: Node, name: str) -> Index:
    """Where a new document goes; a rollover that waited for one happens first."""
    if streams(node)[name]["rollover_on_write"]:
        roll_over(node, name)
    return backing(node, name)[-1]


def remove_stream(node: Node, name: str) -> None:
    for index in backing(node, name):
        node.remove_index(index)
    node.remove(KIND, name)


def check_template_use(node: Node, name: str, body: Body | None) -> None:
    """Raises ElasticsearchError where a stream would be left without a template (`body` None: it is deleted)."""
    from .templates import matching

    before = node.templates.get(name)
    if before is None or "data_stream" not in before:
        return
    used = [s for s in sorted(streams(node)) if (found := matching(node, s)) and found[0] == name]
    if not used:
        return
    if body is not None:
        node.templates[name] = body
    else:
        del node.templates[name]
    try:
        lost = [s for s in used if not makes_stream(node, s)]
    finally:
        node.templates[name] = before
    if body is None and lost:
        listed = ", ".join(lost)
        raise illegal(f"unable to remove composable templates [{name}] as they are in use by a data streams [{listed}]")
    if lost and body is not None:
        patterns = ", ".join(body["index_patterns"])
        raise illegal(
            f"composable template [{name}] with index patterns [{patterns}], priority [{body.get('priority', 0)}] would"
            f" cause data streams [{', '.join(lost)}] to no longer match a data stream template"
        )


def check_data_stream_part(body: Any) -> Body:
    """The `data_stream` of a template as it is kept."""
    for key in body:
        if key not in ("hidden", "allow_custom_routing", "failure_store"):
            inner = unknown_field("data_stream_template", key)
            raise ElasticsearchError(
                "x_content_parse_exception",
                "[1:1] [index_template] failed to parse field [data_stream]",
                cause=inner,
                root=[inner.head()],
            )
    return {"hidden": False, "allow_custom_routing": False, **body}


def check_timestamp_field(name: str, mapping: Body) -> None:
    """Raises ElasticsearchError where documents of the stream could have no time."""
    kind = mapping.get("properties", {}).get(TIMESTAMP, {}).get("type", "date")
    if kind not in ("date", "date_nanos"):
        cause = illegal(
            f"data stream timestamp field [{TIMESTAMP}] is of type [{kind}], but [date,date_nanos] is expected"
        )
        inner = illegal(f"invalid composite mappings for [{name}]", cause=cause)
        raise illegal(f"composable template [{name}] template after composition is invalid", cause=inner)


def failing(node: Node, index: Index, error: ElasticsearchError) -> ElasticsearchError:
    """What a document that does not fit becomes: an error, unless the stream keeps failures, which is not done here."""
    stream = stream_of(node, index.name)
    store = (streams(node)[stream]["options"] or {}).get("failure_store") if stream else None
    if store is None or not store.get("enabled", True):
        return error
    return unsupported("writing a document that does not fit to a failure store", cause=error)


def excluded(name: str) -> ElasticsearchError:
    """The name is a data stream, which this API does not look at."""
    return ElasticsearchError(
        "index_not_found_exception",
        f"no such index [{name}]",
        status=404,
        resource__type="index_or_alias",
        excluded_ds="true",
        resource__id=name,
        index_uuid="_na_",
        index=name,
    )


def write_target(node: Node, name: str, action: str, *, plain: bool) -> Index | None:
    """The backing index for a write to `name`; None where `name` has nothing to do with data streams.

    `plain`: the write names no `if_seq_no`. Raises ElasticsearchError for what a stream does not take.
    """
    behind = stream_of(node, name)
    if behind is not None:
        kind = "op_type=index and no if_primary_term and if_seq_no set" if action == "index" else f"op_type={action}"
        if action == "create" or (action == "index" and plain):
            raise illegal(
                f"index request with {kind} targeting backing indices is disallowed, target corresponding data stream"
                f" [{behind}] instead"
            )
        return None
    stream = name if name in streams(node) else _written_by_alias(node, name)
    if stream is None and not (
        name not in node.indices
        and not any(name in index.aliases for index in node.indices.values())
        and makes_stream(node, name)
    ):
        return None
    if stream is None and action != "delete":
        # Made before the write is looked at, as in Elasticsearch.
        create_stream(node, name)
        stream = name
    if action != "create" or stream is None:
        raise illegal(CREATE_ONLY, **({} if action == "update" else {"cause": excluded(name)}))
    return write_index(node, stream)


def _written_by_alias(node: Node, alias: str) -> str | None:
    holders = streams_of_alias(node, alias)
    if not holders:
        return None
    writers = [s for s in holders if streams(node)[s]["aliases"][alias].get("is_write_index")]
    if len(holders) > 1 and not writers:
        raise illegal(
            f"no write index is defined for alias [{alias}]. The write index may be explicitly disabled using"
            " is_write_index=false or the alias points to multiple indices without one being designated as a write"
            " index"
        )
    return (writers or holders)[0]


def matched(node: Node, pattern: str, *, hidden: bool, aliases: bool) -> list[Index]:
    """The backing indices of the streams whose name (or alias) fits a wildcard."""
    return [
        index
        for name, body in streams(node).items()
        if (fnmatchcase(name, pattern) or (aliases and any(fnmatchcase(a, pattern) for a in body["aliases"])))
        and (hidden or not body["hidden"] or (pattern.startswith(".") and name.startswith(".")))
        for index in backing(node, name)
    ]
