"""Dashboards that people made: pulled, applied, and exported as they were.

Foreign content stays out of the repository: ESCTL_REAL_DASHBOARDS names a folder of saved objects, one JSON file each
(as Kibana exports them, or with the JSON in them opened, as elastic/integrations keeps them).
"""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from esctl.dashboards import check_dashboard, decode, encode
from esctl.errors import Source
from esctl.kinds import registry
from esctl.kinds.base import Context
from esctl.kinds.differences import differences
from esctl.kinds.saved_objects import imports
from esctl.model import Address, Capabilities, Resource

FOLDER = os.environ.get("ESCTL_REAL_DASHBOARDS", "")
pytestmark = pytest.mark.skipif(not FOLDER, reason="ESCTL_REAL_DASHBOARDS names no folder of real dashboards")
STUBS = {
    "index-pattern": {"title": "logs-*"},
    "search": {"title": "s", "columns": [], "kibanaSavedObjectMeta": {"searchSourceJSON": "{}"}},
    "tag": {"name": "t", "description": "", "color": "#fff"},
    "lens": {"title": "l", "visualizationType": "lnsXY", "state": {}},
    "visualization": {"title": "v", "visState": "{}", "kibanaSavedObjectMeta": {"searchSourceJSON": "{}"}},
    "map": {"title": "m"},
    "dashboard": {"title": "d", "panelsJSON": "[]"},
    "links": {"title": "n"},
}


def boards():
    for path in sorted(Path(FOLDER).glob("*.json")):
        saved = json.loads(path.read_text(encoding="utf-8"))
        if saved.get("type") == "dashboard" and "attributes" in saved:
            yield {key: saved[key] for key in ("type", "id", "attributes", "references")}


def stub(reference):
    attributes = STUBS[reference["type"]]
    return {"type": reference["type"], "id": reference["id"], "attributes": attributes, "references": []}


@pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)
def test_pulled_applied_and_exported_the_same(kibana_url, sandbox_version, capsys):
    from esctl.cluster import WRITING, Cluster, Connection

    version = (9, 5, 0) if sandbox_version == "9.5" else (8, 19, 0)
    capabilities = Capabilities(kibana_version=version)
    context, kind = Context(capabilities=capabilities), registry()["dashboard"]
    counted, lossy, wrong = Counter(), Counter(), []
    with Cluster(Connection("http://127.0.0.1:9", kibana_url), guard=WRITING) as cluster:
        for saved in boards():
            known = [one for one in saved["references"] if one["type"] in STUBS and one["id"] != saved["id"]]
            needed = {(one["type"], one["id"]): stub(one) for one in known}
            for request in imports("", [*needed.values(), saved]):
                assert kind.refusal(cluster.send(request)) is None, saved["id"]
            address = Address("dashboard", saved["id"])
            live = kind.read(cluster, [address], capabilities)[address]
            before = kind.normalise(live.body, capabilities)
            spec = kind.written(live, capabilities)
            mistakes = [one for one in check_dashboard(spec) if "overlap" not in one.message]
            assert mistakes == [], (saved["id"], mistakes[:3])
            body = kind.render(Resource(address, spec, Source("x.yaml", 1)), context)
            assert decode(encode(body)) == body
            wrong += [(saved["id"], one) for one in differences(before, kind.normalise(body, capabilities))[:2]]
            for request in kind.delete(address, context):
                cluster.send(request)
            # Some name a data view where they use it, and not among the references, which is all that an import checks.
            for request in imports("", [stub(one) for one in body["references"] if one["type"] == "index-pattern"]):
                cluster.send(request)
            for request in kind.write(address, body, None, context):
                assert kind.refusal(cluster.send(request)) is None, saved["id"]
                counted["through the API" if request.method == "PUT" else "as saved objects"] += 1
            again = kind.read(cluster, [address], capabilities)[address]
            wrong += [(saved["id"], one) for one in differences(before, kind.normalise(again.body, capabilities))[:2]]
            for panel in (
                one for entry in spec["panels"] for one in (entry, *entry.get("panels", ())) if "type" in one
            ):
                config = panel["config"]
                name = f"{panel['type']} {config.get('type', '')}".strip()
                if panel["type"] == "raw":
                    stored = config["panel"]
                    inner = (stored.get("embeddableConfig") or {}).get("savedVis") or {}
                    name = f"raw {stored.get('type')} {inner.get('type', '')}".strip()
                counted[name] += 1
                if "raw" in config or "raw" in panel:
                    lossy[name] += 1
    with capsys.disabled():
        print(f"\n{sandbox_version}: {sum(counted.values())} in all")
        for place, count in Counter(".".join(map(str, one.path[4:])) for _, one in wrong).most_common(12):
            print(f"  {count:5}  differs: {place}")
        for name, count in counted.most_common():
            print(f"  {count:5}  {name}" + (f", {lossy[name]} with raw" if lossy[name] else ""))
    assert wrong == [], f"{len(wrong)} in {len({id for id, _ in wrong})}"
