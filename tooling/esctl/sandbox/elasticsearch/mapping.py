"""A mapping: read from a request body into the form that Elasticsearch reads back, and looked up by field path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .errors import ElasticsearchError, illegal, not_a_number, unsupported
from .field_parameters import CHECKS
from .field_types import ELSEWHERE, FLOATS, INTEGERS, TYPES, VECTOR_INDEX_TYPES
from .versions import Version

Body = dict[str, Any]

ROOT_KEYS = frozenset(
    "dynamic properties _meta dynamic_templates date_detection numeric_detection dynamic_date_formats enabled runtime"
    " _source _routing subobjects _data_stream_timestamp _size _field_names".split()
)
OBJECT_KEYS = frozenset("type dynamic enabled properties subobjects include_in_parent include_in_root".split())


def mapping_error(reason: str, **extra: Any) -> ElasticsearchError:
    """A body that cannot be read as a mapping."""
    error = ElasticsearchError("mapper_parsing_exception", f"Failed to parse mapping: {reason}", **extra)
    error.root = [{"type": "mapper_parsing_exception", "reason": reason}]
    error.cause = {"type": "mapper_parsing_exception", "reason": reason}
    return error


def refused_value(cause: ElasticsearchError) -> ElasticsearchError:
    """A value in a mapping that cannot be read."""
    reason = f"Failed to parse mapping: {cause.reason}"
    return ElasticsearchError("mapper_parsing_exception", reason, cause=cause)


@dataclass(frozen=True)
class Field:
    """A leaf of the mapping. `path` is dotted; `parent` the path of the field it is a sub-field (`fields`) of."""

    path: str
    type: str
    body: Body
    parent: str = ""

    def get(self, name: str) -> Any:
        """A parameter, with its default where it is not written."""
        if name in self.body:
            return self.body[name]
        parameter = TYPES[self.type].get(name)
        return parameter.default if parameter else None


class Mapping:
    """One index's mapping. `body` is what GET answers; `fields` finds leaves by path, `objects` the inner nodes."""

    def __init__(self, body: Body | None = None) -> None:
        self.body: Body = body or {}
        self.fields: dict[str, Field] = {}
        self.objects: dict[str, Body] = {"": self.body}
        self.nested: list[str] = []
        self._index(self.body, "")

    def _index(self, node: Body, prefix: str) -> None:
        for name, child in node.get("properties", {}).items():
            path = prefix + name
            if is_object(child):
                self.objects[path] = child
                if child.get("type") == "nested":
                    self.nested.append(path)
                self._index(child, path + ".")
                continue
            self.fields[path] = Field(path, child["type"], child)
            for sub, body in child.get("fields", {}).items():
                self.fields[f"{path}.{sub}"] = Field(f"{path}.{sub}", body["type"], body, path)

    def field(self, path: str) -> Field | None:
        """The leaf at `path`, an alias followed."""
        found = self.fields.get(path)
        return self.fields.get(found.body["path"]) if found and found.type == "alias" else found

    def flattened_parent(self, path: str) -> tuple[Field, str] | None:
        """`labels.a.b` below a flattened field `labels`: the field and the key `a.b`."""
        parts = path.split(".")
        for cut in range(len(parts) - 1, 0, -1):
            field = self.fields.get(".".join(parts[:cut]))
            if field and field.type == "flattened":
                return field, ".".join(parts[cut:])
        return None

    def below(self, path: str) -> Iterator[Field]:
        """The leaves of an object."""
        return (f for p, f in self.fields.items() if p.startswith(path + "."))


def check_field_aliases(mapping: Mapping) -> None:
    """Raises for a field that is another name of nothing."""
    for path, field in mapping.fields.items():
        if field.type == "alias" and mapping.field(path) is None:
            reason = (
                f"Invalid [path] value [{field.body['path']}] for field alias [{path}]: an alias must refer to an"
                " existing field in the mappings."
            )
            raise ElasticsearchError("mapper_parsing_exception", reason)


def is_object(node: Body) -> bool:
    return node.get("type", "object") in ("object", "nested") and ("type" in node or not node.keys() - OBJECT_KEYS)


