"""Lens state → search bodies → rows: bodies as Kibana would send them, answers as Elasticsearch gives them."""

from __future__ import annotations

from typing import Any

import pytest
from dashboard_objects import lens, metric, terms

from esctl.errors import EsctlError
from esctl.preview import (
    DataView,
    Scope,
    Table,
    TimeRange,
    bounds_requests,
    lens_requests,
    lens_rows,
    phrase_filter,
    read_bounds,
    read_lens,
)

VIEWS = {
    "image-data": DataView("image-data", "image_data"),
    "logs": DataView("logs", "logs-*", time_field="@timestamp"),
}
EVERYTHING = {"bool": {"filter": [], "must_not": []}}


def table_of(columns: dict[str, Any], **more: Any) -> dict[str, Any]:
    shown = [{"columnId": c} for c in columns]
    return lens("lnsDatatable", {"layerId": "layer_0", "columns": shown}, columns, **more)


def body_of(columns: dict[str, Any], scope: Scope | None = None, **more: Any) -> dict[str, Any]:
    searches = lens_requests(read_lens(table_of(columns, **more), data_views=VIEWS), scope or Scope())
    assert len(searches) == 1
    return dict(searches[0].body)


def rows_of(columns: dict[str, Any], aggregations: dict[str, Any], total: int = 10) -> Table:
    opened = read_lens(table_of(columns), data_views=VIEWS)
    searches = lens_requests(opened, Scope())
    answer = {"hits": {"total": {"value": total}}, "aggregations": aggregations}
    return lens_rows(opened, searches, {"layer_0": answer})["layer_0"]


def test_terms_nest_in_column_order_and_metrics_stand_innermost() -> None:
    body = body_of({"a": terms("label"), "b": terms("cluster", 3), "m": metric("average", "distance")})
    assert body == {
        "size": 0,
        "track_total_hits": True,
        "query": EVERYTHING,
        "aggs": {
            "0": {
                "terms": {"field": "label", "size": 100, "order": {"_key": "asc"}},
                "aggs": {
                    "1": {
                        "terms": {"field": "cluster", "size": 3, "order": {"_key": "asc"}},
                        "aggs": {"2": {"avg": {"field": "distance"}}},
                    }
                },
            }
        },
    }


def test_terms_ordered_by_a_metric_carry_that_metric_on_every_level() -> None:
    by_metric = {"type": "column", "columnId": "m"}
    columns = {"a": terms("label", order=by_metric), "b": terms("cluster"), "m": metric("percentile", "distance")}
    aggs = body_of(columns)["aggs"]
    wanted = {"percentiles": {"field": "distance", "percents": [95.0]}}
    assert aggs["0"]["terms"]["order"] == {"2[95]": "asc"}
    assert aggs["0"]["aggs"]["2"] == wanted
    assert aggs["0"]["aggs"]["1"]["aggs"]["2"] == wanted


def test_terms_ordered_by_a_count() -> None:
    by_count = {"type": "column", "columnId": "m"}
    aggs = body_of({"a": {**terms("label", 5, by_count)}, "m": metric("count")})["aggs"]
    assert aggs == {"0": {"terms": {"field": "label", "size": 5, "order": {"_count": "asc"}}}}


@pytest.mark.parametrize(
    ("column", "aggregation"),
    [
        (metric("sum", "f"), {"sum": {"field": "f"}}),
        (metric("min", "f"), {"min": {"field": "f"}}),
        (metric("max", "f"), {"max": {"field": "f"}}),
        (metric("average", "f"), {"avg": {"field": "f"}}),
        (metric("median", "f"), {"percentiles": {"field": "f", "percents": [50]}}),
        (metric("standard_deviation", "f"), {"extended_stats": {"field": "f"}}),
        (metric("unique_count", "f"), {"cardinality": {"field": "f"}}),
        (metric("percentile_rank", "f", params={"value": 3}), {"percentile_ranks": {"field": "f", "values": [3.0]}}),
        (metric("count", "f"), {"value_count": {"field": "f"}}),
        (
            metric("last_value", "f", params={"sortField": "@timestamp"}),
            {"top_metrics": {"metrics": {"field": "f"}, "size": 1, "sort": {"@timestamp": {"order": "desc"}}}},
        ),
    ],
)
def test_metrics(column: dict[str, Any], aggregation: dict[str, Any]) -> None:
    assert body_of({"m": column})["aggs"] == {"0": aggregation}


