"""The YAML reader: libyaml's nodes, resolved by the YAML 1.2 core schema, with the line of every key and item.

PyYAML's own rules (YAML 1.1) turn `on:` into True, `12:30` into 750 and `1e-5` into text. Here, after
https://yaml.org/spec/1.2.2/#103-core-schema: `on`, `no`, `12:30`, dates and `1_000` are text; `010` is 10, `0o17`
is 15, `1e-5` is a number. Beyond the core schema, merge keys (`<<`) are honoured. Keys are always text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from yaml._yaml import CParser

from ..errors import Problem, ProjectError, Source, did_you_mean
from ..model import Path

_PLAIN = "plain"  # the tag that scalars without quotes and without a tag get here
_TAG = "tag:yaml.org,2002:"
_TEXT, _LIST, _MAPPING = _TAG + "str", _TAG + "seq", _TAG + "map"
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"([-+]?)\.(inf|Inf|INF)")
_NOT_PLAIN = re.compile(r"[$\\]|\.inf|\.nan", re.IGNORECASE)
_NAN = frozenset({".nan", ".NaN", ".NAN"})

_DEPTH = 100
"""Deepest nesting that is read; no API body comes near, and libyaml recurses in C, where too deep means a crash."""
_ALIASED = 100_000
"""How many nodes aliases may add to a document before it is taken for an alias bomb."""


@dataclass(frozen=True)
class Document:
    """One YAML document: its data, the line of every key and list item by path (`()` is the document), its own line."""

    data: Any
    lines: dict[Path, int]
    line: int
    plain: bool = False
    """True where nothing in the file can be a reference (`${…}`), a `$file` or a number that JSON lacks."""


def plain_scalar(text: str) -> str | int | float | bool | None:
    """What an unquoted scalar means in the YAML 1.2 core schema."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if text[0] not in "0123456789+-.":
        return text
    if _INT.fullmatch(text):
        if text[1:2] in ("o", "x"):
            return int(text[2:], 8 if text[1] == "o" else 16)
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if infinite := _INFINITE.fullmatch(text):
        return float(infinite[1] + "inf")
    return float("nan") if text in _NAN else text


def read_yaml(text: str, path: str, lines: Sequence[int] | None = None) -> list[Document]:
    """Read every document of `text`; empty ones are left out.

    `lines`, where the text was rendered from a template, holds for each of its lines (from 0) the line to tell instead.
    Raises ProjectError: a syntax error ends the reading, mistakes of content (a key written twice) are told together.
    """
    text = text.removeprefix("\ufeff")
    if too_deep := _too_deep(text):
        raise ProjectError([Problem(f"nested deeper than {_DEPTH} levels", _source(path, too_deep, lines))])
    problems: list[Problem] = []
    documents = []
    plain = not _NOT_PLAIN.search(text)
    try:
        parser = _Nodes(text)
        while parser.check_node():
            node = parser.get_node()
            if node is None:
                continue
            reading = _Reading(path, lines, problems, len(text) + _ALIASED)
            line = reading.line(node)
            reading.lines[()] = line
            try:
                data = reading.data(node, ())
            except _TooMany:
                problems.append(Problem("its aliases expand to too many values", Source(path, line)))
                continue
            if data is not None:
                documents.append(Document(data, reading.lines, line, plain))
    except yaml.reader.ReaderError as error:
        before = text[: error.position] if isinstance(error.position, int) else ""
        where = _source(path, before.count("\n") + 1, lines)
        raise ProjectError([*problems, Problem(f"not YAML: {error.reason}", where)]) from None
    except yaml.MarkedYAMLError as error:
        raise ProjectError([*problems, _syntax_problem(error, text, path, lines)]) from None
    if problems:
        raise ProjectError(problems)
    return documents


def _source(path: str, line: int, lines: Sequence[int] | None) -> Source:
    if lines:
        line = lines[min(line, len(lines)) - 1]
    return Source(path, line)


def _syntax_problem(error: yaml.MarkedYAMLError, text: str, path: str, lines: Sequence[int] | None) -> Problem:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 0
    said = error.problem or error.context or "syntax error"
    if error.context_mark and error.context and mark and error.context_mark.line != mark.line:
        said += f" ({error.context} that starts on line {_source(path, error.context_mark.line + 1, lines).line})"
    written = text.splitlines()
    near = "".join(written[max(0, line - 2) : line])
    hint = None
    if re.search(r"[{\[].*[^\"'$]\$\{", near):
        hint = 'inside { } and [ ] a value needs quotes: "${…}"'
    elif re.match(r"\s*\t", written[line - 1] if 0 < line <= len(written) else ""):
        hint = "indent with spaces, not tabs"
    elif said.startswith("mapping values are not allowed"):
        hint = 'text that holds ": " needs quotes'
    elif "cannot start any token" in said or "did not find expected alphabetic" in said:
        hint = "text that starts with one of @ ` % & * ! | > needs quotes"
    return Problem(f"not YAML: {said}", _source(path, line, lines), hint)


def _too_deep(text: str) -> int | None:
    """The line on which nesting passes the limit; None where it does not. Counts only where it could."""
    # no line opens more block levels than its indentation is long
    block = max(map(len, re.findall(r"(?m)^[ ?:-]*", text)), default=0)
    if text.count("[") + text.count("{") + block < _DEPTH:
        return None
    depth = 0
    try:
        for event in yaml.parse(text, yaml.CLoader):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > _DEPTH:
                    return int(event.start_mark.line) + 1  # type: ignore[union-attr]
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
    except yaml.YAMLError:
        pass  # the reading proper tells it, in its own words
    return None


