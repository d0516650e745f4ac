"""`esctl cleanup`: delete the old indices that moves of documents kept."""

from __future__ import annotations

from typing import Annotated

import typer

from .invocation import Invocation, command
from .planning import Yes, confirm


def register(app: typer.Typer) -> None:
    command(app, "cleanup")(cleanup)


def cleanup(
    invocation: Invocation,
    addresses: Annotated[
        list[str] | None, typer.Argument(help="Addresses or globs of indices; all by default.")
    ] = None,
    yes: Yes = False,
) -> int:
    """Delete the old indices that were kept when documents moved to new ones.

    Lists them, asks, and deletes those that no alias names any more; nothing else ever deletes them.
    """
    from ..apply.kept import delete, kept
    from ..apply.measure import in_units
    from ..cluster import WRITING, Lease, Ledger, holder
    from ..plan import Choices
    from ..report.terminal import table
    from .selection import selection

    name = invocation.settings.name
    with invocation.cluster(WRITING) as cluster:
        owned = Ledger(cluster, name).read()
        selected = selection(addresses, invocation, owned)
        wanted = {resource.address for resource in invocation.loaded.resources} | owned.keys()
        old = kept(cluster, name, [a for a in wanted if not selected or Choices.match(a, selected)])
        rows = [
            (
                one.name,
                "" if one.documents is None else f"{one.documents:,} documents",
                "" if one.size is None else in_units(one.size),
                one.why,
            )
            for one in old
        ]
        gone = []
        if old:
            invocation.say(*table(rows))
            confirm(
                f"Delete {'this index' if len(old) == 1 else f'these {len(old)} indices'} and their documents?", yes
            )
            with Lease(cluster, holder(name), longest=cluster.longest) as lease:
                gone = delete(cluster, lease, name, old)
    if invocation.json:
        found = [{"index": o.name, "address": str(o.address), "documents": o.documents, "bytes": o.size} for o in old]
        invocation.answer({"kept": found, "deleted": [one.name for one in gone]})
    invocation.say(f"Deleted {len(gone)}." if old else "Nothing was left behind.")
    return 0
