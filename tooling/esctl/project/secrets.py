"""Secret: text that never shows by accident."""

from __future__ import annotations

from typing import Any

from ..errors import EsctlError


class Secret:
    """A password, key or token. `str()` and `repr()` are `***`; only `reveal()` gives the text.

    One that is `absent` (the words for it) is told when it is needed: to validate and to render, none is.
    """

    __slots__ = ("_text", "absent", "_hint")

    def __init__(self, text: str, *, absent: str = "", hint: str | None = None) -> None:
        self._text = text
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
