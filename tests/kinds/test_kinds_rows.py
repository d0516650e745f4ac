"""Every known rewrite of the servers has a case: `tests/cases/rows.yaml` says which."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from esctl.kinds import registry
from esctl.kinds.differences import differences, projected
from esctl.model import Capabilities

CASES = Path(__file__).parents[1] / "cases"
ANSWERS = Path(__file__).parents[1] / "contract" / "answers" / "9.5.json"
ROWS = yaml.safe_load((CASES / "rows.yaml").read_text(encoding="utf-8"))
NUMBERED = [(table, number) for table, rows in ROWS.items() for number in rows]


def test_no_row_is_left_out() -> None:
    assert list(ROWS["row"]) == list(range(1, 33))
    assert list(ROWS["seen"]) == list(range(1, 11))


@pytest.mark.parametrize(("table", "number"), NUMBERED, ids=[f"{table} {number}" for table, number in NUMBERED])
def test_a_row_has_a_case(table: str, number: int) -> None:
    witnesses = ROWS[table][number]
    if isinstance(witnesses, dict):
        assert list(witnesses) == ["later"]
        assert witnesses["later"]
        return
    assert witnesses
    recorded = json.loads(ANSWERS.read_text(encoding="utf-8"))
    for witness in witnesses:
        if witness.startswith("contract: "):
            assert recorded[witness.removeprefix("contract: ")]
        else:
            case = yaml.safe_load((CASES / witness).read_text(encoding="utf-8"))
            assert case, f"{witness} is empty"


def test_what_waits_for_later_is_counted() -> None:
    """A row that gets its case leaves this list; one that loses it may not join in silence."""
    later = [number for number, found in ROWS["row"].items() if isinstance(found, dict)]
    assert later == []


WITNESSES = sorted(
    {
        witness
        for rows in ROWS.values()
        for found in rows.values()
        if isinstance(found, list)
        for witness in found
        if not witness.startswith(("contract: ", "dashboard/", "data-view/"))
    }
)
"""The cases that compare a body as written with one as read; Kibana's stand beside what makes them."""


@pytest.mark.parametrize("witness", WITNESSES)
def test_a_case_shows_a_rewrite_and_what_it_compares_is_compared(witness: str) -> None:
    """The two sides are not the same to begin with; and no value that was written could change unseen."""
    case = yaml.safe_load((CASES / witness).read_text(encoding="utf-8"))
    kind = registry()[witness.partition("/")[0]]
    assert differences(case["read"], case["written"]), "nothing is rewritten here"
    read, written = (kind.normalise(case[side], Capabilities()) for side in ("read", "written"))
    for path in leaves(written):
        other = changed(written, path)
        seen = projected(read, other) if kind.shared else read
        assert differences(seen, other), f"{'.'.join(map(str, path))} may change and nobody sees it"


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        if isinstance(part, dict | list) and part:
            yield from leaves(part, (*path, key))
        elif not isinstance(part, dict | list):
            yield (*path, key)


def changed(body: Any, path: tuple[str | int, ...]) -> Any:
    body = copy.deepcopy(body)
    parent = body
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = f"{parent[path[-1]]}, and something else"
    return body
