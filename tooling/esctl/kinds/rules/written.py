"""Everything a project writes, as the rules look at it: by kind, by name, by alias, by the fields behind a name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from ...model import Path, Resource
from ..normalise import get
from .fields import Fields
from .wildcards import Patterns, matches, overlap


class AliasOf(NamedTuple):
    """An alias as some document writes it: its name, the index behind it, its options, where that stands."""

    alias: str
    target: str
    options: dict[str, Any]
    resource: Resource
    path: Path


def patterns_of(spec: Any, *path: str) -> list[tuple[str, Path]]:
    """Text, or a list of it, at `path` of a spec: each with where it stands."""
    value = get(spec, path)
    if isinstance(value, str):
        return [(value, path)]
    items = value if isinstance(value, list) else []
    return [(item, (*path, place)) for place, item in enumerate(items) if isinstance(item, str)]


class Written:
    """The resources of a project; everything derived from them is made when a rule asks for it, and once."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self.resources = tuple(resources)

    @cached_property
    def _by_kind(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for resource in self.resources:
            found.setdefault(resource.address.kind, []).append(resource)
        return found

    def of(self, *kinds: str) -> Iterator[Resource]:
        """The resources of these kinds, in the order of the files."""
        for kind in kinds:
            yield from self._by_kind.get(kind, ())

    @cached_property
    def _by_id(self) -> dict[tuple[str, str], Resource]:
        return {(resource.address.kind, resource.address.id): resource for resource in self.resources}

    def named(self, kind: str, id: str) -> Resource | None:
        """The resource of that kind and id."""
        return self._by_id.get((kind, id))

    @cached_property
    def names(self) -> dict[str, Resource]:
        """What is an index or a data stream, by name, and what makes it so: a destination of a transform, too."""
        found: dict[str, Resource] = {}
        for resource in self.of("index", "data-stream", "ccr-follower"):
            found.setdefault(resource.address.id, resource)
        for kind, path in (
            ("transform", ("dest", "index")),
            ("ml-data-frame-analytics", ("dest", "index")),
            ("documents", ("index",)),
            ("search-connector", ("index_name",)),
        ):
            for resource in self.of(kind):
                name = get(resource.spec, path)
                if isinstance(name, str) and "*" not in name:
                    found.setdefault(name, resource)
        return found

    @cached_property
    def templates(self) -> Patterns:
        """Index templates by their patterns."""
        found = Patterns()
        for resource in self.of("index-template"):
            for pattern, _ in patterns_of(resource.spec, "index_patterns"):
                found.add(pattern, resource)
        return found

    def template_for(self, name: str) -> Resource | None:
        """The index template that a new index or data stream of that name gets."""
        found = [template for template in self.templates.taking(name) if isinstance(template, Resource)]
        return max(found, key=_priority, default=None)

    def parts(self, template: Resource) -> Iterator[Resource]:
        """What a template is composed of, in the order in which later parts win, itself last."""
        for name, _ in patterns_of(template.spec, "composed_of"):
            component = self.named("component-template", name)
            if component:
                yield component
        yield template

    def complete(self, template: Resource) -> bool:
        """Whether every part of a template is written in this project."""
        return all(self.named("component-template", name) for name, _ in patterns_of(template.spec, "composed_of"))

    @cached_property
    def aliases(self) -> list[AliasOf]:
        """Every alias that a document gives an index or data stream: its own, its template's, an alias's."""
        found: list[AliasOf] = []
        for resource in self.of("index"):
            name = resource.address.id
            own = _options(resource.spec, ("aliases",))
            found += [AliasOf(alias, name, options, resource, ("aliases", alias)) for alias, options in own]
            template = self.template_for(name)
            for part in self.parts(template) if template else ():
                path = ("template", "aliases")
                told = [(alias, options) for alias, options in _options(part.spec, path) if alias not in dict(own)]
                found += [AliasOf(alias, name, options, part, (*path, alias)) for alias, options in told]
        for resource in self.of("alias"):
            for key in ("indices", "data_streams"):
                for name, options in _options(resource.spec, (key,)):
                    found.append(AliasOf(resource.address.id, name, options, resource, (key, name)))
        return found

    @cached_property
    def _behind(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for alias in self.aliases:
            found.setdefault(alias.alias, []).append(alias.target)
        return found

    def fields(self, names: str) -> Fields | None:
        """The fields behind a name, an alias or a pattern (several with commas); None where this project cannot know.

        That is so where nothing here has that name, and where a template takes in parts that are written elsewhere.
        """
        if names not in self._fields:
            self._fields[names] = self._fields_of(names)
        return self._fields[names]

    @cached_property
    def _fields(self) -> dict[str, Fields | None]:
        return {}

    def _fields_of(self, names: str) -> Fields | None:
        found = Fields()
        known = False
        for pattern in (part.strip() for part in names.split(",")):
            if not pattern or pattern.startswith("-"):
                continue
            if ":" in pattern or pattern.startswith("<"):
                return None  # another cluster's, or a name made of a date
            mappings = self._mappings(pattern)
            if mappings is None:
                return None
            for mapping in mappings:
                known = True
                found.add(mapping)
        if known:
            found.extra |= self.added_by_pipelines
        return found if known else None

    def _mappings(self, pattern: str) -> list[Any] | None:
        """The mappings behind one name or pattern; None where one of them is not all written here."""
        targets = [name for name in self._all_names if matches(pattern, name)] if "*" in pattern else [pattern]
        if "*" not in pattern and pattern in self._behind and pattern not in self.names:
            targets = self._behind[pattern]
        found: list[Any] = []
        for name in targets:
            maker = self.names.get(name)
            if maker is not None and maker.address.kind not in ("index", "data-stream"):
                return None  # its mapping is made by a server
            template = self.template_for(name)
            if maker is None and template is None:
                if "*" in pattern:
                    continue
                return None
            if template is not None and not self.complete(template):
                return None
            found += (
                [get(part.spec, ("template", "mappings")) or {} for part in self.parts(template)] if template else []
            )
            if template is not None and "data_stream" in template.spec:
                found.append({"properties": {"@timestamp": {"type": "date"}}})
            if maker is not None and maker.address.kind == "index":
                found.append(maker.spec.get("mappings") or {})
        if "*" in pattern:
            for template in self.of("index-template"):
                if any(overlap(pattern, own) for own, _ in patterns_of(template.spec, "index_patterns")):
                    if not self.complete(template):
                        return None
                    found += [get(part.spec, ("template", "mappings")) or {} for part in self.parts(template)]
                    if "data_stream" in template.spec:
                        found.append({"properties": {"@timestamp": {"type": "date"}}})
        return found or None

    @cached_property
    def _all_names(self) -> list[str]:
        return [*self.names, *(alias for alias in self._behind if alias not in self.names)]

    @cached_property
    def added_by_pipelines(self) -> set[str]:
        """The fields that this project's pipelines name as their targets: dynamic mapping takes them."""
        from ..ingest_pipeline import processors

        found: set[str] = set()
        for resource in self.of("ingest-pipeline"):
            for _, kind, options in processors(resource.spec):
                targets = [options.get(key) for key in ("target_field", "field", "target_prefix")]
                found |= {target for target in targets if isinstance(target, str) and "{{" not in target}
                if kind == "k-means":
                    from ...images.processor import WRITTEN

                    found |= {str(options.get("target_field", "cluster")), *WRITTEN}
        return found


def _priority(template: Resource) -> float:
    value = template.spec.get("priority")
    return float(value) if isinstance(value, int | float) else 0.0


def _options(spec: Any, path: Path) -> list[tuple[str, dict[str, Any]]]:
    found = get(spec, path)
    if not isinstance(found, dict):
        return []
    return [(str(name), options if isinstance(options, dict) else {}) for name, options in found.items()]
