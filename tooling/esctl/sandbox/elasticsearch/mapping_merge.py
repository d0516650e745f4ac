"""What PUT _mapping does to a mapping that exists: merged, or refused with Elasticsearch's reason."""

from __future__ import annotations

import zlib
from typing import Any

from .errors import ElasticsearchError, illegal
from .field_types import TYPES, VECTOR_UPGRADES
from .mapping import Body, is_object
from .versions import Version


def merge_mapping(old: Body, new: Body, version: Version, *, template: bool = False) -> Body:
    """Both in read-back form. `template`: later wins, as when templates are composed; else an index's rules."""
    merged = {k: v for k, v in old.items() if k != "properties"}
    for key, value in new.items():
        if key == "properties":
            continue
        if key == "enabled" and not template and old.get("enabled", True) != value:
            raise _mapper("the [enabled] parameter can't be updated for the object mapping [_doc]")
        if key in ("_source", "_routing") and not template and old and old.get(key, {}) != value:
            merged[key] = _metadata_field(key, old.get(key, {}), value)
            continue
        if key == "dynamic_templates" and template:
            value = _dynamic_templates(old.get(key, []), value)
        if key == "_meta" and template:
            value = {**old.get(key, {}), **value}
        merged[key] = value
    properties = _properties(old.get("properties", {}), new.get("properties", {}), "", version, template)
    if properties:
        merged["properties"] = properties
    return merged


def _metadata_field(name: str, old: Body, new: Body) -> Body:
    parameter = "enabled" if name == "_source" else "required"
    before, after = old.get(parameter, name == "_source"), new.get(parameter, name == "_source")
    if before != after and not (name == "_source" and before and not after):
        raise illegal(
            f"Mapper for [{name}] conflicts with existing mapper:\n\tCannot update parameter [{parameter}] from "
            f"[{_text(before)}] to [{_text(after)}]"
        )
    return {**old, **new}


def _dynamic_templates(old: list[Body], new: list[Body]) -> list[Body]:
    """Composed by name: a later template of the same name takes the earlier one's place."""
    by_name = {next(iter(t)): t for t in old}
    by_name.update({next(iter(t)): t for t in new})
    return list(by_name.values())


def _mapper(reason: str) -> ElasticsearchError:
    return ElasticsearchError("mapper_exception", reason, status=500)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}={_text(v)}" for k, v in value.items()) + "}"
    return "null" if value is None else str(value)


def _properties(old: Body, new: Body, prefix: str, version: Version, template: bool) -> Body:
    merged = dict(old)
    for name, node in new.items():
        merged[name] = _node(prefix + name, old[name], node, version, template) if name in old else node
    return dict(sorted(merged.items()))


def _node(path: str, old: Body, new: Body, version: Version, template: bool) -> Body:
    if is_object(old) and is_object(new):
        return _object(path, old, new, version, template)
    if template:
        return new
    if is_object(old):
        raise illegal(f"can't merge a non object mapping [{path}] with an object mapping")
    if is_object(new):
        if new.get("type") == "nested":
            raise illegal(f"can't merge a non-nested mapping [{path}] with a nested mapping")
        raise illegal(f"can't merge a non object mapping [{path}] with an object mapping")
    if old["type"] != new["type"]:
        raise illegal(f"mapper [{path}] cannot be changed from type [{old['type']}] to [{new['type']}]")
    return _leaf(path, old, new, version)


def _object(path: str, old: Body, new: Body, version: Version, template: bool) -> Body:
    if not template:
        if (old.get("type") == "nested") != (new.get("type") == "nested"):
            raise illegal(f"can't merge a non-nested mapping [{path}] with a nested mapping")
        if "enabled" in new and old.get("enabled", True) != new["enabled"]:
            raise _mapper(f"the [enabled] parameter can't be updated for the object mapping [{path}]")
    merged = {k: v for k, v in {**old, **new}.items() if k not in ("properties", "type")}
    properties = _properties(old.get("properties", {}), new.get("properties", {}), path + ".", version, template)
    kind = new.get("type") if template and "type" in new else old.get("type")
    if kind == "nested" or "enabled" in merged or not properties:
        merged = {"type": kind or "object", **merged}
    if properties:
        merged["properties"] = properties
    return merged


def _leaf(path: str, old: Body, new: Body, version: Version) -> Body:
    """Parameters left out go back to their default, which for a fixed one is a conflict; sub-fields are kept."""
    conflicts = []
    for key, parameter in TYPES[new["type"]].items():
        before, after = old.get(key, parameter.default), new.get(key, parameter.default)
        if before == after or not parameter.fixed:
            continue
        if key == "norms" and before is True and after is False:
            continue
        if key == "dims" and before is None:
            continue
        if key == "index_options" and new["type"] == "dense_vector" and _vector_upgrade(before, after, version):
            continue
        shown = _options_text if key == "index_options" and new["type"] == "dense_vector" else _text
        conflicts.append(f"Cannot update parameter [{key}] from [{shown(before)}] to [{shown(after)}]")
    if conflicts:
        listed = "\n\t".join(conflicts)
        raise illegal(f"Mapper for [{path}] conflicts with existing mapper:\n\t{listed}")
    merged = dict(new)
    if "fields" in old or "fields" in new:
        merged["fields"] = dict(old.get("fields", {}))
        for name, node in new.get("fields", {}).items():
            known = merged["fields"].get(name)
            merged["fields"][name] = _node(f"{path}.{name}", known, node, version, False) if known else node
    return merged


def _options_text(options: Body | None) -> str:
    """As Java prints the object: its class and a hash."""
    if options is None:
        return "null"
    words = options["type"].replace("bbq", "BBQ").split("_")
    name = "".join(w if w == "BBQ" else w.capitalize() for w in words)
    code = zlib.crc32(_text(options).encode())
    return f"org.elasticsearch.index.mapper.vectors.DenseVectorFieldMapper${name}IndexOptions@{code:x}"


def _vector_upgrade(before: Body | None, after: Body | None, version: Version) -> bool:
    if before is None:
        return True
    if after is None or after["type"] not in VECTOR_UPGRADES[before["type"]]:
        return False
    if (
        before["type"] == after["type"]
        and version.major < 9
        and before.get("confidence_interval") != after.get("confidence_interval")
    ):
        return after["type"] == "int8_hnsw" and "confidence_interval" not in before
    return bool(after.get("m", 1 << 30) >= before.get("m", 0))
