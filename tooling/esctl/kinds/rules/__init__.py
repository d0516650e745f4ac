"""Checks that no schema has: each rule has an id, one line that says why, an example of bad and good.

`esctl explain RULE` shows a rule; `# esctl: allow RULE` at the end of a line silences it there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...errors import Problem
from ...model import Resource
from . import (  # noqa: F401
    aliases,
    analytics,
    deprecated,
    findings,
    lifecycles,
    names,
    pipelines,
    spaces,
    templates,
    unmapped,
    vectors,
)
from .rule import RULES, Rule
from .written import Written

__all__ = ["RULES", "Rule", "check"]


def check(resources: Sequence[Resource]) -> Iterator[Problem]:
    """What the rules find in the resources of one project, told together: most of them look at several."""
    written = Written(resources)
    for rule in RULES.values():
        yield from rule.problems(written)
