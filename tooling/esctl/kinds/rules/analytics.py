"""Rules about data frame analytics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...model import Path
from ..normalise import get
from .fields import Fields
from .rule import Found, rule
from .written import Written, patterns_of

NUMBERS = ("byte", "double", "float", "half_float", "integer", "long", "scaled_float", "short", "unsigned_long")
READ = {
    "outlier_detection": (*NUMBERS, "boolean"),
    "regression": (*NUMBERS, "boolean", "ip", "keyword", "text"),
    "classification": (*NUMBERS, "boolean", "ip", "keyword", "text"),
}
"""Types of fields that an analysis reads (ExtractedFieldsDetector of the server)."""

LISTS = ("dense_vector", "sparse_vector", "rank_features", "nested")
OFFERED = 8


@rule(
    "analytics-field",
    "mappings",
    "error",
    kinds=("ml-data-frame-analytics",),
    bad="""
kind: index
id: images
spec: {mappings: {properties: {vector: {type: dense_vector, dims: 768, index_options: {type: int8_hnsw}}, x: {type: float}, y: {type: float}}}}
---
kind: ml-data-frame-analytics
id: odd-images
spec:
  source: {index: images}
  dest: {index: odd-images}
  analysis: {outlier_detection: {}}
  analyzed_fields: {includes: [vector]}
""",  # noqa: E501
    good="""
kind: index
id: images
spec: {mappings: {properties: {vector: {type: dense_vector, dims: 768, index_options: {type: int8_hnsw}}, x: {type: float}, y: {type: float}}}}
---
kind: ml-data-frame-analytics
id: odd-images
spec:
  source: {index: images}
  dest: {index: odd-images}
  analysis: {outlier_detection: {}}
  analyzed_fields: {includes: [x, y]}
""",  # noqa: E501
)
def analytics_field(written: Written) -> Iterator[Found]:
    """Data frame analytics cannot read a field that it is told to analyze: no vectors, no lists, no dates.

    Outlier detection reads numbers and true or false; regression and classification keywords too. A document whose
    field holds a list is left out. An error: the server refuses to start. Of a vector, analyze components that stand
    in fields of their own, such as the coordinates that the image pipeline's documents carry.
    """
    for resource in written.of("ml-data-frame-analytics"):
        analysis = next((name for name in READ if get(resource.spec, ("analysis", name)) is not None), None)
        source = ",".join(name for name, _ in patterns_of(resource.spec, "source", "index"))
        fields = written.fields(source) if source and analysis else None
        if fields is None or analysis is None:
            continue
        for name, path in _named(resource.spec, analysis):
            kind = _type(fields, name)
            if kind is not None and kind not in READ[analysis]:
                what = "vectors or lists" if kind in LISTS else f"fields of type {kind}"
                message = f'"{name}" is a {kind}: {analysis.replace("_", " ")} reads no {what}'
                yield Found(resource, path, message, _offer(fields, analysis))


def _named(spec: Any, analysis: str) -> Iterator[tuple[str, Path]]:
    """The fields that an analysis asks for by name."""
    for path in (("analyzed_fields", "includes"), ("analyzed_fields",)):
        for name, place in patterns_of(spec, *path):
            if "*" not in name:
                yield name, place
    variable = get(spec, ("analysis", analysis, "dependent_variable"))
    if isinstance(variable, str):
        yield variable, ("analysis", analysis, "dependent_variable")


def _type(fields: Fields, name: str) -> str | None:
    field = fields.leaves.get(name)
    kind = field.definition.get("type") if field and isinstance(field.definition, dict) else None
    return kind if isinstance(kind, str) else None


def _offer(fields: Fields, analysis: str) -> str | None:
    """Numbers that stand beside it."""
    known = [name for name in fields.leaves if _type(fields, name) in ("double", "float", "half_float", "scaled_float")]
    if not known:
        return "analyze its components in number fields of their own"
    return f"analyze numbers beside it: {', '.join(known[:OFFERED])}"
