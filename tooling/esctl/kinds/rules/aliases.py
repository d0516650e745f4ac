"""Rules about aliases, and about who owns what stands on a server."""

from __future__ import annotations

from collections.abc import Iterator

from ...model import Path, Resource
from ..normalise import flat_settings, get
from .rule import Found, rule
from .usage import fields_of_query
from .written import Written


@rule(
    "two-write-indices",
    "aliases",
    "error",
    kinds=("alias", "index", "index-template"),
    bad="""
kind: index
id: orders-1
spec: {aliases: {orders: {is_write_index: true}}}
---
kind: index
id: orders-2
spec: {aliases: {orders: {is_write_index: true}}}
""",
    good="""
kind: index
id: orders-1
spec: {aliases: {orders: {is_write_index: false}}}
---
kind: index
id: orders-2
spec: {aliases: {orders: {is_write_index: true}}}
""",
)
def two_write_indices(written: Written) -> Iterator[Found]:
    """An alias has one write index at most.

    An error: Elasticsearch refuses the second, whether an index, a template or an alias of its own says so.
    """
    writers: dict[str, tuple[str, Resource, Path]] = {}
    for alias, target, options, resource, path in written.aliases:
        if options.get("is_write_index") not in (True, "true"):
            continue
        first, by, _ = writers.setdefault(alias, (target, resource, path))
        if first != target:
            if by.address == resource.address and by.address.kind == "alias":
                continue  # the kind tells it itself
            place = f"{by.address} ({by.source})" if by is not resource else "this document"
            message = f'the alias "{alias}" has two write indices: {target}, and {first} by {place}'
            yield Found(resource, (*path, "is_write_index"), message)


@rule(
    "owned-twice",
    "aliases",
    "error",
    kinds=("alias", "index", "data-stream", "cluster-settings", "stored-script", "search-template", "documents"),
    bad="""
kind: index
id: orders-1
spec: {aliases: {orders: {}}}
---
kind: alias
id: orders
spec: {indices: {orders-1: {}}}
""",
    good="""
kind: index
id: orders-1
spec: {}
---
kind: alias
id: orders
spec: {indices: {orders-1: {}}}
""",
)
def owned_twice(written: Written) -> Iterator[Found]:
    """Two documents own the same thing on the server: each would undo what the other writes.

    An error: one index in one alias, one cluster setting, one script (stored scripts and search templates share their
    ids), one name (an alias, an index and a data stream cannot share one), one seed document.
    """
    yield from _aliases_twice(written)
    yield from _same_names(written)
    settings: dict[str, tuple[Resource, Path]] = {}
    for resource in written.of("cluster-settings"):
        for name, path in _settings(resource):
            first, _ = settings.setdefault(name, (resource, path))
            if first is not resource:
                yield Found(resource, path, f"{name} is written by {first.address}, too ({first.source})")
    seeds: dict[tuple[str, str], Resource] = {}
    for resource in written.of("documents"):
        index, rows = resource.spec.get("index"), resource.spec.get("documents")
        for place, row in enumerate(rows if isinstance(rows, list) else ()):
            seed = row.get("_id") if isinstance(row, dict) else None
            if isinstance(index, str) and isinstance(seed, str):
                by = seeds.setdefault((index, seed), resource)
                if by is not resource:
                    message = f'the document "{seed}" of {index} is written by {by.address}, too ({by.source})'
                    yield Found(resource, ("documents", place), message)


def _aliases_twice(written: Written) -> Iterator[Found]:
    pairs: dict[tuple[str, str], Resource] = {}
    for resource in written.of("index"):
        own = resource.spec.get("aliases")
        for alias in own if isinstance(own, dict) else ():
            pairs[alias, resource.address.id] = resource
    for resource in written.of("alias"):
        for key in ("indices", "data_streams"):
            targets = resource.spec.get(key)
            for target in targets if isinstance(targets, dict) else ():
                by = pairs.get((resource.address.id, target))
                if by is not None:
                    place = by.at("spec", "aliases", resource.address.id)
                    message = f"{target} in the alias {resource.address.id} is written by {by.address}, too ({place})"
                    yield Found(resource, (key, target), message, "take it out of one of them")


