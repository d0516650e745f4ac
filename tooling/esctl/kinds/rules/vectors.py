"""Rules about vectors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...model import Path, Resource
from ..normalise import get
from .fields import fields_of
from .rule import Found, rule
from .written import Written

DIMS = 4096
"""`DenseVectorFieldMapper.MAX_DIMS_COUNT`; of bits, eight times as many."""


def _vectors(written: Written) -> Iterator[tuple[Resource, dict[str, Any], Path]]:
    for kind, path in (
        ("index", ("mappings",)),
        ("index-template", ("template", "mappings")),
        ("component-template", ("template", "mappings")),
    ):
        for resource in written.of(kind):
            mapping = get(resource.spec, path)
            for _, field in fields_of(mapping) if isinstance(mapping, dict) else ():
                if isinstance(field.definition, dict) and field.definition.get("type") == "dense_vector":
                    yield resource, field.definition, (*path, *field.path)


_KINDS = ("index", "index-template", "component-template")


@rule(
    "vector-dims",
    "mappings",
    "error",
    kinds=_KINDS,
    bad="""
kind: index
id: images
spec: {mappings: {properties: {vector: {type: dense_vector, dims: 8192, index_options: {type: int8_hnsw}}}}}
""",
    good="""
kind: index
id: images
spec: {mappings: {properties: {vector: {type: dense_vector, dims: 2048, index_options: {type: int8_hnsw}}}}}
""",
)
def vector_dims(written: Written) -> Iterator[Found]:
    """A vector has more dimensions than Elasticsearch takes: 4096, or 32,768 bits.

    Bits must be a multiple of 8. An error: the server refuses the mapping.
    """
    for resource, definition, path in _vectors(written):
        dims = definition.get("dims")
        try:
            count = int(dims)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            continue
        bits = definition.get("element_type") == "bit"
        most = DIMS * 8 if bits else DIMS
        if not 1 <= count <= most:
            yield Found(resource, (*path, "dims"), f"dims {count} is beyond Elasticsearch's limit of {most}")
        elif bits and count % 8:
            yield Found(resource, (*path, "dims"), f"dims {count} of bits is no multiple of 8")


@rule(
    "vector-options",
    "mappings",
    "warning",
    kinds=_KINDS,
    bad="""
kind: index
id: images
spec: {mappings: {properties: {vector: {type: dense_vector, dims: 768}}}}
""",
    good="""
kind: index
id: images
spec: {mappings: {properties: {vector: {type: dense_vector, dims: 768, index_options: {type: int8_hnsw}}}}}
""",
)
def vector_options(written: Written) -> Iterator[Found]:
    """An indexed vector without `index_options.type` is indexed differently by different versions of Elasticsearch.

    `int8_hnsw` in some, `bbq_hnsw` from 384 dimensions in later ones: recall, memory and the meaning of a drift change
    with an upgrade. A warning: the default may be meant.
    """
    for resource, definition, path in _vectors(written):
        if definition.get("index") in (False, "false") or definition.get("element_type") == "bit":
            continue
        if get(definition, ("index_options", "type")) is None:
            hint = "for example index_options: {type: int8_hnsw}"
            yield Found(resource, path, f"{path[-1]} does not say how it is indexed, and versions differ", hint)
