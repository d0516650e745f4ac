"""Synonym sets and query rulesets: validated and kept as Elasticsearch keeps them; no search here applies them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from .errors import ElasticsearchError, illegal, unknown_field, validation
from .http import Request, Response, Route, route
from .mapping import Body
from .node import Node, new_uuid

_SYNONYMS = "synonym_set"
_RULESETS = "query_ruleset"
_MOST_RULES = 100  # xpack.applications.rules.max_rules_per_ruleset
_CRITERIA = "always exact fuzzy prefix suffix contains lt lte gt gte".split()


def _page(request: Request, found: list[Any]) -> list[Any]:
    start, size = request.number("from") or 0, request.number("size")
    size = 10 if size is None else size
    wrong = [name for name, value in (("from", start), ("size", size)) if value < 0]
    if wrong:
        raise validation(*(f"[{name}] must be a positive integer" for name in wrong))
    return found[start : start + size]


def _missing(reason: str) -> ElasticsearchError:
    return ElasticsearchError("resource_not_found_exception", reason, status=404)


# synonyms


def _rule(rule: Any) -> Body:
    if not isinstance(rule, dict):
        raise ElasticsearchError("x_content_parse_exception", "[1:1] [synonym_rule] Expected START_OBJECT")
    for key in rule:
        if key not in ("id", "synonyms"):
            raise unknown_field("synonym_rule", key)
    if not isinstance(rule.get("synonyms"), str):
        raise illegal("Required [synonyms]")
    return {"id": rule.get("id") or new_uuid(), "synonyms": rule["synonyms"]}


def _split(text: str, separator: str) -> list[str]:
    """Lucene's SolrSynonymParser.split: a backslash escapes, empty parts are passed over."""
    parts: list[str] = []
    part, place = "", 0
    while place < len(text):
        if text.startswith(separator, place):
            parts, part, place = [*parts, part], "", place + len(separator)
            continue
        length = 2 if text[place] == "\\" else 1
        part += text[place : place + length]
        place += length
    return [one for one in [*parts, part] if one]


def _mistake(synonyms: str) -> str | None:
    if not synonyms:
        return "[synonyms] field can't be empty"
    sides = _split(synonyms, "=>")
    if len(sides) > 2:
        return f"More than one explicit mapping specified in the same synonyms rule: [{synonyms}]"
    if any(not word.strip() for side in sides for word in _split(side, ",")):
        return f"Incorrect syntax for [synonyms]: [{synonyms}]"
    return None


def put_synonyms(node: Node, request: Request) -> Response:
    name, body = request.values["id"], request.json(required=True)
    for key in body:
        if key != "synonyms_set":
            raise unknown_field("synonyms_set", key)
    if "synonyms_set" not in body:
        raise illegal("Required [synonyms_set]")
    written = body["synonyms_set"] if isinstance(body["synonyms_set"], list) else [body["synonyms_set"]]
    rules = [_rule(rule) for rule in written]
    if wrong := [mistake for rule in rules if (mistake := _mistake(rule["synonyms"]))]:
        raise validation(*wrong)
    created = name not in node.collection(_SYNONYMS)
    by_id = {rule["id"]: rule for rule in rules}
    node.put(_SYNONYMS, name, {"rules": [by_id[id] for id in sorted(by_id)]})
    request.flag("refresh", True)
    # Indices here have no analyzers of their own: none reads the set, and none has to load it again.
    details = {"_shards": {"total": 0, "successful": 0, "failed": 0}, "reload_details": []}
    answer = {"result": "created" if created else "updated", "reload_analyzers_details": details}
    return Response(answer, 201 if created else 200)


def get_synonyms(node: Node, request: Request) -> Response:
    name = request.values["id"]
    if name not in node.collection(_SYNONYMS):
        raise _missing(f"synonyms set [{name}] not found")
    rules = node.collection(_SYNONYMS)[name]["rules"]
    after = request.params.get("search_after")
    if after is not None and node.version.major < 9:
        raise illegal(f"request [/_synonyms/{name}] contains unrecognized parameter: [search_after]")
    left = [rule for rule in rules if after is None or rule["id"] > after]
    return Response({"count": len(rules), "synonyms_set": _page(request, left)})


def list_synonyms(node: Node, request: Request) -> Response:
    kept = node.collection(_SYNONYMS)
    found = [{"synonyms_set": name, "count": len(kept[name]["rules"])} for name in sorted(kept)]
    return Response({"count": len(found), "results": _page(request, found)})


def delete_synonyms(node: Node, request: Request) -> Response:
    name = request.values["id"]
    if name not in node.collection(_SYNONYMS):
        raise _missing(f"synonyms set [{name}] not found")
    node.remove(_SYNONYMS, name)
    return Response({"acknowledged": True})


# query rules


