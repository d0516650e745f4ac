"""Aliases as resources of their own: one name, the indices and data streams behind it, swapped in one request."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from ..errors import EsctlError, Problem, did_you_mean
from ..model import Address, Body, Capabilities, Consequence, Live, Path, Request, Resource, Response, Sender
from .base import Context, Cost, Needs, Part, Reference
from .moving import NUMBERED, mark
from .normalise import aliases, copy
from .schema import check_query

KEYS = ("indices", "data_streams")
OPTIONS = ("filter", "routing", "index_routing", "search_routing", "is_write_index", "is_hidden")
BATCH = 200  # names in one GET: keeps the request line short


@dataclass(frozen=True)
class AliasKind:
    """Written whole: an index that somebody else put behind the alias is drift, and taken out again.

    `spec` is `indices` and `data_streams`, each a map from a name to Elastic's own options of an alias. The two differ
    only in what is looked up and made first: servers keep one list, and so does what is compared.
    """

    name: str = "alias"
    stage: int = 58
    spaced: bool = False
    shared: bool = False
    about: str = (
        "One name for one or more indices or data streams, with a filter, routing and write index for each. "
        "A change is one `_aliases` request, so that readers never find the name missing."
    )
    api: str = "POST /_aliases"
    needs: Needs = Needs()
    secrets: tuple[str, ...] = ()

    def check(self, resource: Resource) -> Iterator[Problem]:
        spec = resource.spec
        for key in spec:
            if key not in KEYS:
                hint = did_you_mean(key, [*KEYS, *OPTIONS])
                yield Problem(f'unknown key "{key}"', resource.at("spec", key), hint, rule="unknown-key")
        if not any(spec.get(key) for key in KEYS):
            yield Problem("an alias needs an index: `indices: {name: {}}`", resource.at("spec"))
        writers: list[str] = []
        for key in KEYS:
            targets = spec.get(key) or {}
            if not isinstance(targets, dict):
                yield Problem(
                    f"{key} is a map from a name to its options", resource.at("spec", key), "write {name: {}}"
                )
                continue
            for name, options in targets.items():
                yield from _target_problems(resource, key, name, options)
                if isinstance(options, dict) and options.get("is_write_index") is True:
                    writers.append(name)
        if len(writers) > 1:
            place = resource.at("spec", "indices" if writers[1] in (spec.get("indices") or {}) else "data_streams")
            message = f"alias {resource.address.id} has more than one write index: {', '.join(writers)}"
            yield Problem(message, place, rule="two-write-indices")

    def render(self, resource: Resource, context: Context) -> Body:
        return copy(resource.spec)

    def references(self, resource: Resource) -> Iterator[Reference]:
        for key, kind in (("indices", "index"), ("data_streams", "data-stream")):
            targets = resource.spec.get(key)
            for name in targets if isinstance(targets, dict) else ():
                yield Reference(Address(kind, name), ("spec", key, name))

    def read(self, sender: Sender, addresses: Collection[Address], capabilities: Capabilities) -> dict[Address, Live]:
        names = sorted(address.id for address in addresses)
        held: dict[str, Body] = {}
        for start in range(0, len(names), BATCH):
            batch = ",".join(quote(name, safe="") for name in names[start : start + BATCH])
            _gather(held, _aliases(sender, f"/_alias/{batch}"))
        return self._lives(sender, [name for name in held.items() if Address(self.name, name[0]) in addresses])

    def everything(self, sender: Sender, capabilities: Capabilities) -> dict[Address, Live]:
        held: dict[str, Body] = {}
        _gather(held, _aliases(sender, "/_alias/*"))
        return self._lives(sender, list(held.items()))

    def _lives(self, sender: Sender, held: Collection[tuple[str, Body]]) -> dict[Address, Live]:
        """By the names of resources: an index whose documents moved is known by its alias, not as `images-v2`."""
        known = _resources(sender, {name for _, targets in held for name in targets if NUMBERED.fullmatch(name)})
        found = {}
        for alias, targets in held:
            named = {name if known.get(name) == alias else known.get(name, name): name for name in sorted(targets)}
            places = {name: place for name, place in named.items() if name != place}
            address = Address(self.name, alias)
            body = {"indices": {name: targets[place] for name, place in named.items()}}
            own = {"of": address.id} if any(known.get(name) == alias for name in targets) else {}
            found[address] = Live(address, body, own | ({"indices": places} if places else {}))
        return found

    def foreign(self, live: Live) -> str | None:
        targets = live.body["indices"]
        if "of" in live.version:
            return f"the name of index/{live.address.id}, whose documents moved"
        if live.address.id.startswith("."):
            return "its name begins with a dot: the system's"
        return "it stands for a system index" if all(name.startswith(".") for name in targets) else None

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        return self.normalise(live.body, capabilities)

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        """One map of names; `routing` split in two (row 8); `is_hidden: false` is what no value means."""
        targets: Body = {}
        for key in KEYS:
            targets.update({name: copy(options) or {} for name, options in (body.get(key) or {}).items()})
        return aliases(("indices",))({"indices": targets}, capabilities)

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        """All in one request: what is behind the alias and no longer written goes, in the moment the rest comes."""
        wanted = self.normalise(body, context.capabilities)["indices"]
        found = self.normalise(live.body, context.capabilities)["indices"] if live else {}
        places = {**context.places, **(live.version.get("indices", {}) if live else {})}
        # `must_exist`: where one was removed in the meantime, the whole request is refused (404), not half of it done.
        actions = [
            {"remove": {"index": places.get(name, name), "alias": address.id, "must_exist": True}}
            for name in found
            if name not in wanted
        ]
        actions += [
            {"add": {"index": places.get(name, name), "alias": address.id, **options}}
            for name, options in wanted.items()
            if found.get(name) != options
        ]
        return (Request("elasticsearch", "POST", "/_aliases", body={"actions": actions}),)

    def placed(self, request: Request, places: Mapping[str, str]) -> Request:
        actions = [
            {verb: {**options, "index": places.get(options["index"], options["index"])}}
            for action in request.body["actions"]
            for verb, options in action.items()
        ]
        return replace(request, body={"actions": actions})

    def delete(self, address: Address, context: Context) -> tuple[Request, ...]:
        """Without knowing what is behind it. `withdraw` does."""
        raise EsctlError(f"{address}: what stands behind it has to be read before it can be removed")

    def withdraw(self, address: Address, last: Body, live: Live, context: Context) -> tuple[Request, ...]:
        places = live.version.get("indices", {})
        actions = [
            {"remove": {"index": places.get(name, name), "alias": address.id, "must_exist": True}}
            for name in live.body["indices"]
        ]
        return (Request("elasticsearch", "POST", "/_aliases", body={"actions": actions}),)

    def parts(self, address: Address, body: Body) -> Iterator[tuple[Part, Path]]:
        """Each place in it, and the alias as a whole: what else stands behind it would be taken out."""
        for key in KEYS:
            targets = body.get(key)
            for name in targets if isinstance(targets, dict) else ():
                yield ("name", address.id, str(name)), (key, name)
        yield ("name", address.id), ()

    def without(self, address: Address, body: Body, taken: Callable[[Part], bool]) -> Body | None:
        left = {
            key: {name: options for name, options in body[key].items() if not taken(("name", address.id, name))}
            for key in KEYS
            if isinstance(body.get(key), dict)
        }
        return {**body, **left} if any(left.values()) else None

    def refusal(self, response: Response) -> str | None:
        """`_aliases` answers 200 with `errors: true` where it did only a part."""
        if not isinstance(response.body, dict) or response.body.get("errors") is not True:
            return None
        reasons = [one["error"].get("reason") for one in response.body.get("action_results", ()) if one.get("error")]
        return "the server did only a part of the alias's actions: " + (
            "; ".join(filter(None, reasons)) or "see its log"
        )

    def cost(self, before: Body | None, after: Body | None, capabilities: Capabilities) -> Cost:
        if before is None or after is None:
            return Cost(Consequence.INSTANT)
        old, new = before.get("indices", {}), after.get("indices", {})
        gone, come = [name for name in old if name not in new], [name for name in new if name not in old]
        words = f"swaps {', '.join(gone)} → {', '.join(come)} in one step" if gone and come else ""
        return Cost(Consequence.INSTANT, words)

    def in_words(self, before: Body, after: Body) -> list[str]:
        old, new = before.get("indices", {}), after.get("indices", {})
        words = [f"- {name}" for name in old if name not in new]
        words += [f"+ {name}{_said(options)}" for name, options in new.items() if name not in old]
        words += [
            f"~ {name}:{_said(old[name]) or ' no options'} →{_said(options) or ' no options'}"
            for name, options in new.items()
            if name in old and old[name] != options
        ]
        return words

    def verify(self, address: Address, body: Body, sender: Sender, capabilities: Capabilities) -> Iterator[str]:
        """Several indices and no write index: every write by this name is refused."""
        targets = self.normalise(body, capabilities)["indices"]
        if len(targets) > 1 and not any(options.get("is_write_index") for options in targets.values()):
            yield "none of its indices is the write index: it can be searched, but not written to"
        path = f"/{quote(address.id, safe='')}/_count"
        answer = sender.send(Request("elasticsearch", "GET", path), accept=range(400, 600))
        if answer.status >= 400:
            yield f"it cannot be counted: the server answers {answer.status}"


def _target_problems(resource: Resource, key: str, name: str, options: Any) -> Iterator[Problem]:
    place = ("spec", key, name)
    if "*" in name or "," in name:
        yield Problem(f'"{name}" is no single name: an alias names each of its indices', resource.at(*place))
    if name == resource.address.id:
        yield Problem(f'an alias and an index cannot both be called "{name}"', resource.at(*place))
    if options is None:
        return
    if not isinstance(options, dict):
        yield Problem(f"the options of {name} are a map", resource.at(*place), "write {} for none")
        return
    for option, value in options.items():
        at = resource.at(*place, option)
        if option not in OPTIONS:
            yield Problem(f'unknown key "{option}"', at, did_you_mean(option, OPTIONS), rule="unknown-key")
        elif option == "filter" and isinstance(value, dict):
            for path, message, hint, severity, rule in check_query(value):
                yield Problem(message, resource.at(*place, option, *path), hint, severity, rule)
        elif option.startswith("is_") and not isinstance(value, bool):
            yield Problem(f"{option} is true or false", at)
        elif option.endswith("routing") and not isinstance(value, str):
            yield Problem(f"{option} is text: servers drop a number without a word", at, f'write "{value}"')
        elif option == "filter" and not isinstance(value, dict):
            yield Problem("filter is a query", at, "for example {term: {field: value}}")


def _aliases(sender: Sender, path: str) -> Mapping[str, Any]:
    # 404 where some of the names are missing: the answer holds the others all the same.
    answer = sender.send(Request("elasticsearch", "GET", path, {"expand_wildcards": "all"}), accept=(404,))
    return answer.body if isinstance(answer.body, dict) else {}


def _resources(sender: Sender, names: Collection[str]) -> dict[str, str]:
    """The resource that each of these indices is, where its documents moved there; nothing is asked for no names."""
    found: dict[str, str] = {}
    wanted = sorted(names)
    params = {"ignore_unavailable": "true", "expand_wildcards": "none", "filter_path": "*.aliases,*.mappings._meta"}
    for start in range(0, len(wanted), BATCH):
        path = "/" + ",".join(quote(name, safe="") for name in wanted[start : start + BATCH])
        for name, body in sender.send(Request("elasticsearch", "GET", path, params)).body.items():
            moved = mark(body).get("moved") or {}
            if moved.get("alias") in (body.get("aliases") or {}):
                found[name] = str(moved["alias"])
    return found


def _gather(held: dict[str, Body], answer: Mapping[str, Any]) -> None:
    """`{index: {"aliases": {alias: options}}}` → `{alias: {index: options}}`"""
    for index, item in answer.items():
        if isinstance(item, dict) and isinstance(item.get("aliases"), dict):
            for alias, options in item["aliases"].items():
                held.setdefault(alias, {})[index] = options


def _said(options: Body) -> str:
    parts = [f"{key} {value}" for key, value in options.items() if not isinstance(value, dict | bool)]
    parts += [key for key, value in options.items() if isinstance(value, dict) or value is True]
    parts += [f"not {key}" for key, value in options.items() if value is False]
    return f" ({', '.join(parts)})" if parts else ""


ALIAS = AliasKind()
