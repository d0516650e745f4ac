"""The grok processor: patterns of named patterns, with the banks that Elasticsearch ships (see patterns/NOTICE)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from ..mapping import Body
from .document import IngestDocument, ProcessorFailure, illegal
from .processor import Action, Processor, refused, text_of
from .regular_expressions import UnreadableRegex, oniguruma_regex
from .values import short_float

if TYPE_CHECKING:
    from ..ingest import Runner

_REFERENCE = re.compile(r"%\{([A-Za-z0-9_]+)(?::([\w@\[\].:-]+))?(?:=((?:[^{}]+|\.+)+))?\}")
_NAMED_GROUP = re.compile(r"\(\?<([A-Za-z_@][^>!=]*)>")
_SEGMENT = "_ingest._grok_match_index."


@cache
def pattern_bank(mode: str) -> dict[str, str]:
    """Name → pattern; `mode` is `disabled` (the older names of fields) or `v1` (those of ECS)."""
    name = "ecs-v1.txt" if mode == "v1" else "legacy.txt"
    lines = files(__package__).joinpath("patterns", name).read_text(encoding="utf-8").splitlines()
    return dict(line.split(" ", 1) for line in lines if line and not line.startswith("#"))


@dataclass(frozen=True)
class Grok:
    """A pattern ready to match. `groups`: (number of the group, field, how its text is read)."""

    regex: re.Pattern[str]
    groups: tuple[tuple[str, str, Callable[[str], Any]], ...]

    def captures(self, text: str) -> dict[str, Any] | None:
        """Field → value, or None where the text does not match; raises ProcessorFailure."""
        found = self.regex.search(text)
        if found is None:
            return None
        values: dict[str, Any] = {}
        for group, name, read in self.groups:
            if name not in values and found[group] is not None:
                values[name] = read(found[group])
        return values


def _number(read: Callable[[str], Any]) -> Callable[[str], Any]:
    def convert(text: str) -> Any:
        try:
            return read(text)
        except ValueError:
            raise ProcessorFailure("number_format_exception", f'For input string: "{text}"') from None

    return convert


def _integer(bits: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = int(text)
        if not -(1 << bits) <= number < 1 << bits:
            raise ValueError
        return number

    return read


_READERS: dict[str, Callable[[str], Any]] = {
    "int": _number(_integer(31)),
    "long": _number(_integer(63)),
    "double": _number(float),
    "float": _number(lambda text: short_float(float(text))),
    "boolean": lambda text: text.lower() == "true",
}


def _check_cycles(bank: dict[str, str], own: dict[str, str]) -> None:
    """Raises UnreadableRegex where a pattern leads back to itself."""

    def walk(name: str, path: list[str]) -> None:
        for reference in _REFERENCE.finditer(bank.get(name, "")):
            inner = reference[1]
            if inner == path[0]:
                if len(path) == 1:
                    raise UnreadableRegex(f"circular reference in pattern [{name}][{bank[name]}]")
                through = f" via patterns [{'=>'.join(path[1:-1])}]" if len(path) > 2 else ""
                raise UnreadableRegex(
                    f"circular reference in pattern [{name}][{bank[name]}] back to pattern [{inner}]{through}"
                )
            if inner not in path:
                walk(inner, [*path, inner])

    for name in own:
        walk(name, [name])


def compile_grok(pattern: str, bank: dict[str, str]) -> Grok:
    """Raises UnreadableRegex."""
    groups: list[tuple[str, str, Callable[[str], Any]]] = []

    def expand(text: str) -> str:
        def named(match: re.Match[str]) -> str:
            group = f"group_{len(groups)}"
            groups.append((group, match[1], str))
            return f"(?<{group}>"

        text = _NAMED_GROUP.sub(named, text)
        out, position = "", 0
        for reference in _REFERENCE.finditer(text):
            out += text[position : reference.start()]
            position = reference.end()
            name, semantic, definition = reference.groups()
            inner = definition if definition is not None else bank.get(name)
            if inner is None:
                raise UnreadableRegex(f"Unable to find pattern [{name}] in Grok's pattern dictionary")
            if semantic is None:
                out += f"(?:{expand(inner)})"
            else:
                field, _, kind = semantic.partition(":")
                group = f"group_{len(groups)}"
                groups.append((group, field, _READERS.get(kind, str)))
                out += f"(?<{group}>{expand(inner)})"
        return out + text[position:]

    return Grok(oniguruma_regex(expand(pattern)), tuple(groups))


@lru_cache(maxsize=256)
def _built_in(pattern: str, mode: str) -> Grok:
    return compile_grok(pattern, pattern_bank(mode))


def _grok(body: Body, extra: Body) -> Action:
    patterns: list[str] = body["patterns"]
    mode = body.get("ecs_compatibility", "disabled")
    own: dict[str, str] = body.get("pattern_definitions") or {}
    if mode not in ("disabled", "v1"):
        raise refused("ecs_compatibility", f"unsupported mode '{mode}'", extra)
    if not patterns:
        raise refused("patterns", "List of patterns must not be empty", extra)
    traced = bool(body.get("trace_match"))
    combined = (
        patterns[0]
        if len(patterns) == 1
        else "|".join(f"(?<{_SEGMENT}{n}>{p})" if traced else f"(?:{p})" for n, p in enumerate(patterns))
    )
    try:
        if own:
            bank = {**pattern_bank(mode), **own}
            _check_cycles(bank, own)
            grok = compile_grok(combined, bank)
        else:
            grok = _built_in(combined, mode)
    except UnreadableRegex as error:
        listed = f"[{', '.join(patterns)}]"
        raise refused("patterns", f"Invalid regex pattern found in: {listed}. {error}", extra) from None

    def act(document: IngestDocument, runner: Runner) -> None:
        text = text_of(document, body)
        if text is None:
            return
        values = grok.captures(text)
        if values is None:
            raise illegal(f"Provided Grok expressions do not match field value: [{text}]")
        for name, value in values.items():
            if name.startswith(_SEGMENT):
                document.ingest["_grok_match_index"] = name.removeprefix(_SEGMENT)
            else:
                document.set(name, value)
        if traced and len(patterns) == 1:
            document.ingest["_grok_match_index"] = "0"

    return act


GROK: dict[str, Processor] = {
    "grok": Processor(
        _grok,
        ("field", "patterns"),
        ("pattern_definitions", "ignore_missing", "trace_match", "ecs_compatibility"),
    ),
}
