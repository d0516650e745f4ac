"""What a plan says and counts: every row of the table for both sorts of kinds, and what stands beside the table."""

import json
from dataclasses import replace
from importlib import resources
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from esctl.errors import Source
from esctl.kinds.base import Context, Cost, Needs
from esctl.kinds.rest import RestKind
from esctl.model import Address, Capabilities, Consequence, Live, Remembered, Resource
from esctl.plan import Choices, Survey, build, counts, exit_code, only_drift
from esctl.plan.destruction import destruction
from esctl.plan.needs import lacking
from esctl.plan.summary import as_json

ROWS = yaml.safe_load((Path(__file__).parents[1] / "cases/truth/rows.yaml").read_text(encoding="utf-8"))
TABLE = [case for case in ROWS if "shared" not in case]
ADDRESS = Address("thing", "x")
THING = RestKind("thing", 10, "/_thing/{id}", "/_thing", lambda answer: (), "A thing.", "PUT /_thing/{id}")
CONTEXT = Context("p")


def planned(kind=THING, desired=None, remembered=None, live=None, context=CONTEXT, more=None, survey=None, **choices):
    """The plan of one resource."""
    resources = [Resource(ADDRESS, desired, Source("a.yaml", 1), **(more or {}))] if desired is not None else []
    survey = survey or Survey(
        {ADDRESS: Live(ADDRESS, live)} if live is not None else {},
        {ADDRESS: remembered if isinstance(remembered, Remembered) else Remembered(ADDRESS, remembered)}
        if remembered is not None
        else {},
    )
    chosen = Choices(**{key: tuple(value) if isinstance(value, list) else value for key, value in choices.items()})
    return build(resources, survey, context, {"thing": kind}, choices=chosen)


@pytest.mark.parametrize("shared", [False, True], ids=["whole", "shared"])
@pytest.mark.parametrize("case", TABLE, ids=[case["row"] for case in TABLE])
def test_action_and_exit_code_of_a_row(case, shared):
    kind = replace(THING, shared=shared)
    for told in ({"action": case["action"], "exit": case["exit"]}, *case.get("with", ())):
        choices = {key: value for key, value in told.items() if key not in ("action", "exit")}
        plan = planned(kind, case["D"], case["R"], case["L"], **choices)
        (change,) = plan.changes
        assert (str(change.action), exit_code(plan)) == (told["action"], told["exit"]), choices
        writes = {"create": "PUT", "update": "PUT", "delete": "DELETE"}.get(told["action"])
        assert [request.method for request in change.requests] == ([writes] if writes else [])


def test_every_row_says_action_and_exit_code():
    assert len(TABLE) == 13 and all({"action", "exit"} <= case.keys() for case in TABLE)


def test_pending_and_drift_together_are_four():
    other = Address("thing", "y")
    resources = [Resource(ADDRESS, {"a": 2}, Source("a.yaml")), Resource(other, {"a": 1}, Source("a.yaml"))]
    live = {ADDRESS: Live(ADDRESS, {"a": 1}), other: Live(other, {"a": 9})}
    remembered = {ADDRESS: Remembered(ADDRESS, {"a": 1}), other: Remembered(other, {"a": 1})}
    plan = build(resources, Survey(live, remembered), CONTEXT, {"thing": THING})
    assert exit_code(plan) == 4
    drift = only_drift(plan)
    assert [change.address for change in drift.changes] == [other] and exit_code(drift) == 3


@pytest.mark.parametrize(
    ("needs", "capabilities", "told"),
    [
        (Needs(licence="platinum"), Capabilities(licence="basic"), "needs the licence platinum or better"),
        (Needs(licence="platinum"), Capabilities(licence="trial"), None),
        (Needs(licence="platinum"), Capabilities(licence="enterprise"), None),
        (Needs(since=(9, 1)), Capabilities(version=(8, 19, 2)), "needs Elasticsearch 9.1 or newer; this is 8.19.2"),
        (Needs(since=(9, 1)), Capabilities(version=(9, 1, 0)), None),
        (Needs(serverless=False), Capabilities(flavor="serverless"), "does not exist on Serverless"),
        (Needs(licence="platinum", since=(9, 9)), Capabilities(flavor="serverless"), None),
    ],
)
def test_what_the_servers_lack_is_undecided_in_one_line(needs, capabilities, told):
    kind = replace(THING, needs=needs)
    plan = planned(kind, {"a": 1}, context=Context("p", capabilities))
    (change,) = plan.changes
    if told is None:
        assert lacking(kind, capabilities) is None and exit_code(plan) == 2
    else:
        assert exit_code(plan) == 6 and told in change.words and "\n" not in change.words


def test_prune_never_deletes_what_the_servers_lack_or_do_not_show():
    kind = replace(THING, needs=Needs(licence="platinum"))
    plan = planned(kind, None, {"a": 1}, {"a": 1}, prune=True)
    assert str(plan.changes[0].action) == "none" and "licence" in plan.changes[0].words
    hidden = Survey(remembered={ADDRESS: Remembered(ADDRESS, {"a": 1})}, unknown={ADDRESS: "it cannot be read: 403"})
    plan = planned(survey=hidden, prune=True)
    assert str(plan.changes[0].action) == "none" and "403" in plan.changes[0].words


def test_what_cannot_be_read_is_undecided():
    survey = Survey(unknown={ADDRESS: "it cannot be read: 403"})
    plan = planned(desired={"a": 1}, survey=survey)
    assert exit_code(plan) == 6 and plan.changes[0].words == "it cannot be read: 403"


