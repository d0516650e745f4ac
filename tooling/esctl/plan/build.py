"""Build the plan: one change per resource, in the order in which `apply` would make them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from ..kinds.base import Context, Kind, Releasing, Replaceable, Withdrawing, Wordy, owner_of
from ..kinds.differences import differences
from ..model import Action, Address, Cause, Change, Consequence, Live, Plan, Remembered, Request, Resource, Waiting
from .order import ordered, rank
from .truth import decide, seen


@dataclass(frozen=True)
class Survey:
    """What was read before planning: the live bodies, the ledger, and who else owns what."""

    live: Mapping[Address, Live] = field(default_factory=dict)
    remembered: Mapping[Address, Remembered] = field(default_factory=dict)
    others: Mapping[Address, str] = field(default_factory=dict)
    missing: Mapping[Address, str] = field(default_factory=dict)
    """What resources refer to and neither the project nor the servers have, with the place that refers to it."""
    requests: int = 0


@dataclass(frozen=True)
class Choices:
    """What the person allowed: globs over addresses, and `prune`."""

    adopt: tuple[str, ...] = ()
    overwrite: tuple[str, ...] = ()
    prune: bool = False
    force: bool = False

    @staticmethod
    def match(address: Address, globs: Iterable[str]) -> bool:
        """Whether one of the globs names the address."""
        return any(fnmatchcase(str(address), glob) for glob in globs)


def build(
    resources: Iterable[Resource],
    survey: Survey,
    context: Context,
    kinds: Mapping[str, Kind],
    *,
    choices: Choices = Choices(),
    out_of_scope: Collection[Address] = (),
    selected: Collection[str] = (),
) -> Plan:
    """The plan for `resources` (all of the project's) as far as `selected` (globs; none means all) goes."""

    def chosen(address: Address) -> bool:
        return not selected or Choices.match(address, selected)

    desired = ordered(resources, kinds)
    changes = [_change(r, survey, context, kinds[r.address.kind], choices) for r in desired if chosen(r.address)]
    written = {resource.address for resource in desired} | set(out_of_scope)
    gone = [a for a in survey.remembered if a not in written and a.kind in kinds and chosen(a)]
    gone.sort(key=lambda address: rank(address, kinds), reverse=True)
    changes += [_orphan(address, survey, context, kinds[address.kind], choices) for address in gone]
    return Plan(context.project, tuple(changes), context.capabilities, survey.requests)


def _change(resource: Resource, survey: Survey, context: Context, kind: Kind, choices: Choices) -> Change:
    address, capabilities = resource.address, context.capabilities
    live, remembered = survey.live.get(address), survey.remembered.get(address)
    base = Change(
        address,
        Action.NONE,
        Cause.CLEAN,
        source=resource.source,
        live=live,
        remembered=remembered,
    )
    if owner := _foreign_owner(address, live, survey, kind, context):
        words = f'it belongs to the project "{owner}": take it out of one of the two, or `esctl destroy` it there'
        return replace(base, action=Action.UNDECIDED, cause=Cause.FOREIGN, words=words)
    rendered = kind.render(resource, context)
    if isinstance(rendered, Waiting):
        words = rendered.reason + (f": run `{rendered.command}`" if rendered.command else "")
        return replace(base, action=Action.UNDECIDED, cause=Cause.WAITING, words=words)
    wanted = kind.normalise(rendered, capabilities)
    found = kind.normalise(live.body, capabilities) if live else None
    cause = decide(wanted, remembered, found, shared=kind.shared)
    base = replace(base, cause=cause, desired=rendered)
    if cause is Cause.CLEAN:
        stale = remembered is not None and differences(remembered.body, wanted)
        return replace(base, action=Action.REFRESH if stale else Action.NONE)
    if cause is Cause.ADOPT:
        return replace(base, action=Action.ADOPT, words="already there and equal: only remembered, nothing is written")
    if live is None or found is None:
        words = "was deleted from the server; it is made again" if cause is Cause.DELETED else ""
        requests = kind.write(address, rendered, None, context)
        return replace(base, action=Action.CREATE, words=words, requests=requests)

    visible = seen(found, wanted, remembered, shared=kind.shared)
    cost = kind.cost(visible, wanted, capabilities)
    said = kind.in_words(visible, wanted) if isinstance(kind, Wordy) else ()
    won = Choices.match(address, choices.overwrite)
    adopted = resource.adopt or Choices.match(address, choices.adopt)
    change = replace(
        base,
        consequence=cost.consequence,
        words="\n".join(
            part for part in (cost.words, _because(cause, won, adopted, resource, live, kind, context), *said) if part
        ),
        differences=differences(visible, wanted),
    )
    if cause is Cause.FOREIGN:
        if not adopted and not _marked_ours(live, kind, context):
            return replace(change, action=Action.UNDECIDED)
        change = replace(change, cause=Cause.ADOPT if adopted else Cause.PENDING)
    if cause is Cause.BOTH and not won:
        return replace(change, action=Action.UNDECIDED)
    if cost.consequence is Consequence.IRREVERSIBLE and isinstance(kind, Replaceable):
        if resource.protect:
            words = f"it is protected (`protect: true`), but {change.words}"
            return replace(change, action=Action.UNDECIDED, words=words)
        return replace(change, action=Action.REPLACE, requests=kind.replace(address, rendered, live, context))
    requests = kind.write(address, rendered, live, context)
    if isinstance(kind, Releasing) and remembered is not None:
        requests += kind.release(address, remembered.body, rendered, live, context)
    return replace(change, action=Action.UPDATE, requests=requests)


def _because(
    cause: Cause, won: bool, adopted: bool, resource: Resource, live: Live, kind: Kind, context: Context
) -> str:
    """Why a live resource is not as desired, where the word of the cause does not say it all."""
    address = resource.address
    match cause:
        case Cause.DRIFTED:
            return "was changed on the server since the last apply; it is put back"
        case Cause.BOTH if won:
            return "was changed here and on the server since the last apply; the project wins"
        case Cause.BOTH:
            return (
                "was changed here and on the server since the last apply: "
                f"`--overwrite {address}` lets the project win; or take the server's values into the file"
            )
        case Cause.FOREIGN if _marked_ours(live, kind, context):
            return "the ledger does not know it, but its mark says that this project made it"
        case Cause.FOREIGN if adopted:
            return "already there and different: it is adopted and changed"
        case Cause.FOREIGN:
            return (
                f"already there, different, and not this project's: `adopt: true` or `--adopt {address}` takes it over"
            )
    return ""


def _marked_ours(live: Live, kind: Kind, context: Context) -> bool:
    meta = getattr(kind, "meta", None)
    return meta is not None and owner_of(live.body, meta) == context.project


def _foreign_owner(address: Address, live: Live | None, survey: Survey, kind: Kind, context: Context) -> str | None:
    """The other project that owns a resource, by the ledger or by the mark on the resource itself."""
    if address in survey.others:
        return survey.others[address]
    meta = getattr(kind, "meta", None)
    owner = owner_of(live.body, meta) if live and meta is not None else None
    return owner if owner not in (None, context.project) and address not in survey.remembered else None


def _orphan(address: Address, survey: Survey, context: Context, kind: Kind, choices: Choices) -> Change:
    """Something this project once wrote and no longer writes."""
    live, remembered = survey.live.get(address), survey.remembered[address]
    found = kind.normalise(live.body, context.capabilities) if live else None
    cause = decide(None, remembered, found, shared=kind.shared)
    change = Change(address, Action.NONE, cause, live=live, remembered=remembered)
    if cause is Cause.GONE:
        return replace(change, action=Action.FORGET)
    cost = kind.cost(found, None, context.capabilities)
    change = replace(change, consequence=cost.consequence)
    if not choices.prune:
        return replace(change, words="no longer in the project; `--prune` deletes it")
    if cause is Cause.ORPHAN_DRIFTED and not choices.force:
        return replace(change, words="no longer in the project, and changed on the server since: `--force` deletes it")
    words = ", ".join(part for part in ("no longer in the project", cost.words) if part)
    return replace(change, action=Action.DELETE, words=words, requests=removal(remembered, live, kind, context))


def removal(remembered: Remembered, live: Live | None, kind: Kind, context: Context) -> tuple[Request, ...]:
    """The requests that delete what this project wrote."""
    if live is not None and isinstance(kind, Withdrawing):
        return kind.withdraw(remembered.address, remembered.body, live, context)
    return kind.delete(remembered.address, context)
