"""A formula → the hidden columns that Kibana before 9.4 keeps beside it, one for each operation in it.

`count(kql='a:1') / count()` becomes two `count` columns and a `math` column that joins them, numbered in the order in
which they are met, depth first: `<id>X0`, `<id>X1`, `<id>X2`. Kibana from 9.4 on makes them itself when it loads.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

Body = dict[str, Any]
RECORDS = "___records___"

FIELD_OPERATIONS = (
    "count", "unique_count", "sum", "min", "max", "average", "median", "standard_deviation", "last_value",
    "percentile", "percentile_rank",
)  # fmt: skip
REFERENCES = (
    "counter_rate", "cumulative_sum", "differences", "moving_average", "normalize_by_unit", "overall_sum",
    "overall_min", "overall_max", "overall_average",
)  # fmt: skip
CONSTANTS = ("interval", "now", "time_range")
PARAMETERS = {"percentile": ("percentile", 95), "percentile_rank": ("value", 0), "moving_average": ("window", 5)}
_ARGUMENT = {"percentile": "percentile", "percentile_rank": "value", "moving_average": "window"}

_SPACE = re.compile(r"\s*")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(?=\s*\()")
_WORD = re.compile(r"[\w.]+")
_NAMED = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*)\s*=(?!=)\s*")
_VARIABLE = re.compile(r"[A-Za-z_@.\[\]$][\w@.\-\[\]$]*")
_QUOTED = re.compile(r"'((?:\\.|[^'\\])*)'|\"((?:\\.|[^\"\\])*)\"", re.DOTALL)
_COMPARED = {"<=": "lte", ">=": "gte", "==": "eq", "<": "lt", ">": "gt"}


class _Unreadable(Exception):
    """The formula does not parse; Kibana would call it broken, too."""


@dataclass
class _Parser:
    """Kibana's formula language (tinymath), each node with where it stands in the text."""

    text: str
    at: int = 0

    def whole(self) -> Any:
        node = self._compared()
        if self.at != len(self.text):
            raise _Unreadable
        return node

    def _blank(self) -> None:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _take(self, *words: str) -> str | None:
        for word in words:
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return word
        return None

    def _placed(self, name: str, args: list[Any], start: int) -> Body:
        place = {"min": start, "max": self.at}
        return {"type": "function", "name": name, "args": args, "location": place, "text": self.text[start : self.at]}

    def _compared(self) -> Any:
        start = self.at
        left = self._sum()
        word = self._take(*_COMPARED)
        if word is None:
            return left
        right = self._sum()
        return self._placed(_COMPARED[word], [left, right], start)

    def _sum(self) -> Any:
        return self._chain({"+": "add", "-": "subtract"}, self._product)

    def _product(self) -> Any:
        return self._chain({"*": "multiply", "/": "divide"}, self._factor)

    def _chain(self, signs: dict[str, str], part: Any) -> Any:
        start = self.at
        self._blank()
        node = part()
        self._blank()
        joined = False
        while sign := self._take(*signs):
            # Only the outermost of a chain says where it stands.
            node = {"type": "function", "name": signs[sign], "args": [node, part()]}
            self._blank()
            joined = True
        if joined:
            node = self._placed(node["name"], node["args"], start)
        return node

    def _factor(self) -> Any:
        self._blank()
        if self._take("("):
            node = self._compared()
            if not self._take(")"):
                raise _Unreadable
            return node
        start = self.at
        if number := _NUMBER.match(self.text, start):
            self.at = number.end()
            value = float(number[0])
            return int(value) if value.is_integer() else value
        if name := _NAME.match(self.text, start):
            self.at = name.end()
            self._blank()
            self.at += 1
            return self._placed(name[0], self._arguments(), start)
        if quoted := _QUOTED.match(self.text, start):
            self.at = quoted.end()
            return self._leaf(_unescaped(quoted), start)
        if variable := _VARIABLE.match(self.text, start):
            self.at = variable.end()
            return self._leaf(variable[0], start)
        raise _Unreadable

    def _leaf(self, value: str, start: int) -> Body:
        place = {"min": start, "max": self.at}
        return {"type": "variable", "value": value, "location": place, "text": self.text[start : self.at]}

    def _arguments(self) -> list[Any]:
        found: list[Any] = []
        self._blank()
        while not self._take(")"):
            if found and not self._take(","):
                raise _Unreadable
            self._blank()
            named = _NAMED.match(self.text, self.at)
            if named:
                start, self.at = self.at, named.end()
                quoted = _QUOTED.match(self.text, self.at)
                value: Any = _unescaped(quoted) if quoted else self._plain()
                if quoted:
                    self.at = quoted.end()
                place = {"min": start, "max": self.at}
                text = self.text[start : self.at]
                found.append(
                    {"type": "namedArgument", "name": named[1], "value": value, "location": place, "text": text}
                )
            else:
                found.append(self._compared())
            self._blank()
        return found

    def _plain(self) -> Any:
        match = _WORD.match(self.text, self.at)
        if match is None:
            raise _Unreadable
        self.at = match.end()
        return float(match[0]) if _NUMBER.fullmatch(match[0]) else match[0]


def _unescaped(quoted: re.Match[str]) -> str:
    text = quoted[1] if quoted[1] is not None else quoted[2] or ""
    return re.sub(r"\\(['\"\\])", r"\1", text)


