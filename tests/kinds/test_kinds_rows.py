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
