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

from ..model import Address, Body, Path
from ..secret import MARK
from .emit import Nodes, dump
from .values import Values, substitute
from .yaml import read_yaml

LONG_TEXT = 60
"""Lines of a text beyond which it goes to a file of its own."""
LONG_LIST = 200
"""Scalars in a list beyond which it goes to a file of its own."""

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
_SECRET = re.compile(r"(?<!\$)\$\{secret\.env\.(\w+)\}")
_RANK = {name: rank for rank, name in enumerate(_FIRST)}
_RANK |= {name: len(_FIRST) + 1 + rank for rank, name in enumerate(_LAST)}
_NAMED = frozenset(
    {"properties", "fields", "runtime", "params", "aliases", "variables", "runtimeFieldMap", "fieldAttrs"}
)
"""Mappings whose keys are people's names: their order is the server's."""


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
    return Text(_commented(to_yaml({**head, "spec": spec})), files)


def _commented(text: str) -> str:
    """With a comment on each line that asks for a secret."""
    lines = []
    for line in text.split("\n"):
        names = dict.fromkeys(_SECRET.findall(line))
        lines.append(f"{line}  # no server tells it: set {' and '.join(names)}" if names else line)
    return "\n".join(lines)


def to_yaml(data: Body) -> str:
    """One YAML document, in block style; whatever stands on one line has fewer than 110 characters, or no shorter form.

    Read back by `read_yaml` it is the same data.
    """
    text = dump(Nodes().node(data, 0, (), ""))
    if _reads_back(text, data):
        return text
    return dump(Nodes(quoted=True).node(data, 0, (), ""))


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
