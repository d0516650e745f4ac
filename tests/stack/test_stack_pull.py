"""What a cluster has is written as a person would: rendered again it is the same, and nothing of the server's is in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from project_place import Place

from esctl.kinds import registry
from esctl.kinds.base import Collecting, Context
from esctl.kinds.differences import differences
from esctl.model import Resource

EXAMPLES = Path(__file__).parents[2] / "docs" / "kinds"
KINDS = (
    "stored-script search-template enrich-policy transform snapshot-repository slm-policy ccr-auto-follow ccr-follower"
    " logstash-pipeline"
).split()
ADDED = {"id", "version", "create_time", "uuid", "last_modified", "username", "executed", "status", "active", "name"}
"""Keys at the top that only servers write (the name of a snapshot policy is a person's)."""


@pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)
@pytest.mark.parametrize("name", KINDS)
def test_what_is_written_is_what_was_there(name: str, place: Place) -> None:
    place.write((EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8"))
    place.apply()
    kind = registry()[name]
    assert isinstance(kind, Collecting)
    with place.invocation.cluster() as cluster:
        capabilities = cluster.capabilities
        live = kind.everything(cluster, capabilities)
    resources = {r.address: r for r in place.invocation.loaded.resources if r.address.kind == name}
    assert live.keys() == resources.keys()
    for address, one in live.items():
        assert kind.foreign(one) is None
        spec = kind.written(one, capabilities)
        assert not (ADDED - ({"name"} if name == "slm-policy" else set())) & spec.keys()
        rendered = kind.render(Resource(address, spec, resources[address].source), Context("placed", capabilities))
        sides = [kind.normalise(side, capabilities) for side in (one.body, rendered)]
        assert differences(*sides) == ()
        assert "esctl" not in str(spec)
        # What the example says is what comes back, but for defaults that it wrote out.
        assert spec.keys() <= resources[address].spec.keys() | {"settings"}
