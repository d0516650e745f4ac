"""What `GET /` and `GET /api/status` say about the servers, checked: is it the product, and is it new enough?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ..errors import ServerError
from .connection import Connection
from .refusals import not_the_product

OLDEST = (8, 19, 0)
NEWEST_MAJOR = 9  # what the Python client speaks

Version = tuple[int, int, int]


@dataclass(frozen=True)
class Root:
    """The answer of Elasticsearch's `GET /`."""

    version: Version
    flavor: str
    sandbox: bool
    cluster: str
    uuid: str = ""

    @property
    def major(self) -> int:
        """The major version to be named in `compatible-with`."""
        return min(self.version[0], NEWEST_MAJOR)


def read_root(connection: Connection, body: Any, product: str | None) -> Root:
    """Check the answer of `GET /`; `product` is the X-Elastic-Product header. Raises ServerError."""
    version = body.get("version") if isinstance(body, dict) else None
    if not isinstance(version, dict) or "number" not in version:
        raise not_the_product(connection, "elasticsearch", _seen(body))
    number = parse_version(str(version["number"]))
    distribution = version.get("distribution")
    if distribution:  # OpenSearch says so of itself
        raise not_the_product(connection, "elasticsearch", f"it is {distribution} {version['number']}")
    if number < OLDEST:
        oldest = ".".join(map(str, OLDEST[:2]))
        place = connection.place("elasticsearch")
        message = f"Elasticsearch at {place} is {version['number']}, and esctl needs {oldest} or newer"
        raise ServerError(message, kind="old_server", hint="upgrade the server")
    if product != "Elasticsearch":
        raise not_the_product(connection, "elasticsearch", "the X-Elastic-Product header is missing")
    return Root(
        version=number,
        flavor=str(version.get("build_flavor") or "default"),
        sandbox=body.get("sandbox") is True,
        cluster=str(body.get("cluster_name") or ""),
        uuid=str(body.get("cluster_uuid") or ""),
    )


def parse_version(text: str) -> Version:
    """`9.5.3-SNAPSHOT` → (9, 5, 3); (0, 0, 0) where the text begins with no version."""
    match = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else (0, 0, 0)


def _seen(body: Any) -> str:
    if isinstance(body, str):
        if "<html" in body[:1000].lower() or "<!doctype" in body[:1000].lower():
            return "it answers with a web page"
        return "it answers with text" if body.strip() else "its answer is empty"
    return "its answer names no version"
