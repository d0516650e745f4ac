"""A document on its way through pipelines: its fields by path, its templates, and the errors of both."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..errors import ElasticsearchError
from ..mapping import Body
from ..mustache import compiled, render

if TYPE_CHECKING:
    from ..ingest import Step

META = ("_index", "_id", "_routing", "_version", "_version_type")
ABSENT = object()


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
        node: Body = {"reason": self.error.reason, "caused_by": self.error.cause}
        while node.get("caused_by"):
            node = node["caused_by"]
        return str(node["reason"])


def illegal(reason: str, cause: Body | None = None) -> ProcessorFailure:
    return ProcessorFailure("illegal_argument_exception", reason, cause)


def java_class(value: Any) -> str:
    """The Java class that Elasticsearch reads a JSON value into."""
    if isinstance(value, int) and not isinstance(value, bool):
        if -(1 << 31) <= value < 1 << 31:
            return "java.lang.Integer"
        return "java.lang.Long" if -(1 << 63) <= value < 1 << 63 else "java.math.BigInteger"
    names = {str: "java.lang.String", bool: "java.lang.Boolean", float: "java.lang.Double"}
    return names.get(type(value), "java.util.ArrayList" if isinstance(value, list) else "java.util.HashMap")


class IngestDocument:
    """A document on its way through pipelines. `ctx` holds its fields beside `_index`, `_id`, as scripts see them."""

    def __init__(self, source: Body, index: str, id: str | None, ingest: Body) -> None:
        self.ctx: Body = {**source, "_index": index, "_id": id}
        self.ingest = ingest
        self.running: list[str] = []
        self.rerouted = False
        """Set by reroute, which ends the pipelines of the index that the document came to."""

    def source(self) -> Body:
        return {k: v for k, v in self.ctx.items() if k not in META}

    def _root(self, path: str) -> tuple[Any, list[str]]:
        if not path:
            raise illegal("path cannot be null nor empty")
        parts = path.split(".")
        if parts[0] == "_ingest" and len(parts) > 1:
            return self.ingest, parts[1:]
        if parts[0] == "_source" and len(parts) > 1:
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
            raise illegal(f"field [{part}] not present as part of path [{path}]")
        if isinstance(node, list):
            if not re.fullmatch(r"\d+", part):
                raise illegal(f"[{part}] is not an integer, cannot be used as an index as part of path [{path}]")
            if int(part) < len(node):
                return node[int(part)]
            raise illegal(f"[{part}] is out of bounds for array with length [{len(node)}] as part of path [{path}]")
        if node is None:
            raise illegal(f"cannot resolve [{part}] from null as part of path [{path}]")
        raise illegal(f"cannot resolve [{part}] from object of type [{java_class(node)}] as part of path [{path}]")

    def has(self, path: str) -> bool:
        try:
            self.get(path)
        except ProcessorFailure:
            return False
        return True

    def found(self, path: str) -> Any:
        """The value, or None where the path leads nowhere."""
        try:
            return self.get(path)
        except ProcessorFailure:
            return None

    def get_as(self, path: str, kind: type, ignore_missing: bool = False) -> Any:
        """A value of one type, or None; raises where it is of another, and where it is missing and must not be."""
        if ignore_missing and not self.has(path):
            return None
        value = self.get(path)
        if value is not None and not isinstance(value, kind):
            names: dict[type, str] = {str: "java.lang.String", list: "java.util.List", dict: "java.util.Map"}
            raise illegal(f"field [{path}] of type [{java_class(value)}] cannot be cast to [{names[kind]}]")
        return value

    def set(self, path: str, value: Any) -> None:
        node, parts = self._root(path)
        for part in parts[:-1]:
            if isinstance(node, dict):
                node = node.setdefault(part, {})
            else:
                node = self._child(node, part, path)
        last = parts[-1]
        if isinstance(node, dict):
            node[last] = value
        elif isinstance(node, list):
            self._child(node, last, path)
            node[int(last)] = value
        elif node is None:
            raise illegal(f"cannot set [{last}] with null parent as part of path [{path}]")
        else:
            raise illegal(
                f"cannot set [{last}] with parent object of type [{java_class(node)}] as part of path [{path}]"
            )

    def append(self, path: str, value: Any, allow_duplicates: bool = True) -> None:
        """Add to what is there, which becomes a list."""
        old = self.found(path)
        items = [] if old is None else list(old) if isinstance(old, list) else [old]
        for item in value if isinstance(value, list) else [value]:
            if allow_duplicates or item not in items:
                items.append(item)
        self.set(path, items)

    def remove(self, path: str) -> None:
        self.get(path)
        node, parts = self._root(path)
        for part in parts[:-1]:
            node = self._child(node, part, path)
        if isinstance(node, list):
            del node[int(parts[-1])]
        else:
            del node[parts[-1]]

    def render(self, value: Any, media_type: str = "application/json") -> Any:
        """Mustache in text, lists and objects: `{{field}}` as inside JSON text, `{{{field}}}` as it is."""
        if isinstance(value, str):
            if "{{" not in value:
                return value
            scope = {**self.ctx, "_source": self.ctx, "_ingest": self.ingest}
            return render(_unescaped(value) if media_type == "text/plain" else value, scope)
        if isinstance(value, list):
            return [self.render(v, media_type) for v in value]
        if isinstance(value, dict):
            return {self.render(k, media_type): self.render(v, media_type) for k, v in value.items()}
        return value


@lru_cache(maxsize=256)
def _unescaped(template: str) -> str:
    return re.sub(r"\{\{(?!\{)\s*([\w.@-]+)\s*\}\}", r"{{{\1}}}", template)


def check_template(value: Any, extra: Body) -> None:
    """Raises script_exception where the text is no Mustache."""
    if isinstance(value, str) and "{{" in value:
        try:
            compiled(value)
        except ElasticsearchError as error:
            error.extra |= extra
            raise
    elif isinstance(value, list):
        for item in value:
            check_template(item, extra)
    elif isinstance(value, dict):
        for key, item in value.items():
            check_template(key, extra)
            check_template(item, extra)
