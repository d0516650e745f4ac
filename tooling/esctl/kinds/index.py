"""Indices: created whole, then changed in place where servers take it; what they refuse makes the index anew."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ..errors import EsctlError, Problem
from ..model import Address, Body, Capabilities, Consequence, Difference, Live, Path, Reindex, Request, Resource, Sender
from . import changes, moving
from .base import OWNER, Context, Cost, Needs, Part, Reference, owner_mark
from .differences import differences
from .index_references import from_mappings, from_settings
from .normalise import aliases, as_text, copy, drop_if, flat_settings, get, insisted, mappings, settings, without_owner
from .rest import body_problems, managed
from .tidy import tidy

RULES = (
    settings(("settings",)),
    mappings(("mappings",)),
    aliases(("aliases",)),
    without_owner(("mappings", "_meta")),
    drop_if(("aliases",), {}),
    drop_if(("settings",), {}),
    drop_if(("mappings",), {}),
)
REFERS = (from_settings("settings"), from_mappings("mappings"))
OURS = frozenset({"esctl-ledger", "esctl-history"})
BATCH = 200  # names in one GET: keeps the request line below 4 kB limits of proxies for names of usual length


@dataclass(frozen=True)
class IndexKind:
    """Shared ground: others map fields and set aliases on an index, so only what was written is compared."""

    name: str = "index"
    stage: int = 50
    spaced: bool = False
    shared: bool = True
    about: str = "One index: settings, mappings, aliases. What cannot change in place moves its documents to a new one."
    api: str = "PUT /{index}"
    needs: Needs = Needs()
    secrets: tuple[str, ...] = ()
    meta: Path = ("mappings", "_meta")

    def check(self, resource: Resource) -> Iterable[Problem]:
        yield from body_problems(resource, "aliases")
        if "mode" in (get(resource.spec, ("mappings", "_source")) or {}):
            place = resource.at("spec", "mappings", "_source", "mode")
            hint = "write settings: {index.mapping.source.mode: …}"
            yield Problem(
                "Elasticsearch 9 answers 200 to _source.mode in a mapping and drops it", place, hint, "warning"
            )

    def render(self, resource: Resource, context: Context) -> Body:
        body = copy(resource.spec)
        body.setdefault("mappings", {}).setdefault("_meta", {}).update(owner_mark(context.project))
        return body

    def references(self, resource: Resource) -> Iterator[Reference]:
        for refers in REFERS:
            for kind, name, path in refers(resource.spec):
                yield Reference(Address(kind, name), ("spec", *path))

    def read(self, sender: Sender, addresses: Collection[Address], capabilities: Capabilities) -> dict[Address, Live]:
        """By name; behind an alias of that name, where its documents moved once, stands the index itself."""
        names = sorted(address.id for address in addresses)
        found: dict[str, Body] = {}
        for start in range(0, len(names), BATCH):
            path = "/" + ",".join(quote(name, safe="") for name in names[start : start + BATCH])
            params = {"ignore_unavailable": "true", "allow_no_indices": "true", "expand_wildcards": "none"}
            found |= sender.send(Request("elasticsearch", "GET", path, params)).body
        behind: dict[str, list[str]] = {}
        for name, body in found.items():
            for alias in body.get("aliases") or {}:
                behind.setdefault(alias, []).append(name)
        places = {a: a.id if a.id in found else _behind(a, behind.get(a.id, ())) for a in addresses}
        return {address: Live(address, found[name], {"index": name}) for address, name in places.items() if name}

    def everything(self, sender: Sender, capabilities: Capabilities) -> dict[Address, Live]:
        """Every index that is no data stream's, hidden and closed ones too: their names in one request, then bodies."""
        params = {"expand_wildcards": "all"}
        answer = sender.send(Request("elasticsearch", "GET", "/_resolve/index/*", params)).body
        names = [one["name"] for one in answer.get("indices", ()) if "data_stream" not in one]
        read = self.read(sender, [Address(self.name, name) for name in names], capabilities)
        found = {}
        for address, live in read.items():
            alias = (moving.mark(live.body).get("moved") or {}).get("alias")
            if alias in (live.body.get("aliases") or {}):
                address = Address(self.name, str(alias))
            found[address] = Live(address, live.body, live.version)
        return found

    def foreign(self, live: Live) -> str | None:
        name, body = live.address.id, live.body
        if name.startswith("."):
            return "its name begins with a dot: the system's"
        if name in OURS:
            return "esctl's own"
        marks = moving.mark(body)
        if "kept" in marks or (
            "moved" in marks and moving.concrete(live.address, live) == name != marks["moved"]["alias"]
        ):
            return "left behind by a move; `esctl cleanup` deletes it"
        found = flat_settings(body.get("settings"))
        if as_text(found.get("index.hidden")) == "true":
            return "a hidden index"
        if found.get("index.store.type") == "snapshot":
            return "mounted from a snapshot"
        if "index.xpack.ccr.following_index" in found:
            return "follows an index of another cluster"
        return managed(name, body.get("mappings") or {})

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        body = self.normalise(live.body, capabilities)
        if live.version.get("index", live.address.id) != live.address.id:
            body.get("aliases", {}).pop(live.address.id, None)  # its own name
            body = drop_if(("aliases",), {})(body, capabilities)
        return tidy(body, ("settings",), ("mappings",), defaults=True)

    def verify(self, address: Address, body: Body, sender: Sender, capabilities: Capabilities) -> Iterator[str]:
        """Whether each of its aliases that is meant to be written to has one index that takes the writes."""
        settings = flat_settings(body.get("settings"))
        rollover = settings.get("index.lifecycle.rollover_alias")
        names = [*(body.get("aliases") or {}), *([rollover] if isinstance(rollover, str) else [])]
        path = "/_alias/" + ",".join(quote(name, safe="") for name in dict.fromkeys(names))
        answer = sender.send(Request("elasticsearch", "GET", path), accept=(404,)).body if names else {}
        holders = {
            index: found["aliases"] for index, found in answer.items() if isinstance(found, dict) and "aliases" in found
        }
        for alias in dict.fromkeys(names):
            options = {index: found[alias] for index, found in holders.items() if alias in found}
            meant = alias == rollover or any("is_write_index" in one for one in options.values())
            writers = [index for index, one in options.items() if one.get("is_write_index")]
            if not options:
                yield f'its alias "{alias}" is not there'
            elif len(options) == 1 and next(iter(options.values())).get("is_write_index") is not False:
                continue
            elif meant and len(writers) != 1:
                held = ", ".join(sorted(options))
                yield f'its alias "{alias}" writes nowhere: of {held} none is the write index'

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        body = copy(body)
        for rule in RULES:
            body = rule(body, capabilities)
        return body

    def insisted(self, body: Body, rendered: Body, live: Body) -> Body:
        properties, written, shown = (get(side, ("mappings", "properties")) for side in (body, rendered, live))
        if not isinstance(properties, dict):
            return body
        return {**body, "mappings": {**body["mappings"], "properties": insisted(properties, written, shown)}}

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        if live is None:
            return (Request("elasticsearch", "PUT", _path(address.id), body=body),)
        return tuple(self._updates(moving.concrete(address, live), body, live, context))

    def _updates(self, name: str, body: Body, live: Live, context: Context) -> Iterator[Request]:
        capabilities = context.capabilities
        before = self.normalise(live.body, capabilities)
        after = self.insisted(self.normalise(body, capabilities), body, before)
        old, new = before.get("settings", {}), after.get("settings", {})
        changed = {name: value for name, value in new.items() if old.get(name) != value}
        reopened = {key for key in changed if changes.setting(key, capabilities) == "reopen"}
        for keys, params in ((set(changed) - reopened, {}), (reopened, {"reopen": "true"})):
            if keys:
                sent = {key: value for key, value in flat_settings(body.get("settings")).items() if key in keys}
                yield Request("elasticsearch", "PUT", f"{_path(name)}/_settings", params, sent)
        mapping = body.get("mappings", {})
        if _beyond(before.get("mappings", {}), after.get("mappings", {})):
            yield Request("elasticsearch", "PUT", f"{_path(name)}/_mapping", body=_beside_others(mapping, live.body))
        actions = [
            {"add": {"index": name, "alias": alias, **options}}
            for alias, options in (body.get("aliases") or {}).items()
            if before.get("aliases", {}).get(alias) != after["aliases"][alias]
        ]
        if actions:
            yield Request("elasticsearch", "POST", "/_aliases", body={"actions": actions})

    def release(self, address: Address, last: Body, body: Body, live: Live, context: Context) -> tuple[Request, ...]:
        """Settings and fields' parameters go back to defaults, aliases are removed; a field cannot be taken out."""
        found, wanted = (self.normalise(side, context.capabilities) for side in (live.body, body))
        name = moving.concrete(address, live)
        requests: list[Request] = []
        settings, aliases = (
            [key for key in last.get(part, {}) if key in found.get(part, {}) and key not in wanted.get(part, {})]
            for part in ("settings", "aliases")
        )
        for reopened in (False, True):
            keys = [key for key in settings if (changes.setting(key, context.capabilities) == "reopen") is reopened]
            if keys:
                params = {"reopen": "true"} if reopened else {}
                nothing = dict.fromkeys(keys)
                requests.append(Request("elasticsearch", "PUT", f"{_path(name)}/_settings", params, nothing))
        old, new, was = (get(side, ("mappings", "properties")) or {} for side in (live.body, body, last))
        kept, reset = (moving.whole_fields(old, new, left=left) for left in (None, was))
        if back := {field: definition for field, definition in reset.items() if kept[field] != definition}:
            requests.append(Request("elasticsearch", "PUT", f"{_path(name)}/_mapping", body={"properties": back}))
        if aliases:
            actions = [{"remove": {"index": name, "alias": alias}} for alias in aliases]
            requests.append(Request("elasticsearch", "POST", "/_aliases", body={"actions": actions}))
        return tuple(requests)

    def parts(self, address: Address, body: Body) -> Iterator[tuple[Part, Path]]:
        yield ("name", address.id), ()
        own = body.get("aliases")
        for alias in own if isinstance(own, dict) else ():
            yield ("name", str(alias), address.id), ("aliases", alias)

    def without(self, address: Address, body: Body, taken: Callable[[Part], bool]) -> Body | None:
        own = body.get("aliases") or {}
        left = {alias: options for alias, options in own.items() if not taken(("name", alias, address.id))}
        if len(left) == len(own):
            return body
        return {key: value for key, value in body.items() if key != "aliases"} | ({"aliases": left} if left else {})

    def move(self, address: Address, body: Body, live: Live, context: Context) -> Reindex | Cost:
        """A new index beside the old one; its cost instead where the documents cannot be written again."""
        if why := moving.obstacle(body, live.body):
            return Cost(Consequence.IRREVERSIBLE, f"{why}: the index and its documents are deleted and it is made anew")
        return moving.reindex(address, body, live)

    def unfinished(self, live: Live) -> Reindex | None:
        return moving.unfinished(live)

    def kept(self, live: Live) -> bool:
        return "kept" in moving.mark(live.body)

    def replace(self, address: Address, body: Body, live: Live, context: Context) -> tuple[Request, ...]:
        """Delete and create: the documents go, so the plan calls it irreversible."""
        return (*self.remove(address, live, context), *self.write(address, body, None, context))

    def remove(self, address: Address, live: Live, context: Context) -> tuple[Request, ...]:
        return (Request("elasticsearch", "DELETE", _path(moving.concrete(address, live))),)

    def delete(self, address: Address, context: Context) -> tuple[Request, ...]:
        return (Request("elasticsearch", "DELETE", _path(address.id)),)

    def cost(self, before: Body | None, after: Body | None, capabilities: Capabilities) -> Cost:
        if before is None:
            return Cost(Consequence.INSTANT)
        if after is None:
            return Cost(Consequence.IRREVERSIBLE, "its documents go")
        verdicts = [(self._verdict(d, before, after, capabilities), d) for d in differences(before, after)]
        told = [f"{d.dotted} {_NOTES[v]}" for v, d in verdicts if v in _NOTES]
        if remade := [(verdict, d) for verdict, d in verdicts if verdict in ("remake", "ignored")]:
            return _remade(remade, told)
        if dangerous := [d for verdict, d in verdicts if verdict == "dangerous"]:
            what = "; ".join(f"{d.dotted} {d.before} → {d.after}" for d in dangerous)
            words = f"{what}: what is written from then on keeps no _source, and can never be read back or reindexed"
            return Cost(Consequence.IRREVERSIBLE, "; ".join([words, *told]), in_place=True)
        if any(verdict == "reopen" for verdict, _ in verdicts):
            return Cost(Consequence.RESTART, "; ".join(["the index is closed and opened again", *told]))
        return Cost(Consequence.INSTANT, "; ".join(told))

    @staticmethod
    def _verdict(difference: Difference, before: Body, after: Body, capabilities: Capabilities) -> changes.Verdict:
        match difference.path[0]:
            case "settings" if len(difference.path) > 1:
                return changes.setting(str(difference.path[1]), capabilities)
            case "settings" | "aliases":
                return "in place"
            case "mappings" if len(difference.path) > 1:
                below = Difference(difference.path[1:], difference.before, difference.after)
                return changes.mapping(below, before.get("mappings", {}), after.get("mappings", {}), capabilities)
        return "stays" if difference.after is None else "in place"


