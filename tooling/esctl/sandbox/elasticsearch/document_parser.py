"""A document against its mapping: checked, its values taken out by field, and what dynamic mapping would add."""

from __future__ import annotations

import base64
import binascii
import math
import re
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import kept_values
from .dynamic import dynamic_field
from .errors import ElasticsearchError, illegal
from .field_types import KEPT
from .field_values import READERS, as_text
from .mapping import Body, Field, Mapping, is_object
from .versions import Version

if TYPE_CHECKING:
    import numpy

Values = dict[str, list[Any]]

_UNIT = 1e-3
"""A squared magnitude this near to 1 counts as 1."""


@dataclass
class Parsed:
    """`values` by field path (numbers, text, milliseconds, 0/1), `vectors` by path, `additions` a mapping to merge.

    `keyed` holds the (key, text) pairs of flattened fields, `ignored` what is too long or malformed and not indexed.
    """

    values: Values = field(default_factory=dict)
    vectors: dict[str, numpy.ndarray] = field(default_factory=dict)
    keyed: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    additions: Body = field(default_factory=dict)
    ignored: Values = field(default_factory=dict)


class DocumentParser:
    """Parses documents of one mapping. `strict=False` skips what the stored document was already checked for."""

    def __init__(self, mapping: Mapping, version: Version) -> None:
        self.mapping, self.version = mapping, version
        self._ignores = any("ignore_above" in f.body or "ignore_malformed" in f.body for f in mapping.fields.values())

    def parse(self, source: Body, id: str | None, raw: bytes = b"") -> Parsed:
        """Raises ElasticsearchError in the shape of a document that does not fit."""
        parsed = Parsed()
        if self.mapping.body.get("enabled", True) is False:
            return parsed
        walk = _Walk(self, parsed, id, raw)
        walk.object(source, self.mapping.body, "", "true", False)
        if "_data_stream_timestamp" in self.mapping.body:
            walk.check_timestamp(source)
        return parsed

    def ignored(self, source: Body) -> Values:
        """What of a stored document was not indexed, by field."""
        if not self._ignores:
            return {}
        try:
            return self.parse(source, None).ignored
        except ElasticsearchError:
            return {}


