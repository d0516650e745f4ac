"""Processors that take fields out of text by a simple form: csv, kv, dissect."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..errors import ElasticsearchError
from ..mapping import Body
from .document import IngestDocument, ProcessorFailure, illegal
from .processor import Action, Processor, refused, text_of
from .regular_expressions import UnreadableRegex, java_regex, java_split

if TYPE_CHECKING:
    from ..ingest import Runner


def _csv(body: Body, extra: Body) -> Action:
    names = body["target_fields"]
    if not isinstance(names, list):
        from .document import java_class

        raise refused("target_fields", f"property isn't a list, but of type [{java_class(names)}]", extra)
    if not names:
        raise refused("target_fields", "target fields list can't be empty", extra)
    quote, separator = body.get("quote", '"'), body.get("separator", ",")
    if len(quote) != 1:
        raise refused("quote", "quote has to be single character like \" or '", extra)
    if len(separator) != 1:
        raise refused("separator", "separator has to be single character like , or ;", extra)
    empty = body.get("empty_value", "" if "empty_value" in body else None)

    def act(document: IngestDocument, runner: Runner) -> None:
        text = text_of(document, body)
        if text is None:
            return
        for name, value in zip(names, csv_values(text, quote, separator, body.get("trim", False)), strict=False):
            if value or empty is not None:
                document.set(name, value or empty)

    return act


def csv_values(line: str, quote: str, separator: str, trim: bool) -> list[str]:
    """One line's values; empty text at its very end is no value. Raises ProcessorFailure."""
    values: list[str] = []
    i = 0
    while i < len(line):
        start = i
        while i < len(line) and line[i] in " \t":
            i += 1
        if i == len(line):
            break
        if line[i] == quote:
            value, i = _quoted(line, i, quote, separator)
            values.append(value)
            continue
        begin = i if trim else start
        while i < len(line) and line[i] != separator:
            if line[i] in ("\n", "\r", quote):
                raise illegal(f"Illegal character inside unquoted field at {i}")
            i += 1
        values.append(line[begin:i].rstrip(" \t") if trim else line[begin:i])
        i += 1
    return values


def _quoted(line: str, i: int, quote: str, separator: str) -> tuple[str, int]:
    """The value within quotes that begins at `i`, and where the next one begins."""
    value, i = "", i + 1
    while True:
        end = line.find(quote, i)
        if end < 0:
            raise illegal("Unmatched quote")
        value += line[i:end]
        i = end + 1
        if line[i : i + 1] != quote:
            break
        value += quote
        i += 1
    while i < len(line) and line[i] != separator:
        if line[i] not in " \t":
            raise illegal(f"character '{line[i]}' after quoted field at {i}")
        i += 1
    return value, i + 1


_BRACKETS = re.compile(r"""(^[(\[<"'])|([\])>"']$)""")


def _kv(body: Body, extra: Body) -> Action:
    include, exclude = body.get("include_keys"), body.get("exclude_keys") or []
    try:
        between, within = java_regex(body["field_split"]), java_regex(body["value_split"])
        trims = {
            name: java_regex(f"(^([{body[name]}]+))|([{body[name]}]+$)")
            for name in ("trim_key", "trim_value")
            if body.get(name) is not None
        }
    except UnreadableRegex as error:
        cause: Body = {"type": "pattern_syntax_exception", "reason": str(error)}
        raise ElasticsearchError("exception", f"{error}", status=500, cause=cause, **extra) from None

    def trimmed(name: str, text: str) -> str:
        return trims[name].sub("", text) if name in trims else text

    def act(document: IngestDocument, runner: Runner) -> None:
        path = document.render(body["field"])
        if not document.has(path) and not body.get("ignore_missing"):
            raise illegal(f"field [{path}] doesn't exist")
        text = text_of(document, body, "cannot extract key-value pairs.")
        if text is None:
            return
        target = document.render(body.get("target_field") or "")
        prefix = (target + "." if target else "") + (body.get("prefix") or "")
        for pair in java_split(between, text):
            parts = java_split(within, pair, 2)
            if len(parts) != 2:
                raise illegal(f"field [{path}] does not contain value_split [{body['value_split']}]")
            key = trimmed("trim_key", parts[0])
            if (include is not None and key not in include) or key in exclude:
                continue
            value = _BRACKETS.sub("", parts[1]) if body.get("strip_brackets") else parts[1]
            value = trimmed("trim_value", value)
            if document.has(prefix + key):
                document.append(prefix + key, value)
            else:
                document.set(prefix + key, value)

    return act


@dataclass(frozen=True)
class _Key:
    """One `%{…}` of a dissect pattern, and the text that ends it. `sign`: `+`, `*`, `&`, `?` or nothing."""

    name: str
    sign: str
    order: int | None
    padded: bool
    delimiter: str

    @property
    def skipped(self) -> bool:
        return self.sign == "?" or not self.name


