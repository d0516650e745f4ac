"""An anomaly job's configuration as PUT and _update read it: what is unknown, wrong or contradictory; its defaults."""

from __future__ import annotations

import re
from typing import Any

from ..dates import duration_ms
from ..errors import ElasticsearchError, illegal, unknown_field
from ..mapping import Body
from ..node import Node
from .naming import bad_request, check_id, same_id

_JOB = frozenset(
    "job_id analysis_config analysis_limits data_description datafeed_config description groups model_plot_config"
    " background_persist_interval custom_settings daily_model_snapshot_retention_after_days allow_lazy_open"
    " model_snapshot_retention_days renormalization_window_days results_index_name results_retention_days job_type"
    " model_snapshot_id create_time finished_time job_version".split()
)
_AT_CREATION = ("model_snapshot_id", "finished_time", "create_time")
_UPDATE = frozenset(
    "job_id groups description detectors model_plot_config analysis_limits background_persist_interval"
    " renormalization_window_days results_retention_days model_snapshot_retention_days categorization_filters"
    " daily_model_snapshot_retention_after_days custom_settings allow_lazy_open per_partition_categorization"
    " model_prune_window".split()
)
_PARTS = {
    "analysis_config": frozenset(
        "bucket_span categorization_field_name categorization_filters categorization_analyzer latency"
        " summary_count_field_name detectors influencers multivariate_by_fields per_partition_categorization"
        " model_prune_window".split()
    ),
    "analysis_limits": frozenset({"model_memory_limit", "categorization_examples_limit"}),
    "data_description": frozenset({"format", "time_field", "time_format", "field_delimiter", "quote_character"}),
    "model_plot_config": frozenset({"enabled", "terms", "annotations_enabled"}),
}
_DETECTOR = frozenset(
    "detector_description function field_name by_field_name over_field_name partition_field_name use_null"
    " exclude_frequent custom_rules detector_index".split()
)
_SIDES = ("", "low_", "high_")
_COUNTS = ("count", "non_zero_count", "distinct_count")
_VALUES = ("mean", "avg", "median", "sum", "non_null_sum", "varp", "info_content")
FUNCTIONS = frozenset(
    [side + name for side in _SIDES for name in (*_COUNTS, *_VALUES)]
    + ["rare", "freq_rare", "metric", "min", "max", "time_of_day", "time_of_week", "lat_long"]
)
_SHORT = {"nzc": "non_zero_count", "dc": "distinct_count", "nns": "non_null_sum"}
_ALONE = frozenset(
    [side + name for side in _SIDES for name in ("count", "non_zero_count")] + ["time_of_day", "time_of_week"]
)
_STANDARD_STOPS = (
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday Mon Tue Wed Thu Fri Sat Sun January February March April"
    " May June July August September October November December Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec GMT UTC"
).split()
_BYTES = {"b": 1 / 1048576, "k": 1 / 1024, "m": 1, "g": 1024, "t": 1048576, "p": 1 << 30}


def parsed(id: str, body: Body) -> Body:
    """The job as it is kept, without what the node adds; raises ElasticsearchError."""
    _known("job_details", body, _JOB)
    check_id(id, "job_id")
    same_id(body, id, "job_id")
    if illegal_ones := [key for key in _AT_CREATION if key in body]:
        raise illegal(
            f"The job is configured with fields [{', '.join(illegal_ones)}] that are illegal to set at job creation"
        )
    for key, message in (("analysis_config", "An analysis_config"), ("data_description", "A data_description")):
        if not isinstance(body.get(key), dict):
            raise illegal(f"{message} must be set")
    for key, known in _PARTS.items():
        if isinstance(body.get(key), dict):
            _known(key, body[key], known)
    kept: Body = {"groups": body["groups"]} if body.get("groups") else {}
    if body.get("description") is not None:
        kept["description"] = body["description"]
    kept["analysis_config"] = _analysis(body["analysis_config"])
    kept["analysis_limits"] = limits(body.get("analysis_limits") or {})
    kept["data_description"] = _description(body["data_description"], kept["analysis_config"])
    if body.get("model_plot_config") is not None:
        kept["model_plot_config"] = plot(body["model_plot_config"])
    for key in ("renormalization_window_days", "background_persist_interval", "results_retention_days"):
        if body.get(key) is not None:
            kept[key] = body[key]
    kept["model_snapshot_retention_days"] = body.get("model_snapshot_retention_days", 10)
    daily = min(1, kept["model_snapshot_retention_days"])
    kept["daily_model_snapshot_retention_after_days"] = body.get("daily_model_snapshot_retention_after_days", daily)
    if body.get("custom_settings") is not None:
        kept["custom_settings"] = body["custom_settings"]
    name = body.get("results_index_name") or "shared"
    kept["results_index_name"] = name if name == "shared" or name.startswith("custom-") else f"custom-{name}"
    kept["allow_lazy_open"] = body.get("allow_lazy_open", False)
    check_whole(id, kept)
    return kept


