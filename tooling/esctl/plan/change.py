"""What would happen to one resource that the project writes, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..kinds.base import (
    Context,
    Cost,
    Kind,
    Moving,
    Producing,
    Refusing,
    Releasing,
    Replaceable,
    Routed,
    Seeking,
    Wordy,
    can,
    owner_of,
)
from ..kinds.differences import same
from ..kinds.parts import NAMED, goes_along, held
from ..model import Action, Body, Cause, Change, Consequence, Live, Reindex, Request, Resource, Waiting
from ..secret import holds_secrets
from .compare import Sides, body_of, compared, own
from .losses import measured
from .needs import lacking
from .sealing import known
from .survey import Choices, Survey
from .unset import Standing, standing

EQUAL = "already there and equal: only remembered, nothing is written"


@dataclass(frozen=True)
class _Case:
    """One resource with everything that decides about it."""

    resource: Resource
    kind: Kind
    survey: Survey
    context: Context
    choices: Choices
    sides: Sides

    @property
    def won(self) -> bool:
        return Choices.match(self.resource.address, self.choices.overwrite)

    @property
    def adopted(self) -> bool:
        return self.resource.adopt or Choices.match(self.resource.address, self.choices.adopt)

    @property
    def begun(self) -> bool:
        """Whether an earlier run was interrupted while it made it."""
        return self.resource.address in self.survey.begun

    @property
    def ours(self) -> bool:
        """Whether its own mark says that this project made it."""
        meta, live = getattr(self.kind, "meta", None), self.sides.live
        return meta is not None and live is not None and owner_of(live.body, meta) == self.context.project


def change_of(resource: Resource, survey: Survey, context: Context, kind: Kind, choices: Choices) -> Change:
    """One line of the plan."""
    address = resource.address
    base = Change(
        address,
        Action.NONE,
        Cause.CLEAN,
        source=resource.source,
        live=survey.live.get(address),
        remembered=survey.remembered.get(address),
        protect=resource.protect,
    )
    undecided = replace(base, action=Action.UNDECIDED, cause=Cause.WAITING)
    if why := lacking(kind, context.capabilities):
        return replace(undecided, words=why)
    if address in survey.unknown:
        return replace(undecided, words=survey.unknown[address])
    if owner := _foreign_owner(base.live, resource, survey, kind, context):
        words = f'it belongs to the project "{owner}": take it out of one of the two, or `esctl destroy` it there'
        if address.kind in NAMED:
            words = f'the id belongs to the project "{owner}": choose another one, it is a name taken once per cluster'
        return replace(undecided, cause=Cause.FOREIGN, words=words)
    rendered = body_of(resource, kind, context)
    if isinstance(rendered, Waiting):
        return _waiting(resource, rendered, base, survey, context, kind)
    sides = compared(address, rendered, survey, kind, context)
    if sides.cause is not Cause.CLEAN and survey.parts:
        if taken := held(kind, address, kind.normalise(rendered, context.capabilities), survey.parts):
            return replace(undecided, cause=Cause.FOREIGN, words=f"{taken}: take it out of one of the two")
    return _decided(_Case(resource, kind, survey, context, choices, sides), base)


def _waiting(
    resource: Resource, waiting: Waiting, base: Change, survey: Survey, context: Context, kind: Kind
) -> Change:
    """What can be told of a resource while its body cannot be made: whether what is there is as it was left."""
    words = waiting.reason + (f": run `{waiting.command}`" if waiting.command else "")
    undecided = replace(base, action=Action.UNDECIDED, cause=Cause.WAITING, words=words)
    if base.live is None and base.remembered is not None:
        return replace(undecided, cause=Cause.DELETED, words=f"was deleted from the server; {words}")
    match standing(resource, survey, kind, context) if kind.secrets else None:
        case Standing(Cause.CLEAN):
            return base
        case Standing(Cause.ADOPT, body):
            words = f"{EQUAL}; {waiting.reason}: what is there stays"
            return replace(base, action=Action.ADOPT, cause=Cause.ADOPT, desired=body, words=words)
        case Standing(Cause.PENDING):
            return replace(undecided, cause=Cause.PENDING)
        case Standing(Cause.DRIFTED, _, differences):
            words = f"was changed on the server since the last apply; {words}"
            return replace(undecided, cause=Cause.DRIFTED, words=words, differences=differences)
    return undecided


def _decided(case: _Case, base: Change) -> Change:
    sides, kind, address, context = case.sides, case.kind, base.address, case.context
    cause, live = sides.cause, sides.live
    base = replace(base, cause=cause, desired=sides.rendered)
    if undone := _unfinished(case):
        words = "an earlier run began to move it and did not end: what it left is taken back"
        if cause is Cause.CLEAN:
            return replace(base, action=Action.UPDATE, words=words, reindex=undone)
    if cause is Cause.CLEAN:
        stale = sides.stale or (base.remembered is not None and base.remembered.protect != case.resource.protect)
        return replace(base, action=Action.REFRESH if stale else Action.NONE)
    if cause is Cause.ADOPT and can(kind, Producing) and case.begun and not case.adopted:
        words = (
            "an earlier run was interrupted while it made it, and may not have told what its secret was: "
            f"`--adopt {address}` keeps it; or take it away, and it is made again"
        )
        return replace(base, action=Action.UNDECIDED, words=words)
    if cause is Cause.ADOPT and not (sides.shown_there is not None and case.adopted):
        taken = kind.taken(address, sides.rendered) if can(kind, Seeking) else ()
        return replace(base, action=Action.ADOPT, words=_equal(case), requests=taken)
    if sides.shown_there is not None:  # adopted by name: the file's secret counts
        cause, sides = Cause.FOREIGN, replace(sides, cause=Cause.FOREIGN, found=sides.shown_there)
        case, base = replace(case, sides=sides), replace(base, cause=cause)
    if live is None or sides.found is None:
        words = "was deleted from the server; it is made again" if cause is Cause.DELETED else ""
        words = "\n".join(part for part in (words, _route(case, None)) if part)
        return replace(base, action=Action.CREATE, words=words, requests=_write(case, None))

    before, after = sides.shown()
    cost, moving = _cost(case, before, after, live)
    said = kind.in_words(before, after) if can(kind, Wordy) else ()
    change = replace(
        base,
        consequence=cost.consequence,
        words="\n".join(part for part in (cost.words, _because(case), _route(case, live), *said) if part),
        differences=sides.differences(),
    )
    # What has to be decided comes first: a refusal shows that line alone.
    first = "\n".join(part for part in (_because(case), cost.words, *said) if part)
    if cause is Cause.FOREIGN:
        if not case.adopted and not case.ours and not case.begun:
            return replace(change, action=Action.UNDECIDED, words=first)
        change = replace(change, cause=Cause.ADOPT if case.adopted else Cause.PENDING)
    if cause is Cause.BOTH and not case.won:
        return replace(change, action=Action.UNDECIDED, words=first)
    if can(kind, Refusing) and (why := kind.refuses(address, sides.rendered, live, context)):
        return replace(change, action=Action.UNDECIDED, words=why)
    irreversible = cost.consequence is Consequence.IRREVERSIBLE and not cost.in_place
    if case.resource.protect and (moving or irreversible):
        return replace(change, action=Action.UNDECIDED, words=f"it is protected (`protect: true`), but {change.words}")
    if moving:
        return replace(change, action=Action.REPLACE, reindex=moving)
    if irreversible and can(kind, Replaceable):
        if others := goes_along(address, case.survey.parts):
            return replace(change, action=Action.UNDECIDED, words=f"{others}: {change.words}")
        requests = kind.replace(address, sides.rendered, live, context)
        return replace(change, action=Action.REPLACE, requests=requests, reindex=undone)
    return replace(change, action=Action.UPDATE, requests=_write(case, live), reindex=undone)


def _equal(case: _Case) -> str:
    if case.sides.shown_there is None:
        return EQUAL
    adopt = f"`--adopt {case.resource.address}`"
    return f"{EQUAL}; a secret that the server hides is taken to be this one ({adopt} sends it)"


def _route(case: _Case, live: Live | None) -> str:
    """Which of several ways it is written, and why."""
    if not can(case.kind, Routed):
        return ""
    return case.kind.route(case.sides.rendered, live.body if live else None, case.context.capabilities)


def _cost(case: _Case, before: Body, after: Body, live: Live) -> tuple[Cost, Reindex | None]:
    """What the change costs; and how the contents move, where they can."""
    kind, context = case.kind, case.context
    cost = measured(kind.cost(before, after, context.capabilities), kind, live)
    if cost.consequence is not Consequence.REINDEX or not can(kind, Moving):
        return cost, None
    moving = kind.move(case.resource.address, case.sides.rendered, live, context)
    if isinstance(moving, Cost):
        return replace(moving, words="; ".join(part for part in (cost.words, moving.words) if part)), None
    return cost, moving


def _write(case: _Case, live: Live | None) -> tuple[Request, ...]:
    """The requests that write it, and those that take back what is no longer written."""
    sides, kind, address, context = case.sides, case.kind, case.resource.address, case.context
    last = sides.remembered
    live, _ = own(live, None, case.survey, kind, sides.wanted)
    if live is not None and last is not None and kind.secrets and holds_secrets(sides.rendered):
        live = replace(live, body=known(live.body, sides.rendered, last.body, case.survey.seal))
    requests = kind.write(address, sides.rendered, live, context)
    if live is not None and last is not None and can(kind, Releasing):
        requests += kind.release(address, last.body, sides.rendered, live, context)
    return requests


def _unfinished(case: _Case) -> Reindex | None:
    """What an earlier run left half done, where this one would not carry it on."""
    live = case.sides.live
    return case.kind.unfinished(live) if live is not None and can(case.kind, Moving) else None


def _because(case: _Case) -> str:
    """Why a live resource is not as desired, where the word of the cause does not say it all."""
    address = case.resource.address
    match case.sides.cause:
        case Cause.DRIFTED:
            return "was changed on the server since the last apply; it is put back"
        case Cause.BOTH if case.won:
            return "was changed here and on the server since the last apply; the project wins"
        case Cause.BOTH:
            return (
                "was changed here and on the server since the last apply: "
                f"`--overwrite {address}` lets the project win; or take the server's values into the file"
            )
        case Cause.FOREIGN if _only_hidden(case):
            what = "already there; whether its secret is this one, no server tells"
            if case.ours or case.begun or case.adopted:
                return f"{what}: it is written"
            return f"{what}: `adopt: true` or `--adopt {address}` writes it"
        case Cause.FOREIGN if case.begun:
            return "an earlier run was interrupted while it made it"
        case Cause.FOREIGN if case.ours:
            return "the ledger does not know it, but its mark says that this project made it"
        case Cause.FOREIGN if case.adopted:
            return "already there and different: it is adopted and changed"
        case Cause.FOREIGN:
            return (
                f"already there, different, and not this project's: `adopt: true` or `--adopt {address}` takes it over"
            )
    return ""


def _only_hidden(case: _Case) -> bool:
    """Whether nothing differs but secrets that the server does not show."""
    from .sealing import SHOWN

    if not case.kind.secrets:
        return False
    found = case.sides.differences()
    return bool(found) and all(same(d.after, SHOWN) and not _told(d.before) for d in found)


def _told(before: object) -> bool:
    from .sealing import SHOWN, redacted

    return isinstance(before, str) and before != SHOWN and not redacted(before)


def _foreign_owner(live: Live | None, resource: Resource, survey: Survey, kind: Kind, context: Context) -> str | None:
    """The other project that owns a resource, by the ledger or by the mark on the resource itself."""
    address = resource.address
    if address in survey.others:
        return survey.others[address]
    meta = getattr(kind, "meta", None)
    owner = owner_of(live.body, meta) if live and meta is not None else None
    return owner if owner not in (None, context.project) and address not in survey.remembered else None
