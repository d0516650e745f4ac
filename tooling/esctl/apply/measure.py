"""How much the plan would move: documents and bytes of all indices that are made anew, in one request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import quote

from ..errors import EsctlError
from ..model import Change, Plan, Reindex, Request, Sender

_SHOWN = "indices.*.primaries.docs.count,indices.*.primaries.store.size_in_bytes"
_BATCH = 100  # names in one request
_UNITS = ("bytes", "KB", "MB", "GB", "TB", "PB")


def measured(plan: Plan, sender: Sender) -> Plan:
    """The plan with the sizes of what it would move, and the words for it; unchanged where it moves nothing."""
    moving = {c.reindex.source for c in plan.changes if c.reindex is not None and not c.reindex.undo}
    if not moving:
        return plan
    found = sizes(sender, moving)

    def told(change: Change) -> Change:
        move = change.reindex
        if move is None or move.undo:
            return change
        documents, size = found.get(move.source, (None, None))
        move = replace(move, documents=documents, size=size)
        return replace(change, reindex=move, words="\n".join(part for part in (change.words, words(move)) if part))

    return replace(plan, changes=tuple(told(change) for change in plan.changes))


def sizes(sender: Sender, names: Iterable[str]) -> dict[str, tuple[int | None, int | None]]:
    """(documents, bytes) of indices, by name; those that are gone or closed are left out."""
    found: dict[str, tuple[int | None, int | None]] = {}
    wanted = sorted(names)
    for start in range(0, len(wanted), _BATCH):
        path = "/" + ",".join(quote(name, safe="") for name in wanted[start : start + _BATCH]) + "/_stats"
        params = {"filter_path": _SHOWN, "ignore_unavailable": "true"}
        answer = sender.send(Request("elasticsearch", "GET", path, params)).body
        for name, stats in (answer.get("indices") or {}).items():
            primaries = stats.get("primaries", {})
            count, size = primaries.get("docs", {}).get("count"), primaries.get("store", {}).get("size_in_bytes")
            found[name] = (count, size)
    return found


def throttled(plan: Plan, requests_per_second: float | None) -> Plan:
    """The same plan, its documents copied no faster than that; raises EsctlError for a rate that is none."""
    if requests_per_second is None:
        return plan
    if requests_per_second <= 0:
        raise EsctlError("--requests-per-second must be more than 0", hint="leave it out to copy as fast as it goes")

    def slowed(change: Change) -> Change:
        move = change.reindex
        if move is None or move.undo or (move.plain and not move.documents):
            return change
        takes = f": {_duration(move.documents / requests_per_second)}" if move.documents else ""
        said = f"{change.words}\ncopies at most {requests_per_second:g} documents a second{takes}"
        return replace(change, reindex=replace(move, throttle=requests_per_second), words=said)

    return replace(plan, changes=tuple(slowed(change) for change in plan.changes))


def becomes_alias(change: Change) -> bool:
    """Whether a name that is an index now would be an alias afterwards."""
    move = change.reindex
    return move is not None and move.plain and not move.undo and move.documents != 0


def words(move: Reindex) -> str:
    """What will happen: `reindexes 41,210 documents (1.2 GB) into images-v2, then swaps`."""
    if move.plain and move.documents == 0:
        return "it is empty: is made anew"
    count = "its documents" if move.documents is None else f"{move.documents:,} document" + "s" * (move.documents != 1)
    size = f" ({in_units(move.size)})" if move.size is not None else ""
    then = "" if move.renamed else ", then swaps"
    lines = [f"reindexes {count}{size} into {move.target}{then}"]
    if move.plain:
        lines.append(f"{move.alias} becomes an alias of it: reads and writes go on by that name")
    lines.append(f"writes are refused (403) while it copies; {move.kept} keeps the old documents until `esctl cleanup`")
    return "\n".join(lines)


def in_units(size: int) -> str:
    """`1.2 GB`: in steps of 1,024, as Elasticsearch counts."""
    value, unit = float(size), 0
    while value >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.0f} {_UNITS[unit]}" if unit == 0 or value >= 100 else f"{value:.1f} {_UNITS[unit]}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
