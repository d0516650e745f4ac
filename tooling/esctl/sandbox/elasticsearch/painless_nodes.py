"""What the parts of a Painless expression do: comparisons, arithmetic, members and methods, and how they fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .mapping import Body


class Failure(Exception):
    """An exception that the expression itself throws."""

    def __init__(self, type: str, reason: str) -> None:
        super().__init__(reason)
        self.type = type


@dataclass
class Run:
    """One evaluation; `offset` is the place in the source that an error is told at."""

    ctx: Body
    offset: int = 0


Node = Callable[[Run], Any]


CLASSES: dict[str, Callable[[Any], bool]] = {
    "String": lambda v: isinstance(v, str),
    "CharSequence": lambda v: isinstance(v, str),
    **dict.fromkeys(("List", "ArrayList", "Collection", "Iterable"), lambda v: isinstance(v, list)),
    **dict.fromkeys(("Map", "HashMap"), lambda v: isinstance(v, dict)),
    "Boolean": lambda v: isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "Number": lambda v: _number(v),
    **dict.fromkeys(("Integer", "int"), lambda v: _number(v) and isinstance(v, int) and -(1 << 31) <= v < 1 << 31),
    **dict.fromkeys(("Long", "long"), lambda v: _number(v) and isinstance(v, int) and not -(1 << 31) <= v < 1 << 31),
    **dict.fromkeys(("Double", "double"), lambda v: isinstance(v, float)),
    "Object": lambda v: v is not None,
    "def": lambda v: v is not None,
}


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def class_of(value: Any) -> str:
    from .processors.document import java_class

    return java_class(value)


def null(name: str) -> Failure:
    return Failure("null_pointer_exception", f"cannot access method/field [{name}] from a null def reference")


def cast(value: Any, to: str) -> Failure:
    return Failure("class_cast_exception", f"Cannot cast {class_of(value)} to {to}")


def truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    name = "null" if value is None else class_of(value)
    raise Failure("class_cast_exception", f"Cannot cast from [{name}] to [boolean].")


def either(left: Node, right: Node) -> Node:
    return lambda run: truth(left(run)) or truth(right(run))


def both(left: Node, right: Node) -> Node:
    return lambda run: truth(left(run)) and truth(right(run))


def instance(node: Node, check: Callable[[Any], bool]) -> Node:
    return lambda run: check(node(run))


def same(left: Any, right: Any) -> bool:
    """Painless' `==`: numbers by their value, all else within one class."""
    if _number(left) and _number(right):
        return bool(left == right)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right, strict=True))
    return type(left) is type(right) and left == right


def comparison(sign: str, left: Node, right: Node) -> Node:
    if sign in ("==", "==="):
        return lambda run: same(left(run), right(run))
    if sign in ("!=", "!=="):
        return lambda run: not same(left(run), right(run))
    compare: dict[str, Callable[[Any, Any], bool]] = {
        "<": lambda a, b: a < b,
        "<=": lambda a, b: a <= b,
        ">": lambda a, b: a > b,
        ">=": lambda a, b: a >= b,
    }
    shown = ">" if sign == ">=" else sign  # the server says so, as seen on 7.10.2

    def compared(run: Run) -> bool:
        a, b = left(run), right(run)
        for value, name in ((a, "leftObject"), (b, "rightObject")):
            if value is None:
                raise Failure("null_pointer_exception", f'Cannot invoke "Object.getClass()" because "{name}" is null')
        if not (_number(a) and _number(b)):
            raise Failure(
                "class_cast_exception",
                f"Cannot apply [{shown}] operation to types [{class_of(a)}] and [{class_of(b)}].",
            )
        return compare[sign](a, b)

    return compared


def arithmetic(sign: str, left: Node, right: Node) -> Node:
    def computed(run: Run) -> Any:
        a, b = left(run), right(run)
        if sign == "+" and (isinstance(a, str) or isinstance(b, str)):
            return _shown(a) + _shown(b)
        if not (_number(a) and _number(b)):
            if a is None or b is None:
                name = "leftObject" if a is None else "rightObject"
                raise Failure("null_pointer_exception", f'Cannot invoke "Object.getClass()" because "{name}" is null')
            raise Failure(
                "class_cast_exception",
                f"Cannot apply [{sign}] operation to types [{class_of(a)}] and [{class_of(b)}].",
            )
        if sign in ("/", "%") and isinstance(a, int) and isinstance(b, int):
            if b == 0:
                raise Failure("arithmetic_exception", "/ by zero")
            quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
            return quotient if sign == "/" else a - quotient * b
        if sign in ("/", "%") and b == 0:
            return float("nan") if sign == "%" or a == 0 else float("inf") if a > 0 else float("-inf")
        if sign == "%":
            import math

            return math.fmod(a, b)
        return {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "/": lambda: a / b}[sign]()

    return computed


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(map(_shown, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}={_shown(v)}" for k, v in value.items()) + "}"
    return "null" if value is None else str(value)


