"""Charts as code, drawn from the JSON schema: every chart, operation and option; they obey the rules held as text."""

import json
from pathlib import Path

from hypothesis import strategies as st

from esctl.dashboards.as_code import official_schema

EXAMPLES = json.loads((Path(__file__).parents[1] / "dashboards" / "as_code.examples.json").read_text(encoding="utf-8"))
DEFINITIONS = official_schema()["$defs"]
CHARTS = sorted(
    name for name in DEFINITIONS if name.startswith("chart_") and name.endswith(("_dsl", "_esql"))
)  # fmt: skip
WORDS = {
    "formula": ["count()", "sum(bytes, kql='a: \"b\"') / count()", "moving_average(max(price), window=3) * 2"],
    "query": ["FROM logs-* | STATS n = COUNT(*) BY host", "FROM a, b METADATA _id | WHERE at > ?_tstart"],
    "column": ["n", "host.name", "??field"],
    "time_shift": ["1w", "previous"],
    "reduced_time_range": ["1h"],
    "color": ["#209280", "#cc5642"],
    "time_field": ["@timestamp", "at"],
    "palette": ["default", "eui_amsterdam", "LEGACY_PALETTE_status"],
    "text": ["A title"],
    "label": ["A label", "Größe"],
    "subtitle": ["below"],
    "gte": [0],
}
PANEL = ("hide_title", "hide_border", "time_range", "drilldowns", "references")
"""Keys that belong to the panel around a chart, and references that Kibana keeps for nobody."""


@st.composite
def charts(draw, name):
    """A chart that fits `#/$defs/<name>`."""
    return obeying(_drawn(draw, {"$ref": f"#/$defs/{name}"}, ()))


def _drawn(draw, schema, path):
    schema = _resolved(schema)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return draw(st.sampled_from(schema["enum"]))
    if path and path[-1] == "steps":
        return draw(steps())
    if path and path[-1] == "dsl":
        return draw(st.sampled_from([{"term": {"a": 1}}, {"geo_shape": {"g": {}}}, {"bool": {"must": []}}]))
    parts = [_drawn(draw, part, path) for part in schema.get("allOf", ()) if "if" not in part]
    for union in ("oneOf", "anyOf"):
        branches = [one for one in schema.get(union, ()) if set(one) - {"required"}]
        if branches:
            parts.append(_drawn(draw, draw(st.sampled_from(branches)), path))
    own = _own(draw, schema, path)
    parts.append(own)
    if any(isinstance(part, dict) for part in parts):
        return {key: value for part in parts if isinstance(part, dict) for key, value in part.items()}
    return next((part for part in parts if part is not None), None)


def _resolved(schema):
    while "$ref" in schema:
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        schema = {**DEFINITIONS[schema["$ref"].removeprefix("#/$defs/")], **rest}
    return schema


def _own(draw, schema, path):
    if path and path[-1] == "params":
        return {"some_key": 1}
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = draw(st.sampled_from([one for one in kind if one != "null"]))
    key = path[-1] if path else ""
    if "prefixItems" in schema:
        count = draw(st.integers(1, len(schema["prefixItems"])))
        return [_drawn(draw, part, (*path, 0)) for part in schema["prefixItems"][:count]]
    if kind == "array":
        low = schema.get("minItems", 0) or (
            1 if key in ("values", "ranges", "filters", "keys", "y", "conditions") else 0
        )
        count = draw(st.integers(low, min(low + 1, schema.get("maxItems", 9))))
        if len(path) > 12:
            count = low
        return [_drawn(draw, schema["items"], (*path, 0)) for _ in range(count)]
    if kind == "string":
        return draw(st.sampled_from(WORDS.get(key, ["a", "b.c", "d e", "ü"])))
    if kind == "boolean":
        return draw(st.booleans())
    if kind in ("number", "integer"):
        low, high = schema.get("minimum", 0), schema.get("maximum", 40)
        whole = draw(st.integers(int(low), int(high)))
        return draw(st.sampled_from([whole, 0.5])) if key in ("fill_opacity", "sampling") else whole
    if kind == "object" or "properties" in schema:
        if "additionalProperties" in schema and isinstance(schema["additionalProperties"], dict):
            return {"f": _drawn(draw, schema["additionalProperties"], (*path, "f")) or {"custom_label": "F"}}
        required = schema.get("required", ())
        return {
            name: _drawn(draw, part, (*path, name))
            for name, part in schema.get("properties", {}).items()
            if name not in PANEL and (name in required or draw(st.booleans()))
        }
    return None


