"""Synonyms, query rules, inference endpoints, connectors."""

from .table import Table

READS: Table = ()

WRITES: Table = ()
