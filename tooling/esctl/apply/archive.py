"""The archive: what is about to be deleted, kept in a local file that `restore` reads.

A zip of one JSON file for each resource and a manifest, which also says what no archive of configuration can hold.
Where the server has what esctl last sent, that is kept too, since it is the better body to send again; text at the
places of a kind's secrets is sealed, never kept.
"""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..cluster import Cluster, who
from ..cluster.history import History
from ..errors import EsctlError, ServerError, Source
from ..kinds.base import Collecting, Context, Kind, can
from ..kinds.differences import differences
from ..model import Action, Address, Body, Cause, Change, Live, Plan, Remembered, Resource
from ..plan.sealing import Seal, aligned, hidden, is_seal
from ..plan.truth import decide
from ..secret import Secret, restored

FORMAT = 1
MANIFEST = "manifest.json"

LOST: Mapping[str, str] = {
    "index": "its documents",
    "data-stream": "its backing indices with their documents",
    "documents": "what others changed in the documents since they were written",
    "user": "the password, unless a file of the project refers to it",
    "api-key": "the key itself: a key that is made again is another one",
    "transform": "its checkpoints: it begins anew",
    "enrich-policy": "its enrich index: it is executed again",
    "watch": "its state: acknowledgements and the last time it ran",
    "ccr-follower": "its documents: they are copied from the leader again",
    "slm-policy": "its statistics; the snapshots themselves stay in the repository",
    "inference-endpoint": "the key of the service, unless a file of the project refers to it",
    "search-connector": "its sync jobs and the content it brought in",
}
"""What goes with a resource of that kind and is in no archive."""


@dataclass(frozen=True)
class Kept:
    """One resource of an archive.

    `live` is the body that the server had, secrets sealed; `written` the body that esctl last sent, with
    `{"$secret": reference}` for secrets, None where the server had another one since.
    """

    address: Address
    live: Body
    written: Body | None = None
    remembered: Remembered | None = None


@dataclass(frozen=True)
class Archive:
    """What a file holds. `lost` says, by address, what it does not."""

    project: str
    when: str
    kept: tuple[Kept, ...]
    lost: Mapping[Address, str]


def going(changes: Sequence[Change]) -> Iterator[tuple[Change, Live, Remembered | None]]:
    """What these changes delete."""
    for change in changes:
        if change.moved_from is not None and change.moved_live is not None and change.afterwards:
            yield change, change.moved_live, change.moved_from
        made_anew = change.action is Action.REPLACE and change.reindex is None
        if change.live is not None and (change.action is Action.DELETE or made_anew):
            yield change, change.live, change.remembered


def losses(changes: Sequence[Change]) -> dict[Address, str]:
    """What no archive of these holds, by address."""
    return {live.address: LOST[live.address.kind] for _, live, _ in going(changes) if live.address.kind in LOST}


def into(folder: Path, plan: Plan, cluster: Cluster, kinds: Mapping[str, Kind]) -> Callable[[Sequence[Change]], str]:
    """The `backup` of a run: writes a file below `folder` and returns its path."""

    def backup(changes: Sequence[Change]) -> str:
        return str(write(folder, plan, changes, cluster, kinds))

    return backup


def write(folder: Path, plan: Plan, changes: Sequence[Change], cluster: Cluster, kinds: Mapping[str, Kind]) -> Path:
    """Keep what these changes delete. Raises EsctlError where the file cannot be written."""
    seal = plan.seal if isinstance(plan.seal, Seal) else Seal.fresh()
    found = list(going(changes))
    sent = _sent(cluster, plan.project, [live.address for _, live, _ in found])
    kept = []
    for _, live, remembered in found:
        kind = kinds[live.address.kind]
        body = hidden(live.body, seal, kind.secrets)
        written = sent.get(live.address) if _as_written(live, remembered, plan, kind, seal) else None
        kept.append(Kept(live.address, body, written, remembered))
    when = datetime.now(UTC)
    manifest: Body = {
        "format": FORMAT,
        "project": plan.project,
        "when": when.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "who": who(),
        "elasticsearch": ".".join(map(str, plan.capabilities.version)),
        "kibana": ".".join(map(str, plan.capabilities.kibana_version)),
        "resources": [],
        "not_in_here": {str(address): lost for address, lost in losses(changes).items()},
    }
    files = {}
    for number, one in enumerate(kept, 1):
        name = f"{number:04}-{re.sub(r'[^A-Za-z0-9._-]+', '_', str(one.address))[:80]}.json"
        manifest["resources"].append({"address": str(one.address), "file": name})
        files[name] = _document(one)
    path = _free(folder, f"{when:%Y%m%dT%H%M%S}", re.sub(r"[^A-Za-z0-9._-]+", "_", plan.project)[:40])
    try:
        _pack(path, {MANIFEST: manifest, **files})
    except OSError as error:
        message = f"the backup {path} cannot be written: {error.strerror or error}"
        raise EsctlError(message, hint="nothing was deleted") from None
    return path