def test_a_columns_own_filter_wraps_it() -> None:
    only = {"query": "type: run", "language": "kuery"}
    aggs = body_of({"m": metric("max", "k", filter=only), "n": metric("count", filter=only)})["aggs"]
    run = {"bool": {"should": [{"match": {"type": "run"}}], "minimum_should_match": 1}}
    assert aggs == {"0": {"filter": run, "aggs": {"value": {"max": {"field": "k"}}}}, "1": {"filter": run}}
    table = rows_of(
        {"m": metric("max", "k", filter=only), "n": metric("count", filter=only)},
        {"0": {"doc_count": 2, "value": {"value": 7.0}}, "1": {"doc_count": 2}},
    )
    assert table.rows == ({"m": 7.0, "n": 2},)


def test_dashboard_filters_query_and_time_apply_unless_the_layer_ignores_them() -> None:
    scope = Scope(
        (phrase_filter("cluster", 3, index="logs"), {"meta": {"negate": True}, "query": {"exists": {"field": "x"}}}),
        ({"query": "label: cat", "language": "kuery"},),
        TimeRange("now-1d", "now"),
    )
    time = {"range": {"@timestamp": {"gte": "now-1d", "lte": "now", "format": "strict_date_optional_time"}}}
    cat = {"bool": {"should": [{"match": {"label": "cat"}}], "minimum_should_match": 1}}
    assert body_of({"m": metric("count")}, scope, view="logs")["query"] == {
        "bool": {"filter": [cat, {"match_phrase": {"cluster": 3}}, time], "must_not": [{"exists": {"field": "x"}}]}
    }
    assert body_of({"m": metric("count")}, scope, view="logs", ignore=True)["query"] == {
        "bool": {"filter": [time], "must_not": []}
    }


def test_date_histogram_takes_an_interval_that_fits_the_time_range() -> None:
    column = {"operationType": "date_histogram", "sourceField": "@timestamp", "isBucketed": True, "params": {}}
    day = body_of({"d": column, "m": metric("count")}, Scope(time_range=TimeRange("now-24h", "now")), view="logs")
    assert day["aggs"]["0"] == {"date_histogram": {"field": "@timestamp", "fixed_interval": "30m", "min_doc_count": 0}}
    month = body_of({"d": {**column, "params": {"interval": "M"}}, "m": metric("count")}, view="logs")
    assert month["aggs"]["0"]["date_histogram"]["calendar_interval"] == "month"


def test_automatic_histogram_asks_for_the_bounds_first() -> None:
    column = {"operationType": "range", "sourceField": "x", "isBucketed": True, "params": {"type": "histogram"}}
    opened = read_lens(table_of({"h": column, "m": metric("count")}), data_views=VIEWS)
    first = bounds_requests(opened, Scope())
    assert first[0].body["aggs"] == {"0": {"stats": {"field": "x"}}}
    found = read_bounds(first[0], {"aggregations": {"0": {"count": 5, "min": -1.0, "max": 4.0}}})
    second = lens_requests(opened, Scope(), bounds={"layer_0": found})
    assert second[0].body["aggs"]["0"] == {"histogram": {"field": "x", "interval": 0.1, "min_doc_count": 0}}


def test_rows_are_flat_and_know_their_filters() -> None:
    columns = {"a": terms("label"), "b": terms("cluster"), "m": metric("average", "distance")}
    answer = {
        "0": {
            "buckets": [
                {"key": "cat", "doc_count": 3, "1": {"buckets": [{"key": 3, "doc_count": 2, "2": {"value": 0.5}}]}},
                {"key": "dog", "doc_count": 1, "1": {"buckets": [{"key": 1, "doc_count": 1, "2": {"value": None}}]}},
            ]
        }
    }
    table = rows_of(columns, answer)
    assert table.rows == ({"a": "cat", "b": 3, "m": 0.5}, {"a": "dog", "b": 1, "m": None})
    assert [f["query"] for f in table.filters(table.rows[0])] == [
        {"match_phrase": {"label": "cat"}},
        {"match_phrase": {"cluster": 3}},
    ]
    assert table.filters(table.rows[0], "b") == [phrase_filter("cluster", 3, index="image-data")]


