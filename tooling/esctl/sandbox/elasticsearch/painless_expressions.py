"""Painless expressions as conditions of processors use them: read and evaluated; statements are refused by name.

`ctx.a?.b == 'x' && !ctx.tags.contains("y")`: paths into ctx, literals, comparisons, arithmetic, `instanceof`, regular
expressions and the everyday methods of texts, lists and maps. Failures read as those of a 9.x server.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .errors import ElasticsearchError, illegal
from .mapping import Body

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+\.\d+[dDfF]?|\d+[lLdDfF]?)(?![\w.])|(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
    r"""|(?P<name>[A-Za-z_@]\w*)|(?P<sign>==~|=~|===|!==|==|!=|<=|>=|&&|\|\||\?\.|\?:|[-+*/%!<>().,\[\]?:;]))"""
)
_REGEX = re.compile(r"\s*/((?:[^/\\\n]|\\.)+)/([a-zA-Z]*)")
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_WORDS = frozenset("if else for while do return def int long double boolean String new try catch throw break".split())


class _Unreadable(Exception):
    pass


class _Failure(Exception):
    """An exception that the expression itself throws."""

    def __init__(self, type: str, reason: str) -> None:
        super().__init__(reason)
        self.type = type


@dataclass
class _Run:
    """One evaluation; `offset` is the place in the source that an error is told at."""

    ctx: Body
    offset: int = 0


Node = Callable[[_Run], Any]


class Expression:
    """A condition. Raises script_exception where it cannot be read; `holds` where it fails."""

    def __init__(self, source: str, extra: Body) -> None:
        self.source = source
        try:
            self._node = _Parser(source).whole()
        except _Unreadable as error:
            raise ElasticsearchError(
                "script_exception",
                "compile error",
                script_stack=[],
                script=source,
                lang="painless",
                cause=illegal(
                    f"the esctl sandbox does not compile Painless: it reads expressions, and not this one ({error})"
                ),
                **extra,
            ) from None

    def holds(self, ctx: Body) -> bool:
        run = _Run(ctx)
        try:
            value = self._node(run)
            if not isinstance(value, bool):
                name = "null" if value is None else _class(value)
                raise _Failure("class_cast_exception", f"Cannot cast from [{name}] to [boolean].")
            return value
        except _Failure as failure:
            raise self._failed(failure, run.offset) from None

    def _failed(self, failure: _Failure, offset: int) -> ElasticsearchError:
        return ElasticsearchError(
            "script_exception",
            "runtime error",
            script_stack=[self.source, " " * offset + "^---- HERE"],
            script=self.source,
            lang="painless",
            position={"offset": offset, "start": 0, "end": len(self.source)},
            cause={"type": failure.type, "reason": str(failure)},
        )


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = _COMMENT.sub(lambda m: " " * len(m[0]), source) if "/*" in source else source
        self.at = 0

    def peek(self) -> tuple[str, str, int]:
        """(kind, text, where it begins) of the next token; kind is empty at the end."""
        found = _TOKEN.match(self.source, self.at)
        if not found:
            rest = self.source[self.at :].strip()
            if rest:
                raise _Unreadable(f"at [{rest[:20]}]")
            return "", "", len(self.source)
        kind = str(found.lastgroup)
        return kind, found[kind], found.start(kind)

    def take(self, *signs: str) -> str:
        """The next sign or word if it is one of these, else nothing."""
        kind, text, start = self.peek()
        if kind in ("sign", "name") and text in signs:
            self.at = start + len(text)
            return text
        return ""

    def need(self, sign: str) -> None:
        if not self.take(sign):
            raise _Unreadable(f"[{sign}] expected at [{self.source[self.at :].strip()[:20]}]")

    def whole(self) -> Node:
        self.take("return")
        node = self.ternary()
        self.take(";")
        if self.peek()[0]:
            raise _Unreadable(f"more follows at [{self.source[self.at :].strip()[:20]}]")
        return node

    def ternary(self) -> Node:
        node = self.either()
        if self.take("?:"):
            other = self.ternary()
            first = node
            return lambda run: other(run) if (value := first(run)) is None else value
        if self.take("?"):
            yes = self.ternary()
            self.need(":")
            no = self.ternary()
            condition = node
            return lambda run: yes(run) if _truth(condition(run)) else no(run)
        return node

    def either(self) -> Node:
        node = self.both()
        while self.take("||"):
            node = _or(node, self.both())
        return node

    def both(self) -> Node:
        node = self.compared()
        while self.take("&&"):
            node = _and(node, self.compared())
        return node

    def compared(self) -> Node:
        node = self.sum()
        while True:
            if self.take("instanceof"):
                kind, name, start = self.peek()
                if kind != "name" or name not in _CLASSES:
                    raise _Unreadable(f"the class [{name}] is not known")
                self.at = start + len(name)
                node = _instance(node, _CLASSES[name])
                continue
            sign = self.take("==~", "=~")
            if sign:
                node = self.pattern(node, whole=sign == "==~")
                continue
            sign = self.take("===", "!==", "==", "!=", "<=", ">=", "<", ">")
            if not sign:
                return node
            node = _comparison(sign, node, self.sum())

    def pattern(self, node: Node, *, whole: bool) -> Node:
        from .processors.regular_expressions import UnreadableRegex, java_regex

        found = _REGEX.match(self.source, self.at)
        if not found or set(found[2]) - set("ims"):
            raise _Unreadable("a regular expression expected")
        self.at = found.end()
        try:
            regex = java_regex((f"(?{found[2]})" if found[2] else "") + found[1])
        except UnreadableRegex as error:
            raise _Unreadable(str(error)) from None

        def matches(run: _Run) -> bool:
            value = node(run)
            if value is None:
                raise _null("matcher")
            if not isinstance(value, str):
                raise _cast(value, "java.lang.CharSequence")
            return bool(regex.fullmatch(value) if whole else regex.search(value))

        return matches

    def sum(self) -> Node:
        node = self.product()
        while sign := self.take("+", "-"):
            node = _arithmetic(sign, node, self.product())
        return node

    def product(self) -> Node:
        node = self.unary()
        while sign := self.take("*", "/", "%"):
            node = _arithmetic(sign, node, self.unary())
        return node

    def unary(self) -> Node:
        if self.take("!"):
            node = self.unary()
            return lambda run: not _truth(node(run))
        if self.take("-"):
            inner = self.unary()
            return _arithmetic("-", lambda run: 0, inner)
        return self.postfix(self.primary())

    def primary(self) -> Node:
        kind, text, start = self.peek()
        self.at = start + len(text)
        if kind == "number":
            number: float = float(text.rstrip("dDfF")) if re.search(r"[.dDfF]", text) else int(text.rstrip("lL"))
            return lambda run: number
        if kind == "text":
            string = re.sub(r"\\(.)", r"\1", text[1:-1])
            return lambda run: string
        if text == "(":
            node = self.ternary()
            self.need(")")
            return node
        if text == "[":
            items = self.arguments("]")
            return lambda run: [item(run) for item in items]
        if kind == "name":
            if text in ("true", "false", "null"):
                constant = {"true": True, "false": False, "null": None}[text]
                return lambda run: constant
            if text == "ctx":
                return lambda run: run.ctx
            what = "statements" if text in _WORDS else f"[{text}]"
            raise _Unreadable(f"{what} are not read" if text in _WORDS else f"{what} is not known")
        raise _Unreadable(f"[{text}] is not expected" if text else "the end is not expected")

    def arguments(self, end: str) -> list[Node]:
        items: list[Node] = []
        while not self.take(end):
            if items:
                self.need(",")
            items.append(self.ternary())
        return items

    def postfix(self, node: Node) -> Node:
        while True:
            start = self.peek()[2]
            sign = self.take(".", "?.", "[")
            if not sign:
                return node
            if sign == "[":
                key = self.ternary()
                self.need("]")
                node = _indexed(node, key, start)
                continue
            kind, name, begin = self.peek()
            if kind not in ("name", "number"):
                raise _Unreadable(f"a name expected at [{self.source[self.at :].strip()[:20]}]")
            self.at = begin + len(name)
            if self.take("("):
                node = _method(node, name, self.arguments(")"), start, safe=sign == "?.")
            else:
                node = _member(node, name, start, safe=sign == "?.")


_CLASSES: dict[str, Callable[[Any], bool]] = {
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


def _class(value: Any) -> str:
    from .processors.document import java_class

    return java_class(value)


def _null(name: str) -> _Failure:
    return _Failure("null_pointer_exception", f"cannot access method/field [{name}] from a null def reference")


def _cast(value: Any, to: str) -> _Failure:
    return _Failure("class_cast_exception", f"Cannot cast {_class(value)} to {to}")


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    name = "null" if value is None else _class(value)
    raise _Failure("class_cast_exception", f"Cannot cast from [{name}] to [boolean].")


def _or(left: Node, right: Node) -> Node:
    return lambda run: _truth(left(run)) or _truth(right(run))


def _and(left: Node, right: Node) -> Node:
    return lambda run: _truth(left(run)) and _truth(right(run))


def _instance(node: Node, check: Callable[[Any], bool]) -> Node:
    return lambda run: check(node(run))


def same(left: Any, right: Any) -> bool:
    """Painless' `==`: numbers by their value, all else within one class."""
    if _number(left) and _number(right):
        return bool(left == right)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right, strict=True))
    return type(left) is type(right) and left == right


