"""The dashboard over images that were clustered and evaluated for real, in the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from loaded_dashboard import Loaded, loaded_dashboard


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    with loaded_dashboard(tmp_path_factory.mktemp("sandbox")) as found:
        yield found


def bars(chart: dict[str, Any]) -> dict[int, float]:
    """Cluster → height."""
    return {int(value["label"]): value["y"] for value in chart["spec"]["layer"][0]["layer"][0]["data"]["values"]}


def alone(loaded: Loaded) -> int:
    (found,) = (one.cluster for one in loaded.evaluation.clusters if one.size == 1)
    return found


def test_the_bars_are_the_silhouettes_that_evaluate_found_and_an_image_alone_counts_0(loaded):
    expected = {one.cluster: one.silhouette_simplified for one in loaded.evaluation.clusters}
    drawn = bars(loaded.panel("silhouettes"))
    assert drawn == pytest.approx(expected, abs=1e-6) and len(drawn) == 6
    assert drawn[alone(loaded)] == 0
    # At ingest nobody knows who else comes: the image's own figure is another.
    (image,) = (source for source in loaded.sources if source["cluster"] == alone(loaded))
    assert image["silhouette_simplified"] > 0.9


def test_the_bars_forget_earlier_evaluations(loaded):
    before = bars(loaded.panel("silhouettes"))
    old = {"type": "cluster", "newest": False, "run": "0", "cluster": 1, "silhouette_simplified": -1.0}
    url = f"{loaded.elasticsearch}/image_clusters/_doc/old?refresh=true"
    requests.put(url, json=old, timeout=30).raise_for_status()
    assert bars(loaded.panel("silhouettes")) == before
    requests.delete(url, timeout=30).raise_for_status()


def test_the_bars_filter_by_cluster_and_are_filtered_by_it(loaded):
    chart = loaded.panel("silhouettes")
    (filters,) = (f for f in chart["model"]["filters"] if f[0]["meta"]["params"]["query"] == 2)
    assert [f["meta"]["key"] for f in filters] == ["cluster"]
    assert list(bars(loaded.panel("silhouettes", filters=filters))) == [2]
    assert list(bars(loaded.panel("sizes", filters=filters))) == [2]


def test_a_cluster_has_one_colour_in_both_bar_charts(loaded):
    def colours(name):
        values = loaded.panel(name)["spec"]["layer"][0]["layer"][0]["data"]["values"]
        return {value["label"]: value["colour"] for value in values}

    assert colours("sizes") == colours("silhouettes") and len(set(colours("sizes").values())) == 6


def test_the_gallery_gets_the_nearest_images_of_each_cluster(loaded):
    buckets = loaded.panel("gallery")["spec"]["data"][0]["values"]["aggregations"]["clusters"]["buckets"]
    got = {
        bucket["key"]: [hit["_source"]["distance"] for hit in bucket["nearest"]["hits"]["hits"]] for bucket in buckets
    }
    expected = {
        cluster: sorted(source["distance"] for source in loaded.sources if source["cluster"] == cluster)
        for cluster in range(6)
    }
    assert got == expected
