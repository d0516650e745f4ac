"""Everything that can be known of a project without a server."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ..errors import EsctlError, Problem, ProjectError
from ..secret import Secret

if TYPE_CHECKING:
    from ..kinds.base import Kind
    from ..model import Path, Resource
    from ..project import Loaded
    from .invocation import Invocation


def _misplaced_secrets(resource: Resource, kind: Kind) -> Iterator[Problem]:
    """Secrets where the kind has no place for them: everyone who reads the server would see them."""

    def walk(value: Any, path: Path) -> Iterator[Problem]:
        if isinstance(value, Secret):
            dotted = ".".join(map(str, path))
            if not any(fnmatchcase(dotted, glob) for glob in kind.secrets):
                message = f"a {kind.name} holds no secret in {dotted}"
                yield Problem(message, resource.at("spec", *path), "everyone who reads the server would see it")
        elif isinstance(value, dict):
            for key, part in value.items():
                yield from walk(part, (*path, key))
        elif isinstance(value, list):
            for position, part in enumerate(value):
                yield from walk(part, (*path, position))

    return walk(resource.spec, ())


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
        problems.extend(_misplaced_secrets(resource, kind))
    problems.extend(check(loaded.resources, invocation.kinds))
    try:
        ordered(loaded.resources, invocation.kinds)
    except EsctlError as circle:
        problems.extend(circle.problems)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise ProjectError(sorted(errors, key=lambda p: (p.source is None, p.source)))
    return loaded, problems