def _comparison(sign: str, left: Node, right: Node) -> Node:
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

    def compared(run: _Run) -> bool:
        a, b = left(run), right(run)
        for value, name in ((a, "leftObject"), (b, "rightObject")):
            if value is None:
                raise _Failure("null_pointer_exception", f'Cannot invoke "Object.getClass()" because "{name}" is null')
        if not (_number(a) and _number(b)):
            raise _Failure(
                "class_cast_exception",
                f"Cannot apply [{shown}] operation to types [{_class(a)}] and [{_class(b)}].",
            )
        return compare[sign](a, b)

    return compared


def _arithmetic(sign: str, left: Node, right: Node) -> Node:
    def computed(run: _Run) -> Any:
        a, b = left(run), right(run)
        if sign == "+" and (isinstance(a, str) or isinstance(b, str)):
            return _shown(a) + _shown(b)
        if not (_number(a) and _number(b)):
            if a is None or b is None:
                name = "leftObject" if a is None else "rightObject"
                raise _Failure("null_pointer_exception", f'Cannot invoke "Object.getClass()" because "{name}" is null')
            raise _Failure(
                "class_cast_exception",
                f"Cannot apply [{sign}] operation to types [{_class(a)}] and [{_class(b)}].",
            )
        if sign in ("/", "%") and isinstance(a, int) and isinstance(b, int):
            if b == 0:
                raise _Failure("arithmetic_exception", "/ by zero")
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