def member(node: Node, name: str, offset: int, *, safe: bool) -> Node:
    def got(run: Run) -> Any:
        value = node(run)
        run.offset = offset
        if value is None:
            if safe:
                return None
            raise null(name)
        if isinstance(value, dict):
            return value.get(name)
        if isinstance(value, list):
            if name == "length":
                return len(value)
            if name.isdigit():
                return _item(value, int(name))
        if isinstance(value, str) and name == "empty":
            return not value
        raise Failure("illegal_argument_exception", f"dynamic getter [{class_of(value)}, {name}] not found")

    return got


def _item(items: list[Any], index: int) -> Any:
    at = index + len(items) if index < 0 else index
    if not 0 <= at < len(items):
        raise Failure("index_out_of_bounds_exception", f"Index {index} out of bounds for length {len(items)}")
    return items[at]


def indexed(node: Node, key: Node, offset: int) -> Node:
    def got(run: Run) -> Any:
        value, name = node(run), key(run)
        run.offset = offset
        if value is None:
            raise Failure("null_pointer_exception", 'Cannot invoke "Object.getClass()" because "receiver" is null')
        if isinstance(value, dict):
            return value.get(name)
        if isinstance(value, list) and isinstance(name, int):
            return _item(value, name)
        raise Failure(
            "illegal_argument_exception",
            f"Attempting to address a non-array-like type [{class_of(value)}] as an array.",
        )

    return got


_METHODS: dict[tuple[type, str], Callable[..., Any]] = {
    (str, "contains"): lambda s, x: x in s,
    (str, "startsWith"): lambda s, x: s.startswith(x),
    (str, "endsWith"): lambda s, x: s.endswith(x),
    (str, "isEmpty"): lambda s: not s,
    (str, "length"): lambda s: len(s),
    (str, "toLowerCase"): lambda s: s.lower(),
    (str, "toUpperCase"): lambda s: s.upper(),
    (str, "trim"): lambda s: s.strip("".join(map(chr, range(33)))),
    (str, "equals"): lambda s, x: s == x,
    (str, "equalsIgnoreCase"): lambda s, x: isinstance(x, str) and s.lower() == x.lower(),
    (str, "indexOf"): lambda s, x: s.find(x),
    (str, "lastIndexOf"): lambda s, x: s.rfind(x),
    (str, "toString"): lambda s: s,
    (list, "contains"): lambda items, x: any(same(i, x) for i in items),
    (list, "size"): len,
    (list, "isEmpty"): lambda items: not items,
    (list, "get"): lambda items, n: _item(items, n),
    (list, "indexOf"): lambda items, x: next((n for n, i in enumerate(items) if same(i, x)), -1),
    (dict, "containsKey"): lambda node, x: x in node,
    (dict, "containsValue"): lambda node, x: any(same(i, x) for i in node.values()),
    (dict, "get"): lambda node, x: node.get(x),
    (dict, "getOrDefault"): lambda node, x, other: node.get(x, other),
    (dict, "size"): len,
    (dict, "isEmpty"): lambda node: not node,
    **{(kind, "equals"): same for kind in (list, dict, bool, int, float)},
    **{(kind, "toString"): _shown for kind in (list, dict, bool, int, float)},
    **{(kind, "intValue"): int for kind in (int, float)},
    **{(kind, "longValue"): int for kind in (int, float)},
    **{(kind, "doubleValue"): float for kind in (int, float)},
}
KNOWN_METHODS = frozenset(name for _, name in _METHODS)
_TAKES_TEXT = frozenset("contains startsWith endsWith indexOf lastIndexOf".split())


def method(node: Node, name: str, arguments: list[Node], offset: int, *, safe: bool) -> Node:
    def called(run: Run) -> Any:
        value = node(run)
        run.offset = offset
        if value is None and safe:
            return None
        given = [argument(run) for argument in arguments]
        run.offset = offset
        if value is None:
            raise null(name)
        method = _METHODS.get((type(value), name))
        if method is None or (method.__code__.co_argcount if hasattr(method, "__code__") else 1) != 1 + len(given):
            raise Failure(
                "illegal_argument_exception", f"dynamic method [{class_of(value)}, {name}/{len(given)}] not found"
            )
        if isinstance(value, str) and name in _TAKES_TEXT and not isinstance(given[0], str):
            if given[0] is None:
                raise Failure("null_pointer_exception", 'Cannot invoke "Object.toString()" because "s" is null')
            raise cast(given[0], "java.lang.String")
        return method(value, *given)

    return called
