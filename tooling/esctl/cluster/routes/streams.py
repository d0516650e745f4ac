"""Data streams and their lifecycles, aliases of their own, seed documents, cluster settings."""

from .parameters import INDICES, WAIT
from .table import Table

READS: Table = (
    ("GET", "/_data_stream", INDICES + WAIT + "verbose", "all data streams in one list"),
    ("GET", "/_data_stream/{pattern}", INDICES + WAIT + "verbose", "data streams by name"),
    ("GET", "/_data_stream/{pattern}/_options", INDICES + WAIT, "whether they keep failures"),
    ("GET", "/_data_stream/{pattern}/_lifecycle", INDICES + WAIT, "how long they keep documents"),
    ("GET", "/_data_stream/{pattern}/_stats", INDICES, "how much goes when one is deleted"),
)

WRITES: Table = (
    ("PUT DELETE", "/_data_stream/{name}", WAIT, "makes or deletes a data stream"),
    ("PUT DELETE", "/_data_stream/{name}/_options", WAIT, "sets whether it keeps failures"),
    ("PUT DELETE", "/_data_stream/{name}/_lifecycle", WAIT, "sets how long it keeps documents"),
    ("PUT", "/_cluster/settings", WAIT + "flat_settings", "sets and resets settings of the cluster"),
)
