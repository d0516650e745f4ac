"""A dashboard in words: `pie "Images per cluster": count by cluster (top 10), donut, right half`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .controls import DEFAULTS as CONTROLS
from .controls import subject
from .facets import kind_of_chart, sentence, source
from .panels import RAW
from .placement import COLUMNS, Placed, place

Panel = dict[str, Any]

NOUNS = {
    "discover_session": "Discover session", "slo_overview": "SLO overview", "slo_alerts": "SLO alerts",
    "slo_burn_rate": "SLO burn rate", "slo_error_budget": "SLO error budget", "field_stats_table": "field statistics",
    "synthetics_monitors": "Synthetics monitors", "synthetics_stats_overview": "Synthetics overview",
    "ml_anomaly_charts": "anomaly charts", "ml_anomaly_swimlane": "anomaly swim lane",
    "ml_single_metric_viewer": "single metric viewer", "aiops_change_point_chart": "change points",
    "aiops_log_rate_analysis": "log rate analysis", "aiops_pattern_analysis": "log patterns",
    "apm_service_map": "service map", "options_list_control": "control", "range_slider_control": "range control",
    "time_slider_control": "time slider", "esql_control": "ES|QL control",
}  # fmt: skip
SAVED = {"lens": "chart", "vis": "chart", "visualization": "visualization", "search": "Discover session"}


def kind_in_words(panel: Panel) -> str:
    """`donut`, `table`, `Discover session`: what a person calls a panel as code."""
    kind, config = str(panel.get("type", "panel")), panel.get("config") or {}
    if kind == "vis":
        return "chart" if "ref_id" in config else kind_of_chart(config)
    if kind == RAW:
        stored = config.get("panel") or {}
        classic = ((stored.get("embeddableConfig") or {}).get("savedVis") or {}).get("type")
        return str(classic or SAVED.get(str(stored.get("type")), stored.get("type", "panel")))
    return NOUNS.get(kind, kind)


def title_in_words(panel: Panel) -> str:
    """The title, or what a panel without one shows as such: the label of a metric, the first line of Markdown."""
    kind, config = panel.get("type"), panel.get("config") or {}
    if config.get("title"):
        return str(config["title"])
    if kind == "vis" and config.get("type") in ("metric", "legacy_metric", "gauge"):
        first = (config.get("metrics") or [config.get("metric") or {}])[0]
        return str(first.get("label") or first.get("column") or "")
    if kind == "markdown":
        return next((line.strip("# ") for line in str(config.get("content", "")).splitlines() if line.strip("# ")), "")
    if kind in CONTROLS:
        return subject(panel)
    if kind == RAW:
        stored = config.get("panel") or {}
        own = stored.get("embeddableConfig") or {}
        return str(own.get("title") or stored.get("title") or (own.get("savedVis") or {}).get("title") or "")
    return ""


def named(panel: Panel) -> str:
    """`pie "Images per cluster"`: a panel as code by kind and title, else by its id."""
    title = title_in_words(panel)
    return (
        f"{kind_in_words(panel)} {quoted(title)}" if title else f"{kind_in_words(panel)} {panel.get('id', '')}".rstrip()
    )


def described(panel: Panel, grid: dict[str, Any] | None = None) -> str:
    """The same with what it shows, and where."""
    parts = [text for text in (_content(panel), *_details(panel), placed(grid or {})) if text]
    return f"{named(panel)}: {', '.join(parts)}" if parts else named(panel)


def dashboard_in_words(spec: dict[str, Any]) -> Iterator[str]:
    """Lines about a dashboard as code: what it is called, its time, filters and controls, then panel by panel."""
    head = f"dashboard {quoted(str(spec.get('title', '')))}"
    about = [text for text in (_time(spec), _query(spec), refresh(spec.get("refresh_interval"))) if text]
    yield f"{head}: {', '.join(about)}" if about else head
    if spec.get("description"):
        yield f"  {spec['description']}"
    for one in spec.get("filters") or ():
        yield f"  filter {filter_in_words(one)}"
    for control in spec.get("pinned_panels") or ():
        yield f"  {described(control)}, pinned"
    placement = place(spec)
    for one in sorted(placement.panels, key=_reading_order):
        yield f"  {described(_with_id(one), one.grid)}"
    for section in sorted(placement.sections, key=lambda section: section.y):
        yield f"  section {quoted(section.title)}" + (", collapsed" if section.collapsed else "")
        for one in sorted(section.panels, key=_reading_order):
            yield f"    {described(_with_id(one), one.grid)}"


def visualization_in_words(spec: dict[str, Any]) -> str:
    """One line about a library visualization as code."""
    kind = "vega" if spec.get("type") == "vega" else "vis"
    return described({"type": kind, "config": spec})


def placed(grid: dict[str, Any]) -> str:
    """`right half`, `full width`, `columns 9–20`: which part of the width a panel takes."""
    if "x" not in grid or "w" not in grid:
        return ""
    x, w = grid["x"], grid["w"]
    if (x, w) == (0, COLUMNS):
        return "full width"
    for parts, name in ((2, "half"), (3, "third"), (4, "quarter")):
        width = COLUMNS // parts
        if w == width and x % width == 0 and x < COLUMNS:
            return f"{_nth(int(x // width), parts)} {name}"
    return f"columns {plain(x + 1)}–{plain(x + w)}"


def _nth(position: int, parts: int) -> str:
    if position == 0:
        return "left"
    if position == parts - 1:
        return "right"
    return "middle" if parts == 3 else ("second", "third")[position - 1]


def _content(panel: Panel) -> str:
    kind, config = panel.get("type"), panel.get("config") or {}
    if "ref_id" in config:
        return f"{quoted(config['ref_id'])} of the library"
    if kind == "vis":
        return sentence(config)
    if kind == "discover_session":
        tab = (config.get("tabs") or [{}])[0]
        columns = ", ".join(tab.get("column_order") or ())
        return source(tab.get("data_source") or {}) + (f" with {columns}" if columns else "")
    if kind == "links":
        return ", ".join(str(one.get("label") or one.get("destination")) for one in config.get("links") or ())
    if kind == "image":
        image = (config.get("image_config") or {}).get("src") or {}
        return str(image.get("url") or f"file {image.get('file_id')}")
    if kind in CONTROLS:
        return _control(config)
    for key in ("slo_id", "metric_field", "field_name"):
        if key in config:
            return str(config[key])
    if "job_ids" in config:
        by = f" by {config['view_by']}" if "view_by" in config else ""
        return ", ".join(config["job_ids"]) + by
    if kind == "slo_alerts":
        return ", ".join(str(one.get("slo_id")) for one in config.get("slos") or ())
    return ""


def _control(config: Panel) -> str:
    if "field_name" in config:
        chosen = config.get("selected_options") or config.get("value") or ()
        said = f", {'not ' if config.get('exclude') else ''}{', '.join(map(str, chosen))}" if chosen else ""
        return f"{config['field_name']} of data view {quoted(str(config.get('data_view_id', '')))}{said}"
    if "variable_name" in config:
        return f"?{config['variable_name']} = {', '.join(config.get('selected_options') or ()) or 'nothing chosen'}"
    return source({"type": "esql", "query": config["esql_query"]}) if "esql_query" in config else ""


def _details(panel: Panel) -> Iterator[str]:
    config = panel.get("config") or {}
    if panel.get("type") == "vis" and config.get("type") == "pie" and kind_of_chart(config) == "donut":
        yield "donut"
    if config.get("hide_title"):
        yield "title hidden"
    if isinstance(config.get("time_range"), dict):
        yield f"{config['time_range'].get('from')} to {config['time_range'].get('to')}"
    if config.get("drilldowns"):
        yield f"{len(config['drilldowns'])} drilldown" + ("s" if len(config["drilldowns"]) > 1 else "")


def filter_in_words(one: Panel) -> str:
    """`"Paid"`, `status is paid`: a filter as code."""
    if one.get("label"):
        return quoted(str(one["label"]))
    said = _condition(one.get("condition") or {})
    if not said:
        said = _short(json.dumps(one.get("group") or one.get("dsl") or {}, ensure_ascii=False))
    return f"not {said}" if one.get("negate") else said


def _condition(condition: Panel) -> str:
    if "field" not in condition:
        return ""
    operator = str(condition.get("operator", "")).replace("_", " ")
    value = condition.get("value")
    if isinstance(value, dict):
        bounds = {"gte": "≥", "gt": ">", "lte": "≤", "lt": "<"}
        return " and ".join(
            f"{condition['field']} {bounds[key]} {item}" for key, item in value.items() if key in bounds
        )
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    return f"{condition['field']} {operator}" + ("" if value is None else f" {value}")


def _time(spec: Panel) -> str:
    time = spec.get("time_range")
    return f"{time['from']} to {time['to']}" if isinstance(time, dict) else ""


def _query(spec: Panel) -> str:
    query = spec.get("query") or {}
    return f"where {query['expression']}" if query.get("expression") else ""


def refresh(interval: Any) -> str:
    """`refreshed every 60 s`, or nothing."""
    if not isinstance(interval, dict) or interval.get("pause") or not interval.get("value"):
        return ""
    return f"refreshed every {plain(interval['value'] / 1000)} s"


def _reading_order(one: Placed) -> tuple[float, float]:
    return one.grid["y"], one.grid["x"]


def _with_id(one: Placed) -> Panel:
    return {"id": one.id} | one.panel


def plain(number: float) -> float:
    """A whole number without its fraction."""
    return int(number) if float(number).is_integer() else number


def quoted(text: Any) -> str:
    return json.dumps(text, ensure_ascii=False)


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
