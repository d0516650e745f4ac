"""Vega and Vega-Lite specifications: as data or as HJSON text, checked, and stored as text as Kibana keeps them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

SCHEMA = re.compile(r"vega\.github\.io/schema/(vega|vega-lite)/v\d+(\.\d+)*\.json$")
EXAMPLE = "https://vega.github.io/schema/vega/v5.json"


def spec_text(spec: Any) -> str:
    """The text that Kibana stores: text as it was written, data as indented JSON with the keys in their order."""
    value = _value(spec)
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def spec_data(spec: Any) -> dict[str, Any]:
    """The specification as data; raises ValueError with a line for a person."""
    value = _value(spec)
    if isinstance(value, str):
        import hjson

        try:
            value = json.loads(json.dumps(hjson.loads(value)))
        except ValueError as error:
            raise ValueError(f"the Vega spec is no HJSON: {_short(error)}") from None
    if not isinstance(value, dict):
        raise ValueError("the Vega spec is not an object")
    return value


def vega_mistakes(spec: Any) -> Iterator[tuple[tuple[str | int, ...], str, str | None]]:
    """A spec that does not parse, or does not say which Vega it is for."""
    try:
        data = spec_data(spec)
    except ValueError as error:
        yield (), str(error), None
        return
    schema = data.get("$schema")
    if schema is None:
        yield (), 'the Vega spec has no "$schema"', f'begin it with "$schema": "{EXAMPLE}"'
    elif not isinstance(schema, str) or not SCHEMA.search(schema):
        yield (
            ("$schema",) if not isinstance(_value(spec), str) else (),
            f'"{schema}" is no Vega schema',
            (f'write "{EXAMPLE}" or ".../vega-lite/v5.json"'),
        )


def saved_vis(title: str, spec: Any, description: str | None = None) -> dict[str, Any]:
    """A Vega visualization by value: the `savedVis` of a panel."""
    vis = {"title": title, "type": "vega", "params": {"spec": spec_text(spec)}, "uiState": {}}
    return by_value(vis, description)


def by_value(vis: dict[str, Any], description: str | None = None) -> dict[str, Any]:
    """`savedVis` with the search source that every classic visualization carries."""
    vis["data"] = {"aggs": [], "searchSource": {"query": {"query": "", "language": "kuery"}, "filter": []}}
    return vis | ({} if description is None else {"description": description})


def _value(spec: Any) -> Any:
    """`{format, value}` is Kibana's own form; plain text or data are ours."""
    if isinstance(spec, dict) and set(spec) == {"format", "value"}:
        return spec["value"]
    return spec


def _short(error: ValueError) -> str:
    return str(error).splitlines()[0]


def indices(spec: Any) -> Iterator[str]:
    """The index (or pattern) of each Elasticsearch query in a specification that parses; nothing otherwise."""
    try:
        data = spec_data(spec)
    except ValueError:
        return
    found: list[str] = []
    _collect(data, found)
    yield from dict.fromkeys(found)


def _collect(value: Any, found: list[str]) -> None:
    if isinstance(value, dict):
        url = value.get("url")
        if isinstance(url, dict) and isinstance(url.get("index"), str):
            found.append(url["index"])
        for item in value.values():
            _collect(item, found)
    elif isinstance(value, list):
        for item in value:
            _collect(item, found)
