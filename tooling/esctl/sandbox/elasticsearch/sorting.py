"""`sort` and `search_after`: keys as SQL expressions, and the values that an answer shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .dates import format_date, parse_date
from .errors import illegal, not_a_number, unknown_field, unparsed, unsupported
from .field_values import ip_text
from .searcher import Column, Searcher, query_failure, quoted

_MAX, _MIN = 2**63 - 1, -(2**63)
_SMALL = frozenset({"integer", "short", "byte"})
"""Sorted as 32-bit numbers: a missing value shows as their extreme."""


@dataclass(frozen=True)
class Key:
    """One sort key. `sql` gives a value per document of relation `q`; `join` is what it needs beside it."""

    sql: str
    join: str
    descending: bool
    nulls_last: bool
    column: Column | None = None
    format: str | None = None
    kind: str = ""

    @property
    def order(self) -> str:
        return f"{self.sql} {'DESC' if self.descending else 'ASC'} NULLS {'LAST' if self.nulls_last else 'FIRST'}"

    def shown(self, value: Any) -> Any:
        """The value as it stands in a hit's `sort`."""
        if self.column is None:
            return short_float(value) if self.kind == "_score" else value
        if self.column.type == "ip":
            return None if value is None else ip_text(value)
        if self.column.type == "date" and value is not None:
            if self.format:
                return None if value in (_MAX, _MIN) else format_date(value, self.format)
            return value
        if isinstance(value, float) and value in (float("inf"), float("-inf")):
            return "Infinity" if value > 0 else "-Infinity"
        return value

    def read(self, value: Any) -> Any:
        """A value of `search_after` as the column holds it."""
        if value is None and self.column is not None and self.column.numeric:
            # What a formatted date shows for a missing value.
            return _MAX if self.nulls_last != self.descending else _MIN
        if self.column is None or value is None:
            return value
        if self.column.type == "ip":
            from .field_values import ip_key

            return ip_key(str(value))
        if self.column.type == "date" and isinstance(value, str):
            return parse_date(value, self.format or str(self.column.field.get("format")))
        if self.column.type == "boolean" and isinstance(value, (bool, str)):
            return 1 if value in (True, "true") else 0
        if self.column.numeric and isinstance(value, str):
            try:
                return float(value)
            except ValueError:
                reason = f"Failed to parse search_after value for field [{self.column.field.path}]."
                raise illegal(reason, cause=not_a_number(value)) from None
        return value


def short_float(value: Any) -> Any:
    """A score, which is a float32, in its shortest form."""
    if value is None:
        return None
    import numpy as np

    return float(str(np.float32(value)))


def sort_keys(searcher: Searcher, sort: Any) -> list[Key]:
    """Raises ElasticsearchError. An empty list means: by score."""
    items = sort if isinstance(sort, list) else [sort]
    keys: list[Key] = []
    for item in items:
        if isinstance(item, str):
            name, _, direction = item.partition(":")
            keys.append(_key(searcher, name, {"order": direction} if direction else {}, len(keys)))
        elif isinstance(item, dict):
            for name, options in item.items():
                keys.append(
                    _key(searcher, name, {"order": options} if isinstance(options, str) else dict(options), len(keys))
                )
        else:
            raise illegal("malformed sort format, within the sort array, an object, or an actual string are allowed")
    return keys


_OPTIONS = frozenset("order missing mode unmapped_type numeric_type format nested".split())


def _key(searcher: Searcher, name: str, options: dict[str, Any], number: int) -> Key:
    order = str(options.get("order", "desc" if name == "_score" else "asc")).lower()
    if order not in ("asc", "desc"):
        raise illegal(f"No enum constant org.elasticsearch.search.sort.SortOrder.{order.upper()}")
    descending = order == "desc"
    if name == "_score":
        return Key("q.score", "", descending, True, kind="_score")
    if name in ("_doc", "_shard_doc"):
        return Key("q.doc", "", descending, True, kind=name)
    if name == "_id":
        raise illegal(
            "Fielddata access on the _id field is disallowed, you can re-enable it by updating the dynamic cluster"
            " setting: indices.id_field_data.enabled"
        )
    if name in ("_script", "_geo_distance"):
        raise unsupported(f"sorting by [{name}]")
    for key in options:
        if key not in _OPTIONS:
            raise unknown_field("field_sort", key)
    if "nested" in options:
        raise unsupported("nested sorting")
    column = searcher.column(name, "sorting")
    if column is None:
        if "unmapped_type" not in options:
            part = searcher.parts[0] if searcher.parts else None
            if part is None:
                return Key("NULL", "", descending, True, kind="unmapped")
            raise query_failure(part, f"No mapping found for [{name}] in order to sort on")
        value = (
            "NULL::VARCHAR"
            if options["unmapped_type"] in ("keyword", "string", "text")
            else str(_MIN if descending else _MAX)
        )
        return Key(f"coalesce(NULL, {value})", "", descending, True, kind="unmapped")
    mode = options.get("mode", "max" if descending else "min")
    if mode not in ("min", "max", "sum", "avg", "median"):
        raise unparsed("field_sort", "mode", illegal(f"Unknown SortMode [{mode}]"))
    alias = f"s{number}"
    join = f"LEFT JOIN (SELECT doc, {mode}(value) AS v FROM ({column.sql}) GROUP BY doc) {alias} ON {alias}.doc = q.doc"
    missing = options.get("missing", "_last")
    last = missing != "_first"
    sql = f"{alias}.v"
    if missing not in ("_first", "_last"):
        value = Key("", "", False, False, column, options.get("format")).read(missing)
        sql = f"coalesce({alias}.v, {quoted(value)})"
    elif column.numeric:
        high = last != descending
        if column.floating:
            extreme = f"'{'' if high else '-'}Infinity'::DOUBLE"
        elif column.type in _SMALL:
            extreme = str(2**31 - 1 if high else -(2**31))
        else:
            extreme = str(_MAX if high else _MIN)
        sql = f"coalesce({alias}.v, {extreme})"
    return Key(sql, join, descending, last, column, options.get("format"))


def after(keys: list[Key], values: Any) -> str:
    """The condition that a document comes after these values."""
    if not isinstance(values, list) or len(values) != len(keys):
        count = len(values) if isinstance(values, list) else 0
        raise illegal(f"search_after has {count} value(s) but sort has {len(keys)}.")
    steps, equal = [], "TRUE"
    for key, value in zip(keys, values, strict=True):
        read = key.read(value)
        if read is None:
            beyond = "FALSE" if key.nulls_last else f"{key.sql} IS NOT NULL"
            same = f"{key.sql} IS NULL"
        else:
            if key.kind == "_score":
                # Scores are shown as float32; compared as such, or the same document would come again.
                beyond, same = (
                    f"{key.sql}::FLOAT {'<' if key.descending else '>'} {quoted(read)}::FLOAT",
                    f"{key.sql}::FLOAT = {quoted(read)}::FLOAT",
                )
            else:
                beyond, same = (
                    f"{key.sql} {'<' if key.descending else '>'} {quoted(read)}",
                    f"{key.sql} = {quoted(read)}",
                )
            if key.nulls_last:
                beyond = f"({beyond} OR {key.sql} IS NULL)"
        steps.append(f"({equal} AND {beyond})")
        equal = f"{equal} AND {same}"
    return " OR ".join(steps)
