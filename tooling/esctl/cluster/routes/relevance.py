"""Synonyms, query rules, inference endpoints, connectors."""

from .table import Table

_PAGE = "from size"

READS: Table = (
    ("GET", "/_synonyms", _PAGE, "the names of all synonym sets, with counts"),
    ("GET", "/_synonyms/{id}", f"{_PAGE} search_after", "the rules of one synonym set"),
    ("GET", "/_query_rules", _PAGE, "the names of all query rulesets, with counts"),
    ("GET", "/_query_rules/{id}", "", "one query ruleset"),
    ("GET", "/_inference/_all", "", "all inference endpoints in one list; never their keys"),
    ("GET", "/_connector", _PAGE, "connectors, a page at a time"),
)

WRITES: Table = (
    ("PUT", "/_synonyms/{id}", "refresh", "writes a synonym set"),
    ("DELETE", "/_synonyms/{id}", "", "deletes a synonym set; Elasticsearch refuses while an index uses it"),
    ("PUT DELETE", "/_query_rules/{id}", "", "writes or deletes a query ruleset"),
    ("PUT", "/_inference/{name}/{id}", "timeout", "makes an inference endpoint"),
    ("PUT", "/_inference/{name}/{id}/_update", "timeout", "changes an inference endpoint where it stands"),
    ("DELETE", "/_inference/{name}/{id}", "", "deletes an inference endpoint that nothing uses"),
    ("DELETE", "/_inference/{id}", "", "deletes an inference endpoint that nothing uses"),
    ("PUT", "/_connector/{id}", "", "makes a connector, or makes it anew"),
    ("PUT", "/_connector/{id}/_name", "", "a connector's name and description"),
    ("PUT", "/_connector/{id}/_index_name", "", "where a connector's documents go"),
    ("PUT", "/_connector/{id}/_service_type", "", "what a connector reads from"),
    ("PUT", "/_connector/{id}/_native", "", "whether Elastic runs a connector"),
    ("PUT", "/_connector/{id}/_configuration", "", "a connector's settings, passwords included"),
    ("PUT", "/_connector/{id}/_scheduling", "", "when a connector runs"),
    ("PUT", "/_connector/{id}/_pipeline", "", "a connector's ingest pipeline"),
    ("PUT", "/_connector/{id}/_features", "", "a connector's features"),
    ("PUT", "/_connector/{id}/_filtering", "", "which documents a connector takes"),
    ("DELETE", "/_connector/{id}", "", "deletes a connector; its index stays"),
)
