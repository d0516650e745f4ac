"""Synonym sets: words that searches take for each other, kept by the cluster and used by analyzers.

A rule written without an id gets one that is derived from its text: Elasticsearch would make up another at each write.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import Problem
from ..model import Address, Body, Capabilities, Consequence, Live, Request, Resource, Sender
from .base import Context, Cost, Needs
from .detailed import DetailedKind, named
from .normalise import as_list, copy

MOST = 10_000  # rules in one answer: `index.max_result_window` of their index


def derived_id(synonyms: str) -> str:
    """The id of a rule that was written without one."""
    return hashlib.sha256(synonyms.encode()).hexdigest()[:20]


def _rules(body: Body) -> list[Body]:
    rules = as_list(("synonyms_set",))(body, Capabilities()).get("synonyms_set") or []
    for rule in rules:
        if isinstance(rule, dict) and rule.get("id") is None:
            rule["id"] = derived_id(str(rule.get("synonyms", "")))
    return rules


@dataclass(frozen=True)
class SynonymSetKind(DetailedKind):
    """Written whole; read a set at a time (see `detailed`), at most 10,000 rules in one request."""

    def check(self, resource: Resource) -> Iterator[Problem]:
        yield from super().check(resource)
        rules = resource.spec.get("synonyms_set")
        if not isinstance(rules, list):
            return
        ids = Counter(rule["id"] for rule in _rules({"synonyms_set": copy(rules)}) if isinstance(rule, dict))
        for position, rule in enumerate(rules):
            if not isinstance(rule, dict):
                continue
            place = resource.at("spec", "synonyms_set", position)
            text = rule.get("synonyms")
            if isinstance(text, str) and (wrong := mistake(text)):
                yield Problem(wrong, resource.at("spec", "synonyms_set", position, "synonyms"))
            id = rule.get("id") or derived_id(str(text))
            if ids[id] > 1:
                what = f'the id "{id}" is' if rule.get("id") else f'"{text}" is'
                yield Problem(f"{what} there more than once: Elasticsearch would keep the last", place)
                ids[id] = 0

    def render(self, resource: Resource, context: Context) -> Body:
        body: Body = copy(resource.spec)
        body["synonyms_set"] = _rules(body)
        return body

    def body(self, sender: Sender, address: Address) -> Body | None:
        path, rules = self._path(address), []
        params = {"size": str(MOST)}
        while True:
            answer = sender.send(Request("elasticsearch", "GET", path, params), accept=(404,))
            if answer.status != 200:
                return None
            page = answer.body["synonyms_set"]
            rules += page
            if not page or len(rules) >= answer.body["count"]:
                return {"synonyms_set": rules}
            params = {"size": str(MOST), "search_after": page[-1]["id"]}

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        return {"synonyms_set": sorted(_rules(copy(body)), key=lambda rule: str(rule["id"]))}

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        body = self.normalise(live.body, capabilities)
        for rule in body["synonyms_set"]:
            if rule["id"] == derived_id(rule["synonyms"]):
                del rule["id"]
        return body

    def cost(self, before: Body | None, after: Body | None, capabilities: Capabilities) -> Cost:
        if before is None or after is None:
            return super().cost(before, after, capabilities)
        return Cost(Consequence.INSTANT, "the search analyzers that use it are loaded again at once")

    def in_words(self, before: Body, after: Body) -> Sequence[str]:
        old, new = ({rule["id"]: rule["synonyms"] for rule in side["synonyms_set"]} for side in (before, after))
        told = [f"adds {new[id]}" for id in new if id not in old]
        told += [f"takes out {old[id]}" for id in old if id not in new]
        told += [f"{old[id]} becomes {new[id]}" for id in new if id in old and old[id] != new[id]]
        return told if len(told) <= 6 else [*told[:5], f"and {len(told) - 5} more rules change"]


def mistake(synonyms: str) -> str | None:
    """What Elasticsearch's SynonymRule.validate says of a rule, or None."""
    if not synonyms:
        return "synonyms cannot be empty"
    sides = [side for side in _split(synonyms, "=>") if side]
    if len(sides) > 2:
        return f'"{synonyms}" has more than one "=>"'
    if any(not word.strip() for side in sides for word in _split(side, ",") if word):
        return f'"{synonyms}" lacks a word between its commas or beside "=>"'
    return None


def _split(text: str, separator: str) -> Iterable[str]:
    """The parts between separators; a backslash takes away a character's meaning."""
    part, position = "", 0
    while position < len(text):
        if text.startswith(separator, position):
            yield part
            part, position = "", position + len(separator)
            continue
        length = 2 if text[position] == "\\" else 1
        part += text[position : position + length]
        position += length
    yield part


def _names(answer: Any) -> Iterable[tuple[str, Body]]:
    return named("synonyms_set")(answer)


SYNONYM_SET = SynonymSetKind(
    name="synonym-set",
    stage=7,
    path="/_synonyms/{id}",
    listing="/_synonyms",
    items=_names,
    about="Words that searches take for each other, for the analyzers of indices that name the set."
    " A rule without an id gets one from its text.",
    api="PUT /_synonyms/{id}",
    needs=Needs(since=(8, 10)),
    deletion=Cost(Consequence.INSTANT, "Elasticsearch refuses it while an index uses the set"),
)
