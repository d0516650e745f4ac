"""What must hold for all bodies: normalising twice is normalising once, nothing differs from itself, plans lead where they say."""

import copy
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from esctl.apply import run, survey
from esctl.errors import Source
from esctl.kinds import registry
from esctl.kinds.base import Context
from esctl.kinds.differences import differences, same
from esctl.model import Action, Address, Capabilities, Consequence, Request, Resource, Waiting
from esctl.plan import Choices, build, exit_code
from esctl.plan.truth import added, decide
from esctl.project.yaml import read_yaml

EXAMPLES = Path(__file__).parents[2] / "docs" / "kinds"
FORMS = [Capabilities(), Capabilities(version=(8, 19, 0), kibana_version=(8, 19, 0))]
SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def bodies():
    """(kind, rendered body) of every document of every example."""
    found = []
    for path in sorted(EXAMPLES.glob("*.yaml")):
        for document in (one.data for one in read_yaml(path.read_text(encoding="utf-8"), path.name)):
            kind = registry()[document["kind"]]
            resource = Resource(Address(kind.name, str(document["id"])), document["spec"], Source(path.name))
            try:
                body = kind.render(resource, Context("p"))
            except Exception as error:  # an example that refers to files of its project
                pytest.fail(f"{path.name}: {error}")
            if not isinstance(body, Waiting):
                found.append((kind.name, body))
    return found


BODIES = bodies()


@st.composite
def near(draw, body):
    """`body` with some values changed to others of their sort, and some keys taken out."""
    body = copy.deepcopy(body)
    for _ in range(draw(st.integers(0, 4))):
        places = _places(body)
        if not places:
            break
        place = draw(st.sampled_from(places))
        parent = body
        for key in place[:-1]:
            parent = parent[key]
        key = place[-1]
        if draw(st.booleans()) and isinstance(parent, dict) and len(place) > 1:
            del parent[key]
        elif not isinstance(parent[key], dict | list):
            parent[key] = draw(_like(parent[key]))
    return body


def _places(body, path=()):
    if isinstance(body, dict):
        return [p for key in body for p in ((*path, key), *_places(body[key], (*path, key)))]
    if isinstance(body, list):
        return [p for key, part in enumerate(body) for p in _places(part, (*path, key))]
    return []


def _like(value):
    if isinstance(value, bool):
        return st.booleans()
    if isinstance(value, int):
        return st.integers(0, 10_000)
    if isinstance(value, float):
        return st.floats(0, 1)
    return st.sampled_from(["", "a", "1d", "0ms", "true", "10", "*", "_none", str(value).upper()])


@pytest.mark.parametrize(("kind", "body"), BODIES, ids=[f"{kind}-{n}" for n, (kind, _) in enumerate(BODIES)])
@pytest.mark.parametrize("form", FORMS, ids=["9.5", "8.19"])
@settings(max_examples=15, deadline=None, suppress_health_check=SLOW)
@given(data=st.data())
def test_normalising_twice_is_normalising_once(kind, body, form, data):
    kind, body = registry()[kind], data.draw(near(body))
    before = copy.deepcopy(body)
    once = kind.normalise(body, form)
    assert same(body, before), "normalise changed what it was given"
    assert differences(once, kind.normalise(once, form)) == ()
    assert differences(once, once) == ()
    # What was just written and read back is clean, whatever the server added.
    assert same(added(once, once), {})
    assert str(decide(once, None, once, shared=kind.shared)) == "adopt"


def test_a_reference_of_a_saved_object_may_lack_its_id():
    kind = registry()["visualization"]
    body = {"type": "lens", "attributes": {"title": "t"}, "references": [{"name": "b", "type": "lens"}, {"name": "a"}]}
    once = kind.normalise(body, FORMS[0])
    assert differences(once, kind.normalise(once, FORMS[0])) == ()


@pytest.mark.parametrize("kind", ["index", "data-stream", "user", "api-key"])
def test_what_cannot_come_back_is_deleted_only_by_name(kind):
    body = next(body for name, body in BODIES if name == kind)
    found = registry()[kind].normalise(body, Capabilities())
    assert registry()[kind].cost(found, None, Capabilities()).consequence is Consequence.IRREVERSIBLE


