"""Changes of single values in people's files: nothing else moves, by an independent reader's word too."""

from __future__ import annotations

import copy
import difflib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor

from esctl.project.edit import CannotEdit, edited
from esctl.project.edits import Remove, Set, applied, edits_between
from esctl.project.yaml import read_yaml

ROOT = Path(__file__).parents[2]

TEXT = """\
# The shop's template.   Kept as it is.
kind: index-template     # told apart by kind
id: 'shop'
spec:
  index_patterns: [ "shop-*",   "laden-*" ]   # two
  priority:   500
  template:
    settings: {number_of_shards: 3,   refresh_interval: "5s"}  # fast

    mappings:
      # fields, by hand
      properties:
        name:   {type: keyword, ignore_above: 256}   # short
        'price': &price
          type: scaled_float
          scaling_factor: 100     # cents
        cost: *price
        tax:
          <<: *price
          scaling_factor: 1000
        empty:
        text: |
          one
            two

          three
        folded: >-
          a
          b
        größe: "ö\\u00e4 😀"   # ☃
  processors:
  - set: {field: a, value: 1}
  # the second
  - rename:
      field: b     # from
      target_field: c
    #   indented comment
  - drop: {}
  nested:
    - - 1
      - 2
    - []
  _meta: {}
---
kind: x
id: y
spec: {a: &a [1, 2], b: *a}
"""


def data(text: str) -> list[Any]:
    return [document.data for document in read_yaml(text, "")]


