"""One form for an anomaly job as it is written and as servers show it (rows 11 to 13)."""

from __future__ import annotations

import re
from typing import Any

from ..model import Body
from . import ml_datafeed
from .base import OWNER
from .differences import same
from .durations import milliseconds, shortest

OPENED, CLOSED, FAILED = "opened", "closed", "failed"
STARTED, STOPPED = "started", "stopped"

GIVEN = (
    "job_id job_type job_version create_time create_time_string finished_time finished_time_string last_data_time"
    " established_model_memory model_snapshot_id model_snapshot_min_version blocked deleting datafeed_config observed"
).split()
"""What servers add, and what is read beside it."""

_DEFAULTS: Body = {
    "description": "",
    "groups": [],
    "allow_lazy_open": False,
    "model_snapshot_retention_days": 10,
    "daily_model_snapshot_retention_after_days": 1,
    "custom_settings": {},
    "analysis_limits": {},
    "data_description": {},
    "results_index_name": "shared",
}
_NO_ANALYSIS: Body = {
    "influencers": [],
    "categorization_filters": [],
    "per_partition_categorization": {},
    "multivariate_by_fields": False,
    "latency": "0ms",
    "bucket_span": "5m",
}
_SHORT_FUNCTIONS = {"nzc": "non_zero_count", "dc": "distinct_count", "nns": "non_null_sum"}
_PRUNED_AFTER = 30 * 86_400_000
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(b|kb?|mb?|gb?|tb?|pb?)?")
_MEGABYTES = {"b": 1 / 1048576, "k": 1 / 1024, "m": 1, "g": 1024, "t": 1048576, "p": 1073741824}
_STANDARD_FIRST = ("first_line_with_letters", "first_non_blank_line")


def normalised(body: Body) -> Body:
    """`body` is a copy that may be changed. `datafeed.start` and `.end` of a live job come from its mark."""
    job = body.get("job_id")
    feed = body.get("datafeed")
    mark = (body.get("custom_settings") or {}).get(OWNER) if isinstance(body.get("custom_settings"), dict) else None
    body = {key: value for key, value in body.items() if key not in GIVEN and value is not None}
    if isinstance(feed, dict):
        run = mark.get("datafeed") if isinstance(mark, dict) else None
        body["datafeed"] = ml_datafeed.normalised({**feed, **(run or {})}, job)
    if isinstance(body.get("custom_settings"), dict):
        body["custom_settings"] = {key: value for key, value in body["custom_settings"].items() if key != OWNER}
    _states(body)
    if isinstance(body.get("analysis_config"), dict):
        body["analysis_config"] = _analysis(body["analysis_config"])
    if isinstance(body.get("analysis_limits"), dict):
        body["analysis_limits"] = _limits(body["analysis_limits"])
    if isinstance(body.get("data_description"), dict):
        body["data_description"] = _description(body["data_description"], isinstance(feed, dict))
    if isinstance(body.get("groups"), list):
        body["groups"] = sorted({str(group) for group in body["groups"]})
    if isinstance(body.get("results_index_name"), str):
        body["results_index_name"] = body["results_index_name"].removeprefix("custom-")
    if "background_persist_interval" in body:
        body["background_persist_interval"] = _duration(body["background_persist_interval"])
    _model_plot(body)
    return _without(body, _DEFAULTS)


def _states(body: Body) -> None:
    body.setdefault("state", OPENED)
    feed = body.get("datafeed")
    if isinstance(feed, dict):
        feed.setdefault("state", STARTED if body["state"] == OPENED else STOPPED)
        if feed["state"] == STOPPED:  # what it would be started with counts when it starts
            feed.pop("start", None)
            feed.pop("end", None)


def _without(body: Body, defaults: Body) -> Body:
    return {key: value for key, value in body.items() if key not in defaults or not same(value, defaults[key])}


def _analysis(config: Body) -> Body:
    config = {key: value for key, value in config.items() if value is not None}
    for key in ("bucket_span", "latency", "model_prune_window"):
        if key in config:
            config[key] = _duration(config[key])
    span = milliseconds(config.get("bucket_span", "5m")) or 0
    if milliseconds(config.get("model_prune_window")) == max(_PRUNED_AFTER, 20 * span):
        del config["model_prune_window"]
    if isinstance(config.get("detectors"), list):
        config["detectors"] = [detector(one) for one in config["detectors"]]
    if isinstance(config.get("per_partition_categorization"), dict):
        partition = config["per_partition_categorization"]
        config["per_partition_categorization"] = {k: v for k, v in partition.items() if v not in (False, None)}
    _categorization(config)
    return _without(config, _NO_ANALYSIS)


