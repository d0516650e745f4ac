"""Cluster settings: shared ground, of which a project owns the keys that it writes and no other."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import Problem
from ..model import Address, Body, Capabilities, Consequence, Live, Path, Request, Resource, Sender
from .base import Context, Cost, Needs, Part, Reference
from .normalise import as_text
from .setting_names import doubt
from .wording import NearNames

PATH = "/_cluster/settings"
DEFAULT = "(default)"
"""What stands for a key that is not set: the written form is `null`."""

# Families whose members have names that people choose: servers do not list what is not set of them.
_FAMILY = re.compile(
    r"cluster\.remote\.[^.]+\..+|logger\..+|xpack\.(monitoring\.exporters|notification\.\w+\.account)\..+"
    r"|cluster\.routing\.allocation\.(include|exclude|require|awareness\.force)\..+"
)


@dataclass(frozen=True)
class ClusterSettingsKind:
    """One document is a group of settings; its id is a name of your choice, taken once per cluster.

    A key that is taken out of the file goes back to Elasticsearch's default, not to what it was before esctl set it.
    """

    name: str = "cluster-settings"
    stage: int = 5
    spaced: bool = False
    shared: bool = True
    about: str = (
        "Settings of the whole cluster. Only the keys written are owned: others are neither shown nor touched. "
        "A key taken out goes back to Elasticsearch's default; `null` holds a key at that default."
    )
    api: str = "PUT /_cluster/settings"
    needs: Needs = Needs(serverless=False)
    secrets: tuple[str, ...] = ()

    def check(self, resource: Resource) -> Iterator[Problem]:
        for key in resource.spec:
            if key == "transient":
                hint = "write them under persistent: transient ones are deprecated, and lost when the cluster restarts"
                yield Problem("transient settings cannot be kept in a file", resource.at("spec", key), hint)
            elif key != "persistent":
                hint = "settings stand under persistent"
                yield Problem(f'unknown key "{key}"', resource.at("spec", key), hint, rule="unknown-key")
        written = resource.spec.get("persistent")
        if not isinstance(written, dict) or not written:
            yield Problem("persistent is a map of settings", resource.at("spec", "persistent"))
            return
        places: dict[str, str] = {}
        for path, key, value in _leaves(written):
            place = resource.at("spec", "persistent", *path)
            if key in places:
                yield Problem(f"{key} is written twice (first in {places[key]})", place)
            places.setdefault(key, str(place))
            if "*" in key:
                yield Problem(f"{key}: a pattern owns settings that nobody wrote", place, "name each key")
            elif key.startswith("index."):
                hint = "it is a setting of indices: write it into an index or a template"
                yield Problem(f"{key} is no setting of the cluster", place, hint)
            elif value is None and _FAMILY.fullmatch(key):
                yield Problem(f"null cannot hold {key}: servers do not list it", place, "leave the key out")
            elif found := doubt(key):
                yield Problem(found.message, place, found.hint, found.severity, found.rule)

    def render(self, resource: Resource, context: Context) -> Body:
        return {"persistent": {key: value for _, key, value in _leaves(resource.spec.get("persistent") or {})}}

    def references(self, resource: Resource) -> Iterable[Reference]:
        return ()

    def read(self, sender: Sender, addresses: Collection[Address], capabilities: Capabilities) -> dict[Address, Live]:
        """One GET for all groups: each is seen against the same list, since only what it writes is compared."""
        body = self._all(sender)
        return {address: Live(address, body) for address in addresses}

    @staticmethod
    def _all(sender: Sender) -> Body:
        # The defaults tell which settings there are that nobody set: `null` is compared with that.
        answer = sender.send(
            Request("elasticsearch", "GET", PATH, {"include_defaults": "true", "flat_settings": "true"})
        ).body
        return {"persistent": dict.fromkeys(answer.get("defaults") or {}) | (answer.get("persistent") or {})}

    def everything(self, sender: Sender, capabilities: Capabilities) -> dict[Address, Live]:
        """All persistent settings as one group, called `cluster`."""
        found = {key: value for key, value in self._all(sender)["persistent"].items() if value is not None}
        address = Address(self.name, "cluster")
        return {address: Live(address, {"persistent": found})} if found else {}

    def foreign(self, live: Live) -> str | None:
        return None

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        found = live.body.get("persistent") or {}
        return {"persistent": {key: value for key, value in sorted(found.items()) if value is not None}}

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        """Nested or dotted → flat, values as the text that servers keep; a key that is not set → `(default)`."""
        flat = {key: _text(value) for _, key, value in _leaves(body.get("persistent") or {})}
        return {"persistent": flat} if flat else {}

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        wanted = body.get("persistent") or {}
        found = self.normalise(live.body, context.capabilities).get("persistent", {}) if live else {}
        changed = {key: value for _, key, value in _leaves(wanted) if found.get(key, DEFAULT) != _text(value)}
        return (_put(changed),) if changed else ()

    def release(self, address: Address, last: Body, body: Body, live: Live, context: Context) -> tuple[Request, ...]:
        kept = {key for _, key, _ in _leaves(body.get("persistent") or {})}
        return self._reset(last, live, kept, context)

    def withdraw(self, address: Address, last: Body, live: Live, context: Context) -> tuple[Request, ...]:
        return self._reset(last, live, set(), context)

    def _reset(self, last: Body, live: Live, kept: set[str], context: Context) -> tuple[Request, ...]:
        found = self.normalise(live.body, context.capabilities).get("persistent", {})
        gone = [key for key in last.get("persistent", {}) if key not in kept and found.get(key, DEFAULT) != DEFAULT]
        return (_put(dict.fromkeys(gone)),) if gone else ()

    def parts(self, address: Address, body: Body) -> Iterator[tuple[Part, Path]]:
        for path, key, _ in _leaves(body.get("persistent")):
            yield _part(key), ("persistent", *path)

    def without(self, address: Address, body: Body, taken: Callable[[Part], bool]) -> Body | None:
        left = {key: value for _, key, value in _leaves(body.get("persistent")) if not taken(_part(key))}
        return {**body, "persistent": left} if left else None

    def ours(self, live: Body, wanted: Body, last: Body | None) -> bool:
        """A key that nobody set belongs to nobody."""
        found, before = live.get("persistent", {}), (last or {}).get("persistent", {})
        return all(
            found.get(key, DEFAULT) in (DEFAULT, value, before.get(key, DEFAULT))
            for key, value in wanted.get("persistent", {}).items()
        )

    def refuses(self, address: Address, body: Body, live: Live, context: Context) -> str | None:
        """A slip of a setting that the server has. What it merely does not list may be one that it keeps to itself."""
        known = live.body.get("persistent") or {}
        unknown = [key for key in body.get("persistent") or {} if key not in known and not _FAMILY.fullmatch(key)]
        names = NearNames(known) if unknown else None
        for key in unknown:
            if names and (near := names.slip_of(key)):
                return f'Elasticsearch has no setting {key}; did you mean "{near}"?'
        return None

    def delete(self, address: Address, context: Context) -> tuple[Request, ...]:
        """Without knowing what was written there is nothing to take back: `withdraw` does."""
        return ()

    def cost(self, before: Body | None, after: Body | None, capabilities: Capabilities) -> Cost:
        if after is None:
            return Cost(Consequence.INSTANT, "the keys written here go back to Elasticsearch's defaults")
        old, new = (side.get("persistent", {}) if side else {} for side in (before, after))
        gone = [key for key in old if key not in new]
        words = f"{', '.join(gone)}: back to the default, not to what stood there before esctl" if gone else ""
        return Cost(Consequence.INSTANT, words)


def _put(changes: Body) -> Request:
    return Request("elasticsearch", "PUT", PATH, body={"persistent": changes})


def _leaves(settings: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    """(path as written, dotted key, value) of every setting; a list is one value."""
    for key, value in settings.items() if isinstance(settings, dict) else ():
        place = (*path, str(key))
        if isinstance(value, dict):
            yield from _leaves(value, place)
        else:
            yield place, ".".join(place), value


def _part(key: str) -> Part:
    """A setting by its name; a logger's level also holds for the loggers below it."""
    return ("setting", *key.split(".")) if key.startswith("logger.") else ("setting", key)


def _text(value: Any) -> Any:
    if value is None:
        return DEFAULT
    if isinstance(value, list):
        return [as_text(item) for item in value]
    # A list setting may be written as text with commas; servers keep what they got.
    return as_text(value)


CLUSTER_SETTINGS = ClusterSettingsKind()
