"""Composable templates: which one an index gets, what it composes to, and what a template may not be."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from .analysis_settings import check_analysis, check_analyzers
from .data_streams import check_data_stream_part, check_template_use, check_timestamp_field
from .errors import ElasticsearchError, illegal, unknown_field
from .mapping import Body, parse_mapping
from .mapping_merge import merge_mapping
from .node import Node
from .settings import Flat, check_new, flatten


def matching(node: Node, index: str) -> tuple[str, Body] | None:
    """The template of the highest priority whose patterns match, by name and body."""
    hits = [
        (body.get("priority", 0), name)
        for name, body in node.templates.items()
        if any(fnmatchcase(index, pattern) for pattern in body["index_patterns"])
    ]
    if not hits:
        return None
    name = max(hits)[1]
    return name, node.templates[name]


def overlapping(node: Node, name: str, body: Body, *, every: bool = False) -> dict[str, list[str]]:
    """Other templates of the same priority (or of `every` one) that could match the same index."""
    return {
        other: known["index_patterns"]
        for other, known in sorted(node.templates.items())
        if other != name
        and (every or known.get("priority", 0) == body.get("priority", 0))
        and any(meet(a, b) for a in body["index_patterns"] for b in known["index_patterns"])
    }


@lru_cache(maxsize=4096)
def meet(a: str, b: str) -> bool:
    """Whether some name matches both patterns."""
    if not a or not b:
        return not (a or b).strip("*")
    if a[0] == "*":
        return meet(a[1:], b) or meet(a, b[1:])
    if b[0] == "*":
        return meet(a, b[1:]) or meet(a[1:], b)
    return a[0] == b[0] and meet(a[1:], b[1:])


def compose(node: Node, template: Body) -> tuple[Flat, Body, dict[str, Body]]:
    """(settings, mapping, aliases) of components in order, then the template's own; raises ElasticsearchError."""
    settings: Flat = {}
    mapping: Body = {}
    aliases: dict[str, Body] = {}
    parts = [node.components[n]["template"] for n in template.get("composed_of", []) if n in node.components]
    for part in [*parts, template.get("template", {})]:
        settings |= flatten(part.get("settings"))
        if part.get("mappings"):
            mapping = merge_mapping(mapping, parse_mapping(part["mappings"], node.version), node.version, template=True)
        aliases |= part.get("aliases", {})
    return {k: v for k, v in settings.items() if v is not None}, mapping, aliases


