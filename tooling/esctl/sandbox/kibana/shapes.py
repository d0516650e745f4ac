"""What the attributes of a saved object must look like: the shapes that Kibana checks when it creates one.

Source: the schemas of Kibana's saved-object types (dashboard: model versions 1 and 2 refuse what they do not know, from
3 on the unknown is kept). Nothing else is checked, and nothing is changed: what comes in is what is stored.
"""

from __future__ import annotations

from typing import Any

_TYPES = {str: "string", bool: "boolean", int: "number", float: "number", dict: "object", list: "array"}

_DASHBOARD: dict[str, tuple[type, ...]] = {
    "title": (str,),
    "description": (str,),
    "kibanaSavedObjectMeta": (dict,),
    "timeRestore": (bool,),
    "timeFrom": (str,),
    "timeTo": (str,),
    "refreshInterval": (dict,),
    "controlGroupInput": (dict,),
    "panelsJSON": (str,),
    "optionsJSON": (str,),
    "hits": (int, float),
    "version": (int, float),
}
_DASHBOARD_SINCE_9 = {"sections": (list,), "projectRouting": (str,)}

_TITLED: dict[str, tuple[type, ...]] = {"title": (str,)}
_INDEX_PATTERN: dict[str, tuple[type, ...]] = {
    "title": (str,),
    "name": (str,),
    "type": (str,),
    "typeMeta": (str,),
    "timeFieldName": (str,),
    "sourceFilters": (str,),
    "fields": (str,),
    "fieldFormatMap": (str,),
    "fieldAttrs": (str,),
    "runtimeFieldMap": (str,),
    "allowNoIndex": (bool,),
    "allowHidden": (bool,),
}


def attributes_problem(type_: str, attributes: Any, version: str) -> str | None:
    """Kibana's message about the first thing that is wrong with the attributes, or None."""
    if not isinstance(attributes, dict):
        return f"[attributes]: expected a plain object value, but found [{_name(attributes)}] instead."
    if type_ == "dashboard":
        shape = _DASHBOARD if version == "8.19" else _DASHBOARD | _DASHBOARD_SINCE_9
        return _check(attributes, shape, strict=version == "8.19")
    if type_ == "index-pattern":
        return _check(attributes, _INDEX_PATTERN, strict=False)
    if type_ in ("lens", "visualization", "search"):
        return _check(attributes, _TITLED, strict=False)
    return None


def _check(attributes: dict[str, Any], shape: dict[str, tuple[type, ...]], *, strict: bool) -> str | None:
    if "title" not in attributes:
        return "[attributes.title]: expected value of type [string] but got [undefined]"
    for key, value in attributes.items():
        if key not in shape:
            if strict:
                return f"[attributes.{key}]: definition for this key is missing"
        elif not isinstance(value, shape[key]) or (isinstance(value, bool) and bool not in shape[key]):
            return f"[attributes.{key}]: expected value of type [{_TYPES[shape[key][0]]}] but got [{_name(value)}]"
    return None


def _name(value: Any) -> str:
    return "null" if value is None else _TYPES.get(type(value), type(value).__name__)
