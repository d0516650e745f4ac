"""Rules about index templates and what they are composed of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...model import Path, Resource
from ..normalise import flat_settings, get
from .fields import OBJECTS, fields_of
from .rule import Found, rule
from .wildcards import matches, overlap, overlapping
from .written import Written, patterns_of


@rule(
    "unmatched-template",
    "templates",
    "warning",
    kinds=("index-template",),
    bad="""
kind: index-template
id: orders
spec: {index_patterns: [order-*]}
---
kind: index
id: orders-2026
spec: {}
""",
    good="""
kind: index-template
id: orders
spec: {index_patterns: [orders-*]}
---
kind: index
id: orders-2026
spec: {}
""",
    whole=True,
)
def unmatched_template(written: Written) -> Iterator[Found]:
    """No index or data stream of this project matches the template's patterns.

    A warning: the indices may be made by whoever sends the documents. So nothing is said in a project that writes no
    index and no data stream at all, nor of a template whose indices are known to come later: it makes data streams,
    names an alias to roll over, or has patterns that a data view or a transform of the project reads.
    """
    names = set(written.names)
    if not names:
        return
    read = [name for kind, *path in _READERS for one in written.of(kind) for name in _names(get(one.spec, path))]
    for resource in written.of("index-template"):
        patterns = [pattern for pattern, _ in patterns_of(resource.spec, "index_patterns")]
        settings = get(resource.spec, ("template", "settings"))
        later = "data_stream" in resource.spec or "rollover_alias" in str(settings)
        if not patterns or later or any(_matched(pattern, names) for pattern in patterns):
            continue
        if not any(overlap(pattern, name) for pattern in patterns for name in read):
            shown = ", ".join(f'"{pattern}"' for pattern in patterns)
            yield Found(resource, ("index_patterns",), f"no index or data stream here matches {shown}")


_READERS = (("data-view", "title"), ("transform", "source", "index"), ("ccr-auto-follow", "follow_index_pattern"))


def _names(value: Any) -> list[str]:
    """Names and patterns in a list, or in a text with commas."""
    items = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    return [item.strip() for item in items if isinstance(item, str) and not item.startswith("-")]


def _matched(pattern: str, names: set[str]) -> bool:
    return pattern in names if "*" not in pattern else any(matches(pattern, name) for name in names)


@rule(
    "overlapping-templates",
    "templates",
    "error",
    kinds=("index-template",),
    bad="""
kind: index-template
id: orders
spec: {index_patterns: [orders-*]}
---
kind: index-template
id: archive
spec: {index_patterns: ["*-archive"]}
""",
    good="""
kind: index-template
id: orders
spec: {index_patterns: [orders-*], priority: 10}
---
kind: index-template
id: archive
spec: {index_patterns: ["*-archive"], priority: 20}
""",
)
def overlapping_templates(written: Written) -> Iterator[Found]:
    """Two index templates of equal priority match the same names: Elasticsearch refuses the second.

    The priority is 0 where none is written. An error: the server compares the patterns of all templates, whether an
    index of such a name exists or not.
    """
    groups: dict[Any, list[tuple[str, tuple[str, Path]]]] = {}
    for resource in written.of("index-template"):
        priority = resource.spec.get("priority") or 0
        if isinstance(priority, int | str):
            for pattern, path in patterns_of(resource.spec, "index_patterns"):
                groups.setdefault(str(priority), []).append((pattern, (resource.address.id, path)))
    for priority, patterns in groups.items():
        told: set[tuple[str, str]] = set()
        for (first, (one, _)), (second, (other, path)) in overlapping(patterns):
            second_template = written.named("index-template", other)
            if one == other or (one, other) in told or second_template is None:
                continue
            told.add((one, other))
            message = f'"{second}" and "{first}" of index-template/{one} match the same names at priority {priority}'
            yield Found(second_template, path, message, "give one of them a higher priority")


@rule(
    "template-conflict",
    "templates",
    "warning",
    kinds=("index-template", "component-template"),
    bad="""
kind: component-template
id: base
spec: {template: {mappings: {properties: {status: {type: keyword}}}}}
---
kind: component-template
id: extra
spec: {template: {mappings: {properties: {status: {type: text}}}}}
---
kind: index-template
id: orders
spec: {index_patterns: [orders-*], composed_of: [base, extra]}
""",
    good="""
