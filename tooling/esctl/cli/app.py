"""The tree of commands: a table, so that each command's module is imported when it is typed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from collections.abc import MutableMapping

COMMANDS = {
    # name: (module of this room, its line in `esctl --help`)
    "init": ("project", "Write a small project that validates and plans."),
    "validate": ("project", "Check every file: no server is asked."),
    "render": ("rendering", "Show what each resource becomes on the wire."),
    "preview": ("preview", "Draw dashboards and charts into files."),
    "dev": ("dev", "Show dashboards while they are written."),
    "show": ("show", "Tell what is on a dashboard, in words."),
    "explain": ("explain", "Say what a rule of validate means, with examples."),
    "graph": ("graph", "Draw which resource refers to which."),
    "plan": ("plan", "Show what apply would do."),
    "diff": ("plan", "Show, field by field, where servers are not as written."),
    "apply": ("change", "Bring the servers to what is written."),
    "verify": ("verify", "Try out what was applied."),
    "drift": ("drift", "Show what was changed on the servers; --accept takes it."),
    "pull": ("pull", "Write what the servers have into the project's files."),
    "adopt": ("adopt", "Take over what is there and equal, without a write."),
    "test": ("test", "Run the golden tests of the project's pipelines."),
    "snapshot": ("plan", "Keep in a file what a plan needs to know of servers."),
    "history": ("history", "Show the runs that wrote, or what one of them did."),
    "rollback": ("history", "Go back to what a run left."),
    "cleanup": ("cleanup", "Delete old indices whose documents have moved."),
    "restore": ("history", "Make again what an archive holds."),
    "destroy": ("change", "Delete what this project owns."),
    "images": ("images", "Embed, cluster, load and judge images."),
    "demo": ("demo", "Do the whole job on the embedded sandbox."),
    "sandbox": ("sandbox", "The embedded Elasticsearch and Kibana."),
    "doctor": ("doctor", "Say what stands in the way."),
}


class _Table(TyperGroup):
    """A group whose commands are made when they are asked for."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        # The names are enough for what lists and suggests them.
        self.commands: MutableMapping[str, Any] = dict.fromkeys(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        if self.commands[cmd_name] is None:
            part = typer.Typer(rich_markup_mode=None)
            import_module(f".{COMMANDS[cmd_name][0]}", __package__).register(part)
            made = typer.main.get_group(part).commands
            self.commands.update({name: made[name] for name in made if name in COMMANDS})
        return self.commands[cmd_name]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


app = typer.Typer(
    name="esctl",
    cls=_Table,
    help="Elasticsearch and Kibana as code: YAML in Git, a plan that tells the truth, apply.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        from .. import __version__

        typer.echo(f"esctl {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", help="Print the version and exit.", callback=_version, is_eager=True
    ),
) -> None:
    pass
