"""Rules about aliases, and about who owns what stands on a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...model import Address, Path, Resource
from ..base import Sharing, can
from ..normalise import flat_settings, get
from ..parts import GROUNDS, Claims, said
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
    kinds=tuple(name for ground in GROUNDS for name in ground),
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

    An error: one index in one alias (or the alias as a whole), one setting of the cluster or of a Kibana space, one
    script (stored scripts and search templates share their ids), one name (an alias, an index and a data stream cannot
    share one), one seed document.
    """
    from .. import registry

    kinds = registry()
    claims = Claims()
    resources: dict[Address, Resource] = {}
    for resource in written.of(*(name for ground in GROUNDS for name in ground)):
        kind, told = kinds[resource.address.kind], set()
        parts = list(kind.parts(resource.address, resource.spec)) if can(kind, Sharing) else []
        for part, path in parts:
            owner = claims.of(part)
            if owner is not None and owner.part not in told:
                told.add(owner.part)
                by = resources[owner.address]
                message = f"{said(owner.part)} belongs to {by.address} already ({by.source})"
                yield Found(resource, path, message, "take it out of one of them")
        for part, _ in parts:
            claims.add(part, resource.address)
        resources[resource.address] = resource
    yield from _named_by_templates(written, resources)


def _named_by_templates(written: Written, resources: Mapping[Address, Resource]) -> Iterator[Found]:
    """An alias that a template gives an index, and that is the name of another."""
    names = {address.id: by for address, by in resources.items() if address.kind in ("index", "data-stream")}
    for alias in written.aliases:
        by = names.get(alias.alias)
        if by is not None and alias.resource.address not in resources:
            message = f'the alias "{alias.alias}" has the name of {by.address} ({by.source})'
            yield Found(alias.resource, alias.path, message, "an index, a data stream and an alias cannot share one")


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
