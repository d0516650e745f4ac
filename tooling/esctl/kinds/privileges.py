"""The names that roles are made of: privileges, reserved roles and users, Kibana's features; and slips in them."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from importlib import resources
from typing import Any

from ..model import Path
from .schema import Finding
from .wording import meant

_ACTION = re.compile(r"(cluster|indices|internal):")
_PRINTABLE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")


@functools.cache
def names(what: str) -> tuple[str, ...]:
    """`cluster`, `index`, `remote_cluster`, `reserved_roles`, `reserved_users` or `kibana_features`."""
    text = (resources.files(__package__) / "data" / "privileges.json").read_text(encoding="utf-8")
    loaded: dict[str, list[str]] = json.loads(text)
    return tuple(loaded[what])


def unknown(what: str, written: Any, path: Path) -> Iterator[Finding]:
    """Privileges of the list `written` that no server is known to have: an error where it is probably a slip.

    A pattern over actions (`indices:data/read/*`) is a privilege, too.
    """
    for position, name in enumerate(written if isinstance(written, list) else ()):
        if not isinstance(name, str) or _ACTION.match(name) or name.lower() in names(what):
            continue
        slip, near = meant(name, names(what))
        message = f'there is no {what.replace("_", " ")} privilege "{name}"'
        severity: Any = "error" if slip else "warning"
        hint = near or "it is passed on; the server may know it"
        yield Finding((*path, position), message, hint, severity, "unknown-value")


def bad_name(kind: str, name: str) -> str | None:
    """Why a user or role cannot be called that; None where it can.

    What Elasticsearch takes (507 printable ASCII characters, no space around them), less what would be read as
    several names or as a part of the API.
    """
    if len(name) > 507 or not _PRINTABLE.fullmatch(name):
        return f"the name of a {kind} is 1 to 507 printable ASCII characters, without a space around them"
    if name[0] in "_-" or "," in name or "*" in name:
        return f'the name of a {kind} that esctl writes has no "," or "*" and does not begin with "_" or "-"'
    return None
