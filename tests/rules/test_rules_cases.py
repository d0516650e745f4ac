"""Rules: tests/cases/rules holds what is written and what is told; each rule's own examples do what they say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from esctl.errors import Problem, Source
from esctl.kinds import registry
from esctl.kinds.rules import RULES, check
from esctl.model import Address, Resource
from esctl.plan.references import check as check_references
from esctl.project import read_yaml
from esctl.report.rules import page

ROOT = Path(__file__).parents[2]
CASES = [
    pytest.param(path.stem, document.data, id=f"{path.stem}: {document.data['case']}")
    for path in sorted((ROOT / "tests" / "cases" / "rules").glob("*.yaml"))
    for document in read_yaml(path.read_text(encoding="utf-8"), path.name)
]
BY_RULES = [rule.id for rule in RULES.values() if rule.check]


def resources(text: str) -> list[Resource]:
    """The documents of a text as resources, without a project around them."""
    found = []
    for document in read_yaml(text, "example.yaml"):
        address = Address(document.data["kind"], document.data["id"], document.data.get("space", ""))
        source = Source("example.yaml", document.line)
        found.append(Resource(address, document.data["spec"], source, document.lines))
    return found


def made(written: list[dict]) -> list[Resource]:
    """Resources of a case; every path has the line of its document, as if each stood on one line."""
    return [
        Resource(
            Address(entry["kind"], entry["id"], entry.get("space", "")),
            entry.get("spec", {}),
            Source("case.yaml", number),
        )
        for number, entry in enumerate(repeated(written), 1)
    ]


def repeated(value: Any) -> Any:
    """`{$repeat: x, times: 3}` is xxx."""
    if isinstance(value, dict):
        if "$repeat" in value:
            return value["$repeat"] * value["times"]
        return {key: repeated(part) for key, part in value.items()}
    return [repeated(part) for part in value] if isinstance(value, list) else value


def told(problem: Problem) -> str:
    line = problem.source.line if problem.source else 0
    hint = f"; {problem.hint}" if problem.hint else ""
    return f"{problem.severity} in {line}: {problem.message}{hint}"


@pytest.mark.parametrize(("name", "case"), CASES)
def test_cases(name: str, case: dict) -> None:
    """A file is named after its rule; `expect` lists what that rule tells."""
    found = [problem for problem in check(made(case["written"])) if problem.rule == name]
    assert [told(problem) for problem in found] == case["expect"]


@pytest.mark.parametrize("name", BY_RULES)
def test_every_rule_has_cases_that_trigger_it_and_near_ones_that_do_not(name: str) -> None:
    expectations = [bool(param.values[1]["expect"]) for param in CASES if param.values[0] == name]
    assert True in expectations and False in expectations


@pytest.mark.parametrize("name", [rule.id for rule in RULES.values() if rule.bad])
def test_examples_do_what_they_say(name: str) -> None:
    rule = RULES[name]
    if name in ("unknown-rule", "idle-silence"):
        pytest.skip("comments are read from files: test_rules_silence.py")
    for text, expected in ((rule.bad, True), (rule.good, False)):
        written = resources(text)
        kinds = registry()
        problems = [*check(written), *check_references(written, kinds)]
        problems += [problem for resource in written for problem in kinds[resource.address.kind].check(resource)]
        assert (name in {problem.rule for problem in problems}) is expected, text


def test_every_rule_that_is_named_anywhere_is_explained() -> None:
    named = set()
    for path in (ROOT / "tooling" / "esctl").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        named |= set(re.findall(r'\brule="([a-z-]+)"', text))
        if "kinds" in path.parts:
            named |= set(re.findall(r'"(?:error|warning)", "([a-z-]+)"\)', text))  # of a Finding
    assert named - set(RULES) == set()


def test_the_page_is_what_the_rules_say() -> None:
    """`python tooling/docs/rules.py` writes it."""
    assert (ROOT / "docs" / "rules.md").read_text(encoding="utf-8") == page(RULES)


def test_the_page_tells_every_rule_once() -> None:
    headings = re.findall(r"^### (.+)$", page(RULES), re.MULTILINE)
    assert sorted(headings) == sorted(RULES)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_rule_says_why_in_one_line(rule) -> None:
    assert "\n" not in rule.reason and rule.reason.endswith(".") and len(rule.reason) <= 130
    assert rule.severity in ("error", "warning") and rule.group
