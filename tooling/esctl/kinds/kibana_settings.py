"""Advanced settings of a space: shared ground, of which a project owns the keys that it writes and no other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import Problem
from ..model import Address, Body, Capabilities, Consequence, Live, Path, Request, Resource, Sender
from .base import Context, Cost, Needs, Part, Reference
from .kibana_api import each_space
from .normalise import copy
from .saved_objects import in_space

PATH = "/api/kibana/settings"
DEFAULT = "(default)"
"""What stands for a key that is not set: the written form is `null`."""
READ_ONLY = ("buildNum", "isDefaultIndexMigrated")
DEFAULT_VIEW = "defaultIndex"


@dataclass(frozen=True)
class KibanaSettingsKind:
    """One document is a group of settings of one space; its id is a name of your choice, taken once per space.

    A key that is taken out of the file goes back to Kibana's default, not to what it was before esctl set it.
    """

    name: str = "kibana-settings"
    stage: int = 69
    spaced: bool = True
    shared: bool = True
    about: str = (
        "Advanced settings of a Kibana space. Only the keys written are owned: others are neither shown nor touched. "
        "A key taken out goes back to Kibana's default; `null` holds a key at that default."
    )
    api: str = "POST /api/kibana/settings"
    needs: Needs = Needs(serverless=False)
    secrets: tuple[str, ...] = ()

    def check(self, resource: Resource) -> Iterator[Problem]:
        for key in resource.spec:
            if key != "changes":
                yield Problem(f'unknown key "{key}"', resource.at("spec", key), "settings stand under changes")
        written = resource.spec.get("changes")
        if not isinstance(written, dict) or not written:
            yield Problem("changes is a map of settings", resource.at("spec", "changes"))
            return
        for key in written:
            if key in READ_ONLY:
                yield Problem(f"{key} is Kibana's own", resource.at("spec", "changes", key), "leave it out")

    def render(self, resource: Resource, context: Context) -> Body:
        return {"changes": copy(resource.spec.get("changes") or {})}

    def references(self, resource: Resource) -> Iterable[Reference]:
        view = (resource.spec.get("changes") or {}).get(DEFAULT_VIEW)
        if isinstance(view, str):
            yield Reference(Address("data-view", view, resource.address.space), ("spec", "changes", DEFAULT_VIEW))

    def read(self, sender: Sender, addresses: Collection[Address], capabilities: Capabilities) -> dict[Address, Live]:
        """One GET for each space: every group of it is seen against the same list."""
        found: dict[Address, Live] = {}
        for space in sorted({address.space for address in addresses}):
            body = self._all(sender, space)
            if body is not None:
                found |= {address: Live(address, body) for address in addresses if address.space == space}
        return found

    @staticmethod
    def _all(sender: Sender, space: str) -> Body | None:
        answer = sender.send(Request("kibana", "GET", in_space(space, PATH)), accept=(404,))
        if answer.status == 404:
            return None  # the space does not exist (yet)
        settings = answer.body["settings"]
        return {"changes": {key: one["userValue"] for key, one in settings.items() if "userValue" in one}}

    def everything(self, sender: Sender, capabilities: Capabilities) -> dict[Address, Live]:
        """All settings of a space as one group, called `settings`."""
        found: dict[Address, Live] = {}
        for space in each_space(sender):
            address = Address(self.name, "settings", space)
            changes = (self._all(sender, space) or {}).get("changes", {})
            said = {key: value for key, value in changes.items() if key not in (*READ_ONLY, DEFAULT_VIEW)}
            if said:
                found[address] = Live(address, {"changes": said})
        return found

    def foreign(self, live: Live) -> str | None:
        return None

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        return {"changes": dict(sorted((live.body.get("changes") or {}).items()))}

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        said = {key: DEFAULT if value is None else copy(value) for key, value in (body.get("changes") or {}).items()}
        return {"changes": said} if said else {}

    def insisted(self, body: Body, rendered: Body, live: Body) -> Body:
        """A key that is held at its default and not set is as it should be."""
        changes, there = body.get("changes", {}), live.get("changes", {})
        kept = {key: value for key, value in changes.items() if value != DEFAULT or key in there}
        return {"changes": kept} if kept else {}

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        there = (live.body.get("changes") or {}) if live else {}
        changed = {key: value for key, value in body["changes"].items() if there.get(key) != value}
        return (_post(address, changed),) if changed else ()

    def release(self, address: Address, last: Body, body: Body, live: Live, context: Context) -> tuple[Request, ...]:
        return self._reset(address, last, live, set(body.get("changes") or {}))

    def withdraw(self, address: Address, last: Body, live: Live, context: Context) -> tuple[Request, ...]:
        return self._reset(address, last, live, set())

    @staticmethod
    def _reset(address: Address, last: Body, live: Live, kept: set[str]) -> tuple[Request, ...]:
        there = live.body.get("changes") or {}
        gone = [key for key in last.get("changes", {}) if key not in kept and key in there]
        return (_post(address, dict.fromkeys(gone)),) if gone else ()

    def parts(self, address: Address, body: Body) -> Iterator[tuple[Part, Path]]:
        for key in body.get("changes") or {}:
            yield _part(address, key), ("changes", key)

    def without(self, address: Address, body: Body, taken: Callable[[Part], bool]) -> Body | None:
        left = {key: value for key, value in (body.get("changes") or {}).items() if not taken(_part(address, key))}
        return {**body, "changes": left} if left else None

    def ours(self, live: Body, wanted: Body, last: Body | None) -> bool:
        """A key that nobody set belongs to nobody."""
        there, before = live.get("changes", {}), (last or {}).get("changes", {})
        return all(
            key not in there or there[key] in (value, before.get(key, value))
            for key, value in wanted.get("changes", {}).items()
        )

    def delete(self, address: Address, context: Context) -> tuple[Request, ...]:
        """Without knowing what was written there is nothing to take back: `withdraw` does."""
        return ()

    def cost(self, before: Body | None, after: Body | None, capabilities: Capabilities) -> Cost:
        if after is None:
            return Cost(Consequence.INSTANT, "the keys written here go back to Kibana's defaults")
        gone = [key for key in (before or {}).get("changes", {}) if key not in after.get("changes", {})]
        words = f"{', '.join(gone)}: back to the default, not to what stood there before esctl" if gone else ""
        return Cost(Consequence.INSTANT, words)


def _part(address: Address, key: str) -> Part:
    return ("kibana setting", address.space or "default", key)


def _post(address: Address, changes: dict[str, Any]) -> Request:
    return Request("kibana", "POST", in_space(address.space, PATH), body={"changes": changes})


KIBANA_SETTINGS = KibanaSettingsKind()