def _same_names(written: Written) -> Iterator[Found]:
    names: dict[str, Resource] = {}
    for resource in written.of("index", "data-stream", "ccr-follower"):
        by = names.setdefault(resource.address.id, resource)
        if by is not resource:
            message = f'the name "{resource.address.id}" belongs to {by.address} ({by.source})'
            yield Found(resource, (), message, "an index, a data stream and an alias cannot share one")
    for alias in written.aliases:
        by_name = names.get(alias.alias)
        if by_name is not None:
            message = f'the alias "{alias.alias}" has the name of {by_name.address} ({by_name.source})'
            path = alias.path if alias.resource.address.kind != "alias" else ()
            yield Found(alias.resource, path, message, "an index, a data stream and an alias cannot share one")
    scripts: dict[str, Resource] = {}
    for resource in written.of("stored-script", "search-template"):
        by = scripts.setdefault(resource.address.id, resource)
        if by is not resource:
            message = f'the id "{resource.address.id}" belongs to {by.address} ({by.source})'
            yield Found(resource, (), message, "stored scripts and search templates share their ids")


def _settings(resource: Resource) -> Iterator[tuple[str, Path]]:
    spec = resource.spec
    for key in ("persistent", "transient"):
        if isinstance(spec.get(key), dict):
            yield from _flat(spec[key], (key,), "")


def _flat(value: dict[str, object], path: Path, above: str) -> Iterator[tuple[str, Path]]:
    for key, part in value.items():
        name = f"{above}.{key}" if above else str(key)
        if isinstance(part, dict) and part:
            yield from _flat(part, (*path, key), name)
        else:
            yield f"{path[0]} {name}", (*path, key)


@rule(
    "alias-filter-field",
    "aliases",
    "warning",
    kinds=("alias", "index"),
    bad="""
kind: index
id: orders
spec:
  mappings: {dynamic: strict, properties: {shop: {type: keyword}}}
  aliases: {berlin: {filter: {term: {store: Berlin}}}}
""",
    good="""
kind: index
id: orders
spec:
  mappings: {dynamic: strict, properties: {shop: {type: keyword}}}
  aliases: {berlin: {filter: {term: {shop: Berlin}}}}
""",
    whole=True,
)
def alias_filter_field(written: Written) -> Iterator[Found]:
    """An alias filters by a field that no mapping has: it finds nothing.

    A warning: Elasticsearch takes it. Said only where dynamic mapping cannot bring the field either.
    """
    for _, target, options, resource, path in written.aliases:
        fields = written.fields(target) if "filter" in options else None
        for name, where in fields_of_query(options["filter"], (*path, "filter")) if fields else ():
            if fields is not None and "*" not in name and fields.standing(name) == "missing":
                yield Found(resource, where, f"{target} has no field {name}")


@rule(
    "number-as-routing",
    "aliases",
    "error",
    kinds=("alias", "index", "index-template", "component-template"),
    bad="""
kind: alias
id: berlin
spec: {indices: {orders: {routing: 7}}}
""",
    good="""
kind: alias
id: berlin
spec: {indices: {orders: {routing: "7"}}}
""",
)
def number_as_routing(written: Written) -> Iterator[Found]:
    """A number as the routing of an alias is dropped by Elasticsearch without a word.

    An error although servers answer 200 (9.5.3 and 8.19.21 do): what is written is not what they keep.
    """
    for resource in written.of("alias"):
        for kind in ("indices", "data_streams"):
            targets = resource.spec.get(kind)
            for target, options in targets.items() if isinstance(targets, dict) else ():
                for key in ("routing", "index_routing", "search_routing"):
                    value = options.get(key) if isinstance(options, dict) else None
                    if isinstance(value, int | float):
                        message = f"{key} {value} is a number, which Elasticsearch drops"
                        yield Found(resource, (kind, target, key), message, f'write {key}: "{value}"')


@rule(
    "empty-default-pipeline",
    "pipelines",
    "error",
    kinds=("index", "index-template", "component-template"),
    bad="""
kind: index
id: orders
spec: {settings: {index.default_pipeline: ""}}
""",
    good="""
kind: index
id: orders
spec: {settings: {index.default_pipeline: _none}}
""",
)
def empty_default_pipeline(written: Written) -> Iterator[Found]:
    """An empty `default_pipeline` or `final_pipeline` breaks every write: `_none` means none.

    An error although servers take the setting: afterwards no document can be indexed ("pipeline with id [] does not
    exist"), which nobody wants.
    """
    for kind, path in (
        ("index", ("settings",)),
        ("index-template", ("template", "settings")),
        ("component-template", ("template", "settings")),
    ):
        for resource in written.of(kind):
            settings = get(resource.spec, path)
            if not isinstance(settings, dict) or "_pipeline" not in str(settings):
                continue
            flat = flat_settings(settings)
            for name in ("default_pipeline", "final_pipeline"):
                if flat.get(f"index.{name}") == "":
                    yield Found(resource, path, f"an empty {name} breaks every write", "write _none")
