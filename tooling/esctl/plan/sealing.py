"""Seals: what is kept and compared of a secret is an HMAC of it, never its text.

A seal says "the same" or "another". Who has the key (or the salt that stands in for one) can try guesses against it: a
weak secret can be found out from salt and seal.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets as randomness
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from ..model import Body, Path
from ..secret import Secret, replaced

PREFIX = "hmac-sha256:"
SHOWN = "(secret)"
CHANGED = "(another secret)"

_SEAL = re.compile(re.escape(PREFIX) + r"[0-9a-f]{64}")
# What servers show in place of a secret: `::es_redacted::` (watches), `<redacted>`, `[REDACTED]`, `***`, nothing.
_REDACTED = re.compile(r"[*•]*|[<\[({:*]{0,4}(es_)?(redacted|hidden)[>\])}:*]{0,4}", re.IGNORECASE)


@dataclass(frozen=True)
class Seal:
    """Turns a secret into `hmac-sha256:<64 hex digits>`.

    `key` is ESCTL_SECRET_KEY or the salt of the ledger; `new` says that the ledger does not hold it yet.
    """

    key: bytes = field(repr=False)
    new: bool = False

    def __call__(self, secret: Secret | str) -> str:
        text = secret.reveal() if isinstance(secret, Secret) else secret
        return PREFIX + hmac.new(self.key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()

    @classmethod
    def fresh(cls) -> Seal:
        """With a random salt that nobody keeps yet."""
        return cls(randomness.token_bytes(32), new=True)


def is_seal(value: Any) -> bool:
    """Whether a value of a body is a seal."""
    return isinstance(value, str) and _SEAL.fullmatch(value) is not None


def sealed(body: Body, seal: Seal, places: Sequence[str] = ()) -> Body:
    """What was written, each secret as its seal. Raises EsctlError where one is absent.

    Text at a place of `places` (dotted globs below `spec`) that names it exactly is a secret however it was written:
    no server shows it.
    """
    body = replaced(body, seal)
    if not places:
        return body
    exact = [place for place in places if not any(mark in place for mark in "*?[")]
    if not exact:
        return body
    return _mapped(body, lambda path, value: seal(value) if _dotted(path) in exact and not is_seal(value) else value)


def aligned(live: Body, wanted: Body | None, last: Body | None, seal: Seal, places: Iterable[str] = ()) -> Body:
    """What a server has, with seals where `wanted` or `last` (what was written now and last time) hold one.

    What it shows as text is sealed; what it hides counts as what was written last. Text that nobody wrote and that
    stands where the kind may hold a secret is sealed, too: it may be one.
    """
    before = dict(_seals(last or {}))
    merged = live
    for path in {**before, **dict(_seals(wanted or {}))}:
        merged = _placed(merged, path, before.get(path), (wanted, last), seal)
    globs = tuple(places)
    if not globs:
        return merged

    def hide(path: Path, value: str) -> str:
        if redacted(value) or is_seal(value) or not any(fnmatchcase(_dotted(path), glob) for glob in globs):
            return value
        return value if _has(wanted, path) or _has(last, path) else seal(value)

    return _mapped(merged, hide)


def hidden(live: Body, seal: Seal, places: Iterable[str]) -> Body:
    """A live body that may be kept: whatever text stands where the kind may hold a secret is sealed."""
    return aligned(live, None, None, seal, places)


def redacted(value: Any) -> bool:
    """Whether this stands for a secret that the server does not show."""
    return not isinstance(value, str) or _REDACTED.fullmatch(value) is not None


def veiled(before: Any, after: Any) -> tuple[Any, Any]:
    """Two bodies as people may see them: `(secret)` for a seal, `(another secret)` where it is no longer the same."""
    if is_seal(before) or is_seal(after):
        if not is_seal(after):
            return SHOWN, after
        return (SHOWN if is_seal(before) else before), (SHOWN if before == after or not is_seal(before) else CHANGED)
    if isinstance(before, dict) and isinstance(after, dict):
        pairs = {key: veiled(before.get(key), after.get(key)) for key in {**before, **after}}
        return {key: pairs[key][0] for key in before}, {key: pairs[key][1] for key in after}
    if isinstance(before, list) and isinstance(after, list):
        if len(before) == len(after):
            both = [veiled(left, right) for left, right in zip(before, after, strict=True)]
            return [left for left, _ in both], [right for _, right in both]
    return shown(before), shown(after)


def shown(body: Any) -> Any:
    """A body as people may see it."""
    return _mapped(body, lambda path, value: SHOWN if is_seal(value) else value)


def known(live: Body, rendered: Body, last: Body | None, seal: Seal) -> Body:
    """The live body for a kind's `write`: each secret of `rendered` that the server holds already stands in it.

    So a kind may leave out what need not be sent again: `live.body.get("password") == body.get("password")`.
    """
    for path, secret in _leaves(rendered):
        if isinstance(secret, Secret) and not secret.absent and _at(last, path) == seal(secret):
            live = _set(live, path, secret)
    return live


def _dotted(path: Path) -> str:
    return ".".join(map(str, path))


def _seals(body: Any) -> Iterator[tuple[Path, str]]:
    return ((path, value) for path, value in _leaves(body) if is_seal(value))


def _leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _leaves(part, (*path, key))
    elif isinstance(value, list):
        for position, part in enumerate(value):
            yield from _leaves(part, (*path, position))
    else:
        yield path, value


def _mapped(value: Any, change: Callable[[Path, str], str], path: Path = ()) -> Any:
    """`value` with `change(path, text)` in place of every text; parts without a change are kept as they are."""
    if isinstance(value, str):
        return change(path, value)
    if isinstance(value, dict):
        return {key: _mapped(part, change, (*path, key)) for key, part in value.items()}
    if isinstance(value, list):
        return [_mapped(part, change, (*path, position)) for position, part in enumerate(value)]
    return value


def _placed(live: Body, path: Path, last: str | None, written: tuple[Body | None, ...], seal: Seal) -> Body:
    """`live` with the seal of one place."""
    value = _at(live, path)
    if isinstance(value, str) and not redacted(value):
        return live if is_seal(value) else _set(live, path, seal(value))
    if last is None:
        return live
    parent = path
    while len(parent) > 1 and not isinstance(_at(live, parent[:-1]), dict | list):
        parent = parent[:-1]
    # Where the server lacks more than the secret itself (the whole `auth`), that is a difference of its own.
    if parent != path and (
        _has(live, parent) or any(not _only_seals(_at(body, parent)) for body in written if _has(body, parent))
    ):
        return live
    return _set(live, path, last)


def _only_seals(value: Any) -> bool:
    return all(is_seal(leaf) for _, leaf in _leaves(value))


def _at(body: Any, path: Path) -> Any:
    for key in path:
        if isinstance(body, dict):
            body = body.get(key)
        elif isinstance(body, list) and isinstance(key, int) and key < len(body):
            body = body[key]
        else:
            return None
    return body


def _has(body: Any, path: Path) -> bool:
    return _at(body, path) is not None


def _set(body: Any, path: Path, value: Any) -> Any:
    """A copy of `body` with `value` at `path`; mappings on the way are made, lists are not."""
    if not path:
        return value
    key, rest = path[0], path[1:]
    if isinstance(body, list):
        if not isinstance(key, int) or key >= len(body):
            return body
        return [_set(part, rest, value) if position == key else part for position, part in enumerate(body)]
    if isinstance(body, dict) or body is None:
        if isinstance(key, int):
            return body
        body = body or {}
        return {**body, key: _set(body.get(key), rest, value)}
    return _set({}, path, value) if not isinstance(key, int) else body
