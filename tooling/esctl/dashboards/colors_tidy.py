"""Palettes and colour mappings of a Lens chart in one form, those of before 9.4 as those from 9.4 on."""

from __future__ import annotations

from typing import Any

from .colors import by_category, by_value
from .colors_of import mapping_of, value_of
from .form import Form

Body = dict[str, Any]
_SETTLED = Form((9, 5, 0))


def tidy_colors(value: Any, layers: Body, *, settled: bool) -> Any:
    """The visualization with each of its palettes and mappings tidied; `layers` say which columns hold numbers."""
    if isinstance(value, list):
        return [tidy_colors(one, layers, settled=settled) for one in value]
    if not isinstance(value, dict):
        return value
    found: Body = {}
    for key, item in value.items():
        if key == "palette" and isinstance(item, dict):
            found[key] = _palette(item)
        elif key == "colorMapping" and isinstance(item, dict):
            found[key] = _mapping(item, _column(value, layers))
        else:
            found[key] = tidy_colors(item, layers, settled=settled)
    return found


def _palette(palette: Body) -> Body:
    color = value_of(palette).get("color")
    if color:
        return by_value(color) or palette
    found = {key: value for key, value in palette.items() if key in ("type", "name", "params")}
    if not found.get("params"):
        found.pop("params", None)
    return found


def _mapping(mapping: Body, column: Body) -> Body:
    upgraded = dict(mapping)
    upgraded["assignments"] = [_upgraded(one, column) for one in mapping.get("assignments") or ()]
    upgraded["specialAssignments"] = [_upgraded(one, column) for one in mapping.get("specialAssignments") or ()]
    color = mapping_of(upgraded).get("color")
    return (by_category(color, _SETTLED) if color else None) or upgraded


def _upgraded(assignment: Body, column: Body) -> Body:
    """An old assignment has one rule with all its values as text."""
    found = {key: value for key, value in assignment.items() if key not in ("rule", "touched")}
    rule = assignment.get("rule")
    if rule is None:
        return found
    if rule.get("type") == "matchExactly":
        values = [_value(value, column) for value in rule.get("values") or ()]
        return {"rules": [{"type": "raw", "value": value} for value in values]} | found
    if rule.get("type") == "auto":
        return {"rules": []} | found
    return {"rules": [rule]} | found


def _value(value: Any, column: Body) -> Any:
    if isinstance(value, list):
        return {"type": "multiFieldKey", "keys": value}
    if column.get("dataType") == "number" and isinstance(value, str):
        for kind in (int, float):
            try:
                return kind(value)
            except ValueError:
                continue
    return value


def _column(holder: Body, layers: Body) -> Body:
    """The column whose values are coloured, as far as it can be told from where the mapping stands."""
    ids = [holder.get(key) for key in ("columnId", "tagAccessor", "splitAccessor")]
    ids += [*(holder.get("splitAccessors") or ()), *(holder.get("primaryGroups") or holder.get("groups") or ())]
    found = [
        layer["columns"][id_]
        for layer in layers["formBased"]["layers"].values()
        for id_ in ids
        if id_ in layer.get("columns", {})
    ]
    found += [
        {"dataType": (column.get("meta") or {}).get("type")}
        for layer in layers["textBased"]["layers"].values()
        for column in layer.get("columns") or ()
        if column.get("columnId") in ids
    ]
    return next((column for column in found if column.get("dataType") == "number"), found[0] if found else {})
