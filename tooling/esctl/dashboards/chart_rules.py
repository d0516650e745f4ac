"""What Kibana checks across keys of a chart, beyond its schema (the schema's `x-rules`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .mistake_words import Mistake, Path

RINGS = {"pie": (3, "rings"), "treemap": (2, "levels"), "waffle": (1, "groups")}
"""How many groups a chart shows, one less where it has several metrics, and what they are called."""


def rule_mistakes(config: dict[str, Any]) -> Iterator[Mistake]:
    """Mistakes of a chart that fits the schema: indexes out of range, broken colour steps, colours without effect."""
    if config["type"] == "raw":
        return
    yield from _colors(config, ())
    for path, part, count in _parts(config):
        for place, bucket in part:
            rank = bucket.get("rank_by", {})
            if rank.get("type") == "metric" and not _within(rank.get("metric_index", 0), count):
                yield Mistake(
                    (*path, *place, "rank_by", "metric_index"),
                    f'"metric_index" is {rank["metric_index"]}, but there {_are(count, "metric")}, counted from 0',
                )
    own = {"metric": _metric, "data_table": _data_table, "mosaic": _mosaic}.get(config["type"])
    if config["type"] in RINGS:
        own = _partition
    if own:
        yield from own(config)


def _parts(config: dict[str, Any]) -> Iterator[tuple[Path, list[tuple[Path, dict[str, Any]]], int]]:
    """The places whose buckets rank by metrics, and how many metrics there are."""
    layers: list[tuple[Path, dict[str, Any]]] = [
        (("layers", n), layer) for n, layer in enumerate(config.get("layers", ()))
    ] or [((), config)]
    for path, layer in layers:
        metrics = [layer["metric"]] if "metric" in layer else layer.get("metrics", layer.get("y", ()))
        buckets: list[tuple[Path, dict[str, Any]]] = []
        keys = ("x", "breakdown_by", "rows", "split_metrics_by", "group_by", "group_breakdown_by", "tag_by", "region")
        for key in (*keys, *(("y",) if config["type"] == "heatmap" else ())):
            value = layer.get(key)
            if isinstance(value, list):
                buckets += [((key, n), bucket) for n, bucket in enumerate(value)]
            elif value:
                buckets.append(((key,), value))
        yield path, buckets, len(metrics)


def _within(index: Any, count: int) -> bool:
    return isinstance(index, int | float) and float(index).is_integer() and 0 <= index < count


def _are(count: int, noun: str) -> str:
    return f"is {count} {noun}" if count == 1 else f"are {count} {noun}s"


def _colors(value: Any, path: Path) -> Iterator[Mistake]:
    if isinstance(value, dict):
        color = value.get("color")
        if isinstance(color, dict) and color.get("type") == "dynamic":
            yield from _steps(color["steps"], (*path, "color", "steps"))
        for key, item in value.items():
            yield from _colors(item, (*path, key))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _colors(item, (*path, position))


def _steps(steps: list[dict[str, Any]], path: Path) -> Iterator[Mistake]:
    for n, step in enumerate(steps):
        low, high = step.get("gte"), step.get("lt", step.get("lte"))
        if low is not None and high is not None and low > high:
            yield Mistake((*path, n), f"a colour step begins at {low} and ends before that, at {high}")
            return
        if n and low is None:
            yield Mistake((*path, n), '"gte" is missing: only the first colour step may be open below')
            return
        if n < len(steps) - 1 and step.get("lt") is None:
            yield Mistake((*path, n), '"lt" is missing: only the last colour step may be open above, or end with "lte"')
            return
        if n and low != steps[n - 1].get("lt"):
            yield Mistake(
                (*path, n, "gte"), f"this colour step begins at {low}, the one before ends at {steps[n - 1].get('lt')}"
            )
            return


def _metric(config: dict[str, Any]) -> Iterator[Mistake]:
    primary = config["metrics"][0]
    color = primary.get("color", {})
    bar = primary.get("background_chart", {}).get("type") == "bar"
    if color.get("type") == "dynamic" and color["range"] == "percentage" and "breakdown_by" not in config and not bar:
        place: Path = ("metrics", 0, "color", "range")
        yield Mistake(place, 'a colour by percentage needs "breakdown_by" or a bar as background', 'write "absolute"')
    trend = primary.get("background_chart", {}).get("type") == "trend"
    if trend and config["data_source"]["type"] == "esql":
        place = ("metrics", 0, "background_chart")
        yield Mistake(place, "a trend line needs a data view: Kibana draws none over ES|QL", "leave it out")
    for secondary in config["metrics"][1:]:
        compare = secondary.get("compare", {})
        if compare.get("icon", True) is False and compare.get("value", True) is False:
            yield Mistake(("metrics", 1, "compare"), '"compare" shows neither its icon nor its value', "leave it out")
        if "compare" in secondary and secondary.get("color", {}).get("type") == "static":
            yield Mistake(("metrics", 1, "color"), '"color" has no effect beside "compare"', "leave one of them out")


def _partition(config: dict[str, Any]) -> Iterator[Mistake]:
    groups, chart = config.get("group_by", []), config["type"]
    shown = [n for n, group in enumerate(groups) if "collapse_by" not in group]
    most, noun = RINGS[chart]
    several = len(config["metrics"]) > 1
    most -= several
    if len(shown) > most:
        words = f"a {chart}{' with several metrics' if several else ''} has "
        words += f"at most {most} {noun if most > 1 else noun[:-1]}" if most else f"no {noun}"
        yield Mistake(("group_by", shown[most]), f"{words}, these are {len(shown)}", "collapse the others")
    yield from _group_colors(groups, shown, noun)
    if len(shown) == 1 and not several and config["metrics"][0].get("color", {}).get("type") == "static":
        place: Path = ("metrics", 0, "color")
        hint = f"colour the {noun[:-1]} instead"
        yield Mistake(place, "one colour for all slices has no effect", hint)


def _mosaic(config: dict[str, Any]) -> Iterator[Mistake]:
    for key in ("group_by", "group_breakdown_by"):
        shown = [n for n, group in enumerate(config.get(key, ())) if "collapse_by" not in group]
        if len(shown) > 1:
            words = f'a mosaic shows one group of "{key}", these are {len(shown)}'
            yield Mistake((key, shown[1]), words, "collapse the others")
    groups = config.get("group_by", [])
    yield from _group_colors(groups, [n for n, group in enumerate(groups) if "collapse_by" not in group], "groups")


def _group_colors(groups: list[dict[str, Any]], shown: list[int], noun: str) -> Iterator[Mistake]:
    for n, group in enumerate(groups):
        if "color" in group and n not in shown[:1]:
            words = f"colours belong to the first {noun[:-1]} that is not collapsed"
            yield Mistake(("group_by", n, "color"), words, "move them there")


def _data_table(config: dict[str, Any]) -> Iterator[Mistake]:
    for key in ("metrics", "rows"):
        for n, column in enumerate(config.get(key, ())):
            color = column.get("color", {})
            if color.get("type") != "auto" and color and "apply_color_to" not in column:
                yield Mistake(
                    (key, n, "color"),
                    '"color" has no effect without "apply_color_to"',
                    'add "apply_color_to: background"',
                )
    sort = config.get("styling", {}).get("sort_by")
    if not sort:
        return
    key = "rows" if sort["column_type"] == "row" else "metrics"
    count, place = len(config.get(key, ())), ("styling", "sort_by")
    if not _within(sort["index"], count):
        words = f'"index" is {sort["index"]}, but there {_are(count, key[:-1])}, counted from 0'
        yield Mistake((*place, "index"), words)
    splits = len(config.get("split_metrics_by", ()))
    if sort["column_type"] == "pivoted_metric" and len(sort["values"]) != splits:
        words = f'"values" needs one value for each column of "split_metrics_by": {splits}, not {len(sort["values"])}'
        yield Mistake((*place, "values"), words)
