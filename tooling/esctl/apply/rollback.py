"""An earlier state as what is desired: the bodies that a run left, as they were sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from ..cluster.history import History
from ..errors import Source
from ..kinds.base import Context, Kind
from ..kinds.differences import same
from ..model import Address, Body, Remembered, Resource, Waiting
from ..secret import Secret, referred, restored
from .history import Run


@dataclass(frozen=True)
class Past:
    """What a run left.

    `unlike` are the resources of which the files say otherwise, or nothing; `unknown` those that the history does not
    reach back to: they are left alone.
    """

    resources: tuple[Resource, ...]
    unlike: tuple[Address, ...] = ()
    unknown: tuple[Address, ...] = field(default=())


def past(
    history: History,
    run: Run,
    remembered: Mapping[Address, Remembered],
    written: Mapping[Address, Resource],
    context: Context,
    kinds: Mapping[str, Kind],
    look_up: Callable[[str], Secret],
) -> Past:
    """The state after `run`. `written` is what the files say now: where that is the same, it is taken, since it also
    knows what it refers to. `look_up` gives the secret of a reference."""
    state = {address: step for address, step in history.state(run.number).items() if address.kind in kinds}
    since = {step.address for step in history.touched(run.number) if step.state == "done"}
    resources, unlike, unknown = [], [], []
    for address, step in state.items():
        body = restored(step.after or {}, look_up)
        now = written.get(address)
        if now is not None and _says(now, body, context, kinds[address.kind]):
            resources.append(now)
            continue
        unlike.append(address)
        then = Resource(address, body, Source(f"run {run.number}"), rendered=True)
        resources.append(replace(then, protect=now.protect, depends_on=now.depends_on) if now else then)
    for address, one in remembered.items():
        if address in state or address in since or address.kind not in kinds:
            continue
        # It was there before the history began, and nothing has touched it since.
        now = written.get(address)
        if now is not None and one.when <= run.started:
            resources.append(now)
        else:
            unknown.append(address)
    return Past(tuple(resources), tuple(unlike), tuple(unknown))


def _says(resource: Resource, body: Body, context: Context, kind: Kind) -> bool:
    """Whether a file says what was sent then; secrets are compared by what they refer to."""
    rendered = resource.spec if resource.rendered else kind.render(resource, context)
    if isinstance(rendered, Waiting):
        return False
    now, then = (kind.normalise(side, context.capabilities) for side in (rendered, body))
    return same(referred(now), referred(then))
