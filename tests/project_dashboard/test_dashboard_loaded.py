"""The dashboard over images that were clustered and evaluated for real, in the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import requests
from loaded_dashboard import Loaded, loaded_dashboard, rendered


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


def test_the_gallery_gets_the_images_the_nearest_first(loaded):
    found = loaded.panel("gallery")["spec"]["data"][0]["values"]["hits"]
    got = [(hit["_source"]["distance"], hit["_source"]["file_name"]) for hit in found["hits"]]
    assert got == sorted((source["distance"], source["file_name"]) for source in loaded.sources)
    assert found["total"] == {"value": 61, "relation": "eq"}


@pytest.mark.real
def test_a_real_server_answers_the_searches_of_the_gallery_and_the_scatter_plot(elasticsearch_95):
    resources = rendered(dims=4)
    mappings = resources["index/image_data"]["mappings"]
    del mappings["properties"]["silhouette_rank"]  # rank_feature is not part of the reduced server
    panels = {panel["id"]: panel for panel in resources["dashboard/image-recognition"]["panels"]}
    index = f"{elasticsearch_95.url}/gallery-{uuid4().hex[:8]}"
    requests.put(index, json={"mappings": mappings}, timeout=60).raise_for_status()
    for n in range(15):
        of = {"cluster": n % 5 - 1} if n % 5 else {}
        image = {"file_name": f"{n}.jpg", "distance": 9 - n, "thumbnail": "AAAA", "x": n, "y": 1} | of
        requests.put(f"{index}/_doc/{n}?refresh=true", json=image, timeout=60).raise_for_status()
    for panel in ("gallery", "scatter"):
        body = panels[panel]["config"]["spec"]["value"]["data"][0]["url"]["body"]
        hits = requests.post(f"{index}/_search", json=body, timeout=60).json()["hits"]
        assert hits["total"] == {"value": 15, "relation": "eq"}
        names = [hit["_source"]["file_name"] for hit in hits["hits"]]
        assert sorted(names) == sorted(f"{n}.jpg" for n in range(15))
        assert panel == "scatter" or names == [f"{n}.jpg" for n in range(14, -1, -1)]
