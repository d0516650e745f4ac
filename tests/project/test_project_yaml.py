"""The YAML reader, against ruamel.yaml (YAML 1.2) and against what the core schema says."""

from __future__ import annotations

import io
import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from esctl.errors import ProjectError
from esctl.project.templates import to_json, to_yaml
from esctl.project.yaml import plain_scalar, read_yaml


def ruamel(text: str) -> object:
    reader = YAML(typ="safe", pure=True)
    reader.version = (1, 2)
    return reader.load(text)


def read(text: str) -> object:
    return read_yaml(text, "a.yaml")[0].data


def told(text: str) -> list[str]:
    with pytest.raises(ProjectError) as error:
        read_yaml(text, "a.yaml")
    return [str(problem) for problem in error.value.problems]


words = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn", "Zl", "Zp")), max_size=12)
tricky = st.sampled_from(
    ["on", "off", "yes", "no", "y", "12:30", "1e-5", "010", "0o17", "0x1F", "~", "null", "", " a", "#", ".5"]
)
# libyaml takes no plain ":0" or "?0" inside { }, which ruamel.yaml writes; that is told as a syntax error, not misread
words = words.filter(lambda text: not text.startswith((":", "?")))
keys = words.filter(bool) | tricky.filter(bool)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words | tricky
data = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(data.filter(lambda value: value is not None))
def test_what_ruamel_writes_reads_back_the_same(value: object) -> None:
    writer = YAML(typ="safe", pure=True)
    writer.version = (1, 2)
    writer.width = 10_000
    text = io.StringIO()
    writer.dump({"value": value}, text)
    assert read(text.getvalue()) == ruamel(text.getvalue()) == {"value": value}


PLAIN = (
    r"[-+]?[0-9.]{1,4}([eE][-+]?[0-9]{1,3})?|0[ox][0-9a-fA-F]{1,3}|[-+]?\.(inf|Inf|nan)|[a-zA-Z~]{1,5}"
)
# indicators; version-like words; and floats with an exponent that start with a dot, which ruamel.yaml takes for text
UNLIKE = re.compile(r"[-+.]*|[-+]?[0-9.]*\.[0-9.]*\.[0-9.]*.*|[-+]?\.[0-9]*[eE].*")


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.from_regex(PLAIN, fullmatch=True).filter(lambda text: not UNLIKE.fullmatch(text)))
def test_plain_scalars_mean_what_they_mean_to_ruamel(text: str) -> None:
    ours, theirs = plain_scalar(text), ruamel(f"- {text}")[0]  # type: ignore[index]
    if isinstance(theirs, float) and math.isnan(theirs):
        assert isinstance(ours, float) and math.isnan(ours)
    else:
        assert (type(ours), ours) == (type(theirs), theirs), text


@settings(max_examples=150, deadline=None, derandomize=True)
@given(data)
def test_tojson_and_toyaml_read_back_the_same(value: object) -> None:
    assert read(f"value: {to_json(value)}") == {"value": value}
    text = to_yaml(value)
    indented = "\n  ".join(text.split("\n"))
    assert read(f"value:\n  {indented}") == {"value": value}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"), ("No", "No"), ("12:30", "12:30"), ("2020-01-01", "2020-01-01"), ("1_000", "1_000"),
        ("1e-5", 1e-5), ("010", 10), ("0o17", 15), ("0x1F", 31), ("~", None), ("", None), ("TRUE", True), ("+1", 1),
        ("-.5", -0.5), ("1.", 1.0), (".", "."), ("-", "-"), ("0b1", "0b1"), ("1.2.3", "1.2.3"), ("-.inf", -math.inf),
        ("=", "="), ("<<", "<<"), ("nULL", "nULL"),
    ],
)  # fmt: skip
def test_the_core_schema(text: str, value: object) -> None:
    found = plain_scalar(text)
    assert (type(found), found) == (type(value), value)


def test_tags_are_honoured_and_unknown_ones_told() -> None:
    assert read('[!!str 5, !!int "5", !!float 1, !!bool "true", !!null "", !!map {a: 1}, "5"]') == [
        "5", 5, 1.0, True, None, {"a": 1}, "5",
    ]  # fmt: skip
    assert told("a: !strr x") == ['a.yaml:1: unknown tag "!strr"; did you mean "!!str"?']
    assert told("a: !!int x") == ['a.yaml:1: "x" is not !!int']
    assert told("a: !!set {x}") == ['a.yaml:1: unknown tag "!!set"']


def test_lines_of_every_key_and_item() -> None:
    (first, second) = read_yaml("# c\na:\n  - 1\n\n  - b: 2\n---\n# d\nx: {y: 1,\n  z: 2}\n", "a.yaml")
    assert first.lines == {(): 2, ("a",): 2, ("a", 0): 3, ("a", 1): 5, ("a", 1, "b"): 5}
    assert second.lines == {(): 8, ("x",): 8, ("x", "y"): 8, ("x", "z"): 9}


def test_merge_keys_give_way_to_what_is_written() -> None:
    text = "b: &b {x: 1, y: 2}\nc: &c {y: 3, z: 4}\nd: {y: 9, <<: [*b, *c]}\ne: {<<: *b, w: {<<: *c}}\n"
    assert read(text) == ruamel(text)
    assert told("a: {<<: 5}") == ['a.yaml:1: "<<" takes a mapping, or a list of mappings; for example <<: *base']


def test_aliases_give_data_of_their_own() -> None:
    value = read("a: &a [1]\nb: *a\n")
    value["a"].append(2)  # type: ignore[index]
    assert value == {"a": [1, 2], "b": [1]}


def test_mistakes_of_content_are_told_together() -> None:
    assert told("a: 1\nb: {c: 1, c: 2}\na: 2\n") == [
        'a.yaml:3: "a" is written twice (first on line 1)',
        'a.yaml:2: "c" is written twice (first on line 2)',
    ]


@pytest.mark.parametrize(
    "text",
    ["a: &a [*a]", "a: &a {b: *a}", "a: &a {<<: *a}", "[" * 5_000 + "]" * 5_000, "- " * 5_000 + "a", "? " * 300 + "a"],
)
def test_what_never_ends_or_nests_too_deep_is_one_line(text: str) -> None:
    assert len(told(text)) == 1


def test_deep_data_by_aliases_is_one_line() -> None:
    chain = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 2_000))
    assert told(chain) == ["a.yaml:1: its aliases expand to too many values"]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(st.sampled_from("ab:-[]{}&*!|>'\"#%@` \n\t,?<\x00\x85\u2028"), max_size=30))
def test_whatever_the_text_there_is_data_or_a_problem(text: str) -> None:
    try:
        read_yaml(text, "a.yaml")
    except ProjectError as error:
        assert all(problem.source and problem.source.path == "a.yaml" for problem in error.problems)
