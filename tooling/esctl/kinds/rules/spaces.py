"""Rules about Kibana's spaces."""

from __future__ import annotations

from collections.abc import Iterator

from ...model import Resource
from .rule import Found, rule
from .written import Written

ONE_OF_A_KIND = (
    "data-view",
    "visualization",
    "dashboard",
    "discover-session",
    "map",
    "links",
    "tag",
    "action-connector",
    "alerting-rule",
    "slo",
    "saved-object",
)
"""Kinds that Kibana keeps as saved objects of types whose ids are the same in all spaces (`multiple-isolated`)."""


@rule(
    "id-in-two-spaces",
    "names",
    "error",
    kinds=ONE_OF_A_KIND,
    bad="""
kind: data-view
id: logs
spec: {title: logs-*}
---
kind: data-view
id: logs
space: shop
spec: {title: logs-shop-*}
""",
    good="""
kind: data-view
id: logs
spec: {title: logs-*}
---
kind: data-view
id: logs-shop
space: shop
spec: {title: logs-shop-*}
""",
)
def id_in_two_spaces(written: Written) -> Iterator[Found]:
    """Kibana's ids are unique over all spaces: a second object of the same id is imported under another one.

    Written so, the copy could not be found again: every apply would make one more. A document that stands in several
    spaces says its id with `${each.space}`, and so does what refers to it.
    """
    first: dict[tuple[str, str], Resource] = {}
    for resource in written.of(*ONE_OF_A_KIND):
        address = resource.address
        other = first.setdefault((address.kind, address.id), resource)
        if other is not resource:
            space = other.address.space or "default"
            message = f'the id "{address.id}" stands in the space {space} already ({other.at("id")})'
            hint = (
                "write id: " + address.id + "-${each.space}" if other.source == resource.source else "choose another id"
            )
            yield Found(resource, (), message, hint)
