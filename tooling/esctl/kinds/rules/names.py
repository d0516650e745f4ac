"""Rules about names: what Elasticsearch refuses to call an index, an alias, a template, a policy."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ...model import Resource
from ..normalise import get
from .rule import Found, rule
from .written import Written, patterns_of

_FORBIDDEN = '\\/*?"<>| ,'  # Strings.INVALID_FILENAME_CHARS of the server
_BYTES = 255


def _of_an_index(name: str) -> str | None:
    """`MetadataCreateIndexService.validateIndexOrAliasName`, whose rules most kinds share."""
    if bad := next((sign for sign in name if sign in _FORBIDDEN + "#:"), None):
        return f'must not contain "{bad}"'
    if name[:1] in ("_", "-", "+"):
        return f'must not start with "{name[0]}"'
    if name in (".", ".."):
        return 'must not be "." or ".."'
    return _too_long(name)


def _too_long(name: str) -> str | None:
    size = len(name.encode())
    return f"is {size} bytes long; {_BYTES} are the most" if size > _BYTES else None


def _in_lower_case(check: Callable[[str], str | None]) -> Callable[[str], str | None]:
    return lambda name: check(name) or ("must be lower case" if name != name.lower() else None)


def _of_a_stream(name: str) -> str | None:
    return 'must not start with ".ds-"' if name.startswith(".ds-") else _in_lower_case(_of_an_index)(name)


def _of_a_template(name: str) -> str | None:
    """`MetadataIndexTemplateService.validate`"""
    if bad := next((sign for sign in name if sign in " ,#*"), None):
        return f'must not contain "{bad}"'
    if name.startswith("_"):
        return 'must not start with "_"'
    return "must be lower case" if name != name.lower() else None


def _of_a_policy(name: str) -> str | None:
    """`LifecyclePolicy.validatePolicyName`"""
    if bad := next((sign for sign in name if sign in " ,"), None):
        return f'must not contain "{bad}"'
    return 'must not start with "_"' if name.startswith("_") else _too_long(name)


def _of_a_transform(name: str) -> str | None:
    """`TransformStrings.isValidId`, and its limit of length"""
    if len(name) > 64:
        return f"is {len(name)} characters long; 64 are the most"
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9_\-.]*[a-z0-9])?", name):
        return "may hold a-z, 0-9, _, - and ., and must start and end with a letter or digit"
    return None


_CHECKS: dict[str, Callable[[str], str | None]] = {
    "index": _in_lower_case(_of_an_index),
    "alias": _of_an_index,
    "data-stream": _of_a_stream,
    "ccr-follower": _in_lower_case(_of_an_index),
    "enrich-policy": _in_lower_case(_of_an_index),
    "index-template": _of_a_template,
    "component-template": _of_a_template,
    "ilm-policy": _of_a_policy,
    "transform": _of_a_transform,
}


@rule(
    "bad-name",
    "names",
    "error",
    kinds=tuple(_CHECKS),
    bad="""
kind: index
id: Orders
spec: {}
""",
    good="""
kind: index
id: orders
spec: {}
""",
)
def bad_name(written: Written) -> Iterator[Found]:
    """Elasticsearch refuses such a name.

    Names of indices, data streams and templates are lower case; most names hold no space, comma, wildcard, `#` or `:`,
    do not start with `_`, `-` or `+`, and are at most 255 bytes long. An error: no version of Elasticsearch takes it.
    """
    for kind, check in _CHECKS.items():
        for resource in written.of(kind):
            if wrong := check(resource.address.id):
                yield Found(resource, (), f'the name "{resource.address.id}" {wrong}')
    for kind, top in (("index", ("aliases",)), ("index-template", ("template", "aliases"))):
        for resource in written.of(kind):
            names = get(resource.spec, top)
            for name in names if isinstance(names, dict) else ():
                if "{" not in name and (wrong := _of_an_index(name)):
                    yield Found(resource, (*top, name), f'the alias "{name}" {wrong}')
    for resource in written.of("index-template"):
        for pattern, path in patterns_of(resource.spec, "index_patterns"):
            if bad := next((sign for sign in pattern if sign in '\\/?"<>| ,#:'), None):
                yield Found(resource, path, f'the index pattern "{pattern}" must not contain "{bad}"')
            elif pattern.startswith("_"):
                yield Found(resource, path, f'the index pattern "{pattern}" must not start with "_"')


@rule(
    "pipeline-name",
    "names",
    "warning",
    kinds=("ingest-pipeline",),
    bad="""
kind: ingest-pipeline
id: my pipeline
spec: {processors: []}
""",
    good="""
kind: ingest-pipeline
id: my-pipeline
spec: {processors: []}
""",
)
def pipeline_name(written: Written) -> Iterator[Found]:
    """Elasticsearch will refuse such a pipeline's name in a version to come.

    Since 8.18 and 9.0 it is taken with a deprecation warning, so this is one, too: pipelines are to be named as indices
    are, upper case allowed.
    """
    for resource in written.of("ingest-pipeline"):
        if wrong := _of_an_index(resource.address.id):
            yield Found(resource, (), f'the name "{resource.address.id}" {wrong}, which 9.x deprecates')


@rule(
    "write-to-pattern",
    "names",
    "error",
    kinds=("documents", "transform", "watch", "ingest-pipeline"),
    bad="""
kind: transform
id: sums
spec:
  source: {index: [orders]}
  dest: {index: sums-*}
  latest: {unique_key: [customer], sort: ordered_at}
""",
    good="""
kind: transform
id: sums
spec:
  source: {index: [orders]}
  dest: {index: sums}
  latest: {unique_key: [customer], sort: ordered_at}
""",
)
def write_to_pattern(written: Written) -> Iterator[Found]:
    """Documents are written to one name; a pattern is none.

    An error: Elasticsearch refuses every write to a name with a wildcard or a comma. Date mathematics
    (`<logs-{now/d}>`) and templates (`{{…}}`) are names.
    """
    for resource in written.of("documents"):
        yield from _patterns(resource, ("index",))
    for resource in written.of("transform"):
        yield from _patterns(resource, ("dest", "index"))
    for resource in written.of("watch"):
        actions = resource.spec.get("actions")
        for name in actions if isinstance(actions, dict) else ():
            yield from _patterns(resource, ("actions", name, "index", "index"))
    from ..ingest_pipeline import processors

    for resource in written.of("ingest-pipeline"):
        for path, kind, options in processors(resource.spec):
            if kind == "set" and options.get("field") == "_index" and _is_pattern(options.get("value")):
                yield Found(resource, (*path, "value"), f'"{options["value"]}" is a pattern, not the name of one index')


def _patterns(resource: Resource, path: tuple[str, ...]) -> Iterator[Found]:
    name = get(resource.spec, path)
    if _is_pattern(name):
        yield Found(resource, path, f'"{name}" is a pattern, not the name of one index')


def _is_pattern(name: object) -> bool:
    return isinstance(name, str) and ("*" in name or "," in name) and not name.startswith("<") and "{{" not in name
