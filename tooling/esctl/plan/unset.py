"""Secrets that are not set here: as long as nothing has to be sent, nobody is asked for them.

What a server has in place of such a secret is taken as it is. So a cluster that was pulled can be planned and adopted
at once, by somebody who knows none of its passwords.
"""

from __future__ import annotations

import secrets as randomness
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from ..kinds.base import Context, Kind
from ..kinds.normalise import copy
from ..model import Body, Cause, Difference, Path, Resource, Waiting
from ..secret import Secret, replaced, secrets_in
from .compare import compared
from .sealing import is_seal, redacted
from .survey import Survey


class Standing(NamedTuple):
    """How a resource stands but for secrets that are not set here; `body` is what may be remembered, without those."""

    cause: Cause
    body: Body
    differences: tuple[Difference, ...] = ()


def standing(resource: Resource, survey: Survey, kind: Kind, context: Context) -> Standing | None:
    """How the resource stands, but for secrets that are not set here; None where that cannot be told.

    A secret that the server shows is compared with the seal of what was last applied.
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
        shown, before = _at(there, path), _at(last, path)
        if last is not None:
            _put(last, path, survey.seal(nobodys))
        if is_seal(before) and isinstance(shown, str) and not redacted(shown):
            if survey.seal.new and not is_seal(shown):  # another key sealed it: nobody can say whether this is it
                return None
            if before != (shown if is_seal(shown) else survey.seal(shown)):
                continue  # it stays in sight, and differs
        _take(there, path)
        if isinstance(shown, str) and redacted(shown):
            _put(kept, path, shown)
        else:
            _drop(kept, path)
    believed = replace(
        survey,
        live={address: replace(live, body=there)},
        remembered={address: replace(remembered, body=last)} if remembered and last is not None else {},
    )
    sides = compared(address, stand_in, believed, kind, context)
    return Standing(sides.cause, kept, sides.differences() if sides.cause is Cause.DRIFTED else ())


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


def _take(body: Body, path: Path) -> None:
    """Take out what stands at `path` of a mapping."""
    parent = _parent(body, path)
    if isinstance(parent, dict):
        parent.pop(path[-1], None)


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


def _at(body: Any, path: Path) -> Any:
    return _item(_parent(body, path), path[-1])


def _item(body: Any, key: str | int) -> Any:
    try:
        return body[key]
    except (KeyError, IndexError, TypeError):
        return None
