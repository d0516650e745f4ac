"""The types of saved objects that the embedded Kibana knows, and the versions that it writes.

Versions are those of the type's newest migration or model version, as published exports of the two releases carry them.
"""

from __future__ import annotations

from dataclasses import dataclass

NUMBERS = {"9.5": "9.5.3", "8.19": "8.19.21"}
"""The releases that are spoken, and the patch that is reported."""

CORE_MIGRATION_VERSION = "8.8.0"


@dataclass(frozen=True)
class ObjectType:
    """One type: its icon (in import results), its newest version per release; None: that release lacks the type."""

    name: str
    icon: str | None
    versions: dict[str, str | None]

    @classmethod
    def same(cls, name: str, icon: str | None, version: str) -> ObjectType:
        return cls(name, icon, {"9.5": version, "8.19": version})


TYPES: dict[str, ObjectType] = {
    kind.name: kind
    for kind in (
        ObjectType("dashboard", "dashboardApp", {"9.5": "10.4.0", "8.19": "10.2.0"}),
        ObjectType("lens", "lensApp", {"9.5": "10.2.0", "8.19": "8.9.0"}),
        ObjectType.same("visualization", "visualizeApp", "8.5.0"),
        ObjectType.same("index-pattern", "indexPatternApp", "8.0.0"),
        ObjectType("search", "discoverApp", {"9.5": "10.8.0", "8.19": "10.5.0"}),
        ObjectType.same("map", "gisApp", "8.4.0"),
        ObjectType.same("tag", "tag", "8.0.0"),
        ObjectType("links", "link", {"9.5": "10.2.0", "8.19": "8.9.0"}),
        ObjectType("markdown", "visText", {"9.5": "10.1.0", "8.19": None}),
        ObjectType.same("query", "inputOutput", "10.2.0"),
        ObjectType.same("event-annotation-group", "flag", "8.9.0"),
        ObjectType.same("canvas-workpad", "canvasApp", "8.2.0"),
    )
}

VALIDATED_REFERENCES = frozenset({"index-pattern", "search"})
"""An import checks only references of these types: the others may dangle."""


def release(version: str) -> str:
    """`9.5`, `9.5.3` → `9.5`; raises ValueError for a release that is not spoken."""
    short = ".".join(version.split(".")[:2])
    if short not in NUMBERS:
        raise ValueError(f'the sandbox speaks {" and ".join(NUMBERS)}, not "{version}"')
    return short


def latest(type_: str, version: str) -> str | None:
    """The newest version of `type_` in the release, or None where that release lacks the type."""
    kind = TYPES.get(type_)
    return kind.versions.get(version) if kind else None


def newer(one: str, other: str) -> bool:
    """Whether version `one` is above `other`; both are `x.y.z`, and what is no number counts as 0."""
    return _parts(one) > _parts(other)


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))
