"""Panels whose config Kibana stores as it is written: under other names before 9.4 or 9.5, with a data view apart.

Source: Kibana's transforms of each panel (`normalize_legacy_state`, `transform_…_out`), which read the old names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .filters import stored_filter
from .filters_of import filter_of
from .form import Form, Version

Body = dict[str, Any]
Reference = dict[str, str]


@dataclass(frozen=True)
class Plain:
    """`stored` is the type's name before 9.4; `renamed` the version from which on keys are as code.

    `names` are keys whose old name is not the camelCase of the new one; `values` are old values that differ, by key;
    `view` the name of the reference to the data view; `defaults` what Kibana fills in.
    """

    stored: str
    renamed: Version = (9, 4, 0)
    names: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    view: str = ""
    defaults: Body = field(default_factory=dict)
    since: Version = (8, 19, 0)


V95 = (9, 5, 0)
TIMES = {
    "no_minimum": "No minimum", "1_week": "1 week", "1_month": "1 month", "3_months": "3 months",
    "6_months": "6 months",
}  # fmt: skip
PLAIN = {
    "slo_overview": Plain("SLO_EMBEDDABLE", defaults={"slo_instance_id": "*"}),
    "slo_alerts": Plain("SLO_ALERTS_EMBEDDABLE"),
    "slo_burn_rate": Plain("SLO_BURN_RATE_EMBEDDABLE", defaults={"slo_instance_id": "*"}),
    "slo_error_budget": Plain("SLO_ERROR_BUDGET_EMBEDDABLE", defaults={"slo_instance_id": "*"}),
    "synthetics_stats_overview": Plain("SYNTHETICS_STATS_OVERVIEW_EMBEDDABLE"),
    "synthetics_monitors": Plain("SYNTHETICS_MONITORS_EMBEDDABLE"),
    "field_stats_table": Plain("field_stats_table", V95, defaults={"show_distributions": False}),
    "ml_anomaly_charts": Plain("ml_anomaly_charts", V95),
    "ml_anomaly_swimlane": Plain("ml_anomaly_swimlane", V95),
    "ml_single_metric_viewer": Plain("ml_single_metric_viewer", V95, defaults={"selected_detector_index": 0}),
    "aiops_change_point_chart": Plain(
        "aiopsChangePointChart",
        V95,
        names={"aggregation_function": "fn"},
        view="aiopsChangePointChartDataViewId",
        defaults={"view_type": "charts", "max_series_to_plot": 6},
    ),
    "aiops_log_rate_analysis": Plain(
        "aiopsLogRateAnalysisEmbeddable", V95, view="aiopsLogRateAnalysisEmbeddableDataViewId"
    ),
    "aiops_pattern_analysis": Plain(
        "aiopsPatternAnalysisEmbeddable",
        V95,
        names={"minimum_time_range": "minimumTimeRangeOption"},
        values={"minimum_time_range": TIMES},
        view="aiopsPatternAnalysisEmbeddableDataViewId",
        defaults={
            "minimum_time_range": "no_minimum",
            "random_sampler_mode": "on_automatic",
            "random_sampler_probability": None,
        },
    ),
    "apm_service_map": Plain(
        "apm_service_map", V95, since=V95, defaults={"environment": "ENVIRONMENT_ALL"}
    ),
}  # fmt: skip
SLO_NAMES = {"slo_id": "id", "slo_instance_id": "instanceId"}
"""In the list of `slo_alerts`, before 9.4."""


def stored_plain(kind: str, config: Body, form: Form) -> tuple[str, Body, list[Reference]]:
    """The stored type, the config, and the reference to a data view."""
    plain = PLAIN[kind]
    config = {**_defaults(kind, config), **config}
    references: list[Reference] = []
    if plain.view and "data_view_id" in config:
        references.append({"type": "index-pattern", "id": config.pop("data_view_id"), "name": plain.view})
    if form.version < plain.renamed:
        config = _older(kind, config)
    return kind if form.settled else plain.stored, config, references


def plain_of(kind: str, stored: Body, ids: Callable[[str], str | None]) -> Body:
    """The config as code of either form, defaults left out."""
    plain = PLAIN[kind]
    old = {name: new for new, name in plain.names.items()}
    config: Body = {}
    for key, value in stored.items():
        new = old.get(key) or _snake(key)
        words = {word: now for now, word in plain.values.get(new, {}).items()}
        config[new] = words.get(value, value) if isinstance(value, str) else value
    if plain.view and (view := ids(plain.view) or config.get("data_view_id")):
        config = {"data_view_id": view} | {key: value for key, value in config.items() if key != "data_view_id"}
    if kind == "slo_overview" and isinstance(config.get("group_filters"), dict):
        grouped = config["group_filters"] = {_snake(key): value for key, value in config["group_filters"].items()}
        if any("meta" in one for one in grouped.get("filters") or ()):
            grouped["filters"] = [filter_of(one, lambda name: None, ValueError) for one in grouped["filters"]]
    if kind == "slo_alerts":
        config["slos"] = [_slo(one, bool(config.get("show_all_group_by_instances"))) for one in config.get("slos", ())]
        config.pop("show_all_group_by_instances", None)
        config["slos"] = list({tuple(one.items()): one for one in config["slos"]}.values())
    if kind.startswith("synthetics") and isinstance(config.get("filters"), dict):
        config["filters"] = {_snake(key): value for key, value in config["filters"].items()}
    defaults = _defaults(kind, config)
    return {key: value for key, value in config.items() if key not in defaults or not _same(value, defaults[key])}


def _defaults(kind: str, config: Body) -> Body:
    if kind == "slo_overview" and config.get("overview_mode") == "groups":
        return {"group_filters": {"group_by": "status"}}
    return PLAIN[kind].defaults


def _older(kind: str, config: Body) -> Body:
    plain = PLAIN[kind]
    older: Body = {}
    for key, value in config.items():
        if isinstance(value, str):
            value = plain.values.get(key, {}).get(value, value)
        if key == "group_filters" or (key == "filters" and kind.startswith("synthetics")):
            value = {_camel(name): item for name, item in value.items()}
            if key == "group_filters" and "filters" in value:
                value["filters"] = [stored_filter(one) for one in value["filters"]]
        if key == "slos":
            named = [{"slo_instance_id": "*"} | one for one in value]
            old = [{SLO_NAMES[name]: item for name, item in one.items()} for one in named]
            value = [one | {"groupBy": [], "name": ""} for one in old]
        older[plain.names.get(key, _camel(key))] = value
    return older


def _slo(one: Body, every: bool) -> Body:
    found = {new: one.get(new, one.get(old, "*")) for new, old in SLO_NAMES.items()}
    if every or found["slo_instance_id"] == "*":
        del found["slo_instance_id"]
    return found


def _same(value: Any, default: Any) -> bool:
    return bool(value == default) and isinstance(value, bool) is isinstance(default, bool)


def _camel(key: str) -> str:
    first, *rest = key.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _snake(key: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in key)
