"""A thousand files are validated in time that is measured against libyaml's own in the same run."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not (ROOT / "benchmarks" / "validate.py").is_file(), reason="benchmarks/ is not here")
def test_a_thousand_files(tmp_path: Path) -> None:
    place = importlib.util.spec_from_file_location("validate_benchmark", ROOT / "benchmarks" / "validate.py")
    assert place and place.loader
    benchmark = importlib.util.module_from_spec(place)
    place.loader.exec_module(benchmark)
    benchmark.write_project(tmp_path, 1000)
    validate, parse = ("-m", "esctl", "validate", "--project", str(tmp_path)), ("-c", benchmark.PARSE, str(tmp_path))
    pairs = [(benchmark.run(*validate)[1], benchmark.run(*parse)[1]) for _ in range(3)]
    # 5.0 to 6.1 as measured; CPU seconds, since the machine may be busy.
    assert min(ours / alone for ours, alone in pairs) < 8
    assert min(ours for ours, _ in pairs) < 2
