"""Server settings: how Elasticsearch and Kibana are reached, put together from layers of which later ones win.

The layers: `esctl.yaml`, its `environments.<name>`, the process's environment (ESCTL_ELASTICSEARCH_URL,
ESCTL_KIBANA_URL, ESCTL_CLOUD_ID, ESCTL_API_KEY or ESCTL_USERNAME and ESCTL_PASSWORD, ESCTL_CA_CERTS,
ESCTL_CA_FINGERPRINT, ESCTL_PROXY), the command line's overrides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, Protocol
from urllib.parse import urlsplit

from ..model import Path
from ..secret import Secret

DEFAULT_URL = {"elasticsearch": "http://127.0.0.1:9200", "kibana": "http://127.0.0.1:5601"}
TYPES: dict[str, tuple[type, ...]] = {
    "url": (str,),
    "cloud_id": (str,),
    "username": (str,),
    "password": (str, Secret),
    "api_key": (str, Secret),
    "bearer": (str, Secret),
    "ca_certs": (str,),
    "ca_fingerprint": (str,),
    "client_cert": (str,),
    "client_key": (str,),
    "proxy": (str,),
    "verify": (bool,),
    "timeout": (int, float),
}
OUTSIDE = (
    "elasticsearch_url",
    "kibana_url",
    "cloud_id",
    "api_key",
    "username",
    "password",
    "ca_certs",
    "ca_fingerprint",
    "proxy",
)
"""What the process's environment (as ESCTL_…) and the command line may give."""

_LOGINS = (("username", "password"), ("api_key",), ("bearer",))
_SECRETS = ("password", "api_key", "bearer")
_PLACES = ("url", "cloud_id")
_FILES = ("ca_certs", "client_cert", "client_key")

Layer = Mapping[str, tuple[Any, Path | None]]
"""Key → its value as written, and where in `esctl.yaml` (None: it came from outside)."""


@dataclass(frozen=True)
class ServerSettings:
    """How one server is reached. `timeout` in seconds; paths of certificates are absolute.

    `url` is "" where a `cloud_id` (Elasticsearch's) says where both servers are. `ca_fingerprint` is the SHA-256 of a
    certificate of the server's chain, as Elasticsearch prints it when it starts for the first time.
    """

    url: str
    username: str | None = None
    password: Secret | None = None
    api_key: Secret | None = None
    bearer: Secret | None = None
    cloud_id: str | None = None
    ca_certs: str | None = None
    ca_fingerprint: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    proxy: str | None = None
    verify: bool = True
    timeout: float = 30.0


class Reader(Protocol):
    """What the reading of `esctl.yaml` lends: substitution, type checks, and the place to complain."""

    root: FilePath

    def final(self, raw: Any, at: Path) -> Any: ...

    def typed(self, data: Mapping[str, Any], key: str, kinds: tuple[type, ...], at: Path) -> bool: ...

    def problem(self, at: Path | None, message: str, hint: str | None = None) -> None: ...


def outside_layer(server: str, given: Mapping[str, str]) -> Layer:
    """The part of `given` (keys as in OUTSIDE) that concerns one server; empty text counts as not given."""
    layer: dict[str, tuple[Any, Path | None]] = {}
    for key in OUTSIDE:
        of_the_other = key.endswith("_url") and key != f"{server}_url" or (key == "cloud_id" and server == "kibana")
        if given.get(key) and not of_the_other:
            layer[key.removeprefix(f"{server}_")] = (given[key], None)
    return layer


def login_of(layers: list[Layer]) -> list[Layer]:
    """What layers say about logging in, and nothing else; empty where they say nothing."""
    keys = {key for way in _LOGINS for key in way}
    found: list[Layer] = [{key: value for key, value in layer.items() if key in keys} for layer in layers]
    return [layer for layer in found if layer]


def server_settings(
    server: str, layers: list[Layer], reader: Reader, fallback: ServerSettings | None
) -> ServerSettings:
    """One server's settings. Where it says nothing of its own, `fallback` lends certificates and times.

    Values that a later layer replaces are never substituted: their variables need not be set.
    """
    merged: dict[str, tuple[Any, Path | None]] = {}
    for layer in layers:
        ways = [way for way in _LOGINS if layer.keys() & set(way)]
        if len(ways) > 1:
            said = " and ".join(way[0] for way in ways)
            at = layer[ways[0][0]][1] if ways[0][0] in layer else None
            hint = "log in with username and password, or api_key, or bearer"
            reader.problem(at, f"{said} are both given", hint)
        if ways:
            gone = {key for way in _LOGINS if way not in ways for key in way}
            merged = {key: value for key, value in merged.items() if key not in gone}
        if len(layer.keys() & set(_PLACES)) == 2:
            hint = "the cloud id says where both servers are"
            reader.problem(layer["cloud_id"][1] or layer["url"][1], "url and cloud_id are both given", hint)
        elif layer.keys() & set(_PLACES):
            merged = {key: value for key, value in merged.items() if key not in _PLACES}
        merged |= layer
    found: dict[str, Any] = {}
    for key, (raw, at) in merged.items():
        value = raw if at is None else reader.final(raw, at)
        if value not in (None, "") and (at is None or reader.typed({key: value}, key, TYPES[key], at[:-1])):
            found[key] = Secret(value) if key in _SECRETS and isinstance(value, str) else value
    _check(server, found, {key: at for key, (_, at) in merged.items()}, reader)
    login = {key: found[key] for way in _LOGINS for key in way if key in found}
    base = fallback or ServerSettings("")
    in_the_cloud = "cloud_id" in found or base.cloud_id
    for key in _FILES:
        if key in found:
            found[key] = str(reader.root / found[key])
    return ServerSettings(
        url=found.get("url", "" if in_the_cloud else DEFAULT_URL[server]).rstrip("/"),
        cloud_id=found.get("cloud_id"),
        **login,
        **{key: found.get(key, getattr(base, key)) for key in (*_FILES, "ca_fingerprint", "proxy")},
        verify=found.get("verify", base.verify),
        timeout=float(found.get("timeout", base.timeout)),
    )


def _check(server: str, found: Mapping[str, Any], places: Mapping[str, Path | None], reader: Reader) -> None:
    if "url" in found:
        parts = urlsplit(found["url"])
        if parts.scheme not in ("http", "https") or not parts.netloc:
            shown = found["url"].rpartition("@")[2]
            hint = f"write for example {DEFAULT_URL[server]}"
            reader.problem(places["url"], f'the address of {server}, "{shown}", is not a URL', hint)
        elif "@" in parts.netloc:
            hint = "give username and password beside it"
            reader.problem(places["url"], f"the URL of {server} holds credentials", hint)
    for one, other in (("username", "password"), ("password", "username")):
        if one in found and other not in places:
            hint = f"set ESCTL_{other.upper()}, or log in with an API key"
            reader.problem(places[one], f"there is a {one} and no {other} to log in with", hint)
    if "client_key" in found and "client_cert" not in found:
        reader.problem(places["client_key"], "there is a client_key and no client_cert", "give the certificate's file")
    if server == "kibana" and "cloud_id" in found:
        reader.problem(places["cloud_id"], "cloud_id belongs under elasticsearch", "it says where Kibana is, too")
    if found.get("timeout", 1) <= 0:
        reader.problem(places["timeout"], f"{server}.timeout must be more than 0 seconds, not {found['timeout']}")
