"""Secrets that are not set here: as long as nothing has to be sent, nobody is asked for them.

What a server has in place of such a secret is taken as it is. So a cluster that was pulled can be planned and adopted
at once, by somebody who knows none of its passwords.
"""

from __future__ import annotations

import secrets as randomness
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ..kinds.base import Context, Kind
from ..kinds.normalise import copy
from ..model import Body, Cause, Path, Resource, Waiting
from ..secret import Secret, replaced, secrets_in
from .compare import compared
from .sealing import redacted
from .survey import Survey


def standing(resource: Resource, survey: Survey, kind: Kind, context: Context) -> tuple[Cause, Body] | None:
    """CLEAN or ADOPT where the resource is there as written, but for secrets that are not set here; else None.

    With what may be remembered of it, in which those secrets are not.
    """
    address = resource.address
    live, remembered = survey.live.get(address), survey.remembered.get(address)
    rendered = resource.spec if resource.rendered else kind.render(resource, context)
    if live is None or isinstance(rendered, Waiting) or not all(secrets_in(rendered)):
        return None
    # One secret stands for all of them: its seal shows where they are in the form that is compared.
    nobodys = Secret(randomness.token_hex(16))
    stand_in = replaced(rendered, lambda secret: nobodys if secret.absent else secret)
    there, kept = (kind.normalise(body, context.capabilities) for body in (copy(live.body), stand_in))
    last = copy(remembered.body) if remembered else None
    for path in list(_paths(kept, nobodys)):
        shown = _taken(there, path)
        if isinstance(shown, str) and redacted(shown):
            _put(kept, path, shown)
        else:
            _drop(kept, path)
        if last is not None:
            _put(last, path, survey.seal(nobodys))
    believed = replace(
        survey,
        live={address: replace(live, body=there)},
        remembered={address: replace(remembered, body=last)} if remembered and last is not None else {},
    )
    cause = compared(address, stand_in, believed, kind, context).cause
    return (cause, kept) if cause in (Cause.CLEAN, Cause.ADOPT) else None


def _paths(value: Any, secret: Secret, path: Path = ()) -> Iterator[Path]:
    if value is secret:
        yield path
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _paths(part, secret, (*path, key))
    elif isinstance(value, list):
        for position, part in enumerate(value):
            yield from _paths(part, secret, (*path, position))


def _parent(body: Any, path: Path) -> Any:
    for key in path[:-1]:
        body = _item(body, key)
    return body


def _taken(body: Body, path: Path) -> Any:
    """What stands at `path`, taken out of a mapping there."""
    parent = _parent(body, path)
    return parent.pop(path[-1], None) if isinstance(parent, dict) else None


def _put(body: Any, path: Path, value: str) -> None:
    """`value` at `path`; mappings on the way are made."""
    for key in path[:-1]:
        body = body.setdefault(key, {}) if isinstance(body, dict) else _item(body, key)
    if isinstance(body, dict):
        body[path[-1]] = value


def _drop(body: Body, path: Path) -> None:
    """Nothing at `path`, nor the mappings that this leaves empty."""
    parent = _parent(body, path)
    if isinstance(parent, dict):
        parent.pop(path[-1], None)
        if not parent and len(path) > 1:
            _drop(body, path[:-1])


def _item(body: Any, key: str | int) -> Any:
    try:
        return body[key]
    except (KeyError, IndexError, TypeError):
        return None
