"""Reduce Elasticsearch's OpenAPI document to what `esctl validate` checks: the bodies of the kinds that esctl writes.

    python tooling/schemas/reduce_elasticsearch.py elasticsearch-openapi.json.gz elasticsearch-update-matrix.json

writes tooling/esctl/kinds/data/schema: one file per family of kinds, so that who writes templates reads no schema of
watches; settings and analysis by themselves; and kinds.json, which says where each kind's is. The OpenAPI document is
generated from elastic/elasticsearch-specification (see NOTICE); additions.yaml and the matrix, measured on servers,
correct it. A definition has the same name and content in every file that needs it.

The result speaks JSON Schema (`type`, `properties`, `required`, `items`, `additionalProperties`, `enum`, `oneOf`,
`minimum`, `maximum`, `$ref`) with words of ours:

- `x-by`: `{key, default, of}`: the object's form is chosen by the value of `key`, `default` where the key is missing;
- `x-one-key`: the object holds one key, which names what it is (a processor);
- `x-one-of`: the definition whose `x-by` chose this form;
- `x-also`: other names of properties that may stand for them;
- `x-single`: a list of mappings for which one mapping may stand;
- `x-settings`: index settings, written dotted or nested, known by the list `settings`;
- `x-refused`: keys that the server is known to refuse, with the reason.
"""

from __future__ import annotations

import copy
import gzip
import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

Schema = dict[str, Any]
HERE = Path(__file__).absolute().parent
DATA = HERE.parent / "esctl" / "kinds" / "data" / "schema"
BODIES = {
    "index": ("/{index}", "an index"),
    "component-template": ("/_component_template/{name}", "a component template"),
    "index-template": ("/_index_template/{name}", "an index template"),
    "ingest-pipeline": ("/_ingest/pipeline/{id}", "a pipeline"),
    "ilm-policy": ("/_ilm/policy/{policy}", "a lifecycle policy"),
    "data-stream-lifecycle": ("/_data_stream/{name}/_lifecycle", "a data stream's lifecycle"),
    "stored-script": ("/_scripts/{id}", "a stored script"),
    "search-template": ("/_scripts/{id}", "a search template"),
    "synonym-set": ("/_synonyms/{id}", "a synonym set"),
    "query-ruleset": ("/_query_rules/{ruleset_id}", "a query ruleset"),
    "snapshot-repository": ("/_snapshot/{repository}", "a snapshot repository"),
    "slm-policy": ("/_slm/policy/{policy_id}", "a snapshot policy"),
    "enrich-policy": ("/_enrich/policy/{name}", "an enrich policy"),
    "logstash-pipeline": ("/_logstash/pipeline/{id}", "a Logstash pipeline"),
    "transform": ("/_transform/{transform_id}", "a transform"),
    "ml-filter": ("/_ml/filters/{filter_id}", "a filter"),
    "ml-calendar": ("/_ml/calendars/{calendar_id}", "a calendar"),
    "ml-anomaly-job": ("/_ml/anomaly_detectors/{job_id}", "an anomaly job"),
    "ml-data-frame-analytics": ("/_ml/data_frame/analytics/{id}", "data frame analytics"),
    "ccr-auto-follow": ("/_ccr/auto_follow/{name}", "an auto-follow pattern"),
    "ccr-follower": ("/{index}/_ccr/follow", "a follower index"),
    "watch": ("/_watcher/watch/{id}", "a watch"),
    "search-connector": ("/_connector/{connector_id}", "a connector"),
    "role": ("/_security/role/{name}", "a role"),
    "role-mapping": ("/_security/role_mapping/{name}", "a role mapping"),
    "user": ("/_security/user/{username}", "a user"),
    "api-key": ("/_security/api_key/{id}", "an API key"),
}
FAMILIES = {  # kinds whose bodies are made of the same parts share a file
    "indices": ("index", "component-template", "index-template"),
    "ml": ("ml-filter", "ml-calendar", "ml-anomaly-job", "ml-data-frame-analytics"),
    "security": ("role", "role-mapping", "user", "api-key", "application-privilege"),
}
OPAQUE = {  # large parts that are not checked
    "_types.ScriptSource": {},
    "_global.search._types.InnerHits": {},
    "_types.query_dsl.DecayFunction": {},  # its key is a field's name
}
QUERY = "_types.query_dsl.QueryContainer"
BY_FIELD = (  # queries whose one key that is no option is a field's name, which the document does not say
    "terms",
    "geo_bounding_box",
    "geo_distance",
    "geo_polygon",
    "geo_shape",
    "shape",
)
SPAN = "_types.query_dsl.SpanQuery"
ROLE_QUERY = "security._types.IndicesPrivilegesQuery"
RANGE = "_types.query_dsl.RangeQuery"
COMMENT = (
    "Derived from the Elasticsearch specification (https://github.com/elastic/elasticsearch-specification), Copyright "
    "Elasticsearch B.V., Apache License 2.0; reduced and changed by tooling/schemas/reduce_elasticsearch.py."
)
PROPERTY = "_types.mapping.Property"
PROCESSOR = "ingest._types.ProcessorContainer"
SETTINGS = "indices._types.IndexSettings"