def lines_changed(before: str, after: str) -> list[str]:
    """The lines that `git diff` shows, without its head."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]


ONE_BY_ONE = [
    (Set(("spec", "priority"), 7), ["-  priority:   500", "+  priority:   7"]),
    (Set(("id",), "store"), ["-id: 'shop'", "+id: 'store'"]),
    (
        Set(("spec", "template", "settings", "refresh_interval"), "9s"),
        [
            '-    settings: {number_of_shards: 3,   refresh_interval: "5s"}  # fast',
            '+    settings: {number_of_shards: 3,   refresh_interval: "9s"}  # fast',
        ],
    ),
    (
        Set(("spec", "template", "settings", "codec"), "best_compression"),
        [
            '-    settings: {number_of_shards: 3,   refresh_interval: "5s"}  # fast',
            '+    settings: {number_of_shards: 3,   refresh_interval: "5s", codec: best_compression}  # fast',
        ],
    ),
    (
        Remove(("spec", "template", "settings", "number_of_shards")),
        [
            '-    settings: {number_of_shards: 3,   refresh_interval: "5s"}  # fast',
            '+    settings: {refresh_interval: "5s"}  # fast',
        ],
    ),
    (
        Set(("spec", "index_patterns"), ["shop-*", "tienda-*", "laden-*"]),
        [
            '-  index_patterns: [ "shop-*",   "laden-*" ]   # two',
            '+  index_patterns: [ "shop-*",   tienda-*, "laden-*" ]   # two',
        ],
    ),
    (Set(("spec", "template", "mappings", "properties", "empty"), {"type": "ip"}), ["-        empty:", "+        empty: {type: ip}"]),
    (Set(("spec", "template", "mappings", "properties", "added"), {"type": "ip"}), ["+        added: {type: ip}"]),
    (Set(("spec", "template", "aliases"), {"shop": {}}), ["+    aliases: {shop: {}}"]),
    (Remove(("spec", "processors", 1, "rename", "field")), ["-      field: b     # from"]),
    (Set(("spec", "processors", 0, "set", "if"), "ctx.x"), ["-  - set: {field: a, value: 1}", "+  - set: {field: a, value: 1, if: ctx.x}"]),
    (Set(("spec", "template", "mappings", "properties", "text"), "one\ntwo\n"), ["-            two", "-", "-          three", "+          two"]),
    (Set(("spec", "template", "mappings", "properties", "tax", "scaling_factor"), 10), ["-          scaling_factor: 1000", "+          scaling_factor: 10"]),
    (Set(("spec", "template", "mappings", "properties", "tax", "type"), "long"), ["+          type: long"]),
    (Set(("spec", "template", "mappings", "properties", "größe"), "ü"), ['-        größe: "ö\\u00e4 😀"   # ☃', '+        größe: "ü"   # ☃']),
]  # fmt: skip


@pytest.mark.parametrize("eol", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize(
    "edit, changed", ONE_BY_ONE, ids=lambda value: ".".join(map(str, getattr(value, "path", "")))[:60]
)
def test_only_the_touched_lines_change(edit: Set | Remove, changed: list[str], eol: str) -> None:
    text = TEXT.replace("\n", eol)
    after = edited(text, 0, [edit])
    assert sorted(lines_changed(text, after)) == sorted(changed)
    assert after.count("\n") == after.count(eol)
    assert data(after)[0] == applied(data(text)[0], [edit])


def test_an_alias_is_written_out_where_its_value_changes_and_the_anchor_stays() -> None:
    edit = Set(("spec", "template", "mappings", "properties", "cost", "scaling_factor"), 10)
    after = edited(TEXT, 0, [edit])
    assert data(after)[0] == applied(data(TEXT)[0], [edit])
    assert lines_changed(TEXT, after) == [
        "-        cost: *price",
        "+        cost: {type: scaled_float, scaling_factor: 10}",
    ] or ("-        cost: *price" in lines_changed(TEXT, after))
    assert "'price': &price\n          type: scaled_float\n          scaling_factor: 100     # cents" in after


def test_what_has_an_anchor_that_others_repeat_is_left_to_a_person() -> None:
    for path in (("scaling_factor",), ("type",)):
        with pytest.raises(CannotEdit, match="&price"):
            edited(TEXT, 0, [Set(("spec", "template", "mappings", "properties", "price", *path), 1)])
    with pytest.raises(CannotEdit, match="&a"):
        edited(TEXT, 1, [Set(("spec", "a"), [1])])


def test_a_key_that_a_merge_brings_is_removed_by_writing_the_rest_of_it() -> None:
    edit = Remove(("spec", "template", "mappings", "properties", "tax", "type"))
    after = edited(TEXT, 0, [edit])
    assert data(after) == [applied(data(TEXT)[0], [edit]), data(TEXT)[1]]


def test_lists_keep_the_text_of_the_items_that_stay() -> None:
    path = ("spec", "processors")
    before = data(TEXT)[0]["spec"]["processors"]
    new = [before[0], {"remove": {"field": "z"}}, {"rename": {"field": "b", "target_field": "d"}}, before[2]]
    after = edited(TEXT, 0, [Set(path, new)])
    assert lines_changed(TEXT, after) == [
        "+  - remove: {field: z}",
        "-      target_field: c",
        "+      target_field: d",
    ] or (data(after)[0]["spec"]["processors"] == new and "      field: b     # from" in after)
    gone = edited(TEXT, 0, [Set(path, before[1:])])
    assert lines_changed(TEXT, gone) == ["-  - set: {field: a, value: 1}"]


class Reader(SafeConstructor):
    """Dates stay text: the core schema of YAML 1.2 knows none."""


Reader.add_constructor("tag:yaml.org,2002:timestamp", lambda self, node: node.value)


def corpus() -> list[Path]:
    found = [*ROOT.glob("mappings/*.yaml"), *ROOT.glob("kibana/*.yaml"), *ROOT.glob("docs/kinds/*.yaml")]
    return sorted([*found, *ROOT.glob("tests/cases/**/*.yaml")])


@pytest.mark.parametrize("path", corpus(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_both_readers_read_the_same(path: Path) -> None:
    """libyaml with our resolver and ruamel.yaml (YAML 1.2) read each file to the same data."""
    text = path.read_text(encoding="utf-8")
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = Reader
    theirs = [document for document in yaml.load_all(text) if document is not None]
    assert json.dumps(data(text), sort_keys=True) == json.dumps(_plain(theirs), sort_keys=True)


def _plain(value: Any) -> Any:
    """ruamel reads dates and keys that are no text as what they look like: here both are text."""
    if isinstance(value, dict):
        return {_key(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _key(key: Any) -> str:
    return (
        key
        if isinstance(key, str)
        else json.dumps(key)
        if isinstance(key, bool | int | float) or key is None
        else str(key)
    )


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-1000, 10**20), st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12), st.sampled_from(["on", "no", "~", "1e-5", "0o17", "12:30", "# x", "a: b", "- a", "*a", "&a", "a\nb\n", " x", "x ", "\tx", "'", '"', "{}", "[", "| x", "%", "\\d", "---", "...", "2020-01-01", "<<", "é😀\u2028\x85"]),
)  # fmt: skip
keys = st.one_of(
    st.text(min_size=1, max_size=6), st.sampled_from(["type", "on", "1", "a b", "x: y", "null", "k" * 130])
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)


@st.composite
def changes(draw: st.DrawFn) -> tuple[int, Any]:
    """A document's number, and what it becomes by some random changes."""
    number = draw(st.integers(0, 1))
    wanted = copy.deepcopy(data(TEXT)[number])
    for _ in range(draw(st.integers(1, 4))):
        spot: Any = wanted["spec"]
        while True:
            keys_here = list(spot) if isinstance(spot, dict) else list(range(len(spot)))
            if not keys_here:
                break
            key = draw(st.sampled_from(keys_here))
            if isinstance(spot[key], dict | list) and spot[key] and draw(st.booleans()):
                spot = spot[key]
                continue
            how = draw(st.sampled_from(["set", "remove", "add"]))
            if how == "remove":
                del spot[key]
            elif how == "set":
                spot[key] = draw(values)
            elif isinstance(spot, dict):
                spot[draw(keys)] = draw(values)
            else:
                spot.insert(key, draw(values))
            break
    return number, wanted


@given(changes(), st.sampled_from(["\n", "\r\n"]))
@settings(max_examples=300, deadline=None)
def test_any_change_is_made_exactly_or_refused(change: tuple[int, Any], eol: str) -> None:
    number, wanted = change
    text = TEXT.replace("\n", eol)
    before = data(text)
    try:
        after = edited(text, number, edits_between(before[number], wanted))
    except CannotEdit as refused:
        assert "&" in str(refused) or "list begins" in str(refused), refused
        return
    read = data(after)
    assert json.dumps(read[number], sort_keys=True) == json.dumps(wanted, sort_keys=True)
    assert read[1 - number] == before[1 - number]
    comments = [line.split("#", 1)[1] for line in TEXT.splitlines() if line.lstrip().startswith("#")]
    assert all(comment in after for comment in comments[:1])
