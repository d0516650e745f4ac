"""Enrichment: the index that executing a policy makes, and the processor that looks documents up in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from .dates import now_ms
from .dotted import at, put
from .errors import ElasticsearchError, illegal, unsupported
from .mapping import Body
from .names import resolve
from .node import Index, Node
from .processors import Action, IngestDocument, ProcessorFailure

if TYPE_CHECKING:
    from .ingest import Runner

PREFIX = ".enrich-"
README = "This index is managed by Elasticsearch and should not be modified in any way."


def index_of(node: Node, policy: str) -> Index | None:
    """The index that a policy's alias stands for, or None where it was never executed."""
    return next((index for index in node.indices.values() if PREFIX + policy in index.aliases), None)


def execute(node: Node, name: str, config: Body) -> None:
    """Make the policy's index anew from its sources, swap the alias, drop the old one; raises ElasticsearchError."""
    from .api_by_query import found
    from .sources import whole_source

    ((type, policy),) = config.items()
    if type != "match":
        raise unsupported(f"enrich policies of type [{type}]")
    sources = resolve(node, policy["indices"])
    check_mappings(name, policy, sources)
    before = index_of(node, name)
    mapping = {
        "dynamic": "false",
        "_meta": {
            "enrich_policy_name": name,
            "enrich_policy_type": type,
            "enrich_match_field": policy["match_field"],
            "enrich_readme": README,
        },
        "properties": _nested(policy["match_field"], {"type": "keyword", "doc_values": False}),
    }
    settings = {"index.hidden": "true", "index.number_of_replicas": "0", "index.auto_expand_replicas": "0-all"}
    made = node.add_index(f"{PREFIX}{name}-{now_ms()}", settings, mapping, {PREFIX + name: {}})
    kept = {policy["match_field"], *policy["enrich_fields"]}
    node.store.begin()
    for _, stored in found(node, sources, policy.get("query") or {"match_all": {}}, None):
        source = whole_source(stored)
        document: Body = {}
        for path in sorted(kept):
            value = at(source, path)
            if value is not None:
                put(document, path, value)
        if at(document, policy["match_field"]) is not None:
            node.store.put(made.uuid, stored.id, made.next_seq, 1, 1, orjson.dumps(document), None)
            made.next_seq += 1
    node.store.commit()
    node.save(made)
    if before is not None:
        node.remove_index(before)


def check_mappings(name: str, policy: Body, sources: list[Index]) -> None:
    """The match field has to be mapped in every source, and below objects only."""
    for index in sources:
        head = f"Enrich policy execution for [{name}] failed"
        if not index.mapping.body.get("properties"):
            patterns = "[" + ", ".join(policy["indices"]) + "]"
            raise ElasticsearchError(
                "exception",
                f"{head}. Could not read mapping for source [{index.name}] included by pattern [{patterns}]",
                status=500,
            )
        path = policy["match_field"]
        if index.mapping.field(path) is None:
            parent, _, leaf = path.rpartition(".")
            reason = (
                f"Could not traverse mapping to field [{path}]. Could not find the [{leaf}] field under"
                f" [{parent or 'root'}]"
            )
            raise ElasticsearchError(
                "exception",
                f"{head} while validating field mappings for index [{index.name}]",
                status=500,
                cause={"type": "exception", "reason": reason},
            )


def _nested(path: str, field: Body) -> Body:
    for part in reversed(path.split(".")):
        field = {part: field} if part == path.split(".")[0] else {"properties": {part: field}}
    return field


# the processor


def check_processors(node: Node, pipeline: Any) -> None:
    """A pipeline is refused as long as a policy that it names was not executed."""
    for name in policies_of(pipeline):
        if index_of(node, name) is None:
            reason = f"no enrich index exists for policy with name [{name}]"
            raise ElasticsearchError(
                "exception",
                f"java.lang.IllegalArgumentException: {reason}",
                status=500,
                processor_type="enrich",
                cause={"type": "illegal_argument_exception", "reason": reason},
            )


def policies_of(value: Any) -> list[str]:
    """The policies that a pipeline's enrich processors name, those of nested processors included."""
    if isinstance(value, list):
        return [name for item in value for name in policies_of(item)]
    if not isinstance(value, dict):
        return []
    found = []
    for key, item in value.items():
        if key == "enrich" and isinstance(item, dict) and isinstance(item.get("policy_name"), str):
            found.append(item["policy_name"])
        found += policies_of(item)
    return found


_LOOKED_UP: dict[str, dict[str, list[Body]]] = {}


def _lookup(node: Node, index: Index, field: str) -> dict[str, list[Body]]:
    """Value of the match field → documents; an enrich index never changes."""
    if index.uuid not in _LOOKED_UP:
        table: dict[str, list[Body]] = {}
        for _, _, source in node.store.since(index.uuid, 0):
            if source is not None:
                document = orjson.loads(source)
                value = at(document, field)
                for one in value if isinstance(value, list) else [value]:
                    table.setdefault(_key(one), []).append(document)
        _LOOKED_UP[index.uuid] = table
    return _LOOKED_UP[index.uuid]


def _key(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def make(body: Body) -> Action:
    """The action of an enrich processor."""
    most = body.get("max_matches", 1)
    if not isinstance(most, int) or not 1 <= most <= 128:
        raise illegal("[max_matches] should be between 1 and 128")

    def act(document: IngestDocument, runner: Runner) -> None:
        path = document.render(body["field"])
        value = document.get(path) if document.has(path) else None
        if value is None:
            if body.get("ignore_missing"):
                return
            document.get(path)
            return
        index = index_of(runner.node, body["policy_name"])
        if index is None:
            reason = f"no enrich index exists for policy with name [{body['policy_name']}]"
            raise ProcessorFailure("illegal_argument_exception", reason)
        meta = index.mapping.body["_meta"]
        table = _lookup(runner.node, index, meta["enrich_match_field"])
        found: list[Body] = []
        for one in value if isinstance(value, list) else [value]:
            found += [hit for hit in table.get(_key(one), ()) if hit not in found]
        if not found:
            return
        target = document.render(body["target_field"])
        if body.get("override", True) or not document.has(target):
            document.set(target, orjson.loads(orjson.dumps(found[0] if most == 1 else found[:most])))

    return act
