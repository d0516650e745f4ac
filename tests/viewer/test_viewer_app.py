"""The viewer over HTTP, in front of a fake Elasticsearch and Kibana."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from dashboard_objects import COLOURS, GRIDS, charts, dashboard
from fake_servers import Asked, servers
from running_viewer import running_viewer

from esctl.viewer import vega_bundle

ID = "image-recognition"
CLUSTER_3 = {"meta": {"key": "cluster"}, "query": {"match_phrase": {"cluster": 3}}}


class Client:
    """Requests below `/app`."""

    def __init__(self, root: str) -> None:
        self.root = root

    def get(self, path: str) -> requests.Response:
        return requests.get(f"{self.root}/{path}", timeout=30)

    def post(self, path: str, **body: Any) -> requests.Response:
        return requests.post(f"{self.root}/{path}", timeout=30, **body)


@contextmanager
def client_of(url: str, **more: Any) -> Iterator[Client]:
    with running_viewer(url, **more) as root:
        yield Client(root)


@pytest.fixture
def asked() -> Iterator[tuple[Client, Asked]]:
    with servers() as (url, log), client_of(url) as client:
        yield client, log


def panel(client: Client, name: str, **scope: Any) -> dict[str, Any]:
    response = client.post("viewer/api/panel", json={"dashboard": ID, "panel": name, **scope})
    found: dict[str, Any] = response.json()
    return {**found, "status": response.status_code}


def test_page_and_its_files(asked: tuple[Client, Asked]) -> None:
    client, log = asked
    assert client.get("").url.endswith("/app/dashboards")
    page = client.get("dashboards")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    for path in ("viewer/static/app.js", "viewer/static/page.css", "viewer/static/icon.svg"):
        assert client.get(path).status_code == 200
        assert path in page.text
    vega = client.get(client.get("viewer/api/site").json()["vega"])
    assert "immutable" in vega.headers["cache-control"] and len(vega.content) > 500_000
    assert [path for _, path, _ in log.all] == ["/"]


def test_banner_comes_from_the_server_or_from_the_caller(asked: tuple[Client, Asked]) -> None:
    client, _ = asked
    assert client.get("viewer/api/site").json()["banner"] == "SANDBOX"
    with servers() as (url, _), client_of(url, banner="a copy") as client:
        assert client.get("viewer/api/site").json()["banner"] == "a copy"


def test_headers_reach_both_servers() -> None:
    with servers() as (url, log), client_of(url, headers={"authorization": "ApiKey abc"}) as client:
        client.get("viewer/api/site")
        client.get(f"viewer/api/dashboard/{ID}")
        assert {headers["authorization"] for headers in log.headers} == {"ApiKey abc"}


def test_list_of_dashboards(asked: tuple[Client, Asked]) -> None:
    (found,) = asked[0].get("viewer/api/dashboards").json()["dashboards"]
    assert (found["id"], found["title"]) == (ID, "Image recognition")


@pytest.mark.parametrize("new", [True, False], ids=["9.5", "8.19"])
def test_every_panel_is_drawn_with_one_search_at_most(new: bool) -> None:
    with servers(dashboard(new)) as (url, log), client_of(url) as client:
        layout = client.get(f"viewer/api/dashboard/{ID}").json()
        assert {p["id"] for p in layout["panels"]} == set(GRIDS)
        assert [c["title"] for c in layout["controls"]] == ["Cluster"]
        kinds = {name: panel(client, name)["kind"] for name in GRIDS}
        assert kinds == {
            **dict.fromkeys(("images", "k", "silhouette", "davies-bouldin"), "metric"),
            **dict.fromkeys(("pie", "sizes", "silhouettes", "lite"), "vega-lite"),
            "scatter": "vega",
            "help": "markdown",
            "table": "table",
        }
        assert len(log.searches()) == 10
        assert len([1 for _, path, _ in log.all if path.endswith("_export")]) == 1


def test_filters_reach_lens_and_vega_but_not_layers_that_ignore_them(asked: tuple[Client, Asked]) -> None:
    client, _ = asked
    scope = {"filters": [CLUSTER_3]}
    assert [i["label"] for i in panel(client, "pie", **scope)["legend"]] == ["3"]
    points = panel(client, "scatter", **scope)["spec"]["data"][0]["values"]["hits"]["hits"]
    assert {p["_source"]["cluster"] for p in points} == {3}
    ignoring = panel(client, "images", **scope)
    assert ignoring["model"]["tiles"][0]["text"] == "120"
    assert (ignoring["scoped"], panel(client, "pie")["scoped"]) == (False, True)


def test_query_in_kql(asked: tuple[Client, Asked]) -> None:
    query = {"query": "cluster: 1 or label: rocket", "language": "kuery"}
    assert [i["label"] for i in panel(asked[0], "pie", query=query)["legend"]] == ["1", "2"]
    wrong = panel(asked[0], "pie", query={"query": "cluster:", "language": "kuery"})
    assert (wrong["status"], wrong["error"]) == (400, 'query "cluster:": expected a value for "cluster" at the end')


def test_control_lists_values_with_counts(asked: tuple[Client, Asked]) -> None:
    client, _ = asked
    wanted = {"dashboard": ID, "control": "c1"}
    found = client.post("viewer/api/control", json=wanted).json()
    assert [(o["value"], o["count"]) for o in found["options"]] == [(0, 48), (1, 18), (2, 18), (3, 18), (4, 18)]
    narrowed = client.post("viewer/api/control", json={**wanted, "filters": [CLUSTER_3]}).json()
    assert [o["value"] for o in narrowed["options"]] == [3]


def test_colours_are_the_same_in_every_panel(asked: tuple[Client, Asked]) -> None:
    client, _ = asked
    pie = {v["name"]: v["colour"] for v in panel(client, "pie")["spec"]["data"]["values"]}
    bars = panel(client, "sizes")["spec"]["layer"][0]["layer"][0]["data"]["values"]
    cells = {row[2]["text"]: row[2]["background"] for row in panel(client, "table")["model"]["rows"]}
    assert pie == {v["label"]: v["colour"] for v in bars} == cells == dict(zip("01234", COLOURS, strict=True))


def test_markdown_is_harmless(asked: tuple[Client, Asked]) -> None:
    html = panel(asked[0], "help")["html"]
    assert "<h2>About</h2>" in html and "<strong>cluster</strong>" in html and "<li>zoom</li>" in html
    assert "&lt;b&gt;Not bold&lt;/b&gt;" in html
    assert 'rel="noopener noreferrer"' in html and 'target="_blank"' in html


@pytest.mark.parametrize("link", ["javascript:alert(1)", "vbscript:x", "data:text/html,x"])
def test_markdown_links_run_no_script(link: str) -> None:
    from esctl.preview.markdown import markdown_html

    assert "<a" not in markdown_html(f"[x]({link})")
    assert "<script" not in markdown_html("<script>alert(1)</script>")


def changed(name: str, **attributes: Any) -> list[dict[str, Any]]:
    """The dashboard with one Lens panel's attributes replaced."""
    objects = dashboard()
    panels = json.loads(objects[-1]["attributes"]["panelsJSON"])
    for stored in panels:
        if stored["panelIndex"] == name:
            stored["embeddableConfig"]["attributes"] = {**charts(True)[name], **attributes}
    objects[-1]["attributes"]["panelsJSON"] = json.dumps(panels)
    return objects


