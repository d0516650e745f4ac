"""The tables of the guard: which requests a command may send, each row with its reason.

`READ_ONLY` is what commands that only look may send. The method alone does not say it: some POSTs only read (`_search`,
`_export`), and a GET can write (`/api/ml/saved_objects/sync` without `simulate=true`). `WRITING` adds what `apply` and
`images` need. The placeholders are explained at `guard.Row`. One module per family holds its rows.
"""

from __future__ import annotations

from ..guard import Guard, Row
from . import elasticsearch, kibana, ml, reindexing, relevance, security, stack, streams
from .table import Table


def _rows(service: str, table: Table) -> tuple[Row, ...]:
    rows = []
    for methods, route, parameters, reason in table:
        words = parameters.split()
        optional = frozenset(word for word in words if "=" not in word)
        required = dict(word.split("=", 1) for word in words if "=" in word)
        rows.append(Row(service, tuple(methods.split()), route, reason, optional, required))
    return tuple(rows)


_FAMILIES = (elasticsearch, streams, reindexing, security, stack, relevance, ml)
_READING = tuple(row for family in _FAMILIES for row in _rows("elasticsearch", family.READS)) + _rows(
    "kibana", kibana.READS
)
_CHANGING = tuple(row for family in _FAMILIES for row in _rows("elasticsearch", family.WRITES)) + _rows(
    "kibana", kibana.WRITES
)

READ_ONLY = Guard("this command only reads", _READING)
WRITING = Guard("esctl sends nothing of this kind", _READING + _CHANGING)
