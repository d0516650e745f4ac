"""What was pulled, tried out before it is written: read as a project of its own, checked, and planned against the
bodies that it came from. What would not be adopted as it is, is told instead of written."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ProjectError

if TYPE_CHECKING:
    from ..kinds.base import Context
    from ..model import Address, Change, Resource
    from ..plan import Survey
    from ..project.write import Text
    from .invocation import Invocation

FOLDER = "resources"


def rehearse(
    texts: Mapping[Address, Text], survey: Survey, context: Context, invocation: Invocation
) -> tuple[dict[Address, Resource], dict[Address, str]]:
    """The resources that read back and would be adopted without a write; and why the others would not."""
    refused: dict[Address, str] = {}
    resources = _read(texts, refused, invocation)
    kinds = invocation.kinds
    from .checks import _misplaced_secrets

    for address, resource in list(resources.items()):
        kind = kinds[address.kind]
        problems = [*kind.check(resource), *_misplaced_secrets(resource, kind)]
        errors = [problem for problem in problems if problem.severity == "error"]
        if errors:
            refused[address] = errors[0].message
            del resources[address]
    for address, change in _unlike(resources, survey, context, invocation).items():
        refused[address] = _why(change)
        del resources[address]
    return resources, refused


def _read(
    texts: Mapping[Address, Text], refused: dict[Address, str], invocation: Invocation
) -> dict[Address, Resource]:
    from ..kinds import NAMES
    from ..project import load_resources

    remaining = dict(texts)
    with tempfile.TemporaryDirectory(prefix="esctl-pull-") as folder:
        root = Path(folder)
        settings = dataclasses.replace(invocation.settings, root=root, resources=(FOLDER,))
        places: dict[str, Address] = {}
        for number, (address, text) in enumerate(texts.items()):
            place = f"{FOLDER}/{number:06}.yaml"
            places[place] = address
            _put(root / place, text.yaml)
            for name, content in text.files.items():
                _put(root / name, content)
        while remaining:
            try:
                loaded = load_resources(settings, values=invocation.values, kinds=NAMES)
                return {resource.address: resource for resource in loaded.resources if resource.address in remaining}
            except ProjectError as error:
                wrong = {places[p.source.path]: p for p in error.problems if p.source and p.source.path in places}
                if not wrong:
                    raise
                for address, problem in wrong.items():
                    refused[address] = problem.message
                    del remaining[address]
                    place = next(place for place, owner in places.items() if owner == address)
                    (root / place).unlink()
    return {}


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")


def _unlike(
    resources: Mapping[Address, Resource], survey: Survey, context: Context, invocation: Invocation
) -> dict[Address, Change]:
    """Where a plan would do more than adopt, by address."""
    from ..errors import EsctlError
    from ..model import Action
    from ..plan import build

    try:
        changes: list[Change] = list(build(resources.values(), survey, context, invocation.kinds).changes)
    except EsctlError:  # they refer to each other in a circle: each by itself is fine
        changes = [
            change
            for resource in resources.values()
            for change in build([resource], survey, context, invocation.kinds, selected=[str(resource.address)]).changes
        ]
    good = (Action.ADOPT, Action.NONE, Action.REFRESH)
    return {c.address: c for c in changes if c.address in resources and c.action not in good}


def _of_others(change: Change) -> bool:
    """Whether it is another project's: those are told before anything is compared."""
    from ..model import Cause

    return change.cause is Cause.FOREIGN and not change.differences


def _why(change: Change) -> str:
    if _of_others(change):
        return change.words.splitlines()[0] if change.words else "it is another project's"
    if change.differences:
        paths = ", ".join(difference.dotted for difference in change.differences[:3])
        return f"what would be written for it is not equal to what is there ({paths})"
    return change.words.splitlines()[0] if change.words else str(change.cause)
