"""Where fields are used: in queries and aggregations, transforms, watches, enrich policies, data views, charts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ...model import Path, Resource
from ..normalise import get
from .written import Written, patterns_of

# Queries that name fields by their keys: `{match: {title: …}}`.
_BY_KEY = frozenset(
    "match match_phrase match_phrase_prefix match_bool_prefix term terms terms_set range prefix wildcard regexp fuzzy"
    " intervals span_term geo_distance geo_bounding_box geo_polygon geo_shape shape text_expansion".split()
)
_OPTIONS = frozenset(
    "boost _name distance distance_type validation_method ignore_unmapped type case_insensitive".split()
)
# What holds no fields of the index that is searched, or is not for us to read.
_CLOSED = frozenset(
    "script params runtime_mappings script_fields bucket_script bucket_selector bucket_sort more_like_this percolate"
    " rescore suggest highlight meta indexed_shape pipeline transform".split()
)


class Use(NamedTuple):
    """A resource uses a field of the indices behind `names`; `path` is where below its spec."""

    resource: Resource
    names: str
    field: str
    path: Path
    own: frozenset[str] = frozenset()
    """Fields that the use brings itself: runtime fields."""


def fields_of_query(body: Any, path: Path) -> Iterator[tuple[str, Path]]:
    """Every field that a query, an aggregation or a whole search body names, as far as its form shows it."""
    if isinstance(body, list):
        for position, part in enumerate(body):
            yield from fields_of_query(part, (*path, position))
    elif isinstance(body, dict):
        for key, part in body.items():
            at = (*path, key)
            if key in _CLOSED:
                continue
            if key in ("field", "default_field") and isinstance(part, str):
                yield _bare(part), at
            elif key in ("fields", "_source") and isinstance(part, list):
                for position, name in enumerate(part):
                    name = name.get("field") if isinstance(name, dict) else name
                    if isinstance(name, str):
                        yield _bare(name), (*at, position)
            elif key == "sort":
                yield from _sorted(part, at)
            elif key in _BY_KEY and isinstance(part, dict) and not isinstance(part.get("field"), str):
                yield from ((name, (*at, name)) for name in part if name not in _OPTIONS)
            else:
                yield from fields_of_query(part, at)


def _sorted(value: Any, path: Path) -> Iterator[tuple[str, Path]]:
    for position, entry in enumerate(value if isinstance(value, list) else [value]):
        place = (*path, position) if isinstance(value, list) else path
        names = [entry] if isinstance(entry, str) else list(entry) if isinstance(entry, dict) else []
        for name in names:
            plain = str(name).partition(":")[0]
            if not plain.startswith("_"):
                yield plain, place if isinstance(entry, str) else (*place, name)


def _bare(name: str) -> str:
    """Without a boost: `title^3`."""
    return name.partition("^")[0]


def uses(written: Written) -> Iterator[Use]:
    """Every use of a field, of the kinds that use some."""
    for resource in written.of("transform"):
        yield from _of_a_transform(resource)
    for resource in written.of("enrich-policy"):
        for kind in ("match", "geo_match", "range"):
            policy = resource.spec.get(kind)
            if isinstance(policy, dict):
                names = _joined(policy, "indices")
                for key in ("match_field", "enrich_fields"):
                    for field, path in patterns_of(policy, key):
                        yield Use(resource, names, field, (kind, *path))
                for field, path in fields_of_query(policy.get("query"), (kind, "query")):
                    yield Use(resource, names, field, path)
    for resource in written.of("watch"):
        for path, request in _requests(resource.spec.get("input"), ("input",)):
            own = _runtime(get(request, ("body", "runtime_mappings")))
            for field, place in fields_of_query(request.get("body"), (*path, "body")):
                yield Use(resource, _joined(request, "indices"), field, place, own)
    views: dict[tuple[str, str], Resource] = {}
    for resource in written.of("data-view"):
        views[resource.address.space, resource.address.id] = resource
        yield from _of_a_data_view(resource)
    for resource in written.of("dashboard", "visualization"):
        yield from _of_charts(resource, resource.spec, (), "", frozenset(), views)


def _of_a_transform(resource: Resource) -> Iterator[Use]:
    spec = resource.spec
    names = _joined(spec.get("source"), "index")
    own = _runtime(get(spec, ("source", "runtime_mappings")))
    places: list[tuple[str, Path]] = [*fields_of_query(get(spec, ("source", "query")), ("source", "query"))]
    for key in ("group_by", "aggregations", "aggs"):
        places += fields_of_query(get(spec, ("pivot", key)), ("pivot", key))
    places += patterns_of(spec, "latest", "unique_key")
    places += patterns_of(spec, "latest", "sort")
    places += patterns_of(spec, "sync", "time", "field")
    for field, path in places:
        yield Use(resource, names, field, path, own)


def _requests(value: Any, path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Searches in a watch's input, those of a chain included."""
    if isinstance(value, dict):
        request = get(value, ("search", "request"))
        if isinstance(request, dict):
            yield (*path, "search", "request"), request
        for key, part in value.items():
            if key != "search":
                yield from _requests(part, (*path, key))
    elif isinstance(value, list):
        for position, part in enumerate(value):
            yield from _requests(part, (*path, position))


