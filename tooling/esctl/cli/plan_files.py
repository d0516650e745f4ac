"""Plans and snapshots as files: where they are from, whether they are for this project and cluster."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import EsctlError
from ..secret import Secret
from .planning import secret_key

if TYPE_CHECKING:
    from ..cluster import Cluster
    from ..model import Plan
    from ..plan import Survey
    from ..plan.plan_file import Origin
    from ..plan.snapshot import Snapshot
    from .invocation import Invocation


def origin(invocation: Invocation, cluster: Cluster) -> Origin:
    """Where a file that is written now comes from."""
    from .. import __version__
    from ..plan.plan_file import Origin

    return Origin(
        invocation.settings.name,
        invocation.settings.environment or "",
        cluster.root.uuid,
        __version__,
        datetime.now(UTC).isoformat(timespec="seconds"),
        invocation.commit,
        salted=secret_key(invocation) is None,
    )


def write_plan(invocation: Invocation, cluster: Cluster, plan: Plan, path: Path) -> None:
    """Keep a plan for `apply`."""
    from ..plan.plan_file import frozen

    write_document(path, frozen(plan, origin(invocation, cluster), invocation.kinds))


def read_plan(invocation: Invocation, cluster: Cluster, path: Path) -> Plan:
    """The plan of a file, if it was made for this project and this cluster."""
    from ..plan.plan_file import refuse_elsewhere, thawed

    plan, made = thawed(read_document(path), look_up(invocation), secret_key(invocation), str(path))
    settings = invocation.settings
    here = {"project": settings.name, "environment": settings.environment or "", "cluster": cluster.root.uuid}
    refuse_elsewhere(made, str(path), "plan again here", **here)
    return plan


def plan_file(addresses: list[str] | None) -> Path | None:
    """The file that was named instead of addresses: `plan.json`, not `index/plan.json`."""
    given = addresses or []
    files = [text for text in given if _looks_like_a_file(text)]
    if not files:
        return None
    if len(given) > 1:
        raise EsctlError(f"{files[0]} is a plan, which stands alone", hint="addresses were chosen when it was made")
    return Path(files[0])


def _looks_like_a_file(text: str) -> bool:
    from ..kinds import NAMES

    first = text.partition("/")[0].rpartition(":")[2] if "/" in text else ""
    if first in NAMES or "*" in text:
        return False
    return text.endswith(".json") or Path(text).is_file()


def read_snapshot(invocation: Invocation, path: Path) -> Snapshot:
    """A snapshot, with a word on its age; one of another project or environment is refused."""
    from ..plan.plan_file import refuse_elsewhere
    from ..plan.snapshot import age, of_document

    taken = of_document(read_document(path), secret_key(invocation), str(path))
    made, settings = taken.origin, invocation.settings
    here = {"project": settings.name, "environment": settings.environment or "", "cluster": made.cluster}
    environment = f"--env {made.environment} " if made.environment else ""
    hint = "`esctl snapshot --out FILE` takes one here"
    if made.project == settings.name:
        hint += f", `esctl plan {environment}--against {path}` plans for that one"
    refuse_elsewhere(made, str(path), hint, **here)
    invocation.say(f"Against a snapshot taken {age(made.made)} ({made.made}): what changed since is not seen.")
    return taken


def survey_against(invocation: Invocation, taken: Snapshot) -> Survey:
    """What a snapshot knows of the project's resources as they are written now."""
    from ..plan.snapshot import survey_of

    return survey_of(taken, invocation.loaded.resources, invocation.kinds)


def look_up(invocation: Invocation) -> Callable[[str], Secret]:
    """Gives the secret of a reference, such as `Bearer ${secret.env.TOKEN}`, from this environment."""
    from ..project.values import Values, substitute

    settings = invocation.settings
    values = Values({}, settings.environ, settings.root)

    def found(reference: str) -> Secret:
        value = substitute(reference, values, (reference,), lambda path, message, hint: None)
        if isinstance(value, Secret):
            return value
        raise EsctlError(f"{reference} is no reference to a secret")

    return found


def write_document(path: Path, document: Any) -> None:
    """JSON that only its owner may read: bodies tell a lot about a cluster."""
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise EsctlError(f"{path} cannot be written: {error.strerror or error}") from None


def read_document(path: Path) -> Any:
    """The JSON of a file. Raises EsctlError."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EsctlError(f"{path} cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise EsctlError(f"{path} is not JSON: {error}") from None
