"""The ingest processors that the sandbox has: what each takes, and what it does to a document."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from .dates import format_date, parse_date, zone
from .errors import ElasticsearchError
from .mapping import Body
from .painless import find_script

if TYPE_CHECKING:
    from .ingest import Runner, Step

_META = ("_index", "_id", "_routing", "_version", "_version_type")


class ProcessorFailure(Exception):
    """A processor that failed: Elasticsearch's error, and the step where known."""

    def __init__(self, type: str, reason: str, cause: Body | None = None) -> None:
        super().__init__(reason)
        self.error = ElasticsearchError(type, reason, cause=cause)
        self.step: Step | None = None

    @classmethod
    def of(cls, error: ElasticsearchError) -> ProcessorFailure:
        failure = cls(error.type, error.reason)
        failure.error = error
        return failure

    @property
    def message(self) -> str:
        """`_ingest.on_failure_message`: the innermost reason."""
        return self.error.reason


class IngestDocument:
    """A document on its way through pipelines. `ctx` holds its fields beside `_index`, `_id`, as scripts see them."""

    def __init__(self, source: Body, index: str, id: str | None, ingest: Body) -> None:
        self.ctx: Body = {**source, "_index": index, "_id": id}
        self.ingest = ingest
        self.running: list[str] = []

    def source(self) -> Body:
        return {k: v for k, v in self.ctx.items() if k not in _META}

    def _root(self, path: str) -> tuple[Any, list[str]]:
        parts = path.split(".")
        if parts[0] == "_ingest":
            return self.ingest, parts[1:]
        if parts[0] == "_source":
            parts = parts[1:]
        return self.ctx, parts

    def get(self, path: str) -> Any:
        """Raises ProcessorFailure where the path leads nowhere."""
        node, parts = self._root(path)
        for part in parts:
            node = self._child(node, part, path)
        return node

    def _child(self, node: Any, part: str, path: str) -> Any:
        if isinstance(node, dict):
            if part in node:
                return node[part]
            raise _illegal(f"field [{part}] not present as part of path [{path}]")
        if isinstance(node, list):
            if not re.fullmatch(r"\d+", part):
                raise _illegal(f"[{part}] is not an integer, cannot be used as an index as part of path [{path}]")
            if int(part) < len(node):
                return node[int(part)]
            raise _illegal(f"[{part}] is out of bounds for array with length [{len(node)}] as part of path [{path}]")
        if node is None:
            raise _illegal(f"cannot resolve [{part}] from null as part of path [{path}]")
        raise _illegal(f"cannot resolve [{part}] from object of type [{_class(node)}] as part of path [{path}]")

    def has(self, path: str) -> bool:
        try:
            self.get(path)
        except ProcessorFailure:
            return False
        return True

    def set(self, path: str, value: Any) -> None:
        node, parts = self._root(path)
        for part in parts[:-1]:
            if isinstance(node, dict):
                if node.get(part) is None:
                    node[part] = {}
                node = node[part]
            else:
                node = self._child(node, part, path)
        last = parts[-1]
        if isinstance(node, dict):
            node[last] = value
        elif isinstance(node, list) and last.isdigit() and int(last) < len(node):
            node[int(last)] = value
        else:
            raise _illegal(f"cannot set [{last}] with parent object of type [{_class(node)}] as part of path [{path}]")

    def remove(self, path: str) -> None:
        self.get(path)
        node, parts = self._root(path)
        for part in parts[:-1]:
            node = self._child(node, part, path)
        if isinstance(node, list):
            del node[int(parts[-1])]
        else:
            del node[parts[-1]]

    def render(self, value: Any) -> Any:
        """`{{field}}` in text, lists and objects."""
        if isinstance(value, str):
            whole = re.fullmatch(r"\{\{\{?\s*([\w.@-]+)\s*\}?\}\}", value)
            if whole:
                return self._shown(whole[1])
            return re.sub(r"\{\{\{?\s*([\w.@-]+)\s*\}?\}\}", lambda m: self._shown(m[1]), value)
        if isinstance(value, list):
            return [self.render(v) for v in value]
        if isinstance(value, dict):
            return {self.render(k): self.render(v) for k, v in value.items()}
        return value

    def _shown(self, path: str) -> str:
        try:
            value = self.get(path)
        except ProcessorFailure:
            return ""
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, (dict, list)):
            return orjson.dumps(value).decode()
        return "" if value is None else str(value)


def _illegal(reason: str, cause: Body | None = None) -> ProcessorFailure:
    return ProcessorFailure("illegal_argument_exception", reason, cause)


def _class(value: Any) -> str:
    names = {str: "java.lang.String", bool: "java.lang.Boolean", int: "java.lang.Integer", float: "java.lang.Double"}
    return names.get(type(value), "java.util.ArrayList" if isinstance(value, list) else "java.util.HashMap")


Action = Callable[[IngestDocument, "Runner"], "bool | None"]


@dataclass(frozen=True)
class Processor:
    """`make(body, extra)` checks the body and gives the action; `extra` goes into the errors of a PUT."""

    make: Callable[[Body, Body], Action]
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


