"""The rule about fields that are used and that no mapping has."""

from __future__ import annotations

from collections.abc import Iterator

from ..wording import NearNames
from .fields import Fields
from .rule import Found, rule
from .usage import uses
from .written import Written


@rule(
    "unmapped-field",
    "mappings",
    "warning",
    kinds=("dashboard", "visualization", "data-view", "transform", "watch", "enrich-policy"),
    bad="""
kind: index
id: orders
spec: {mappings: {dynamic: strict, properties: {price: {type: double}, ordered_at: {type: date}}}}
---
kind: data-view
id: orders
spec: {title: orders, timeFieldName: created_on}
""",
    good="""
kind: index
id: orders
spec: {mappings: {dynamic: strict, properties: {price: {type: double}, ordered_at: {type: date}}}}
---
kind: data-view
id: orders
spec: {title: orders, timeFieldName: ordered_at}
""",
    whole=True,
)
def unmapped_field(written: Written) -> Iterator[Found]:
    """A dashboard, data view, transform, watch or enrich policy uses a field that no mapping has.

    Looked up in the mappings of this project's indices and templates; nothing is said where one of them is written
    elsewhere. An error where dynamic mapping cannot bring the field and its name is a slip of one that is there. A
    warning where dynamic mapping cannot bring it, or where it could but a field of nearly that name is there and no
    pipeline writes it. Nothing where dynamic mapping may bring it.
    """
    near: dict[int, NearNames] = {}
    for use in uses(written):
        fields = written.fields(use.names) if use.names else None
        name = use.field
        if fields is None or "*" in name or "{{" in name or name in use.own or not name or name == "___records___":
            continue
        standing = fields.standing(name)
        if standing == "mapped" or (standing == "open" and name in fields.extra):
            continue
        if id(fields) not in near:
            near[id(fields)] = NearNames(fields.names())
        slip = near[id(fields)].slip_of(name)
        if standing == "missing":
            hint = f'did you mean "{slip}"?' if slip else _of_its_parent(fields, name)
            message = f'{use.names} has no field "{name}"'
            yield Found(use.resource, use.path, message, hint, "error" if slip else "warning")
        elif slip:
            message = f'no mapping of {use.names} has the field "{name}"'
            yield Found(use.resource, use.path, message, f'did you mean "{slip}"?')


def _of_its_parent(fields: Fields, name: str) -> str | None:
    parent = name.rpartition(".")[0]
    leaf = fields.leaves.get(parent)
    kind = leaf.definition.get("type") if leaf and isinstance(leaf.definition, dict) else None
    return f"{parent} is a {kind} field, without a field below it" if kind else None
