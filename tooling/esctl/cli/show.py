"""`show`: dashboards and charts in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import EsctlError, ProjectError
from .invocation import FILES, Invocation, command

if TYPE_CHECKING:
    from ..model import Resource

KINDS = ("dashboard", "visualization")


def register(app: typer.Typer) -> None:
    command(app, "show", takes=FILES)(show)


def show(
    invocation: Invocation,
    addresses: Annotated[
        list[str] | None, typer.Argument(help="Dashboards and visualizations, or globs; all by default.")
    ] = None,
    raw: Annotated[bool, typer.Option("--raw", help="What Kibana stores, as JSON.")] = False,
) -> None:
    """Tell what is on a dashboard, panel by panel, in words."""
    import json

    from ..dashboards import dashboard_object, visualization_object
    from ..model import Capabilities

    resources = _chosen(invocation, addresses)
    version = Capabilities().kibana_version
    if raw:
        for resource in resources:
            spec, id = resource.spec, resource.address.id
            board = resource.address.kind == "dashboard"
            made = dashboard_object(spec, id=id, version=version) if board else visualization_object(spec, id=id)
            invocation.say(json.dumps(made, ensure_ascii=False, indent=2))
        return
    told = {str(resource.address): _words(resource) for resource in resources}
    if invocation.json:
        invocation.answer([{"address": address, "words": lines} for address, lines in told.items()])
        return
    for address, lines in told.items():
        invocation.say(invocation.style(address, "bold"), *lines)


def _words(resource: Resource) -> list[str]:
    from ..dashboards import dashboard_in_words, visualization_in_words

    if resource.address.kind == "dashboard":
        return list(dashboard_in_words(resource.spec))
    return [visualization_in_words(resource.spec)]


def _chosen(invocation: Invocation, addresses: list[str] | None) -> list[Resource]:
    from ..plan import Choices
    from .selection import selection

    globs = selection(addresses, invocation)
    found = [one for one in invocation.loaded.resources if not globs or Choices.match(one.address, globs)]
    told = [one for one in found if one.address.kind in KINDS]
    if globs and not told:
        raise EsctlError(f"{found[0].address} is no dashboard and no visualization", hint="`esctl render` shows it")
    for one in told:
        mistakes = list(invocation.kinds[one.address.kind].check(one))
        if mistakes:
            raise ProjectError(mistakes)
    return told