def test_other_and_missing_buckets() -> None:
    more = {"otherBucket": True, "missingBucket": True}
    columns = {"a": terms("label", 1, **more), "m": metric("count")}
    assert body_of(columns)["aggs"]["0-missing"] == {"missing": {"field": "label"}}
    answer = {
        "0": {"buckets": [{"key": "cat", "doc_count": 3}], "sum_other_doc_count": 5},
        "0-missing": {"doc_count": 2},
    }
    table = rows_of(columns, answer)
    assert [(r["a"], r["m"]) for r in table.rows] == [("cat", 3), ("__missing__", 2), ("__other__", 5)]
    assert table.filters(table.rows[1])[0]["meta"]["negate"] is True
    assert table.filters(table.rows[2]) == []
    averaged = {"a": terms("label", 1, **more), "m": metric("average", "x")}
    said = rows_of(averaged, {"0": {"buckets": [], "sum_other_doc_count": 5}}).notes
    assert said == ('"Other" of Top value of label is not drawn: 5 documents',)


def test_formula_is_worked_out_from_its_parts_in_both_forms() -> None:
    text = "round(100 * count(kql='cluster: 3') / count(), 1)"
    plain = {"operationType": "formula", "isBucketed": False, "references": [], "params": {"formula": text}}
    body = body_of({"f": plain})
    assert list(body["aggs"]) == ["1"]
    answer = {"1": {"doc_count": 1}}
    assert rows_of({"f": plain}, answer, total=8).rows == ({"f": 12.5},)
    expanded = {
        "f": {**plain, "references": ["fX1"]},
        "fX0": metric("count"),
        "fX1": {"operationType": "math", "isBucketed": False, "references": ["fX0"], "params": {"tinymathAst": "fX0"}},
    }
    assert rows_of(expanded, {"1": {"doc_count": 1}}, total=8).rows == ({"f": 12.5},)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (metric("geo"), 'operation "geo" is not drawn yet'),
        (
            {"operationType": "formula", "params": {"formula": "overall_sun(count())"}},
            'there is no function "overall_sun"',
        ),
        ({"operationType": "formula", "params": {"formula": "count(shfit='1w')"}}, 'count(…) has no "shfit="'),
        ({"operationType": "formula", "params": {"formula": "count("}}, "ends too early"),
    ],
)
def test_what_is_not_drawn_is_refused_by_name(column: dict[str, Any], message: str) -> None:
    with pytest.raises(EsctlError) as caught:
        body_of({"m": column})
    assert message in str(caught.value)


def test_a_missing_data_view_is_named() -> None:
    with pytest.raises(EsctlError, match='data view "gone" does not exist'):
        body_of({"m": metric("count")}, view="gone")


def test_ad_hoc_data_view() -> None:
    attributes = table_of({"m": metric("count")}, view="adhoc")
    attributes["state"]["internalReferences"] = attributes.pop("references")
    attributes["state"]["adHocDataViews"] = {"adhoc": {"title": "logs-*", "timeFieldName": "@timestamp"}}
    search = lens_requests(read_lens(attributes), Scope(time_range=TimeRange("now-1h", "now")))[0]
    assert search.index == "logs-*"
    assert "range" in search.body["query"]["bool"]["filter"][0]


@pytest.mark.parametrize(
    ("column", "label"),
    [
        (metric("count"), "Count of records"),
        (metric("unique_count", "a"), "Unique count of a"),
        (metric("percentile", "a", params={"percentile": 99}), "99th percentile of a"),
        (metric("percentile", "a", params={"percentile": 1}), "1st percentile of a"),
        (metric("count", label="Images"), "Images"),
        (terms("a", 3), "Top 3 values of a"),
        (terms("a", secondaryFields=["b"]), "Top values of a + 1 other"),
    ],
)
def test_labels_that_newer_kibanas_do_not_store(column: dict[str, Any], label: str) -> None:
    opened = read_lens(table_of({"c": column}), data_views=VIEWS)
    assert opened.layers["layer_0"].columns["c"].label == label
