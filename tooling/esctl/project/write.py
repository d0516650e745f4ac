"""Resources → tidy YAML text that reads back as the same data: order of keys, what stands on one line, own files.

Mappings are blocks; what is short stands on one line (`{type: keyword}`). A text of several lines is a block scalar;
one of more than 60 lines, and a list of very many numbers, goes to a file of its own beside (`$file`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

import yaml

from ..model import Address, Body, Path
from ..secret import MARK
from .values import Values, substitute
from .yaml import plain_scalar, read_yaml

WIDTH = 110
LONG_TEXT = 60
"""Lines of a text beyond which it goes to a file of its own."""
LONG_LIST = 200
"""Scalars in a list beyond which it goes to a file of its own."""

_TAG = "tag:yaml.org,2002:"
_FIRST = (
    "type", "name", "title", "description", "enabled", "field", "target_field", "source", "dest", "target",
    "index_patterns", "priority", "composed_of", "template", "settings", "mappings", "aliases", "data_stream",
    "policy", "phases", "hot", "warm", "cold", "frozen", "delete", "min_age", "actions",
    "dynamic", "dynamic_templates", "runtime", "properties", "processors", "lang", "params",
)  # fmt: skip
"""What comes first, in this order: as Elastic's documentation writes its bodies. The rest stays as it came …"""
_LAST = (
    "if",
    "ignore_failure",
    "ignore_missing",
    "tag",
    "fields",
    "on_failure",
    "version",
    "deprecated",
    "_meta",
    "metadata",
)
"""… before these."""
_RANK = {name: rank for rank, name in enumerate(_FIRST)}
_RANK |= {name: len(_FIRST) + 1 + rank for rank, name in enumerate(_LAST)}
_NAMED = frozenset(
    {"properties", "fields", "runtime", "params", "aliases", "variables", "runtimeFieldMap", "fieldAttrs"}
)
"""Mappings whose keys are people's names: their order is the server's."""
_BLOCKS = frozenset({"spec", "template", "policy", "phases", "mappings", "properties", "processors", "panels"})
"""Keys whose value is never pressed into one line, however short."""


@dataclass(frozen=True)
class Place:
    """Where a resource is written: its YAML file, and folder and stem of the names of own files beside it."""

    file: str
    folder: str
    stem: str


@dataclass(frozen=True)
class Entry:
    """What is to be written: one resource. `spec` is JSON data; a secret in it is `{"$secret": "${secret.env.X}"}`."""

    address: Address
    spec: Body


@dataclass
class Text:
    """The YAML of one entry, and the files that it names: path below the project's root → text."""

    yaml: str
    files: dict[str, str] = field(default_factory=dict)


def places(folders: Mapping[Address, str], group: str, root: FilePath) -> dict[Address, Place]:
    """A place for each address below its folder. `group`: `file` (one for each), `kind`, or `one`.

    No two share a name, not even where the case of letters is not told apart, and nothing that is there is hit.
    """
    taken: set[str] = set()

    def free(name: str) -> str:
        number, found = 1, name
        while found.casefold() in taken or any((root / f"{found}{ending}").exists() for ending in (".yaml", ".yml")):
            number += 1
            found = f"{name}-{number}"
        taken.add(found.casefold())
        return found

    shared: dict[str, str] = {}
    found: dict[Address, Place] = {}
    for address, into in folders.items():
        below = "/".join(part for part in (into, address.kind, address.space) if part)
        name = free(f"{below}/{slug(address.id)}")
        folder, _, stem = name.rpartition("/")
        if group != "file":
            whole = "/".join(part for part in (into, address.kind if group == "kind" else "pulled") if part)
            name = shared[whole] if whole in shared else shared.setdefault(whole, free(whole))
        found[address] = Place(f"{name}.yaml", folder, stem)
    return found


def document(entry: Entry, place: Place) -> Text:
    """One document. What is too long goes to files beside."""
    files: dict[str, str] = {}

    def own_file(path: Path, text: str, ending: str) -> str:
        name = f"{place.folder}/{place.stem}.{slug('-'.join(map(str, path[-2:])))}"
        number = 1
        while (found := f"{name}{'' if number == 1 else f'-{number}'}{ending}") in files:
            number += 1
        files[found] = text
        return found

    spec = _outsourced(_escaped(_ordered(entry.spec)), (), own_file, entry.spec)
    head: Body = {"kind": entry.address.kind, "id": _escape(entry.address.id)}
    if entry.address.space:
        head["space"] = entry.address.space
    return Text(to_yaml({**head, "spec": spec}), files)


