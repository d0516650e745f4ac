"""`tests/cases/<kind>/<what>.yaml`: what was written and what was read, brought to one form and compared."""

from pathlib import Path

import pytest
import yaml

from esctl.kinds import NAMES, registry
from esctl.kinds.base import Wordy
from esctl.kinds.differences import differences, projected
from esctl.model import Capabilities

CASES = Path(__file__).parents[1] / "cases"
KINDS = [name for name in NAMES if name not in ("data-view", "dashboard", "visualization")]  # tests/dashboards has theirs
FILES = [path for kind in KINDS for path in sorted((CASES / kind).glob("*.yaml"))]
CAPABILITIES = Capabilities()


@pytest.mark.parametrize("path", FILES, ids=[f"{path.parent.name}/{path.stem}" for path in FILES])
def test_a_case(path):
    case = yaml.safe_load(path.read_text(encoding="utf-8"))
    kind = registry()[path.parent.name]
    written, read = (kind.normalise(case[side], CAPABILITIES) for side in ("written", "read"))
    assert kind.normalise(written, CAPABILITIES) == written, "normalise is not idempotent on what was written"
    assert kind.normalise(read, CAPABILITIES) == read, "normalise is not idempotent on what was read"
    seen = projected(read, written) if kind.shared else read
    expected = [] if case["expect"] == "equal" else case["expect"]
    assert [difference.dotted for difference in differences(seen, written)] == expected
    cost = kind.cost(seen, written, CAPABILITIES)
    if "cost" in case:
        assert str(cost.consequence) == case["cost"]
    if "words" in case:
        said = kind.in_words(seen, written) if isinstance(kind, Wordy) else []
        assert case["words"] in "\n".join([cost.words, *said])


def test_cases_do_not_change_their_input():
    body = {"settings": {"number_of_shards": 1}, "mappings": {"properties": {"a": {"type": "keyword", "index": True}}}}
    before = repr(body)
    registry()["index"].normalise(body, CAPABILITIES)
    assert repr(body) == before