def test_what_was_protected_is_not_pruned_and_not_destroyed():
    remembered = Remembered(ADDRESS, {"a": 1}, protect=True)
    plan = planned(THING, None, remembered, {"a": 1}, prune=True, force=True)
    assert str(plan.changes[0].action) == "none" and "protected" in plan.changes[0].words
    survey = Survey({ADDRESS: Live(ADDRESS, {"a": 1})}, {ADDRESS: remembered})
    left, kept = destruction([], survey, CONTEXT, {"thing": THING})
    assert left.changes == () and ADDRESS in kept


def test_protection_alone_is_upkeep_of_the_ledger():
    plan = planned(desired={"a": 1}, remembered={"a": 1}, live={"a": 1}, more={"protect": True})
    assert str(plan.changes[0].action) == "refresh" and exit_code(plan) == 0


def test_an_orphan_that_takes_something_with_it_is_irreversible():
    kind = replace(THING, deletion=Cost(Consequence.IRREVERSIBLE, "its results go"))
    plan = planned(kind, None, {"a": 1}, {"a": 1}, prune=True)
    assert plan.changes[0].consequence is Consequence.IRREVERSIBLE and "its results go" in plan.changes[0].words


def test_a_state_of_an_earlier_run_is_sent_as_it_is():
    kind = replace(THING, meta=("_meta",))
    plan = planned(kind, {"a": 1, "_meta": {"esctl": {"project": "q"}}}, more={"rendered": True})
    assert plan.changes[0].requests[0].body == {"a": 1, "_meta": {"esctl": {"project": "q"}}}


def test_counts_name_each_change_once():
    plan = planned(desired={"a": 1})
    assert sum(counts(plan).values()) == 1


def test_what_a_written_resource_refers_to_is_neither_pruned_nor_moved_away():
    kind, user = _referring(THING), Address("thing", "user")
    survey = Survey({a: Live(a, {"a": 1}) for a in (ADDRESS, user)}, {ADDRESS: Remembered(ADDRESS, {"a": 1})})
    resources = [Resource(user, {"uses": "x"}, Source("a.yaml", 4))]
    plan = build(resources, survey, CONTEXT, {"thing": kind}, choices=Choices(prune=True))
    gone = plan.changes[-1]
    assert (gone.address, str(gone.action), gone.requests) == (ADDRESS, "undecided", ())
    assert gone.words == "thing/x cannot go: thing/user refers to it (a.yaml:4)" and exit_code(plan) == 6

    new = Resource(Address("thing", "y"), {"a": 1}, Source("a.yaml", 9), moved_from=ADDRESS)
    plan = build([*resources, new], survey, CONTEXT, {"thing": kind})
    moving = next(change for change in plan.changes if change.address == new.address)
    assert str(moving.action) == "undecided" and "thing/x cannot go: thing/user refers to it" in moving.words
    plan = build([new], survey, CONTEXT, {"thing": kind})
    assert str(plan.changes[0].action) == "create" and plan.changes[0].afterwards


def test_what_stays_keeps_what_it_refers_to_when_some_are_destroyed():
    kind, user = _referring(THING), Address("thing", "user")
    both = (ADDRESS, user)
    survey = Survey({a: Live(a, {"a": 1}) for a in both}, {a: Remembered(a, {"a": 1}) for a in both})
    resources = [Resource(user, {"uses": "x"}, Source("a.yaml", 4)), Resource(ADDRESS, {"a": 1}, Source("a.yaml"))]
    plan, kept = destruction(resources, survey, CONTEXT, {"thing": kind}, selected=("thing/x",))
    assert plan.changes == () and kept == {ADDRESS: "thing/user refers to it"}
    plan, kept = destruction(resources, survey, CONTEXT, {"thing": kind}, selected=("thing/*",))
    assert [change.address for change in plan.changes] == [user, ADDRESS] and not kept


def _referring(kind):
    """A kind whose `uses` names another of it."""

    def uses(spec):
        return [("thing", spec["uses"], ("uses",))] if "uses" in spec else []

    return replace(kind, refers_to=(uses,))


def test_drift_that_must_not_be_put_back_is_undecided():
    class Costly(RestKind):
        def cost(self, before, after, capabilities):
            return Cost(Consequence.IRREVERSIBLE, "its results go")

    kind = Costly("thing", 10, "/_thing/{id}", "/_thing", lambda answer: (), "A thing.", "PUT /_thing/{id}")
    plan = planned(kind, {"a": 1}, {"a": 1}, {"a": 2}, more={"protect": True})
    assert str(plan.changes[0].action) == "undecided" and exit_code(plan) == 6
    assert counts(plan)["undecided"] == 1 and counts(plan)["drifted"] == 0


def test_an_orphan_that_was_changed_is_named_among_the_differences():
    from esctl.report.plan import diff_lines
    from esctl.report.terminal import Style

    plan = planned(THING, None, {"a": 1}, {"a": 2})
    assert list(diff_lines(plan, Style(False))) == [
        "o thing/x  no longer in the project, and changed on the server since"
    ]


@pytest.mark.parametrize("case", TABLE, ids=[case["row"] for case in TABLE])
def test_the_json_of_a_plan_is_as_its_schema_says(case):
    schema = json.loads((resources.files("esctl.plan") / "plan.schema.json").read_text(encoding="utf-8"))
    document = as_json(planned(THING, case["D"], case["R"], case["L"], prune=True))
    jsonschema_rs.validator_for(schema).validate(json.loads(json.dumps(document)))
    assert set(document) == {"summary", "changes", "requests"}
