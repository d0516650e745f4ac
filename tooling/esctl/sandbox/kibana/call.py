"""One request to the embedded Kibana, parsed, as the handlers take it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import roles
from .errors import KibanaError, bad_request
from .store import Store


@dataclass(frozen=True)
class Call:
    """`params` come from the path; `query` has every value of each key; `space` is where the request goes."""

    store: Store
    version: str
    space: str
    params: dict[str, str]
    query: dict[str, list[str]]
    body: Any = None
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    beside: roles.Elasticsearch | None = None

    @property
    def elasticsearch(self) -> roles.Elasticsearch:
        """The Elasticsearch that keeps what Kibana itself does not; raises KibanaError where there is none."""
        if self.beside is None:
            raise KibanaError(503, "the sandbox's Kibana runs without an Elasticsearch beside it")
        return self.beside

    @property
    def id(self) -> str:
        return self.params["id"]

    def flag(self, name: str) -> bool:
        """A boolean of the query; raises KibanaError where it is neither true nor false."""
        text = self.query.get(name, ["false"])[0]
        if text not in ("true", "false"):
            raise bad_request(f"[request query.{name}]: expected value of type [boolean] but got [string]")
        return text == "true"


Handler = Callable[[Call], Any]
"""Its answer: JSON data, or a whole response where the status is not 200."""
