"""Where things stand in the text of a YAML file: every key and value with the characters it takes.

Read from the events of libyaml, the parser that `read_yaml` uses too; so there is one idea of what a file means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import yaml

_PREFIX = re.compile(r"(?:[&!]\S*[ \t]*(?:\r?\n[ \t]*)?)+")


@dataclass
class Spot:
    """A value in the text. `start` and `end` (exclusive) are positions of its own characters, its anchor left out."""

    kind: Literal["scalar", "map", "list", "alias"]
    start: int
    end: int
    flow: bool = False
    style: str = ""
    text: str = ""
    anchor: str = ""
    pairs: list[tuple[Spot, Spot]] = field(default_factory=list)
    items: list[Spot] = field(default_factory=list)

    def pair(self, key: str) -> tuple[Spot, Spot] | None:
        """The key and value written here under `key`; merged ones are not."""
        return next(((k, v) for k, v in self.pairs if k.text == key), None)

    def spots(self) -> Iterator[Spot]:
        """This and everything below."""
        yield self
        for key, value in self.pairs:
            yield key
            yield from value.spots()
        for item in self.items:
            yield from item.spots()


def layout(text: str) -> list[Spot]:
    """The documents of `text`, in order; empty ones are left out. `text` is YAML that `read_yaml` takes."""
    offset = 1 if text.startswith("\ufeff") else 0
    reader = _Reader(text, offset)
    found = []
    for event in reader.events:
        if isinstance(event, yaml.DocumentStartEvent):
            spot = reader.value(next(reader.events))
            if not (spot.kind == "scalar" and spot.style == "" and spot.text in ("", "~", "null")):
                found.append(spot)
    return found


class _Reader:
    def __init__(self, text: str, offset: int) -> None:
        self.text, self.offset = text, offset
        self.events: Iterator[Any] = iter(yaml.parse(text[offset:], yaml.CLoader))

    def value(self, event: Any) -> Spot:
        start, end = event.start_mark.index + self.offset, event.end_mark.index + self.offset
        if isinstance(event, yaml.AliasEvent):
            return Spot("alias", start, end, text=str(event.anchor))
        anchor = event.anchor or ""
        if anchor or event.tag:
            prefix = _PREFIX.match(self.text, start)
            start = prefix.end() if prefix else start
        if isinstance(event, yaml.ScalarEvent):
            style = event.style or ""
            if style in ("|", ">"):
                end = start + len(self.text[start:end].rstrip())
            return Spot("scalar", start, max(start, end), style=style, text=event.value, anchor=anchor)
        if isinstance(event, yaml.SequenceStartEvent):
            spot = Spot("list", start, end, flow=bool(event.flow_style), anchor=anchor)
            while not isinstance(inner := next(self.events), yaml.SequenceEndEvent):
                spot.items.append(self.value(inner))
        else:
            spot = Spot("map", start, end, flow=bool(event.flow_style), anchor=anchor)
            while not isinstance(inner := next(self.events), yaml.MappingEndEvent):
                key = self.value(inner)
                spot.pairs.append((key, self.value(next(self.events))))
        last = inner.end_mark.index + self.offset
        children = [value.end for _, value in spot.pairs] + [item.end for item in spot.items]
        # The end of a block is where its last part ends; libyaml puts its mark behind the comments that follow.
        spot.end = last if spot.flow or not children else max(children)
        if not spot.flow and spot.pairs:
            spot.start = spot.pairs[0][0].start
        return spot