def _of_a_data_view(resource: Resource) -> Iterator[Use]:
    spec = resource.spec
    names, own = spec.get("title"), _runtime(spec.get("runtimeFieldMap"))
    if not isinstance(names, str):
        return
    if isinstance(spec.get("timeFieldName"), str):
        yield Use(resource, names, spec["timeFieldName"], ("timeFieldName",), own)
    for key in ("fieldFormats", "fieldAttrs"):
        for field in spec[key] if isinstance(spec.get(key), dict) else ():
            yield Use(resource, names, field, (key, field), own)


def _of_charts(
    resource: Resource,
    value: Any,
    path: Path,
    names: str,
    own: frozenset[str],
    views: Mapping[tuple[str, str], Resource],
) -> Iterator[Use]:
    """Fields in a chart as code; `names` is what the nearest data source around it reads."""
    if isinstance(value, list):
        for position, part in enumerate(value):
            yield from _of_charts(resource, part, (*path, position), names, own, views)
        return
    if not isinstance(value, dict):
        return
    source = value.get("data_source")
    view = source.get("ref_id") if isinstance(source, dict) else value.get("data_view_id")
    if isinstance(view, str):
        known = views.get((resource.address.space, view))
        title = known.spec.get("title") if known else None
        names = title if isinstance(title, str) else ""
        own = _runtime(known.spec.get("runtimeFieldMap")) if known else frozenset()
    elif isinstance(source, dict):
        pattern = source.get("index_pattern")
        names = pattern if source.get("type") == "data_view_spec" and isinstance(pattern, str) else ""
        own = _runtime(source.get("field_settings"))
    for key, part in value.items():
        if key == "spec":
            yield from _of_vega(resource, part, (*path, key))
            continue
        if names and key in ("field", "field_name", "metric_field", "split_field") and isinstance(part, str):
            yield Use(resource, names, part, (*path, key), own)
        elif names and key == "fields" and isinstance(part, list):
            yield from (
                Use(resource, names, n, (*path, key, at), own) for at, n in enumerate(part) if isinstance(n, str)
            )
        elif (
            key == "data_source" and names and isinstance(part.get("time_field") if isinstance(part, dict) else 0, str)
        ):
            yield Use(resource, names, part["time_field"], (*path, key, "time_field"), own)
        else:
            yield from _of_charts(resource, part, (*path, key), names, own, views)


def _of_vega(resource: Resource, spec: Any, path: Path) -> Iterator[Use]:
    """Fields in the queries of a Vega specification, which is data, or text that holds some."""
    from ...dashboards.vega import spec_data

    try:
        data = spec_data(spec)
    except ValueError:
        return  # the kind tells it
    for place, url in _urls(data, ()):
        names, body = url.get("index"), url.get("body")
        if isinstance(names, str) and isinstance(body, dict):
            own = _runtime(body.get("runtime_mappings"))
            for field, where in fields_of_query(body, (*path, *place, "url", "body")):
                yield Use(resource, names, field, where if isinstance(spec, dict) else path, own)


def _urls(value: Any, path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    if isinstance(value, dict):
        if isinstance(value.get("url"), dict):
            yield path, value["url"]
        for key, part in value.items():
            yield from _urls(part, (*path, key))
    elif isinstance(value, list):
        for position, part in enumerate(value):
            yield from _urls(part, (*path, position))


def _runtime(value: Any) -> frozenset[str]:
    return frozenset(value) if isinstance(value, dict) else frozenset()


def _joined(value: Any, key: str) -> str:
    return ",".join(name for name, _ in patterns_of(value, key)) if isinstance(value, dict) else ""
