"""Reduce the measured update matrix to what `esctl.kinds.changes` reads: `update_matrix.py MATRIX.json OUT.json`."""

import json
import sys
from pathlib import Path

KEPT = ("default", "default_written", "change", "add", "remove")


def reduce(matrix: dict) -> dict:
    """Mapping parameters per type, root keys, vector index options and the kind of each setting."""
    return {
        "servers": matrix["servers"],
        "mapping": {
            kind: {
                name: {key: row[key] for key in KEPT if key in row}
                for name, row in parameters.items()
                if isinstance(row, dict) and row.get("accepted") is not False
            }
            for kind, parameters in matrix["mapping"].items()
        },
        "root": {
            name: {key: row[key] for key in KEPT if key in row}
            for name, row in matrix["root"].items()
            if isinstance(row, dict)
        },
        "index_options": {
            element: row["from"] for element, row in matrix["dense_vector_index_options"].items() if "from" in row
        },
        "settings": {
            name: row["update"]
            for name, row in matrix["settings"].items()
            if row["update"] in ("dynamic", "closed", "final", "private", "internal")
        },
    }


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    reduced = reduce(json.loads(source.read_text()))
    target.write_text(json.dumps(reduced, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n")
