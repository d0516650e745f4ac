"""Seed documents as people write them: lists, NDJSON and CSV → `{_id: document}`."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterator
from typing import Any

from ..errors import did_you_mean
from ..model import Body

Complain = Callable[[str, int | None, str | None], None]
"""Told of each mistake: what is wrong, the number of the line or entry (from 1), what was probably meant."""

_LONGEST_ID = 512  # bytes; Elasticsearch's own limit


def _boolean(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def _number(of: Callable[[str], Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        value = of(text)
        if not math.isfinite(value) or "_" in text:  # what Python reads beyond JSON
            raise ValueError(text)
        return value

    return read


def _json(text: str) -> Any:
    return json.loads(text, parse_constant=_no_constant)


def _no_constant(name: str) -> Any:
    raise json.JSONDecodeError(f"{name} is no number of JSON", name, 0)


TYPES: dict[str, Callable[[str], Any]] = {
    "text": str,
    "keyword": str,
    "date": str,
    "long": _number(int),
    "integer": _number(int),
    "double": _number(float),
    "float": _number(float),
    "boolean": _boolean,
    "json": _json,
}
"""What a column's header may name behind a colon (`population:long`): a type of Elasticsearch, or json for the rest."""


def from_list(entries: Any, id_field: str | None, complain: Complain) -> dict[str, Body]:
    """A list of documents, each with `_id` (which is taken out) or with the field that stands for it."""
    numbered = list(enumerate(entries, 1)) if isinstance(entries, list) else []
    if not isinstance(entries, list):
        complain("documents are a list", None, "[{_id: one, name: …}]")
    return _by_id(numbered, id_field, complain)


def from_ndjson(text: str, id_field: str | None, complain: Complain) -> dict[str, Body]:
    """One JSON object a line; empty lines are passed over."""

    def entries() -> Iterator[tuple[int, Any]]:
        # Not splitlines: a JSON string may hold what Unicode calls a line's end (U+0085, U+2028).
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                try:
                    yield number, _json(line)
                except json.JSONDecodeError as error:
                    complain(f"line {number} is no JSON: {error.msg} (column {error.colno})", number, None)

    return _by_id(entries(), id_field, complain)


def from_csv(text: str, delimiter: str, id_field: str | None, complain: Complain) -> dict[str, Body]:
    """A header, then a row for each document. An empty cell is no field; `name:type` in the header gives a type.

    Without a type a cell stays text, which the index's mapping reads as it reads any text ("42" is a number to a field
    of type long).
    """
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    header = next(reader, None)
    if not header:
        complain("the CSV has no header", 1, "the first line names the fields: _id,name,population:long")
        return {}
    columns: list[tuple[str, Callable[[str], Any], str]] = []
    for cell in header:
        name, colon, kind = cell.strip().rpartition(":")
        if not colon:
            name, kind = cell.strip(), "text"
        if kind not in TYPES:
            complain(f'column "{name}": there is no type "{kind}"', 1, did_you_mean(kind, TYPES) or ", ".join(TYPES))
            kind = "text"
        columns.append((name, TYPES[kind], kind))
    for name in {name for name, _, _ in columns if [other for other, _, _ in columns].count(name) > 1}:
        complain(f'two columns are called "{name}"', 1, None)

    def entries() -> Iterator[tuple[int, Any]]:
        for row in reader:
            number = reader.line_num
            if not row:
                continue
            if len(row) != len(columns):
                complain(f"line {number} has {len(row)} cells, the header has {len(columns)}", number, None)
                continue
            document: Body = {}
            for (name, convert, kind), cell in zip(columns, row, strict=True):
                if cell == "":
                    continue
                try:
                    document[name] = convert(cell)
                except (ValueError, KeyError):
                    complain(f'line {number}: "{cell}" in column "{name}" is no {kind}', number, None)
            yield number, document

    return _by_id(entries(), id_field, complain)


def _by_id(entries: Any, id_field: str | None, complain: Complain) -> dict[str, Body]:
    found: dict[str, Body] = {}
    first: dict[str, int] = {}
    for number, entry in entries:
        if not isinstance(entry, dict):
            complain(f"document {number} is no object", number, None)
            continue
        document = {key: value for key, value in entry.items() if key != "_id"}
        id = entry.get("_id", document.get(id_field) if id_field else None)
        if isinstance(id, bool) or not isinstance(id, str | int) or id == "":
            hint = f'nor in "{id_field}"' if id_field else "or name the field that stands for it: id_field"
            complain(f"document {number} has no _id", number, hint)
            continue
        name = str(id)
        if len(name.encode()) > _LONGEST_ID:
            complain(f"document {number}: its _id is longer than {_LONGEST_ID} bytes", number, None)
        elif name in first:
            complain(f'document {number}: the _id "{name}" was there already, at {first[name]}', number, None)
        else:
            if metadata := sorted(key for key in document if key.startswith("_")):
                complain(
                    f"document {number}: {metadata[0]} is no field of a document", number, "only _id stands beside them"
                )
            first[name] = number
            found[name] = document
    return found
