"""Default labels of columns, as Kibana's editor words them: Kibana before 9.4 shows the stored text."""

from __future__ import annotations

from typing import Any

FIELD_LABELS = {
    "unique_count": "Unique count of {field}",
    "sum": "Sum of {field}",
    "min": "Minimum of {field}",
    "max": "Maximum of {field}",
    "average": "Average of {field}",
    "median": "Median of {field}",
    "standard_deviation": "Standard deviation of {field}",
    "last_value": "Last value of {field}",
}
REFERRING = {
    "differences": "Differences of {inner}",
    "moving_average": "Moving average of {inner}",
    "cumulative_sum": "Cumulative sum of {inner}",
    "counter_rate": "Counter rate of {inner}",
}
SCALES = {"s": " per second", "m": " per minute", "h": " per hour", "d": " per day"}


def metric_label(metric: dict[str, Any]) -> str:
    """`Count of records`, `95th percentile of price -1w`: what Kibana would call this metric."""
    operation, field = metric["operation"], metric.get("field", "")
    if operation == "count":
        text = f"Count of {field}" if field else "Count of records"
    elif operation == "percentile":
        text = f"{ordinal(metric.get('percentile', 95))} percentile of {field}"
    elif operation == "percentile_rank":
        text = f"Percentile rank ({metric.get('rank', 0)}) of {field}"
    elif operation == "static_value":
        text = f"Static value: {metric.get('value', 100)}"
    elif operation == "formula":
        return str(metric["formula"])
    elif operation in REFERRING:
        inner = metric_label(metric["of"]) if "of" in metric else field or "Count of records"
        text = REFERRING[operation].format(inner=inner)
    else:
        text = FIELD_LABELS[operation].format(field=field)
    text += SCALES.get(metric.get("time_scale", ""), "")
    if metric.get("time_shift"):
        text += f" -{metric['time_shift']}"
    if metric.get("reduced_time_range"):
        text += f" - last {metric['reduced_time_range']}"
    return text


def bucket_label(bucket: dict[str, Any]) -> str:
    """`Top 5 values of host`, `@timestamp`, `Filters`."""
    if bucket["operation"] == "filters":
        return "Filters"
    if bucket["operation"] != "terms":
        return str(bucket["field"])
    first, others = bucket["fields"][0], len(bucket["fields"]) - 1
    rank = bucket.get("rank_by", {}).get("type")
    if others:
        return f"Top values of {first} + {others} other{'s' if others > 1 else ''}"
    if rank == "rare":
        return f"Rare values of {first}"
    if rank == "significant":
        return f"Significant values of {first}"
    limit = bucket.get("limit", 5)
    return f"Top value of {first}" if limit == 1 else f"Top {limit} values of {first}"


def ordinal(number: float) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 99.9th."""
    if number != int(number):
        return f"{number}th"
    whole = int(number)
    ending = "th" if whole % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(whole % 10, "th")
    return f"{whole}{ending}"