names = st.sampled_from(["walk-a", "walk-b", "walk-c"])
words = st.sampled_from(["", "x", "Grüße", "a: b # c", "{{{_ingest.timestamp}}}", "ten\nlines"])
STATES = {
    "ilm-policy": st.fixed_dictionaries(
        {
            "policy": st.fixed_dictionaries(
                {
                    "phases": st.dictionaries(
                        st.sampled_from(["warm", "cold"]), st.just({"min_age": "3d", "actions": {}})
                    )
                }
            )
        }
    ),
    "ingest-pipeline": st.fixed_dictionaries(
        {"processors": st.lists(st.builds(lambda w: {"set": {"field": "a", "value": w}}, words), max_size=3)},
        optional={"description": words, "version": st.integers(0, 5)},
    ),
    "component-template": st.fixed_dictionaries(
        {
            "template": st.fixed_dictionaries(
                {},
                optional={
                    "settings": st.fixed_dictionaries(
                        {"index": st.fixed_dictionaries({"priority": st.integers(0, 9)})}
                    ),
                    "mappings": st.fixed_dictionaries(
                        {
                            "properties": st.dictionaries(
                                st.sampled_from(["f", "g"]), st.sampled_from([{"type": "keyword"}, {"type": "long"}])
                            )
                        }
                    ),
                },
            )
        },
        optional={"version": st.integers(0, 5)},
    ),
    "index": st.fixed_dictionaries(
        {},
        optional={
            "settings": st.fixed_dictionaries(
                {}, optional={"refresh_interval": st.sampled_from(["1s", "5s", "-1"]), "priority": st.integers(0, 9)}
            ),
            "mappings": st.fixed_dictionaries(
                {"properties": st.dictionaries(st.sampled_from(["f", "g"]), st.just({"type": "keyword"}))}
            ),
            "aliases": st.dictionaries(
                st.sampled_from(["walk-x", "walk-y"]), st.sampled_from([{}, {"is_hidden": True}])
            ),
        },
    ),
}
states = st.fixed_dictionaries({kind: st.dictionaries(names, spec, max_size=3) for kind, spec in STATES.items()})


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=SLOW,
    phases=[Phase.explicit, Phase.generate],
    derandomize=True,
)
@given(walk=st.lists(states, min_size=2, max_size=3))
def test_a_plan_from_any_state_to_any_other_leads_there(walk, sandbox):
    from esctl.cluster import WRITING, Cluster, Connection

    kinds = registry()
    with Cluster(Connection(sandbox.elasticsearch_url, kibana_url=sandbox.kibana_url), guard=WRITING) as cluster:
        context = Context("walk", cluster.capabilities)
        for state in walk:
            resources = [
                Resource(Address(kind, name), spec, Source("walk.yaml"))
                for kind, found in state.items()
                for name, spec in found.items()
            ]

            def planned(resources=resources):
                seen = survey(cluster, "walk", resources, kinds)
                return build(resources, seen, context, kinds, choices=Choices(prune=True))

            plan = planned()
            undecided = [c for c in plan.changes if c.action is Action.UNDECIDED]
            assert [(str(c.address), c.cause, c.words, c.live, c.remembered) for c in undecided] == []
            done = run(plan, cluster, kinds, allow=("irreversible", "replace", "alias"))
            assert [(str(o.change.address), o.reason) for o in done.failed] == []
            after = planned()
            assert exit_code(after) == 0, [
                (str(c.address), c.cause, c.differences) for c in after.changes if c.differences
            ]
            # Seen with other eyes: the server has these names and no others of ours.
            for path, kind in (("/_ilm/policy", "ilm-policy"), ("/_ingest/pipeline", "ingest-pipeline")):
                there = cluster.send(Request("elasticsearch", "GET", path), accept=(404,)).body
                assert {name for name in there if name.startswith("walk-")} == set(state[kind])
            pipelines = cluster.send(Request("elasticsearch", "GET", "/_ingest/pipeline"), accept=(404,)).body
            for name, spec in state["ingest-pipeline"].items():
                assert pipelines[name]["processors"] == spec["processors"]
