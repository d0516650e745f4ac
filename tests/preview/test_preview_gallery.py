"""docs/gallery.md: its page is what its script writes, its pictures are there and small, each example draws."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from esctl import cli

ROOT = Path(__file__).parents[2]


def _gallery() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gallery", ROOT / "tooling" / "docs" / "gallery.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GALLERY = _gallery()


def test_the_page_is_what_its_script_writes() -> None:
    assert GALLERY.PAGE.read_text(encoding="utf-8") == GALLERY.page(), "run: python tooling/docs/gallery.py"


def test_every_example_has_a_picture_and_every_picture_is_small() -> None:
    from PIL import Image

    examples = {path.stem for path in (GALLERY.PROJECT / "examples").glob("*.yaml")} - {"requests", "dashboard"}
    assert examples == {name for name, _, _ in GALLERY.CHARTS}
    for name in (*examples, "dashboard", "dashboard-dark"):
        path = GALLERY.PROJECT / f"{name}.png"
        assert path.stat().st_size <= GALLERY.LARGEST
        with Image.open(path) as picture:
            assert picture.size == ((900, picture.size[1]) if "dashboard" in name else (640, 320))


def test_every_example_is_drawn_without_a_problem(tmp_path: Path, capsys: Any) -> None:
    data = tmp_path / "requests.ndjson"
    data.write_text("".join(json.dumps(row) + "\n" for row in GALLERY.rows()), encoding="utf-8")
    span = ["--from", GALLERY.SPAN[0], "--to", GALLERY.SPAN[1]]
    out = ["--out", str(tmp_path / "out"), "--format", "svg", "--json"]
    code = cli.run(["preview", "--project", str(GALLERY.PROJECT), "--data", f"requests={data}", *span, *out])
    told = json.loads(capsys.readouterr().out)["pictures"]
    assert code == 0 and len(told) == len(GALLERY.CHARTS) + 1
    for picture in told:
        assert picture["problems"] == picture["undrawn"] == [], picture


@pytest.mark.parametrize("ending", [".json", ".csv", ".parquet"])
def test_rows_are_read_from_files_of_every_form(ending: str, tmp_path: Path) -> None:
    rows = [row for row in GALLERY.rows() if "bytes" in row][:200]
    path = tmp_path / f"rows{ending}"
    if ending == ".json":
        path.write_text(json.dumps(rows))
    elif ending == ".csv":
        lines = [",".join(rows[0]), *(",".join(str(v) for v in row.values()) for row in rows)]
        path.write_text("\n".join(lines))
    else:
        import pyarrow
        from pyarrow import parquet

        parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    out = tmp_path / "pie.svg"
    arguments = ["preview", "--project", str(GALLERY.PROJECT), "visualization/pie", "--data", str(path)]
    assert cli.run([*arguments, "--out", str(out)]) == 0
    share = sum(row["country"] == "DE" for row in rows) / len(rows)
    assert f"{share:.1%}" in out.read_text(encoding="utf-8")
