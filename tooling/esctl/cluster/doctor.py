"""`diagnose`: is everything there that esctl needs? Findings and, where something is amiss, remedies."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import EsctlError, ServerError
from ..model import Request
from .client import Cluster
from .connection import Connection
from .lease import server_time
from .own import OWN_INDICES
from .routes import READ_ONLY
from .server import parse_version

CLUSTER_PRIVILEGES = ("monitor", "manage_index_templates", "manage_ingest_pipelines", "manage_ilm")
OWN_PRIVILEGES = ("create_index", "view_index_metadata", "read", "write")
PROJECT_PRIVILEGES = ("create_index", "view_index_metadata", "manage", "read", "write", "delete_index")
MOST_SKEW = 30.0  # s

_FREE = ("basic",)
_NO_SECURITY = (400, 404, 405, 500)


@dataclass(frozen=True)
class Check:
    """One finding. `remedy` is empty where the state is `ok`."""

    name: str
    state: Literal["ok", "warning", "failed"]
    detail: str
    remedy: str = ""


def diagnose(
    connection: Connection,
    *,
    indices: Sequence[str] = (),
    gallery: str | None = None,
    extra: Sequence[Check] = (),
    clock: Callable[[], float] = time.time,
) -> list[Check]:
    """Look at both servers and say what is found; never raises for what a server does, and writes nothing.

    `indices` are the names that the project writes; `gallery` is the project's `var.gallery`, None where it has none;
    `extra` are checks made elsewhere (the embedding model's cache), told at the end.
    """
    with Cluster(connection, guard=READ_ONLY) as cluster:
        checks = [_elasticsearch(cluster)]
        if checks[0].state != "failed":
            checks += [
                _safely("licence", lambda: _licence(cluster)),
                _safely("privileges", lambda: _privileges(cluster, indices)),
                _safely("clock", lambda: _clock(cluster, clock)),
            ]
        checks += _kibana(cluster, gallery)
    return [*checks, *extra]


def _elasticsearch(cluster: Cluster) -> Check:
    def look() -> Check:
        root = cluster.root
        what = "the esctl sandbox" if root.sandbox else f'cluster "{root.cluster}"'
        version = ".".join(map(str, root.version))
        return Check("elasticsearch", "ok", f"{version} at {cluster.connection.place('elasticsearch')}, {what}")

    return _safely("elasticsearch", look)


def _licence(cluster: Cluster) -> Check:
    body = cluster.get("/_license", accept=(400, 404, 405, 410))
    given = body.get("license") if isinstance(body, dict) else None
    if not isinstance(given, dict):
        return Check("licence", "ok", "not told by this server; taken as basic")
    kind, status = str(given.get("type")), str(given.get("status"))
    if status != "active":
        return Check(
            "licence", "warning", f"{kind}, {status}", "renew it: POST /_license, or in Kibana's Stack Management"
        )
    until = "" if kind in _FREE or not given.get("expiry_date") else f", until {given['expiry_date']}"
    return Check("licence", "ok", f"{kind}{until}")


def _privileges(cluster: Cluster, indices: Sequence[str]) -> Check:
    wanted: list[dict[str, Any]] = [{"names": list(OWN_INDICES), "privileges": list(OWN_PRIVILEGES)}]
    if indices:
        wanted.append({"names": sorted(set(indices)), "privileges": list(PROJECT_PRIVILEGES)})
    body = {"cluster": list(CLUSTER_PRIVILEGES), "index": wanted}
    request = Request("elasticsearch", "POST", "/_security/user/_has_privileges", body=body)
    answer = cluster.send(request, accept=_NO_SECURITY)
    if answer.status != 200:
        if cluster.root.sandbox or cluster.connection.loopback("elasticsearch"):
            return Check("privileges", "ok", "security is off: everybody may do everything")
        remedy = "switch security on (xpack.security.enabled: true)"
        return Check(
            "privileges", "warning", "security is off: everybody who reaches the server may do everything", remedy
        )
    user = str(answer.body.get("username"))
    if answer.body.get("has_all_requested"):
        return Check("privileges", "ok", f'user "{user}" may do all that esctl does')
    missing = [f"cluster: {name}" for name, has in answer.body.get("cluster", {}).items() if not has]
    for index, privileges in answer.body.get("index", {}).items():
        lacking = [name for name, has in privileges.items() if not has]
        if lacking:
            missing.append(f"{index}: {', '.join(lacking)}")
    return Check(
        "privileges",
        "failed",
        f'user "{user}" lacks {"; ".join(missing)}',
        "grant them in a role (Stack Management > Roles, or PUT /_security/role)",
    )


def _clock(cluster: Cluster, clock: Callable[[], float]) -> Check:
    asked = clock()
    try:
        server = server_time(cluster) / 1000
    except ServerError:
        return Check("clock", "ok", "not told by this server before the ledger is made")
    skew = server - (asked + clock()) / 2  # against the middle of the request
    if abs(skew) < 1:  # less than what a busy machine takes to answer: neither ahead nor behind
        return Check("clock", "ok", "the server's clock agrees with this machine's within 1 s")
    detail = f"the server's clock is {abs(skew):.1f} s {'ahead' if skew > 0 else 'behind'}"
    if abs(skew) > MOST_SKEW:
        remedy = "set both by NTP (esctl's lease goes by the server's clock and is safe, but times in history are not)"
        return Check("clock", "warning", detail, remedy)
    return Check("clock", "ok", detail)


def _kibana(cluster: Cluster, gallery: str | None) -> list[Check]:
    if cluster.connection.kibana_url is None:
        return [Check("kibana", "warning", "no address", "set kibana.url in esctl.yaml, or ESCTL_KIBANA_URL")]
    checks = [_safely("kibana", lambda: _kibana_status(cluster))]
    if checks[0].state != "failed" and gallery is not None:
        checks.append(_vega_images(gallery))
    return checks


def _kibana_status(cluster: Cluster) -> Check:
    place = cluster.connection.place("kibana")
    answer = cluster.kibana_status()
    body = answer.body if isinstance(answer.body, dict) else {}
    status = body.get("status")
    level = (status.get("overall") or {}).get("level") if isinstance(status, dict) else None
    number = str((body.get("version") or {}).get("number") or "") if isinstance(body.get("version"), dict) else ""
    if answer.status in (401, 403):
        # Raises with the words that every other command has for it.
        cluster.get("/api/status", service="kibana")
    if level is None:
        if answer.status == 503:
            return Check("kibana", "failed", f"{place} is still starting", "wait, then look at Kibana's log")
        return Check("kibana", "failed", f"{place} does not answer /api/status as Kibana does", "check the address")
    if level != "available":
        summary = (status.get("overall") or {}).get("summary") if isinstance(status, dict) else ""
        return Check("kibana", "failed", f"{place} is {level}: {summary or 'no reason given'}", "look at Kibana's log")
    if not number:
        remedy = "give credentials that Kibana accepts"
        return Check("kibana", "warning", f"{place} is available, but does not tell its version", remedy)
    return _versions_fit(cluster, number, place)


def _versions_fit(cluster: Cluster, number: str, place: str) -> Check:
    detail = f"{number} at {place}, available"
    try:
        elasticsearch = cluster.root.version
    except ServerError:
        return Check("kibana", "ok", detail)  # said by its own check
    kibana = parse_version(number)
    named = ".".join(map(str, elasticsearch))
    # Kibana runs with the same minor version of Elasticsearch, or a newer minor of the same major.
    if kibana[0] != elasticsearch[0] or kibana[:2] > elasticsearch[:2]:
        return Check("kibana", "failed", f"{detail}, but Elasticsearch is {named}", "run both in the same version")
    if kibana[:2] != elasticsearch[:2]:
        return Check(
            "kibana", "warning", f"{detail}, but Elasticsearch is {named}", "upgrade Kibana to the same version"
        )
    return Check("kibana", "ok", detail)


def _vega_images(gallery: str) -> Check:
    if gallery == "pixels":
        return Check("gallery", "ok", "drawn as pixels: needs no setting of Kibana")
    return Check(
        "gallery",
        "warning",
        f'var.gallery is "{gallery}": Kibana shows such images only where its own settings say so, which no API tells',
        "see that kibana.yml has vis_type_vega.enableExternalUrls: true, or set var.gallery to pixels",
    )


def _safely(name: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except EsctlError as error:
        problem = error.problems[0]
        return Check(name, "failed", problem.message, problem.hint or "see the message")
