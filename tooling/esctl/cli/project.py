"""`init`, `validate`, `render`: what needs no server."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from .invocation import FILES, Invocation, command


def register(app: typer.Typer) -> None:
    command(app, "init", takes=("json", "no_color"))(init)
    command(app, "validate", takes=FILES)(validate)
    command(app, "render", takes=FILES)(render)


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


def render(
    invocation: Invocation,
    addresses: Annotated[list[str] | None, typer.Argument(help="Addresses or globs; all by default.")] = None,
    target: Annotated[str, typer.Option(help="Version of Elasticsearch and Kibana to render for.")] = "9.5",
) -> int:
    """Show what each resource becomes on the wire."""
    import yaml

    from ..model import Capabilities, Waiting
    from ..plan import Choices
    from ..secret import replaced
    from .selection import selection

    globs = selection(addresses, invocation)
    version = _version(target)
    context = invocation.context(Capabilities(version=version, kibana_version=version))
    bodies, waiting = {}, []
    for resource in invocation.loaded.resources:
        if globs and not Choices.match(resource.address, globs):
            continue
        body = invocation.kinds[resource.address.kind].render(resource, context)
        if isinstance(body, Waiting):
            waiting.append(f"{resource.address}: {body.reason}: run `{body.command}`")
        else:
            bodies[str(resource.address)] = replaced(body, lambda secret: secret.reference)
    if invocation.json:
        invocation.answer(bodies)
    else:
        for address, body in bodies.items():
            print(f"--- # {address}")
            print(yaml.dump(body, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=120), end="")
    for line in waiting:
        invocation.warn(line)
    return 6 if waiting else 0


def _dumper() -> type[Any]:
    """A YAML writer that keeps the lines of a script apart."""
    import yaml

    class Dumper(yaml.SafeDumper):
        pass

    def text(dumper: Any, value: str) -> Any:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Dumper.add_representer(str, text)
    return Dumper


def _version(text: str) -> tuple[int, int, int]:
    from ..errors import EsctlError

    parts = text.split(".")
    if not 2 <= len(parts) <= 3 or not all(part.isdigit() for part in parts):
        raise EsctlError(f'--target "{text}" is not a version', hint="write for example 9.5 or 8.19")
    numbers = [int(part) for part in parts] + [0]
    return numbers[0], numbers[1], numbers[2]
