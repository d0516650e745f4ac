"""Java's regular expressions, and those of grok (Oniguruma), as Python's: translated, or refused with the reason."""

from __future__ import annotations

import re
from functools import lru_cache

_POSIX = {
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Lower": "a-z",
    "Upper": "A-Z",
    "Punct": r"!-/:-@\[-`{-~",
    "Space": r" \t\n\x0b\f\r",
    "XDigit": "0-9a-fA-F",
    "Blank": r" \t",
    "Cntrl": r"\x00-\x1f\x7f",
    "Print": " -~",
    "Graph": "!-~",
    "Word": r"a-zA-Z0-9_",
}
_ASCII = {"d": "0-9", "w": "a-zA-Z0-9_", "s": r" \t\n\x0b\f\r"}


class UnreadableRegex(ValueError):
    """A regular expression that the server refuses, or that the sandbox cannot read; the text says which."""


@lru_cache(maxsize=512)
def java_regex(source: str) -> re.Pattern[str]:
    """`java.util.regex.Pattern.compile`; raises UnreadableRegex."""
    return _compiled(source, _translated(source, hexadecimal=False), 0)


def oniguruma_regex(source: str) -> re.Pattern[str]:
    """As grok compiles it: `^` and `$` at every line; raises UnreadableRegex."""
    return _compiled(source, _translated(source, hexadecimal=True), re.MULTILINE)


def _compiled(source: str, translated: str, flags: int) -> re.Pattern[str]:
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `[[` and `&&` mean nothing in Python
            return re.compile(translated, flags)
    except re.error as error:
        if "unterminated subpattern" in error.msg:
            reason = f"Unclosed group near index {len(source)}\n{source}"
        elif "unterminated character set" in error.msg:
            reason = f"Unclosed character class near index {len(source) - 1}\n{source}\n{' ' * (len(source) - 1)}^"
        elif "unbalanced parenthesis" in error.msg:
            at = (error.pos or 0) - 1
            reason = f"Unmatched closing ')' near index {at}\n{source}" + (f"\n{' ' * at}^" if at > 0 else "")
        elif "nothing to repeat" in error.msg:
            at, what = error.pos or 0, source[(error.pos or 0) : (error.pos or 0) + 1]
            reason = f"Dangling meta character '{what}' near index {at}\n{source}" + (f"\n{' ' * at}^" if at else "")
        else:
            reason = f"{error.msg} near index {error.pos}\n{source}"
        raise UnreadableRegex(reason) from None


def _translated(source: str, *, hexadecimal: bool) -> str:
    out: list[str] = []
    i, depth = 0, 0
    while i < len(source):
        two = source[i : i + 2]
        if two == r"\Q":
            end = source.find(r"\E", i)
            end = len(source) if end < 0 else end
            out.append(re.escape(source[i + 2 : end]))
            i = end + 2
            continue
        if source[i] == "\\" and len(two) == 2:
            piece, i = _escape(source, i, bool(depth), hexadecimal)
            out.append(piece)
            continue
        if depth:
            if source.startswith("[:", i) and ":]" in source[i:]:
                end = source.index(":]", i)
                members = _posix(source[i + 2 : end], source)
                # Grok's are those of Unicode: the scripts with letters, near enough.
                wide = hexadecimal and source[i + 2 : end] in ("alnum", "alpha")
                out.append(members + (r"\u00c0-\u024f\u0370-\u1fff\u3040-\ud7ff" if wide else ""))
                i = end + 2
                continue
            if source[i] == "[":
                if source[i + 1 : i + 2] == "^":
                    raise UnreadableRegex(f"the esctl sandbox does not read a negated class within another: [{source}]")
                depth += 1
                i += 1
                continue
            if two == "&&":
                raise UnreadableRegex(f"the esctl sandbox does not read intersections of character classes: [{source}]")
            if source[i] == "]":
                depth -= 1
                if depth:
                    i += 1
                    continue
        elif hexadecimal and source.startswith(".?*", i):
            out.append(".*")  # one repetition of another: Python has no such form
            i += 3
            continue
        elif source[i] == "[":
            depth = 1
            out.append("[")
            i += 1
            if source[i : i + 1] == "^":
                out.append("^")
                i += 1
            if source[i : i + 1] == "]":
                out.append(r"\]")
                i += 1
            continue
        elif re.match(r"\(\?<[A-Za-z_]", source[i : i + 4]):
            out.append("(?P<")
            i += 3
            continue
        elif re.match(r"\(\?[imsx]+\)", source[i:]) and i:
            # Flags in the middle hold for what follows: Python takes them as a group only.
            flags = source[i + 2 : source.index(")", i)]
            end = _group_end(source, i)
            inner = source[source.index(")", i) + 1 : end]
            out.append(f"(?{flags}:{_translated(inner, hexadecimal=hexadecimal)})")
            i = end
            continue
        out.append(source[i])
        i += 1
    return "".join(out)


