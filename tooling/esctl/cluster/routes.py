"""The tables of the guard: which requests a command may send, each row with its reason.

`READ_ONLY` is what commands that only look may send. The method alone does not say it: some POSTs only read (`_search`,
`_export`), and a GET can write (`/api/ml/saved_objects/sync` without `simulate=true`). `WRITING` adds what `apply` and
`images` need. The placeholders are explained at `guard.Row`. Columns: methods, route, parameters (`name=value`: must be
there), reason.
"""

from __future__ import annotations

from .guard import Guard, Row

_WAIT = "timeout master_timeout "
_INDICES = "ignore_unavailable allow_no_indices expand_wildcards "
_TEMPLATE = _WAIT + "flat_settings local include_defaults"
_INDEX = _INDICES + _WAIT + "flat_settings include_defaults local"
_SOURCE = "_source _source_includes _source_excludes _source_exclude_vectors routing preference "
_SEARCH = (
    _INDICES
    + _SOURCE
    + "size from sort q track_total_hits timeout request_cache rest_total_hits_as_int seq_no_primary_term version "
    "allow_partial_search_results ccs_minimize_roundtrips batched_reduce_size max_concurrent_shard_requests search_type"
)
_DOCUMENT = _SOURCE + "realtime stored_fields"
_WRITE = (
    _WAIT
    + "refresh routing pipeline require_alias require_data_stream wait_for_active_shards if_seq_no if_primary_term "
    "op_type version version_type _source _source_includes _source_excludes list_executed_pipelines "
    "include_source_on_error"
)

_ELASTICSEARCH_READS = (
    ("GET HEAD", "/", "", "version, flavour and name of the cluster"),
    ("GET", "/_license", "local accept_enterprise", "which features the licence allows"),
    ("GET", "/_cluster/health", _WAIT + "level local wait_for_status", "whether the cluster is ready"),
    ("GET", "/_cluster/health/{names}", _WAIT + "level local wait_for_status", "whether an index is ready"),
    (
        "GET",
        "/_cluster/settings",
        _WAIT + "include_defaults flat_settings",
        "settings that decide what a write becomes",
    ),
    ("GET", "/_nodes/{id}/stats/os", "timeout", "the server's clock, for the lease"),
    ("GET", "/_index_template", _TEMPLATE, "all index templates in one list"),
    ("GET HEAD", "/_index_template/{pattern}", _TEMPLATE, "index templates by name"),
    (
        "POST",
        "/_index_template/_simulate_index/{name}",
        _WAIT + "include_defaults",
        "what an index would get; stores nothing",
    ),
    ("GET", "/_component_template", _TEMPLATE, "all component templates in one list"),
    ("GET HEAD", "/_component_template/{pattern}", _TEMPLATE, "component templates by name"),
    ("GET", "/_ilm/policy", _WAIT, "all lifecycles in one list"),
    ("GET", "/_ilm/policy/{pattern}", _WAIT, "lifecycles by name"),
    ("GET", "/_ingest/pipeline", _WAIT + "summary", "all pipelines in one list"),
    ("GET", "/_ingest/pipeline/{pattern}", _WAIT + "summary", "pipelines by name"),
    ("GET POST", "/_ingest/pipeline/_simulate", "verbose", "runs the pipeline in the body; stores nothing"),
    ("GET POST", "/_ingest/pipeline/{name}/_simulate", "verbose", "runs a stored pipeline; stores nothing"),
    ("GET HEAD", "/{names}", _INDEX + " features", "indices by name, never all of them"),
    ("GET", "/{names}/_mapping", _INDEX, "mappings by name"),
    ("GET", "/{names}/_settings", _INDEX, "settings by name"),
    ("GET", "/{names}/_alias", _INDEX, "aliases by index"),
    ("GET", "/{names}/_stats", _INDICES, "sizes, before something is thrown away"),
    ("GET HEAD", "/_alias/{pattern}", _INDEX, "who holds an alias"),
    ("GET", "/_resolve/index/{pattern}", _INDICES, "what a name or pattern stands for"),
    ("GET POST", "/{pattern}/_count", _INDICES + "q routing preference", "how many documents"),
    ("GET POST", "/{pattern}/_search", _SEARCH, "documents and aggregations"),
    ("GET POST", "/{pattern}/_field_caps", _INDICES + "fields", "fields behind a data view"),
    ("GET POST", "/_msearch", "max_concurrent_searches", "several searches in one request"),
    ("GET POST", "/{pattern}/_msearch", "max_concurrent_searches", "several searches in one request"),
    (
        "POST",
        "/{pattern}/_pit",
        _INDICES + "keep_alive routing preference",
        "a fixed view for paging; it ends by itself",
    ),
    ("POST", "/_search", _SEARCH, "a page of such a view, which the body names"),
    ("DELETE", "/_pit", "", "ends such a view"),
    ("GET POST", "/_mget", _DOCUMENT, "documents by id"),
    ("GET POST", "/{name}/_mget", _DOCUMENT, "documents by id"),
    ("GET HEAD", "/{name}/_doc/{id}", _DOCUMENT, "one document"),
    ("GET HEAD", "/{name}/_source/{id}", _DOCUMENT, "one document's source"),
    ("GET", "/_security/_authenticate", "", "whose the credentials are"),
    ("GET POST", "/_security/user/_has_privileges", "", "what they may do"),
)

