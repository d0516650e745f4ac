"""`init` and `validate`: what needs no server."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from .invocation import FILES, Invocation, command


def register(app: typer.Typer) -> None:
    command(app, "init", takes=("json", "no_color"))(init)
    command(app, "validate", takes=FILES)(validate)


def init(
    invocation: Invocation,
    directory: Annotated[Path, typer.Argument(help="Folder to write into.")] = Path("."),
    name: Annotated[str | None, typer.Option(help="Name of the project; the folder's own by default.")] = None,
) -> None:
    """Write a small project that validates and plans."""
    from ..project import scaffold

    written = scaffold(directory, name or directory.resolve().name)
    if invocation.json:
        invocation.answer({"written": [path.as_posix() for path in written]})
    for path in written:
        invocation.say(f"{invocation.style('+', 'green')} {path}")
    where = "" if directory.resolve() == Path.cwd() else f" --project {directory}"
    invocation.say(f"Next: esctl validate{where}, then esctl plan{where}")


def validate(invocation: Invocation) -> int:
    """Check every file: no server is asked."""
    from ..errors import ProjectError
    from .checks import examine

    try:
        loaded, problems = examine(invocation)
        valid = not any(problem.severity == "error" for problem in problems)
    except ProjectError as error:  # of the settings
        loaded, problems, valid = None, list(error.problems), False
    if invocation.json:
        invocation.answer(
            {
                "resources": len(loaded.resources) if loaded and valid else None,
                "problems": [problem.as_json() for problem in problems],
            }
        )
    else:
        for problem in problems:
            colour = "red" if problem.severity == "error" else "yellow"
            print(f"{invocation.style(problem.severity, colour)}: {problem}", file=sys.stderr)
    if loaded is None or not valid:
        return 1
    waiting = len(problems)
    tail = f", {waiting} warning{'s' if waiting != 1 else ''}" if waiting else ""
    n = len(loaded.resources)
    invocation.say(f"{n} resource{' is' if n == 1 else 's are'} valid{tail}")
    return 0
