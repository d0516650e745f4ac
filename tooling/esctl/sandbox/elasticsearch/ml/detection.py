"""Anomalies the plain way: each series' bucket against the median of its earlier buckets, in units of their spread.

A stand-in for Elastic's models, which the sandbox has not: no season, no trend, no categories.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from statistics import fmean, median, pvariance
from typing import Any

from ..errors import ElasticsearchError, unsupported
from ..mapping import Body

LEARNED = 8
"""Buckets of a series before anything in it can be unusual."""
KEPT = 1000
"""Buckets of a series that are remembered."""
RARE = 0.001
"""A probability below this makes a record."""

BUCKETS = "#buckets"
"""Where the model counts the buckets that it has seen."""

Row = dict[str, Any]
"""`{"t": milliseconds, "w": documents it stands for, field: value, …}`"""

_NONE = "time_of_day time_of_week lat_long freq_rare info_content".split()


def refused(job: Body) -> ElasticsearchError | None:
    """What the sandbox cannot compute of a job."""
    for detector in job["analysis_config"]["detectors"]:
        function = detector["function"].removeprefix("low_").removeprefix("high_")
        if function in _NONE:
            return unsupported(f"the function [{detector['function']}] of an anomaly job")
    if "categorization_field_name" in job["analysis_config"]:
        return unsupported("[categorization_field_name] of an anomaly job")
    return None


def fields(job: Body) -> list[str]:
    """The fields of a document that a job looks at."""
    config = job["analysis_config"]
    named = [config.get("summary_count_field_name"), *config["influencers"]]
    for detector in config["detectors"]:
        named += [detector.get(f"{part}field_name") for part in ("", "by_", "over_", "partition_")]
    return list(dict.fromkeys(name for name in named if name))


@dataclass(frozen=True)
class Found:
    """What one bucket gives: documents to write, each with the end of its id."""

    documents: list[tuple[str, Body]] = field(default_factory=list)
    score: float = 0.0


Skipped = Callable[[Body, Body, float], tuple[bool, bool]]
"""(detector, record, bucket start) → whether the result is skipped, whether the bucket is not learned."""


def bucket(job: Body, start: int, span: int, rows: list[Row], model: Body, skipped: Skipped) -> Found:
    """Look at one bucket and learn it: `model` (series → earlier values) is changed."""
    seconds = span // 1000
    common: Body = {"timestamp": start, "bucket_span": seconds, "is_interim": False}
    documents: list[tuple[str, Body]] = []
    records: list[Body] = []
    model[BUCKETS] = [model.get(BUCKETS, [0])[0] + 1]
    for detector in job["analysis_config"]["detectors"]:
        for series, value, own in _values(detector, rows, model):
            record, shown = _judged(detector, series, value, model, common)
            hide, unlearned = skipped(detector, record, start)
            plot = job.get("model_plot_config") or {}
            key = f"{start}_{seconds}_{detector['detector_index']}_{_named(series)}"
            if plot.get("enabled") and shown:
                documents.append(
                    (f"model_plot_{key}", {"result_type": "model_plot", **common, **shown, **_who(detector, series)})
                )
            if record["probability"] < RARE and not hide:
                record["influencers"] = list(_influencers(job, detector, series, own))
                records.append(record)
                documents.append((f"record_{key}", record))
            if not unlearned:
                history = model.setdefault(_key(detector, series), [])
                history.append(value)
                del history[:-KEPT]
    score = max((record["record_score"] for record in records), default=0.0)
    documents += _of_influencers(records, common)
    head: Body = {
        "result_type": "bucket",
        **common,
        "anomaly_score": score,
        "initial_anomaly_score": score,
        "event_count": int(sum(row["w"] for row in rows)),
        "bucket_influencers": [],
        "processing_time_ms": 0,
    }
    if score:
        head["bucket_influencers"] = [{"influencer_field_name": "bucket_time", "anomaly_score": score}]
    documents.append((f"bucket_{start}_{seconds}", head))
    return Found(documents, score)


Series = tuple[Any, Any, Any]
"""The values of the partition, over and by fields; None where a detector has none."""


def _key(detector: Body, series: Series) -> str:
    """What is compared with its own past: of a population, each value with everyone's."""
    partition, over, by = series
    learned = (partition, None if over is not None else over, by)
    return f"{detector['detector_index']}|" + "|".join("" if part is None else str(part) for part in learned)


def _named(series: Series) -> str:
    return "_".join("" if part is None else str(part) for part in series)


def _who(detector: Body, series: Series) -> Body:
    found: Body = {"detector_index": detector["detector_index"]}
    for name, value in zip(("partition", "over", "by"), series, strict=True):
        if f"{name}_field_name" in detector:
            found |= {f"{name}_field_name": detector[f"{name}_field_name"], f"{name}_field_value": value}
    return found


