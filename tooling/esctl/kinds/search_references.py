"""What searches refer to by name: query rulesets, inference endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..model import Address, Path
from .base import Reference
from .index_references import is_an_endpoint

_OF_RULES = ("rule", "rule_query")
_OF_MODELS = ("text_similarity_reranker", "sparse_vector")


def search_references(body: Any, path: Path) -> Iterator[Reference]:
    """The rulesets of `rule` queries and retrievers, the endpoints of rerankers and sparse vectors.

    `path` is where `body` stands. What is filled in later (`{{…}}`) is nobody's name.
    """
    if isinstance(body, list):
        for position, part in enumerate(body):
            yield from search_references(part, (*path, position))
    elif isinstance(body, dict):
        for key, part in body.items():
            place = (*path, key)
            if key in _OF_RULES and isinstance(part, dict):
                for name, where in _rulesets(part, place):
                    yield Reference(Address("query-ruleset", name), where)
            elif key in _OF_MODELS and isinstance(part, dict) and is_an_endpoint(part.get("inference_id")):
                yield Reference(Address("inference-endpoint", part["inference_id"]), (*place, "inference_id"))
            yield from search_references(part, place)


def _rulesets(rule: dict[str, Any], path: Path) -> Iterator[tuple[str, Path]]:
    """`ruleset_ids` is a list or one name; 8.10 to 8.14 had one `ruleset_id`."""
    for key in ("ruleset_ids", "ruleset_id"):
        names = rule.get(key)
        for position, name in enumerate(names if isinstance(names, list) else [names]):
            if isinstance(name, str) and "{{" not in name:
                yield name, (*path, key, position) if isinstance(names, list) else (*path, key)