def _group_end(source: str, start: int) -> int:
    """Where the group that `start` stands in ends."""
    depth, i = 0, start
    while i < len(source):
        if source[i] == "\\":
            i += 1
        elif source[i] == "(":
            depth += 1
        elif source[i] == ")":
            if not depth:
                return i
            depth -= 1
        i += 1
    return len(source)


def _posix(name: str, source: str) -> str:
    known = {k.lower(): v for k, v in _POSIX.items()}
    if name not in known:
        raise UnreadableRegex(f"the esctl sandbox does not read [:{name}:]: [{source}]")
    return known[name]


def _escape(source: str, i: int, inside: bool, hexadecimal: bool) -> tuple[str, int]:
    """The escape at `i` in Python's words, and where the rest begins."""
    letter = source[i + 1]
    named = re.match(r"\\([pP])\{(?:Is)?(\w+)\}", source[i:])
    if named:
        members = _POSIX.get(named[2])
        members = (
            {"L": r"^\W\d_", "N": r"\d", "Alphabetic": r"^\W\d_"}.get(named[2], members) if not inside else members
        )
        if members is None or (inside and named[1] == "P"):
            raise UnreadableRegex(f"the esctl sandbox does not read [{named[0]}]: [{source}]")
        negated = named[1] == "P"
        if members.startswith("^"):
            members, negated = members[1:], not negated
        return (members if inside else f"[{'^' if negated else ''}{members}]"), i + named.end()
    if letter in _ASCII:
        return (_ASCII[letter] if inside else f"[{_ASCII[letter]}]"), i + 2
    if letter.lower() in _ASCII and not inside:
        return f"[^{_ASCII[letter.lower()]}]", i + 2
    if letter == "h":
        members = "0-9a-fA-F" if hexadecimal else r" \t\xa0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000"
        return (members if inside else f"[{members}]"), i + 2
    if letter == "R" and not inside:
        return r"(?:\r\n|[\n\x0b\f\r\x85\u2028\u2029])", i + 2
    if letter == "z":
        return r"\Z", i + 2
    if letter == "Z":
        return r"(?=\n?\Z)", i + 2
    if letter == "e":
        return r"\x1b", i + 2
    reference = re.match(r"\\k<(\w+)>", source[i:])
    if reference:
        return f"(?P={reference[1]})", i + reference.end()
    if letter.isalpha() and letter not in "AbBDSWnrtfvxuU":
        if letter in "XGNK" or not hexadecimal:
            raise UnreadableRegex(f"Illegal/unsupported escape sequence near index {i + 1}\n{source}")
        return re.escape(letter), i + 2
    if not letter.isalnum() and letter not in "\\":
        return re.escape(letter), i + 2
    return source[i : i + 2], i + 2


def java_split(pattern: re.Pattern[str], text: str, limit: int = 0) -> list[str]:
    """`String.split`: 0 leaves out what is empty at the end, -1 keeps it, more is the most parts."""
    parts: list[str] = []
    start = 0
    for match in pattern.finditer(text):
        if limit > 0 and len(parts) == limit - 1:
            break
        if match.end() == 0:
            continue
        parts.append(text[start : match.start()])
        start = match.end()
    if not parts and start == 0:
        return [text]
    if not (match_ends_empty(pattern, text) and start == len(text)):
        parts.append(text[start:])
    elif limit != 0:
        parts.append("")
    if limit == 0:
        while parts and parts[-1] == "":
            parts.pop()
    return parts


def match_ends_empty(pattern: re.Pattern[str], text: str) -> bool:
    """Whether the pattern matches nothing at the end of the text, as an empty separator does."""
    found = pattern.match(text, len(text))
    return found is not None and found.start() == found.end()


@lru_cache(maxsize=256)
def java_replacement(replacement: str) -> str:
    """`$1`, `${name}` and `\\$` of `replaceAll` in Python's words; raises UnreadableRegex."""
    out, i = "", 0
    while i < len(replacement):
        letter = replacement[i]
        if letter == "\\":
            if i + 1 == len(replacement):
                raise UnreadableRegex("character to be escaped is missing")
            out += replacement[i + 1].replace("\\", r"\\")
            i += 2
            continue
        if letter == "$":
            group = re.match(r"\$(?:(\d)|\{(\w+)\})", replacement[i:])
            if not group:
                raise UnreadableRegex("Illegal group reference")
            out += rf"\g<{group[1] or group[2]}>"
            i += group.end()
            continue
        out += letter
        i += 1
    return out
