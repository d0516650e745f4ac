"""Parameters that many requests share."""

WAIT = "timeout master_timeout "
INDICES = "ignore_unavailable allow_no_indices expand_wildcards "
TEMPLATE = WAIT + "flat_settings local include_defaults"
INDEX = INDICES + WAIT + "flat_settings include_defaults local"
SOURCE = "_source _source_includes _source_excludes _source_exclude_vectors routing preference "
SEARCH = (
    INDICES
    + SOURCE
    + "size from sort q track_total_hits timeout request_cache rest_total_hits_as_int seq_no_primary_term version "
    "allow_partial_search_results ccs_minimize_roundtrips batched_reduce_size max_concurrent_shard_requests search_type"
)
DOCUMENT = SOURCE + "realtime stored_fields"
WRITE = (
    WAIT
    + "refresh routing pipeline require_alias require_data_stream wait_for_active_shards if_seq_no if_primary_term "
    "op_type version version_type _source _source_includes _source_excludes list_executed_pipelines "
    "include_source_on_error"
)
