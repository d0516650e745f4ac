"""Everything that can be known of a project without a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import EsctlError, Problem, ProjectError

if TYPE_CHECKING:
    from ..project import Loaded
    from .invocation import Invocation


def check_project(invocation: Invocation) -> tuple[Loaded, list[Problem]]:
    """The loaded project and its warnings; raises ProjectError with every error."""
    from ..kinds import NAMES
    from ..plan.order import ordered
    from ..plan.references import check
    from ..project import load_resources

    loaded = load_resources(invocation.settings, values=invocation.values, kinds=NAMES)
    problems = list(loaded.warnings)
    for resource in loaded.resources:
        kind = invocation.kinds[resource.address.kind]
        if resource.address.space and not kind.spaced:
            problems.append(Problem(f"a {kind.name} lives in no space", resource.at("space"), "take `space` out"))
        problems.extend(kind.check(resource))
    problems.extend(check(loaded.resources, invocation.kinds))
    try:
        ordered(loaded.resources, invocation.kinds)
    except EsctlError as circle:
        problems.extend(circle.problems)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise ProjectError(sorted(errors, key=lambda p: (p.source is None, p.source)))
    return loaded, problems
