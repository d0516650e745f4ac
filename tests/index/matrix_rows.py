"""Reduce the raw answers behind the update matrix to rows that a test can try: every pair of values, both servers.

    python matrix_rows.py update_matrix.py RAW.json matrix_rows.json

`update_matrix.py` is the script that measured (it holds the values), RAW.json what it kept with `--raw`. A grid has a
letter for each ordered pair: i taken in place, s the same when read, g answered with 200 and ignored, m merged,
r rejected, o became something else, . not tried.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

LETTERS = {"in_place": "i", "same": "s", "ignored": "g", "merged": "m", "rejected": "r", "other": "o"}


def letter(answer: str | None) -> str:
    return LETTERS[answer.partition(":")[0]] if answer else "."


def grids(raws: list[Any], names: list[str], pick: Any) -> dict[str, str]:
    """Version → grid; `pick(raw, a, b)` is the answer to one pair."""
    found = {}
    for raw in raws:
        version = version_of(raw)
        grid = " ".join("".join(letter(pick(raw, a, b)) for b in names) for a in names)
        if set(grid) - set(". "):
            found[version] = grid
    return found


def version_of(raw: Any) -> str:
    return ".".join(raw["version"].split(".")[:2])


def _fresh(raw: Any, kind: str, parameter: str, names: list[str], absent: str) -> list[Any]:
    """Each value as it reads back, in the order of `names`."""
    found = raw["mapping"].get(kind, {}).get(parameter, {}).get("fresh", {})
    return [found.get(name, absent) for name in names]


def rows(measured: Any, raws: list[Any], errors: dict[str, Any]) -> dict[str, Any]:
    show, absent = measured.show, measured.ABSENT
    fields = []
    for kind, (base, parameters) in measured.TYPES.items():
        for parameter, spec in parameters.items():
            spec = spec if isinstance(spec, dict) and "values" in spec else {"values": spec}
            values = [None, *spec["values"]]
            names = [absent, *map(show, spec["values"])]

            def pick(raw: Any, a: str, b: str, kind: str = kind, parameter: str = parameter) -> str | None:
                row = raw["mapping"].get(kind, {}).get(parameter) or {}
                return row.get("pairs", {}).get(f"{a}→{b}")

            made = grids(raws, names, pick)
            if not made:
                continue
            whole = {k: v for k, v in base.items() if k not in spec.get("drop", ())} | spec.get("with", {})
            shown = {version_of(raw): _fresh(raw, kind, parameter, names, absent) for raw in raws}
            fields.append(
                {"type": kind, "parameter": parameter, "beside": whole, "values": values, "shown": shown, **made}
            )
    root = []
    for key, values in measured.ROOT.items():
        names = [absent, *map(show, values)]

        def of_root(raw: Any, a: str, b: str, key: str = key) -> str | None:
            return raw["root"].get(key, {}).get("pairs", {}).get(f"{a}→{b}")

        if made := grids(raws, names, of_root):
            shown = {version_of(raw): [raw["root"][key]["fresh"].get(name, absent) for name in names] for raw in raws}
            root.append({"key": key, "values": [None, *values], "shown": shown, **made})
    kinds = list(measured.MINIMAL)
    vectors = []
    for element, dims in (("float", 64), ("byte", 64), ("bit", 512), ("bfloat16", 64)):
        names = [absent, *measured.VECTOR]

        def moves(raw: Any, a: str, b: str, element: str = element) -> str | None:
            return raw["vector"][element].get("moves", {}).get(a, {}).get(b)

        fresh = raws[0]["vector"][element].get("fresh", {})
        shown = [fresh.get(name, absent) for name in names]
        values = [None, *measured.VECTOR.values()]
        vectors.append(
            {"element": element, "dims": dims, "values": values, "shown": shown, **grids(raws, names, moves)}
        )
    return {
        "servers": [raw["version"] for raw in raws],
        "fields": fields,
        "root": root,
        "types": {"bodies": measured.MINIMAL, **grids(raws, kinds, lambda raw, a, b: raw["types"].get(a, {}).get(b))},
        "vectors": vectors,
        "options": [[label, a, b, *(raw["vector"]["parameters"][label] for raw in raws)] for label, a, b in measured.VECTOR_PARAMS],
        "shape": [[label, before, sent, *(raw["shape"][label].get("result") for raw in raws)] for label, before, sent in measured.SHAPE],
        "settings": {
            key: [_setting(measured, raw["settings"].get(key), errors) for raw in raws]
            for key in sorted({key for raw in raws for key in raw["settings"]})
        },
    }  # fmt: skip


def _setting(measured: Any, row: Any, errors: Any) -> str | None:
    """The word for what the answers say: dynamic, closed, final, internal, private, removed, refused, unknown."""
    if row is None:
        return None
    word = row["update"]
    return str(word if word in ("dynamic", "closed") else measured.setting_class(row, row["default"], errors))


def main(recipe: str, raw: str, out: str) -> None:
    spec = importlib.util.spec_from_file_location("measured", recipe)
    assert spec and spec.loader
    measured = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(measured)
    kept = json.loads(Path(raw).read_text(encoding="utf-8"))
    made = rows(measured, kept["raws"], kept["errors"])
    lines = []
    for part, content in made.items():
        if isinstance(content, list) and part != "servers":
            inner = ",\n  ".join(json.dumps(row, ensure_ascii=False) for row in content)
            lines.append(f' "{part}": [\n  {inner}\n ]')
        else:
            lines.append(f' "{part}": {json.dumps(content, ensure_ascii=False)}')
    Path(out).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