_KEY = re.compile(r"([+*&?]?)([^+*&?/>]*?)(?:/(\d+))?(->)?", re.DOTALL)


def _dissect_error(type: str, reason: str, extra: Body) -> ElasticsearchError:
    java = "PatternParse" if type == "pattern_parse" else "KeyParse"
    return ElasticsearchError(
        "exception",
        f"org.elasticsearch.dissect.DissectException${java}: {reason}",
        status=500,
        cause={"type": type, "reason": reason},
        **extra,
    )


def dissect_keys(pattern: str, extra: Body) -> tuple[str, list[_Key]]:
    """What the text begins with, and the keys; raises ElasticsearchError."""
    lead = pattern.partition("%{")[0] if "%{" in pattern else ""
    keys = []
    for text, delimiter in re.findall(r"%\{([^}]*?)\}(.+?(?=%\{)|.*$)", pattern[len(lead) :], re.DOTALL):
        found = _KEY.fullmatch(text)
        if not found or (found[1] in ("+", "*", "&") and not found[2]) or (found[3] and found[1] != "+"):
            raise _dissect_error(
                "key_parse", f"Unable to parse key: {text} Reason: The key name could be determined", extra
            )
        keys.append(_Key(found[2], found[1], int(found[3]) if found[3] else None, bool(found[4]), delimiter))

    def broken(reason: str) -> ElasticsearchError:
        return _dissect_error("pattern_parse", f"Unable to parse pattern: {pattern} Reason: {reason}", extra)

    if all(key.skipped for key in keys):
        raise broken("Unable to find any keys or delimiters.")
    for name in {k.name for k in keys if k.sign in ("*", "&")}:
        pair = [k for k in keys if k.name == name and k.sign in ("*", "&")]
        if len(pair) != 2:
            raise broken(
                f"Found invalid key/reference associations: '{','.join(k.name for k in pair)}' Please ensure each"
                " '*<key>' is matched with a matching '&<key>"
            )
    appended = {k.name for k in keys if k.sign == "+"}
    return lead, [replace(k, sign="+") if not k.sign and k.name in appended else k for k in keys]


def dissected(text: str, lead: str, keys: list[_Key], append_separator: str) -> dict[str, str] | None:
    """Names → values, or None where the text has another form."""
    if len(text) <= len(lead) or not text.startswith(lead):
        return None
    matched: list[tuple[_Key, str]] = []
    position, rest = len(lead), list(keys)
    while rest:
        key = rest.pop(0)
        if not key.delimiter:
            matched.append((key, text[position:]))
            break
        end = text.find(key.delimiter, position)
        if end < 0:
            return None
        matched.append((key, text[position:end]))
        position = end + len(key.delimiter)
        # Delimiters in a row: padding, or keys without a value.
        while text.startswith(key.delimiter, position):
            position += len(key.delimiter)
            if not key.padded:
                if not rest:
                    break
                matched.append((rest.pop(0), ""))
    if len(matched) != len(keys):
        return None
    return _results(matched, append_separator, len({k.name for k in keys if not k.skipped}))


def _results(matched: list[tuple[_Key, str]], append_separator: str, expected: int) -> dict[str, str] | None:
    results: dict[str, str] = {}
    appended: dict[str, list[tuple[int, str]]] = {}
    references: dict[str, dict[str, str]] = {}
    for number, (key, value) in enumerate(matched):
        if key.skipped:
            continue
        if key.sign == "+":
            order = key.order if key.order is not None else number - 1000
            appended.setdefault(key.name, []).append((order, value))
        elif key.sign:
            references.setdefault(key.name, {})[key.sign] = value
        else:
            results[key.name] = value
    results |= {pair["*"]: pair["&"] for pair in references.values()}
    for name, parts in appended.items():
        results[name] = append_separator.join(value for _, value in sorted(parts, key=lambda part: part[0]))
    return results if len(results) == expected else None


def _dissect(body: Body, extra: Body) -> Action:
    pattern = body["pattern"]
    lead, keys = dissect_keys(pattern, extra)

    def act(document: IngestDocument, runner: Runner) -> None:
        text = text_of(document, body)
        if text is None:
            return
        found = dissected(text, lead, keys, body.get("append_separator", ""))
        if found is None:
            raise ProcessorFailure(
                "find_match", f"Unable to find match for dissect pattern: {pattern} against source: {text}"
            )
        for name, value in found.items():
            document.set(name, value)

    return act


EXTRACTION: dict[str, Processor] = {
    "csv": Processor(_csv, ("field", "target_fields"), ("ignore_missing", "quote", "separator", "trim", "empty_value")),
    "kv": Processor(
        _kv,
        ("field", "field_split", "value_split"),
        (
            "target_field",
            "include_keys",
            "exclude_keys",
            "ignore_missing",
            "trim_key",
            "trim_value",
            "strip_brackets",
            "prefix",
        ),
    ),
    "dissect": Processor(_dissect, ("field", "pattern"), ("append_separator", "ignore_missing")),
}
