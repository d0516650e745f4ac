"""Changes single values in a user's YAML file: every other character stays as it was written.

The text of a value is replaced where it stands; nothing is written anew but what changes, so comments, order, quotes,
line ends and the width of lines are kept. After each step the file is read again: it must hold exactly what was meant,
in this document and in all others, or the step is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from ..errors import EsctlError, ProjectError
from ..model import Path
from .edits import Edit, Set, aligned, applied, edits_between, same
from .emit import Nodes, dump
from .layout import Spot, layout
from .write import rank
from .yaml import read_yaml


class CannotEdit(EsctlError):
    """This value cannot be changed here without changing something else; the message says why."""


def edited(text: str, document: int, edits: Sequence[Edit]) -> str:
    """`text` with `edits` made in its document number `document`, from 0. Raises CannotEdit, with none of them made."""
    for edit in edits:
        text = _checked(text, document, edit)
    return text


def allowing(text: str, line: int, rules: Sequence[str]) -> str:
    """`text` with a comment that allows these rules on a line (from 1); `text` itself where no comment can stand."""
    lines = text.splitlines(keepends=True)
    ended = lines[line - 1].rstrip("\r\n")
    lines[line - 1] = f"{ended}  # esctl: allow {', '.join(rules)}{lines[line - 1][len(ended) :]}"
    changed = "".join(lines)
    try:
        kept = same([one.data for one in read_yaml(text, "")], [one.data for one in read_yaml(changed, "")])
    except ProjectError:
        return text
    return changed if kept else text


def _checked(text: str, document: int, edit: Edit) -> str:
    before = [one.data for one in read_yaml(text, "")]
    wanted = [*before]
    wanted[document] = applied(before[document], [edit])
    problem = CannotEdit("it cannot be changed here")
    for literal in (True, False):  # what follows a block scalar (an indented comment, say) may become part of it
        changed = _Editor(text, document, before[document], literal=literal).made(edit)
        try:
            after = [one.data for one in read_yaml(changed, "")]
        except ProjectError as error:
            problem = CannotEdit(f"the file would no longer be YAML ({error.problems[0].message})")
            continue
        if same(after, wanted):
            return changed
        problem = CannotEdit("the change would reach further than this one value")
    raise problem


class _Editor:
    """One edit in one text."""

    def __init__(self, text: str, document: int, data: Any, *, literal: bool = True) -> None:
        self.text, self.document, self.data = text, document, data
        self.nodes = Nodes(literal=literal)
        self.eol = "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"

    def made(self, edit: Edit) -> str:
        if isinstance(edit, Set):
            return self.set(edit.path, edit.value)
        return self.remove(edit.path)

    def root(self) -> Spot:
        return layout(self.text)[self.document]

    def value_at(self, path: Path) -> Any:
        value = self.data
        for key in path:
            value = value[key]
        return value

    def holder(self, path: Path) -> tuple[Spot, int]:
        """What holds the last part of `path`, and its column; aliases on the way are written out."""
        root = self.root()
        shared = {spot.text for spot in root.spots() if spot.kind == "alias"}
        spot, column = root, self.column(root)
        for length, key in enumerate(path[:-1]):
            if spot.anchor in shared:
                raise CannotEdit(f"it stands below the anchor &{spot.anchor}, which aliases repeat elsewhere")
            below = path[: length + 1]
            child = self.child(spot, key)
            if child is None or child.kind == "alias":
                self.text = self.written_out(spot, below, column)
                return self.holder(path)
            spot, column = child, self.column(child)
        if spot.anchor in shared:
            raise CannotEdit(f"it stands below the anchor &{spot.anchor}, which aliases repeat elsewhere")
        return spot, column

    def child(self, spot: Spot, key: str | int) -> Spot | None:
        if spot.kind == "list":
            return spot.items[int(key)] if int(key) < len(spot.items) else None
        pair = spot.pair(str(key))
        return pair[1] if pair else None

    def written_out(self, holder: Spot, path: Path, column: int) -> str:
        """The text with an alias replaced by what it stands for, or a merged key written beside the merge."""
        value = self.value_at(path)
        child = self.child(holder, path[-1])
        if child is None:
            return self.insert(holder, column, str(path[-1]), value)
        return self.replaced(holder, path[-1], child, value, column)

    def set(self, path: Path, value: Any) -> str:
        if not path:
            raise CannotEdit("the whole document would change")
        holder, column = self.holder(path)
        key = path[-1]
        child = self.child(holder, key)
        if child is None:
            if holder.kind == "list":
                raise CannotEdit("an item of a list is missing")
            return self.insert(holder, column, str(key), value)
        if child.anchor and any(s.kind == "alias" and s.text == child.anchor for s in self.root().spots()):
            raise CannotEdit(f"it has the anchor &{child.anchor}, which aliases repeat elsewhere")
        deeper = isinstance(value, dict | list) and child.kind in ("map", "list")
        if not deeper:
            self.unshared(child)
        if child.kind == "list" and isinstance(value, list) and child.items and value:
            return self.relisted(path, child, value)
        if child.kind == "map" and isinstance(value, dict) and child.pairs and value:
            return edited(self.text, self.document, edits_between(self.value_at(path), value, path))
        return self.replaced(holder, key, child, value, column)

    def unshared(self, child: Spot) -> None:
        """Raises CannotEdit where the text of `child` holds an anchor that aliases outside of it repeat."""
        inside = {id(spot) for spot in child.spots()}
        used = {spot.text for spot in self.root().spots() if spot.kind == "alias" and id(spot) not in inside}
        for spot in child.spots():
            if spot.anchor in used:
                raise CannotEdit(f"it holds the anchor &{spot.anchor}, which aliases repeat elsewhere")

    def relisted(self, path: Path, spot: Spot, value: list[Any]) -> str:
        """A list with items added, removed and changed; those that stay keep their text."""
        old = self.value_at(path)
        text = self.text
        for at, have, want in reversed(aligned(old, value)):  # from the end, so that earlier positions stay true
            if have is None and want is not None:
                text = self._again(text).insert_item(path, at, want[0])
            elif want is None:
                text = self._again(text).remove_item(path, at)
            elif have is not None:
                text = edited(text, self.document, edits_between(have[0], want[0], (*path, at)))
        return text

    def _again(self, text: str) -> _Editor:
        data = read_yaml(text, "")[self.document].data
        return _Editor(text, self.document, data, literal=self.nodes.literal)

    # Text.

    def column(self, spot: Spot) -> int:
        """The column of a mapping's keys, or of a list's dashes."""
        start = spot.start
        if spot.kind == "list" and not spot.flow:
            start = self.text.rfind("-", 0, spot.items[0].start) if spot.items else start
            if spot.items and spot.items[0].anchor:
                start = spot.start
        return start - self.line_start(start)

    def line_start(self, position: int) -> int:
        return max(self.text.rfind("\n", 0, position), self.text.rfind("\r", 0, position)) + 1

    def line_end(self, position: int) -> int:
        """The position behind the line's break."""
        found = re.compile(r"\r\n|\n|\r|\Z").search(self.text, position)
        assert found is not None
        return found.end()

    def entry(self, key: str, value: Any, column: int) -> str:
        """`key: value`, as block YAML whose first line stands at `column` already."""
        return self._indented(dump(self.nodes.node({key: value}, column, ("",), "")).rstrip("\n"), column)

    def item(self, value: Any, column: int) -> str:
        """`- value`."""
        wrapped = dump(self.nodes.node({"x": [value]}, column, (), "")).rstrip("\n")
        first, *rest = wrapped.split("\n")
        lines = [line[2:] for line in rest] if rest else ["- " + first.removeprefix("x: [").removesuffix("]")]
        return self._indented("\n".join(lines), column)

    def _indented(self, text: str, column: int) -> str:
        pad = " " * column
        return text.replace("\n", self.eol + pad)

    @staticmethod
    def inline(value: Any) -> str:
        """A value on one line, as it stands inside `{}` and `[]`."""
        text = dump(Nodes().node([value], 0, (), "", flow=True)).strip()
        return text[1:-1]

    def replaced(self, holder: Spot, key: str | int, child: Spot, value: Any, column: int) -> str:
        text = self.text
        if holder.flow:
            return text[: child.start] + self._gap(child) + _like(child, value, self.inline(value)) + text[child.end :]
        plain = child.kind in ("scalar", "alias") and child.style not in ("|", ">")
        if plain and not isinstance(value, dict | list) and "\n" not in str(value):
            return text[: child.start] + self._gap(child) + _like(child, value, self.inline(value)) + text[child.end :]
        if holder.kind == "list":
            dash = text.rfind("-", 0, child.start)
            return text[:dash] + self._commented(self.item(value, column), child.end)
        pair = holder.pair(str(key))
        assert pair is not None
        entry = self.entry(str(key), value, column)
        name = text[pair[0].start : pair[0].end]
        return text[: pair[0].start] + name + self._commented(_after_key(entry), child.end)

    def _commented(self, new: str, end: int) -> str:
        """`new` and all that follows `end`; a comment on that line stays on the first line of what is new."""
        comment = re.compile(r"[^\r\n]*").match(self.text, end)
        assert comment is not None
        first, eol, rest = new.partition(self.eol)
        return first + comment[0] + eol + rest + self.text[comment.end() :]

    def _gap(self, child: Spot) -> str:
        """The space that an empty value lacks behind its colon."""
        return "" if child.end > child.start or self.text[child.start - 1] in " \t" else " "

    def insert(self, holder: Spot, column: int, key: str, value: Any) -> str:
        text = self.text
        if holder.flow or not holder.pairs:
            inner = self.inline({key: value})[1:-1]
            if holder.pairs:
                at = holder.pairs[-1][1].end
                return text[:at] + ", " + inner + text[at:]
            return text[: holder.start] + "{" + inner + "}" + text[holder.end :]
        written = [k.text for k, _ in holder.pairs]
        before = [name for name in written if rank(name) <= rank(key)] or written
        pair = holder.pair(before[-1])
        assert pair is not None
        at = self.line_end(pair[1].end)
        new = " " * column + self.entry(key, value, column) + self.eol
        if at == len(text) and not text.endswith(("\n", "\r")):
            new = self.eol + new.removesuffix(self.eol)
        return text[:at] + new + text[at:]

    def insert_item(self, path: Path, index: int, value: Any) -> str:
        spot = self._list(path)
        text = self.text
        if spot.flow:
            if index < len(spot.items):
                at = spot.items[index].start
                return text[:at] + self.inline(value) + ", " + text[at:]
            at = spot.items[-1].end
            return text[:at] + ", " + self.inline(value) + text[at:]
        column = self.column(spot)
        new = " " * column + self.item(value, column) + self.eol
        if index < len(spot.items):
            dash = text.rfind("-", 0, spot.items[index].start)
            at = self.line_start(dash)
            if text[at:dash].strip():  # `key: - x` does not exist, but `- - x` does
                raise CannotEdit("a list begins on the line of the list that holds it")
            return text[:at] + new + text[at:]
        at = self.line_end(spot.items[-1].end)
        if at == len(text) and not text.endswith(("\n", "\r")):
            new = self.eol + new.removesuffix(self.eol)
        return text[:at] + new + text[at:]

    def remove_item(self, path: Path, index: int) -> str:
        spot = self._list(path)
        text = self.text
        item = spot.items[index]
        self.unshared(item)
        if spot.flow:
            return self._without_flow([(i.start, i.end) for i in spot.items], index)
        dash = text.rfind("-", 0, item.start)
        start = self.line_start(dash)
        if text[start:dash].strip():
            raise CannotEdit("a list begins on the line of the list that holds it")
        return text[:start] + text[self.line_end(item.end) :]

    def _list(self, path: Path) -> Spot:
        holder, _ = self.holder((*path, 0))
        if holder.kind != "list" or not holder.items:
            raise CannotEdit("it is no list here")
        return holder

    def _without_flow(self, places: list[tuple[int, int]], index: int) -> str:
        text = self.text
        if len(places) == 1:
            return text[: places[0][0]] + text[places[0][1] :]
        if index + 1 < len(places):
            return text[: places[index][0]] + text[places[index + 1][0] :]
        return text[: places[index - 1][1]] + text[places[index][1] :]

    def remove(self, path: Path) -> str:
        holder, column = self.holder(path)
        key = path[-1]
        if holder.kind == "list":
            return self.remove_item(path[:-1], int(key))
        pair = holder.pair(str(key))
        text = self.text
        if pair is None:
            return self.unmerged(holder, column, path)
        self.unshared(pair[1])
        if holder.flow:
            places = [(k.start, v.end) for k, v in holder.pairs]
            return self._without_flow(places, next(n for n, (k, _) in enumerate(holder.pairs) if k is pair[0]))
        if len(holder.pairs) == 1:
            return self.set(path[:-1], {})
        start, position = self.line_start(pair[0].start), holder.pairs.index(pair)
        if text[start : pair[0].start].strip():  # `- key: …`: the next key takes its place beside the dash
            return text[: pair[0].start] + text[holder.pairs[position + 1][0].start :]
        return text[:start] + text[self.line_end(pair[1].end) :]

    def unmerged(self, holder: Spot, column: int, path: Path) -> str:
        """A key that `<<` brings cannot be taken away: what the merge brings is written out instead."""
        merge = holder.pair("<<")
        if merge is None or holder.flow:
            raise CannotEdit(f'"{path[-1]}" is not written here')
        own = {key.text for key, _ in holder.pairs}
        brought = {k: v for k, v in self.value_at(path[:-1]).items() if k not in own and k != path[-1]}
        entries = [self.entry(key, value, column) for key, value in brought.items()]
        new = (self.eol + " " * column).join(entries)
        if not entries:
            start = self.line_start(merge[0].start)
            return self.text[:start] + self.text[self.line_end(merge[1].end) :]
        return self.text[: merge[0].start] + new + self.text[merge[1].end :]


def _after_key(entry: str) -> str:
    """What stands behind the key of `key: value`, from the colon on."""
    quoted = re.match(r'"(?:[^"\\]|\\.)*"|\'(?:[^\']|\'\')*\'', entry)
    at = quoted.end() if quoted else re.search(r":(?= |$|\r|\n)", entry).start()  # type: ignore[union-attr]
    return entry[at:]


def _like(child: Spot, value: Any, inline: str) -> str:
    """The new text in the quotes of the old one, where both are text."""
    if not isinstance(value, str) or child.kind != "scalar" or child.style not in ("'", '"'):
        return inline
    if child.style == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    return json.dumps(value, ensure_ascii=False) if value.isprintable() else inline