_KIBANA_READS = (
    ("GET", "/api/status", "", "version and readiness"),
    ("GET", "/api/spaces/space", "", "all spaces in one list"),
    ("GET", "/api/spaces/space/{name}", "", "one space"),
    ("GET", "/api/data_views", "", "all data views in one list"),
    ("GET", "/api/data_views/data_view/{id}", "", "one data view"),
    ("GET", "/api/dashboards", "page per_page query tags excluded_tags", "dashboards in one list"),
    ("GET", "/api/dashboards/{id}", "", "one dashboard"),
    ("GET", "/api/visualizations", "page per_page query search_fields fields", "visualizations in one list"),
    ("GET", "/api/visualizations/{id}", "", "one visualization"),
    (
        "GET",
        "/api/saved_objects/_find",
        "type fields page per_page search search_fields sort_field sort_order has_reference default_search_operator",
        "saved objects in lists",
    ),
    ("GET", "/api/saved_objects/{name}/{id}", "", "one saved object"),
    ("POST", "/api/saved_objects/_bulk_get", "", "saved objects by id"),
    ("POST", "/api/saved_objects/_export", "", "bodies of saved objects in bulk"),
    ("GET", "/api/ml/saved_objects/sync", "simulate=true", "a dry run; without simulate=true this GET writes"),
)

_ELASTICSEARCH_WRITES = (
    ("PUT", "/{name}", _WAIT + "wait_for_active_shards", "creates an index"),
    ("DELETE", "/{names}", _WAIT + "ignore_unavailable", "deletes indices by name, never by wildcard"),
    ("PUT POST", "/{names}/_mapping", _INDICES + _WAIT, "adds fields"),
    ("PUT", "/{names}/_settings", _INDICES + _WAIT + "preserve_existing reopen", "changes settings"),
    ("POST", "/_aliases", _WAIT, "swaps aliases in one step"),
    ("PUT POST DELETE", "/{name}/_alias/{name}", _WAIT, "sets or removes one alias"),
    ("PUT POST", "/_index_template/{name}", _WAIT + "create cause", "writes an index template"),
    ("DELETE", "/_index_template/{name}", _WAIT, "deletes an index template"),
    ("PUT POST", "/_component_template/{name}", _WAIT + "create cause", "writes a component template"),
    ("DELETE", "/_component_template/{name}", _WAIT, "deletes a component template"),
    ("PUT DELETE", "/_ilm/policy/{name}", _WAIT, "writes or deletes a lifecycle"),
    ("PUT", "/_ingest/pipeline/{name}", _WAIT + "if_version", "writes a pipeline"),
    ("DELETE", "/_ingest/pipeline/{name}", _WAIT, "deletes a pipeline"),
    ("PUT POST", "/_bulk", _WRITE, "writes documents; each line names its index"),
    ("PUT POST", "/{name}/_bulk", _WRITE, "writes documents"),
    ("POST", "/{name}/_doc", _WRITE, "adds a document"),
    ("PUT POST DELETE", "/{name}/_doc/{id}", _WRITE, "writes or deletes one document"),
    ("PUT POST", "/{name}/_create/{id}", _WRITE, "adds a document that must be new"),
    ("POST", "/{name}/_update/{id}", _WRITE + " retry_on_conflict", "changes one document"),
    ("GET POST", "/{names}/_refresh", _INDICES, "makes what was written visible to searches"),
)

_KIBANA_WRITES = (
    ("POST", "/api/saved_objects/_import", "overwrite createNewCopies compatibilityMode", "writes saved objects"),
    ("DELETE", "/api/saved_objects/{name}/{id}", "force", "deletes one saved object"),
    ("POST", "/api/saved_objects/_bulk_delete", "force", "deletes saved objects by id"),
    ("POST", "/api/dashboards", "", "adds a dashboard"),
    ("PUT DELETE", "/api/dashboards/{id}", "", "writes or deletes one dashboard"),
    ("POST", "/api/visualizations", "", "adds a visualization"),
    ("PUT DELETE", "/api/visualizations/{id}", "", "writes or deletes one visualization"),
    ("POST", "/api/data_views/data_view", "", "adds a data view"),
    ("POST DELETE", "/api/data_views/data_view/{id}", "", "changes or deletes one data view"),
    ("POST", "/api/spaces/space", "", "adds a space"),
    ("PUT", "/api/spaces/space/{name}", "", "changes a space"),
)


def _rows(service: str, table: tuple[tuple[str, str, str, str], ...]) -> tuple[Row, ...]:
    rows = []
    for methods, route, parameters, reason in table:
        words = parameters.split()
        optional = frozenset(word for word in words if "=" not in word)
        required = dict(word.split("=", 1) for word in words if "=" in word)
        rows.append(Row(service, tuple(methods.split()), route, reason, optional, required))
    return tuple(rows)


_READING = _rows("elasticsearch", _ELASTICSEARCH_READS) + _rows("kibana", _KIBANA_READS)

READ_ONLY = Guard("this command only reads", _READING)
WRITING = Guard(
    "esctl sends nothing of this kind",
    _READING + _rows("elasticsearch", _ELASTICSEARCH_WRITES) + _rows("kibana", _KIBANA_WRITES),
)
