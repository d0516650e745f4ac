"""The viewer in front of the sandbox, over HTTP: hand-written objects go in, every panel and the control come out."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from dashboard_objects import GRIDS, dashboard
from fake_servers import documents
from running_viewer import running_viewer

KEYWORDS = ("file_name", "vector_preview", "label", "type")


def fill(elasticsearch: str, kibana: str, objects: list[dict[str, Any]]) -> None:
    for index, docs in documents().items():
        fields: dict[str, Any] = {name: {"type": "keyword"} for name in KEYWORDS}
        fields |= {"cluster": {"type": "integer"}, "thumbnail": {"type": "binary"}, "@timestamp": {"type": "date"}}
        requests.put(
            f"{elasticsearch}/{index}", json={"mappings": {"properties": fields}}, timeout=30
        ).raise_for_status()
        lines = "".join('{"index": {}}\n' + json.dumps(doc) + "\n" for doc in docs)
        headers = {"content-type": "application/x-ndjson"}
        url = f"{elasticsearch}/{index}/_bulk?refresh=true"
        assert requests.post(url, data=lines, headers=headers, timeout=30).json()["errors"] is False
    file = ("objects.ndjson", "\n".join(json.dumps(o) for o in objects))
    url = f"{kibana}/api/saved_objects/_import?overwrite=true"
    answer = requests.post(url, files={"file": file}, headers={"kbn-xsrf": "true"}, timeout=30).json()
    assert answer["success"] is True, answer


@pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)
def test_every_panel_shows_data(fresh_sandbox: Any, sandbox_version: str) -> None:
    fill(fresh_sandbox.elasticsearch_url, fresh_sandbox.kibana_url, dashboard(new=sandbox_version == "9.5"))
    with running_viewer(fresh_sandbox.elasticsearch_url, fresh_sandbox.kibana_url) as root:
        api = f"{root}/viewer/api"
        assert requests.get(f"{api}/site", timeout=30).json()["banner"] == "SANDBOX"
        listed = requests.get(f"{api}/dashboards", timeout=30).json()["dashboards"]
        assert [d["id"] for d in listed] == ["image-recognition"]
        layout = requests.get(f"{api}/dashboard/image-recognition", timeout=30).json()
        assert {p["id"] for p in layout["panels"]} == set(GRIDS)

        def ask(what: str, name: str, **scope: Any) -> dict[str, Any]:
            wanted = {"dashboard": "image-recognition", what: name, **scope}
            answer = requests.post(f"{api}/{what}", json=wanted, timeout=30)
            assert answer.status_code == 200, (name, answer.text)
            found: dict[str, Any] = answer.json()
            return found

        charts = {name: ask("panel", name) for name in GRIDS}
        assert [name for name, chart in charts.items() if chart["kind"] in ("empty", "undrawn")] == []
        texts = [charts[n]["model"]["tiles"][0]["text"] for n in ("images", "k", "silhouette", "davies-bouldin")]
        assert texts == ["120", "5", "0.523", "0.814"]
        assert len(charts["table"]["model"]["rows"]) == 120
        assert len(charts["scatter"]["spec"]["data"][0]["values"]["hits"]["hits"]) == 120
        options = ask("control", "c1")["options"]
        assert [(o["value"], o["count"]) for o in options] == [(0, 48), (1, 18), (2, 18), (3, 18), (4, 18)]
        only = [f for f in charts["pie"]["model"]["filters"] if f[0]["meta"]["params"]["query"] == 3]
        assert [i["label"] for i in ask("panel", "sizes", filters=only[0])["legend"]] == []
        assert [i["label"] for i in ask("panel", "pie", filters=only[0])["legend"]] == ["3"]
        ranged = {"query": "silhouette_simplified >= 0.5 and not label: (cat or moon)", "language": "kuery"}
        narrowed = ask("panel", "table", query=ranged)["model"]["rows"]
        assert 0 < len(narrowed) < 120
        assert all(row[0]["text"].split("/")[0] in ("coffee", "rocket", "page") for row in narrowed)