def to_yaml(data: Body) -> str:
    """One YAML document, in block style; whatever stands on one line has fewer than 110 characters, or no shorter form.

    Read back by `read_yaml` it is the same data.
    """
    text = _dump(_Nodes().node(data, 0, (), ""))
    if _reads_back(text, data):
        return text
    return _dump(_Nodes(quoted=True).node(data, 0, (), ""))


def as_written(value: Any) -> Any:
    """A value as it stands in a file: `${` of other languages escaped, a secret as its reference."""
    return _escaped(value)


def rank(key: str) -> int:
    """Where a key stands among its neighbours, as Elastic's documentation writes them."""
    return _RANK.get(key, len(_FIRST))


def slug(text: str) -> str:
    """A file's name made from an id: letters (of any script) and digits stay, all else becomes `-`."""
    name = re.sub(r"[^\w.@-]+", "-", text).strip("-").lstrip("._") or "unnamed"
    while len(name.encode()) > 120:
        name = name[:-1]
    return name


def _reads_back(text: str, data: Any) -> bool:
    from ..errors import ProjectError

    try:
        documents = read_yaml(text, "")
    except ProjectError:
        return False
    return len(documents) == 1 and _alike(documents[0].data, data)


def _alike(left: Any, right: Any) -> bool:
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


# What is written: order, values, files.


def _ordered(value: Any, key: str = "") -> Any:
    if isinstance(value, list):
        return [_ordered(item) for item in value]
    if not isinstance(value, dict) or key == "spec":
        return value  # Vega: Kibana keeps its text, in which the order of keys shows
    keys = list(value)
    if key not in _NAMED:
        keys.sort(key=rank)
    return {name: _ordered(value[name], name) for name in keys}


def _escaped(value: Any) -> Any:
    """`${` of other languages written such that it stays what it is; secrets become their references."""
    if isinstance(value, dict):
        if set(value) == {MARK} and isinstance(value[MARK], str):
            return value[MARK]
        return {key: _escaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    return _escape(value) if isinstance(value, str) else value


def _escape(text: str) -> str:
    if "${" not in text:
        return text
    problems: list[str] = []
    values = Values({"var": {}, "embedding": {}}, {}, FilePath())
    kept = substitute(text, values, (), lambda at, message, hint: problems.append(message))
    return text if kept == text and not problems else text.replace("${", "$${")


def _outsourced(value: Any, path: Path, own_file: Callable[[Path, str, str], str], original: Any) -> Any:
    """`value` with what is too long in files of its own. `original` is the same before it was escaped."""
    if isinstance(value, dict):
        return {k: _outsourced(v, (*path, k), own_file, _below(original, k)) for k, v in value.items()}
    if isinstance(value, list):
        if len(value) > LONG_LIST and not any(isinstance(item, dict | list) for item in value):
            text = json.dumps(original, ensure_ascii=False, indent=0) + "\n"
            return {"$file": own_file(path, text, ".json"), "parse": True}
        return [_outsourced(v, (*path, n), own_file, _below(original, n)) for n, v in enumerate(value)]
    # A file's byte order mark and its line ends do not survive reading: such text stays where it is.
    if (
        isinstance(original, str)
        and original.count("\n") > LONG_TEXT
        and "\r" not in original
        and original[0] != "\ufeff"
    ):
        return {"$file": own_file(path, original, _ending(path, original))}
    return value


def _below(original: Any, key: str | int) -> Any:
    return original[key]


def _ending(path: Path, text: str) -> str:
    try:
        json.loads(text)
        return ".json"
    except ValueError:
        pass
    return {"source": ".painless", "pipeline": ".conf", "spec": ".hjson"}.get(str(path[-1]), ".txt")


# How it is written: nodes and their styles.


class _Nodes:
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


def _dump(node: yaml.Node) -> str:
    text = yaml.serialize(node, Dumper=_Dumper, allow_unicode=True, width=10**6)
    return str(text)
