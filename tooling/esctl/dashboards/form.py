"""In which of its two forms a Kibana understands a dashboard: before 9.4 and from 9.4 on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Version = tuple[int, int, int]


@dataclass(frozen=True)
class Form:
    """What is written for one Kibana version.

    Up to 9.3 chart state has no version of its own ("v0": labels and scales are written out, one split accessor,
    colour rules in their old form, controls in `controlGroupInput`). From 9.4 on it is version 2 (labels computed by
    Kibana, colour rules with raw values, controls in `pinned_panels`).
    """

    version: Version

    @property
    def settled(self) -> bool:
        """True from 9.4 on: chart state of version 2, snake_case panel options, `pinned_panels`."""
        return self.version >= (9, 4, 0)

    @property
    def sections(self) -> bool:
        """True where dashboards have sections (9.1)."""
        return self.version >= (9, 1, 0)


def given(source: dict[str, Any], **keys: str) -> dict[str, Any]:
    """The entries of `source` that are there, renamed: `given(spec, width="width", sort_by="sortBy")`."""
    return {new: source[old] for old, new in keys.items() if old in source}


def query_state(query: dict[str, Any] | None) -> dict[str, Any]:
    """`{expression, language}` as Kibana stores it: `{query, language}`, KQL under its old name `kuery`."""
    if query is None:
        return {"query": "", "language": "kuery"}
    return {
        "query": query["expression"],
        "language": "lucene" if query.get("language") == "lucene" else "kuery",
    }
