"""Lens formulas: `count(kql='type: run') / count()` → hidden metric columns and what to compute from them.

Source: Kibana's formula reference: metrics, functions along a series, maths, comparisons, and what stands for time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import EsctlError, did_you_mean
from ..model import Body
from .frame import (
    UNITS,
    Frame,
    Numbers,
    counter_rate,
    cumulative_sum,
    differences,
    moving_average,
    overall,
    scaled,
)

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)"
    r"|(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<word>[A-Za-z_@][\w.@-]*)|(?P<sign>==|<=|>=|[-+*/(),=<>]))"
)
_METRICS = {"count", "unique_count", "sum", "min", "max", "average", "median", "standard_deviation", "percentile",
            "percentile_rank", "last_value"}  # fmt: skip
_MATHS: dict[str, Callable[..., float]] = {
    "abs": abs, "ceil": math.ceil, "floor": math.floor, "sqrt": math.sqrt, "exp": math.exp, "cube": lambda x: x**3,
    "square": lambda x: x * x, "log": lambda x, base=math.e: math.log(x, base), "pow": lambda x, y: x**y,
    "round": lambda x, digits=0: math.floor(x * 10**digits + 0.5) / 10**digits, "mod": lambda x, y: math.fmod(x, y),
    "add": lambda x, y: x + y, "subtract": lambda x, y: x - y, "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y, "cbrt": lambda x: math.copysign(abs(x) ** (1 / 3), x), "fix": math.trunc,
    "clamp": lambda x, low, high: min(max(x, low), high), "pick_max": max, "pick_min": min,
    "eq": lambda x, y: x == y, "lt": lambda x, y: x < y, "lte": lambda x, y: x <= y, "gt": lambda x, y: x > y,
    "gte": lambda x, y: x >= y,
}  # fmt: skip
_ALONG: dict[str, Callable[[Numbers], Numbers]] = {
    "differences": differences, "derivative": differences, "cumulative_sum": cumulative_sum,
    "counter_rate": counter_rate, "overall_sum": overall(math.fsum), "overall_min": overall(min),
    "overall_max": overall(max), "overall_average": overall(lambda known: math.fsum(known) / len(known)),
}  # fmt: skip
_SPECIAL = ("ifelse", "defaults", "moving_average", "normalize_by_unit", "interval", "time_range", "now")
_SIGNS = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "==": "eq", "<": "lt", "<=": "lte", ">": "gt",
          ">=": "gte"}  # fmt: skip


@dataclass(frozen=True)
class Formula:
    """`parts`: metric columns by name; `evaluate` works the formula out over their values, one for each row."""

    text: str
    parts: Mapping[str, Body]
    tree: Any

    def evaluate(self, columns: Mapping[str, Numbers], frame: Frame) -> Numbers:
        """None where a row has no value."""
        return [None if v is None else float(v) for v in _Work(columns, frame).of(self.tree)]


def parse_formula(text: str) -> Formula:
    """Raises EsctlError that names what is not understood."""
    parser = _Parser(text)
    tree = parser.comparison()
    if text[parser.at :].strip():
        raise parser.error(f'did not expect "{text[parser.at :].strip()}"')
    return Formula(text, parser.parts, tree)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.parts: dict[str, Body] = {}

    def comparison(self) -> Any:
        tree = self.sum()
        while sign := self._take("==", "<=", ">=", "<", ">"):
            tree = ("call", _SIGNS[sign], (tree, self.sum()))
        return tree

    def sum(self) -> Any:
        tree = self.product()
        while sign := self._take("+", "-"):
            tree = ("call", _SIGNS[sign], (tree, self.product()))
        return tree

    def product(self) -> Any:
        tree = self.factor()
        while sign := self._take("*", "/"):
            tree = ("call", _SIGNS[sign], (tree, self.factor()))
        return tree

    def factor(self) -> Any:
        if self._take("-"):
            return ("call", "subtract", (0.0, self.factor()))
        if self._take("("):
            tree = self.comparison()
            self._expect(")")
            return tree
        token = self._token()
        if token["number"]:
            return float(token["number"])
        if token["word"]:
            return self._call(token["word"])
        raise self.error(f'did not expect "{token[0].strip()}"')

    def _call(self, name: str) -> Any:
        self._expect("(")
        if name in _METRICS:
            return self._metric(name)
        if name not in _MATHS and name not in _ALONG and name not in _SPECIAL:
            known = (*_METRICS, *_MATHS, *_ALONG, *_SPECIAL)
            raise self.error(f'there is no function "{name}"', did_you_mean(name, known))
        arguments: list[Any] = []
        named: dict[str, str] = {}
        while not self._take(")"):
            key = self._named()
            if key:
                token = self._token()
                named[key] = _plain(token["text"] or token["number"] or token["word"] or "")
            else:
                arguments.append(self.comparison())
            if not self._take(","):
                self._expect(")")
                break
        return ("call", name, tuple(arguments), named) if named else ("call", name, tuple(arguments))

    def _named(self) -> str | None:
        """The name of a named argument, if one stands here."""
        found = _TOKEN.match(self.text, self.at)
        if not found or not found["word"]:
            return None
        after = _TOKEN.match(self.text, found.end())
        if not after or after["sign"] != "=":
            return None
        self.at = after.end()
        return found["word"]

    def _metric(self, name: str) -> Any:
        field = ""
        named: dict[str, str] = {}
        while not self._take(")"):
            token = self._token()
            if token["word"] and self._take("="):
                value = self._token()
                named[token["word"]] = _plain(value["text"] or value["number"] or value["word"] or "")
            elif token["word"] or token["text"]:
                field = _plain(token["word"] or token["text"])
            else:
                raise self.error(f"expected a field in {name}(…)")
            self._take(",")
        column: Body = {
            "operationType": name,
            "sourceField": field or "___records___",
            "isBucketed": False,
            "params": {},
        }
        for key, given in named.items():
            if key in ("kql", "lucene"):
                column["filter"] = {"query": given, "language": "kuery" if key == "kql" else "lucene"}
            elif key == "percentile":
                column["params"]["percentile"] = float(given)
            elif key == "value":
                column["params"]["value"] = float(given)
            elif key == "sort":
                column["params"]["sortField"] = given
            elif key == "shift":
                column["timeShift"] = given
            elif key == "reducedTimeRange":
                column["reducedTimeRange"] = given
            else:
                known = ("kql", "lucene", "shift", "reducedTimeRange", "percentile", "value", "sort")
                raise self.error(f'{name}(…) has no "{key}="', did_you_mean(key, known))
        part = f"X{len(self.parts)}"
        self.parts[part] = column
        return ("part", part)

    def _token(self) -> re.Match[str]:
        found = _TOKEN.match(self.text, self.at)
        if not found:
            raise self.error(
                "ends too early" if not self.text[self.at :].strip() else f'"{self.text[self.at :].strip()}"?'
            )
        self.at = found.end()
        return found

    def _take(self, *signs: str) -> str | None:
        found = _TOKEN.match(self.text, self.at)
        if found and found["sign"] in signs:
            self.at = found.end()
            return found["sign"]
        return None

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            rest = self.text[self.at :].strip()
            raise self.error(f'expected "{sign}"' if rest else "ends too early")

    def error(self, what: str, hint: str | None = None) -> EsctlError:
        return EsctlError(f'formula "{self.text}": {what}', hint=hint)


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text[:1] in "'\"" else text


class _Work:
    """The tree of a formula over columns of numbers."""

    def __init__(self, columns: Mapping[str, Numbers], frame: Frame) -> None:
        self.columns, self.frame = columns, frame

    def of(self, tree: Any) -> Numbers:
        if isinstance(tree, float):
            return [tree] * self.frame.size
        if tree[0] == "part":
            return self.columns.get(tree[1]) or [None] * self.frame.size
        _, name, arguments, *more = tree
        named: Mapping[str, str] = more[0] if more else {}
        operands = [self.of(argument) for argument in arguments]
        if name in _ALONG:
            return self.frame.along(operands[0], _ALONG[name])
        match name:
            case "moving_average":
                return self.frame.along(operands[0], moving_average(int(float(named.get("window", 5)))))
            case "normalize_by_unit":
                unit = str(named.get("unit", "s"))
                return scaled(operands[0], unit if unit in UNITS else "s", self.frame)
            case "ifelse":
                return [b if a else c for a, b, c in zip(*operands, strict=True)]
            case "defaults":
                return [b if a is None else a for a, b in zip(*operands, strict=True)]
            case "interval":
                return [None if self.frame.interval is None else self.frame.interval * 1000] * self.frame.size
            case "time_range":
                return [None if self.frame.span is None else self.frame.span * 1000] * self.frame.size
            case "now":
                return [self.frame.now] * self.frame.size
        return [_calculated(_MATHS[name], row) for row in zip(*operands, strict=True)]


def _calculated(function: Callable[..., float], numbers: tuple[float | None, ...]) -> float | None:
    if any(n is None for n in numbers):
        return None
    try:
        return function(*numbers)
    except (ZeroDivisionError, ValueError, OverflowError, TypeError):
        return None