def parse_mapping(body: Any, version: Version, *, checked: bool = True) -> Body:
    """A request's `mappings` in read-back form; raises ElasticsearchError. `_doc` wrappers are taken off."""
    if not isinstance(body, dict):
        raise mapping_error("Malformed mappings section, it must be an object")
    if set(body) == {"_doc"} and isinstance(body["_doc"], dict):
        body = body["_doc"]
    unknown = [f"{k} : {_shown(v)}" for k, v in body.items() if k not in ROOT_KEYS]
    if unknown:
        raise mapping_error(f"Root mapping definition has unsupported parameters:  [{'] ['.join(unknown)}]")
    if body.get("runtime"):
        raise unsupported("runtime fields in mappings")
    for name in ("_data_stream_timestamp", "_size"):
        if name in body:
            raise unsupported(f"[{name}] in mappings")
    if body.get("subobjects", True) is not True:
        raise unsupported("[subobjects: false] in mappings")
    parsed: Body = {}
    for key, value in body.items():
        if key == "properties":
            continue
        if key == "dynamic":
            parsed[key] = _dynamic(value)
        elif key == "enabled":
            if value is False:
                parsed[key] = False
        elif key not in ("runtime", "subobjects"):
            parsed[key] = value
    for name, keys in _METADATA.items():
        for key in body.get(name) or {}:
            if key not in keys:
                raise mapping_error(f"unknown parameter [{key}] on metadata field [{name}]")
    required = (body.get("_routing") or {}).get("required", False)
    if required not in (True, False, "true", "false"):
        raise refused_value(illegal(f"Failed to parse value [{required}] as only [true] or [false] are allowed."))
    if "properties" in body:
        properties = _properties(body["properties"], "", version)
        if properties:
            parsed["properties"] = properties
    return parsed


_METADATA = {"_source": frozenset({"enabled", "includes", "excludes", "mode"}), "_routing": frozenset({"required"})}


