"""Data views written in place: `data_view_spec` ↔ an entry of `adHocDataViews`, settings of fields included."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

Body = dict[str, Any]
COMPOSITE = "composite"
SUBFIELD = "keyword"
"""Type of a composite's subfields: as code has no word for it."""


def ad_hoc_view(data_source: Body) -> Body:
    """The data view that a `data_view_spec` stands for; its time field is `@timestamp` where none is given."""
    pattern, time_field = data_source["index_pattern"], data_source.get("time_field", "@timestamp")
    view: Body = {
        "id": f"{pattern}-{time_field}",
        "title": pattern,
        "name": pattern,
        "timeFieldName": time_field,
        "sourceFilters": [],
        "fieldFormats": {},
        "runtimeFieldMap": {},
        "fieldAttrs": {},
        "allowNoIndex": False,
        "allowHidden": False,
    }
    for name, setting in data_source.get("field_settings", {}).items():
        if "type" in setting:
            view["runtimeFieldMap"][name] = _runtime_field(setting)
        if setting.get("type") == COMPOSITE:
            for part, inner in setting["fields"].items():
                _describe(view, f"{name}.{part}", inner)
        else:
            _describe(view, name, setting)
    if data_source.get("field_settings"):
        # Two layers over one index may say different things of its fields.
        text = json.dumps(data_source["field_settings"], sort_keys=True)
        view["id"] += f"-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    return view


def view_source(view: Body) -> Body:
    """The way back; what it cannot say stays out (`sourceFilters`, several scripts of one field, …)."""
    found: Body = {"type": "data_view_spec", "index_pattern": view.get("title", "")}
    if view.get("timeFieldName") not in (None, "", "@timestamp"):
        found["time_field"] = view["timeFieldName"]
    settings: dict[str, Body] = {}
    runtime = view.get("runtimeFieldMap") or {}
    for name, field in runtime.items():
        settings[name] = {"type": field.get("type", SUBFIELD)}
        if (field.get("script") or {}).get("source"):
            settings[name]["script"] = field["script"]["source"]
        if field.get("type") == COMPOSITE:
            settings[name]["fields"] = {part: {} for part in field.get("fields") or {}}
    for name, attributes in (view.get("fieldAttrs") or {}).items():
        words = {"customLabel": "custom_label", "customDescription": "custom_description"}
        given = {new: attributes[old] for old, new in words.items() if attributes.get(old)}
        if given:
            _setting(settings, name, runtime).update(given)
    for name, format_ in (view.get("fieldFormats") or {}).items():
        made: Body = {"type": format_.get("id", "string")}
        made |= {"params": _renamed(format_["params"], _snake)} if format_.get("params") else {}
        _setting(settings, name, runtime)["format"] = made
    return found | ({"field_settings": settings} if settings else {})


def _runtime_field(setting: Body) -> Body:
    field: Body = {"type": setting["type"]}
    if "script" in setting:
        field["script"] = {"source": setting["script"]}
    if setting["type"] == COMPOSITE:
        field["fields"] = {part: {"type": SUBFIELD} for part in setting["fields"]}
    return field


def _describe(view: Body, name: str, setting: Body) -> None:
    words = {"custom_label": "customLabel", "custom_description": "customDescription"}
    attributes = {new: setting[old] for old, new in words.items() if old in setting}
    if attributes:
        view["fieldAttrs"][name] = attributes
    if "format" in setting:
        made = {"id": setting["format"]["type"]}
        params = setting["format"].get("params")
        view["fieldFormats"][name] = made | ({"params": _renamed(params, _camel)} if params else {})


def _setting(settings: dict[str, Body], name: str, runtime: Body) -> Body:
    parent, _, part = name.rpartition(".")
    if runtime.get(parent, {}).get("type") == COMPOSITE and part in settings[parent]["fields"]:
        inner: Body = settings[parent]["fields"][part]
        return inner
    return settings.setdefault(name, {})


def _renamed(value: Any, rename: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {rename(key): item for key, item in value.items()}


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)


def _snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda match: f"_{match[1].lower()}", name)
