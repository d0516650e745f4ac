"""The rooms' contracts hold, and a deliberately bad import breaks them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-cache"],
        cwd=tree,
        env={"PYTHONPATH": str(tree / "tooling"), "PATH": ""},
        capture_output=True,
        text=True,
    )


def test_the_contracts_hold():
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("plan", "from ..cli import main"),
        ("sandbox", "from ..model import Address"),
        ("images", "from ..sandbox import server"),
        ("report", "import requests"),
        ("cluster", "from ..project import load_settings"),
        ("apply", "from ..report.terminal import table"),
    ],
)
def test_a_bad_import_breaks_them(tmp_path, room, line):
    shutil.copytree(ROOT / "tooling", tmp_path / "tooling", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    bad = tmp_path / "tooling/esctl" / room / "bad.py"
    bad.write_text(f'"""A bad import."""\n\n{line}\n', encoding="utf-8")
    done = lint(tmp_path)
    assert done.returncode != 0
    assert f"esctl.{room}.bad" in done.stdout