_NOTES = {
    "stays": "stays in the index: it cannot be taken out",
    "refused": "is refused by every index: the server sets it itself, or has it no more",
    "unknown": "was never measured, so whether it can change in place is not known: the server decides",
}


def _remade(remade: Sequence[tuple[changes.Verdict, Difference]], told: list[str]) -> Cost:
    what = "; ".join(
        f"{d.dotted} {d.before} → {d.after}" + (" (answered with 200, and ignored)" if verdict == "ignored" else "")
        for verdict, d in remade
    )
    if any(d.path[-1] == "dims" for _, d in remade):
        words = f"{what} cannot change in place: the index and its documents are deleted and it is made anew"
        again = "the images must be embedded and loaded again"
        return Cost(Consequence.IRREVERSIBLE, "; ".join([words, again, *told]))
    return Cost(Consequence.REINDEX, "; ".join([f"{what} cannot change in place", *told]))


def _behind(address: Address, indices: Collection[str]) -> str | None:
    if len(indices) > 1:
        names = ", ".join(sorted(indices))
        raise EsctlError(
            f"{address} is an alias of several indices ({names}): which of them it means cannot be told",
            hint="take the alias from all but one, or write them as resources of their own",
        )
    return next(iter(indices), None)


def _path(name: str) -> str:
    return "/" + quote(name, safe="")


def _beyond(live: Any, desired: Any) -> bool:
    """True where `desired` holds something that `live` does not."""
    if isinstance(desired, dict) and isinstance(live, dict):
        return any(key not in live or _beyond(live[key], value) for key, value in desired.items())
    return bool(live != desired)


def _beside_others(mapping: Body, live: Body) -> Body:
    """What a PUT would reset, kept: `_meta` is replaced whole by it, and a field's parameter left out goes back."""
    found = live.get("mappings") or {}
    theirs = found.get("_meta") or {}
    ours = mapping.get("_meta") or {}
    sent = {**mapping, "_meta": {**theirs, **ours, OWNER: {**theirs.get(OWNER, {}), **ours.get(OWNER, {})}}}
    if isinstance(mapping.get("properties"), dict):
        sent["properties"] = moving.whole_fields(found.get("properties"), mapping["properties"])
    return sent


INDEX = IndexKind()
