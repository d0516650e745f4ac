"""KQL (Kibana's query language) → Elasticsearch's query DSL.

Source: "KQL" in Kibana's documentation, and the bodies that Kibana itself sends (`bool.should` of one clause).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..errors import EsctlError
from ..model import Body

_TOKEN = re.compile(
    r'\s*(?:(?P<punctuation>[(){}:]|<=|>=|<|>)|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<word>(?:[^\s"(){}:<>\\]|\\.)+))'
)
_RANGES = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}


def kql_query(text: str) -> Body:
    """The query DSL of a KQL text; `match_all` for an empty one. Raises EsctlError with the place of a mistake."""
    if not text.strip():
        return {"match_all": {}}
    parser = _Parser(text)
    query = parser.either()
    parser.end()
    return query


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def either(self, field: str | None = None) -> Body:
        return self._joined("or", lambda: self.both(field), lambda parts: _should(*parts))

    def both(self, field: str | None = None) -> Body:
        return self._joined("and", lambda: self.negated(field), lambda parts: {"bool": {"filter": parts}})

    def negated(self, field: str | None = None) -> Body:
        if self._take_word("not"):
            return {"bool": {"must_not": [self.negated(field)]}}
        return self.value(field) if field else self.clause()

    def clause(self) -> Body:
        if self._take("("):
            inner = self.either()
            self._expect(")")
            return inner
        quoted, text = self._literal("a field or a value")
        field = text if quoted else _plain(text)
        if self._take(":"):
            if self._take("{"):
                nested = self.either()
                self._expect("}")
                return {"nested": {"path": field, "query": nested, "score_mode": "none"}}
            return self.value(field)
        for sign, name in sorted(_RANGES.items(), key=lambda item: -len(item[0])):
            if self._take(sign):
                _, bound = self._literal(f'a value after "{sign}"')
                return _should({"range": {field: {name: _unescaped(bound)}}})
        return _anywhere(text, quoted)

    def value(self, field: str) -> Body:
        """What stands after `field:`: a value, or values in parentheses."""
        if self._take("("):
            inner = self.either(field)
            self._expect(")")
            return inner
        quoted, text = self._literal(f'a value for "{field}"')
        return _field_is(field, text, quoted)

    def end(self) -> None:
        if self.text[self.at :].strip():
            raise self._error("did not expect this")

    def _joined(self, word: str, part: Callable[[], Body], join: Callable[[list[Body]], Body]) -> Body:
        parts = [part()]
        while self._take_word(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else join(parts)

    def _next(self) -> re.Match[str] | None:
        return _TOKEN.match(self.text, self.at)

    def _take(self, punctuation: str) -> bool:
        found = self._next()
        if found and found["punctuation"] == punctuation:
            self.at = found.end()
            return True
        return False

    def _take_word(self, word: str) -> bool:
        found = self._next()
        if found and found["word"] and found["word"].lower() == word:
            self.at = found.end()
            return True
        return False

    def _literal(self, wanted: str) -> tuple[bool, str]:
        found = self._next()
        if not found or found["punctuation"] or (found["word"] or "").lower() in ("and", "or", "not"):
            raise self._error(f"expected {wanted}")
        self.at = found.end()
        if found["quoted"] is not None:
            return True, _plain(found["quoted"])
        words = [found["word"]]
        # Unquoted words run on: `message: not found here` is one value of several words.
        while (more := self._next()) and more["word"] and more["word"].lower() not in ("and", "or", "not"):
            following = _TOKEN.match(self.text, more.end())
            if following and following["punctuation"] in (":", "<", "<=", ">", ">="):
                break
            words.append(more["word"])
            self.at = more.end()
        return False, " ".join(words)

    def _expect(self, punctuation: str) -> None:
        if not self._take(punctuation):
            raise self._error(f'expected "{punctuation}"')

    def _error(self, what: str) -> EsctlError:
        rest = self.text[self.at :].strip()
        return EsctlError(f'query "{self.text}": {what} at ' + (f'"{rest}"' if rest else "the end"))


def _should(*clauses: Body) -> Body:
    return {"bool": {"should": list(clauses), "minimum_should_match": 1}}


def _field_is(field: str, text: str, quoted: bool) -> Body:
    if not quoted and text == "*":
        return _should({"exists": {"field": field}})
    if not quoted and _has_wildcard(text):
        return _should({"wildcard": {field: {"value": text}}})
    if quoted:
        return _should({"match_phrase": {field: text}})
    return _should({"match": {field: _unescaped(text)}})


def _anywhere(text: str, quoted: bool) -> Body:
    kind = "phrase" if quoted else "best_fields"
    return {"multi_match": {"type": kind, "query": _unescaped(text) if not quoted else text, "lenient": True}}


def _has_wildcard(text: str) -> bool:
    return re.search(r"(?<!\\)\*", text) is not None


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _unescaped(text: str) -> Any:
    """A literal as JSON: `true`, `3` and `0.5` lose their text form, as in Kibana's requests."""
    plain = _plain(text)
    if plain in ("true", "false"):
        return plain == "true"
    if re.fullmatch(r"-?(0|[1-9]\d{0,14})", plain):
        return int(plain)
    if re.fullmatch(r"-?\d+\.\d+", plain):
        return float(plain)
    return plain
