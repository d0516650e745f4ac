"""Painless expressions as conditions of processors use them: read and evaluated; statements are refused by name.

`ctx.a?.b == 'x' && !ctx.tags.contains("y")`: paths into ctx, literals, comparisons, arithmetic, `instanceof`, regular
expressions and the everyday methods of texts, lists and maps. Failures read as those of a 9.x server.
"""

from __future__ import annotations

import re

from .errors import ElasticsearchError, illegal
from .mapping import Body
from .painless_nodes import (
    CLASSES,
    KNOWN_METHODS,
    Failure,
    Node,
    Run,
    arithmetic,
    both,
    cast,
    class_of,
    comparison,
    either,
    indexed,
    instance,
    member,
    method,
    null,
    truth,
)

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+\.\d+[dDfF]?|\d+[lLdDfF]?)(?![\w.])|(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
    r"""|(?P<name>[A-Za-z_@]\w*)|(?P<sign>==~|=~|===|!==|==|!=|<=|>=|&&|\|\||\?\.|\?:|[-+*/%!<>().,\[\]?:;]))"""
)
_REGEX = re.compile(r"\s*/((?:[^/\\\n]|\\.)+)/([a-zA-Z]*)")
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_WORDS = frozenset("if else for while do return def int long double boolean String new try catch throw break".split())


class _Unreadable(Exception):
    pass


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
        run = Run(ctx)
        try:
            value = self._node(run)
            if not isinstance(value, bool):
                name = "null" if value is None else class_of(value)
                raise Failure("class_cast_exception", f"Cannot cast from [{name}] to [boolean].")
            return value
        except Failure as failure:
            raise self._failed(failure, run.offset) from None

    def _failed(self, failure: Failure, offset: int) -> ElasticsearchError:
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
            return lambda run: yes(run) if truth(condition(run)) else no(run)
        return node

    def either(self) -> Node:
        node = self.both()
        while self.take("||"):
            node = either(node, self.both())
        return node

    def both(self) -> Node:
        node = self.compared()
        while self.take("&&"):
            node = both(node, self.compared())
        return node

    def compared(self) -> Node:
        node = self.sum()
        while True:
            if self.take("instanceof"):
                kind, name, start = self.peek()
                if kind != "name" or name not in CLASSES:
                    raise _Unreadable(f"the class [{name}] is not known")
                self.at = start + len(name)
                node = instance(node, CLASSES[name])
                continue
            sign = self.take("==~", "=~")
            if sign:
                node = self.pattern(node, whole=sign == "==~")
                continue
            sign = self.take("===", "!==", "==", "!=", "<=", ">=", "<", ">")
            if not sign:
                return node
            node = comparison(sign, node, self.sum())

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

        def matches(run: Run) -> bool:
            value = node(run)
            if value is None:
                raise null("matcher")
            if not isinstance(value, str):
                raise cast(value, "java.lang.CharSequence")
            return bool(regex.fullmatch(value) if whole else regex.search(value))

        return matches

    def sum(self) -> Node:
        node = self.product()
        while sign := self.take("+", "-"):
            node = arithmetic(sign, node, self.product())
        return node

    def product(self) -> Node:
        node = self.unary()
        while sign := self.take("*", "/", "%"):
            node = arithmetic(sign, node, self.unary())
        return node

    def unary(self) -> Node:
        if self.take("!"):
            node = self.unary()
            return lambda run: not truth(node(run))
        if self.take("-"):
            inner = self.unary()
            return arithmetic("-", lambda run: 0, inner)
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
                node = indexed(node, key, start)
                continue
            kind, name, begin = self.peek()
            if kind not in ("name", "number"):
                raise _Unreadable(f"a name expected at [{self.source[self.at :].strip()[:20]}]")
            self.at = begin + len(name)
            if self.take("("):
                if name not in KNOWN_METHODS:
                    raise _Unreadable(f"the method [{name}] is not known")
                node = method(node, name, self.arguments(")"), start, safe=sign == "?.")
            else:
                node = member(node, name, start, safe=sign == "?.")
