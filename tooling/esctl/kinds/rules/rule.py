"""What a rule is: an id, one line that says why, an example of bad and good, and the check."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ...errors import Problem
from ...model import Path, Resource
from .written import Written

Severity = Literal["error", "warning"]


class Found(NamedTuple):
    """One finding of a rule: the resource, the path below its `spec` (none: its `id`), what is wrong, what was meant.

    `severity` only where it differs from the rule's.
    """

    resource: Resource
    path: Path
    message: str
    hint: str | None = None
    severity: Severity | None = None


Check = Callable[[Written], Iterable[Found]]


@dataclass(frozen=True)
class Rule:
    """`reason` is one line; `details` says more, `severity` and why it is that; `bad` and `good` are YAML documents.

    `check` is None for what other parts of esctl find: the schema, the references, the kinds themselves. A rule that
    tells what is not there needs the `whole` project: it keeps silent where some file could not be read.
    """

    id: str
    group: str
    severity: Severity
    reason: str
    details: str = ""
    kinds: tuple[str, ...] = ()
    bad: str = ""
    good: str = ""
    check: Check | None = None
    silenceable: bool = True
    whole: bool = False

    def problems(self, written: Written) -> Iterator[Problem]:
        """What this rule finds."""
        for resource, path, message, hint, severity in self.check(written) if self.check else ():
            place = resource.at("spec", *path) if path else resource.at("id")
            yield Problem(message, place, hint, severity or self.severity, self.id)


RULES: dict[str, Rule] = {}


def rule(
    id: str, group: str, severity: Severity, *, kinds: tuple[str, ...], bad: str, good: str, whole: bool = False
) -> Callable[[Check], Check]:
    """Register a function as the check of a rule; its docstring's first line is the reason, the rest the details."""

    def register(check: Check) -> Check:
        reason, _, details = inspect.cleandoc(check.__doc__ or "").partition("\n\n")
        assert id not in RULES and reason, id
        bad_one, good_one = bad.strip("\n"), good.strip("\n")
        RULES[id] = Rule(id, group, severity, reason, details, kinds, bad_one, good_one, check, whole=whole)
        return check

    return register
