"""Random specifications that fit the schema, and for each of their values another valid one."""

import copy
import json
from pathlib import Path

from esctl.dashboards.as_code import as_code_schema

EXAMPLES = json.loads((Path(__file__).parent / "as_code.examples.json").read_text(encoding="utf-8"))
DEFINITIONS = as_code_schema()["$defs"]
NOT_YET = ("esql", "differences", "moving_average", "cumulative_sum", "counter_rate", "formula", "legacy", "annotation",
           "trend", "range_slider", "time_slider", "pinned_esql")  # fmt: skip
LEFT_OUT = ("raw", "drilldowns", "references", "access_control", "project_routing", "esql_approximation", "show_hint_bar",
            "field_settings", "values_source")  # fmt: skip
NOT_WRITTEN = {("areas", "fill")}


def sample(schema, random, path=()):
    """A value that fits `schema`: most optional keys given, branches of unions by chance, only what is supported."""
    schema = _resolved(schema)
    parts = [sample(part, random, path) for part in schema.get("allOf", ()) if "if" not in part]
    for union in ("oneOf", "anyOf"):
        branches = [branch for branch in schema.get(union, ()) if not _is_not_yet(branch)]
        if branches and not all(
            set(branch) <= {"required", "properties"} and "type" not in branch for branch in branches
        ):
            parts.append(sample(random.choice(branches), random, path))
    value = _own(schema, random, path)
    if isinstance(value, dict) and isinstance(value.get("density"), str):
        del value["density"]  # of a metric: not written yet
    for part in parts:
        if isinstance(part, dict) and isinstance(value, dict):
            value = part | value
        elif value is None:
            value = part
    return value


def _resolved(schema):
    while "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        schema = {**DEFINITIONS[name], **{key: item for key, item in schema.items() if key != "$ref"}}
    return schema


def _is_not_yet(branch):
    return any(
        word in json.dumps(branch.get("$ref", branch.get("properties", {}).get("operator", ""))) for word in NOT_YET
    )


def _own(schema, random, path):
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return random.choice(schema["enum"])
    kind = schema.get("type")
    kind = random.choice([one for one in kind if one != "null"]) if isinstance(kind, list) else kind
    if "prefixItems" in schema:
        return [
            sample(part, random, path)
            for part in schema["prefixItems"][: random.randint(1, len(schema["prefixItems"]))]
        ]
    if kind == "array":
        if path[-1:] == ("steps",):
            return _steps(random)
        low = max(schema.get("minItems", 0), 1)
        count = random.randint(low, min(low + 1, schema.get("maxItems", 9)))
        return [sample(schema["items"], random, (*path, 0)) for _ in range(count)]
    if kind == "string":
        return random.choice(["a", "b", "c d", "ü"])
    if kind == "boolean":
        return random.random() < 0.5
    if path[-1:] in (("index",), ("metric_index",)):
        return 0
    if kind in ("number", "integer"):
        low = int(schema.get("minimum", 0))
        return random.randint(low, int(min(schema.get("maximum", low + 40), low + 40)))
    if kind == "object" or "properties" in schema:
        properties = schema.get("properties", {})
        required = schema.get("required", ())
        return {
            key: sample(part, random, (*path, key))
            for key, part in properties.items()
            if key not in LEFT_OUT
            and (*path[-1:], key) not in NOT_WRITTEN
            and (key in required or random.random() < 0.7)
        }
    return None


def _steps(random):
    bounds = sorted(random.sample(range(1, 100), 2))
    first, last = {"color": "#111111", "lt": bounds[0]}, {"color": "#333333", "gte": bounds[1]}
    if random.random() < 0.5:
        first["gte"] = 0
    if random.random() < 0.5:
        last["lte"] = 100
    return [first, {"color": "#222222", "gte": bounds[0], "lt": bounds[1]}, last]


def leaves(value, path=()):
    """Path of every plain value."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from leaves(item, (*path, position))
    else:
        yield path


def at(value, path):
    for key in path:
        value = value[key]
    return value


def others(value):
    """Values of the same kind, to be tried one after the other."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, value - 1]
    return [f"{value}x", *(word for word in SIBLINGS.get(value, ()) if word != value)]


def replaced(spec, path, value):
    spec = copy.deepcopy(spec)
    at(spec, path[:-1])[path[-1]] = value
    return spec


def removed(spec, path):
    spec = copy.deepcopy(spec)
    del at(spec, path[:-1])[path[-1]]
    return spec


def _siblings(schema, found):
    """Words of one `enum`, or of the same key in branches of one union, stand for each other."""
    if isinstance(schema, dict):
        words = [word for word in schema.get("enum", ()) if isinstance(word, str)]
        for word in words:
            found.setdefault(word, {}).update(dict.fromkeys(words))
        for item in schema.values():
            _siblings(item, found)
    elif isinstance(schema, list):
        for item in schema:
            _siblings(item, found)


SIBLINGS: dict = {}
_siblings(DEFINITIONS, SIBLINGS)