def _values(detector: Body, rows: list[Row], model: Body) -> Iterator[tuple[Series, float, list[Row]]]:
    """Each series of a detector with its value in this bucket."""
    names = [detector.get(f"{part}_field_name") for part in ("partition", "over", "by")]
    grouped: dict[Series, list[Row]] = {}
    for row in rows:
        series = tuple(row.get(name) if name else None for name in names)
        missing = any(name and value is None for name, value in zip(names, series, strict=True))
        if not missing or detector.get("use_null"):
            grouped.setdefault((series[0], series[1], series[2]), []).append(row)
    function = detector["function"].removeprefix("low_").removeprefix("high_")
    if function == "rare":
        yield from ((series, 1.0, own) for series, own in grouped.items())
        return
    known = model.setdefault(f"{detector['detector_index']}#", [])
    if function == "count" and names[1] is None:
        if not any(names) and not grouped:
            grouped[(None, None, None)] = []
        for series in map(tuple, known):
            grouped.setdefault((series[0], series[1], series[2]), [])
    for series, own in grouped.items():
        value = _function(function, own, detector.get("field_name"))
        if value is not None:
            if list(series) not in known and names[1] is None:
                known.append(list(series))
            yield series, value, own


def _function(name: str, rows: list[Row], path: str | None) -> float | None:
    if name in ("count", "non_zero_count"):
        count = float(sum(row["w"] for row in rows))
        return count if count or name == "count" else None
    values = [row[path] for row in rows if path and row.get(path) is not None]
    if name == "distinct_count":
        return float(len({str(value) for value in values})) if values else None
    numbers = [float(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if not numbers:
        return None
    sums: dict[str, Callable[[list[float]], float]] = {
        "mean": fmean,
        "avg": fmean,
        "metric": fmean,
        "median": median,
        "min": min,
        "max": max,
        "sum": sum,
        "non_null_sum": sum,
        "varp": pvariance,
    }
    return float(sums[name](numbers))


def _judged(detector: Body, series: Series, value: float, model: Body, common: Body) -> tuple[Body, Body]:
    """The record that a value would make, and its plot against the model (empty while too little is learned)."""
    history = model.get(_key(detector, series), [])
    function = detector["function"]
    typical, spread, probability = value, 0.0, 1.0
    if function == "rare":
        (total,) = model[BUCKETS]
        probability = RARE / 10 if total > LEARNED and len(history) < max(1, total // 50) else 1.0
    elif len(history) >= LEARNED:
        typical = median(history)
        deviation = median(abs(past - typical) for past in history)
        floor = math.sqrt(abs(typical)) if "count" in function else 0.05 * abs(typical)
        spread = max(1.4826 * deviation, floor, 1e-9)
        distance = (value - typical) / spread
        if not ((function.startswith("low_") and distance > 0) or (function.startswith("high_") and distance < 0)):
            probability = math.erfc(abs(distance) / math.sqrt(2))
    score = min(100.0, max(0.0, 12.5 * (-math.log10(max(probability, 1e-300)) - 2))) if probability < RARE else 0.0
    record: Body = {
        "result_type": "record",
        "probability": probability,
        "record_score": score,
        "initial_record_score": score,
        **common,
        **_who(detector, series),
        "function": function,
        "function_description": function.removeprefix("low_").removeprefix("high_"),
        "typical": [typical],
        "actual": [value],
    }
    if "field_name" in detector:
        record["field_name"] = detector["field_name"]
    shown: Body = {}
    if len(history) >= LEARNED and function != "rare":
        shown = {
            "model_feature": f"'{record['function_description']}'",
            "model_lower": typical - 3 * spread,
            "model_upper": typical + 3 * spread,
            "model_median": typical,
            "actual": value,
        }
    return record, shown


def _influencers(job: Body, detector: Body, series: Series, rows: list[Row]) -> Iterator[Body]:
    """Of each influencer field: the value that the series is of, else the one with most documents."""
    who = _who(detector, series)
    for name in job["analysis_config"]["influencers"]:
        own = next(
            (
                who[f"{part}_field_value"]
                for part in ("by", "over", "partition")
                if who.get(f"{part}_field_name") == name
            ),
            None,
        )
        if own is None:
            weights: dict[str, float] = {}
            for row in rows:
                if row.get(name) is not None:
                    weights[str(row[name])] = weights.get(str(row[name]), 0) + row["w"]
            own = max(weights, key=lambda value: (weights[value], value), default=None)
        if own is not None:
            yield {"influencer_field_name": name, "influencer_field_values": [str(own)]}


def _of_influencers(records: list[Body], common: Body) -> Iterator[tuple[str, Body]]:
    best: dict[tuple[str, str], Body] = {}
    for record in records:
        for one in record["influencers"]:
            for value in one["influencer_field_values"]:
                known = best.get((one["influencer_field_name"], value))
                if known is None or known["influencer_score"] < record["record_score"]:
                    best[one["influencer_field_name"], value] = {
                        "result_type": "influencer",
                        **common,
                        "influencer_field_name": one["influencer_field_name"],
                        "influencer_field_value": value,
                        "influencer_score": record["record_score"],
                        "initial_influencer_score": record["record_score"],
                        "probability": record["probability"],
                    }
    for (name, value), document in best.items():
        yield f"influencer_{common['timestamp']}_{common['bucket_span']}_{name}_{value}", document
