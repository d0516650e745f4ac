"""Elasticsearch behind a proxy: the transport's `requests` node, whose session knows it."""

from __future__ import annotations

from typing import Any

from elastic_transport import NodeConfig, RequestsHttpNode


def node_class(proxy: str) -> type[RequestsHttpNode]:
    """A node that asks `proxy` (a URL) for everything, whatever the process's environment says."""

    class Proxied(RequestsHttpNode):
        def __init__(self, config: NodeConfig) -> None:
            super().__init__(config)
            through(self.session, proxy)

    return Proxied


def through(session: Any, proxy: str) -> None:
    """Send all that a `requests.Session` sends through a proxy."""
    session.trust_env = False
    session.proxies = {"http": proxy, "https": proxy}
