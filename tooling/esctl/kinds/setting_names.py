"""Names of the cluster's settings that are known without a server: which a request changes, which none does."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from typing import Literal, NamedTuple

from .wording import NearNames


class Verdict(NamedTuple):
    """What is wrong with a name, what was probably meant, and the rule that says so."""

    message: str
    hint: str
    severity: Literal["error", "warning"]
    rule: str


def doubt(name: str) -> Verdict | None:
    """What is wrong with a setting that is to be sent to `_cluster/settings`; None where it is known there.

    A slip of a known name is an error; any other name a warning, since the server may be newer or have a plugin.
    """
    known, patterns = _known()
    kind = known.get(name)
    if kind is None and any(pattern.fullmatch(name) for pattern, kind in patterns if kind == "dynamic"):
        return None
    kind = kind or next((kind for pattern, kind in patterns if pattern.fullmatch(name)), None)
    if kind == "static":
        hint = "write it into elasticsearch.yml of the nodes and restart them"
        return Verdict(f"{name} is read when a node starts; no request changes it", hint, "error", "static-setting")
    if kind == "dynamic":
        return None
    if near := _near(name):
        return Verdict(f"there is no setting {name}", f'did you mean "{near}"?', "error", "unknown-setting")
    return Verdict(f"{name} is not a known setting", "a plugin may bring it", "warning", "unknown-setting")


@cache
def _listed() -> dict[str, list[str]]:
    text = (resources.files(__package__) / "data" / "cluster-settings.json").read_text(encoding="utf-8")
    listed = json.loads(text)
    return {kind: listed[kind] for kind in ("dynamic", "static")}


@cache
def _known() -> tuple[dict[str, str], tuple[tuple[re.Pattern[str], str], ...]]:
    """Plain names, and names with a part that people choose; each with `dynamic` or `static`."""
    pairs = [(name, kind) for kind, names in _listed().items() for name in names]
    patterns = [(name, kind) for name, kind in pairs if "*" in name]
    return (
        {name: kind for name, kind in pairs if "*" not in name},
        tuple((re.compile(_expression(name)), kind) for name, kind in patterns),
    )


def _expression(name: str) -> str:
    last = name.endswith(".*")
    parts = [r"[^.]+" if part == "*" else re.escape(part) for part in name.removesuffix(".*").split(".")]
    return r"\.".join([*parts, r".+"] if last else parts)


@cache
def _names() -> NearNames:
    return NearNames(_known()[0])


def _near(name: str) -> str | None:
    """The known name that this is a slip of; the parts that people choose are taken as they were written."""
    words = name.split(".")
    chosen = [_named(pattern.split("."), words) for names in _listed().values() for pattern in names if "*" in pattern]
    return _names().slip_of(name) or NearNames(filter(None, chosen)).slip_of(name)


def _named(pattern: list[str], words: list[str]) -> str | None:
    """A pattern's name with the words that were chosen in it, None where it cannot be as long."""
    if len(pattern) != len(words) and (pattern[-1] != "*" or len(pattern) > len(words)):
        return None
    both = [word if part == "*" else part for word, part in zip(words, pattern, strict=False)]
    return ".".join(both + words[len(pattern) :])
