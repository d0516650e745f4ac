"""Processors that move fields about: set, append, remove, rename, dot_expander, sort."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from ..errors import ElasticsearchError
from ..mapping import Body
from .document import META, IngestDocument, ProcessorFailure, illegal, java_class
from .processor import Action, Processor, refused

if TYPE_CHECKING:
    from ..ingest import Runner


def _media_type(body: Body, extra: Body) -> str:
    name = str(body.get("media_type", "application/json"))
    if name == "application/x-www-form-urlencoded":
        raise ElasticsearchError(
            "parse_exception", f"the esctl sandbox does not implement [media_type: {name}]", **extra
        )
    if name not in ("application/json", "text/plain"):
        raise refused(
            "media_type",
            "property does not contain a supported media type [application/json, text/plain,"
            f" application/x-www-form-urlencoded], but [{name}]",
            extra,
        )
    return name


def _set(body: Body, extra: Body) -> Action:
    if "value" not in body and "copy_from" not in body:
        raise refused("value", "required property is missing", extra)
    if "value" in body and "copy_from" in body:
        raise refused("copy_from", "cannot set both `copy_from` and `value` in the same processor", extra)
    media_type = _media_type(body, extra)

    def act(document: IngestDocument, runner: Runner) -> None:
        path = document.render(body["field"])
        if not body.get("override", True) and document.found(path) is not None:
            return
        if "copy_from" in body:
            value = copy.deepcopy(document.get(document.render(body["copy_from"])))
        else:
            value = document.render(body["value"], media_type)
        if body.get("ignore_empty_value") and value in (None, ""):
            return
        document.set(path, value)

    return act


def _append(body: Body, extra: Body) -> Action:
    media_type = _media_type(body, extra)
    if ("value" in body) == ("copy_from" in body):
        if "value" in body:
            raise refused("copy_from", "cannot set both `copy_from` and `value` in the same processor", extra)
        raise refused("value", "required property is missing", extra)

    def act(document: IngestDocument, runner: Runner) -> None:
        path = document.render(body["field"])
        if "copy_from" in body:
            value = copy.deepcopy(document.get(document.render(body["copy_from"])))
        else:
            value = document.render(body["value"], media_type)
        items = [
            v
            for v in (value if isinstance(value, list) else [value])
            if not (body.get("ignore_empty_values") and v in (None, ""))
        ]
        document.append(path, items, body.get("allow_duplicates", True))

    return act


def _remove(body: Body, extra: Body) -> Action:
    if ("field" in body) == ("keep" in body):
        raise refused("field", "either keep or field must be set", extra)

    def act(document: IngestDocument, runner: Runner) -> None:
        if "keep" in body:
            _keep(document, [body["keep"]] if isinstance(body["keep"], str) else body["keep"])
            return
        fields = [body["field"]] if isinstance(body["field"], str) else body["field"]
        for path in map(document.render, fields):
            if not body.get("ignore_missing") or document.has(path):
                document.remove(path)

    return act


def _keep(document: IngestDocument, fields: list[str]) -> None:
    keep = [document.render(field) for field in fields]

    def walk(node: Body, prefix: str) -> None:
        for name in list(node):
            path = prefix + name
            if path in keep or (not prefix and name in META):
                continue
            if isinstance(node[name], dict) and any(k.startswith(path + ".") for k in keep):
                walk(node[name], path + ".")
            else:
                del node[name]

    walk(document.ctx, "")


def _rename(body: Body, extra: Body) -> Action:
    def act(document: IngestDocument, runner: Runner) -> None:
        path, into = document.render(body["field"]), document.render(body["target_field"])
        if not path or not document.has(path):
            if body.get("ignore_missing"):
                return
            raise illegal(f"field [{path}] doesn't exist")
        if document.has(into) and not body.get("override"):
            raise illegal(f"field [{into}] already exists")
        value = document.get(path)
        document.remove(path)
        try:
            document.set(into, value)
        except ProcessorFailure:
            document.set(path, value)
            raise

    return act


def _dot_expander(body: Body, extra: Body) -> Action:
    field = body["field"]
    if field != "*":
        if "." not in field:
            raise refused("field", "field does not contain a dot and is not a wildcard", extra)
        if field.startswith(".") or field.endswith("."):
            raise refused("field", "Field can't start or end with a dot", extra)
        if ".." in field:
            raise refused("field", "No space between dots", extra)

    def act(document: IngestDocument, runner: Runner) -> None:
        within = body.get("path")
        node = document.get_as(within, dict) if within else document.ctx
        names = [field] if field != "*" else [n for n in list(node) if "." in n and n not in META]
        for name in names:
            _expand(document, node, name, f"{within}.{name}" if within else name, body.get("override", False))

    return act


def _expand(document: IngestDocument, node: Body, name: str, path: str, override: bool) -> None:
    if document.has(path):
        if name in node:
            value = node.pop(name)
            if override:
                document.set(path, value)
            else:
                document.append(path, value)
        return
    if name not in node:
        return
    parts = path.split(".")
    for cut in range(1, len(parts)):
        partial = ".".join(parts[:cut])
        if not document.has(partial):
            break
        if not isinstance(document.get(partial), dict):
            raise illegal(f"cannot expand [{path}], because [{partial}] is not an object field, but a value field")
    document.set(path, node.pop(name))


def _list(document: IngestDocument, path: str, verb: str) -> list[Any]:
    value: list[Any] | None = document.get_as(path, list)
    if value is None:
        raise illegal(f"field [{path}] is null, cannot {verb}.")
    return value


def _sort(body: Body, extra: Body) -> Action:
    order = body.get("order", "asc")
    if order not in ("asc", "desc"):
        raise refused("order", f"Sort direction [{order}] not recognized. Valid values are: [asc, desc]", extra)

    def act(document: IngestDocument, runner: Runner) -> None:
        items = _list(document, body["field"], "sort")
        try:
            done = sorted(items, reverse=order == "desc")
        except TypeError:
            first, second = _unlike(items)
            raise ProcessorFailure(
                "class_cast_exception",
                f"class {first} cannot be cast to class {second} ({first} and {second} are in module java.base of"
                " loader 'bootstrap')",
            ) from None
        document.set(str(body.get("target_field", body["field"])), done)

    return act


def _unlike(items: list[Any]) -> tuple[str, str]:
    """The first two neighbours of different classes."""
    classes = [java_class(item) for item in items]
    return next(((a, b) for a, b in zip(classes, classes[1:], strict=False) if a != b), (classes[0], classes[-1]))


FIELDS: dict[str, Processor] = {
    "set": Processor(_set, ("field",), ("value", "copy_from", "override", "ignore_empty_value", "media_type")),
    "remove": Processor(_remove, (), ("field", "keep", "ignore_missing")),
    "rename": Processor(_rename, ("field", "target_field"), ("ignore_missing", "override")),
    "append": Processor(
        _append, ("field",), ("value", "copy_from", "allow_duplicates", "ignore_empty_values", "media_type")
    ),
    "dot_expander": Processor(_dot_expander, ("field",), ("path", "override")),
    "sort": Processor(_sort, ("field",), ("order", "target_field")),
}