@dataclass
class _Expansion:
    """The columns met so far."""

    id: str
    shared: Body
    time_field: str
    filter: Body | None
    reduced: str | None
    columns: dict[str, Body] = field(default_factory=dict)

    def add(self, column: Body) -> str:
        name = f"{self.id}X{len(self.columns)}"
        self.columns[name] = column
        return name

    def node(self, node: Any) -> Any:
        if not isinstance(node, dict) or node["type"] != "function":
            return node
        name = node["name"]
        if name in FIELD_OPERATIONS:
            return self.add(self._over_field(name, node["args"]))
        if name in REFERENCES:
            return self.add(self._over_column(name, node["args"]))
        if name in CONSTANTS:
            return self.add({"operationType": name, **self.shared, "references": []})
        return node | {"args": [self.node(arg) for arg in node["args"]]}

    def math(self, node: Any) -> str:
        column = {"operationType": "math", **self.shared, "references": _names(node), "params": {"tinymathAst": node}}
        return self.add(column)

    def _over_field(self, name: str, args: list[Any]) -> Body:
        fields = [arg["value"] for arg in args if isinstance(arg, dict) and arg["type"] == "variable"]
        column: Body = {"operationType": name, **self.shared, "sourceField": fields[0] if fields else RECORDS}
        named = _named(args)
        params: Body = {"emptyAsNull": False} if name in ("count", "sum", "unique_count") else {}
        if name in PARAMETERS:
            key, default = PARAMETERS[name]
            params[key] = _plain_number(named.get(_ARGUMENT[name], default))
        if name == "last_value":
            params |= {"sortField": self.time_field, "showArrayValues": False}
        options = self._options(named)
        if name == "last_value" and "filter" not in options and fields:
            # As the editor does: the last document that has the field.
            options["filter"] = {"query": f'"{fields[0]}": *', "language": "kuery"}
        return column | ({"params": params} if params else {}) | options

    def _over_column(self, name: str, args: list[Any]) -> Body:
        inner = next((arg for arg in args if not (isinstance(arg, dict) and arg["type"] == "namedArgument")), None)
        made = self.node(inner)
        target = made if isinstance(made, str) else self.math(made)
        named = _named(args)
        column: Body = {"operationType": name, **self.shared, "references": [target]}
        if name == "moving_average":
            column["params"] = {"window": _plain_number(named.get("window", 5))}
        if name == "normalize_by_unit":
            column["params"] = {"unit": named.get("unit", "s")}
        return column | self._options(named)

    def _options(self, named: Body) -> Body:
        options: Body = {}
        language = "lucene" if "lucene" in named else "kuery"
        own = named.get("lucene", named.get("kql"))
        if own is not None:
            joined = f"({self.filter['query']}) AND ({own})" if self.filter and self.filter["query"] else own
            options["filter"] = {"query": joined, "language": language}
        elif self.filter:
            options["filter"] = self.filter
        reduced = self.reduced or named.get("reducedTimeRange")
        options |= {"timeShift": named["shift"]} if "shift" in named else {}
        return options | ({"reducedTimeRange": reduced} if reduced else {})


def hidden_columns(id_: str, formula: str, label: str, time_field: str, column: Body) -> dict[str, Body]:
    """The columns behind the formula's own, the last of which it refers to; empty where the formula does not parse.

    `label` names the formula, `column` is its own (its filter and reduced time range go into every operation).
    """
    try:
        tree = _Parser(formula).whole()
    except _Unreadable:
        return {}
    shared = {
        "label": f"Part of {label}",
        "customLabel": True,
        "dataType": "number",
        "isBucketed": False,
        "scale": "ratio",
    }
    expansion = _Expansion(id_, shared, time_field, column.get("filter"), column.get("reducedTimeRange"))
    root = expansion.node(tree)
    if not isinstance(root, str):
        expansion.math(root)
    return expansion.columns


def hidden_behind(columns: dict[str, Body]) -> set[str]:
    """The ids of all columns that stand behind formulas."""
    found: set[str] = set()
    left = [
        id_ for column in columns.values() if column.get("operationType") == "formula" for id_ in _references(column)
    ]
    while left:
        id_ = left.pop()
        if id_ in columns and id_ not in found:
            found.add(id_)
            left += _references(columns[id_])
    return found | {id_ for id_ in columns if _is_part(id_, columns)}


def _is_part(id_: str, columns: dict[str, Body]) -> bool:
    owner, sign, number = id_.rpartition("X")
    return bool(sign) and number.isdigit() and columns.get(owner, {}).get("operationType") == "formula"


def _references(column: Body) -> list[str]:
    return [str(one) for one in column.get("references") or ()]


def _names(node: Any) -> list[str]:
    """Ids of columns in a tree of which each operation has become one."""
    if isinstance(node, str):
        return [node]
    if not isinstance(node, dict) or node["type"] != "function":
        return []
    return list(dict.fromkeys(name for arg in node["args"] for name in _names(arg)))


def _named(args: list[Any]) -> Body:
    return {arg["name"]: arg["value"] for arg in args if isinstance(arg, dict) and arg["type"] == "namedArgument"}


def _plain_number(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value