def _set(body: Body, extra: Body) -> Action:
    if ("value" in body) == ("copy_from" in body):
        reason = (
            "[value] required property is missing"
            if "value" not in body
            else "[copy_from] cannot set both `copy_from` and `value` in the same processor"
        )
        raise ElasticsearchError(
            "parse_exception", reason, property_name="value" if "value" not in body else "copy_from", **extra
        )

    def act(document: IngestDocument, runner: Runner) -> None:
        path = document.render(body["field"])
        if not body.get("override", True) and document.has(path) and document.get(path) is not None:
            return
        value = (
            copy.deepcopy(document.get(body["copy_from"])) if "copy_from" in body else document.render(body["value"])
        )
        if body.get("ignore_empty_value") and value in (None, ""):
            return
        document.set(path, value)

    return act


def _remove(body: Body, extra: Body) -> Action:
    if ("field" in body) == ("keep" in body):
        raise ElasticsearchError(
            "parse_exception", "[field] either keep or field must be set", property_name="field", **extra
        )

    def act(document: IngestDocument, runner: Runner) -> None:
        if "keep" in body:
            keep = {f.split(".")[0] for f in ([body["keep"]] if isinstance(body["keep"], str) else body["keep"])}
            for name in list(document.ctx):
                if name not in keep and name not in _META:
                    del document.ctx[name]
            return
        fields = [body["field"]] if isinstance(body["field"], str) else body["field"]
        for path in map(document.render, fields):
            if not body.get("ignore_missing") or document.has(path):
                document.remove(path)

    return act


def _rename(body: Body, extra: Body) -> Action:
    def act(document: IngestDocument, runner: Runner) -> None:
        path, into = document.render(body["field"]), document.render(body["target_field"])
        if not document.has(path):
            if body.get("ignore_missing"):
                return
            raise _illegal(f"field [{path}] doesn't exist")
        if document.has(into) and not body.get("override"):
            raise _illegal(f"field [{into}] already exists")
        value = document.get(path)
        document.remove(path)
        document.set(into, value)

    return act


def _append(body: Body, extra: Body) -> Action:
    def act(document: IngestDocument, runner: Runner) -> None:
        path = document.render(body["field"])
        new = document.render(body["value"])
        new = new if isinstance(new, list) else [new]
        old = document.get(path) if document.has(path) else None
        items = [] if old is None else list(old) if isinstance(old, list) else [old]
        for item in new:
            if body.get("allow_duplicates", True) or item not in items:
                items.append(item)
        document.set(path, items)

    return act


def _json(body: Body, extra: Body) -> Action:
    def act(document: IngestDocument, runner: Runner) -> None:
        value = document.get(body["field"])
        parsed = value
        if isinstance(value, str):
            try:
                parsed = orjson.loads(value)
            except orjson.JSONDecodeError as error:
                raise _illegal(
                    f"{error.msg}",
                    {"type": "x_content_parse_exception", "reason": f"[{error.lineno}:{error.colno}] {error.msg}"},
                ) from None
        elif value is None:
            raise _illegal(f"field [{body['field']}] is null, cannot parse")
        if body.get("add_to_root"):
            if not isinstance(parsed, dict):
                raise _illegal("cannot add non-map fields to root of document")
            document.ctx.update(parsed)
        else:
            document.set(str(body.get("target_field", body["field"])), parsed)

    return act


_CONVERT_TYPES = ("integer", "long", "float", "double", "string", "boolean", "ip", "auto")


def _convert(body: Body, extra: Body) -> Action:
    kind = body["type"]
    if kind not in _CONVERT_TYPES:
        raise ElasticsearchError(
            "parse_exception",
            f"[type] type [{kind}] not supported, cannot convert field.",
            property_name="type",
            **extra,
        )

    def one(value: Any) -> Any:
        text = ("true" if value else "false") if isinstance(value, bool) else str(value)
        if kind == "string":
            return text
        if kind == "boolean":
            if text.lower() in ("true", "false"):
                return text.lower() == "true"
            raise _illegal(f"[{text}] is not a boolean value, cannot convert to boolean")
        if kind == "ip":
            from .field_values import ip_key

            try:
                ip_key(text)
            except ElasticsearchError as error:
                raise ProcessorFailure.of(error) from None
            return text
        if kind == "auto":
            if not isinstance(value, str):
                return value
            for read in (int, float):
                try:
                    return read(value)
                except ValueError:
                    continue
            return {"true": True, "false": False}.get(value.lower(), value)
        try:
            if kind in ("integer", "long"):
                number = int(text, 16) if re.match(r"[+-]?0x", text) else int(text)
                if not -(1 << (31 if kind == "integer" else 63)) <= number < 1 << (31 if kind == "integer" else 63):
                    raise ValueError
                return number
            return float(text)
        except ValueError:
            raise _illegal(
                f"unable to convert [{text}] to {kind}",
                {"type": "number_format_exception", "reason": f'For input string: "{text}"'},
            ) from None

    def act(document: IngestDocument, runner: Runner) -> None:
        value = _value(document, body)
        if value is _ABSENT:
            return
        document.set(
            str(body.get("target_field", body["field"])),
            [one(v) for v in value] if isinstance(value, list) else one(value),
        )

    return act


