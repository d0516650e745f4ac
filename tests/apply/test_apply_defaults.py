"""A default that was written in so many words is the project's word too."""

from __future__ import annotations

import pytest
from test_apply_sandbox import Place

from esctl.model import Cause
from esctl.plan import exit_code

INDEX = """
kind: index
id: words
spec:
  mappings:
    properties:
      told: {type: keyword, ignore_above: 2147483647, index: true}
      silent: {type: keyword}
      sub: {properties: {told: {type: text, fields: {raw: {type: keyword, ignore_above: 2147483647}}}}}
"""


@pytest.fixture
def place(tmp_path, fresh_sandbox):
    return Place(tmp_path / "project", fresh_sandbox, text=INDEX)


def test_a_written_default_is_no_difference_to_a_server_that_has_none(place):
    place.apply()
    assert exit_code(place.plan()) == 0


def test_another_value_in_place_of_a_written_default_is_drift_and_is_put_back(place):
    place.apply()
    raw = {"type": "keyword", "ignore_above": 5}
    changed = {
        "told": {"type": "keyword", "ignore_above": 256},
        "silent": {"type": "keyword", "ignore_above": 99},
        "sub": {"properties": {"told": {"type": "text", "fields": {"raw": raw}}}},
    }
    place.send("PUT", "/words/_mapping", {"properties": changed})
    (change,) = place.plan().changes
    assert change.cause is Cause.DRIFTED
    assert {(one.dotted, one.before, one.after) for one in change.differences} == {
        ("mappings.properties.told.ignore_above", 256, 2147483647),
        ("mappings.properties.sub.properties.told.fields.raw.ignore_above", 5, 2147483647),
    }
    place.apply()
    assert exit_code(place.plan()) == 0
    found = place.send("GET", "/words/_mapping")["words"]["mappings"]["properties"]
    assert "ignore_above" not in found["told"] and found["silent"]["ignore_above"] == 99


def test_a_written_default_that_only_a_new_index_takes_is_said_so(place):
    place.send("PUT", "/words", {"mappings": {"properties": {"told": {"type": "keyword", "index": False}}}})
    (change,) = place.plan(adopt=["index/words"]).changes
    told = [one for one in change.differences if one.dotted.endswith("told.index")]
    assert [(one.before, one.after) for one in told] == [(False, True)]
    assert str(change.consequence) in ("reindex", "irreversible")
