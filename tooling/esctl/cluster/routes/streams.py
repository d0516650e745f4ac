"""Data streams and their lifecycles, aliases of their own, seed documents, cluster settings."""

from .table import Table

READS: Table = ()

WRITES: Table = ()
