"""The three sides of one resource, brought to one form."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..kinds.base import Claiming, Context, Insisting, Kind, can
from ..kinds.differences import differences, same
from ..kinds.parts import less
from ..model import Address, Body, Cause, Difference, Live, Remembered, Resource, Waiting
from ..secret import secrets_in
from .sealing import aligned, sealed, veiled
from .survey import Survey
from .truth import decide, seen


@dataclass(frozen=True)
class Sides:
    """`rendered` is what is sent; `wanted` and `found` are normalised, with seals for secrets."""

    rendered: Body
    wanted: Body
    remembered: Remembered | None
    live: Live | None
    found: Body | None
    cause: Cause
    shared: bool
    shown_there: Body | None = None
    """`found` without what is believed of secrets that the server hides and nobody remembers; None where none is."""

    def shown(self) -> tuple[Body, Body]:
        """What of the live body is compared, and what was written, as people may see them: without seals."""
        visible = seen(self.found or {}, self.wanted, self.remembered, shared=self.shared)
        return veiled(visible, self.wanted)

    def differences(self) -> tuple[Difference, ...]:
        """Where the server is not as written."""
        return differences(*self.shown()) if self.found is not None else ()

    @property
    def stale(self) -> bool:
        """Whether the ledger remembers another body than the one that is written and there."""
        return self.remembered is not None and not same(self.remembered.body, self.wanted)


def body_of(resource: Resource, kind: Kind, context: Context) -> Body | Waiting:
    """The body that is sent, or what has to be there first: a model, the text of a secret."""
    rendered = resource.spec if resource.rendered else kind.render(resource, context)
    if isinstance(rendered, Waiting):
        return rendered
    if kind.secrets:
        for secret in secrets_in(rendered):
            if secret.absent:
                return Waiting(secret.absent)
            if not secret:  # a pipeline's variable that nobody set: what the server has must not be lost for it
                return Waiting(f"the secret {secret.reference or 'that is written here'} is empty")
    return rendered


def compared(address: Address, rendered: Body, survey: Survey, kind: Kind, context: Context) -> Sides:
    """Bring the sides to one form and find the row of the table that they make."""
    live, remembered = survey.live.get(address), survey.remembered.get(address)
    wanted = kind.normalise(rendered, context.capabilities)
    ours, remembered = own(live, remembered, survey, kind, wanted)
    if kind.secrets:
        wanted = sealed(wanted, survey.seal, kind.secrets)
    found = found_of(ours, wanted, remembered, survey, kind, context)
    if found is not None and can(kind, Insisting):
        wanted = kind.insisted(wanted, rendered, found)
        if remembered is not None:
            remembered = replace(remembered, body=kind.insisted(remembered.body, rendered, found))
    cause = decide(wanted, remembered, found, shared=kind.shared)
    if cause is Cause.FOREIGN and found is not None and kind.secrets:
        believed = aligned(found, wanted, wanted, survey.seal, kind.secrets)
        if decide(wanted, None, believed, shared=kind.shared) is Cause.ADOPT:
            return Sides(rendered, wanted, None, live, believed, Cause.ADOPT, kind.shared, found)
    if cause in (Cause.FOREIGN, Cause.BOTH) and found is not None and can(kind, Claiming):
        if kind.ours(found, wanted, remembered.body if remembered else None):
            cause = Cause.PENDING
    return Sides(rendered, wanted, remembered, live, found, cause, kind.shared)


def own(
    live: Live | None, remembered: Remembered | None, survey: Survey, kind: Kind, wanted: Body | None = None
) -> tuple[Live | None, Remembered | None]:
    """Both without the parts that other projects own, or other resources of this one, save for those of `wanted`.

    Those are not to be taken back: whoever has them now goes on having them.
    """
    for claims in (survey.parts, survey.written):
        if live is not None:
            body = less(kind, live.address, live.body, claims, wanted)
            live = None if body is None else live if body is live.body else replace(live, body=body)
        if remembered is not None:
            body = less(kind, remembered.address, remembered.body, claims, wanted)
            remembered = remembered if body is remembered.body else replace(remembered, body=body or {})
    return live, remembered


def found_of(
    live: Live | None, wanted: Body | None, remembered: Remembered | None, survey: Survey, kind: Kind, context: Context
) -> Body | None:
    """The live body in the form in which it is compared."""
    if live is None:
        return None
    found = kind.normalise(live.body, context.capabilities)
    if kind.secrets:
        return aligned(found, wanted, remembered.body if remembered else None, survey.seal, kind.secrets)
    return found
