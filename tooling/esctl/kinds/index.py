"""Indices: created whole, then changed in place where servers take it; what they refuse makes the index anew."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ..errors import Problem
from ..model import Address, Body, Capabilities, Consequence, Difference, Live, Path, Request, Resource, Sender
from . import changes
from .base import Context, Cost, Needs, Reference, owner_mark
from .differences import differences
from .normalise import aliases, as_text, copy, drop_if, flat_settings, mappings, settings, without_owner
from .rest import body_problems, from_settings, managed
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
        return body_problems(resource, "aliases")

    def render(self, resource: Resource, context: Context) -> Body:
        body = copy(resource.spec)
        body.setdefault("mappings", {}).setdefault("_meta", {}).update(owner_mark(context.project))
        return body

    def references(self, resource: Resource) -> Iterator[Reference]:
        for refers in from_settings(("settings",)):
            for kind, name, path in refers(resource.spec):
                yield Reference(Address(kind, name), ("spec", *path))

    def read(self, sender: Sender, addresses: Collection[Address], capabilities: Capabilities) -> dict[Address, Live]:
        names = sorted(address.id for address in addresses)
        found: dict[Address, Live] = {}
        for start in range(0, len(names), BATCH):
            path = "/" + ",".join(quote(name, safe="") for name in names[start : start + BATCH])
            params = {"ignore_unavailable": "true", "allow_no_indices": "true", "expand_wildcards": "none"}
            for name, body in sender.send(Request("elasticsearch", "GET", path, params)).body.items():
                address = Address(self.name, name)
                if address in addresses:
                    found[address] = Live(address, body)
        return found

    def everything(self, sender: Sender, capabilities: Capabilities) -> dict[Address, Live]:
        """Every index that is no data stream's, hidden and closed ones too: their names in one request, then bodies."""
        params = {"expand_wildcards": "all"}
        answer = sender.send(Request("elasticsearch", "GET", "/_resolve/index/*", params)).body
        names = [one["name"] for one in answer.get("indices", ()) if "data_stream" not in one]
        return self.read(sender, [Address(self.name, name) for name in names], capabilities)

    def foreign(self, live: Live) -> str | None:
        name, body = live.address.id, live.body
        if name.startswith("."):
            return "its name begins with a dot: the system's"
        if name in OURS:
            return "esctl's own"
        found = flat_settings(body.get("settings"))
        if as_text(found.get("index.hidden")) == "true":
            return "a hidden index"
        if found.get("index.store.type") == "snapshot":
            return "mounted from a snapshot"
        if "index.xpack.ccr.following_index" in found:
            return "follows an index of another cluster"
        return managed(name, body.get("mappings") or {})

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        return tidy(self.normalise(live.body, capabilities), ("settings",), ("mappings",), defaults=True)

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        body = copy(body)
        for rule in RULES:
            body = rule(body, capabilities)
        return body

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        path = "/" + quote(address.id, safe="")
        if live is None:
            return (Request("elasticsearch", "PUT", path, body=body),)
        return tuple(self._updates(path, address, body, live, context))

    def _updates(self, path: str, address: Address, body: Body, live: Live, context: Context) -> Iterator[Request]:
        capabilities = context.capabilities
        before, after = self.normalise(live.body, capabilities), self.normalise(body, capabilities)
        old, new = before.get("settings", {}), after.get("settings", {})
        changed = {name: value for name, value in new.items() if old.get(name) != value}
        reopened = {name for name in changed if changes.setting(name) == "reopen"}
        for names, params in ((set(changed) - reopened, {}), (reopened, {"reopen": "true"})):
            if names:
                sent = {name: value for name, value in flat_settings(body.get("settings")).items() if name in names}
                yield Request("elasticsearch", "PUT", f"{path}/_settings", params, sent)
        mapping = body.get("mappings", {})
        if _beyond(before.get("mappings", {}), after.get("mappings", {})):
            # A field's parameter that is left out goes back to its default, so whole fields are sent, always.
            yield Request("elasticsearch", "PUT", f"{path}/_mapping", body=_with_foreign_meta(mapping, live.body))
        actions = [
            {"add": {"index": address.id, "alias": alias, **options}}
            for alias, options in (body.get("aliases") or {}).items()
            if before.get("aliases", {}).get(alias) != after["aliases"][alias]
        ]
        if actions:
            yield Request("elasticsearch", "POST", "/_aliases", body={"actions": actions})

    def release(self, address: Address, last: Body, body: Body, live: Live, context: Context) -> tuple[Request, ...]:
        """Settings go back to their defaults, aliases are removed; a field of a mapping cannot be taken out."""
        found, wanted = (self.normalise(side, context.capabilities) for side in (live.body, body))
        requests: list[Request] = []
        settings, aliases = (
            [name for name in last.get(part, {}) if name in found.get(part, {}) and name not in wanted.get(part, {})]
            for part in ("settings", "aliases")
        )
        path = "/" + quote(address.id, safe="")
        for reopened in (False, True):
            names = [name for name in settings if (changes.setting(name) == "reopen") is reopened]
            if names:
                params = {"reopen": "true"} if reopened else {}
                nothing = dict.fromkeys(names)
                requests.append(Request("elasticsearch", "PUT", f"{path}/_settings", params, nothing))
        if aliases:
            actions = [{"remove": {"index": address.id, "alias": alias}} for alias in aliases]
            requests.append(Request("elasticsearch", "POST", "/_aliases", body={"actions": actions}))
        return tuple(requests)

    def replace(self, address: Address, body: Body, live: Live, context: Context) -> tuple[Request, ...]:
        """Delete and create: the documents go, so the plan calls it irreversible."""
        return (*self.delete(address, context), *self.write(address, body, None, context))

    def delete(self, address: Address, context: Context) -> tuple[Request, ...]:
        return (Request("elasticsearch", "DELETE", "/" + quote(address.id, safe="")),)

    def cost(self, before: Body | None, after: Body | None, capabilities: Capabilities) -> Cost:
        if before is None:
            return Cost(Consequence.INSTANT)
        if after is None:
            return Cost(Consequence.IRREVERSIBLE, "its documents go")
        verdicts = [(self._verdict(d, before, after), d) for d in differences(before, after)]
        remade = [d for verdict, d in verdicts if verdict == "remake"]
        if remade:
            return Cost(Consequence.IRREVERSIBLE, _why_remade(remade))
        words = [f"{d.dotted} stays in the index: it cannot be taken out" for v, d in verdicts if v == "stays"]
        words += [
            f"whether {d.dotted} can change in place is not known: the server decides"
            for v, d in verdicts
            if v == "unknown"
        ]
        if any(verdict == "reopen" for verdict, _ in verdicts):
            return Cost(Consequence.RESTART, "; ".join(["the index is closed and opened again", *words]))
        return Cost(Consequence.INSTANT, "; ".join(words))

    @staticmethod
    def _verdict(difference: Difference, before: Body, after: Body) -> changes.Verdict:
        match difference.path[0]:
            case "settings" if len(difference.path) > 1:
                return changes.setting(str(difference.path[1]))
            case "settings" | "aliases":
                return "in place"
            case "mappings" if len(difference.path) > 1:
                below = Difference(difference.path[1:], difference.before, difference.after)
                return changes.mapping(below, before.get("mappings", {}), after.get("mappings", {}))
        return "stays" if difference.after is None else "in place"


def _why_remade(remade: list[Difference]) -> str:
    what = "; ".join(f"{d.dotted} {d.before} → {d.after}" for d in remade)
    words = f"{what} cannot change in place: the index and its documents are deleted and it is made anew"
    if any(d.path[-1] == "dims" for d in remade):
        words += "; the images must be embedded and loaded again"
    return words


def _beyond(live: Any, desired: Any) -> bool:
    """True where `desired` holds something that `live` does not."""
    if isinstance(desired, dict) and isinstance(live, dict):
        return any(key not in live or _beyond(live[key], value) for key, value in desired.items())
    return bool(live != desired)


def _with_foreign_meta(mapping: Body, live: Body) -> Body:
    """`_meta` is replaced whole by a PUT: keep what others wrote there."""
    theirs = (live.get("mappings") or {}).get("_meta") or {}
    return {**mapping, "_meta": {**theirs, **(mapping.get("_meta") or {})}}


INDEX = IndexKind()
