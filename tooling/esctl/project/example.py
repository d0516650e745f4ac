"""Projects that come with the package: the example that `esctl demo` runs, and the files that `esctl init` writes."""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import EsctlError, Problem, ProjectError, Source

_PACKAGE = Path(__file__).absolute().parents[1]
_SCAFFOLD = Path(__file__).absolute().parent / "scaffold"
_NAME = "my-project"
"""What the scaffold's files call the project."""


def example_root(package: Path = _PACKAGE) -> Path:
    """The folder of the example project: the repository when run from a clone, else the package's own copy."""
    repository = package.parents[1]
    if (repository / "esctl.yaml").is_file() and (repository / "mappings").is_dir():
        return repository
    example = package / "example"
    if not (example / "esctl.yaml").is_file():
        raise EsctlError("the example project is missing from this installation", hint="install esctl again")
    return example


def scaffold(root: Path, name: str) -> list[Path]:
    """Write a small project below `root` that validates and plans; returns the files written.

    `name` becomes the project's name. Raises ProjectError, and writes nothing, where a file exists already.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise EsctlError(f'"{name}" cannot name a project', hint="letters, digits, '.', '_' and '-' are allowed")
    files = {_target(root, source): source for source in sorted(_SCAFFOLD.rglob("*")) if source.is_file()}
    existing = [target for target in files if target.exists()]
    if existing:
        places = [Source(target.relative_to(root).as_posix()) for target in existing]
        raise ProjectError([Problem("exists already", place, "nothing was written") for place in places])
    try:
        for target, source in files.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(source.read_text(encoding="utf-8").replace(_NAME, name), encoding="utf-8")
    except OSError as error:
        raise EsctlError(f"{error.filename}: cannot be written: {error.strerror}") from None
    return list(files)


def _target(root: Path, source: Path) -> Path:
    relative = source.relative_to(_SCAFFOLD)
    # under its own name it would hide files from the tools that build the package
    return root / (".gitignore" if relative.name == "gitignore" else relative)