class _Nodes(CParser):
    """libyaml's composer; it tells plain scalars from quoted ones and leaves their meaning to us."""

    def resolve(self, kind: type, value: Any, implicit: Any) -> str:
        if kind is yaml.ScalarNode:
            return _PLAIN if implicit[0] else _TEXT
        return _LIST if kind is yaml.SequenceNode else _MAPPING

    def descend_resolver(self, parent: Any, index: Any) -> None: ...

    def ascend_resolver(self) -> None: ...


class _TooMany(Exception):
    pass


class _Reading:
    """One document on its way from nodes to data."""

    def __init__(self, path: str, lines: Sequence[int] | None, problems: list[Problem], budget: int) -> None:
        self.path = path
        self.rendered = lines
        self.problems = problems
        self.budget = budget
        self.lines: dict[Path, int] = {}
        self.open: set[int] = set()

    def line(self, node: yaml.Node) -> int:
        line = int(node.start_mark.line) + 1
        return self.rendered[min(line, len(self.rendered)) - 1] if self.rendered else line

    def problem(self, node: yaml.Node, message: str, hint: str | None = None) -> None:
        self.problems.append(Problem(message, Source(self.path, self.line(node)), hint))

    def data(self, node: yaml.Node, at: Path) -> Any:
        self.budget -= 1
        if self.budget < 0 or len(at) > 2 * _DEPTH:
            raise _TooMany
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        if id(node) in self.open:
            self.problem(node, "an alias stands inside what it names")
            return None
        self.open.add(id(node))
        try:
            return self.mapping(node, at) if isinstance(node, yaml.MappingNode) else self.sequence(node, at)
        finally:
            self.open.discard(id(node))

    def sequence(self, node: yaml.Node, at: Path) -> list[Any]:
        if node.tag != _LIST:
            self.unknown_tag(node, ("seq",))
        items = []
        for index, item in enumerate(node.value):
            place = (*at, index)
            self.lines[place] = self.line(item)
            items.append(self.data(item, place))
        return items

    def mapping(self, node: yaml.MappingNode, at: Path) -> dict[str, Any]:
        if node.tag != _MAPPING:
            self.unknown_tag(node, ("map",))
        data: dict[str, Any] = {}
        for name, (key, child) in self.pairs(node, set()).items():
            place = (*at, name)
            self.lines[place] = self.line(key)
            data[name] = self.data(child, place)
        return data

    def pairs(self, node: yaml.MappingNode, merging: set[int]) -> dict[str, tuple[yaml.ScalarNode, yaml.Node]]:
        """The pairs of a mapping: its own in order, then those that merge keys bring and it lacks."""
        own: dict[str, tuple[yaml.ScalarNode, yaml.Node]] = {}
        merges: list[yaml.Node] = []
        merged_on = 0
        for key, child in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.problem(key, "a key must be text", "a list or mapping cannot be a key; is a quote missing?")
            elif key.tag == _PLAIN and key.value == "<<":
                if merged_on:
                    self.problem(key, f'"<<" is written twice (first on line {merged_on})', "write <<: [*one, *two]")
                merged_on = self.line(key)
                merges.append(child)
            elif key.tag == _PLAIN and key.value in _NULL:
                self.problem(key, "a key must be text", f'write "{key.value}" in quotes' if key.value else None)
            elif key.value in own:
                first = self.line(own[key.value][0])
                self.problem(key, f'"{key.value}" is written twice (first on line {first})')
            else:
                own[key.value] = (key, child)
        for merge in merges:
            for source in self.merge_sources(merge):
                if id(source) in merging or source is node:
                    self.problem(merge, "an alias stands inside what it names")
                    continue
                for name, pair in self.pairs(source, merging | {id(node)}).items():
                    own.setdefault(name, pair)
        return own

    def merge_sources(self, node: yaml.Node) -> Iterator[yaml.MappingNode]:
        for source in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            self.budget -= 1
            if self.budget < 0:
                raise _TooMany
            if isinstance(source, yaml.MappingNode):
                yield source
            else:
                self.problem(source, '"<<" takes a mapping, or a list of mappings', "for example <<: *base")

    def scalar(self, node: yaml.ScalarNode) -> Any:
        value = node.value
        if node.tag == _TEXT:
            return value
        try:
            plain = plain_scalar(value)
        except ValueError:  # more digits than Python reads
            self.problem(node, "a number of so many digits cannot be read", "write it in quotes")
            return None
        if node.tag == _PLAIN:
            return plain
        wanted = node.tag.removeprefix(_TAG)
        if wanted == "float" and isinstance(plain, int) and not isinstance(plain, bool):
            return float(plain)
        kinds: dict[str, type | tuple[type, ...]] = {"int": int, "float": float, "bool": bool, "null": type(None)}
        if wanted not in kinds:
            self.unknown_tag(node, ("str", *kinds))
        elif not isinstance(plain, kinds[wanted]) or (wanted == "int" and isinstance(plain, bool)):
            self.problem(node, f'"{value}" is not !!{wanted}')
        return plain

    def unknown_tag(self, node: yaml.Node, known: tuple[str, ...]) -> None:
        tag = node.tag.replace(_TAG, "!!")
        self.problem(node, f'unknown tag "{tag}"', did_you_mean(tag, [f"!!{name}" for name in known]))
