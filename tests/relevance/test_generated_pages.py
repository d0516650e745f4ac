"""docs/kinds and docs/cli.md are what the kinds and the commands say today."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from esctl.errors import Source
from esctl.kinds import NAMES, registry
from esctl.model import Address, Resource

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "kinds"
CASES = ROOT / "tests" / "cases"


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"docs_{name}", ROOT / "tooling" / "docs" / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    # Found by dataclasses, which look up the module of a class.
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made() -> dict[Path, str]:
    return dict(script("kinds").pages())


def test_every_kind_has_an_example_and_a_page(made: dict[Path, str]) -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(NAMES)
    assert {path.stem for path in made} == {*NAMES, "README"} == {path.stem for path in FOLDER.glob("*.md")}


@pytest.mark.parametrize("name", ["README", *NAMES])
def test_a_page_of_a_kind_is_fresh(name: str, made: dict[Path, str]) -> None:
    path = FOLDER / f"{name}.md"
    assert path.read_text(encoding="utf-8") == made[path], "run python tooling/docs/kinds.py"


@pytest.mark.parametrize("name", NAMES)
def test_a_page_says_all_that_a_kind_has_to_say(name: str, made: dict[Path, str]) -> None:
    text = made[FOLDER / f"{name}.md"]
    for row in ("`spec`", "compared", "owner", "Elasticsearch", "licence", "Serverless"):
        assert re.search(rf"^\| {row} \| .+ \|$", text, re.MULTILINE), f"nothing about {row}"
    sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    told = {section.partition("\n")[0]: section.partition("\n")[2].strip() for section in sections}
    for title in ("Example", "Requests", "What changes, and what that costs", "Refers to", "Pull", "Rules"):
        assert told.get(title), f"there is no section {title}"
    changes = [line for line in told["What changes, and what that costs"].splitlines() if line.startswith("| ")][1:]
    assert len(changes) >= 2 and "it is deleted" in changes[-1], "tooling/docs/changes.yaml has none of this kind"


@pytest.mark.parametrize("name", NAMES)
def test_a_page_names_every_kind_that_examples_and_cases_refer_to(name: str, made: dict[Path, str]) -> None:
    """What tooling/docs/references.yaml forgets shows here."""
    section = made[FOLDER / f"{name}.md"].partition("## Refers to")[2].partition("## ")[0]
    kind = registry()[name]
    bodies = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in (CASES / name).glob("*.yaml")]
    bodies = [case.get("written") for case in bodies if isinstance(case, dict)]
    example = yaml.safe_load_all((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    bodies += [document["spec"] for document in example if document["kind"] == name]
    for body in bodies:
        if not isinstance(body, dict) or "attributes" in body:
            continue  # a saved object, in the server's form
        for reference in kind.references(Resource(Address(name, "it"), body, Source("it.yaml"))):
            assert f"`{reference.target.kind}`" in section


def test_the_page_of_the_commands_is_fresh() -> None:
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == script("cli").page(), (
        "run python tooling/docs/cli.py"
    )


def test_links_of_the_pages_lead_somewhere(made: dict[Path, str]) -> None:
    rules = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    for path, text in made.items():
        for target, anchor in re.findall(r"\]\(([^)#\s]+)(?:#([^)]*))?\)", text):
            assert (path.parent / target).exists(), f"{path.name} → {target}"
            if target.endswith("rules.md") and anchor:
                assert f"### {anchor}\n" in rules