def _shown(value: Any) -> str:
    """A value as Java prints it in a message."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}={_shown(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_shown(v) for v in value) + "]"
    return str(value)


def _dynamic(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else value
    if text not in ("true", "false", "strict", "runtime"):
        inner = illegal(f"Failed to parse value [{value}] as only [true] or [false] are allowed.")
        raise refused_value(illegal("Could not convert [dynamic.dynamic] to boolean", cause=inner))
    if text == "runtime":
        raise unsupported("[dynamic: runtime]")
    return str(text)


def _properties(body: Any, prefix: str, version: Version) -> Body:
    if not isinstance(body, dict):
        raise mapping_error(f"Expected map for property [properties] but got a {type(body).__name__}")
    expanded: Body = {}
    for name, node in body.items():
        if not name or name.startswith(".") or name.endswith(".") or ".." in name:
            blank = bool(name) and not name.strip()
            raise refused_value(
                illegal(f"field name cannot {'contain only whitespace' if blank else 'be an empty string'}")
            )
        head, _, rest = name.partition(".")
        if rest:
            _deep_add(expanded, name.split("."), node)
        elif head in expanded and isinstance(node, dict):
            expanded[head] = {
                **expanded[head],
                **node,
                "properties": {**expanded[head].get("properties", {}), **node.get("properties", {})},
            }
        else:
            expanded[head] = node
    return {name: _node(name, prefix + name, node, version) for name, node in sorted(expanded.items())}


def _deep_add(into: Body, parts: list[str], node: Any) -> None:
    """`{"a.b": x}` → `{"a": {"properties": {"b": x}}}`."""
    for part in parts[:-1]:
        into = into.setdefault(part, {"properties": {}}).setdefault("properties", {})
    into[parts[-1]] = node


def _node(name: str, path: str, node: Any, version: Version) -> Body:
    if not isinstance(node, dict):
        shown = {str: "java.lang.String", int: "java.lang.Integer", bool: "java.lang.Boolean"}.get(type(node), "null")
        raise mapping_error(f"Expected map for property [fields] on field [{name}] but got a class {shown}")
    kind = node.get("type")
    if kind is None and ("properties" in node or not node or set(node) <= OBJECT_KEYS):
        kind = "object"
    if kind is None:
        raise mapping_error(f"No type specified for field [{name}]")
    if kind in ("object", "nested"):
        return _object(name, path, node, kind, version)
    if kind not in TYPES:
        if kind in ELSEWHERE:
            raise unsupported(f"the field type [{kind}] (field [{path}])", type="mapper_parsing_exception")
        raise mapping_error(
            f"The mapper type [{kind}] declared on field [{name}] does not exist. It might have been created within a"
            " future version or requires a plugin to be installed. Check the documentation."
        )
    return _leaf(name, path, node, kind, version)


def _object(name: str, path: str, node: Body, kind: str, version: Version) -> Body:
    unknown = [f"{k} : {_shown(v)}" for k, v in node.items() if k not in OBJECT_KEYS]
    if unknown:
        raise mapping_error(f"Mapping definition for [{name}] has unsupported parameters:  [{'] ['.join(unknown)}]")
    parsed: Body = {"type": "nested"} if kind == "nested" else {}
    if "dynamic" in node:
        parsed["dynamic"] = _dynamic(node["dynamic"])
    if node.get("enabled", True) is False:
        parsed = {"type": kind, **parsed, "enabled": False}
    if node.get("subobjects", True) is not True:
        raise unsupported("[subobjects: false] in mappings")
    for key in ("include_in_parent", "include_in_root"):
        if node.get(key):
            raise unsupported(f"[{key}] in mappings")
    properties = _properties(node.get("properties", {}), path + ".", version)
    if properties:
        parsed["properties"] = properties
    elif not parsed:
        parsed = {"type": "object"}
    elif "type" not in parsed:
        parsed = {"type": "object", **parsed}
    return parsed


def _leaf(name: str, path: str, node: Body, kind: str, version: Version) -> Body:
    parameters = TYPES[kind]
    parsed: Body = {"type": kind}
    for key, value in node.items():
        if key in ("type", "fields"):
            continue
        parameter = parameters.get(key)
        if parameter is None:
            if kind == "alias":
                raise mapping_error(
                    f"Mapping definition for [{name}] has unsupported parameters:  [{key} : {_shown(value)}]"
                )
            if key in (
                "script",
                "on_script_error",
                "synthetic_source_keep",
                "fielddata_frequency_filter",
                "index_prefixes",
            ):
                raise unsupported(f"the mapping parameter [{key}] (field [{path}])", type="mapper_parsing_exception")
            raise mapping_error(f"unknown parameter [{key}] on mapper [{name}] of type [{kind}]")
        if isinstance(parameter.default, int) and not isinstance(parameter.default, bool) and isinstance(value, str):
            if not value.lstrip("-").isdigit():
                raise refused_value(not_a_number(value))
        if key == "null_value" and kind in (*INTEGERS, *FLOATS) and isinstance(value, str):
            try:
                float(value)
            except ValueError:
                raise refused_value(not_a_number(value)) from None
        if key == "copy_to":
            value = value if isinstance(value, list) else [value]
        elif parameter.default in (True, False) and isinstance(parameter.default, bool):
            value = _boolean(name, key, value)
        if value == parameter.default and not parameter.kept:
            continue
        parsed[key] = value
    parsed |= {k: p.default for k, p in parameters.items() if p.shown and k not in parsed}
    _check_leaf(name, path, parsed, node, kind, version)
    if "fields" in node:
        if not isinstance(node["fields"], dict):
            raise mapping_error(f"expected map for property [fields] on field [{name}]")
        subs = {sub: _node(sub, f"{path}.{sub}", body, version) for sub, body in sorted(node["fields"].items())}
        if subs:
            parsed["fields"] = subs
    return parsed


def _boolean(name: str, key: str, value: Any) -> bool:
    if value in (True, False) and isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise mapping_error(f"Failed to parse value [{_shown(value)}] as only [true] or [false] are allowed.")


def _check_leaf(name: str, path: str, parsed: Body, node: Body, kind: str, version: Version) -> None:
    if kind == "dense_vector":
        _dense_vector(name, parsed, node, version)
    elif kind in CHECKS:
        CHECKS[kind](name, path, parsed)
    elif kind == "alias" and "path" not in node:
        raise mapping_error(f"The [path] property must be specified for field [{path}].")
    elif kind == "text":
        if parsed.get("fielddata"):
            raise unsupported(f"[fielddata] (field [{path}])", type="mapper_parsing_exception")
    elif kind == "date" and "format" in parsed:
        from .dates import check_format

        check_format(str(parsed["format"]), name)


def _dense_vector(name: str, parsed: Body, node: Body, version: Version) -> None:
    """Defaults and limits of dense_vector, in the version's form."""
    element = parsed.get("element_type", "float")
    if element != "float":
        if element not in ("byte", "bit", "bfloat16") or (element == "bfloat16" and version.major < 9):
            names = "bfloat16, bit, byte, float" if version.major >= 9 else "byte, bit, float"
            raise mapping_error(f"invalid element_type [{element}]; available types are [{names}]")
        raise unsupported(f"dense_vector's [element_type: {element}] (field [{name}])", type="mapper_parsing_exception")
    dims = parsed.get("dims")
    if "dims" in parsed and (not isinstance(dims, int) or isinstance(dims, bool) or not 1 <= dims <= 4096):
        raise mapping_error(
            f"The number of dimensions should be in the range [1, 4096] but was [{_shown(dims)}]"
            if isinstance(dims, int)
            else f"Property [dims] on field [{name}] must be an integer but got [{_shown(dims)}]"
        )
    parsed["index"] = _boolean(name, "index", parsed.get("index", True))
    if not parsed["index"]:
        for key in ("similarity", "index_options"):
            if key in node:
                raise illegal(
                    f"Field [{key}] can only be specified for a field of type [dense_vector] when it is indexed"
                )
        return
    similarity = parsed.setdefault("similarity", "cosine")
    if similarity not in ("l2_norm", "cosine", "dot_product", "max_inner_product"):
        raise mapping_error(
            f"Unknown value [{similarity}] for field [similarity] - accepted values are [l2_norm, cosine, dot_product,"
            " max_inner_product]"
        )
    options = node.get("index_options")
    if options is None:
        if dims is not None:
            parsed["index_options"] = default_index_options(dims, version)
        else:
            parsed.pop("index_options", None)
        return
    parsed["index_options"] = index_options(name, options, version, dims)


