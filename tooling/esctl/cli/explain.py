"""`explain`: what a rule says and why."""

from __future__ import annotations

from typing import Annotated

import typer

from .invocation import Invocation, command


def register(app: typer.Typer) -> None:
    command(app, "explain", takes=("json", "no_color"))(explain)


def explain(
    invocation: Invocation,
    rule: Annotated[str | None, typer.Argument(help="Id of a rule, as validate prints it; all by default.")] = None,
) -> None:
    """Say what a rule of validate means, with examples."""
    from ..errors import EsctlError, did_you_mean
    from ..kinds.rules import RULES
    from ..report.rules import as_json, explanation, listing

    if rule is None:
        if invocation.json:
            invocation.answer([as_json(one) for one in RULES.values()])
        else:
            invocation.say(*listing(RULES, invocation.style))
        return
    name = rule.strip("[]")
    if name not in RULES:
        raise EsctlError(f'there is no rule "{name}"', hint=did_you_mean(name, RULES) or "`esctl explain` lists them")
    if invocation.json:
        invocation.answer(as_json(RULES[name]))
    else:
        invocation.say(*explanation(RULES[name], invocation.style))
