"""Data → YAML text whose style suits people: what stands on one line, what in quotes, what as a block scalar."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from ..model import Path
from .yaml import plain_scalar

WIDTH = 110
_TAG = "tag:yaml.org,2002:"
_BLOCKS = frozenset({"spec", "template", "policy", "phases", "mappings", "properties", "processors", "panels"})
"""Keys whose value is never pressed into one line, however short."""


class Nodes:
    """Data → YAML nodes that carry their style.

    `quoted`: every text in quotes, nothing on one line; not `literal`: no block scalars.
    """

    def __init__(self, *, quoted: bool = False, literal: bool = True) -> None:
        self.quoted, self.literal = quoted, literal

    def node(self, value: Any, indent: int, path: Path, key: str, flow: bool = False) -> yaml.Node:
        if isinstance(value, dict):
            flow = flow or not value or self._short(value, indent, path, key)
            pairs = [
                (self._scalar(str(name), True), self.node(item, indent + 2, (*path, name), str(name), flow))
                for name, item in value.items()
            ]
            return yaml.MappingNode(_TAG + "map", pairs, flow_style=flow)
        if isinstance(value, list):
            flow = flow or not value or self._short(value, indent, path, key)
            items = [self.node(item, indent + 2, (*path, n), "", flow) for n, item in enumerate(value)]
            return yaml.SequenceNode(_TAG + "seq", items, flow_style=flow)
        return self._scalar(value, flow)

    def _scalar(self, value: Any, flow: bool) -> yaml.ScalarNode:
        if not isinstance(value, str):
            kind = {bool: "bool", int: "int", float: "float"}.get(type(value), "null")
            return yaml.ScalarNode(_TAG + kind, json.dumps(value))
        style = None
        if "\n" in value and not flow and not self.quoted and self.literal and _literal(value):
            style = "|"
        elif self.quoted or "\n" in value or _needs_quotes(value) or _UNPRINTABLE.search(value):
            style = '"'
        return yaml.ScalarNode(_TAG + "str", value, style=style)

    def _short(self, value: Any, indent: int, path: Path, key: str) -> bool:
        if self.quoted or len(path) < 2 or key in _BLOCKS or key.startswith("$"):
            return False
        length = _length(value)
        if length is None or indent + len(key) + 2 + length > WIDTH:
            return False
        depth = _depth(value)
        if isinstance(value, list):
            return depth == 1
        if not key and len(value) == 1 and depth > 1:
            return False  # `- set: {…}`
        # `{type: text, fields: {raw: {type: keyword}}}` still reads well; more, or much of it, does not.
        return length <= 88 if depth == 1 else depth <= 3 and length <= 60 and not _holds_objects_in_lists(value)


def _length(value: Any) -> int | None:
    """Characters of the one-line form, about; None where it has none."""
    if isinstance(value, dict):
        parts = [_length(item) for item in value.values()]
        keys = sum(len(str(key)) + 4 for key in value)
    elif isinstance(value, list):
        parts, keys = [_length(item) for item in value], 2 * len(value)
    elif isinstance(value, str):
        return None if "\n" in value else len(value) + (2 if _needs_quotes(value) else 0)
    else:
        return len(json.dumps(value))
    known = [part for part in parts if part is not None]
    return None if len(known) < len(parts) else sum(known) + keys


def _depth(value: Any) -> int:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if items is None else 1 + max((_depth(item) for item in items), default=0)


def _holds_objects_in_lists(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_objects_in_lists(item) for item in value.values())
    return isinstance(value, list) and any(isinstance(item, dict | list) for item in value)


def _needs_quotes(text: str) -> bool:
    """Whether plain text would be read as something else: by us, or by readers of YAML 1.1 (`on`, `no`, `12:30`)."""
    if text == "" or not isinstance(plain_scalar(text), str):
        return True
    return bool(_OLD.resolve(yaml.ScalarNode, text, (True, False)) != _TAG + "str")


def _literal(text: str) -> bool:
    """Whether a block scalar keeps the text: no carriage returns, no spaces before line ends, nothing unprintable."""
    return not re.search(r"[ \t]\n|[ \t]\Z|\r|\A\s|\n\Z(?<=\n\n)", text) and all(
        line.isprintable() for line in text.replace("\t", " ").split("\n")
    )


_OLD = yaml.resolver.Resolver()
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


class _Dumper(yaml.SafeDumper):
    """Indents lists below their key, writes no anchors, and leaves the meaning of plain text to the nodes' styles."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        if kind is not yaml.ScalarNode:
            return str(super().resolve(kind, value, implicit))
        if not implicit[0]:
            return _TAG + "str"
        plain = plain_scalar(value) if value else None
        names = {bool: "bool", int: "int", float: "float", type(None): "null"}
        return _TAG + names.get(type(plain), "str")

    def choose_scalar_style(self) -> Any:
        style = super().choose_scalar_style()
        text = self.event.value if isinstance(self.event, yaml.ScalarEvent) else ""
        return '"' if style == "'" and not {'"', "\\"} & set(text) else style

    def ascend_resolver(self) -> None: ...

    def descend_resolver(self, current_node: Any, current_index: Any) -> None: ...


def dump(node: yaml.Node) -> str:
    """The text of a node, with lists indented below their key and no line broken."""
    text = yaml.serialize(node, Dumper=_Dumper, allow_unicode=True, width=10**6)
    return str(text)