def read(path: Path) -> Archive:
    """An archive as it was written. Raises EsctlError for anything else."""
    not_one = f"{path} is no archive of esctl"
    try:
        with zipfile.ZipFile(path) as packed:
            manifest = json.loads(packed.read(MANIFEST))
            if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
                found = manifest.get("format") if isinstance(manifest, dict) else manifest
                raise EsctlError(f"{not_one}: its format is {found!r}", hint=f"this esctl reads format {FORMAT}")
            kept = tuple(_kept(json.loads(packed.read(one["file"]))) for one in manifest["resources"])
            lost = {Address.parse(address): said for address, said in manifest["not_in_here"].items()}
            return Archive(str(manifest["project"]), str(manifest["when"]), kept, lost)
    except OSError as error:
        raise EsctlError(f"{path} cannot be read: {error.strerror or error}") from None
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError) as error:
        raise EsctlError(not_one, hint=f"it was cut off, or changed: {error}") from None


def resources(
    archive: Archive, path: Path, context: Context, kinds: Mapping[str, Kind], look_up: Callable[[str], Secret]
) -> tuple[list[Resource], dict[Address, str]]:
    """The archive as what is desired; and those that cannot be, with the reason.

    `look_up` gives the secret of a reference.
    """
    found: list[Resource] = []
    left: dict[Address, str] = {}
    for one in archive.kept:
        kind = kinds.get(one.address.kind) if one.address.kind in kinds else None
        if kind is None:
            left[one.address] = f"this esctl knows no {one.address.kind}"
            continue
        protect = one.remembered is not None and one.remembered.protect
        if one.written is not None:
            spec, rendered = restored(one.written, look_up), True
        else:
            try:
                spec, rendered = _from_live(one, kind, context), False
            except EsctlError as error:
                left[one.address] = str(error)
                continue
            spec = restored(_opened(spec, one.address), look_up)
        found.append(Resource(one.address, spec, Source(path.name), protect=protect, rendered=rendered))
    return found, left


def _from_live(one: Kept, kind: Kind, context: Context) -> Body:
    live = Live(one.address, one.live)
    if can(kind, Collecting):
        return kind.written(live, context.capabilities)
    return kind.normalise(live.body, context.capabilities)


def _opened(value: Any, address: Address, path: tuple[str | int, ...] = ()) -> Any:
    """Each seal as a secret that is absent: what the server showed was not kept."""
    if is_seal(value):
        place = ".".join(map(str, path))
        return Secret("", absent=f"the archive holds no secrets, and {address} has one in {place}")
    if isinstance(value, dict):
        return {key: _opened(part, address, (*path, key)) for key, part in value.items()}
    if isinstance(value, list):
        return [_opened(part, address, (*path, number)) for number, part in enumerate(value)]
    return value


def _sent(cluster: Cluster, project: str, addresses: Collection[Address]) -> dict[Address, Body]:
    """What esctl last sent for these, as far as the history knows."""
    try:
        steps = History(cluster, project).latest(addresses)
    except ServerError as error:
        if not error.status:
            raise
        return {}  # a history that cannot be read: the live bodies do
    return {address: step.after for address, step in steps.items() if step.after is not None}


def _as_written(live: Live, remembered: Remembered | None, plan: Plan, kind: Kind, seal: Seal) -> bool:
    """Whether the server still has what was last applied."""
    if remembered is None:
        return False
    found = kind.normalise(live.body, plan.capabilities)
    if kind.secrets:
        found = aligned(found, None, remembered.body, seal, kind.secrets)
    if kind.shared and differences(found, remembered.body):
        return False  # others wrote there too: what they did must come back as well
    return decide(None, remembered, found, shared=kind.shared) is Cause.ORPHAN


def _document(one: Kept) -> Body:
    remembered = one.remembered
    return {
        "kind": one.address.kind,
        "id": one.address.id,
        "space": one.address.space,
        "live": one.live,
        "written": one.written,
        "remembered": remembered
        and {
            "body": remembered.body,
            "defaults": remembered.defaults,
            "who": remembered.who,
            "when": remembered.when,
            "commit": remembered.commit,
            "protect": remembered.protect,
        },
    }


def _kept(body: Body) -> Kept:
    address = Address(body["kind"], body["id"], body["space"])
    was = body["remembered"]
    remembered = was and Remembered(
        address,
        was["body"],
        was["defaults"],
        who=was["who"],
        when=was["when"],
        commit=was["commit"],
        protect=was["protect"],
    )
    return Kept(address, body["live"], body["written"], remembered)


def _free(folder: Path, time: str, project: str) -> Path:
    """A name that no archive has yet."""
    path, number = folder / f"{time}-{project}.zip", 1
    while path.exists():
        number += 1
        path = folder / f"{time}-{number}-{project}.zip"
    return path


def _pack(path: Path, files: Mapping[str, Body]) -> None:
    """Whole or not at all, readable by nobody else, and on the disk before anything is deleted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beginning = path.with_suffix(".part")
    descriptor = os.open(beginning, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, body in files.items():
                packed.writestr(name, json.dumps(body, ensure_ascii=False, indent=1))
        out.flush()
        os.fsync(out.fileno())
    os.replace(beginning, path)
