"""Moving documents: reindex, tasks, clones, blocks."""

from .table import Table

READS: Table = ()

WRITES: Table = ()