def _criterion(criterion: Any) -> Body:
    for key in criterion:
        if key not in ("type", "metadata", "values"):
            raise unknown_field("query_rule_criteria", key)
    if "type" not in criterion:
        raise illegal("Required [type]")
    type = str(criterion["type"]).lower()
    if type not in _CRITERIA:
        raise illegal(f"Unknown QueryRuleCriteriaType: {criterion['type']}")
    if type != "always":
        if not criterion.get("metadata"):
            raise illegal("criteriaMetadata cannot be blank")
        if not criterion.get("values"):
            raise illegal("criteriaValues cannot be null or empty")
    return {"type": type, **{key: criterion[key] for key in ("metadata", "values") if criterion.get(key) is not None}}


def _query_rule(rule: Any) -> Body:
    for key in rule:
        if key not in ("rule_id", "type", "criteria", "actions", "priority"):
            raise unknown_field("query_rule", key)
    missing = [key for key in ("type", "criteria", "actions") if rule.get(key) is None]
    if missing:
        raise illegal(f"Required [{', '.join(missing)}]")
    if not rule.get("rule_id"):
        raise validation("rule_id cannot be null or empty. ")
    type = str(rule["type"]).lower()
    if type not in ("pinned", "exclude"):
        raise illegal(f"Unknown QueryRuleType: {rule['type']}")
    criteria = rule["criteria"] if isinstance(rule["criteria"], list) else [rule["criteria"]]
    if not criteria:
        raise illegal("Query rule criteria cannot be empty")
    actions = rule["actions"]
    if not actions:
        raise illegal("Query rule actions cannot be empty")
    if ("ids" in actions) == ("docs" in actions):
        raise _parse(f"{type} query rule actions must contain only one of either ids or docs")
    documents = actions.get("ids", actions.get("docs"))
    if not isinstance(documents, list):
        raise _parse(f"{type} query rule actions must be a list")
    if not documents:
        raise _parse(f"{type} query rule actions cannot be empty")
    if len(documents) > 100:
        raise _parse(f"{type} documents cannot exceed 100")
    kept = {
        "rule_id": rule["rule_id"],
        "type": type,
        "criteria": [_criterion(criterion) for criterion in criteria],
        "actions": actions,
    }
    priority = rule.get("priority")
    if priority is None:
        return kept
    if not 0 <= priority <= 1_000_000:
        raise illegal(f"Priority was {priority}, must be between 0 and 1000000")
    return {**kept, "priority": priority}


def _parse(reason: str) -> ElasticsearchError:
    return ElasticsearchError("parse_exception", reason)


def put_ruleset(node: Node, request: Request) -> Response:
    name, body = request.values["id"], request.json(required=True)
    for key in body:
        if key not in ("rules", "ruleset_id"):
            raise unknown_field("query_ruleset", key)
    if "rules" not in body:
        raise illegal("Required [rules]")
    written = body["rules"] if isinstance(body["rules"], list) else [body["rules"]]
    try:
        rules = [_query_rule(rule) for rule in written]
    except ElasticsearchError as error:
        if error.type == "action_request_validation_exception":
            raise
        reason = "[1:1] [query_ruleset] failed to parse field [rules]"
        raise ElasticsearchError("x_content_parse_exception", reason, cause=error) from error
    if not rules:
        raise validation("rules cannot be null or empty")
    if len(rules) > _MOST_RULES:
        raise illegal(
            f"The number of rules in a ruleset cannot exceed [{_MOST_RULES}]."
            "This maximum can be set by changing the `xpack.applications.rules.max_rules_per_ruleset` setting."
        )
    created = name not in node.collection(_RULESETS)
    node.put(_RULESETS, name, {"ruleset_id": name, "rules": rules})
    return Response({"result": "created" if created else "updated"}, 201 if created else 200)


def _ruleset(node: Node, name: str) -> Body:
    if name not in node.collection(_RULESETS):
        raise _missing(name)
    kept: Body = node.collection(_RULESETS)[name]
    return kept


def get_ruleset(node: Node, request: Request) -> Response:
    return Response(_ruleset(node, request.values["id"]))


def list_rulesets(node: Node, request: Request) -> Response:
    kept = node.collection(_RULESETS)
    found = [
        {
            "ruleset_id": name,
            "rule_total_count": len(kept[name]["rules"]),
            "rule_criteria_types_counts": Counter(c["type"] for r in kept[name]["rules"] for c in r["criteria"]),
            "rule_type_counts": Counter(rule["type"] for rule in kept[name]["rules"]),
        }
        for name in sorted(kept)
    ]
    return Response({"count": len(found), "results": _page(request, found)})


def delete_ruleset(node: Node, request: Request) -> Response:
    _ruleset(node, request.values["id"])
    node.remove(_RULESETS, request.values["id"])
    return Response({"acknowledged": True})


ROUTES: list[Route] = [
    route("GET", "/_synonyms", list_synonyms, "from size"),
    route("GET", "/_synonyms/{id}", get_synonyms, "from size search_after"),
    route("PUT", "/_synonyms/{id}", put_synonyms, "refresh"),
    route("DELETE", "/_synonyms/{id}", delete_synonyms),
    route("GET", "/_query_rules", list_rulesets, "from size"),
    route("GET", "/_query_rules/{id}", get_ruleset),
    route("PUT", "/_query_rules/{id}", put_ruleset),
    route("DELETE", "/_query_rules/{id}", delete_ruleset),
]
