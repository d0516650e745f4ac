"""The tree of commands."""

from __future__ import annotations

import typer

from . import (
    adopt,
    change,
    cleanup,
    demo,
    doctor,
    drift,
    explain,
    graph,
    history,
    images,
    plan,
    project,
    pull,
    sandbox,
    test,
    verify,
)

app = typer.Typer(
    name="esctl",
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


project.register(app)
explain.register(app)
graph.register(app)
plan.register(app)
change.register(app)
cleanup.register(app)
adopt.register(app)
history.register(app)
drift.register(app)
pull.register(app)
test.register(app)
verify.register(app)
images.register(app)
sandbox.register(app)
demo.register(app)
doctor.register(app)