def _known(parser: str, body: Body, known: frozenset[str]) -> None:
    for key in body:
        if key not in known:
            raise unknown_field(parser, key)


def check_whole(id: str, job: Body) -> None:
    """What several parts have to agree on."""
    low = "cannot be less than 0. Value = "
    for key in ("daily_model_snapshot_retention_after_days", "model_snapshot_retention_days", "results_retention_days"):
        if key in job and job[key] < 0:
            raise illegal(f"{key} {low}{job[key]}")
    daily, days = job["daily_model_snapshot_retention_after_days"], job["model_snapshot_retention_days"]
    if daily > days:
        raise illegal(
            f"The value of daily_model_snapshot_retention_after_days [{daily}] cannot be greater than"
            f" model_snapshot_retention_days [{days}]"
        )
    for group in job.get("groups", ()):
        if not re.fullmatch(r"[a-z0-9](?:[a-z0-9_\-.]*[a-z0-9])?", str(group)):
            raise illegal(
                f"Invalid group id '{group}'; must be non-empty string and may contain lowercase alphanumeric (a-z and"
                " 0-9), hyphens or underscores; must start and end with alphanumeric"
            )
        if group == id:
            raise _clash(group)


def check_groups(node: Node, id: str, groups: list[str]) -> None:
    """A group may not have the name of a job, nor a job that of a group."""
    jobs = node.collection("ml_job")
    for group in groups:
        if group in jobs:
            raise _clash(group)
    if any(id in other.get("groups", ()) for name, other in jobs.items() if name != id):
        raise _clash(id)


def _clash(name: str) -> ElasticsearchError:
    return ElasticsearchError(
        "resource_already_exists_exception",
        f"job and group names must be unique but job [{name}] and group [{name}] have the same name",
    )


def _analysis(config: Body) -> Body:
    detectors = config.get("detectors")
    if not detectors:
        raise illegal("No detectors configured")
    span = config.get("bucket_span", "5m")
    length = _length(span, "bucket_span")
    kept: Body = {"bucket_span": span if isinstance(span, str) else f"{span}s"}
    for key in ("categorization_field_name", "latency", "summary_count_field_name", "multivariate_by_fields"):
        if config.get(key) is not None:
            kept[key] = config[key]
    _categorization(config, kept)
    if (partition := config.get("per_partition_categorization")) is not None:
        stop = {"stop_on_warn": partition.get("stop_on_warn", False)} if partition.get("enabled") else {}
        kept["per_partition_categorization"] = {"enabled": partition.get("enabled", False), **stop}
    kept["detectors"] = [_detector(one, n) for n, one in enumerate(detectors)]
    plain = [
        {k: v for k, v in one.items() if k not in ("detector_index", "detector_description", "custom_rules")}
        for one in kept["detectors"]
    ]
    if any(one in plain[:n] for n, one in enumerate(plain)):
        raise illegal("Duplicate detectors are not allowed")
    kept["influencers"] = config.get("influencers") or []
    default = max(30 * 86_400_000, 20 * length)
    kept["model_prune_window"] = config.get("model_prune_window") or f"{default // 86_400_000}d"
    return kept


def _length(value: Any, name: str) -> int:
    return int(value) * 1000 if isinstance(value, int) else duration_ms(value, name)


def span_ms(job: Body) -> int:
    """The length of a bucket."""
    return _length(job["analysis_config"]["bucket_span"], "bucket_span")