def test_what_cannot_be_drawn_says_so_and_shows_its_definition() -> None:
    with servers(changed("pie", visualizationType="lnsSankey")) as (url, _), client_of(url) as client:
        found = panel(client, "pie")
    assert (found["kind"], found["model"]["reason"]) == ("undrawn", "cannot draw lnsSankey yet")
    assert found["model"]["definition"]["shape"] == "donut"


def test_mistakes_are_one_line_each(asked: tuple[Client, Asked]) -> None:
    client, _ = asked
    missing = client.get("viewer/api/dashboard/nothing")
    assert (missing.status_code, missing.json()) == (404, {"error": 'dashboard "nothing" does not exist'})
    assert panel(client, "nothing")["error"] == 'the dashboard has no panel "nothing"'
    assert client.post("viewer/api/panel", data=b"{}").status_code == 415
    assert client.post("viewer/api/panel", json=[]).json() == {"error": "the body is not an object"}
    assert panel(client, "pie", filters="x")["error"] == "filters must be a list of stored filters"
    with servers(docs={}) as (url, _), client_of(url) as other:
        found = panel(other, "pie")
    assert (found["status"], found["error"]) == (404, "no such index [image_data]")


def test_unreachable_servers_are_named() -> None:
    with servers() as (url, _):
        pass
    with client_of(url) as client:
        assert client.get("viewer/api/site").json()["problem"] == f"{url} cannot be reached"
        lost = client.get(f"viewer/api/dashboard/{ID}")
    assert (lost.status_code, lost.json()) == (502, {"error": f"{url} cannot be reached"})


def test_bundle_is_built_once(tmp_path: Path) -> None:
    first = vega_bundle(tmp_path)
    stamp = first.stat().st_mtime_ns
    assert vega_bundle(tmp_path) == first and first.stat().st_mtime_ns == stamp
    assert [p.name for p in tmp_path.iterdir()] == [first.name]


def test_importing_the_viewer_is_cheap() -> None:
    import subprocess
    import sys

    heavy = "('vl_convert', 'starlette', 'requests', 'hjson', 'markdown_it')"
    code = f"import sys, esctl.viewer; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
