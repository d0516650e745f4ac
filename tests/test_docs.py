"""What the documents say is there, is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "scripts").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_relative_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    dead = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert dead == []


def test_commands_in_the_documents_exist():
    import typer

    from esctl.cli.app import app

    def leaves(command, prefix=""):
        names = command.list_commands(None) if hasattr(command, "list_commands") else ()
        return {w for n in names for w in leaves(command.get_command(None, n), f"{prefix} {n}".strip())} or {prefix}

    known = leaves(typer.main.get_command(app))
    typed = set()
    for page in PAGES:
        for block in re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            lines = re.sub(r"#.*", "", block)
            typed |= set(re.findall(r"\besctl ((?:images |sandbox )?[a-z]+)", lines))
    assert typed and typed - known == set()


def test_nothing_names_one_machine_or_a_registry():
    own = Path(__file__).name
    bad = re.compile(r"(?<![\w.])/(?:root|work|home/\w+)/|files\.pythonhosted|pypi\.org|registry\.npmjs")
    found = []
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        if (
            path.name == own
            or not path.is_file()
            or parts[0].startswith(".")
            and parts[0] != ".ci"
            or "__pycache__" in parts
        ):
            continue
        if (
            path.suffix in {".py", ".md", ".yaml", ".yml", ".toml", ".txt", ".json", ".j2", ".sh", ".js"}
            and path.stat().st_size < 2**20
        ):
            if bad.search(path.read_text(encoding="utf-8", errors="ignore")):
                found.append(path.relative_to(ROOT).as_posix())
    assert found == []
