"""What goes with something that is deleted or made anew, as far as its kind can tell: in the words of the cost."""

from __future__ import annotations

from dataclasses import replace

from ..kinds.base import Cost, Kind, Losing, can
from ..model import Consequence, Live


def measured(cost: Cost, kind: Kind, live: Live | None) -> Cost:
    """The cost, with what is lost for good."""
    if live is None or cost.consequence is not Consequence.IRREVERSIBLE or cost.in_place or not can(kind, Losing):
        return cost
    return replace(cost, words=f"{cost.words}: {kind.loses(live)}" if cost.words else kind.loses(live))