_ABSENT = object()


def _value(document: IngestDocument, body: Body) -> Any:
    path = body["field"]
    found = document.get(path) if document.has(path) else None
    if found is None:
        if body.get("ignore_missing"):
            return _ABSENT
        document.get(path)
        raise _illegal(f"field [{path}] is null, cannot process it.")
    return found


def _text(change: Callable[[str], str]) -> Callable[[Body, Body], Action]:
    def make(body: Body, extra: Body) -> Action:
        def one(value: Any) -> str:
            if not isinstance(value, str):
                raise _illegal(
                    f"field [{body['field']}] of type [{_class(value)}] cannot be cast to [java.lang.String]"
                )
            return change(value)

        def act(document: IngestDocument, runner: Runner) -> None:
            value = _value(document, body)
            if value is not _ABSENT:
                done = [one(v) for v in value] if isinstance(value, list) else one(value)
                document.set(str(body.get("target_field", body["field"])), done)

        return act

    return make


_DATE_NAMES = {"ISO8601": "strict_date_optional_time", "UNIX": "epoch_second", "UNIX_MS": "epoch_millis"}


def _date(body: Body, extra: Body) -> Action:
    if body.get("locale", "ENGLISH").upper() not in ("ENGLISH", "EN", "ROOT"):
        raise ElasticsearchError(
            "parse_exception", "the esctl sandbox does not implement [locale] of the date processor", **extra
        )
    if "TAI64N" in body["formats"]:
        raise ElasticsearchError(
            "parse_exception", "the esctl sandbox does not implement the date format [TAI64N]", **extra
        )

    def act(document: IngestDocument, runner: Runner) -> None:
        text = document.get(body["field"])
        tz = zone(document.render(body.get("timezone", "UTC")))
        for name in body["formats"]:
            try:
                ms = parse_date(text, _DATE_NAMES.get(name, name), tz=tz)
            except ElasticsearchError:
                continue
            out = body.get("output_format", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX")
            document.set(str(body.get("target_field", "@timestamp")), format_date(ms, out, tz))
            return
        raise _illegal(f"unable to parse date [{text}]")

    return act


def _fail(body: Body, extra: Body) -> Action:
    def act(document: IngestDocument, runner: Runner) -> None:
        raise ProcessorFailure("fail_processor_exception", document.render(body["message"]))

    return act


def _pipeline(body: Body, extra: Body) -> Action:
    def act(document: IngestDocument, runner: Runner) -> bool:
        name = document.render(body["name"])
        if name not in runner.node.pipelines:
            if body.get("ignore_missing_pipeline"):
                return True
            raise ProcessorFailure(
                "illegal_state_exception", f"Pipeline processor configured for non-existent pipeline [{name}]"
            )
        return runner.run(runner.pipeline(name), document)

    return act


def _script(body: Body, extra: Body) -> Action:
    script, params = find_script(
        {k: v for k, v in body.items() if k in ("source", "id", "lang", "params")}, extra=extra
    )

    def act(document: IngestDocument, runner: Runner) -> None:
        script.run(document.ctx, params)

    return act


def _enrich(body: Body, extra: Body) -> Action:
    from .enrich import make

    return make(body)


_FIELD = ("target_field", "ignore_missing")

PROCESSORS: dict[str, Processor] = {
    "set": Processor(_set, ("field",), ("value", "copy_from", "override", "ignore_empty_value", "media_type")),
    "remove": Processor(_remove, (), ("field", "keep", "ignore_missing")),
    "rename": Processor(_rename, ("field", "target_field"), ("ignore_missing", "override")),
    "append": Processor(_append, ("field", "value"), ("allow_duplicates", "media_type")),
    "json": Processor(_json, ("field",), ("target_field", "add_to_root")),
    "convert": Processor(_convert, ("field", "type"), _FIELD),
    "lowercase": Processor(_text(str.lower), ("field",), _FIELD),
    "uppercase": Processor(_text(str.upper), ("field",), _FIELD),
    "trim": Processor(_text(str.strip), ("field",), _FIELD),
    "date": Processor(_date, ("field", "formats"), ("target_field", "timezone", "locale", "output_format")),
    "enrich": Processor(
        _enrich,
        ("policy_name", "field", "target_field"),
        ("ignore_missing", "override", "max_matches", "shape_relation"),
    ),
    "drop": Processor(lambda body, extra: lambda document, runner: False),
    "fail": Processor(_fail, ("message",)),
    "pipeline": Processor(_pipeline, ("name",), ("ignore_missing_pipeline",)),
    "script": Processor(_script, (), ("source", "id", "lang", "params")),
}

ELSEWHERE = frozenset(
    "attachment bytes circle community_id csv date_index_name dissect dot_expander fingerprint foreach geo_grid"
    " geoip grok gsub html_strip inference ip_location join kv network_direction normalize_for_stream"
    " recover_failure_document redact registered_domain reroute set_security_user sort split terminate uri_parts"
    " urldecode user_agent".split()
)
"""Processor types that Elasticsearch has and the sandbox refuses by name."""