class Reduction:
    def __init__(self, document: Schema, matrix: Schema, additions: Schema) -> None:
        self.document = document
        self.matrix = matrix
        self.additions = additions
        self.source: dict[str, Schema] = document["components"]["schemas"]
        self.defs: dict[str, Schema] = {}

    def all(self) -> dict[str, Schema]:
        """The content of every file, by the file's name."""
        kinds = {kind: {"title": title, **self.body(path)} for kind, (path, title) in BODIES.items()}
        kinds["inference-endpoint"] = {"title": "an inference endpoint", **self.inference()}
        for kind, form in self.additions["kinds"].items():
            kinds[kind] = {"title": form.pop("title"), **self.reduced(form)}
        for kind, schema in kinds.items():
            self.corrected(kind, schema)
        family = {kind: name for name, members in FAMILIES.items() for kind in members}
        files: dict[str, Schema] = {}
        for kind, schema in sorted(kinds.items()):
            files.setdefault(family.get(kind, kind), {"kinds": {}})["kinds"][kind] = schema
        analysis = self.reduced({"$ref": f"#/components/schemas/{SETTINGS}Analysis"})
        files["settings"] = {"analysis": analysis, "settings": self.settings()}
        defs = dict(sorted(self.defs.items()))
        told = {name: {"$comment": COMMENT, **used({**content, "$defs": defs})} for name, content in files.items()}
        return {**told, "kinds": {kind: family.get(kind, kind) for kind in sorted(kinds)}}

    def body(self, path: str) -> Schema:
        """What `PUT path` takes, its own properties in the open: a correction by kind must not reach other kinds."""
        body = self.resolved(self.document["paths"][path]["put"]["requestBody"])
        return copy.deepcopy(self.followed(self.reduced(body["content"]["application/json"]["schema"])))

    def inference(self) -> Schema:
        """Each service has a path of its own; the service's name chooses the form."""
        of = {}
        for path in self.document["paths"]:
            if re.fullmatch(r"/_inference/\{task_type\}/\{[a-z0-9]+_inference_id\}", path):
                form = self.body(path)
                (service,) = form["properties"]["service"]["enum"]
                of[service] = {"title": f"an inference endpoint of {service}", **form}
        for form in of.values():
            for key, extra in self.additions["keys"]["inference-endpoint"].items():
                form["properties"][key] = self.reduced(extra)
        return {"type": "object", "x-by": {"key": "service", "of": dict(sorted(of.items()))}}

    def resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            found: Any = self.document
            for key in schema["$ref"].split("/")[1:]:
                found = found[key]
            schema = found
        return schema

    def reduced(self, schema: Schema) -> Schema:
        if "$ref" in schema:
            return self.reference(schema["$ref"].rpartition("/")[2])
        if "allOf" in schema:
            parts = [self.reduced(part) for part in schema["allOf"]]
            return parts[0] if len(parts) == 1 else self.merged(parts)
        if "oneOf" in schema or "anyOf" in schema:
            return self.union(schema)
        if "enum" in schema:
            return {"enum": schema["enum"]}
        kind = schema.get("type")
        if kind == "array":
            return {"type": "array", "items": self.reduced(schema.get("items", {}))}
        if kind == "object":
            if "properties" in schema:
                properties = {key: self.reduced(value) for key, value in schema["properties"].items()}
                required = {"required": schema["required"]} if schema.get("required") else {}
                others = schema.get("additionalProperties")
                rest = {"additionalProperties": self.reduced(others)} if isinstance(others, dict) else {}
                return {"type": "object", "properties": properties, **required, **rest}
            if "additionalProperties" in schema:
                return {"type": "object", "additionalProperties": self.reduced(schema["additionalProperties"])}
            return {}
        return {"type": "number" if kind == "integer" else kind} if kind else {}

    def reference(self, name: str) -> Schema:
        """A reference to a definition; what is one word long stands in its place."""
        if name in OPAQUE:
            return OPAQUE[name]
        if name == SETTINGS:
            return {"type": "object", "x-settings": True}
        if name not in self.defs:
            self.defs[name] = {}  # it may refer to itself
            self.defs[name] = self.definition(name)
        found = self.defs[name]
        if found and (set(found) <= {"type"} or set(found) == {"enum"} or set(found) == {"type", "items"}):
            return found
        return {"$ref": f"#/$defs/{name}"}

    def definition(self, name: str) -> Schema:
        if name == "_types.EmptyObject":
            return {"type": "object"}
        if name == QUERY:
            return self.query()
        if name == SPAN:
            return {"title": "a span query", "type": "object", "properties": self.queries(SPAN)}
        if name == ROLE_QUERY:
            return self.role_query()
        if name == RANGE:
            return self.range()
        if name == PROPERTY:
            return self.property()
        if name == PROCESSOR:
            return self.processor()
        if name == "ilm._types.Phases":
            return self.phases()
        found = self.reduced(self.source[name])
        self.corrected(name, found)
        if name == "_types.Script":
            return {"oneOf": [{"type": "string"}, found]}  # a source by itself
        if name == "_types.mapping.DynamicTemplate":
            by = self.followed(found["properties"]["mapping"])["x-by"]
            found["properties"]["mapping"] = {"type": "object", "x-by": {**by, "default": "{dynamic_type}"}}
            found["properties"]["runtime"] = {}
        return found

    def corrected(self, name: str, schema: Schema) -> None:
        for key in self.additions["not_taken"].get(name, ()):
            del schema["properties"][key]
        if "properties" in schema:
            for key, form in self.additions["keys"].get(name, {}).items():
                same = form.get("same_as")
                schema["properties"][key] = schema["properties"][same] if same else self.reduced(form)
        if also := self.additions["also"].get(name):
            schema["properties"] |= {other: schema["properties"][key] for key, other in also.items()}
            schema["x-also"] = also
        optional = self.additions["optional"].get(name, ())
        required = [key for key in schema.get("required", ()) if key not in optional]
        if name.startswith("_types.analysis."):
            required = []  # servers have defaults for nearly all of it
        required += self.additions["required"].get(name, ())
        schema.pop("required", None)
        if required:
            schema["required"] = required
        if name in self.additions["open_values"]:
            schema.clear()
            schema["type"] = "string"

    def merged(self, parts: list[Schema]) -> Schema:
        whole: Schema = {"type": "object", "properties": {}}
        for part in parts:
            part = self.followed(part)
            whole["properties"] |= part.get("properties", {})
            required = [*whole.get("required", ()), *part.get("required", ())]
            if required:
                whole["required"] = required
        return whole

    def followed(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self.defs[schema["$ref"].rpartition("/")[2]]
        return schema

    def union(self, schema: Schema) -> Schema:
        if "discriminator" in schema:
            key, mapping = schema["discriminator"]["propertyName"], schema["discriminator"]["mapping"]
            of = {name: self.reference(target.rpartition("/")[2]) for name, target in sorted(mapping.items())}
            default = {"default": "custom"} if "custom" in of else {}
            return {"type": "object", "x-by": {"key": key, **default, "of": of}}
        parts: list[Schema] = []
        for part in schema.get("oneOf") or schema["anyOf"]:
            if part.get("nullable") or part.get("$ref", "").endswith("NullValue"):
                continue
            reduced = self.reduced(part)
            if not reduced:
                return {}
            for one in reduced.get("oneOf", [reduced]):
                if one not in parts:
                    parts.append(one)
        lists = [part for part in parts if part.get("type") == "array"]
        single = [part for part in parts if part not in lists]
        if lists and all(part in single for part in (one["items"] for one in lists)):
            lists = [] if len(single) > 1 else lists
            if lists:
                return {**lists[0], "x-single": True}
        words = [part for part in single if part.get("type") in ("string", "number", "boolean") or "enum" in part]
        if len(words) > 1:
            every = all("enum" in part for part in words)
            word = {"enum": [value for part in words for value in part["enum"]]} if every else {"type": "string"}
            if all(part.get("type") == "number" for part in words):
                word = {"type": "number"}
            parts = [word, *(part for part in parts if part not in words)]
        return parts[0] if len(parts) == 1 else {"oneOf": parts}

    def query(self) -> Schema:
        """A query, by its name; what stands below a field's name may be the value alone."""
        return {"title": "a query", "type": "object", "properties": self.queries(QUERY)}

    def queries(self, container: str) -> Schema:
        """The form of each query by its name."""
        of = {}
        for name, form in sorted(self.source[container]["properties"].items()):
            found = self.reduced(form)
            by_field = set(found) == {"type", "additionalProperties"}
            below = found["additionalProperties"] if by_field else found
            if "$ref" in below:
                article = "an" if name[0] in "aeiou" else "a"
                self.followed(below)["title"] = f"{article} {name} query"
            if name in BY_FIELD:
                found = {**self.followed(found), "additionalProperties": {}}
                found.pop("required", None)
            elif by_field:
                found = {**found, "additionalProperties": {"oneOf": [{"type": "string"}, below]}}
            of[name] = found
        return of | {other: of[name] for name, other in self.additions["queries"].items() if name in of}

    def role_query(self) -> Schema:
        """A query as text, or a mapping with a query's name or `template` as its key."""
        query = self.followed(self.reference(QUERY))
        template = self.followed(self.reference("security._types.RoleTemplateQuery"))
        return {"oneOf": [{"type": "string"}, {**query, "properties": query["properties"] | template["properties"]}]}

    def range(self) -> Schema:
        """One form for the ranges of every type of field: what they compare with may be a number, a date or a word."""
        parts = [self.followed(self.reduced(part)) for part in self.source[RANGE]["oneOf"]]
        properties = {key: value for part in parts for key, value in part["properties"].items()}
        free = dict.fromkeys(("gt", "gte", "lt", "lte", "from", "to"), {})
        free |= dict.fromkeys(("include_lower", "include_upper"), {"type": "boolean"})
        return {"title": "a range query", "type": "object", "properties": properties | free}

    def property(self) -> Schema:
        """A field, by its type; a type's parameters are the document's and those that servers were measured to take."""
        mapping = self.source[PROPERTY]["discriminator"]["mapping"]
        of: dict[str, Schema] = {}
        for name, target in sorted(mapping.items()):
            definition = target.rpartition("/")[2]
            found = self.reduced(self.source[definition])
            self.corrected(definition, found)
            own = self.own_properties(definition)
            measured = self.matrix["mapping"].get(name, {})
            while "same_as" in measured:
                measured = self.matrix["mapping"][measured["same_as"]]
            refused = {key: "the server refuses it" for key, how in measured.items() if how.get("accepted") is False}
            for key, types in self.additions["base_parameters"].items():
                if name not in types and key not in own and key not in measured and name != "{dynamic_type}":
                    found["properties"].pop(key, None)
            for key in measured:
                if key not in refused:
                    found["properties"].setdefault(key, {})
            for key in refused:
                found["properties"].pop(key, None)
            if "copy_to" not in refused:
                found["properties"].setdefault("copy_to", {})
            if refused:
                found["x-refused"] = refused
            found["properties"]["type"] = {"type": "string"}
            found["x-one-of"] = PROPERTY
            found["required"] = [key for key in found.get("required", ()) if key != "type"]
            if not found["required"]:
                del found["required"]
            article = "an" if name[0] in "aeiou" else "a"
            self.defs[f"field.{name}"] = {"title": f"{article} {name} field", **found}
            of[name] = {"$ref": f"#/$defs/field.{name}"}
        for name, how in self.additions["fields"].items():
            of[name] = of[how["like"]] if "like" in how else {}
        return {"type": "object", "x-by": {"key": "type", "default": "object", "of": dict(sorted(of.items()))}}

    def own_properties(self, name: str) -> set[str]:
        """The properties that a definition adds to its bases."""
        found = self.source[name]
        parts = found.get("allOf", [found])
        own = {key for part in parts for key in part.get("properties", ())}
        for part in parts:
            base = part.get("$ref", "").rpartition("/")[2]
            if base and base != "_types.mapping.PropertyBase":
                own |= self.own_properties(base)
        return own

    def processor(self) -> Schema:
        properties = {}
        for name, value in sorted(self.source[PROCESSOR]["properties"].items()):
            definition = value["allOf"][0]["$ref"].rpartition("/")[2]
            properties[name] = self.reference(definition)
            self.defs[definition]["title"] = f"the {name} processor"
        properties["script"] = {"oneOf": [{"type": "string"}, properties["script"]]}
        for name in self.additions["processors"]:
            properties[name] = {}
        return {"type": "object", "x-one-key": "processor", "properties": dict(sorted(properties.items()))}

    def phases(self) -> Schema:
        actions = self.reduced(self.source["ilm._types.Actions"])["properties"]
        phase = self.reduced(self.source["ilm._types.Phase"])["properties"]
        of: dict[str, Schema] = {}
        may_hold = self.additions["phases"]
        for name, taken in may_hold.items():
            elsewhere = {
                action: "it belongs in " + " or ".join(phase for phase, held in may_hold.items() if action in held)
                for action in sorted(actions)
                if action not in taken
            }
            held = {
                "title": f"the {name} phase",
                "type": "object",
                "properties": {action: actions[action] for action in sorted(taken)},
                "x-refused": elsewhere,
            }
            of[name] = {"type": "object", "properties": {**phase, "actions": held}, "title": f"the {name} phase"}
        return {"type": "object", "title": "a lifecycle policy's phases", "properties": of}

    def settings(self) -> Schema:
        """Every known setting's form by its full name; those that only the server sets, and those that are gone."""
        known: dict[str, Schema] = {}
        self.flatten(self.source[SETTINGS], "index", known, ())
        for name, how in self.matrix["settings"].items():
            if not name.startswith(("index.analysis.", "index.similarity.")) and ".require." not in name:
                tried = how.get("tried")
                form = "boolean" if isinstance(tried, bool) else "number" if isinstance(tried, int | float) else None
                if form and name not in self.additions["loose_settings"]:
                    known[name] = {"type": form}
                known.setdefault(name, {})
        for name in self.additions["loose_settings"]:
            known[name] = {}
        for name, limits in self.additions["limits"].items():
            known[name] = {"type": "number", **limits}
        updates = {name: how.get("update") for name, how in self.matrix["settings"].items()}
        gone = [name for name, update in updates.items() if update in ("removed", "refused")]
        for name in gone:
            known.pop(name, None)
        return {
            "known": dict(sorted(known.items())),
            "patterns": self.additions["settings"],
            "server": sorted(name for name, update in updates.items() if update == "private"),
            "gone": sorted(gone),
        }

    def flatten(self, schema: Schema, at: str, known: dict[str, Schema], above: tuple[str, ...]) -> None:
        while "allOf" in schema and len(schema["allOf"]) == 1:
            schema = schema["allOf"][0]
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            if name not in above:
                self.flatten(self.source[name], at, known, (*above, name))
            return
        if "properties" in schema:
            for key, value in schema["properties"].items():
                if (at, key) not in {("index", k) for k in ("index", "settings", "analysis", "similarity")}:
                    self.flatten(value, f"{at}.{key}", known, above)
            return
        objects = [part for part in schema.get("oneOf", ()) if "properties" in self.resolved(part)]
        for part in objects:
            self.flatten(part, at, known, above)
        if not objects or len(objects) < len(schema["oneOf"]):
            known[at] = {} if objects else self.reduced(schema)


def used(schema: Schema) -> Schema:
    """Only the definitions that something refers to."""
    seen: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            target = value.get("$ref")
            if isinstance(target, str):
                name = target.removeprefix("#/$defs/")
                if name not in seen:
                    seen.add(name)
                    walk(schema["$defs"][name])
            for part in value.values():
                walk(part)
        elif isinstance(value, list):
            for part in value:
                walk(part)

    walk({key: value for key, value in schema.items() if key != "$defs"})
    return {**schema, "$defs": {name: value for name, value in schema["$defs"].items() if name in seen}}


def written(schema: Schema) -> str:
    """JSON with one definition a line, so that a change is seen as one."""
    lines = []
    for key, value in schema.items():
        if isinstance(value, dict):
            inner = ",\n".join(f"  {json.dumps(name)}: {json.dumps(part)}" for name, part in value.items())
            lines.append(f"{json.dumps(key)}: {{\n{inner}\n}}")
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> None:
    source = Path(sys.argv[1])
    text = gzip.decompress(source.read_bytes()) if source.suffix == ".gz" else source.read_bytes()
    matrix = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    additions = yaml.safe_load((HERE / "additions.yaml").read_text(encoding="utf-8"))
    DATA.mkdir(exist_ok=True)
    for name, schema in Reduction(json.loads(text), matrix, additions).all().items():
        target = DATA / f"{name}.json"
        target.write_text(written(schema), encoding="utf-8")
        print(f"{target}: {target.stat().st_size:,} bytes, {len(schema.get('$defs', ()))} definitions")


if __name__ == "__main__":
    main()
