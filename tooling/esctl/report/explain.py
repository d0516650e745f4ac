"""One resource explained: its sides, where they differ, and the row of the table that decided."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ..kinds.differences import same
from ..plan.explain import Explanation
from .plan import difference_lines
from .terminal import Style

SIDES = {
    "written": "as it stands in the file, values put in",
    "normalised": "what that becomes to be compared",
    "remembered": "what was last applied",
    "defaults": "what the server added to it then",
    "live": "what the server has now",
}
LONGEST = 60  # lines of one side


def explain_lines(explained: Explanation, style: Style, *, verbose: bool = False) -> Iterator[str]:
    """For a terminal; long sides are cut unless `verbose`."""
    change = explained.change
    where = f"  {change.source}" if change.source else ""
    yield style(str(explained.address), "bold") + style(where, "dim")
    told: dict[str, Any] = {}
    for side, words in SIDES.items():
        body = getattr(explained, side)
        if side == "defaults" and not body:
            continue
        yield ""
        yield f"{style(side, 'cyan')}  {style(words, 'dim')}"
        twin = next((name for name, other in told.items() if body is not None and same(other, body)), None)
        yield from [f"  = {twin}"] if twin else _lines(body, style, verbose)
        told[side] = body
    yield ""
    if change.differences:
        yield style("from live to written", "cyan")
        yield from (f"  {line}" for line in difference_lines(change.differences, style))
        yield ""
    compared = "only what is written is compared: others write here, too" if explained.shared else "compared whole"
    yield f"{style(str(change.cause), 'yellow', 'bold')}: {explained.row} ({compared})"
    yield f"→ {change.action}" + (f", {change.consequence}" if change.action.value not in ("none", "undecided") else "")
    yield from (f"  {line}" for line in change.words.splitlines())


def _lines(body: Any, style: Style, verbose: bool) -> Iterator[str]:
    if body is None:
        yield style("  –", "dim")
        return
    lines = json.dumps(body, ensure_ascii=False, indent=2).splitlines()
    cut = len(lines) > LONGEST and not verbose
    yield from (f"  {line}" for line in (lines[:LONGEST] if cut else lines))
    if cut:
        yield style(f"  … {len(lines) - LONGEST} lines more: -v shows them", "dim")