def default_index_options(dims: int, version: Version) -> Body:
    kind = "bbq_hnsw" if dims >= version.bbq_from_dims else "int8_hnsw"
    return index_options("", {"type": kind}, version, dims)


def index_options(name: str, options: Any, version: Version, dims: int | None) -> Body:
    """dense_vector's index_options with what the server adds."""
    if not isinstance(options, dict) or "type" not in options:
        raise mapping_error("[index_options] requires field [type] to be configured")
    kind = options["type"]
    if kind not in VECTOR_INDEX_TYPES or (kind == "bbq_disk" and version.major < 9):
        raise mapping_error(f"Unknown vector index options type [{kind}] for field [{name}]")
    if kind == "bbq_disk":
        raise unsupported("dense_vector's index type [bbq_disk]", type="mapper_parsing_exception")
    if kind.startswith("bbq") and dims is not None and dims < 64:
        raise mapping_error(f"{kind} does not support dimensions fewer than 64; provided={dims}")
    parsed: Body = {"type": kind}
    known = {"type"}
    if kind.endswith("hnsw"):
        known |= {"m", "ef_construction"}
        parsed |= {"m": options.get("m", 16), "ef_construction": options.get("ef_construction", 100)}
    if kind.startswith("int"):
        known |= {"confidence_interval", "rescore_vector"}
        if "confidence_interval" in options:
            parsed["confidence_interval"] = options["confidence_interval"]
        elif kind.startswith("int4") and version.major < 9:
            parsed["confidence_interval"] = 0.0
    if kind.startswith("bbq"):
        known |= {"rescore_vector"}
        parsed["rescore_vector"] = {"oversample": 3.0}
    if version.major >= 9:
        known |= {"on_disk_rescore"}
        if options.get("on_disk_rescore"):
            parsed["on_disk_rescore"] = True
    if "rescore_vector" in options and "rescore_vector" in known:
        parsed["rescore_vector"] = {"oversample": float(options["rescore_vector"]["oversample"])}
    unknown = [f"{k} : {_shown(v)}" for k, v in options.items() if k not in known]
    if unknown:
        raise mapping_error(
            f"Mapping definition for [index_options] has unsupported parameters:  [{'] ['.join(unknown)}]"
        )
    return parsed
