"""Roles, users, role mappings, API keys, privileges, watches."""

from .table import Table

READS: Table = ()

WRITES: Table = ()
