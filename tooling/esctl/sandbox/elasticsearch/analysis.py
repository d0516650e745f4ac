"""Text to terms, as Elasticsearch's built-in analyzers do it, and the length norm that BM25 reads."""

from __future__ import annotations

import re
from functools import lru_cache

from .mapping import Field

# Unicode's word boundaries as far as they matter: letters and digits run together, `'` and `.` join letters, `.` and
# `,` join digits, an ideograph is a word of its own.
_CJK = "\u2e80-\u2fdf\u3040-\u309f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(
    rf"[{_CJK}]|(?:(?![{_CJK}])\w)+(?:(?:(?<=[^\W\d_])['.\u2019](?=[^\W\d_])|(?<=\d)[.,](?=\d))(?:(?![{_CJK}])\w)+)*"
)
_STOP = frozenset(
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this"
    " to was will with".split()
)


def analyze(analyzer: str, text: str) -> list[tuple[str, int]]:
    """(term, position) pairs."""
    if analyzer == "keyword":
        return [(text, 0)]
    if analyzer == "whitespace":
        return [(term, i) for i, term in enumerate(text.split())]
    if analyzer in ("simple", "stop"):
        terms = [(t.lower(), i) for i, t in enumerate(re.findall(r"[^\W\d_]+", text))]
        return [(t, i) for t, i in terms if analyzer == "simple" or t not in _STOP]
    return [(match[0].lower(), i) for i, match in enumerate(_WORD.finditer(text))]


def search_analyzer(field: Field) -> str:
    return str(field.get("search_analyzer") or field.get("analyzer") or "default")


@lru_cache(maxsize=4096)
def kept_length(length: int) -> int:
    """A field's length as one byte of the index keeps it (Lucene's SmallFloat.intToByte4): exact up to 40."""
    free = 255 - _long_to_int4(2**31 - 1)
    if length < free:
        return length
    return free + _int4_to_long(_long_to_int4(length - free))


def _long_to_int4(value: int) -> int:
    bits = value.bit_length()
    if bits < 4:
        return value
    shift = bits - 4
    return (value >> shift & 0x07) | (shift + 1 << 3)


def _int4_to_long(code: int) -> int:
    bits, shift = code & 0x07, (code >> 3) - 1
    return bits if shift == -1 else (bits | 0x08) << shift
