"""Controls without a browser: what is offered, and what a choice does to what panels are asked."""

from __future__ import annotations

from typing import Any

import pytest
from control_objects import with_controls

from esctl.errors import EsctlError
from esctl.preview import Question, Scope, TimeRange, read_dashboard
from esctl.viewer.controls import chosen, control_json, control_offer, controls_of

BOARD = read_dashboard(with_controls(), "controls")
TEN_DAYS = TimeRange("2026-01-01T00:00:00Z", "2026-01-11T00:00:00Z")
NAMED = {control.id: control for control in controls_of(BOARD)}


def scope(**choices: Any) -> Scope:
    return chosen(Scope(time_range=TEN_DAYS), choices, BOARD)


def test_controls_are_those_pinned_and_those_in_the_grid() -> None:
    assert list(NAMED) == ["city", "price", "when", "size", "placed"]
    assert NAMED["placed"].data_view == "orders" and NAMED["placed"].settings["field_name"] == "city"
    told = control_json(NAMED["size"], pinned=True)
    assert told["single"] and told["chosen"] == {"values": ["10"]} and not told["exists"]


def test_choices_become_filters_variables_and_a_time_range() -> None:
    made = scope(city={"values": ["Rome"], "exclude": True}, price={"range": [1, None]}, when={"share": [0.5, 1]})
    listed, ranged = made.filters
    assert listed["meta"]["negate"] and listed["meta"]["params"] == ["Rome"]
    assert ranged["query"] == {"range": {"price": {"gte": 1.0}}}
    assert made.time_range == TimeRange("2026-01-06T00:00:00.000Z", "2026-01-11T00:00:00.000Z")
    assert made.variables == {"size": "10"}
    assert scope(size={"values": ["20"]}).variables == {"size": "20"}
    assert scope(city={"exists": True}).filters[0]["query"] == {"exists": {"field": "city"}}
    assert chosen(Scope(), {"city": {"values": ["Rome"]}}, BOARD, but="city").filters == ()


@pytest.mark.parametrize("share", [None, [1], ["a", "b"]])
def test_a_share_in_another_form_is_one_line(share: Any) -> None:
    with pytest.raises(EsctlError, match="two shares of the time range"):
        scope(when={"share": share})


def test_what_is_offered() -> None:
    asked: list[Question] = []

    def answer(question: Question) -> Any:
        asked.append(question)
        return {"aggregations": {"low": {"value": 1.0}, "high": {"value": 9.0}}}

    offered = control_offer(NAMED["price"], BOARD, scope(), answer)
    assert offered == {"min": 1.0, "max": 9.0, "field": "price"}
    assert asked[0].index == "orders" and set(asked[0].body["aggs"]) == {"low", "high"}
    options = control_offer(NAMED["size"], BOARD, scope(), answer)["options"]
    assert [option["value"] for option in options] == ["10", "20"] and len(asked) == 1
    bounds = control_offer(NAMED["when"], BOARD, scope(), answer)
    assert bounds["max"] - bounds["min"] == 10 * 86_400_000
    with pytest.raises(EsctlError, match="choose a time range first"):
        control_offer(NAMED["when"], BOARD, Scope(), answer)