def _categorization(config: Body) -> None:
    """`categorization_filters` come back inside the standard analyzer, as `pattern_replace` of each."""
    analyzer = config.get("categorization_analyzer")
    if not isinstance(analyzer, dict) or analyzer.get("tokenizer") not in ("ml_standard", "ml_classic"):
        return
    first, *patterns = analyzer.get("char_filter") or [None]
    plain = all(
        isinstance(one, dict) and one.get("type") == "pattern_replace" and not one.get("replacement")
        for one in patterns
    )
    stops = analyzer.get("filter") or []
    dates = len(stops) == 1 and isinstance(stops[0], dict) and "Monday" in (stops[0].get("stopwords") or ())
    if first in _STANDARD_FIRST and plain and dates:
        del config["categorization_analyzer"]
        if patterns:
            config["categorization_filters"] = [one["pattern"] for one in patterns]


def detector(body: Any) -> Any:
    """One detector: without its number, empty parts, and a description that says only what stands there anyway."""
    if not isinstance(body, dict):
        return body
    kept = {key: value for key, value in body.items() if value not in (None, "") and key != "detector_index"}
    if isinstance(kept.get("function"), str):
        kept["function"] = _function(kept["function"])
    if kept.get("use_null") is False:
        del kept["use_null"]
    if kept.get("exclude_frequent") == "none":
        del kept["exclude_frequent"]
    if isinstance(kept.get("custom_rules"), list):
        kept["custom_rules"] = [_rule(rule) for rule in kept["custom_rules"]]
        if not kept["custom_rules"]:
            del kept["custom_rules"]
    if kept.get("detector_description") == default_description(kept):
        del kept["detector_description"]
    return kept


def _function(name: str) -> str:
    for side in ("low_", "high_", ""):
        if name.startswith(side) and name[len(side) :] in _SHORT_FUNCTIONS:
            return side + _SHORT_FUNCTIONS[name[len(side) :]]
    return name


def _rule(rule: Any) -> Any:
    if not isinstance(rule, dict):
        return rule
    kept = {key: value for key, value in rule.items() if value not in (None, [], {})}
    if kept.get("actions") == ["skip_result"]:
        del kept["actions"]
    if isinstance(kept.get("scope"), dict):
        kept["scope"] = {
            field: {k: v for k, v in scope.items() if not (k == "filter_type" and v == "include")}
            if isinstance(scope, dict)
            else scope
            for field, scope in kept["scope"].items()
        }
    return kept


def default_description(detector: Body) -> str:
    """What Elasticsearch calls a detector that has no description: `count over x`, `mean(bytes) by host`."""
    text = str(detector.get("function", ""))
    if detector.get("field_name"):
        text += f"({_quoted(detector['field_name'])})" if text else _quoted(detector["field_name"])
    for key, word in (("by_field_name", " by "), ("over_field_name", " over ")):
        if detector.get(key):
            text += word + _quoted(detector[key])
    if detector.get("use_null"):
        text += " usenull=true"
    if detector.get("partition_field_name"):
        text += f" partitionfield={_quoted(detector['partition_field_name'])}"
    if detector.get("exclude_frequent"):
        text += f" excludefrequent={detector['exclude_frequent']}"
    return text


def _quoted(field: Any) -> str:
    text = str(field)
    if re.fullmatch(r"[A-Za-z0-9_]+", text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _limits(limits: Body) -> Body:
    kept = {key: value for key, value in limits.items() if value is not None}
    if "model_memory_limit" in kept:
        kept["model_memory_limit"] = megabytes(kept["model_memory_limit"])
    return _without(kept, {"model_memory_limit": "1024mb", "categorization_examples_limit": 4})


def megabytes(size: Any) -> Any:
    """`1gb` → `1024mb`, a bare number counts megabytes; what is no size stays (row 12)."""
    if isinstance(size, int) and not isinstance(size, bool):
        return f"{size}mb"
    match = _SIZE.fullmatch(size.strip().lower()) if isinstance(size, str) else None
    if match is None:
        return size
    return f"{int(float(match[1]) * (_MEGABYTES[match[2][0]] if match[2] else 1))}mb"


def _description(description: Body, fed: bool) -> Body:
    kept = {key: value for key, value in description.items() if value is not None}
    if kept.get("format") in ("xcontent", "json"):
        del kept["format"]
    if kept.get("time_format") == "epoch_ms" or (fed and kept.get("time_format") == "epoch"):
        del kept["time_format"]  # a datafeed always hands milliseconds over
    return _without(kept, {"time_field": "time"})


def _model_plot(body: Body) -> None:
    plot = body.get("model_plot_config")
    if not isinstance(plot, dict):
        return
    kept = {key: value for key, value in plot.items() if value not in (None, "")}
    if kept.get("annotations_enabled") is kept.get("enabled", False):
        kept.pop("annotations_enabled", None)
    if kept.get("enabled") is False:
        del kept["enabled"]
    if kept:
        body["model_plot_config"] = kept
    else:
        del body["model_plot_config"]


def _duration(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return shortest(value * 1000)  # seconds
    length = milliseconds(value)
    return value if length is None else shortest(length)
