"""Why the plan says what it says of one resource: every side of it, and the row of the table that decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..kinds.base import Context, Kind
from ..model import Address, Body, Cause, Change, Resource, Waiting
from ..secret import replaced
from .compare import body_of, compared, found_of
from .sealing import SHOWN, shown
from .survey import Survey

ROWS: Mapping[Cause, str] = {
    Cause.CLEAN: "what is written is what is there",
    Cause.PENDING: "written anew since the last apply, and the server is as it was then",
    Cause.DRIFTED: "written as at the last apply, and the server is not as it was then",
    Cause.DELETED: "applied once, and gone from the server",
    Cause.BOTH: "written anew since the last apply, and the server changed otherwise",
    Cause.NEW: "never applied, and not on the server",
    Cause.ADOPT: "never applied, but on the server as it is written",
    Cause.FOREIGN: "never applied by this project, and on the server otherwise",
    Cause.ORPHAN: "applied once and no longer written, and the server is as it was then",
    Cause.ORPHAN_DRIFTED: "applied once and no longer written, and the server changed since",
    Cause.GONE: "applied once, no longer written, and gone from the server",
    Cause.WAITING: "it cannot be compared yet",
}
"""The rows of the table of three-way truth, in words."""


@dataclass(frozen=True)
class Explanation:
    """Bodies as people may see them, without seals; None where there is none.

    `written` is the document's `spec`, `normalised` what it becomes to be compared, `remembered` what was last applied,
    `defaults` what the server added to it then (by JSON pointer), `live` what it has now, normalised.
    """

    address: Address
    change: Change
    row: str
    shared: bool
    written: Body | None
    normalised: Body | None
    remembered: Body | None
    defaults: Body
    live: Body | None

    def as_json(self) -> Body:
        """The document of `plan --explain … --json`."""
        return {
            "address": str(self.address),
            "cause": str(self.change.cause),
            "action": str(self.change.action),
            "row": self.row,
            "compared": "only what is written" if self.shared else "whole",
            "words": self.change.words,
            "diff": [{"path": d.dotted, "before": d.before, "after": d.after} for d in self.change.differences],
            **{side: getattr(self, side) for side in ("written", "normalised", "remembered", "defaults", "live")},
        }


def explain(change: Change, resource: Resource | None, survey: Survey, kind: Kind, context: Context) -> Explanation:
    """The sides of one change of a plan; `resource` is None where the project no longer writes it."""
    address, remembered = change.address, survey.remembered.get(change.address)
    wanted, found = None, None
    rendered = body_of(resource, kind, context) if resource is not None else None
    if rendered is None or isinstance(rendered, Waiting):
        found = found_of(survey.live.get(address), None, remembered, survey, kind, context)
    else:
        sides = compared(address, rendered, survey, kind, context)
        wanted, found = sides.wanted, sides.found
    return Explanation(
        address,
        change,
        ROWS[change.cause],
        kind.shared,
        replaced(resource.spec, lambda secret: SHOWN) if resource is not None else None,
        _shown(wanted),
        _shown(remembered.body if remembered else None),
        _shown(remembered.defaults if remembered else {}) or {},
        _shown(found),
    )


def _shown(body: Any) -> Any:
    return None if body is None else shown(body)
