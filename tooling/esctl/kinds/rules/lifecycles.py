"""Rules about index lifecycles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..normalise import flat_settings, get
from .rule import Found, rule
from .written import Written

_PHASES = ("hot", "warm", "cold", "frozen", "delete")
_SECONDS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "micros": 1e-6, "nanos": 1e-9}


def _seconds(value: Any) -> float | None:
    """A time of Elasticsearch (`7d`); None where it is none."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(d|h|m|s|ms|micros|nanos)", str(value).strip().lower())
    return float(match[1]) * _SECONDS[match[2]] if match else None


@rule(
    "phase-order",
    "lifecycles",
    "error",
    kinds=("ilm-policy",),
    bad="""
kind: ilm-policy
id: logs
spec:
  policy:
    phases:
      warm: {min_age: 30d, actions: {}}
      cold: {min_age: 7d, actions: {}}
""",
    good="""
kind: ilm-policy
id: logs
spec:
  policy:
    phases:
      warm: {min_age: 7d, actions: {}}
      cold: {min_age: 30d, actions: {}}
""",
)
def phase_order(written: Written) -> Iterator[Found]:
    """A later phase of a lifecycle begins before an earlier one.

    The order is hot, warm, cold, frozen, delete, whatever the order in the file. An error: Elasticsearch refuses the
    policy. A `min_age` of 0 counts as not written.
    """
    for resource in written.of("ilm-policy"):
        phases = get(resource.spec, ("policy", "phases"))
        before: tuple[str, Any, float] | None = None
        for name in _PHASES if isinstance(phases, dict) else ():
            written_age = get(phases, (name, "min_age"))
            age = _seconds(written_age)
            if not age:
                continue
            if before and age < before[2]:
                message = f"{name} begins at {written_age}, before {before[0]} at {before[1]}"
                yield Found(resource, ("policy", "phases", name, "min_age"), message)
            else:
                before = (name, written_age, age)


@rule(
    "rollover-alias",
    "lifecycles",
    "warning",
    kinds=("ilm-policy", "index", "index-template"),
    bad="""
kind: ilm-policy
id: logs
spec: {policy: {phases: {hot: {actions: {rollover: {max_age: 7d}}}}}}
---
kind: index-template
id: logs
spec: {index_patterns: [logs-*], template: {settings: {index.lifecycle.name: logs}}}
""",
    good="""
kind: ilm-policy
id: logs
spec: {policy: {phases: {hot: {actions: {rollover: {max_age: 7d}}}}}}
---
kind: index-template
id: logs
spec:
  index_patterns: [logs-*]
  template: {settings: {index.lifecycle.name: logs, index.lifecycle.rollover_alias: logs}}
""",
    whole=True,
)
def rollover_alias(written: Written) -> Iterator[Found]:
    """A lifecycle rolls over, and the indices under it have neither a data stream nor `index.lifecycle.rollover_alias`.

    ILM then stops with an error in its `check-rollover-ready` step. A warning: the alias may come with each index, or
    from a component that is written elsewhere.
    """

    path = ("policy", "phases", "hot", "actions", "rollover")
    rolling = {policy.address.id for policy in written.of("ilm-policy") if get(policy.spec, path) is not None}
    for template in written.of("index-template") if rolling else ():
        if "data_stream" in template.spec or not written.complete(template):
            continue
        settings: dict[str, Any] = {}
        for part in written.parts(template):
            own = get(part.spec, ("template", "settings"))
            settings |= flat_settings(own) if isinstance(own, dict) else {}
        policy = settings.get("index.lifecycle.name")
        if policy in rolling and "index.lifecycle.rollover_alias" not in settings:
            message = f"ilm-policy/{policy} rolls over, which takes index.lifecycle.rollover_alias or data_stream"
            yield Found(template, ("template", "settings"), message)
