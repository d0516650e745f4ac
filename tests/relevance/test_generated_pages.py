"""docs/kinds and docs/cli.md are what the kinds and the commands say today."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from esctl.kinds import NAMES

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "kinds"


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
