"""The project's own dashboard: eleven panels and one pinned control, in both forms."""

from pathlib import Path

import pytest

from esctl.dashboards import describe_panel
from esctl.kinds import NAMES, registry
from esctl.kinds.base import Context
from esctl.model import Address, Capabilities
from esctl.project import load_resources, load_settings

ROOT = Path(__file__).parents[2]
EMBEDDING = {"dims": 2048, "name": "ResNet50", "identity": "x"}
KINDS_OF_PANEL = [
    *["metric"] * 4, "markdown", "vega", "donut", "bar", "bar", "vega", "table",
]  # fmt: skip


@pytest.fixture(scope="module")
def resources():
    loaded = load_resources(load_settings(ROOT), kinds=NAMES, values={"embedding": EMBEDDING})
    return {resource.address: resource for resource in loaded.resources}


def test_its_files_have_no_mistake(resources):
    for address, resource in resources.items():
        if address.kind in ("dashboard", "data-view", "visualization"):
            assert list(registry()[address.kind].check(resource)) == []


@pytest.mark.parametrize("version", [(8, 19, 0), (9, 5, 0)], ids=["8.19", "9.5"])
def test_eleven_panels_and_a_control(resources, version):
    resource = resources[Address("dashboard", "image-recognition")]
    body = registry()["dashboard"].render(resource, Context(capabilities=Capabilities(kibana_version=version)))
    attributes = body["attributes"]
    panels = attributes["panelsJSON"]
    assert len(panels) == 11
    assert sorted(describe_panel(panel).split()[0] for panel in panels) == sorted(KINDS_OF_PANEL)
    if version >= (9, 4, 0):
        controls = attributes["pinned_panels"]["panels"]
    else:
        controls = attributes["controlGroupInput"]["panelsJSON"]
    assert len(controls) == 1
    views = {str(reference.target) for reference in registry()["dashboard"].references(resource) if not reference.soft}
    assert views <= {str(address) for address in resources}


def test_a_cluster_has_one_colour_in_every_chart(resources):
    resource = resources[Address("dashboard", "image-recognition")]
    for version in ((8, 19, 0), (9, 5, 0)):
        body = registry()["dashboard"].render(resource, Context(capabilities=Capabilities(kibana_version=version)))
        colors = set()
        for mapping in _mappings(body):
            for entry in mapping["assignments"]:
                values = entry["rule"]["values"] if "rule" in entry else [rule["value"] for rule in entry["rules"]]
                if 3 in values or "3" in values:
                    colors.add(entry["color"]["colorCode"])
        assert len(colors) == 1


def _mappings(value):
    if isinstance(value, dict):
        if "colorMapping" in value:
            yield value["colorMapping"]
        for item in value.values():
            yield from _mappings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _mappings(item)
