"""Annotation layers of xy charts: events written by hand, and those that a query finds, as rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from ..errors import EsctlError
from ..model import Body
from .asking import Question
from .filters import Scope, instant, query_clause, scope_query
from .lens import Layer, Lens
from .rows import Row, Table

_MOST = 100


def annotation_layers(lens: Lens) -> Iterator[Body]:
    for layer in lens.visualization.get("layers") or ():
        if layer.get("layerType") == "annotations":
            yield layer


def annotation_questions(lens: Lens, scope: Scope) -> list[tuple[str, int, Question]]:
    """Layer, position of the event, and the search that finds when it happened."""
    asked = []
    for layer in annotation_layers(lens):
        view_id = _data_view(layer, lens)
        for i, event in enumerate(layer.get("annotations") or ()):
            if event.get("type") != "query" or event.get("isHidden"):
                continue
            view = lens.data_views.get(view_id)
            if view is None:
                raise EsctlError(f'data view "{view_id}" of the annotations does not exist')
            time_field = str(event.get("timeField") or view.time_field or "@timestamp")
            own = scope.without_globals() if layer.get("ignoreGlobalFilters") else scope
            query = scope_query(own, time_field=time_field)
            if (event.get("filter") or {}).get("query"):
                query["bool"]["filter"].append(query_clause(event["filter"]))
            fields = [{"field": time_field, "format": "epoch_millis"}]
            fields += [{"field": f} for f in (event.get("textField"), *(event.get("extraFields") or ())) if f]
            body = {"size": _MOST, "query": query, "fields": fields, "_source": False, "sort": [{time_field: "asc"}]}
            asked.append((str(layer.get("layerId")), i, Question("search", view.title, body)))
    return asked


def annotation_tables(lens: Lens, answers: Mapping[tuple[str, int], Body]) -> dict[str, Table]:
    """Rows of `{time, end, label, colour, width, dash, shown, outside, tip}` by layer; times in milliseconds."""
    tables = {}
    for layer in annotation_layers(lens):
        layer_id = str(layer.get("layerId"))
        rows: list[Row] = []
        notes: list[str] = []
        if "annotations" not in layer:
            notes.append(f"annotation group {_group(layer, lens)} is not drawn")
        for i, event in enumerate(layer.get("annotations") or ()):
            if event.get("isHidden"):
                continue
            if event.get("type") == "query":
                found = (answers.get((layer_id, i)) or {}).get("hits") or {}
                rows += [_found(event, hit) for hit in found.get("hits") or ()]
            else:
                rows += list(_written(event))
        tables[layer_id] = Table(Layer(layer_id, {}, ""), tuple(rows), len(rows), notes=tuple(notes))
    return tables


def _data_view(layer: Body, lens: Lens) -> str:
    layer_id = layer.get("layerId")
    for name in (f"xy-visualization-layer-{layer_id}", f"indexpattern-datasource-layer-{layer_id}"):
        if name in lens.references:
            return lens.references[name]
    return str(layer.get("indexPatternId") or "")


def _group(layer: Body, lens: Lens) -> str:
    return lens.references.get(str(layer.get("annotationGroupRef")), "of the library")


def _looks(event: Body) -> Row:
    return {
        "label": str(event.get("label") or "Event"),
        "colour": event.get("color"),
        "width": event.get("lineWidth"),
        "dash": event.get("lineStyle"),
        "shown": bool(event.get("textVisibility")),
    }


def _written(event: Body) -> Iterator[Row]:
    key = event.get("key") or {}
    now = datetime.now(UTC)
    start = instant(str(key.get("timestamp") or "").replace("Z", "+00:00"), now)
    if start is None:
        return
    row = {**_looks(event), "time": start.timestamp() * 1000}
    if key.get("type") == "range":
        end = instant(str(key.get("endTimestamp") or "").replace("Z", "+00:00"), now)
        row |= {"end": end.timestamp() * 1000 if end else None, "outside": bool(event.get("outside"))}
    yield row


def _found(event: Body, hit: Body) -> Row:
    fields: Mapping[str, Any] = hit.get("fields") or {}
    time = next(iter(fields.values()), [0])
    for name, values in fields.items():
        if name == event.get("timeField"):
            time = values
    row = {**_looks(event), "time": float(time[0])}
    named = fields.get(str(event.get("textField"))) if event.get("textField") else None
    if named:
        row["label"] = str(named[0])
    extra = {name: fields[name][0] for name in event.get("extraFields") or () if fields.get(name)}
    row["tip"] = {"": row["label"], **extra} if extra else row["label"]
    return row