def _categorization(config: Body, kept: Body) -> None:
    """Filters become part of the standard analyzer, as servers since 6.2 keep them."""
    field, filters = config.get("categorization_field_name"), config.get("categorization_filters")
    analyzer = config.get("categorization_analyzer")
    if filters and not field:
        raise illegal("categorization_filters require setting categorization_field_name")
    if analyzer and not field:
        raise illegal("categorization_analyzer requires setting categorization_field_name")
    if filters and analyzer:
        raise illegal(_INCOMPATIBLE)
    if not field:
        return
    for pattern in filters or ():
        try:
            re.compile(pattern)
        except re.error:
            raise illegal(f"categorization_filters contains invalid regular expression '{pattern}'") from None
    stop = {"type": "stop", "stopwords": _STANDARD_STOPS}
    replacing = [{"type": "pattern_replace", "pattern": pattern} for pattern in filters or ()]
    standard = {"char_filter": ["first_line_with_letters", *replacing], "tokenizer": "ml_standard", "filter": [stop]}
    kept["categorization_analyzer"] = analyzer or standard


_INCOMPATIBLE = (
    "categorization_filters cannot be used with categorization_analyzer - instead specify them as pattern_replace"
    " char_filters in the analyzer"
)


def _detector(body: Any, index: int) -> Body:
    if not isinstance(body, dict):
        raise ElasticsearchError(
            "x_content_parse_exception", "[1:1] [analysis_config] failed to parse field [detectors]"
        )
    _known("detector", body, _DETECTOR)
    written = {key: value for key, value in body.items() if value not in (None, "")}
    function = _full(str(written.get("function", "metric")).lower())
    if function not in FUNCTIONS:
        raise illegal(f"Unknown function '{written.get('function')}'")
    field, by, over = (written.get(f"{name}field_name") for name in ("", "by_", "over_"))
    if function in _ALONE and field:
        raise illegal(f"field_name cannot be used with function '{function}'")
    if function == "rare" and not by:
        raise illegal("by_field_name must be set when the 'rare' function is used")
    if function == "freq_rare":
        for name, value in (("by", by), ("over", over)):
            if not value:
                raise illegal(f"{name}_field_name must be set when the 'freq_rare' function is used")
    if function not in _ALONE and function not in ("rare", "freq_rare") and not field:
        raise illegal(f"field_name must be set when the '{function}' function is used")
    kept: Body = {"function": function}
    for key in ("field_name", "by_field_name", "over_field_name", "partition_field_name", "exclude_frequent"):
        if key in written:
            kept[key] = written[key]
    if written.get("use_null"):
        kept["use_null"] = True
    if rules_ := written.get("custom_rules"):
        kept["custom_rules"] = [rule(one, kept) for one in rules_]
    described = written.get("detector_description") or default_description(kept)
    return {"detector_description": described, **kept, "detector_index": index}


def _full(function: str) -> str:
    for side in ("low_", "high_", ""):
        if function.startswith(side) and function[len(side) :] in _SHORT:
            return side + _SHORT[function[len(side) :]]
    return function


def default_description(detector: Body) -> str:
    """Elasticsearch's own words for a detector without a description."""
    text = detector["function"] + (f"({_quoted(detector['field_name'])})" if "field_name" in detector else "")
    text += f" by {_quoted(detector['by_field_name'])}" if "by_field_name" in detector else ""
    text += f" over {_quoted(detector['over_field_name'])}" if "over_field_name" in detector else ""
    text += " usenull=true" if detector.get("use_null") else ""
    text += f" partitionfield={_quoted(detector['partition_field_name'])}" if "partition_field_name" in detector else ""
    return text + (f" excludefrequent={detector['exclude_frequent']}" if "exclude_frequent" in detector else "")


def _quoted(field: str) -> str:
    return field if re.fullmatch(r"\w+", field, re.ASCII) else f'"{field}"'


def rule(body: Body, detector: Body) -> Body:
    """A custom rule; raises ElasticsearchError."""
    _known("detection_rule", body, frozenset({"actions", "scope", "conditions"}))
    if not body.get("scope") and not body.get("conditions"):
        raise illegal("Invalid detector rule: at least scope or a condition is required")
    fields = [
        detector[f"{name}_field_name"] for name in ("partition", "over", "by") if f"{name}_field_name" in detector
    ]
    kept: Body = {"actions": body.get("actions") or ["skip_result"]}
    for field, scope in (body.get("scope") or {}).items():
        if not fields:
            raise illegal(
                f"Invalid detector rule: scope field '{field}' is invalid; detector has no available fields for scoping"
            )
        if field not in fields:
            raise illegal(f"Invalid detector rule: scope field '{field}' is invalid; select from [{', '.join(fields)}]")
        kept.setdefault("scope", {})[field] = {"filter_type": "include", **scope}
    if body.get("conditions"):
        kept["conditions"] = [{**one, "value": float(one["value"])} for one in body["conditions"]]
    return kept


