"""Snapshot repositories, and the policies that take snapshots into them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import Problem, ServerError
from ..model import Address, Body, Capabilities, Consequence, Live, Path, Request, Resource, Sender
from .base import Context, Cost, Needs
from .normalise import as_text, copy, drop, drop_if
from .rest import RestKind, managed, mapped

SECURE = {
    "access_key": "s3.client.{client}.access_key",
    "secret_key": "s3.client.{client}.secret_key",
    "session_token": "s3.client.{client}.session_token",
    "account": "azure.client.{client}.account",
    "key": "azure.client.{client}.key",
    "sas_token": "azure.client.{client}.sas_token",
    "credentials_file": "gcs.client.{client}.credentials_file",
}
"""What looks like a setting of a repository, and the name under which each node's keystore holds it."""

OWN = ("verify",)
PLACES = ("type", "location", "bucket", "container", "base_path", "url", "path")


@dataclass(frozen=True)
class RepositoryKind(RestKind):
    """`verify: false`, beside Elastic's body, registers it without writing a file into it first."""

    def check(self, resource: Resource) -> Iterable[Problem]:
        yield from super().check(resource)
        settings = resource.spec.get("settings")
        client = settings.get("client", "default") if isinstance(settings, dict) else "default"
        for key in settings if isinstance(settings, dict) else ():
            if key in SECURE:
                name = SECURE[key].format(client=client)
                place = resource.at("spec", "settings", key)
                yield Problem(
                    f"{key} does not belong here: servers show it", place, f'each node has "{name}" in its keystore'
                )
        if not isinstance(resource.spec.get("verify", True), bool):
            yield Problem("verify is true or false", resource.at("spec", "verify"))

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        body = super().normalise(body, capabilities)
        for key in OWN:
            body.pop(key, None)
        body["settings"] = dict(_flat(body.get("settings") or {}))
        return body

    def write(self, address: Address, body: Body, live: Live | None, context: Context) -> tuple[Request, ...]:
        params = {"verify": "false"} if body.get("verify") is False else {}
        sent = {key: value for key, value in body.items() if key not in OWN}
        return (Request("elasticsearch", "PUT", self._path(address), params, sent),)

    def cost(self, before: Body | None, after: Body | None, capabilities: Capabilities) -> Cost:
        if before is None or after is None:
            return super().cost(before, after, capabilities)
        old, new = ({"type": side.get("type"), **side["settings"]} for side in (before, after))
        moved = [key for key in PLACES if old.get(key) != new.get(key)]
        if moved:
            words = f"with another {' and '.join(moved)} it no longer shows the snapshots taken so far"
            return Cost(Consequence.INSTANT, words)
        return Cost(Consequence.INSTANT)


def _flat(settings: Body, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        elif value is not None:
            yield f"{prefix}{key}", [as_text(item) for item in value] if isinstance(value, list) else as_text(value)


@dataclass(frozen=True)
class SnapshotPolicyKind(RestKind):
    """The owner's mark goes along into the metadata of each snapshot."""

    def normalise(self, body: Body, capabilities: Capabilities) -> Body:
        return drop_if(("config",), {})(super().normalise(body, capabilities), capabilities)

    def verify(self, address: Address, body: Body, sender: Sender, capabilities: Capabilities) -> Iterator[str]:
        """Whether its last snapshot was taken."""
        try:
            answer = sender.send(Request("elasticsearch", "GET", self._path(address))).body
        except ServerError as error:
            yield str(error)
            return
        entry = answer.get(address.id) or {}
        failure, success = entry.get("last_failure"), entry.get("last_success") or {}
        if failure and failure.get("time", 0) > success.get("time", 0):
            why = failure.get("details") or "the server does not say why"
            yield f"its last snapshot, {failure.get('snapshot_name')}, failed: {why}"


def _policies(answer: Any) -> Iterable[tuple[str, Body]]:
    return ((name, copy(entry["policy"])) for name, entry in (answer or {}).items())


def _repository(spec: Body) -> Iterator[tuple[str, str, Path]]:
    if isinstance(spec.get("repository"), str):
        yield "snapshot-repository", spec["repository"], ("repository",)


def _installed(name: str, body: Body) -> str | None:
    return (
        "it comes with the deployment" if name in ("found-snapshots", "cloud-snapshot-policy") else managed(name, body)
    )


SNAPSHOT_REPOSITORY = RepositoryKind(
    name="snapshot-repository",
    stage=7,
    path="/_snapshot/{id}",
    listing="/_snapshot",
    items=mapped,
    about="Where snapshots are kept: a folder, a bucket, a URL. Credentials are in each node's keystore, never here."
    " `verify: false` registers it without trying it out.",
    api="PUT /_snapshot/{repository}",
    rules=(drop(("uuid",)),),
    deletion=Cost(Consequence.INSTANT, "the cluster forgets it; its snapshots stay where they are"),
    needs=Needs(serverless=False),
    system=_installed,
)

SLM_POLICY = SnapshotPolicyKind(
    name="slm-policy",
    stage=8,
    path="/_slm/policy/{id}",
    listing="/_slm/policy",
    items=_policies,
    about="When snapshots are taken, of what, into which repository, and how long they are kept.",
    api="PUT /_slm/policy/{policy_id}",
    meta=("config", "metadata"),
    takes_effect=Cost(Consequence.INSTANT, "from its next run on; snapshots already taken stay"),
    deletion=Cost(Consequence.INSTANT, "no more snapshots are taken or expired by it; those taken stay"),
    refers_to=(_repository,),
    needs=Needs(serverless=False),
    system=_installed,
)
