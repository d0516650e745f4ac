"""An index whose documents move to a new one: the names, the marks in `_meta`, the body that the new one is made with.

The marks stand below `_meta.esctl`, so that the cluster itself says where a move stands. On the source, from before the
first write until the swap, `moving: {to, alias, digest, task}`, and afterwards `kept: {alias, by}`; on the target
`moved: {alias, from, digest, complete}`.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from ..model import Address, Body, Capabilities, Live, Reindex
from . import changes
from .base import OWNER
from .normalise import SERVER_SETTINGS, copy, flat_settings, get

NUMBERED = re.compile(r"(.+)-v(\d+)")
_META = ("mappings", "_meta")
BLOCK = "index.blocks.write"


def concrete(address: Address, live: Live | None) -> str:
    """The index itself: the resource's name, or what stands behind it once that is an alias."""
    return str(live.version.get("index", address.id)) if live else address.id


def mark(body: Body) -> Body:
    """What `_meta.esctl` of an index (as read) says: {} where it says nothing."""
    found = get(body, (*_META, OWNER))
    return found if isinstance(found, dict) else {}


def reindex(address: Address, body: Body, live: Live) -> Reindex:
    """How the documents of `live` move into an index made as `body`; see `model.Reindex`."""
    source = concrete(live.address, live)
    plain = source == live.address.id
    renamed = live.address != address
    numbered = NUMBERED.fullmatch(source)
    number = int(numbered[2]) if numbered and not plain else 1
    kept = f"{address.id}-v1" if plain and not renamed else source
    target = address.id if renamed else f"{address.id}-v{number + 1}"
    made = _body(body, live.body)
    digest = hashlib.sha256(json.dumps([source, body], sort_keys=True, default=str).encode()).hexdigest()[:16]
    marks = made.setdefault("mappings", {}).setdefault("_meta", {}).setdefault(OWNER, {})
    marks["moved"] = {"alias": address.id, "from": kept, "digest": digest}
    return Reindex(live.address.id, source, target, made, plain=plain and not renamed, kept=kept, renamed=renamed)


def unfinished(live: Live) -> Reindex | None:
    """What an earlier run began with this index and did not end."""
    moving = mark(live.body).get("moving")
    if not isinstance(moving, dict) or "to" not in moving:
        return None
    source, target = concrete(live.address, live), str(moving["to"])
    renamed = re.fullmatch(re.escape(live.address.id) + r"-v\d+", target) is None
    plain = source == live.address.id and not renamed
    kept = f"{live.address.id}-v1" if plain else source
    return Reindex(live.address.id, source, target, {}, plain=plain, kept=kept, renamed=renamed, undo=True)


def obstacle(body: Body, live: Body) -> str | None:
    """Why the documents of an index cannot be written again from what it keeps, or None."""
    source = get(live, ("mappings", "_source")) or {}
    settings = flat_settings(live.get("settings"))
    mode = settings.get("index.mapping.source.mode", source.get("mode"))
    if source.get("enabled") is False or mode == "disabled":
        return "it keeps no _source, so that its documents cannot be written again"
    if source.get("includes") or source.get("excludes"):
        return "its _source leaves fields out, so that its documents cannot be written again whole"
    if mode == "synthetic":
        return "its _source is synthetic, rebuilt from fields and not what was sent"
    return None


def _body(desired: Body, live: Body) -> Body:
    """The new index: as written, and below that what others set or mapped on the old one; their aliases too."""
    settings = {
        name: value
        for name, value in flat_settings(live.get("settings")).items()
        if not SERVER_SETTINGS.fullmatch(name)
        and not name.startswith("index.blocks.")
        and changes.setting(name, Capabilities()) != "refused"
    }
    settings |= flat_settings(desired.get("settings"))
    aliases = {**(live.get("aliases") or {}), **(desired.get("aliases") or {})}
    return {
        "settings": {name: value for name, value in settings.items() if value is not None},
        "mappings": _mapping(copy(live.get("mappings") or {}), copy(desired.get("mappings") or {})),
        "aliases": copy(aliases),
    }


def _mapping(live: Body, desired: Body) -> Body:
    meta = {key: value for key, value in (live.get("_meta") or {}).items() if key != OWNER}
    merged = {**live, **desired}
    if meta or "_meta" in desired:
        merged["_meta"] = {**meta, **(desired.get("_meta") or {})}
    for part in ("properties", "runtime"):
        if part in live or part in desired:
            merged[part] = _fields(live.get(part) or {}, desired.get(part) or {})
    return merged


def _fields(live: Body, desired: Body) -> Body:
    """Fields by name; what is written replaces a field whole, save for sub-fields that others added."""
    merged = {**live, **desired}
    for name in live.keys() & desired.keys():
        old, new = live[name], desired[name]
        if not isinstance(old, dict) or not isinstance(new, dict):
            continue
        if old.get("type", "object") == new.get("type", "object"):
            below = {part: _fields(old[part], new.get(part) or {}) for part in ("fields", "properties") if part in old}
            merged[name] = {**new, **below}
    return merged


def whole_fields(live: Any, desired: Body, *, left: Body | None = None) -> Body:
    """`desired` properties with the parameters that live fields of the same type have beside them.

    A parameter that is left out of a PUT goes back to its default, so that fields are always sent whole. `left` (the
    properties written last time) names parameters that shall go back.
    """
    sent = {}
    for name, field in desired.items():
        old = (live or {}).get(name)
        if not isinstance(old, dict) or not isinstance(field, dict):
            sent[name] = field
            continue
        was = (left or {}).get(name) or {}
        same_type = old.get("type", "object") == field.get("type", "object")
        beside = {k: v for k, v in old.items() if k not in ("fields", "properties") and k not in was}
        sent[name] = {**beside, **field} if same_type else dict(field)
        for part in ("fields", "properties"):
            if isinstance(field.get(part), dict):
                sent[name][part] = whole_fields(old.get(part), field[part], left=was.get(part))
    return sent