class _Walk:
    def __init__(self, parser: DocumentParser, parsed: Parsed, id: str | None, raw: bytes) -> None:
        self.parser, self.parsed, self.id, self.raw = parser, parsed, id, raw

    def object(self, value: Body, node: Body, prefix: str, dynamic: str, nested: bool) -> None:
        dynamic = node.get("dynamic", dynamic)
        properties = node.get("properties", {})
        for name, child in value.items():
            if "." in name and name not in properties:
                self.dotted(name, child, node, prefix, dynamic, nested)
                continue
            known = properties.get(name)
            if known is None:
                if child is None:
                    continue
                known = self.unknown(name, child, prefix, dynamic)
                if known is None:
                    continue
            self.value(name, child, known, prefix + name, dynamic, nested)

    def dotted(self, name: str, child: Any, node: Body, prefix: str, dynamic: str, nested: bool) -> None:
        if not all(name.split(".")):
            raise self.error(prefix + name, f"field name cannot contain only whitespace: [{name}]")
        head, _, rest = name.partition(".")
        self.object({head: {rest: child}}, node, prefix, dynamic, nested)

    def unknown(self, name: str, child: Any, prefix: str, dynamic: str) -> Body | None:
        """A field that the mapping lacks: its new definition, or None where it is not mapped."""
        if dynamic == "false":
            return None
        within = prefix[:-1] or "_doc"
        if dynamic == "strict":
            raise ElasticsearchError(
                "strict_dynamic_mapping_exception",
                f"[{self.place(prefix + name)}] mapping set to strict, dynamic introduction of [{name}] within"
                f" [{within}] is not allowed",
            )
        added = dynamic_field(self.parser.mapping.body, name, prefix + name, child, self.parser.version)
        if added is None:
            return None
        into = self.parsed.additions
        for part in prefix.split(".")[:-1]:
            into = into.setdefault("properties", {}).setdefault(part, {})
        known = into.setdefault("properties", {}).setdefault(name, added)
        return dict(known)

    def value(self, name: str, child: Any, node: Body, path: str, dynamic: str, nested: bool) -> None:
        if is_object(node):
            if node.get("enabled", True) is False:
                return
            nested = nested or node.get("type") == "nested"
            for item in child if isinstance(child, list) else [child]:
                if isinstance(item, list):
                    item = next((x for x in item if x is not None), None)
                if item is None:
                    continue
                if not isinstance(item, dict):
                    raise ElasticsearchError(
                        "document_parsing_exception",
                        f"[{self.place(path)}] object mapping for [{path}] tried to parse field [{name}] as object, but"
                        " found a concrete value",
                    )
                self.object(item, node, path + ".", dynamic, nested)
            return
        self.leaf(Field(path, node["type"], node), child, nested)

    def leaf(self, known: Field, child: Any, nested: bool) -> None:
        if known.type == "dense_vector":
            if child is not None:
                vector = self.vector(known, child)
                if not nested:
                    self.parsed.vectors[known.path] = vector
            return
        if known.type == "alias":
            raise ElasticsearchError(
                "document_parsing_exception",
                f"[{self.place(known.path)}] Cannot write to a field alias [{known.path}].",
            )
        if known.type == "flattened":
            self.flattened(known, child)
            return
        items = list(_flat(child))
        if known.type == "rank_feature" and isinstance(child, list):
            several = (
                f"[rank_feature] fields do not support indexing multiple values for the same field [{known.path}] in"
                " the same document"
            )
            raise self.failure(known, child, illegal(several))
        targets = [
            known,
            *(Field(f"{known.path}.{n}", b["type"], b, known.path) for n, b in known.body.get("fields", {}).items()),
        ]
        for copy in known.get("copy_to") or []:
            target = self.parser.mapping.field(copy)
            if target:
                targets.append(target)
        for target in targets:
            if target.type in KEPT:
                self.kept(target, child, nested)
                continue
            read = READERS[target.type]
            collected = []
            for item in items:
                if item is None:
                    item = target.body.get("null_value")
                    if item is None:
                        continue
                try:
                    value = read(target, item)
                except ElasticsearchError as error:
                    if target.get("ignore_malformed") and not isinstance(item, dict):
                        self.parsed.ignored.setdefault(target.path, []).append(item)
                        continue
                    raise self.failure(target, item, error) from None
                if value is not None:
                    collected.append(value)
                elif target.type == "keyword":
                    self.parsed.ignored.setdefault(target.path, []).append(item)
            if collected and not nested and _searchable(target):
                self.parsed.values.setdefault(target.path, []).extend(collected)

    def kept(self, known: Field, child: Any, nested: bool) -> None:
        """A value that is not searched: checked, and its presence noted."""
        present = False
        for item in kept_values.items(known, child):
            if item is None:
                item = known.body.get("null_value")
                if item is None:
                    continue
            wrong = kept_values.check(known, item)
            if wrong is None:
                present = True
                continue
            wrap, shown, error = wrong
            if known.get("ignore_malformed"):
                self.parsed.ignored.setdefault(known.path, []).append(item)
                continue
            place = self.place(known.path)
            if wrap == "long":
                raise self.failure(known, item, error, shown)
            reason = f"failed to parse: {error.reason}"
            if wrap == "short":
                reason = f"failed to parse field [{known.path}] of type [{known.type}]"
            root = [error.head()] if error.type in _OWN_ERRORS else None
            raise ElasticsearchError("document_parsing_exception", f"[{place}] {reason}", cause=error, root=root)
        if present and not nested:
            self.parsed.values.setdefault(known.path, []).append(1)

    def flattened(self, known: Field, child: Any) -> None:
        if child is None:
            return
        items = child if isinstance(child, list) else [child]
        pairs: list[tuple[str, str]] = []
        for item in items:
            if not isinstance(item, dict):
                raise self.failure(
                    known,
                    item,
                    ElasticsearchError(
                        "parsing_exception",
                        "Failed to parse object: expecting token of type [START_OBJECT] but found another",
                        line=1,
                        col=1,
                    ),
                )
            pairs += _leaves(item, "")
        limit = known.get("ignore_above")
        pairs = [(k, v) for k, v in pairs if len(v) <= limit]
        if pairs:
            self.parsed.keyed.setdefault(known.path, []).extend(pairs)
            self.parsed.values.setdefault(known.path, []).extend(v for _, v in pairs)

    def vector(self, known: Field, child: Any) -> numpy.ndarray:
        """float32, checked as the server does: dims, numbers only, no zero vector where the similarity is cosine."""
        import numpy as np

        dims, name = known.get("dims"), known.path
        document = f"document with id '{self.id}'"
        if isinstance(child, str):
            vector = self.packed(child, dims, known)
        elif isinstance(child, list):
            odd = {type(x) for x in child} - {int, float}
            if odd:
                token = {str: "VALUE_STRING", bool: "VALUE_BOOLEAN", dict: "START_OBJECT", list: "START_ARRAY"}.get(
                    odd.pop(), "VALUE_NULL"
                )
                raise self.parse_failure(
                    name, f"Failed to parse object: expecting token of type [VALUE_NUMBER] but found [{token}]"
                )
            vector = np.frombuffer(array("f", child), dtype=np.float32) if child else np.zeros(0, np.float32)
        else:
            if isinstance(child, dict):
                raise self.plain_failure(name, f"Expected text at {self.place(name)} but found START_OBJECT")
            raise self.parse_failure(
                name, "Failed to parse object: expecting token of type [VALUE_NUMBER] but found another"
            )
        if dims is None:
            dims = len(vector)
            addition: Body = {**known.body, "dims": dims}
            self.learn_dims(known, addition)
        if len(vector) > dims:
            raise self.plain_failure(
                name,
                f"The [dense_vector] field [{name}] in doc [{document}] has more dimensions than defined in the mapping"
                f" [{dims}]",
            )
        if len(vector) < dims:
            raise self.plain_failure(
                name,
                f"The [dense_vector] field [{name}] in doc [{document}] has a different number of dimensions"
                f" [{len(vector)}] than defined in the mapping [{dims}]",
            )
        if not np.isfinite(vector).all():
            at = int(np.flatnonzero(~np.isfinite(vector))[0])
            raise self.plain_failure(
                name,
                f"element_type [float] vectors do not support infinite values but found [{vector[at]}] at dim [{at}];"
                f" Preview of invalid vector: {_preview(vector)}",
            )
        if known.get("index") and known.body.get("similarity", "cosine") in ("cosine", "dot_product"):
            magnitude = float(np.dot(vector, vector))
            cosine = known.body.get("similarity", "cosine") == "cosine"
            if cosine and magnitude == 0:
                raise self.plain_failure(
                    name,
                    "The [cosine] similarity does not support vectors with zero magnitude. Preview of invalid vector:"
                    f" {_preview(vector)}",
                )
            if known.body.get("similarity") == "dot_product" and abs(magnitude - 1) > 1e-4:
                raise self.plain_failure(
                    name,
                    "The [dot_product] similarity can only be used with unit-length vectors. Preview of invalid"
                    f" vector: {_preview(vector)}",
                )
            if cosine and abs(magnitude - 1) > _UNIT and self.parser.version.excludes_vectors:
                # Kept at unit length beside its magnitude, and multiplied again when shown.
                length = np.float32(math.sqrt(magnitude))
                vector = (vector / length) * length
        return vector

    def learn_dims(self, known: Field, definition: Body) -> None:
        from .mapping import default_index_options

        if definition.get("index") and "index_options" not in definition:
            definition["index_options"] = default_index_options(definition["dims"], self.parser.version)
        into = self.parsed.additions
        parts = known.path.split(".")
        for part in parts[:-1]:
            into = into.setdefault("properties", {}).setdefault(part, {})
        into.setdefault("properties", {})[parts[-1]] = definition

    def packed(self, text: str, dims: int | None, known: Field) -> numpy.ndarray:
        """base64 of big-endian float32 (9.3 and later)."""
        import numpy as np

        if self.parser.version.major < 9:
            raise self.parse_failure(
                known.path, "Failed to parse object: expecting token of type [VALUE_NUMBER] but found [END_OBJECT]"
            )
        try:
            data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        except (binascii.Error, ValueError):
            raise self.parse_failure(known.path, "Failed to parse object: Invalid Base64 vector encoding") from None
        if len(data) % 4 or (dims is not None and len(data) != dims * 4):
            raise self.parse_failure(
                known.path,
                f"Failed to parse object: Base64 decoded vector byte length [{len(data)}] does not match the expected "
                f"length of [{(dims or 0) * 4}] or [{(dims or 0) * 2}] for dimension count [{dims}]",
            )
        return np.frombuffer(data, dtype=">f4").astype(np.float32)

    # errors

    def place(self, path: str) -> str:
        """`line:column` of the field's value in the document as sent."""
        position = 0
        for part in path.split("."):
            found = re.compile(rb'"' + re.escape(part.encode()) + rb'"\s*:\s*').search(self.raw, position)
            if not found:
                return "1:1"
            position = found.end()
        before = self.raw[:position]
        return f"{before.count(10) + 1}:{position - (before.rfind(10) + 1) + 1}"

    def error(self, path: str, reason: str) -> ElasticsearchError:
        return ElasticsearchError("document_parsing_exception", f"[{self.place(path)}] {reason}")

    def failure(self, known: Field, value: Any, cause: ElasticsearchError, shown: str = "") -> ElasticsearchError:
        place = self.place(known.path)
        cause.reason = cause.reason.replace(" at 1:1 ", f" at {place} ")
        if cause.type == "x_content_parse_exception":
            cause.reason = f"[{place}] {cause.reason}"
        if known.type == "float" and "finite" in cause.reason:
            value = "Infinity" if value > 0 else "-Infinity"
        return ElasticsearchError(
            "document_parsing_exception",
            f"[{self.place(known.path)}] failed to parse field [{known.path}] of type [{known.type}] in document with"
            f" id '{self.id}'. Preview of field's value: '{shown or as_text(value)}'",
            cause=cause,
            root=[cause.head()] if cause.type in _OWN_ERRORS else None,
        )

    def check_timestamp(self, source: Body) -> None:
        """A document of a data stream has one time."""
        values = self.parsed.values.get("@timestamp", [])
        if not values:
            raise self.plain_failure("@timestamp", "data stream timestamp field [@timestamp] is missing")
        if len(values) > 1:
            cause = illegal("data stream timestamp field [@timestamp] encountered multiple values")
            shown = as_text(source["@timestamp"][-1]) if isinstance(source.get("@timestamp"), list) else ""
            raise ElasticsearchError(
                "document_parsing_exception",
                f"[{self.place('@timestamp')}] failed to parse field [@timestamp] of type [date] in document with"
                f" id '{self.id}'. Preview of field's value: '{shown}'",
                cause=cause,
            )

    def plain_failure(self, path: str, reason: str) -> ElasticsearchError:
        return ElasticsearchError(
            "document_parsing_exception", f"[{self.place(path)}] failed to parse: {reason}", cause=illegal(reason)
        )

    def parse_failure(self, path: str, reason: str) -> ElasticsearchError:
        line, column = self.place(path).split(":")
        inner = ElasticsearchError("parsing_exception", reason, line=int(line), col=int(column))
        return ElasticsearchError(
            "document_parsing_exception",
            f"[{line}:{column}] failed to parse: {reason}",
            cause=inner,
            root=[inner.head()],
        )


_OWN_ERRORS = frozenset({"parse_exception", "parsing_exception", "document_parsing_exception"})
"""Elasticsearch's own exceptions, which a `root_cause` names; those of Java it leaves within."""


def _searchable(known: Field) -> bool:
    return known.type != "binary" and not (known.get("index") is False and known.get("doc_values") is False)


def _flat(value: Any) -> Any:
    if isinstance(value, list):
        for item in value:
            yield from _flat(item)
    else:
        yield value


def _leaves(value: Any, prefix: str) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [pair for k, v in value.items() for pair in _leaves(v, f"{prefix}.{k}" if prefix else k)]
    if isinstance(value, list):
        return [pair for v in value for pair in _leaves(v, prefix)]
    return [] if value is None else [(prefix, as_text(value))]


def _preview(vector: numpy.ndarray) -> str:
    shown = ", ".join(str(float(x)) for x in vector[:5])
    return f"[{shown}{', ...' if len(vector) > 5 else ''}]"
