"""Whole small projects: tests/cases/project holds the files that are written, and what is told about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from esctl.errors import ProjectError
from esctl.project import load_resources, load_settings, read_yaml
from esctl.secret import replaced

KINDS = ("index", "index-template", "ingest-pipeline", "dashboard")
CASES = [
    pytest.param(document.data, id=f"{path.stem}: {document.data['case']}")
    for path in sorted((Path(__file__).parents[1] / "cases" / "project").glob("*.yaml"))
    for document in read_yaml(path.read_text(encoding="utf-8"), path.name)
]


def outcome(case: dict, root: Path) -> dict:
    """What became of the project: `told` when there are mistakes, else the specs by address, and what else there is."""
    for name, text in {"esctl.yaml": "name: p\nresources: [r]\n", "r/.keep": "", **case["files"]}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    try:
        settings = load_settings(
            root,
            environment=case.get("environment"),
            variables=case.get("variables", {}),
            environ=case.get("environ", {}),
        )
        loaded = load_resources(settings, values=case.get("values", {}), kinds=KINDS)
    except ProjectError as error:
        return {"told": [str(problem) for problem in error.problems]}
    found: dict = {"specs": {str(one.address): replaced(one.spec, str) for one in loaded.resources}}
    if loaded.warnings:
        found["warnings"] = [str(problem) for problem in loaded.warnings]
    if loaded.out_of_scope:
        found["out_of_scope"] = [str(address) for address in loaded.out_of_scope]
    if "lines" in case["expect"]:
        found["lines"] = {
            str(resource.at(*place)): list(place)
            for resource in loaded.resources
            for place in map(tuple, case["expect"]["lines"].values())
        }
    return found


@pytest.mark.parametrize("case", CASES)
def test_a_project(case: dict, tmp_path: Path) -> None:
    assert outcome(case, tmp_path) == case["expect"]
