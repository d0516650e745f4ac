"""Write docs/cli.md from the commands themselves: `python tooling/docs/cli.py`."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from esctl.cli.app import app

PAGE = Path(__file__).absolute().parents[2] / "docs" / "cli.md"
COMMON = 10  # an option of at least so many commands is told once


def page() -> str:
    """The whole page."""
    root = typer.main.get_command(app)
    context = root.make_context("esctl", [], resilient_parsing=True)
    commands = list(_commands(root, "esctl"))
    counts = Counter(_key(param) for _, command in commands for param in _options(command))
    common = {key for key, count in counts.items() if count >= COMMON}
    lines = ["# Commands", "", _paragraphs(root.help), ""]
    lines += ["| command | |", "|---|---|"]
    for name, command in commands:
        summary = _summary(command)
        lines.append(f"| [`{name}`](#{name.replace(' ', '-')}) | {summary} |")
    lines += ["", "## Options of most commands", ""]
    told: dict[str, Any] = {}
    for _, command in commands:
        for param in _options(command):
            if _key(param) in common:
                told.setdefault(_key(param), param)
    lines += _table(list(told.values()), context)
    for name, command in commands:
        lines += ["", f"## {name}", "", _paragraphs(command.help), "", "```", _usage(name, command), "```"]
        own = [param for param in _options(command) if _key(param) not in common]
        arguments = [param for param in command.params if param.param_type_name == "argument" and _help(param)]
        if own or arguments:
            lines += ["", *_table([*arguments, *own], context)]
        if any(_key(param) in common for param in _options(command)):
            lines += ["", _common(command, told)]
    lines += ["", "Made from the commands by `python tooling/docs/cli.py`."]
    return "\n".join(lines) + "\n"


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Every command that does something, with the words that are typed."""
    if not hasattr(command, "list_commands"):
        yield name, command
        return
    context = command.make_context(name, [], resilient_parsing=True)
    for word in command.list_commands(context):
        below = command.get_command(context, word)
        if below is not None and not below.hidden:
            yield from _commands(below, f"{name} {word}")


def _options(command: Any) -> list[Any]:
    return [
        param
        for param in command.params
        if param.param_type_name == "option" and not param.hidden and param.name != "help"
    ]


def _key(param: Any) -> str:
    return f"{' '.join(param.opts)}: {_help(param)}"


def _help(param: Any) -> str:
    return " ".join((getattr(param, "help", None) or "").split())


def _common(command: Any, common: dict[str, Any]) -> str:
    """Which of the options of most commands it has: told by the few that it has, or the few that it lacks."""
    keys = {_key(param) for param in _options(command)}
    has = [f"`{param.opts[-1]}`" for key, param in common.items() if key in keys]
    lacks = [f"`{param.opts[-1]}`" for key, param in common.items() if key not in keys]
    link = "[options of most commands](#options-of-most-commands)"
    if len(has) <= len(lacks):
        return f"Of the {link}: {', '.join(has)}."
    return f"And the {link}" + (f", but for {', '.join(lacks)}" if lacks else "") + "."


def _usage(name: str, command: Any) -> str:
    arguments = []
    for param in command.params:
        if param.param_type_name == "argument":
            word = (param.metavar or param.name or "").upper().strip("[]").removesuffix("...")
            word += "..." if param.nargs == -1 else ""
            arguments.append(word if param.required else f"[{word}]")
    return " ".join([name, *arguments, "[OPTIONS]" if _options(command) else ""]).strip()


def _table(params: list[Any], context: Any) -> list[str]:
    """As `--help` tells them, as a table."""
    lines = ["| | |", "|---|---|"]
    for param in params:
        names, text = param.get_help_record(context)
        told = [" ".join(part.split()).replace("|", "\\|") for part in (names.strip("[]* "), text)]
        lines.append(f"| `{told[0]}` | {told[1]} |")
    return lines


def _summary(command: Any) -> str:
    """The first sentence of a command's help."""
    first = _paragraphs(command.help).split("\n\n")[0]
    return first.split(". ")[0].rstrip(".") + "."


def _paragraphs(text: str | None) -> str:
    """Help as Markdown: lines of a paragraph joined, indented lines kept as code."""
    parts = inspect.cleandoc(text or "").replace("\f", "").split("\n\n")
    told = []
    for part in parts:
        part = part.replace("\b\n", "")
        indented = all(line.startswith("  ") for line in part.splitlines())
        told.append(f"```\n{inspect.cleandoc(part)}\n```" if indented else " ".join(part.split()))
    return "\n\n".join(told)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE.name)