def check_template(node: Node, name: str, body: Body) -> Body:
    """An index template as it is kept; raises ElasticsearchError."""
    for key in body:
        if key not in _TEMPLATE_KEYS:
            raise ElasticsearchError("x_content_parse_exception", f"[1:1] [index_template] unknown field [{key}]")
    if "index_patterns" not in body:
        raise illegal("Required [index_patterns]")
    patterns = body["index_patterns"]
    patterns = [patterns] if isinstance(patterns, str) else patterns
    if not isinstance(patterns, list):
        raise ElasticsearchError(
            "x_content_parse_exception",
            "[1:1] [index_template] index_patterns doesn't support values of type: VALUE_NUMBER",
        )
    if not patterns:
        raise illegal("There must be at least one pattern, zero given")
    kept = {"index_patterns": patterns, **{k: v for k, v in body.items() if k != "index_patterns"}}
    for key in ("priority", "version"):
        if key in kept:
            kept[key] = _long(key, kept[key])
    if kept.get("priority", 0) < 0:
        raise ElasticsearchError(
            "action_request_validation_exception", "Validation Failed: 1: index template priority must be >= 0;"
        )
    kept.setdefault("composed_of", [])
    if isinstance(kept["composed_of"], str):
        kept["composed_of"] = [kept["composed_of"]]
    ignored = kept.get("ignore_missing_component_templates", [])
    missing = [c for c in kept["composed_of"] if c not in node.components]
    if missing and not ignored:
        listed = ", ".join(missing)
        raise _invalid(name, f"index template [{name}] specifies component templates [{listed}] that do not exist")
    if [c for c in missing if c not in ignored]:
        listed = ", ".join(c for c in missing if c not in ignored)
        raise _invalid(
            name,
            f"index template [{name}] specifies a missing component templates [{listed}] that does not exist and is not"
            " part of 'ignore_missing_component_templates'",
        )
    if "data_stream" in kept:
        kept["data_stream"] = check_data_stream_part(kept["data_stream"])
    if "template" in kept:
        kept["template"] = check_inner(node, kept["template"], "index_template")
        if "lifecycle" in kept["template"] and "data_stream" not in kept:
            raise illegal(
                f"index template [{name}] specifies lifecycle configuration that can only be used in combination with a"
                " data stream"
            )
    others = overlapping(node, name, kept)
    if others:
        shown = ", ".join(f"{other} => [{', '.join(p)}]" for other, p in others.items())
        raise illegal(
            f"index template [{name}] has index patterns [{', '.join(patterns)}] matching patterns from existing"
            f" templates [{','.join(others)}] with patterns ({shown}) that have the same priority"
            f" [{kept.get('priority', 0)}], multiple index templates may not match during index creation, please use a"
            " different priority"
        )
    try:
        settings, mapping, _ = compose(node, kept)
        check_new(settings, node.version)
        try:
            check_analysis(settings)
        except ElasticsearchError as error:
            raise illegal(f"composable template [{name}] template after composition is invalid", cause=error) from None
        check_analyzers(mapping, settings)
    except ElasticsearchError as error:
        if "after composition" in error.reason:
            raise
        if "the esctl sandbox" in error.reason:
            raise
        if error.type == "mapper_parsing_exception":
            inner = illegal(f"invalid composite mappings for [{name}]", cause=error)
            raise illegal(f"composable template [{name}] template after composition is invalid", cause=inner) from None
        raise _invalid(name, f"Validation Failed: 1: {error.reason};") from None
    if "data_stream" in kept:
        check_timestamp_field(name, mapping)
    check_template_use(node, name, kept)
    return kept


_TEMPLATE_KEYS = frozenset(
    "index_patterns composed_of template version priority _meta data_stream allow_auto_create"
    " ignore_missing_component_templates deprecated created_date created_date_millis"
    " modified_date modified_date_millis".split()
)


def check_inner(node: Node, body: Any, parser: str) -> Body:
    """The `template` part of either kind, settings as text under `index`, mappings as written."""
    if not isinstance(body, dict):
        raise ElasticsearchError(
            "x_content_parse_exception", f"[1:1] [{parser}] template doesn't support values of type: VALUE_STRING"
        )
    for key in body:
        if key not in ("settings", "mappings", "aliases", "lifecycle", "data_stream_options"):
            inner = unknown_field("template", key)
            reason = f"[1:1] [{parser}] failed to parse field [template]"
            raise ElasticsearchError("x_content_parse_exception", reason, cause=inner, root=[inner.head()])
    kept: Body = {}
    if body.get("settings"):
        kept["settings"] = flatten(body["settings"])
    mappings = body.get("mappings")
    if isinstance(mappings, dict):
        if set(mappings) == {"_doc"}:
            mappings = mappings["_doc"]
        kept["mappings"] = mappings
    if "aliases" in body:
        kept["aliases"] = {n: alias_form(a) for n, a in body["aliases"].items()}
    if "lifecycle" in body:
        kept["lifecycle"] = {"enabled": True, **body["lifecycle"]}
    if "data_stream_options" in body:
        kept["data_stream_options"] = body["data_stream_options"]
    return kept


def alias_form(body: Body) -> Body:
    """An alias as read: `routing` split in two."""
    kept = {
        k: v
        for k, v in body.items()
        if k in ("filter", "index_routing", "search_routing", "is_write_index", "is_hidden")
    }
    if "routing" in body:
        kept.setdefault("index_routing", str(body["routing"]))
        kept.setdefault("search_routing", str(body["routing"]))
    return kept


def _long(key: str, value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        cause = {"type": "illegal_argument_exception", "reason": f'For input string: "{value}"'}
        raise ElasticsearchError(
            "x_content_parse_exception", f"[1:1] [index_template] failed to parse field [{key}]", cause=cause
        ) from None


def _invalid(name: str, why: str) -> ElasticsearchError:
    return ElasticsearchError("invalid_index_template_exception", f"index_template [{name}] invalid, cause [{why}]")