def _member(node: Node, name: str, offset: int, *, safe: bool) -> Node:
    def got(run: _Run) -> Any:
        value = node(run)
        run.offset = offset
        if value is None:
            if safe:
                return None
            raise _null(name)
        if isinstance(value, dict):
            return value.get(name)
        if isinstance(value, list):
            if name == "length":
                return len(value)
            if name.isdigit():
                return _item(value, int(name))
        if isinstance(value, str) and name == "empty":
            return not value
        raise _Failure("illegal_argument_exception", f"dynamic getter [{_class(value)}, {name}] not found")

    return got


def _item(items: list[Any], index: int) -> Any:
    at = index + len(items) if index < 0 else index
    if not 0 <= at < len(items):
        raise _Failure("index_out_of_bounds_exception", f"Index {index} out of bounds for length {len(items)}")
    return items[at]


def _indexed(node: Node, key: Node, offset: int) -> Node:
    def got(run: _Run) -> Any:
        value, name = node(run), key(run)
        run.offset = offset
        if value is None:
            raise _Failure("null_pointer_exception", 'Cannot invoke "Object.getClass()" because "receiver" is null')
        if isinstance(value, dict):
            return value.get(name)
        if isinstance(value, list) and isinstance(name, int):
            return _item(value, name)
        raise _Failure(
            "illegal_argument_exception",
            f"Attempting to address a non-array-like type [{_class(value)}] as an array.",
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
_KNOWN = frozenset(name for _, name in _METHODS)
_TAKES_TEXT = frozenset("contains startsWith endsWith indexOf lastIndexOf".split())


def _method(node: Node, name: str, arguments: list[Node], offset: int, *, safe: bool) -> Node:
    if name not in _KNOWN:
        raise _Unreadable(f"the method [{name}] is not known")

    def called(run: _Run) -> Any:
        value = node(run)
        run.offset = offset
        if value is None and safe:
            return None
        given = [argument(run) for argument in arguments]
        run.offset = offset
        if value is None:
            raise _null(name)
        method = _METHODS.get((type(value), name))
        if method is None or (method.__code__.co_argcount if hasattr(method, "__code__") else 1) != 1 + len(given):
            raise _Failure(
                "illegal_argument_exception", f"dynamic method [{_class(value)}, {name}/{len(given)}] not found"
            )
        if isinstance(value, str) and name in _TAKES_TEXT and not isinstance(given[0], str):
            if given[0] is None:
                raise _Failure("null_pointer_exception", 'Cannot invoke "Object.toString()" because "s" is null')
            raise _cast(given[0], "java.lang.String")
        return method(value, *given)

    return called
