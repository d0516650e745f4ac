"""Whether what a server says is there already is what was just sent: the answer to the first try was lost."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import EsctlError, ServerError
from ..kinds.base import Kind, Producing, can
from ..kinds.differences import projected, same
from ..model import Body, Capabilities, Change, Request, Sender
from ..plan.sealing import Seal, aligned


def already_there(error: ServerError) -> bool:
    """Whether a server refused to make something because it has it."""
    return error.status in (400, 409) and (
        error.kind == "resource_already_exists_exception" or "already exists" in str(error)
    )


def made_before(
    change: Change,
    request: Request,
    sender: Sender,
    kind: Kind,
    capabilities: Capabilities,
    *,
    body: Body,
    seal: Seal,
) -> bool:
    """Whether the server has what `request` says. `body` is what the change makes, normalised and sealed.

    Right before, under the lease, it was not there: whoever asks again for what now is there as it was sent has made
    it. What later requests of the change bring (its running state) is not looked at. What tells a secret once never
    counts: nobody knows it.
    """
    if request.method != "PUT" or can(kind, Producing):
        return False
    try:
        live = kind.read(sender, [change.address], capabilities).get(change.address)
    except EsctlError:
        return False
    if live is None:
        return False
    there = kind.normalise(live.body, capabilities)
    if kind.secrets:
        there = aligned(there, body, body, seal, kind.secrets)
    sent: Mapping[str, object] = request.body if isinstance(request.body, Mapping) else {}
    wanted = {key: value for key, value in body.items() if key in sent}
    return same(projected(there, wanted), wanted)
