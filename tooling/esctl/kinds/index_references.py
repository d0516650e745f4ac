"""What the settings and mappings of indices and templates refer to: pipelines, policies, synonym sets, endpoints."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..model import Body, Path
from .normalise import get

Refers = Callable[[Body], Iterable[tuple[str, str, Path]]]
"""From a spec: the kind and id of each resource it points to, and the path where it does."""

_SETTINGS = (
    # kind, the setting's name without `index.`
    ("ingest-pipeline", re.compile(r"default_pipeline|final_pipeline")),
    ("ilm-policy", re.compile(r"lifecycle\.name")),
    ("synonym-set", re.compile(r"analysis\.filter\..+\.synonyms_set")),
)
_ENDPOINTS = ("inference_id", "search_inference_id")


def from_settings(*path: str) -> Refers:
    """What index settings at `path` name, nested or dotted; `_none` means none."""

    def walk(value: Any, dotted: str, place: Path) -> Iterator[tuple[str, str, Path]]:
        if isinstance(value, dict):
            for key, item in value.items():
                yield from walk(item, f"{dotted}.{key}" if dotted else str(key), (*place, key))
        elif isinstance(value, str) and value != "_none":
            name = dotted.removeprefix("index.")
            yield from ((kind, value, place) for kind, setting in _SETTINGS if setting.fullmatch(name))

    return lambda spec: walk(get(spec, path), "", path)


def from_mappings(*path: str) -> Refers:
    """The inference endpoints of the `semantic_text` fields of a mapping at `path`."""

    def walk(value: Any, place: Path) -> Iterator[tuple[str, str, Path]]:
        if isinstance(value, dict):
            if value.get("type") == "semantic_text":
                for key in _ENDPOINTS:
                    if is_an_endpoint(value.get(key)):
                        yield "inference-endpoint", value[key], (*place, key)
            for key, item in value.items():
                if isinstance(item, dict | list):
                    yield from walk(item, (*place, key))
        elif isinstance(value, list):  # dynamic templates
            for position, item in enumerate(value):
                yield from walk(item, (*place, position))

    return lambda spec: walk(get(spec, path), path)


def is_an_endpoint(name: Any) -> bool:
    """Whether people may have made an endpoint of that name: a leading dot is Elasticsearch's, `{{` is filled in."""
    return isinstance(name, str) and bool(name) and not name.startswith(".") and "{{" not in name
