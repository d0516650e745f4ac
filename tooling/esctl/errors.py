"""What goes wrong, as data: one line for a person, with file and line where there is one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, order=True)
class Source:
    """A place in a file of the project; `path` is relative to the project's root, `line` counts from 1."""

    path: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


@dataclass(frozen=True)
class Problem:
    """One mistake (or doubt) in what was written. `rule` is the id of the rule that found it, for `esctl explain`."""

    message: str
    source: Source | None = None
    hint: str | None = None
    severity: Literal["error", "warning"] = "error"
    rule: str = ""

    def as_json(self) -> dict[str, str | int | None]:
        """What `--json` prints of it."""
        return {
            "severity": self.severity,
            "file": self.source.path if self.source else None,
            "line": (self.source.line or None) if self.source else None,
            "message": self.message,
            "hint": self.hint,
            "rule": self.rule or None,
        }

    def __str__(self) -> str:
        place = f"{self.source}: " if self.source else ""
        rule = f" [{self.rule}]" if self.rule else ""
        return f"{place}{self.message}" + (f"; {self.hint}" if self.hint else "") + rule


class EsctlError(Exception):
    """Anything that ends a command: `str(error)` is what the person reads, one line per problem."""

    def __init__(self, message: str, *, hint: str | None = None, source: Source | None = None) -> None:
        self.problems: tuple[Problem, ...] = (Problem(message, source, hint),)
        super().__init__(str(self.problems[0]))


class ProjectError(EsctlError):
    """The project's files hold mistakes; all of them are told at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        Exception.__init__(self, "\n".join(str(p) for p in self.problems))


class ServerError(EsctlError):
    """A server could not be reached, or refused.

    `status` is the HTTP status (0 where no answer came), `kind` Elasticsearch's error type where it gave one.
    """

    def __init__(self, message: str, *, status: int = 0, kind: str = "", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.kind = kind


class Refused(EsctlError):
    """esctl will not do this until told otherwise (exit code 5): a lease held, an `--allow` missing, a lost edit."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was probably meant to be, or None."""
    import difflib

    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """`did you mean "x"?`, or None where nothing is near."""
    near = nearest(word, known)
    return f'did you mean "{near}"?' if near else None
