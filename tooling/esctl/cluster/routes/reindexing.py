"""Moving documents: reindex, tasks, clones, blocks."""

from .parameters import INDICES, WAIT
from .table import Table

READS: Table = (
    ("GET", "/_tasks", "actions detailed nodes timeout", "what still copies documents"),
    ("GET", "/_tasks/{id}", "wait_for_completion timeout", "how far a copy is, and what became of it"),
)

WRITES: Table = (
    ("PUT", "/{names}/_block/{id}", INDICES + WAIT, "nobody writes while documents are copied"),
    (
        "POST",
        "/_reindex",
        "wait_for_completion slices requests_per_second refresh timeout wait_for_active_shards",
        "copies documents into a new index",
    ),
    ("POST", "/_reindex/{id}/_rethrottle", "requests_per_second", "copies faster or slower"),
    ("POST", "/_tasks/{id}/_cancel", "", "ends a copy that is taken back"),
    ("PUT POST", "/{name}/_clone/{name}", WAIT + "wait_for_active_shards", "keeps the old documents"),
    ("POST", "/{names}/_close", INDICES + WAIT + "wait_for_active_shards", "closes an index"),
    ("POST", "/{names}/_open", INDICES + WAIT + "wait_for_active_shards", "opens an index"),
)
