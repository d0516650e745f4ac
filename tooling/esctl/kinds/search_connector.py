"""Connectors, which bring documents of other systems into an index: each part has an endpoint of its own.

Only what is written is compared: the connector's service registers settings and features itself, and keeps its status.
What is no longer written stays as it is. `configuration` takes a value by the name of its setting, or the whole
setting (`label`, `type`, `value`, …); `filtering` takes Elastic's list, or `{rules, advanced_snippet}` for its one
domain, active at once.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..errors import Problem
from ..model import Address, Body, Capabilities, Consequence, Live, Path, Request, Resource, Sender
from ..secret import MARK, Secret
from .base import Context, Cost, Needs, Reference
from .differences import differences, projected, same
from .normalise import copy, get
from .rest import RestKind

PAGE = 1000
MIDNIGHT = {"enabled": False, "interval": "0 0 0 * * ?"}
SCHEDULING = {kind: MIDNIGHT for kind in ("access_control", "full", "incremental")}
PIPELINE = {"extract_binary_content": True, "reduce_whitespace": True, "run_ml_inference": False}
ELASTICS_PIPELINES = ("ent-search-generic-ingestion", "search-default-ingestion")
EVERYTHING = {"id": "DEFAULT", "field": "_", "order": 0, "policy": "include", "rule": "regex", "value": ".*"}
MADE_WITH = ("name", "description", "index_name", "service_type", "language", "is_native")
ALONE = {"index_name": "_index_name", "service_type": "_service_type", "is_native": "_native"}
"""Keys that have an endpoint for themselves."""

MANAGED_PREFIX = "content-"


def _setting(written: Any) -> Body:
    """A setting of the configuration, whether only its value or all of it was written."""
    return written if isinstance(written, dict) and written.keys() & {"label", "value"} else {"value": written}


def _filtering(written: Any) -> list[Body]:
    """The active rules of each domain, without the times at which they were made and changed."""
    domains = [{"domain": "DEFAULT", "active": written}] if isinstance(written, dict) else written or []
    return [
        {
            "domain": domain.get("domain", "DEFAULT"),
            "rules": sorted(
                (
                    {key: value for key, value in rule.items() if key not in ("created_at", "updated_at")}
                    for rule in get(domain, ("active", "rules")) or [EVERYTHING]
                ),
                key=lambda rule: (rule.get("order", 0), str(rule.get("id"))),
            ),
            "advanced_snippet": get(domain, ("active", "advanced_snippet", "value")) or {},
        }
        for domain in domains
        if isinstance(domain, dict)
    ]


@dataclass(frozen=True)
class SearchConnectorKind(RestKind):
    """Made by one request for its name and place, then one for each other part; changed part by part."""

    def check(self, resource: Resource) -> Iterator[Problem]:
        yield from super().check(resource)
        spec = resource.spec
        index = spec.get("index_name")
        if spec.get("is_native") is True and isinstance(index, str) and not index.startswith(MANAGED_PREFIX):
            message = f"the index of a connector that Elastic runs begins with {MANAGED_PREFIX}"
            yield Problem(message, resource.at("spec", "index_name"), f"write {MANAGED_PREFIX}{index}")
        pipeline = spec.get("pipeline")
        if isinstance(pipeline, dict) and "name" not in pipeline:
            place = resource.at("spec", "pipeline")
            yield Problem('a connector\'s pipeline needs "name"', place, rule="missing-key")
        settings = spec.get("configuration")
        for name, setting in settings.items() if isinstance(settings, dict) else ():
            whole = _setting(setting)
            if whole.get("sensitive") is True and isinstance(whole.get("value"), str) and whole["value"]:
                place, hint = resource.at("spec", "configuration", name), "write value: ${secret.env.NAME}"
                yield Problem(f"{name} in plain text would end up wherever this file does", place, hint)

    def render(self, resource: Resource, context: Context) -> Body:
        """Each setting whole, so that a secret stands where the server has it."""
        body: Body = copy(resource.spec)
        if isinstance(body.get("configuration"), dict):
            body["configuration"] = {name: _setting(value) for name, value in body["configuration"].items()}
        return body

    def references(self, resource: Resource) -> Iterator[Reference]:
        index, pipeline = resource.spec.get("index_name"), get(resource.spec, ("pipeline", "name"))
        if isinstance(index, str):
            yield Reference(Address("index", index), ("spec", "index_name"), soft=True)
        if isinstance(pipeline, str) and pipeline not in ELASTICS_PIPELINES:
            path: Path = ("spec", "pipeline", "name")
            yield Reference(Address("ingest-pipeline", pipeline), path)

    def read(self, sender: Sender, addresses: Collection[Address], capabilities: Capabilities) -> dict[Address, Live]:
        found = self.everything(sender, capabilities)
        return {address: found[address] for address in addresses if address in found}

    def everything(self, sender: Sender, capabilities: Capabilities) -> dict[Address, Live]:
        found: dict[Address, Live] = {}
        start, count = 0, 1
        while start < count:
            params = {"size": str(PAGE), **({"from": str(start)} if start else {})}
            answer = sender.send(Request("elasticsearch", "GET", self.listing, params)).body
            for item in answer["results"]:
                address = Address(self.name, item["id"])
                found[address] = Live(address, item)
            count = answer["count"]
            start += PAGE
        return found

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        body = {key: copy(value) for key, value in body.items() if key in PARTS and value is not None}
        if isinstance(body.get("configuration"), dict):
            body["configuration"] = {name: _setting(value) for name, value in body["configuration"].items()}
        if "filtering" in body and not _normal(body["filtering"]):
            body["filtering"] = _filtering(body["filtering"])
        return body

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        body = self.normalise(live.body, capabilities)
        body.pop("features", None)  # its service says what it can do
        prefix = re.sub(r"\W+", "_", live.address.id).strip("_").upper()
        body["configuration"] = {
            name: _as_reference(name, setting, prefix)
            for name, setting in (body.get("configuration") or {}).items()
            if setting.get("value") not in (None, "")
        }
        filtering = body.pop("filtering", [])
        if filtering and not same(filtering, _filtering({})):
            body["filtering"] = _as_elastics(filtering, None)
        defaults: Body = {"name": "", "is_native": False, "scheduling": SCHEDULING, "configuration": {}}
        return {key: value for key, value in body.items() if not (key in defaults and same(value, defaults[key]))}

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        return tuple(self._requests(address, body, live, context))

    def _requests(self, address: Address, body: Body, live: Live | None, context: Context) -> Iterator[Request]:
        def put(endpoint: str, sent: Body) -> Request:
            return Request("elasticsearch", "PUT", self._path(address) + endpoint, body=sent)

        wanted = self.normalise(body, context.capabilities)
        there = self.normalise(live.body, context.capabilities) if live is not None else {}
        changed = [key for key in wanted if not same(projected(there.get(key), wanted[key]), wanted[key])]
        if live is None:
            yield put("", {key: wanted[key] for key in MADE_WITH if key in wanted})
            changed = [key for key in changed if key not in MADE_WITH]
        # The index first: a connector that Elastic is to run needs one of the right name.
        for key, endpoint in ALONE.items():
            if key in changed:
                yield put(f"/{endpoint}", {key: wanted[key]})
        if {"name", "description"} & set(changed):
            yield put("/_name", {key: wanted[key] for key in ("name", "description") if key in wanted})
        if "configuration" in changed:
            yield put("/_configuration", _configuration(wanted["configuration"], there.get("configuration") or {}))
        for key, base in (("scheduling", SCHEDULING), ("pipeline", PIPELINE), ("features", {})):
            if key in changed:
                yield put(f"/_{key}", {key: _over(_over(base, there.get(key) or {}), wanted[key])})
        if "filtering" in changed:
            now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            yield put("/_filtering", {"filtering": _as_elastics(wanted["filtering"], now)})

    def replace(self, address: Address, body: Body, live: Live, context: Context) -> tuple[Request, ...]:
        """A PUT makes it anew by itself."""
        return self.write(address, body, None, context)

    def cost(self, before: Body | None, after: Body | None, capabilities: Capabilities) -> Cost:
        if before is None or after is None:
            return super().cost(before, after, capabilities)
        if "language" in after and before.get("language") != after["language"]:
            words = "language cannot change in place: it is made anew, and forgets what it has brought in so far"
            return Cost(Consequence.IRREVERSIBLE, words)
        gone = [found.dotted for found in differences(before, after) if found.after is None]
        told = [f"{dotted} is no longer written and stays as it is" for dotted in gone]
        if before.get("index_name") != after.get("index_name", before.get("index_name")):
            told.append(f"documents go to {after['index_name']} from the next sync on; the old index stays")
        return Cost(Consequence.INSTANT, "; ".join(told or ["it counts from the next sync on"]))


def _normal(filtering: Any) -> bool:
    """Whether it is in the form that is compared already."""
    return isinstance(filtering, list) and all(isinstance(d, dict) and "rules" in d for d in filtering)


def _configuration(wanted: Body, there: Body) -> Body:
    """Values alone where the settings are registered; else the settings, with those that are there already."""
    changed = {name: new for name, new in wanted.items() if not same(projected(there.get(name), new), new)}
    only_values = all(
        name in there and all(same(there[name].get(key), value) for key, value in new.items() if key != "value")
        for name, new in changed.items()
    )
    if only_values:
        return {"values": {name: new["value"] for name, new in changed.items()}}
    whole = {name: copy(setting) for name, setting in there.items()}
    for order, (name, new) in enumerate(wanted.items(), len(there) + 1):
        whole[name] = {**whole.get(name, _unregistered(name, new.get("value"), order)), **new}
    return {"configuration": whole}


def _unregistered(name: str, value: Any, order: int) -> Body:
    """A setting that the connector has not told of yet, with all that the API asks for."""
    numeric = isinstance(value, int) and not isinstance(value, bool)
    return {
        "default_value": None,
        "depends_on": [],
        "display": "toggle" if isinstance(value, bool) else "numeric" if numeric else "textbox",
        "label": name,
        "options": [],
        "order": order,
        "required": False,
        "sensitive": isinstance(value, Secret),
        "tooltip": None,
        "type": "bool" if isinstance(value, bool) else "int" if numeric else "list" if _is_list(value) else "str",
        "ui_restrictions": [],
        "validations": [],
        "value": None,
    }


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _over(base: Body, more: Body) -> Body:
    """`base` with `more` laid over it, mappings merged."""
    merged = copy(base)
    for key, value in more.items():
        both = isinstance(merged.get(key), dict) and isinstance(value, dict)
        merged[key] = _over(merged[key], value) if both else copy(value)
    return dict(merged)


def _as_elastics(domains: list[Body], now: str | None) -> list[Body]:
    """The list that `_filtering` takes: the draft is the same as what is active, and valid."""
    times = {"created_at": now, "updated_at": now} if now else {}
    told = []
    for domain in domains:
        rules = {
            "rules": [{**rule, **times} for rule in domain["rules"]],
            "advanced_snippet": {"value": domain["advanced_snippet"], **times},
            "validation": {"state": "valid", "errors": []},
        }
        told.append({"domain": domain["domain"], "active": rules, "draft": copy(rules)})
    return told


def _as_reference(name: str, setting: Body, prefix: str) -> Any:
    value = setting.get("value")
    if setting.get("sensitive") is not True:
        return value
    return {MARK: f"${{secret.env.{prefix}_{re.sub(r'[^A-Za-z0-9]+', '_', name).upper()}}}"}


PARTS = (*MADE_WITH, "configuration", "scheduling", "pipeline", "features", "filtering")

SEARCH_CONNECTOR = SearchConnectorKind(
    name="search-connector",
    stage=54,
    path="/_connector/{id}",
    listing="/_connector",
    items=lambda answer: ((item["id"], item) for item in (answer or {}).get("results", ())),
    about="A connector: what brings documents of another system into an index, and when. A service of yours or of"
    " Elastic runs it; its status and its syncs are its own.",
    api="PUT /_connector/{connector_id}, with `configuration`, `scheduling`, `pipeline`, `features` and `filtering`"
    " beside its body",
    needs=Needs(since=(8, 12)),
    secrets=("configuration.*",),
    shared=True,
    deletion=Cost(Consequence.INSTANT, "its index and documents stay; it forgets its syncs"),
)
