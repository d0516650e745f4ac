"""Whether the cluster is still as it was when a plan was made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..cluster import Cluster, Ledger
from ..errors import Refused
from ..kinds.base import Kind, Seeking, can
from ..kinds.differences import differences
from ..kinds.parts import goes_along, held
from ..model import Action, Address, Body, Change, Live, Plan, Remembered
from ..plan.sealing import Seal, hidden
from .survey import claimed, read, sought

NAMED = 5  # places of one resource


def refuse_if_moved(
    plan: Plan, changes: Sequence[Change], cluster: Cluster, kinds: Mapping[str, Kind], ledger: Ledger
) -> None:
    """Raise Refused with every resource that is not as the plan found it, and where."""
    planned: dict[Address, tuple[Live | None, Remembered | None]] = {}
    for change in changes:
        planned[change.address] = change.live, change.remembered
        if change.moved_from is not None:
            planned[change.moved_from.address] = change.moved_live, change.moved_from
    now = read(cluster, planned, kinds)
    new = [c for c in changes if c.remembered is None and c.address not in now]
    bodies = {c.address: c.desired for c in new if c.desired is not None and can(kinds[c.address.kind], Seeking)}
    if bodies:
        now |= sought(cluster, bodies, ledger.read(), kinds)
    entries = ledger.versions(planned)
    moved = list(_taken(changes, plan, kinds, ledger))
    for address, (was, remembered) in planned.items():
        if why := _moved(was, now.get(address), kinds[address.kind], plan):
            moved.append(f"{address} {why}")
        elif dict(remembered.version if remembered else {}) != entries.get(address, {}):
            moved.append(f"{address} was applied by another run since the plan was made")
    if moved:
        raise Refused("\n".join(moved), hint="plan again")


def _taken(changes: Sequence[Change], plan: Plan, kinds: Mapping[str, Kind], ledger: Ledger) -> Iterator[str]:
    """What of the changes another project has come to own a part of, or to stand on."""
    written = [change for change in changes if change.desired is not None and change.action is not Action.DELETE]
    going = [gone for change in changes for gone in _going(change)]
    claims = claimed(ledger, kinds, {change.address.kind for change in written} | {address.kind for address in going})
    for address in going if claims else ():
        if others := goes_along(address, claims):
            yield f"{address}: {others} by now"
    for change in written if claims else ():
        kind = kinds[change.address.kind]
        body = kind.normalise(change.desired or {}, plan.capabilities)
        if taken := held(kind, change.address, body, claims):
            yield f"{change.address}: {taken} by now"


def _going(change: Change) -> Iterator[Address]:
    """What is deleted with the change, for good or to be made anew."""
    if change.action is Action.DELETE or (change.action is Action.REPLACE and change.reindex is None):
        yield change.address
    if change.moved_from is not None and change.moved_live is not None:
        yield change.moved_from.address


def _moved(was: Live | None, found: Live | None, kind: Kind, plan: Plan) -> str | None:
    if was is None and found is None:
        return None
    if was is None:
        return "was made on the server since the plan was made"
    if found is None:
        return "was deleted from the server since the plan was made"
    places = list(_places(_comparable(was, kind, plan), _comparable(found, kind, plan)))
    if not places:
        return None
    more = f" and {len(places) - NAMED} more" if len(places) > NAMED else ""
    where = ", ".join(places[:NAMED]) + more
    return f"changed on the server since the plan was made: {where}"


def _places(before: Body, after: Body) -> Iterator[str]:
    return (difference.dotted for difference in differences(before, after))


def _comparable(live: Live, kind: Kind, plan: Plan) -> Body:
    body = kind.normalise(live.body, plan.capabilities)
    return hidden(body, plan.seal, kind.secrets) if kind.secrets and isinstance(plan.seal, Seal) else body
