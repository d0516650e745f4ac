"""Lens formulas: `count(kql='type: run') / count()` → hidden metric columns and what to compute from them.

Covered: the field metrics, numbers, + - * /, comparison-free arithmetic functions. Anything else is refused by name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import EsctlError, did_you_mean
from ..model import Body

_TOKEN = re.compile(r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?)|(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
                    r"|(?P<word>[A-Za-z_@][\w.@-]*)|(?P<sign>[-+*/(),=]))")  # fmt: skip
_METRICS = {"count", "unique_count", "sum", "min", "max", "average", "median", "standard_deviation", "percentile",
            "percentile_rank", "last_value"}  # fmt: skip
_MATHS: dict[str, Callable[..., float]] = {
    "abs": abs, "ceil": math.ceil, "floor": math.floor, "sqrt": math.sqrt, "exp": math.exp, "cube": lambda x: x**3,
    "square": lambda x: x * x, "log": lambda x, base=math.e: math.log(x, base), "pow": lambda x, y: x**y,
    "round": lambda x, digits=0: math.floor(x * 10**digits + 0.5) / 10**digits, "mod": lambda x, y: math.fmod(x, y),
    "add": lambda x, y: x + y, "subtract": lambda x, y: x - y, "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
}  # fmt: skip

Values = Mapping[str, float | None]


@dataclass(frozen=True)
class Formula:
    """`parts`: metric columns by name; `evaluate(values)` the formula over their values, None where it has none."""

    text: str
    parts: Mapping[str, Body]
    tree: Any

    def evaluate(self, values: Values) -> float | None:
        try:
            return _evaluate(self.tree, values)
        except (ZeroDivisionError, ValueError, OverflowError):
            return None


def parse_formula(text: str) -> Formula:
    """Raises EsctlError that names what is not understood."""
    parser = _Parser(text)
    tree = parser.sum()
    if text[parser.at :].strip():
        raise parser.error(f'did not expect "{text[parser.at :].strip()}"')
    return Formula(text, parser.parts, tree)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.parts: dict[str, Body] = {}

    def sum(self) -> Any:
        tree = self.product()
        while sign := self._take("+", "-"):
            tree = (sign, tree, self.product())
        return tree

    def product(self) -> Any:
        tree = self.factor()
        while sign := self._take("*", "/"):
            tree = (sign, tree, self.factor())
        return tree

    def factor(self) -> Any:
        if self._take("-"):
            return ("-", 0.0, self.factor())
        if self._take("("):
            tree = self.sum()
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
        if name not in _MATHS:
            raise self.error(f'"{name}" is not drawn yet', did_you_mean(name, (*_METRICS, *_MATHS)))
        arguments = [self.sum()]
        while self._take(","):
            arguments.append(self.sum())
        self._expect(")")
        return ("call", name, tuple(arguments))

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
            else:
                raise self.error(f'"{key}=" of {name}(…) is not drawn yet')
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
            raise self.error(f'expected "{sign}"')

    def error(self, what: str, hint: str | None = None) -> EsctlError:
        return EsctlError(f'formula "{self.text}": {what}', hint=hint)


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text[:1] in "'\"" else text


def _evaluate(tree: Any, values: Values) -> float | None:
    if isinstance(tree, float):
        return tree
    if tree[0] == "part":
        return values.get(tree[1])
    operands = tree[2] if tree[0] == "call" else tree[1:]
    numbers = [_evaluate(operand, values) for operand in operands]
    if any(n is None for n in numbers):
        return None
    function = _MATHS[tree[1]] if tree[0] == "call" else _SIGNS[tree[0]]
    return float(function(*numbers))


_SIGNS = {"+": _MATHS["add"], "-": _MATHS["subtract"], "*": _MATHS["multiply"], "/": _MATHS["divide"]}