kind: component-template
id: base
spec: {template: {mappings: {properties: {status: {type: keyword}}}}}
---
kind: component-template
id: extra
spec: {template: {mappings: {properties: {note: {type: text}}}}}
---
kind: index-template
id: orders
spec: {index_patterns: [orders-*], composed_of: [base, extra]}
""",
)
def template_conflict(written: Written) -> Iterator[Found]:
    """Two component templates of one index template map the same field differently: the later one wins.

    The field's whole definition is replaced, not merged. A warning: Elasticsearch takes it, and overriding a common
    part may be meant. What the index template itself writes over its components is not told.
    """
    definitions: dict[str, dict[str, tuple[Any, Path]]] = {}
    for component in written.of("component-template"):
        mapping = get(component.spec, ("template", "mappings"))
        found = fields_of(mapping) if isinstance(mapping, dict) else ()
        definitions[component.address.id] = {name: (item.definition, item.path) for name, item in found}
    for resource in written.of("index-template"):
        names = [name for name, _ in patterns_of(resource.spec, "composed_of")]
        where = dict(patterns_of(resource.spec, "composed_of"))
        holder: dict[str, str] = {}
        own = get(resource.spec, ("template", "mappings"))
        overridden = {name for name, _ in fields_of(own)} if isinstance(own, dict) else set()
        for name in names:
            for field, (definition, _) in definitions.get(name, {}).items():
                before = holder.get(field)
                if before and field not in overridden and _conflict(definitions[before][field][0], definition):
                    was, now = _told(definitions[before][field][0], definition)
                    message = f"{field} is {was} in component-template/{before} and {now} in component-template/{name}"
                    yield Found(resource, where[name], message, f"{name} wins, as it comes later")
                holder[field] = name


def _conflict(one: Any, other: Any) -> bool:
    if not isinstance(one, dict) or not isinstance(other, dict):
        return False
    kinds = [definition.get("type", "object") for definition in (one, other)]
    if kinds[0] != kinds[1]:
        return True
    if kinds[0] in OBJECTS:
        return False  # objects are merged
    return {**one, "fields": None} != {**other, "fields": None}


def _told(one: Any, other: Any) -> tuple[str, str]:
    kinds = [str(definition.get("type", "object")) for definition in (one, other)]
    if kinds[0] != kinds[1]:
        return kinds[0], kinds[1]
    key = next(key for key in {**one, **other} if one.get(key) != other.get(key))
    return tuple(
        f"{kinds[0]} with {key}: {side[key]}" if key in side else f"{kinds[0]} without {key}" for side in (one, other)
    )  # type: ignore[return-value]


@rule(
    "timestamp-field",
    "templates",
    "error",
    kinds=("index-template", "component-template"),
    bad="""
kind: index-template
id: logs
spec:
  index_patterns: [logs-shop-*]
  data_stream: {}
  template: {mappings: {properties: {"@timestamp": {type: keyword}}}}
""",
    good="""
kind: index-template
id: logs
spec:
  index_patterns: [logs-shop-*]
  data_stream: {}
  template: {mappings: {properties: {"@timestamp": {type: date_nanos}}}}
""",
)
def timestamp_field(written: Written) -> Iterator[Found]:
    """A data stream's `@timestamp` must be an indexed date.

    An error: the server refuses the template. Without a mapping of `@timestamp` it adds one by itself.
    """
    for template in written.of("index-template"):
        if "data_stream" not in template.spec:
            continue
        last: tuple[Resource, Any] | None = None
        for part in written.parts(template):
            definition = get(part.spec, ("template", "mappings", "properties", "@timestamp"))
            last = (part, definition) if isinstance(definition, dict) else last
        if last is None:
            continue
        part, definition = last
        path = ("template", "mappings", "properties", "@timestamp")
        kind = definition.get("type", "object")
        if kind not in ("date", "date_nanos"):
            message = f"@timestamp of data streams must be date or date_nanos, not {kind}"
            yield Found(part, (*path, "type") if "type" in definition else path, message)
        for key in ("index", "doc_values"):
            if definition.get(key) in (False, "false"):
                yield Found(part, (*path, key), f"@timestamp of data streams cannot have {key}: false")


@rule(
    "two-lifecycles",
    "lifecycles",
    "warning",
    kinds=("index-template", "data-stream-lifecycle"),
    bad="""
kind: index-template
id: logs
spec:
  index_patterns: [logs-shop-*]
  data_stream: {}
  template:
    settings: {index.lifecycle.name: logs}
    lifecycle: {data_retention: 30d}
""",
    good="""
kind: index-template
id: logs
spec:
  index_patterns: [logs-shop-*]
  data_stream: {}
  template:
    lifecycle: {data_retention: 30d}
""",
)
def two_lifecycles(written: Written) -> Iterator[Found]:
    """A data stream has both an ILM policy and a lifecycle of its own: only one of them is carried out.

    The ILM policy wins unless `index.lifecycle.prefer_ilm` is false. A warning: Elasticsearch takes both, which is how
    one moves from the one to the other; a template that writes `prefer_ilm` says what it means and is not told.
    """
    for template in written.of("index-template"):
        if "data_stream" not in template.spec:
            continue
        settings: dict[str, Any] = {}
        lifecycle: tuple[Resource, Path] | None = None
        for part in written.parts(template):
            written_settings = get(part.spec, ("template", "settings"))
            if isinstance(written_settings, dict):
                settings |= flat_settings(written_settings)
            own = get(part.spec, ("template", "lifecycle"))
            if isinstance(own, dict) and own.get("enabled") not in (False, "false"):
                lifecycle = part, ("template", "lifecycle")
        patterns = [pattern for pattern, _ in patterns_of(template.spec, "index_patterns")]
        for resource in written.of("data-stream-lifecycle"):
            if written.template_for(resource.address.id) is template and any(
                matches(pattern, resource.address.id) for pattern in patterns
            ):
                lifecycle = resource, ()
        policy = settings.get("index.lifecycle.name")
        if lifecycle and policy and "index.lifecycle.prefer_ilm" not in settings:
            message = (
                f'data streams of index-template/{template.address.id} have the ILM policy "{policy}" and a lifecycle'
            )
            yield Found(
                *lifecycle, message, "the ILM policy wins; write index.lifecycle.prefer_ilm to say which is meant"
            )
