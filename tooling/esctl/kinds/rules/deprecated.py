"""The rule about what Elasticsearch 9 deprecates, as data: what Elastic's own API document or servers' warnings say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...model import Path, Resource
from ..normalise import flat_settings, get
from .rule import Found, rule
from .written import Written

_BODIES = (
    # kind, path with * for any key or item, what takes its place
    ("ilm-policy", "policy.phases.*.actions.freeze", "it does nothing since 8.0: leave it out"),
    ("ilm-policy", "policy.phases.*.actions.rollover.max_size", "max_primary_shard_size says it by shard"),
    ("transform", "pivot.max_page_search_size", "settings.max_page_search_size takes its place"),
)
_SETTINGS = {
    "index.translog.retention.age": "it is ignored: leave it out",
    "index.translog.retention.size": "it is ignored: leave it out",
}


@rule(
    "deprecated",
    "versions",
    "warning",
    kinds=("ilm-policy", "transform", "index", "index-template", "component-template", "inference-endpoint"),
    bad="""
kind: ilm-policy
id: logs
spec: {policy: {phases: {hot: {actions: {rollover: {max_size: 50gb}}}}}}
""",
    good="""
kind: ilm-policy
id: logs
spec: {policy: {phases: {hot: {actions: {rollover: {max_primary_shard_size: 50gb}}}}}}
""",
)
def deprecated(written: Written) -> Iterator[Found]:
    """Elasticsearch 9 deprecates this: a version to come refuses it.

    A warning: it still works.
    """
    for kind, dotted, instead in _BODIES:
        for resource in written.of(kind):
            for path in _found(resource.spec, tuple(dotted.split(".")), ()):
                yield Found(resource, path, f"{path[-1]} is deprecated", instead)
    for resource in written.of("inference-endpoint"):
        if resource.spec.get("service") == "elser":
            yield Found(
                resource, ("service",), "the service elser is deprecated", "write elasticsearch, with its model_id"
            )
    for kind, top in (("index", ()), ("index-template", ("template",)), ("component-template", ("template",))):
        for resource in written.of(kind):
            yield from _of_an_index(resource, top)


def _of_an_index(resource: Resource, top: Path) -> Iterator[Found]:
    source = get(resource.spec, (*top, "mappings", "_source"))
    if isinstance(source, dict) and "mode" in source:
        hint = "the setting index.mapping.source.mode takes its place"
        yield Found(resource, (*top, "mappings", "_source", "mode"), "_source.mode in a mapping is deprecated", hint)
    settings = get(resource.spec, (*top, "settings"))
    if isinstance(settings, dict) and "translog" in str(settings):
        for name, instead in _SETTINGS.items():
            if name in flat_settings(settings):
                yield Found(resource, (*top, "settings"), f"{name} is deprecated", instead)


def _found(value: Any, left: tuple[str, ...], path: Path) -> Iterator[Path]:
    if not left:
        yield path
    elif isinstance(value, dict):
        for key in value if left[0] == "*" else [left[0]] if left[0] in value else []:
            yield from _found(value[key], left[1:], (*path, key))
