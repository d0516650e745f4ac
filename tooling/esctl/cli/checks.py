"""Everything that can be known of a project without a server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ..errors import EsctlError, Problem, ProjectError, Source
from ..kinds.wording import with_article
from ..secret import replaced

if TYPE_CHECKING:
    from pathlib import Path as FilePath

    from ..kinds.base import Kind
    from ..kinds.rules.silence import Silence
    from ..model import Resource
    from ..project import Loaded
    from .invocation import Invocation


def _misplaced_secrets(resource: Resource, kind: Kind) -> Iterator[Problem]:
    """Secrets where the kind has no place for them: everyone who reads the server would see them."""

    for path in resource.secrets:
        dotted = ".".join(map(str, path))
        if not any(fnmatchcase(dotted, glob) for glob in kind.secrets):
            message = f"{with_article(kind.name)} holds no secret in {dotted}"
            hint = "everyone who reads the server would see it"
            yield Problem(message, resource.at("spec", *path), hint, rule="misplaced-secret")


def check_project(invocation: Invocation) -> tuple[Loaded, list[Problem]]:
    """The loaded project and its warnings; raises ProjectError with every error."""
    loaded, problems = examine(invocation)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise ProjectError(errors)
    return loaded, problems


def examine(invocation: Invocation) -> tuple[Loaded, list[Problem]]:
    """What could be read of the project, and all that is wrong with it, in the order of files and lines.

    Where a file or document could not be read, what looks only as if something were missing is not told.
    """
    from ..kinds import NAMES
    from ..kinds.rules import RULES
    from ..kinds.rules import check as check_rules
    from ..kinds.rules.silence import unsilenced
    from ..plan.order import ordered
    from ..plan.references import check as check_references
    from ..project import load_resources

    loaded = load_resources(invocation.settings, values=invocation.values, kinds=NAMES, go_on=True)
    whole = not loaded.problems
    problems = list(loaded.warnings)
    for resource in loaded.resources:
        problems.extend(_of_one(resource, invocation.kinds[resource.address.kind]))
    problems.extend(check_references(loaded.resources, invocation.kinds, loaded.out_of_scope))
    problems.extend(check_rules(loaded.resources))
    try:
        ordered(loaded.resources, invocation.kinds)
    except EsctlError as circle:
        problems.extend(circle.problems)
    if not whole:
        problems = [problem for problem in problems if not (problem.rule in RULES and RULES[problem.rule].whole)]
    problems = [
        *loaded.problems,
        *unsilenced(problems, _comments(loaded, invocation.settings.root), loaded.resources, whole=whole),
    ]
    return loaded, sorted(problems, key=lambda problem: (problem.source is None, problem.source or Source("")))


def _of_one(resource: Resource, kind: Kind) -> Iterator[Problem]:
    """What is wrong with one resource by itself."""
    if resource.address.space and not kind.spaced:
        yield Problem(f"{with_article(kind.name)} lives in no space", resource.at("space"), "take `space` out")
    misplaced = list(_misplaced_secrets(resource, kind))
    if misplaced:  # a kind that has no place for secrets need not know how to look at one
        resource = replace(resource, spec=replaced(resource.spec, lambda secret: secret.reference))
    for problem in kind.check(resource):
        silenceable = problem.rule or problem.severity == "error"
        yield problem if silenceable else replace(problem, rule="body")
    yield from misplaced


def _comments(loaded: Loaded, root: FilePath) -> list[Silence]:
    """The comments of the project's files that silence rules."""
    from ..kinds.rules.silence import silences

    found: list[Silence] = []
    for path in loaded.files:
        content = path.read_bytes()
        if b"esctl:" in content:
            text = content.decode("utf-8-sig", "replace")
            found += silences(text, path.relative_to(root).as_posix())
    return found
