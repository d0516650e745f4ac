"""Kinds that need security or Watcher: what a server answers that has it switched off, and what is said then."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from ..errors import ServerError
from ..model import Address, Capabilities, Live, Request, Response, Sender
from .rest import RestKind

OFF = (400, 404, 405)
"""With security off its routes do not exist: 400 "no handler found for uri […]", 405 where another method has one."""

SECURITY = ("security", "xpack.security.enabled: true in elasticsearch.yml switches it on")
WATCHER = ("Watcher", "xpack.watcher.enabled: true in elasticsearch.yml switches it on")

_NO_ROUTE = re.compile(r"no handler found for uri|Incorrect HTTP method for uri")


def listed(sender: Sender, request: Request, feature: tuple[str, str]) -> Any:
    """The body of a list, `{}` for an answer of 404, None where the server has the feature switched off.

    Raises ServerError for any other refusal.
    """
    answer = sender.send(request, accept=OFF)
    if answer.status < 400:
        return answer.body
    if _switched_off(answer):
        return None
    if answer.status == 404:
        return {}
    said = answer.body.get("error") if isinstance(answer.body, dict) else answer.body
    reason = said.get("reason", said) if isinstance(said, dict) else said
    raise ServerError(f"{request}: Elasticsearch answered {answer.status}, {reason}", status=answer.status)


def switched_off(name: str, feature: tuple[str, str]) -> ServerError:
    """What a person reads who has such resources and a server without the feature."""
    what, remedy = feature
    message = f"{what} is switched off on this cluster, and {name} resources need it"
    return ServerError(message, status=405, kind="switched_off", hint=remedy)


def _switched_off(answer: Response) -> bool:
    error = answer.body.get("error") if isinstance(answer.body, dict) else answer.body
    return isinstance(error, str) and _NO_ROUTE.search(error) is not None


@dataclass(frozen=True)
class SecuredKind(RestKind):
    """A RestKind of such a server: without the feature there is nothing to collect, and nothing can be planned."""

    feature: tuple[str, str] = SECURITY

    def read(self, sender: Sender, addresses: Collection[Address], capabilities: Capabilities) -> dict[Address, Live]:
        if not addresses:
            return {}
        found = self.found(sender, addresses, capabilities)
        if found is None:
            raise switched_off(self.name, self.feature)
        return {address: found[address] for address in addresses if address in found}

    def everything(self, sender: Sender, capabilities: Capabilities) -> dict[Address, Live]:
        return self.found(sender, None, capabilities) or {}

    def found(
        self, sender: Sender, addresses: Collection[Address] | None, capabilities: Capabilities
    ) -> dict[Address, Live] | None:
        """What is there of `addresses` or more (None: all there is); None where the feature is switched off."""
        body = listed(sender, Request("elasticsearch", "GET", self.listing), self.feature)
        if body is None:
            return None
        return {(address := Address(self.name, name)): Live(address, item) for name, item in self.items(body)}
