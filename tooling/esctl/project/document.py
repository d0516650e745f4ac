"""One document → its resources: its keys, its values, the files that its spec names.

A document makes one resource; with `for_each` one for each item of a list or mapping (`${each.key}`, `${each.value}`),
with a list as `space` one in each of these spaces.

A mapping `{$file: path}` inside a `spec` is replaced by that file's text, `{$file: path, parse: true}` by the data of a
`.json`, `.yaml` or `.yml` file. The path starts at the project's root and stays below it; values (`${var.x}`) are not
substituted in what the file holds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import Any

from ..errors import EsctlError, Problem, ProjectError, Source, did_you_mean, nearest
from ..model import Address, Path, Resource
from ..secret import placed_secrets
from .settings import in_words, read_text
from .values import Values, substitute
from .yaml import Document, read_yaml

KEYS = ("kind", "id", "spec", "space", "for_each", "depends_on", "protect", "when", "adopt", "moved_from")
"""What a document may hold; everything else is a mistake."""

_OF_A_SPACE = re.compile(r"\$\{\s*each\.space\b")


@dataclass(frozen=True)
class Rules:
    """What documents are read against. `holds` decides a `when`, in which the given names are known beside those of the
    project; it raises ValueError with what is wrong."""

    root: FilePath
    kinds: Collection[str]
    values: Values
    holds: Callable[[str, Mapping[str, Any]], bool]


@dataclass
class Read:
    """What became of a document: resources, and the addresses of those out of scope; or problems."""

    resources: list[Resource] = field(default_factory=list)
    out_of_scope: list[Address] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_document(document: Document, path: str, rules: Rules) -> Read:
    """Read one document of the file that is called `path`; mistakes come back as problems."""
    reading = _Reading(document, path, rules)
    reading.all()
    if reading.result.problems:
        reading.result.resources = []
    return reading.result


class _Reading:
    """One document on its way to its resources."""

    def __init__(self, document: Document, path: str, rules: Rules) -> None:
        self.document, self.path, self.rules = document, path, rules
        self.values = rules.values
        self.each: dict[str, Any] = {}
        self.result = Read()

    def all(self) -> None:
        data = self.document.data
        if not isinstance(data, dict):
            self.problem((), f"a document must be a mapping with kind, id and spec, not {in_words(data)}")
            return
        self.keys(data)
        if "for_each" not in data:
            self.spaces({}, data)
            return
        once = {key: value for key, value in data.items() if key != "for_each"}
        for each in self.items(data["for_each"]):
            self.spaces(each, once)

    def spaces(self, each: dict[str, Any], data: Mapping[str, Any]) -> None:
        """One item; space by space where it says something else in each of them (`${each.space}`)."""
        named = data.get("space")
        apart = isinstance(named, list) and _OF_A_SPACE.search(json.dumps(data, default=str)) is not None
        for space in named if apart and isinstance(named, list) else (None,):
            self.each = each | ({"space": space} if apart else {})
            self.values = self.rules.values.beside({"each": self.each}) if self.each else self.rules.values
            self.one({**data, "space": space} if apart else data)

    def items(self, written: Any) -> list[dict[str, Any]]:
        """What `each` stands for, item by item; an item of a list that is no scalar has no key."""
        at = ("for_each",)
        told = len(self.result.problems)
        items = written if self.document.plain else substitute(written, self.values, at, self.problem)
        items = self.finished(items, at)
        if isinstance(items, dict):
            return [{"key": key, "value": value} for key, value in items.items()]
        if isinstance(items, list):
            return [{"value": one} if isinstance(one, dict | list) else {"key": one, "value": one} for one in items]
        if len(self.result.problems) == told:
            self.problem(at, f"for_each must be a list or a mapping, not {in_words(items)}")
        return []

    def one(self, data: Mapping[str, Any]) -> None:
        """One item of the document, in all its spaces."""
        scope = self.in_scope(data["when"]) if "when" in data else True
        if not scope:
            data = {key: value for key, value in data.items() if key != "spec"}
        if not self.document.plain:
            data = {
                key: value if key in ("kind", "when") else substitute(value, self.values, (key,), self.problem)
                for key, value in data.items()
            }
        addresses = self.addresses(data)
        if not scope:
            self.result.out_of_scope += addresses
            return
        parts: dict[str, Any] = {
            "spec": self.spec(data.get("spec")),
            "depends_on": self.depends_on(data.get("depends_on")),
            "protect": self.flag(data, "protect"),
            "adopt": self.flag(data, "adopt"),
            "moved_from": self.moved_from(data.get("moved_from"), addresses),
        }
        source = Source(self.path, self.document.line)
        secrets = () if self.document.plain else tuple(path for path, _ in placed_secrets(parts["spec"]))
        for address in addresses:
            self.result.resources.append(
                Resource(address=address, source=source, lines=self.document.lines, secrets=secrets, **parts)
            )

    def keys(self, data: Mapping[str, Any]) -> None:
        """Tell unknown keys and missing ones; an unknown key may be a slip of a missing one."""
        missing = [key for key in ("kind", "id", "spec") if data.get(key) is None]
        for key in data:
            if key not in KEYS:
                slip = nearest(key, missing)
                hint = did_you_mean(key, missing) or did_you_mean(key, KEYS)
                if not hint:
                    hint = "should it stand under spec?" if "spec" in missing else f"known: {', '.join(KEYS)}"
                self.problem((key,), f'unknown key "{key}"', hint)
                missing = [other for other in missing if other != slip]
        if missing:
            names = " and no ".join(f'"{key}"' for key in missing)
            self.problem(tuple(missing[:1]), f"the document has no {names}")

    def problem(self, at: Path, message: str, hint: str | None = None) -> None:
        lines = self.document.lines
        line = next((lines[at[:n]] for n in range(len(at), -1, -1) if at[:n] in lines), 0)
        problem = Problem(message, Source(self.path, line), hint)
        if not self.each or problem not in self.result.problems:  # told once, of however many items it is true
            self.result.problems.append(problem)

    def in_scope(self, when: Any) -> bool:
        if isinstance(when, bool):
            return when
        if not isinstance(when, str):
            self.problem(("when",), f"when must be an expression, not {in_words(when)}", "for example when: var.trial")
        elif "${" in when:
            self.problem(("when",), "when is an expression by itself", "write var.name instead of ${var.name}")
        else:
            try:
                return self.rules.holds(when, {"each": self.each} if self.each else {})
            except ValueError as error:
                hint = 'compare it, for example var.name == "text"' if "neither" in str(error) else None
                self.problem(("when",), f"when: {error}", hint)
        return True

    def addresses(self, data: Mapping[str, Any]) -> list[Address]:
        """Its address in each of its spaces; none where one of the parts is a mistake."""
        kind, name, space = data.get("kind"), data.get("id"), data.get("space")
        good = kind is not None
        if kind is not None and kind not in self.rules.kinds:
            good = False
            if isinstance(kind, str):
                hint = did_you_mean(kind, self.rules.kinds) or f"known: {', '.join(sorted(self.rules.kinds))}"
                self.problem(("kind",), f'there is no kind "{kind}"', hint)
            else:
                self.problem(("kind",), f"kind must be text, not {in_words(kind)}")
        good = self.text(("id",), "an id", name) and good
        spaces = space if isinstance(space, list) else [space]
        if not spaces:
            self.problem(("space",), "space names no space", "leave it out for the default space")
        for index, one in enumerate(spaces):
            at: Path = ("space", index) if isinstance(space, list) else ("space",)
            good = (one is None and not isinstance(space, list) or self.space(at, one)) and good
        found = [Address(str(kind), str(name), "" if one in (None, "default") else one) for one in spaces if good]
        for index, address in enumerate(found):
            if address in found[:index]:
                self.problem(("space", index), f'the space "{spaces[index]}" is named twice')
        return found

    def space(self, at: Path, space: Any) -> bool:
        if not self.text(at, "a space", space):
            return False
        if not re.fullmatch(r"[a-z0-9_-]+", space):
            self.problem(at, f'"{space}" cannot be the id of a space', "a-z, 0-9, _ and - are allowed")
            return False
        return True

    def text(self, at: Path, what: str, value: Any) -> bool:
        """Whether an id or a space is usable text; an id that is not there was told already."""
        if value is None and at == ("id",):
            return False
        if not isinstance(value, str):
            hint = f'write {at[0]}: "{value}"' if isinstance(value, int | float) else None
            self.problem(at, f"{at[0]} must be text, not {in_words(value)}", hint)
        elif not value or value != value.strip() or not value.isprintable() or "*" in value:
            self.problem(at, f"{json.dumps(value, ensure_ascii=False)} cannot be {what}")
        else:
            return True
        return False

    def flag(self, data: Mapping[str, Any], key: str) -> bool:
        value = data.get(key)
        if value is not None and not isinstance(value, bool):
            self.problem((key,), f"{key} must be true or false, not {in_words(value)}")
        return value is True

    def depends_on(self, written: Any) -> tuple[Address, ...]:
        if written is None:
            return ()
        if not isinstance(written, list):
            self.problem(("depends_on",), f"depends_on must be a list of addresses, not {in_words(written)}")
            return ()
        addresses = []
        for index, text in enumerate(written):
            if not isinstance(text, str):
                at = ("depends_on", index)
                self.problem(at, f"depends_on holds {in_words(text)}, not an address", 'write "kind/id"')
            elif address := self.parsed_address(text, ("depends_on", index)):
                addresses.append(address)
        return tuple(addresses)

    def moved_from(self, written: Any, addresses: list[Address]) -> Address | None:
        """The address under which the resource was written before."""
        if written is None:
            return None
        at = ("moved_from",)
        if len(addresses) > 1:
            self.problem(at, "moved_from names one resource, and this document makes one in each space")
            return None
        if not isinstance(written, str):
            self.problem(at, f"moved_from must be an address, not {in_words(written)}", 'write "kind/id"')
            return None
        before = self.parsed_address(written, at)
        if before is None or not addresses:
            return None
        address = addresses[0]
        if before == address:
            self.problem(at, f"{address} is where it is already", "leave moved_from out")
        elif before.kind != address.kind:
            self.problem(at, f"a {before.kind} cannot become a {address.kind}", "moved_from names the same kind")
        else:
            return before
        return None

    def parsed_address(self, text: str, at: Path) -> Address | None:
        try:
            address = Address.parse(text)
        except EsctlError as error:
            self.problem(at, error.problems[0].message, error.problems[0].hint)
            return None
        if address.kind not in self.rules.kinds:
            self.problem(at, f'there is no kind "{address.kind}"', did_you_mean(address.kind, self.rules.kinds))
        return replace(address, space="") if address.space == "default" else address

    def spec(self, spec: Any) -> dict[str, Any]:
        if spec is None:
            return {}
        if not isinstance(spec, dict):
            self.problem(("spec",), f"spec must be a mapping, not {in_words(spec)}")
            return {}
        finished = spec if self.document.plain else self.finished(spec, ("spec",))
        if not isinstance(finished, dict):
            self.problem(("spec",), f"spec must be a mapping, not {in_words(finished)}", "is parse: true missing?")
            return {}
        return finished

    def finished(self, data: Any, at: Path) -> Any:
        """`data` with its files read."""
        if isinstance(data, dict):
            if "$file" in data:
                return self.file(data, at)
            return {key: self.finished(value, (*at, key)) for key, value in data.items()}
        if isinstance(data, list):
            return [self.finished(value, (*at, index)) for index, value in enumerate(data)]
        return data

    def file(self, data: Mapping[str, Any], at: Path) -> Any:
        at = (*at, "$file")
        name, parse = data["$file"], data.get("parse", False)
        for key in data:
            if key not in ("$file", "parse"):
                self.problem((*at[:-1], key), f'unknown key "{key}" beside $file', did_you_mean(key, ["parse"]))
        if not isinstance(name, str) or not isinstance(parse, bool):
            self.problem(at, "$file must be a path, and parse true or false")
            return None
        path = self.rules.root / name
        if not path.resolve().is_relative_to(self.rules.root.resolve()):
            self.problem(at, f'$file: "{name}" is not below the project')
            return None
        if not path.is_file():
            near = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
            hint = did_you_mean(path.name, near) or "paths start at the project's root"
            self.problem(at, f'$file: there is no file "{name}"', hint)
            return None
        try:
            text = read_text(path, name)
            return self.parsed(text, name) if parse else text
        except ProjectError as error:
            self.result.problems += error.problems
        return None

    def parsed(self, text: str, name: str) -> Any:
        if name.endswith(".json"):
            try:
                return json.loads(text)
            except json.JSONDecodeError as error:
                raise ProjectError([Problem(f"not JSON: {error.msg}", Source(name, error.lineno))]) from None
        if not name.endswith((".yaml", ".yml")):
            raise ProjectError([Problem("$file parses .json, .yaml and .yml files only", Source(name))])
        documents = read_yaml(text, name)
        if len(documents) != 1:
            raise ProjectError([Problem(f"holds {len(documents)} documents, $file takes one", Source(name))])
        return documents[0].data
