"""What the server has instead of what is written, as the smallest change of what is written."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from ..errors import EsctlError
from ..kinds.wording import with_article
from ..project.edit import CannotEdit, edited
from ..project.edits import Edit, Set, applied, edits_between
from ..secret import MARK, Secret, referred, restored, secrets_in

if TYPE_CHECKING:
    from ..kinds.base import Context, Kind
    from ..model import Body, Live, Path, Resource
    from ..plan import Survey

MISSING = object()


@dataclass(frozen=True)
class ByHand:
    """A change that a person has to make: the value comes from somewhere else. `place` is `file:line`."""

    place: str
    path: str
    why: str
    value: Any = MISSING
    """What the server has; MISSING where it has nothing."""


@dataclass(frozen=True)
class Accepted:
    """The new text of the resource's file, what was changed in it, and what is left to a person."""

    text: str
    edits: tuple[Edit, ...] = ()
    by_hand: tuple[ByHand, ...] = ()


def accepted(resource: Resource, live: Live, survey: Survey, context: Context, kind: Kind, root: FilePath) -> Accepted:
    """How the file of `resource` comes to say what the server has. Raises EsctlError where it cannot be said."""
    from ..kinds.base import Collecting

    if not isinstance(kind, Collecting):
        raise EsctlError(f"what a server has of {with_article(kind.name)} cannot be written as YAML yet")
    before: Body = referred(resource.spec)
    secrets = {secret.reference: secret for secret in secrets_in(resource.spec)}
    after = _like(kind.written(live, context.capabilities), before)

    def clean(spec: Body) -> bool:
        found = restored(spec, lambda reference: secrets.get(reference) or Secret("", reference=reference))
        return _clean(dataclasses.replace(resource, spec=found), survey, context, kind)

    edits = edits_between(before, after, ("spec",))
    if not clean(after):
        edits = []
    else:
        edits = smallest(edits, lambda some: clean(applied({"spec": before}, some)["spec"]))
    if not edits:
        raise EsctlError(f"{resource.address}: what the server has cannot be said in the file", source=resource.source)
    return _written(resource, before, edits, root)


def smallest(edits: list[Edit], enough: Callable[[Sequence[Edit]], bool]) -> list[Edit]:
    """The edits without those that are not needed: whole groups are left out first, then halves of them."""
    kept = list(edits)

    def leave_out(group: list[Edit]) -> None:
        nonlocal kept
        rest = [edit for edit in kept if not any(edit is one for one in group)]
        if enough(rest):
            kept = rest
        elif len(group) > 1:
            half = len(group) // 2
            leave_out(group[half:])
            leave_out(group[:half])

    leave_out(list(edits))
    return kept


def _clean(resource: Resource, survey: Survey, context: Context, kind: Kind) -> bool:
    from ..model import Cause, Waiting
    from ..plan.compare import body_of, compared
    from ..plan.unset import standing

    try:
        rendered = body_of(resource, kind, context)
    except (EsctlError, KeyError, TypeError, ValueError, AttributeError):
        return False  # half of a change may be no body at all
    if any(problem.severity == "error" for problem in kind.check(resource)):
        return False
    if isinstance(rendered, Waiting):
        stands = standing(resource, survey, kind, context) if kind.secrets else None
        return stands is not None and stands.cause in (Cause.CLEAN, Cause.ADOPT)
    return compared(resource.address, rendered, survey, kind, context).cause in (Cause.CLEAN, Cause.ADOPT)


def _like(written: Body, before: Body) -> Body:
    """`written` in the form in which the file says it: secrets as they stand there, settings nested as they are."""
    from ..kinds.tidy import settings_like

    written = _with_secrets_of(written, before)
    for path in (("settings",), ("template", "settings")):
        holder, model = written, before
        for key in path[:-1]:
            holder, model = holder.get(key) or {}, model.get(key) or {}
        if not isinstance(model.get(path[-1]), dict):
            continue
        # What an index shows with its default is left out of `written`; where the file says it, it is not gone.
        said = settings_like(holder.get(path[-1]) or {}, model[path[-1]], defaults=len(path) == 1)
        if said or path[-1] in holder:
            holder[path[-1]] = said
    return written


