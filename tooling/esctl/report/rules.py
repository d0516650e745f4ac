"""Rules as people read them: one on a terminal, all as a list, all as the page docs/rules.md."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from ..kinds.rules import Rule
from .terminal import Style

GROUPS = {
    "schema": "Bodies: what Elastic's API takes",
    "references": "References between resources",
    "names": "Names",
    "templates": "Templates and data streams",
    "mappings": "Mappings and fields",
    "aliases": "Aliases and ownership",
    "pipelines": "Pipelines and scripts",
    "lifecycles": "Lifecycles",
    "versions": "Versions",
    "secrets": "Secrets",
    "silence": "The comments that silence",
}
"""The groups in the order in which they are listed."""

_SHOWN = 400  # characters of an example; the largest rules are about bodies of a megabyte


def as_json(rule: Rule) -> dict[str, Any]:
    """A rule as data."""
    return {
        "rule": rule.id,
        "group": rule.group,
        "severity": rule.severity,
        "reason": rule.reason,
        "details": _flowing(rule.details),
        "kinds": list(rule.kinds),
        "bad": rule.bad,
        "good": rule.good,
        "silence": _silence(rule),
    }


def explanation(rule: Rule, style: Style) -> list[str]:
    """A rule as the lines of `esctl explain RULE`."""
    lines = [f"{style(rule.id, 'bold')}  ({rule.severity}; {GROUPS[rule.group].lower()})", "", rule.reason]
    if rule.details:
        lines += textwrap.wrap(_flowing(rule.details), 100, break_long_words=False, break_on_hyphens=False)
    for title, example, colour in (("Bad", rule.bad, "red"), ("Good", rule.good, "green")):
        if example:
            lines += ["", f"{style(title, colour)}:", *(f"  {line}" for line in _short(example).splitlines())]
    lines += ["", f"To silence it on a line: {_silence(rule)}" if rule.silenceable else "It cannot be silenced."]
    return lines


def listing(rules: Mapping[str, Rule], style: Style) -> list[str]:
    """All rules, grouped, a line each."""
    width = max(map(len, rules))
    lines = []
    for group, title in GROUPS.items():
        lines += [style(title, "bold")]
        lines += [f"  {rule.id:<{width}}  {rule.severity:<7}  {rule.reason}" for rule in _of(rules, group)]
        lines.append("")
    return [*lines, "`esctl explain RULE` tells more of one."]


def page(rules: Mapping[str, Rule]) -> str:
    """The page docs/rules.md."""
    parts = [
        "# Rules",
        "",
        "What `esctl validate` tells carries the id of a rule in brackets; `esctl explain RULE` shows what is here.",
        "An error is what a server refuses, or what nobody can want; all else is a warning.",
        "",
        "```yaml",
        "kind: index # esctl: allow vector-options",
        "id: images",
        "spec:",
        "  mappings:",
        "    properties:",
        "      vector: {type: dense_vector, dims: 768} # esctl: allow vector-options: the server's default is meant",
        "```",
        "",
        "A comment holds for its line, beside `kind` for the whole document; several rules stand with commas between.",
        "In a template (`*.yaml.j2`) it is the template's line. A comment that silences nothing is told itself.",
        "",
        "Made from the rules by `python tooling/docs/rules.py`.",
    ]
    for group, title in GROUPS.items():
        parts += ["", f"## {title}"]
        for rule in _of(rules, group):
            parts += ["", f"### {rule.id}", "", f"{rule.reason} *({rule.severity})*"]
            if rule.details:
                parts += ["", _flowing(rule.details)]
            if rule.kinds:
                parts += ["", "Looks at: " + ", ".join(rule.kinds) + "."]
            if rule.bad:
                parts += ["", "```yaml", "# told", _short(rule.bad), "```"]
            if rule.good:
                parts += ["", "```yaml", "# not told", _short(rule.good), "```"]
    return "\n".join(parts) + "\n"


def _of(rules: Mapping[str, Rule], group: str) -> Iterable[Rule]:
    return (rule for rule in rules.values() if rule.group == group)


def _silence(rule: Rule) -> str:
    return f"# esctl: allow {rule.id}" if rule.silenceable else ""


def _flowing(text: str) -> str:
    """Paragraphs without the line breaks of the source."""
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n")) if text else ""


def _short(example: str) -> str:
    lines = example.splitlines()
    return "\n".join(line if len(line) <= _SHOWN else f"{line[:110]} …" for line in lines)
