"""Scripts, enrich policies, transforms, snapshots, cross-cluster replication, Logstash pipelines."""

from .parameters import WAIT
from .table import Table

_STATE = "local master_timeout flat_settings ignore_unavailable allow_no_indices expand_wildcards"

READS: Table = (
    ("GET", "/_cluster/state/metadata", _STATE, "all stored scripts in one request, by filter_path"),
    ("GET", "/_cluster/state/metadata/{pattern}", _STATE, "which enrich policies have an index"),
    ("GET", "/_scripts/{id}", WAIT, "one stored script"),
    ("GET POST", "/_render/template", "", "fills in a search template; searches nothing"),
    ("GET POST", "/_render/template/{id}", "", "fills in a stored search template; searches nothing"),
    ("GET", "/_enrich/policy", WAIT, "all enrich policies in one list"),
    ("GET", "/_enrich/policy/{pattern}", WAIT, "enrich policies by name"),
    ("GET", "/_transform", "from size allow_no_match exclude_generated", "all transforms in one list"),
    ("GET", "/_transform/{pattern}", "from size allow_no_match exclude_generated", "transforms by name"),
    ("GET", "/_transform/_stats", "from size allow_no_match timeout basic", "the state of all transforms"),
    (
        "GET",
        "/_transform/{pattern}/_stats",
        "from size allow_no_match timeout basic",
        "the state of transforms by name",
    ),
    ("GET POST", "/_transform/_preview", "timeout", "what a transform would make; stores nothing"),
    ("GET POST", "/_transform/{name}/_preview", "timeout", "what a stored transform would make; stores nothing"),
    ("GET", "/_snapshot", "local master_timeout", "all snapshot repositories in one list"),
    ("GET", "/_snapshot/{pattern}", "local master_timeout", "snapshot repositories by name"),
    ("GET", "/_slm/policy", WAIT, "all snapshot policies in one list"),
    ("GET", "/_slm/policy/{pattern}", WAIT, "snapshot policies by name"),
    ("GET", "/_ccr/auto_follow", "master_timeout", "all auto-follow patterns in one list"),
    ("GET", "/_ccr/auto_follow/{name}", "master_timeout", "one auto-follow pattern"),
    ("GET", "/_all/_ccr/info", "master_timeout", "all follower indices in one list"),
    ("GET", "/{names}/_ccr/info", "master_timeout", "follower indices by name"),
    ("GET", "/_logstash/pipeline", "", "all Logstash pipelines in one list"),
    ("GET", "/_logstash/pipeline/{id}", "", "Logstash pipelines by name"),
)

WRITES: Table = (
    ("PUT", "/_scripts/{id}", WAIT, "writes a stored script or search template"),
    ("PUT", "/_scripts/{id}/{name}", WAIT, "writes a stored script, compiled for a context first"),
    ("DELETE", "/_scripts/{id}", WAIT, "deletes a stored script or search template"),
    ("PUT DELETE", "/_enrich/policy/{name}", WAIT, "writes or deletes an enrich policy"),
    (
        "PUT",
        "/_enrich/policy/{name}/_execute",
        "wait_for_completion master_timeout",
        "makes its enrich index anew",
    ),
    ("PUT", "/_transform/{name}", "defer_validation timeout", "writes a transform"),
    ("POST", "/_transform/{name}/_update", "defer_validation timeout", "changes a transform where it stands"),
    ("POST", "/_transform/{name}/_start", "from timeout", "starts a transform"),
    (
        "POST",
        "/_transform/{name}/_stop",
        "force wait_for_completion wait_for_checkpoint allow_no_match timeout",
        "stops a transform",
    ),
    ("DELETE", "/_transform/{name}", "force timeout", "deletes a transform; its destination stays"),
    ("PUT", "/_snapshot/{name}", WAIT + "verify", "registers a snapshot repository"),
    ("DELETE", "/_snapshot/{name}", WAIT, "forgets a snapshot repository; its snapshots stay where they are"),
    ("PUT DELETE", "/_slm/policy/{name}", WAIT, "writes or deletes a snapshot policy"),
    ("PUT DELETE", "/_ccr/auto_follow/{name}", "master_timeout", "writes or deletes an auto-follow pattern"),
    ("POST", "/_ccr/auto_follow/{name}/pause", "master_timeout", "pauses an auto-follow pattern"),
    ("POST", "/_ccr/auto_follow/{name}/resume", "master_timeout", "resumes an auto-follow pattern"),
    ("PUT", "/{name}/_ccr/follow", "wait_for_active_shards master_timeout", "makes a follower index"),
    ("POST", "/{name}/_ccr/pause_follow", "master_timeout", "stops following"),
    ("POST", "/{name}/_ccr/resume_follow", "master_timeout", "follows again, with other parameters"),
    ("PUT DELETE", "/_logstash/pipeline/{id}", "", "writes or deletes a Logstash pipeline"),
)