def _with_secrets_of(written: Any, before: Any) -> Any:
    if isinstance(before, dict) and set(before) == {MARK}:
        return before
    if isinstance(written, dict) and isinstance(before, dict):
        found = {key: _with_secrets_of(value, before.get(key)) for key, value in written.items()}
        missing = {k: v for k, v in before.items() if k not in found and isinstance(v, dict) and set(v) == {MARK}}
        return found | missing
    if isinstance(written, list) and isinstance(before, list) and len(written) == len(before):
        return [_with_secrets_of(one, other) for one, other in zip(written, before, strict=True)]
    return written


def _written(resource: Resource, before: Body, edits: Sequence[Edit], root: FilePath) -> Accepted:
    from ..project.settings import read_text
    from ..project.write import as_written
    from ..project.yaml import read_yaml

    name = resource.source.path
    if name.startswith("rendered ") or name.lower().endswith(".j2"):
        return Accepted("", (), tuple(_by_hand(resource, edit, "a template writes it") for edit in edits))
    text = (root / name).read_bytes().decode("utf-8")
    documents = read_yaml(read_text(root / name, name), name)
    number = next(n for n, document in enumerate(documents) if document.line == resource.source.line)
    raw = documents[number].data
    if "for_each" in raw or isinstance(raw.get("space"), list):
        several = "its document writes other resources too"
        return Accepted("", (), tuple(_by_hand(resource, edit, several) for edit in edits))
    done: list[Edit] = []
    by_hand: list[ByHand] = []
    for edit in edits:
        why = _elsewhere(edit, raw, {"spec": before})
        if why is None:
            step = Set(edit.path, as_written(edit.value)) if isinstance(edit, Set) else edit
            try:
                text = edited(text, number, [step])
                done.append(step)
                continue
            except CannotEdit as refused:
                why = refused.problems[0].message
        by_hand.append(_by_hand(resource, edit, why))
    return Accepted(text, tuple(done), tuple(by_hand))


def _by_hand(resource: Resource, edit: Edit, why: str) -> ByHand:
    dotted = ".".join(map(str, edit.path[1:]))
    return ByHand(str(resource.at(*edit.path)), dotted, why, edit.value if isinstance(edit, Set) else MISSING)


def _elsewhere(edit: Edit, raw: Any, spec: Any) -> str | None:
    """Why the value at an edit's path is not simply written there; None where it is."""
    path: Path = edit.path
    for position, key in enumerate(path):
        if isinstance(raw, dict) and "$file" in raw:
            return f"it comes from the file {raw['$file']}"
        if isinstance(raw, str):
            return f"it comes from {raw}"
        try:
            below = spec[key]
        except (KeyError, IndexError, TypeError):
            return None if position == len(path) - 1 and isinstance(raw, dict) else "it is not written here"
        try:
            raw, spec = raw[key], below
        except (KeyError, IndexError, TypeError):
            return "it is not written here"
    return _not_literal(raw, spec)


def _not_literal(raw: Any, spec: Any) -> str | None:
    """Why what is written is not the value itself: a value of elsewhere stands in it."""
    if isinstance(raw, dict) and "$file" in raw:
        return f"it comes from the file {raw['$file']}"
    if isinstance(raw, dict) and isinstance(spec, dict):
        if "k-means" in raw:
            return "k-means is compiled from a fitted model"
        return next((why for key in raw if key in spec and (why := _not_literal(raw[key], spec[key]))), None)
    if isinstance(raw, list) and isinstance(spec, list) and len(raw) == len(spec):
        return next((why for r, s in zip(raw, spec, strict=True) if (why := _not_literal(r, s))), None)
    if isinstance(raw, str) and "${" in raw and raw != spec and raw.replace("$${", "${") != spec:
        return f"it comes from {raw}"
    return None
