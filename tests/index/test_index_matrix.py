"""What `kinds.changes` says of a change, against what real servers did with it: every pair that was measured.

`matrix_rows.json` holds the answers of 9.5.3 and 8.19.21 themselves (see matrix_rows.py), not the matrix that the
package carries: each can show the other to be wrong.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from esctl.kinds import changes
from esctl.kinds.differences import differences
from esctl.kinds.index import INDEX
from esctl.model import Capabilities, Consequence, Difference

NOW, OLDER = Capabilities(version=(9, 5, 3)), Capabilities(version=(8, 19, 21))
SERVERS = {"9.5": NOW, "8.19": OLDER}
ABSENT = "(absent)"


@cache
def rows() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((Path(__file__).parent / "matrix_rows.json").read_text(encoding="utf-8"))
    return found


def pairs(grid: str) -> Iterator[tuple[int, int, str]]:
    for a, line in enumerate(grid.split(" ")):
        for b, letter in enumerate(line):
            if letter != ".":
                yield a, b, letter


def verdicts(before: dict[str, Any], after: dict[str, Any], server: Capabilities) -> set[str]:
    """What is said of going from one mapping, as read, to another, as written."""
    old, new = (INDEX.normalise({"mappings": side}, server).get("mappings", {}) for side in (before, after))
    return {changes.mapping(one, old, new, server) for one in differences(old, new)}


def agrees(letter: str, said: set[str], *, unseen: bool = False) -> bool:
    """Whether what was said is what was measured; `unknown` and an unfounded `remake` never are.

    `unseen`: servers never show what is written, so that it reads like nothing written, and nothing is sent for it.
    """
    if unseen and said <= {"stays"}:
        return True
    match letter:
        case "r":
            return "remake" in said
        case "g":
            return bool(said) and said <= {"stays", "ignored"}
        case "m" | "o":
            return said == {"in place", "stays"}
        case "i":
            return said <= {"in place", "dangerous"}
    return said <= {"in place", "stays", "ignored"}  # s: nothing to be done, and nothing made of it


def unseen(values: list[Any], shown: list[Any], *both: int) -> bool:
    """Whether servers do not show one of the two values, though it was written."""
    return any(values[n] is not None and shown[n] == ABSENT for n in both)


def field(kind: str, beside: dict[str, Any], parameter: str, value: Any) -> dict[str, Any]:
    whole = {"type": kind, **beside, **({} if value is None else {parameter: value})}
    return {"properties": {"f": {name: part for name, part in whole.items() if part != ABSENT}}}


@pytest.mark.parametrize("version", SERVERS)
def test_parameters_of_fields(version: str) -> None:
    wrong, tried = [], 0
    for row in rows()["fields"]:
        for a, b, letter in pairs(row.get(version, "")):
            shown = row["shown"][version]
            before = field(row["type"], row["beside"], row["parameter"], shown[a])
            after = field(row["type"], row["beside"], row["parameter"], row["values"][b])
            said = verdicts(before, after, SERVERS[version])
            tried += 1
            if not agrees(letter, said, unseen=unseen(row["values"], shown, a, b)):
                wrong.append((row["type"], row["parameter"], shown[a], row["values"][b], letter, said))
    assert not wrong, f"{len(wrong)} of {tried}"
    assert tried > 3500


@pytest.mark.parametrize("version", SERVERS)
def test_types(version: str) -> None:
    bodies = rows()["types"]["bodies"]
    names, wrong = list(bodies), []
    for a, b, letter in pairs(rows()["types"][version]):
        before, after = ({"properties": {"f": bodies[names[n]]}} for n in (a, b))
        if not agrees(letter, verdicts(before, after, SERVERS[version])):
            wrong.append((names[a], names[b], letter, verdicts(before, after, SERVERS[version])))
    assert not wrong


@pytest.mark.parametrize("version", SERVERS)
def test_keys_at_the_root(version: str) -> None:
    wrong, tried = [], 0
    base = {"properties": {"k": {"type": "keyword"}}}
    for row in rows()["root"]:
        shown = row["shown"][version]
        for a, b, letter in pairs(row.get(version, "")):
            before = base if shown[a] == ABSENT else {**base, row["key"]: shown[a]}
            after = base if row["values"][b] is None else {**base, row["key"]: row["values"][b]}
            said = verdicts(before, after, SERVERS[version])
            tried += 1
            empty_meta = row["key"] == "_meta" and {} in (shown[a], row["values"][b])  # it always bears a mark
            if not agrees(letter, said, unseen=unseen(row["values"], shown, a, b)) and not empty_meta:
                wrong.append((row["key"], shown[a], row["values"][b], letter, said))
    assert not wrong, f"{len(wrong)} of {tried}"
    assert tried > 200


@pytest.mark.parametrize("version", SERVERS)
def test_how_vectors_are_indexed(version: str) -> None:
    wrong = []
    for row in rows()["vectors"]:
        beside = {"dims": row["dims"], "element_type": row["element"]}
        for a, b, letter in pairs(row.get(version, "")):
            if a == 0 and row["shown"][0] != ABSENT:
                continue  # what is shown where nothing was written is a row of its own
            before = field("dense_vector", beside, "index_options", row["shown"][a])
            after = field("dense_vector", beside, "index_options", row["values"][b])
            said = verdicts(before, after, SERVERS[version])
            if b and not agrees(letter, said):
                wrong.append((row["element"], row["shown"][a], row["values"][b], letter, said))
    assert not wrong


@pytest.mark.parametrize("version", SERVERS)
def test_options_of_vector_indices(version: str) -> None:
    wrong = []
    for label, a, b, now, older in rows()["options"]:
        measured = now if version == "9.5" else older
        if measured.startswith("invalid"):
            continue
        before, after = (field("dense_vector", {"dims": 64}, "index_options", side) for side in (a, b))
        said = verdicts(before, after, SERVERS[version])
        if not agrees("r" if measured.startswith("rejected") else "i", said):
            wrong.append((label, measured, said))
    assert not wrong


@pytest.mark.parametrize("version", SERVERS)
def test_shapes(version: str) -> None:
    """Fields added, left out and turned into objects; a body that no index takes is for `validate` and the server."""
    wrong, tried = [], 0
    for label, before, sent, now, older in rows()["shape"]:
        measured = now if version == "9.5" else older
        unmapped = label.startswith("no mapping yet")
        old, new = (
            INDEX.normalise({"mappings": side or {}}, SERVERS[version]).get("mappings", {}) for side in (before, sent)
        )
        said = {changes.mapping(d, old, new, SERVERS[version], unmapped=unmapped) for d in differences(old, new)}
        tried += 1
        if measured == "in_place" and "remake" in said:
            wrong.append((label, measured, said))
        if measured == "ignored" and not said <= {"stays", "ignored", "unknown"}:
            wrong.append((label, measured, said))
        if measured == "rejected" and ("→" in label or "type changed" in label) and "remake" not in said:
            wrong.append((label, measured, said))
    assert not wrong
    assert tried > 60


SAID = {
    "dynamic": {"in place"},
    "closed": {"reopen"},
    "final": {"remake"},
    "internal": {"remake"},
    "private": {"refused"},
    "removed": {"refused"},
    "refused": {"refused"},
    "unknown": {"unknown"},
    None: {"unknown"},
}
NOT_HERE = ("index.lifecycle.",)  # the measured servers have no lifecycles


@pytest.mark.parametrize(("version", "place"), [("9.5", 0), ("8.19", 1)])
def test_settings(version: str, place: int) -> None:
    wrong = [
        (name, measured[place], said)
        for name, measured in rows()["settings"].items()
        if (said := changes.setting(name, SERVERS[version])) not in SAID[measured[place]]
        and not name.startswith(NOT_HERE)
    ]
    assert not wrong


def test_what_was_never_measured_is_unknown_and_named() -> None:
    before = {"mappings": {"properties": {"w": {"type": "wildcard", "ignore_above": 5}}}, "settings": {}}
    after = {
        "mappings": {"properties": {"w": {"type": "wildcard", "ignore_above": 9}}},
        "settings": {"index.novel": "1"},
    }
    cost = INDEX.cost(before, after, NOW)
    assert cost.consequence is Consequence.INSTANT
    for place in ("mappings.properties.w.ignore_above", "settings.index.novel"):
        assert f"{place} was never measured" in cost.words
    assert changes.setting("index.novel", NOW) == "unknown"


def test_the_type_of_a_field_is_final_also_where_it_was_not_measured() -> None:
    """As Elastic's documentation of "Update mapping" says: otherwise an apply would fail at the server for ever."""
    for kind in ("wildcard", "constant_keyword", "semantic_text", "geo_shape", "scaled_float"):
        difference = Difference(("properties", "f", "type"), "keyword", kind)
        fields = ({"properties": {"f": {"type": one}}} for one in ("keyword", kind))
        assert changes.mapping(difference, *fields, NOW) == "remake"


def test_the_older_server_is_asked_for_by_its_version() -> None:
    """8.19 rejects what 9.5 takes."""
    before, after = (
        {"properties": {"o": side}} for side in ({"type": "nested"}, {"type": "passthrough", "priority": 1})
    )
    assert verdicts(before, after, NOW) <= {"in place"}
    assert "remake" in verdicts(before, after, OLDER)
    assert changes.setting("index.mapping.exclude_source_vectors", NOW) == "remake"
    assert changes.setting("index.mapping.exclude_source_vectors", OLDER) == "unknown"


def test_source_switched_off_is_taken_and_dangerous() -> None:
    cost = INDEX.cost({"mappings": {}}, {"mappings": {"_source": {"enabled": False}}}, NOW)
    assert cost.consequence is Consequence.IRREVERSIBLE and cost.in_place
    assert "never be read back or reindexed" in cost.words
