"""`verify`: whether what was applied works. Nothing is sent but reads."""

from __future__ import annotations

import typer

from .invocation import Invocation, command
from .planning import Addresses


def register(app: typer.Typer) -> None:
    command(app, "verify")(verify)


def verify(invocation: Invocation, addresses: Addresses = None) -> int:
    """Try out what was applied: aliases write somewhere, templates apply, pipelines run, dashboards find rows.

    Exit code 0 where all is well, 1 where something is not.
    """
    from ..apply.verify import verify as tried
    from ..plan import Choices
    from .selection import selection

    globs = selection(addresses, invocation)
    wanted = [r for r in invocation.loaded.resources if not globs or Choices.match(r.address, globs)]
    with invocation.cluster() as cluster:
        verdicts = tried(cluster, wanted, invocation.kinds, invocation.context(cluster.capabilities))
    if invocation.json:
        found = [{"address": str(v.address), "state": v.state, "words": list(v.words)} for v in verdicts]
        invocation.answer({"resources": found, **{s: sum(v.state == s for v in verdicts) for s in _STATES}})
    style = invocation.style
    for verdict in verdicts:
        sign, colour = _STATES[verdict.state]
        if verdict.state == "untried" and not (verdict.words or invocation.verbose):
            continue
        words = "; ".join(verdict.words) or ("there is no way to try it out" if verdict.state == "untried" else "")
        invocation.say(f"{style(sign, colour)} {verdict.address}" + (f"  {words}" if words else ""))
    n = {state: sum(verdict.state == state for verdict in verdicts) for state in _STATES}
    parts = [f"{n['well']} work"] + ([f"{n['wrong']} do not"] if n["wrong"] else [])
    parts += [f"{n['untried']} not tried"] if n["untried"] else []
    invocation.say(", ".join(parts) + ".")
    return 1 if n["wrong"] else 0


_STATES = {"well": ("✓", "green"), "wrong": ("✗", "red"), "untried": ("·", "dim")}
