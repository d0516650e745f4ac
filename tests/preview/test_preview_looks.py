"""Numbers, keys and colours as they are written and painted."""

from __future__ import annotations

from typing import Any

import pytest

from esctl.preview.buckets import histogram_interval
from esctl.preview.colours import CategoryColours, colour_by_number, text_on
from esctl.preview.formats import key_text, number_text
from esctl.preview.lens import Column


def column(operation: str = "average", **params: Any) -> Column:
    return Column("c", {"operationType": operation, "params": params})


def formatted(kind: str, **params: Any) -> Column:
    return column(format={"id": kind, "params": params})


@pytest.mark.parametrize(
    ("value", "how", "text"),
    [
        (1234.5678, column(), "1,234.568"),
        (3, column(), "3"),
        (None, column(), "-"),
        (1234.5678, formatted("number", decimals=1), "1,234.6"),
        (1234567, formatted("number", decimals=2, compact=True), "1.23M"),
        (0.256, formatted("percent", decimals=1), "25.6%"),
        (2048, formatted("bytes", decimals=1), "2.0 KB"),
        (5, formatted("number", decimals=0, suffix=" m"), "5 m"),
        (90, formatted("duration", fromUnit="seconds", toUnit="asMinutes", decimals=1), "1.5 minutes"),
        (7200, formatted("duration", fromUnit="seconds", toUnit="humanize"), "2 hours"),
        (0.1234, formatted("custom", pattern="0,0.[00]"), "0.12"),
        (0.5, formatted("custom", pattern="0.0%"), "50.0%"),
        (1234, formatted("custom", pattern="$0.0a"), "$1.2k"),
    ],
)
def test_numbers(value: Any, how: Column, text: str) -> None:
    assert number_text(value, how) == text


@pytest.mark.parametrize(
    ("key", "how", "text"),
    [
        (3, column("terms"), "3"),
        ("", column("terms"), "(empty)"),
        ("__other__", column("terms"), "Other"),
        (["a", 1], column("terms"), "a › 1"),
        (True, column("terms"), "true"),
        ({"from": None, "to": 5.0}, column("range"), "-∞ → 5"),
        ({"from": 0, "to": 5}, column("range", ranges=[{"from": 0, "to": 5, "label": "few"}]), "few"),
        (1767225600000, column("date_histogram"), "2026-01-01"),
    ],
)
def test_keys(key: Any, how: Column, text: str) -> None:
    assert key_text(key, how) == text


def assignment(*rules: dict[str, Any], colour: str) -> dict[str, Any]:
    return {"rules": list(rules), "color": {"type": "colorCode", "colorCode": colour}}


def test_a_value_has_its_colour_whatever_its_type() -> None:
    colours = CategoryColours({"assignments": [assignment({"type": "raw", "value": 3}, colour="#111111")]})
    assert {colours.of(3), colours.of(3.0), colours.of("3")} == {"#111111"}
    older = CategoryColours(
        {
            "assignments": [
                {
                    "rule": {"type": "matchExactly", "values": ["3", "4"]},
                    "color": {"type": "colorCode", "colorCode": "#222222"},
                }
            ]
        }
    )
    assert older.of(4) == "#222222"


def test_values_without_an_assignment_take_turns() -> None:
    colours = CategoryColours({"paletteId": "eui_amsterdam_color_blind"})
    first, second = colours.of("a"), colours.of("b")
    assert (first, second, colours.of("a")) == ("#54B399", "#6092C0", "#54B399")
    rest = {
        "specialAssignments": [{"rules": [{"type": "other"}], "color": {"type": "colorCode", "colorCode": "#333333"}}]
    }
    assert CategoryColours(rest).of("x") == "#333333"


def test_gradient() -> None:
    steps = [{"type": "colorCode", "colorCode": "#000000"}, {"type": "colorCode", "colorCode": "#ffffff"}]
    assignments = [{"rules": [{"type": "raw", "value": v}], "color": {"type": "gradient"}} for v in "abc"]
    mode = {"type": "gradient", "steps": steps, "sort": "asc"}
    colours = CategoryColours({"colorMode": mode, "assignments": assignments})
    assert [colours.of(v) for v in "abc"] == ["#000000", "#808080", "#ffffff"]


@pytest.mark.parametrize(
    ("value", "colour"), [(-1, None), (10, "#aa0000"), (50, "#00aa00"), (99, "#00aa00"), (120, "#00aa00")]
)
def test_colour_by_percentage(value: float, colour: str | None) -> None:
    stops = [{"color": "#aa0000", "stop": 50}, {"color": "#00aa00", "stop": 100}]
    params = {"rangeType": "percent", "rangeMin": 0, "rangeMax": 100, "continuity": "above", "stops": stops}
    assert colour_by_number({"params": params}, value, 0, 100) == colour


def test_text_is_readable_on_every_colour() -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        return sum(
            w * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
            for w, c in zip((0.2126, 0.7152, 0.0722), parts, strict=True)
        )

    for red in range(0, 256, 51):
        for green in range(0, 256, 51):
            for blue in range(0, 256, 51):
                ground = f"#{red:02x}{green:02x}{blue:02x}"
                low, high = sorted((luminance(ground), luminance(text_on(ground))))
                assert (high + 0.05) / (low + 0.05) >= 4.1, ground


@pytest.mark.parametrize(
    ("low", "high", "bars", "interval"), [(0, 100, "auto", 2), (0, 1, 10, 0.1), (5, 5, "auto", 1), (0, 7, 4, 2)]
)
def test_histogram_intervals_are_round(low: float, high: float, bars: Any, interval: float) -> None:
    assert histogram_interval(column("range", maxBars=bars), low, high) == pytest.approx(interval)
