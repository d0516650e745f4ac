"""Comments that silence rules: `# esctl: allow RULE[, RULE]` at the end of a line.

It holds for what is told of that line; on the line of a document's `kind`, for the whole document. What follows the
rules is for people. A comment that names no rule, or silences nothing, is told itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from ...errors import Problem, Source, did_you_mean
from ...model import Resource
from .rule import RULES

_COMMENT = re.compile(r"(?:^|\s)#\s*esctl:\s*allow\b[ \t]*([\w-]+(?:\s*,\s*[\w-]+)*)?", re.MULTILINE)
_MARK = "esctl:"
RENDERED = "rendered "
"""What the name of a file begins with whose lines could not be kept."""


@dataclass
class Silence:
    """One comment: where it stands, the rules it names; `alone` where nothing else stands on its line.

    `document` are the lines it holds for beside its own, those of a document whose `kind` it stands beside; `loaded`
    says whether its line belongs to a resource; `used` are the rules that found something there.
    """

    source: Source
    rules: tuple[str, ...]
    alone: bool = False
    document: set[int] = field(default_factory=set)
    loaded: bool = False
    used: set[str] = field(default_factory=set)

    def holds_for(self, place: Source) -> bool:
        if place.path != self.source.path:
            return place.path == f"{RENDERED}{self.source.path}"
        return place.line == self.source.line or place.line in self.document


def silences(text: str, path: str) -> list[Silence]:
    """The comments of one file; in YAML not what merely looks like one inside a text."""
    if _MARK not in text:
        return []
    found = list(_COMMENT.finditer(text))
    inside = _scalars(text) if found and not path.lower().endswith(".j2") else []
    comments = []
    for match in found:
        at = match.start() + match[0].index("#")
        if any(start <= at < end for start, end in inside):
            continue
        line = text.count("\n", 0, at) + 1
        before = text[text.rfind("\n", 0, at) + 1 : at]
        names = tuple(name.strip() for name in (match[1] or "").split(",") if name.strip())
        comments.append(Silence(Source(path, line), names, not before.strip()))
    return comments


def _scalars(text: str) -> list[tuple[int, int]]:
    """Where texts begin and end: libyaml's marks count characters."""
    import yaml

    try:
        tokens = yaml.scan(text, yaml.CLoader)
        return [(t.start_mark.index, t.end_mark.index) for t in tokens if isinstance(t, yaml.ScalarToken)]
    except yaml.YAMLError:
        return []  # the reader tells it


def unsilenced(
    problems: Iterable[Problem],
    comments: Collection[Silence],
    resources: Iterable[Resource],
    *,
    whole: bool = True,
) -> list[Problem]:
    """What is left of the problems, and what is wrong with the comments themselves.

    `whole`: every file could be read, so that a comment that silences nothing can be told.
    """
    if not comments:
        return list(problems)
    _place(comments, resources)
    by_rule: dict[str, list[Silence]] = {}
    for comment in comments:
        for name in comment.rules:
            by_rule.setdefault(name, []).append(comment)
    left = [problem for problem in problems if not _silenced(problem, by_rule.get(problem.rule, ()))]
    for comment in comments:
        left += _unknown(comment)
        if whole and "idle-silence" not in comment.rules:
            left += _idle(comment)
    return left


def _place(comments: Collection[Silence], resources: Iterable[Resource]) -> None:
    """Learn which documents the comments belong to; of a template many documents may have the same lines."""
    by_file: dict[str, list[Silence]] = {}
    for comment in comments:
        by_file.setdefault(comment.source.path, []).append(comment)
    for resource in resources:
        own = by_file.get(resource.source.path)
        if not own:
            continue
        lines = {resource.source.line, *resource.lines.values()}
        kind = resource.lines.get(("kind",))
        for comment in own:
            comment.loaded = comment.loaded or comment.source.line in lines
            if comment.source.line == kind:
                comment.document |= lines


def _silenced(problem: Problem, comments: Iterable[Silence]) -> bool:
    rule = RULES.get(problem.rule)
    if rule is None or not rule.silenceable or problem.source is None:
        return False
    found = [comment for comment in comments if comment.holds_for(problem.source)]
    for comment in found:
        comment.used.add(problem.rule)
    return bool(found)


def _unknown(comment: Silence) -> list[Problem]:
    found = []
    if not comment.rules:
        hint = "write # esctl: allow RULE; `esctl explain` lists them"
        found.append(Problem("a comment silences nothing", comment.source, hint, "warning", "unknown-rule"))
    for name in comment.rules:
        rule = RULES.get(name)
        if rule is None:
            hint = did_you_mean(name, RULES) or "`esctl explain` lists them"
            found.append(Problem(f'there is no rule "{name}"', comment.source, hint, "warning", "unknown-rule"))
        elif not rule.silenceable:
            message = f"{name} cannot be silenced"
            found.append(Problem(message, comment.source, rule.reason.lower(), "warning", "unknown-rule"))
    return found


def _idle(comment: Silence) -> list[Problem]:
    if not comment.alone and not comment.loaded:
        return []  # it belongs to a document that is out of scope here
    idle = [name for name in comment.rules if name in RULES and RULES[name].silenceable and name not in comment.used]
    hint = "it belongs on the line that is told, or on that of kind" if comment.alone else "take it out"
    return [Problem(f"{name} finds nothing here", comment.source, hint, "warning", "idle-silence") for name in idle]
