"""Which fields a mapping has: by full name, multi-fields included; what it does not say, dynamic mapping may bring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from ...model import Path

Standing = Literal["mapped", "open", "missing"]
"""`open`: dynamic mapping makes the field when a document has it."""

OBJECTS = ("object", "nested", "passthrough")
OPEN_LEAVES = (
    "flattened",
    "rank_features",
    "sparse_vector",
    "semantic_text",
    "join",
    "search_as_you_type",
    "counted_keyword",
)
"""Types below whose name more names can be asked for."""
OWN_SUBFIELDS = ("_index_prefix", "_2gram", "_3gram")


@dataclass(frozen=True)
class Field:
    """One field's definition and where it stands below the mapping."""

    definition: Any
    path: Path


@dataclass
class Fields:
    """The fields of one or more mappings, later ones over earlier ones, as templates are composed."""

    leaves: dict[str, Field] = field(default_factory=dict)
    objects: dict[str, bool | None] = field(default_factory=lambda: {"": None})
    """By name, "" for the root: True where dynamic mapping adds fields, False where not, None where nothing is said."""
    extra: set[str] = field(default_factory=set)
    """What pipelines add: dynamic mapping takes it where it is open."""

    def add(self, mapping: Any) -> None:
        """Lay a mapping over what is there."""
        if isinstance(mapping, dict):
            said = _dynamic(mapping)
            self.objects[""] = self.objects[""] if said is None else said
            for name, found in fields_of(mapping):
                self._take(name, found)
            runtime = mapping.get("runtime")
            for name, definition in runtime.items() if isinstance(runtime, dict) else ():
                self.leaves[str(name)] = Field(definition, ("runtime", name))

    def _take(self, name: str, found: Field) -> None:
        definition = found.definition if isinstance(found.definition, dict) else {}
        if definition.get("type", "object") in OBJECTS:
            enabled = definition.get("enabled") not in (False, "false")
            self.objects[name] = _dynamic(definition) if enabled else False
            self.leaves.pop(name, None)
        else:
            self.leaves[name] = found

    def standing(self, name: str) -> Standing:
        """Whether a field can be asked for."""
        if name in self.leaves or name in self.objects or name.startswith("_"):
            return "mapped"
        parts = name.split(".")
        for length in range(len(parts) - 1, -1, -1):
            above = ".".join(parts[:length])
            if above in self.leaves:
                definition = self.leaves[above].definition
                kind = definition.get("type") if isinstance(definition, dict) else None
                return "mapped" if kind in OPEN_LEAVES or parts[-1] in OWN_SUBFIELDS else "missing"
            if above in self.objects:
                return "open" if self._is_open(above) else "missing"
        return "missing"

    def _is_open(self, name: str) -> bool:
        """What an object does not say, the one around it does; Elasticsearch's default is true."""
        while self.objects.get(name) is None:
            if not name:
                return True
            name = name.rpartition(".")[0]
        return bool(self.objects[name])

    def names(self) -> list[str]:
        """Every field that can be asked for by name."""
        return [*self.leaves, *self.extra]


def fields_of(mapping: dict[str, Any], above: str = "", path: Path = ()) -> Iterator[tuple[str, Field]]:
    """Every field of a mapping by its full name, objects and multi-fields included."""
    properties = mapping.get("properties")
    for key, definition in properties.items() if isinstance(properties, dict) else ():
        name, place = f"{above}{key}", (*path, "properties", key)
        parts = str(key).split(".")
        for length in range(1, len(parts)):  # a key with dots makes the objects it names
            yield f"{above}{'.'.join(parts[:length])}", Field({"type": "object"}, place)
        yield name, Field(definition, place)
        if not isinstance(definition, dict):
            continue
        yield from fields_of(definition, f"{name}.", place)
        multi = definition.get("fields")
        for sub, inner in multi.items() if isinstance(multi, dict) else ():
            yield f"{name}.{sub}", Field(inner, (*place, "fields", sub))


def _dynamic(definition: dict[str, Any]) -> bool | None:
    said = definition.get("dynamic")
    return None if said is None else str(said).lower() in ("true", "runtime")
