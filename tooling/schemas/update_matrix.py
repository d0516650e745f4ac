"""Reduce the measured update matrix to what `esctl.kinds.changes` reads: `update_matrix.py MATRIX.json OUT.json`.

The newer server's tables stand whole; below `8.19` stand those rows that differ there, null where it lacks them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

KEPT = ("default", "default_written", "always_shown", "change", "add", "remove")
OLDER = "8.19"
Row = dict[str, Any]


def reduce(matrix: Row) -> Row:
    """Mapping parameters per type, types, root keys, vector index options, and the kind of each setting."""
    mapping, older = _rows_of_types(matrix["mapping"])
    root, older_root = _rows(matrix["root"])
    vectors = matrix["dense_vector_index_options"]
    elements = [name for name in vectors if "from" in vectors[name]]
    parameters = vectors["parameters"]
    types = matrix["type_change"]
    settings = {name: row["update"] for name, row in matrix["settings"].items()}
    return {
        "servers": matrix["servers"],
        "mapping": mapping,
        "root": root,
        "index_options": {name: vectors[name]["from"] for name in elements},
        "index_option": {name: _now(word) for name, word in parameters.items()},
        "types": sorted({*matrix["mapping"], *(kind for pair in types["in_place"] for kind in pair.split("→"))}),
        "type_change": {"in_place": sorted(types["in_place"]), "ignored": sorted(types["ignored"])},
        "settings": settings,
        OLDER: {
            "mapping": older,
            "root": older_root,
            "index_options": {name: vectors[name][OLDER].get("from") for name in elements if OLDER in vectors[name]},
            "index_option": {name: _word(w[OLDER]) for name, w in parameters.items() if isinstance(w, dict)},
            "type_change": {
                "in_place": [p for p in types["in_place"] if types[OLDER].get(p, {}).get(OLDER) != "rejected"],
                "ignored": [p for p in types["ignored"] if types[OLDER].get(p, {}).get(OLDER) != "rejected"],
            },
            "settings": _older_settings(matrix["settings"]),
        },
    }


def _rows_of_types(mapping: dict[str, Row]) -> tuple[dict[str, Row], dict[str, Row]]:
    now: dict[str, Row] = {}
    older: dict[str, Row] = {}
    for kind, parameters in mapping.items():
        whole = {**mapping.get(parameters.get("same_as", ""), {}), **parameters}
        whole.pop("same_as", None)
        rows, differing = _rows(whole)
        same = {key: parameters[key] for key in ("same_as",) if key in parameters}
        now[kind] = same | {name: row for name, row in rows.items() if not same or name in parameters}
        if differing:
            older[kind] = differing
    return now, older


def _rows(rows: dict[str, Row]) -> tuple[Row, Row]:
    """The rows of the newer server, and those of the older one that differ (null: it refuses the parameter)."""
    now, older = {}, {}
    for name, row in rows.items():
        if row.get("accepted") is not False:
            now[name] = _kept(row)
        if OLDER in row:
            was = {**row, **row[OLDER]} if isinstance(row[OLDER], dict) else {"accepted": False}
            was = {key: value for key, value in was.items() if value is not None}
            reduced = None if was.get("accepted") is False else _kept(was)
            if reduced != now.get(name):
                older[name] = reduced
    return now, older


def _kept(row: Row) -> Row:
    kept = {key: row[key] for key in KEPT if key in row}
    # Values that the server takes and does not show: the same as writing nothing.
    unseen = [value for value, shown in row.get("readback", {}).items() if shown == "(absent)"]
    if unseen:
        kept |= {"unseen": unseen} | ({"with": row["with"]} if "with" in row else {})
    return kept


def _now(word: str | Row) -> str | None:
    return _word(word["now"] if isinstance(word, dict) else word)


def _word(word: str) -> str | None:
    return None if word.startswith("invalid") else word.partition(":")[0]


def _older_settings(settings: dict[str, Row]) -> dict[str, str | None]:
    older: dict[str, str | None] = {}
    for name, row in settings.items():
        if row.get(OLDER) == "absent":
            older[name] = None
        elif isinstance(row.get(OLDER), dict) and "update" in row[OLDER]:
            older[name] = row[OLDER]["update"]
    return older


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    reduced = reduce(json.loads(source.read_text(encoding="utf-8")))
    text = json.dumps(reduced, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    target.write_text(text + "\n", encoding="utf-8")
