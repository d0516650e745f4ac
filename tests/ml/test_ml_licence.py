"""A basic licence: one line for each resource, nothing written, nothing pruned; out of scope where a rule says so."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ml_place import Place

from esctl.apply import run
from esctl.cli.change import make_plan
from esctl.cluster import WRITING, Cluster
from esctl.errors import Refused
from esctl.model import Action

ALL = """
kind: ml-filter
id: safe
spec: {items: [a]}
---
kind: ml-anomaly-job
id: load
spec:
  analysis_config: {bucket_span: 1h, detectors: [{function: count}]}
  data_description: {time_field: t}
---
kind: ml-calendar
id: quiet
spec: {job_ids: [load]}
---
kind: ml-data-frame-analytics
id: odd
spec: {source: {index: "houses*"}, dest: {index: o}, analysis: {outlier_detection: {}}, state: stopped}
"""
INDEX = "kind: index\nid: a\nspec: {}\n"


@pytest.fixture
def lapsed(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Call it, and the cluster has no more than basic."""
    real = Cluster.capabilities

    def lapse() -> None:
        def basic(self):  # type: ignore[no-untyped-def]
            found = real.__get__(self) if hasattr(real, "__get__") else real.fget(self)
            return replace(found, licence="basic", sandbox=False)

        monkeypatch.setattr(Cluster, "capabilities", property(basic))

    return lapse


def test_one_line_for_each(place: Place, lapsed) -> None:  # type: ignore[no-untyped-def]
    place.write(INDEX + "---" + ALL)
    lapsed()
    changes = [change for change in place.plan().changes if change.address.kind != "index"]
    assert len(changes) == 4
    for change in changes:
        assert change.action is Action.UNDECIDED
        assert change.words.endswith("needs the licence platinum or better; this cluster has basic")
        assert "\n" not in change.words
    with pytest.raises(Refused, match="needs the licence platinum"):
        place.apply()


def test_a_licence_that_lapses_deletes_nothing(place: Place, lapsed) -> None:  # type: ignore[no-untyped-def]
    place.write(INDEX + "---" + ALL)
    place.apply()
    lapsed()
    for text in (INDEX, INDEX + "---" + ALL.replace("\nspec", "\nwhen: false\nspec")):
        place.write(text)
        invocation = place.invocation
        with invocation.cluster(WRITING) as cluster:
            plan = make_plan(invocation, cluster, prune=True, force=True)
            assert not [change for change in plan.changes if change.requests]
            run(plan, cluster, invocation.kinds, allow=("irreversible",))
    for path in (
        "/_ml/filters/safe",
        "/_ml/anomaly_detectors/load",
        "/_ml/calendars/quiet",
        "/_ml/data_frame/analytics/odd",
    ):
        assert place.ask("GET", path)[0] == 200
