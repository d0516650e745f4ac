"""What dashboards and visualizations share: charts inside, compared as decoded saved objects, told in panels' words.

They have two ways in: the API that takes them as code, from Kibana 9.4 on, and saved objects, always. Both
ways are compared in one form: what only the API shows is compiled to the saved object that it stands for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

from ..dashboards import as_code_of, beyond_api, beyond_code, decode, differences_in_words, normal_form
from ..errors import EsctlError
from ..model import Address, Body, Capabilities, Consequence, Live, Request, Resource, Response, Sender
from . import saved_objects
from .base import Context, Cost, Reference
from .chart_references import chart_references

WORKERS = 8
WARNINGS = "warnings"
"""Key beside a live body: what the API said that it does not show of it."""


class Charted:
    """The part of `Kind`, `Wordy`, `Judging`, `Routed` and `Refusing` that is the same for both."""

    path: str = ""
    """Of the API that takes them as code."""

    def references(self, resource: Resource) -> Iterator[Reference]:
        yield from chart_references(resource.spec, resource.address.space)

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        return normal_form(saved_objects.envelope(body))

    def foreign(self, live: Live) -> str | None:
        return saved_objects.foreign(live.body)

    def written(self, live: Live, capabilities: Capabilities) -> Body:
        """As code, with what the format cannot say under `raw`; raises EsctlError for what is neither."""
        if why := _unshown(live.body):
            raise EsctlError(f"Kibana does not show all of it: {why}")
        return as_code_of(live.body, capabilities.kibana_version)

    def cost(self, before: Body | None, after: Body | None, capabilities: Capabilities) -> Cost:
        return Cost(Consequence.INSTANT)

    def in_words(self, before: Body, after: Body) -> Sequence[str]:
        return differences_in_words(before, after)

    def refusal(self, response: Response) -> str | None:
        return saved_objects.refusal(response)

    def route(self, body: Body, live: Body | None, capabilities: Capabilities) -> str:
        """Which way it is written, and why; nothing where a Kibana knows one way only."""
        if capabilities.kibana_version < (9, 4, 0):
            return ""
        why = self._beyond(body, live, capabilities)
        return "through the API, as code" if why is None else f"as a saved object: {why}"

    def refuses(self, address: Address, body: Body, live: Live, context: Context) -> str | None:
        if why := _unshown(live.body):
            return f"Kibana has more of it than it shows, and a write would lose that: {why}"
        return None

    def _beyond(self, body: Body, live: Body | None, capabilities: Capabilities) -> str | None:
        """Why a write of `body` onto `live` goes as a saved object (both as rendered or read); None: through the API.

        What the API cannot hold of the live one it would drop in silence, were it read through it.
        """
        version = capabilities.kibana_version
        why = self._lost(body, capabilities)
        if why is None and live is not None and live["type"] == body["type"] and version >= (9, 4, 0):
            lost = self._lost(live, capabilities)
            return None if lost is None else f"what is there now has more than the API keeps: {lost}"
        return why

    def _lost(self, body: Body, capabilities: Capabilities) -> str | None:
        why = beyond_api(self.normalise(body, capabilities), capabilities.kibana_version)
        return why or beyond_code(as_code_of(body, capabilities.kibana_version))

    def _writing(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        there = None if live is None else live.body
        if self._beyond(body, there, context.capabilities) is not None:
            return saved_objects.imports(address.space, [body])
        spec = as_code_of(body, context.capabilities.kibana_version)
        path = f"{self.path}/{quote(address.id, safe='')}"
        return (Request("kibana", "PUT", saved_objects.in_space(address.space, path), body=spec),)

    def _shown(
        self,
        sender: Sender,
        unexported: Mapping[Address, str],
        compiled: Callable[[Body, Address], Body],
    ) -> dict[Address, Live]:
        """What Kibana has as code only: one GET each, side by side."""

        def one(address: Address) -> Live | None:
            path = f"{self.path}/{quote(address.id, safe='')}"
            answer = sender.send(Request("kibana", "GET", saved_objects.in_space(address.space, path)), accept=(404,))
            if answer.status == 404:
                return None
            meta: dict[str, Any] = answer.body.get("meta") or {}
            body = compiled(answer.body["data"], address)
            if meta.get("managed"):
                body["managed"] = True
            if answer.body.get(WARNINGS):
                body[WARNINGS] = answer.body[WARNINGS]
            return Live(address, body, {key: meta[key] for key in ("version", "updated_at") if key in meta})

        addresses = sorted(unexported)
        if not addresses:
            return {}
        with ThreadPoolExecutor(min(WORKERS, len(addresses))) as pool:
            return {live.address: live for live in pool.map(one, addresses) if live is not None}


def exported(found: Iterable[tuple[Address, Body]]) -> dict[Address, Live]:
    """Exported saved objects, opened."""
    return {address: Live(address, decode(saved), saved_objects.version_of(saved)) for address, saved in found}


def _unshown(body: Body) -> str | None:
    warnings = body.get(WARNINGS)
    return "; ".join(map(saved_objects.warning, warnings)) if warnings else None