@st.composite
def steps(draw):
    """Steps of a colour by value, one ending where the next begins."""
    count = draw(st.integers(1, 4))
    bounds = sorted(draw(st.sets(st.integers(-9, 99), min_size=count + 1, max_size=count + 1)))
    found = [{"color": "#112233", "gte": low, "lt": high} for low, high in zip(bounds, bounds[1:], strict=False)]
    if count > 1 or draw(st.booleans()):
        if draw(st.booleans()):
            del found[0]["gte"]
    if count > 1:
        last = found[-1].pop("lt")
        if draw(st.booleans()):
            found[-1]["lte"] = last
    return found


def obeying(config):
    """The chart made to obey what the schema holds only as text, and what is told of keys without effect."""
    kind = config["type"]
    layers = config.get("layers", [config])
    _plain(config)
    for layer in layers:
        metrics = [layer["metric"]] if "metric" in layer else layer.get("metrics", layer.get("y", []))
        for bucket in buckets(layer):
            rank = bucket.get("rank_by", {})
            if rank.get("type") == "metric":
                rank["metric_index"] = int(rank.get("metric_index", 0)) % max(len(metrics), 1)
                if not metrics:
                    del bucket["rank_by"]
    if kind == "metric":
        primary = config["metrics"][0]
        background = primary.get("background_chart", {}).get("type")
        if (
            primary.get("color", {}).get("range") == "percentage"
            and background != "bar"
            and "breakdown_by" not in config
        ):
            del primary["color"]
        if background == "trend" and config["data_source"]["type"] == "esql":
            del primary["background_chart"]
        for secondary in config["metrics"][1:]:
            if "compare" in secondary:
                secondary.pop("color", None)
                secondary["compare"]["icon"] = True
    if kind in ("pie", "treemap", "waffle"):
        several = len(config["metrics"]) > 1
        most = {"pie": 2 if several else 3, "treemap": 1 if several else 2, "waffle": 0 if several else 1}[kind]
        groups = config.get("group_by", [])
        for group in groups[most:]:
            group.setdefault("collapse_by", "sum")
        if len([one for one in groups if "collapse_by" not in one]) == 1 and not several:
            config["metrics"][0].pop("color", None)
    if kind == "mosaic":
        if not {"group_by", "group_breakdown_by"} & config.keys():
            config["group_by"] = [{"column": "a"} if config["data_source"]["type"] == "esql" else terms()]
        for key in ("group_by", "group_breakdown_by"):
            for group in config.get(key, [])[1:]:
                group.setdefault("collapse_by", "sum")
            if key == "group_breakdown_by":
                for group in config.get(key, []):
                    group.pop("color", None)
    if kind in ("pie", "treemap", "waffle", "mosaic"):
        shown = [one for one in config.get("group_by", []) if "collapse_by" not in one]
        for group in config.get("group_by", []):
            if group not in shown[:1]:
                group.pop("color", None)
    if kind == "data_table":
        if not {"metrics", "rows"} & config.keys():
            config["metrics"] = [{"column": "n"}]
        for column in (*config.get("metrics", []), *config.get("rows", [])):
            if "apply_color_to" not in column:
                column.pop("color", None)
        _sorted(config)
    return config


def _plain(value):
    """An old palette stands for itself: it has no mapping. Its steps are one off only where the first has a bound."""
    if isinstance(value, dict):
        color = value.get("color")
        if isinstance(color, dict) and color.get("type") == "legacy_dynamic":
            color["shift"] = color["shift"] and "gte" in color["steps"][0]
        if isinstance(color, dict) and str(color.get("palette", "")).startswith("LEGACY_") and "mode" in color:
            value["color"] = {"mode": "categorical", "palette": color["palette"], "mapping": []}
        value = list(value.values())
    for item in value if isinstance(value, list) else ():
        _plain(item)


def _sorted(config):
    styling = config.get("styling", {})
    sort = styling.get("sort_by")
    if not sort:
        return
    places = config.get("rows" if sort["column_type"] == "row" else "metrics", [])
    splits = len(config.get("split_metrics_by", []))
    if not places or (sort["column_type"] == "pivoted_metric" and not splits):
        del styling["sort_by"]
        return
    sort["index"] = int(sort["index"]) % len(places)
    if sort["column_type"] == "pivoted_metric":
        sort["values"] = [f"v{n}" for n in range(splits)]


def terms():
    return {"operation": "terms", "fields": ["a"]}


def buckets(layer):
    """Every bucket of a layer."""
    for key in ("x", "breakdown_by", "rows", "split_metrics_by", "group_by", "group_breakdown_by", "tag_by", "region"):
        value = layer.get(key, [])
        yield from value if isinstance(value, list) else [value]
    if "y" in layer and isinstance(layer["y"], dict):
        yield layer["y"]
