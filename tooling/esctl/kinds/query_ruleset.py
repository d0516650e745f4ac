"""Query rulesets: which documents a search shows first, or never, when its words or context meet criteria."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import Problem
from ..model import Address, Body, Capabilities, Consequence, Resource
from .base import Cost, Needs, Reference
from .detailed import DetailedKind, named
from .normalise import as_list, drop

MOST_DOCUMENTS = 100  # QueryRule.MAX_NUM_DOCS_IN_RULE
PRIORITIES = (0, 1_000_000)


def _rules(body: Body, capabilities: Capabilities) -> Body:
    """One rule or criterion may stand for a list of them; types are told in small letters; null says nothing."""
    body = as_list(("rules",))(body, capabilities)
    for rule in body.get("rules") or ():
        if not isinstance(rule, dict):
            continue
        as_list(("criteria",))(rule, capabilities)
        for part in (rule, *(criterion for criterion in rule.get("criteria") or () if isinstance(criterion, dict))):
            if isinstance(part.get("type"), str):
                part["type"] = part["type"].lower()
            for key in ("priority", "metadata", "values"):
                if key in part and part[key] is None:
                    del part[key]
    return body


@dataclass(frozen=True)
class QueryRulesetKind(DetailedKind):
    """Written whole; rules apply in their order, where no priority says otherwise."""

    def check(self, resource: Resource) -> Iterator[Problem]:
        yield from super().check(resource)
        rules = resource.spec.get("rules")
        ids = Counter(rule.get("rule_id") for rule in rules or () if isinstance(rule, dict))
        for position, rule in enumerate(rules if isinstance(rules, list) else ()):
            if isinstance(rule, dict):
                for key, message in _mistakes(rule, ids):
                    place = ("spec", "rules", position, *((key,) if key in rule else ()))
                    yield Problem(message, resource.at(*place))

    def references(self, resource: Resource) -> Iterator[Reference]:
        rules = resource.spec.get("rules")
        for position, rule in enumerate(rules if isinstance(rules, list) else ()):
            actions = rule.get("actions") if isinstance(rule, dict) else None
            docs = actions.get("docs") if isinstance(actions, dict) else None
            for number, doc in enumerate(docs if isinstance(docs, list) else ()):
                if isinstance(doc, dict) and isinstance(doc.get("_index"), str):
                    path = ("spec", "rules", position, "actions", "docs", number, "_index")
                    yield Reference(Address("index", doc["_index"]), path, soft=True)


def _mistakes(rule: dict[str, Any], ids: Counter[Any]) -> Iterator[tuple[str, str]]:
    """What QueryRule and QueryRuleCriteria refuse: the key, and the words."""
    id = rule.get("rule_id")
    if ids[id] > 1 and id is not None:
        yield "rule_id", f'the rule "{id}" is there more than once'
        ids[id] = 0
    actions = rule.get("actions")
    if isinstance(actions, dict):
        given = [key for key in ("ids", "docs") if key in actions]
        if len(given) != 1:
            yield "actions", "a rule's actions hold ids or docs, one of the two"
        elif isinstance(actions[given[0]], list) and not 0 < len(actions[given[0]]) <= MOST_DOCUMENTS:
            yield "actions", f"a rule names 1 to {MOST_DOCUMENTS} documents, not {len(actions[given[0]])}"
    priority = rule.get("priority")
    low, high = PRIORITIES
    if isinstance(priority, int) and not low <= priority <= high:
        yield "priority", f"priority {priority} is not between {low} and {high}"
    criteria = rule.get("criteria")
    for criterion in criteria if isinstance(criteria, list) else [criteria]:
        if not isinstance(criterion, dict) or criterion.get("type") in ("always", "global"):
            continue
        lacking = [key for key in ("metadata", "values") if not criterion.get(key)]
        if lacking:
            yield "criteria", f"a criterion of type {criterion.get('type')} needs {' and '.join(lacking)}"


QUERY_RULESET = QueryRulesetKind(
    name="query-ruleset",
    stage=52,
    path="/_query_rules/{id}",
    listing="/_query_rules",
    items=named("ruleset_id"),
    about="Rules that pin documents to the top of a search, or keep them out, when its words or context meet criteria;"
    " for the rule query and the rule retriever.",
    api="PUT /_query_rules/{ruleset_id}",
    rules=(drop(("ruleset_id",)), _rules),
    takes_effect=Cost(Consequence.INSTANT, "it counts from the next search on"),
    deletion=Cost(Consequence.INSTANT, "searches that name it fail from then on"),
    needs=Needs(since=(8, 10), licence="enterprise"),
)
