"""Secret: text that never shows by accident, and bodies that hold some."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .errors import EsctlError

MARK = "$secret"
"""Key of the stand-in that files keep: `{"$secret": "Bearer ${secret.env.TOKEN}"}`."""


class Secret:
    """A password, key or token. `str()` and `repr()` are `***`; only `reveal()` gives the text.

    `reference` is what was written: `${secret.env.NAME}`, with text around it where there was some. One that is
    `absent` (the words for it) is told when it is needed: to validate and to render, none is.
    """

    __slots__ = ("_text", "reference", "absent", "_hint")

    def __init__(self, text: str, *, reference: str = "", absent: str = "", hint: str | None = None) -> None:
        self._text = text
        self.reference = reference
        self.absent = absent
        self._hint = hint

    def reveal(self) -> str:
        """The text; raises EsctlError where it is absent."""
        if self.absent:
            raise EsctlError(self.absent, hint=self._hint)
        return self._text

    def __str__(self) -> str:
        return "***"

    __repr__ = __str__

    def __format__(self, form: str) -> str:
        return "***"

    def __bool__(self) -> bool:
        return bool(self._text or self.absent)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> Any:
        raise TypeError("a Secret is not written anywhere")

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self


def replaced(body: Any, by: Callable[[Secret], Any]) -> Any:
    """`body` with every secret in it replaced; the body itself where it holds none."""
    return _replaced(body, by) if holds_secrets(body) else body


def _replaced(body: Any, by: Callable[[Secret], Any]) -> Any:
    if isinstance(body, Secret):
        return by(body)
    if isinstance(body, dict):
        return {key: _replaced(value, by) for key, value in body.items()}
    if isinstance(body, list):
        return [_replaced(value, by) for value in body]
    return body


def revealed(body: Any) -> Any:
    """`body` as it is sent. Raises EsctlError where a secret is absent."""
    return replaced(body, Secret.reveal)


def referred(body: Any) -> Any:
    """`body` as files keep it: `{"$secret": reference}` instead of each secret."""
    return replaced(body, lambda secret: {MARK: secret.reference})


def restored(body: Any, look_up: Callable[[str], Secret]) -> Any:
    """The other way: `look_up` gives the secret of a reference."""
    if isinstance(body, dict):
        if set(body) == {MARK} and isinstance(body[MARK], str):
            return look_up(body[MARK])
        return {key: restored(value, look_up) for key, value in body.items()}
    if isinstance(body, list):
        return [restored(value, look_up) for value in body]
    return body


def secrets_in(body: Any) -> Iterator[Secret]:
    """Every secret of a body."""
    return (secret for _, secret in placed_secrets(body))


def placed_secrets(body: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Secret]]:
    """Every secret with the keys and list positions that lead to it."""
    if isinstance(body, Secret):
        yield path, body
    elif isinstance(body, dict | list):
        for key, value in body.items() if isinstance(body, dict) else enumerate(body):
            if isinstance(value, Secret | dict | list):
                yield from placed_secrets(value, (*path, key))


def holds_secrets(body: Any) -> bool:
    """Whether there is one."""
    return next(placed_secrets(body), None) is not None


def masked(answer: Any, body: Any) -> Any:
    """An answer to `body` without its secrets: servers quote what they refuse."""
    texts = [secret.reveal() for secret in secrets_in(body) if secret and not secret.absent]
    return _masked(answer, texts)


def _masked(value: Any, texts: list[str]) -> Any:
    if isinstance(value, str):
        for text in texts:
            value = value.replace(text, "***")
    elif isinstance(value, dict):
        return {key: _masked(part, texts) for key, part in value.items()}
    elif isinstance(value, list):
        return [_masked(part, texts) for part in value]
    return value
