"""Rules whose findings come from other parts: the schema, the references, the kinds, the comments that silence."""

from __future__ import annotations

from .rule import RULES, Rule, Severity


def _told(
    id: str,
    group: str,
    severity: Severity,
    reason: str,
    details: str = "",
    bad: str = "",
    good: str = "",
    *,
    silenceable: bool = True,
    whole: bool = False,
) -> None:
    RULES[id] = Rule(
        id,
        group,
        severity,
        reason,
        details,
        bad=bad.strip("\n"),
        good=good.strip("\n"),
        silenceable=silenceable,
        whole=whole,
    )


_OR_WARNING = (
    "An error where the word is probably a slip of a known one; else a warning, as the server may be newer or have a "
    "plugin."
)
_told(
    "unknown-key",
    "schema",
    "error",
    "Elastic's API knows no such key at this place.",
    _OR_WARNING,
    "kind: index-template\nid: orders\nspec: {index_pattern: [orders-*]}",
    "kind: index-template\nid: orders\nspec: {index_patterns: [orders-*]}",
)
_told(
    "wrong-type",
    "schema",
    "error",
    "A value has another type than Elastic's API takes.",
    'What servers take is taken: "5" for a number, "true" for true, one value for a list.',
    "kind: index-template\nid: orders\nspec: {index_patterns: [orders-*], priority: high}",
    "kind: index-template\nid: orders\nspec: {index_patterns: [orders-*], priority: 200}",
)
_told(
    "missing-key",
    "schema",
    "error",
    "A key that Elastic's API requires is missing.",
    "",
    "kind: ingest-pipeline\nid: orders\nspec: {processors: [{rename: {field: a}}]}",
    "kind: ingest-pipeline\nid: orders\nspec: {processors: [{rename: {field: a, target_field: b}}]}",
)
_told(
    "refused-key",
    "schema",
    "error",
    "Elasticsearch is known to refuse this key here.",
    "A setting that only the server sets, one that is gone, a parameter of another type, an action of another phase.",
    "kind: index\nid: orders\nspec: {settings: {index.uuid: abc}}",
    "kind: index\nid: orders\nspec: {settings: {index.hidden: true}}",
)
_told(
    "misplaced-key",
    "schema",
    "error",
    "A key stands beside what it belongs below.",
    "A role with `kibana` has Elasticsearch's privileges below `elasticsearch`, as Kibana's API takes it.",
    "kind: role\nid: shop\nspec: {cluster: [monitor], kibana: [{base: [read], spaces: [shop]}]}",
    "kind: role\nid: shop\nspec: {elasticsearch: {cluster: [monitor]}, kibana: [{base: [read], spaces: [shop]}]}",
)
_told(
    "unknown-value",
    "schema",
    "error",
    "A value is none of those that Elastic's API lists.",
    _OR_WARNING,
    "kind: index\nid: orders\nspec: {mappings: {dynamic: stirct}}",
    "kind: index\nid: orders\nspec: {mappings: {dynamic: strict}}",
)
_told(
    "unknown-type",
    "schema",
    "error",
    "There is no such type of field, analyzer, repository or service.",
    _OR_WARNING,
    "kind: index\nid: orders\nspec: {mappings: {properties: {shop: {type: keywrod}}}}",
    "kind: index\nid: orders\nspec: {mappings: {properties: {shop: {type: keyword}}}}",
)
_told(
    "unknown-processor",
    "schema",
    "error",
    "There is no such ingest processor.",
    _OR_WARNING,
    "kind: ingest-pipeline\nid: orders\nspec: {processors: [{lowercsae: {field: a}}]}",
    "kind: ingest-pipeline\nid: orders\nspec: {processors: [{lowercase: {field: a}}]}",
)
_told(
    "several-processors",
    "schema",
    "warning",
    "One item of a pipeline's list names several processors.",
    "Elasticsearch runs them in an order that nobody wrote.",
    "kind: ingest-pipeline\nid: orders\nspec: {processors: [{lowercase: {field: a}, trim: {field: b}}]}",
    "kind: ingest-pipeline\nid: orders\nspec: {processors: [{lowercase: {field: a}}, {trim: {field: b}}]}",
)
_told(
    "unknown-setting",
    "schema",
    "error",
    "Elasticsearch knows no such setting of an index, or of the cluster.",
    _OR_WARNING,
    "kind: index\nid: orders\nspec: {settings: {number_of_shard: 1}}",
    "kind: index\nid: orders\nspec: {settings: {number_of_shards: 1}}",
)
_told(
    "static-setting",
    "schema",
    "error",
    "A setting of nodes stands among the cluster's: no request changes it.",
    "It is read from elasticsearch.yml when a node starts. Elasticsearch refuses the whole request that holds it.",
    "kind: cluster-settings\nid: http\nspec: {persistent: {http.max_content_length: 200mb}}",
    "kind: cluster-settings\nid: http\nspec: {persistent: {http.client_stats.enabled: false}}",
)
_told(
    "out-of-range",
    "schema",
    "error",
    "A number is smaller or larger than Elasticsearch takes.",
    "",
    "kind: index\nid: orders\nspec: {settings: {number_of_shards: 2000}}",
    "kind: index\nid: orders\nspec: {settings: {number_of_shards: 2}}",
)
_told(
    "near-miss",
    "references",
    "error",
    "A name is a slip of something that this project writes.",
    "An error, since what is one letter away from something written here is rarely another thing; where it is, say so.",
    "kind: index-template\nid: orders\nspec: {index_patterns: [orders-*], composed_of: [shcp]}\n---\n"
    "kind: component-template\nid: shop\nspec: {template: {}}",
    "kind: index-template\nid: orders\nspec: {index_patterns: [orders-*], composed_of: [shop]}\n---\n"
    "kind: component-template\nid: shop\nspec: {template: {}}",
    whole=True,
)
_told(
    "missing-reference",
    "references",
    "warning",
    "Something is named that this project does not write: a pipeline, a policy, a synonym set, an inference endpoint.",
    "A warning: it may be made elsewhere. `plan` looks it up; missing there, it is an error.",
    "kind: ingest-pipeline\nid: orders\nspec: {processors: [{pipeline: {name: addresses}}]}",
    "kind: ingest-pipeline\nid: orders\nspec: {processors: [{pipeline: {name: addresses}}]}\n---\n"
    "kind: ingest-pipeline\nid: addresses\nspec: {processors: []}",
    whole=True,
)
_told(
    "misplaced-secret",
    "secrets",
    "error",
    "A secret stands where the server would show it to everyone who reads the resource.",
    "Each kind has its own places for secrets: passwords, keys, headers with a token.",
    silenceable=False,
)
_told(
    "reserved-name",
    "names",
    "error",
    "The name belongs to what Elasticsearch brings itself.",
    "Built-in users and roles cannot be written or deleted.",
)
_told(
    "unknown-feature",
    "references",
    "warning",
    "A role names a feature of Kibana that esctl does not know.",
    "A warning: features come with Kibana's versions and plugins.",
)
_told("body", "schema", "warning", "What the kind itself doubts in its body; the line says what.")
_told(
    "unknown-rule",
    "silence",
    "warning",
    "A comment silences a rule that does not exist, or one that cannot be silenced.",
    "",
    "kind: index # esctl: allow vector-option\nid: orders\nspec: {}",
    "kind: index\nid: orders\nspec: {}",
)
_told(
    "idle-silence",
    "silence",
    "warning",
    "A comment silences a rule that finds nothing there.",
    "What was wrong is right now, or the comment stands on another line: it belongs on the line that is told, or "
    "on that of `kind` for the whole document.",
    "kind: index # esctl: allow bad-name\nid: orders\nspec: {}",
    "kind: index\nid: orders\nspec: {}",
)