def limits(body: Body) -> Body:
    """`{model_memory_limit: 1024mb, categorization_examples_limit: 4}`, in megabytes whatever was written."""
    size = body.get("model_memory_limit", 1024)
    if not isinstance(size, int):
        match = re.fullmatch(r"(\d+(?:\.\d+)?)([bkmgtp])b?", str(size).strip().lower())
        if not match:
            raise ElasticsearchError(
                "parse_exception",
                f"failed to parse setting [model_memory_limit] with value [{size}] as a size in bytes: unit is missing"
                " or unrecognized",
            )
        size = int(float(match[1]) * _BYTES[match[2]])
    if size < 1:
        raise bad_request(f"model_memory_limit must be at least 1 MiB. Value = {size}")
    return {
        "model_memory_limit": f"{size}mb",
        "categorization_examples_limit": body.get("categorization_examples_limit", 4),
    }


def plot(body: Body) -> Body:
    enabled = body.get("enabled", True)
    terms = {"terms": body["terms"]} if body.get("terms") else {}
    return {"enabled": enabled, **terms, "annotations_enabled": body.get("annotations_enabled", enabled)}


def _description(body: Body, analysis: Body) -> Body:
    field = body.get("time_field") or "time"
    named = [
        d.get(key)
        for d in analysis["detectors"]
        for key in ("field_name", "by_field_name", "over_field_name", "partition_field_name")
    ]
    if field in (*named, *analysis["influencers"], analysis.get("summary_count_field_name")):
        raise illegal("data_description.time_field may not be used in the analysis_config")
    return {"time_field": field, "time_format": body.get("time_format") or "epoch_ms"}


def updated(node: Node, id: str, job: Body, body: Body, *, opened: bool) -> Body:
    """The job with an update applied; raises ElasticsearchError."""
    _known("job_update", body, _UPDATE)
    same_id(body, id, "job_id")
    after = {**job, "analysis_config": {**job["analysis_config"]}}
    analysis = after["analysis_config"]
    for key in _UPDATE - {"job_id", "detectors", "model_plot_config", "analysis_limits"}:
        value = body.get(key)
        if value is None:
            continue
        if key == "categorization_filters":
            raise illegal(
                _INCOMPATIBLE
                if "categorization_analyzer" in analysis
                else f"{key} require setting categorization_field_name"
            )
        if key == "per_partition_categorization":
            if value.get("enabled", False) != analysis.get(key, {}).get("enabled", False):
                raise illegal("updating [per_partition_categorization.enabled] is not allowed")
            analysis[key] = value
        elif key == "model_prune_window":
            analysis[key] = value
        else:
            after[key] = value
    if not after.get("groups"):
        after.pop("groups", None)
    if body.get("model_plot_config") is not None:
        after["model_plot_config"] = plot({"enabled": True, **body["model_plot_config"]})
    if body.get("analysis_limits") is not None:
        if opened:
            raise bad_request("Cannot update analysis_limits while the job is open")
        after["analysis_limits"] = limits({**after["analysis_limits"], **body["analysis_limits"]})
    detectors = [dict(one) for one in analysis["detectors"]]
    for change in body.get("detectors") or ():
        _known("detector_update", change, frozenset({"detector_index", "description", "custom_rules"}))
        index = change.get("detector_index", 0)
        if index >= len(detectors):
            raise bad_request(f"Supplied detector_index [{index}] is >= the number of detectors [{len(detectors)}]")
        if change.get("description") is not None:
            detectors[index]["detector_description"] = change["description"]
        if change.get("custom_rules") is not None:
            rules = [rule(one, detectors[index]) for one in change["custom_rules"]]
            detectors[index] = {k: v for k, v in detectors[index].items() if k != "custom_rules"}
            if rules:
                detectors[index]["custom_rules"] = rules
    analysis["detectors"] = detectors
    check_whole(id, after)
    check_groups(node, id, after.get("groups", []))
    return after
