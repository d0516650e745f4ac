"""Aliases, data streams, their lifecycles and cluster settings: written, changed by hand, taken out, deleted."""

from __future__ import annotations

import pytest
from small_project import SmallProject

from esctl.errors import ProjectError
from esctl.model import Action, Cause, Consequence
from esctl.plan import exit_code

BOTH = pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)

INDICES = "kind: index\nid: a-1\nspec: {}\n---\nkind: index\nid: a-2\nspec: {}\n---\n"
ALIAS = INDICES + "kind: alias\nid: now\nspec: {indices: {a-1: {is_write_index: true}}}\n"


@BOTH
def test_an_alias_is_swapped_in_one_request(project: SmallProject) -> None:
    project.write(ALIAS)
    assert not project.apply().failed
    assert exit_code(project.plan()) == 0
    project.write(ALIAS.replace("a-1: {is_write", "a-2: {is_write"))
    change = project.change("alias/now")
    assert "swaps a-1 → a-2 in one step" in change.words
    (request,) = change.requests
    assert request.body["actions"] == [
        {"remove": {"index": "a-1", "alias": "now", "must_exist": True}},
        {"add": {"index": "a-2", "alias": "now", "is_write_index": True}},
    ]
    assert not project.apply().failed
    assert project.send("GET", "/_alias/now") == {"a-2": {"aliases": {"now": {"is_write_index": True}}}}
    assert exit_code(project.plan()) == 0


def test_what_somebody_puts_behind_an_alias_is_drift(project: SmallProject) -> None:
    project.write(ALIAS)
    project.apply()
    project.send("PUT", "/a-2/_alias/now", {"filter": {"term": {"k": "x"}}})
    change = project.change("alias/now")
    assert change.cause is Cause.DRIFTED
    assert "- a-2" in change.words
    assert not project.apply().failed
    assert list(project.send("GET", "/_alias/now")) == ["a-1"]


def test_an_alias_of_somebody_else_is_adopted_only_when_told(project: SmallProject) -> None:
    project.write(INDICES)
    project.apply()
    project.send("PUT", "/a-2/_alias/now")
    project.write(ALIAS)
    assert project.change("alias/now").action is Action.UNDECIDED
    assert not project.apply(adopt=["alias/now"]).failed
    assert list(project.send("GET", "/_alias/now")) == ["a-1"]


def test_pruned_an_alias_goes_and_its_indices_stay(project: SmallProject) -> None:
    project.write(ALIAS)
    project.apply()
    project.write(INDICES)
    assert not project.apply(prune=True).failed
    assert project.send("GET", "/_alias/now")["status"] == 404
    assert project.send("GET", "/a-1/_count")["count"] == 0


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ("{indices: {a-1: {is_write_indx: true}}}", 'did you mean "is_write_index"?'),
        ("{indices: {a-1: {routing: 1}}}", "routing is text"),
        ("{indices: {a-*: {}}}", '"a-*" is no single name'),
        ("{indices: {now: {}}}", 'an alias and an index cannot both be called "now"'),
        (
            "{indices: {a-1: {is_write_index: true}, a-2: {is_write_index: true}}}",
            "more than one write index: a-1, a-2",
        ),
        ("{indices: {}}", "an alias needs an index"),
        ("{index: a-1}", 'unknown key "index"; did you mean "indices"?'),
    ],
)
def test_what_is_wrong_in_an_alias(project: SmallProject, spec: str, problem: str) -> None:
    from esctl.errors import ProjectError

    project.write(INDICES + f"kind: alias\nid: now\nspec: {spec}\n")
    with pytest.raises(ProjectError) as told:
        project.plan()
    assert problem in str(told.value)
    assert "mappings/all.yaml:" in str(told.value)


SETTINGS = """kind: cluster-settings
id: main
spec:
  persistent:
    cluster: {max_shards_per_node: 900}
    search.max_buckets: 2000
"""


@BOTH
def test_only_the_keys_written_are_owned(project: SmallProject) -> None:
    project.send("PUT", "/_cluster/settings", {"persistent": {"action.destructive_requires_name": True}})
    project.write(SETTINGS)
    assert not project.apply().failed
    assert exit_code(project.plan()) == 0
    project.write(SETTINGS.replace("    search.max_buckets: 2000\n", ""))
    assert "search.max_buckets: back to the default" in project.change("cluster-settings/main").words
    assert not project.apply().failed
    assert exit_code(project.plan()) == 0
    kept = project.send("GET", "/_cluster/settings?flat_settings=true")["persistent"]
    assert kept == {"action.destructive_requires_name": "true", "cluster.max_shards_per_node": "900"}


def test_a_setting_that_somebody_set_otherwise_is_not_taken_over_in_silence(project: SmallProject) -> None:
    project.send("PUT", "/_cluster/settings", {"persistent": {"search.max_buckets": 5000}})
    project.write(SETTINGS)
    assert project.change("cluster-settings/main").action is Action.UNDECIDED
    assert not project.apply(adopt=["cluster-settings/*"]).failed
    assert exit_code(project.plan()) == 0


def test_a_slip_of_a_setting_is_told_before_anything_is_sent(project: SmallProject) -> None:
    project.write("kind: cluster-settings\nid: main\nspec: {persistent: {search.max_bukets: 5, some.plugin.key: 1}}\n")
    with pytest.raises(ProjectError, match='no setting search.max_bukets; did you mean "search.max_buckets"?'):
        project.plan()
    project.write("kind: cluster-settings\nid: main\nspec: {persistent: {some.plugin.key: 1}}\n")
    assert project.change("cluster-settings/main").action is Action.UPDATE


def test_a_setting_changed_by_hand_is_drift(project: SmallProject) -> None:
    project.write(SETTINGS)
    project.apply()
    project.send("PUT", "/_cluster/settings", {"persistent": {"search.max_buckets": 5000}})
    change = project.change("cluster-settings/main")
    assert change.cause is Cause.DRIFTED
    (request,) = change.requests
    assert request.body == {"persistent": {"search.max_buckets": 2000}}


def test_null_holds_a_setting_at_its_default(project: SmallProject) -> None:
    project.write(SETTINGS.replace("search.max_buckets: 2000", "search.max_buckets: null"))
    assert not project.apply().failed
    assert exit_code(project.plan()) == 0
    project.send("PUT", "/_cluster/settings", {"persistent": {"search.max_buckets": 5000}})
    assert project.change("cluster-settings/main").cause is Cause.DRIFTED
    assert not project.apply().failed
    assert "search" not in project.send("GET", "/_cluster/settings")["persistent"]


def test_pruned_the_keys_written_go_back_and_others_stay(project: SmallProject) -> None:
    project.write(SETTINGS)
    project.apply()
    project.send("PUT", "/_cluster/settings", {"persistent": {"action.destructive_requires_name": True}})
    project.write("kind: index\nid: a-1\nspec: {}\n")
    assert not project.apply(prune=True).failed
    assert project.send("GET", "/_cluster/settings?flat_settings=true")["persistent"] == {
        "action.destructive_requires_name": "true"
    }


STREAM = """kind: index-template
id: logs
spec: {index_patterns: [logs-*], data_stream: {}, priority: 200}
---
kind: data-stream
id: logs-a
spec: {template: logs, options: {failure_store: {enabled: true}}}
"""
LIFECYCLE = STREAM + "---\nkind: data-stream-lifecycle\nid: logs-a\nspec: {data_retention: 30d}\n"


@BOTH
def test_a_stream_goes_on_by_itself(project: SmallProject) -> None:
    project.write(LIFECYCLE)
    assert not project.apply().failed
    assert project.send("PUT", "/logs-a/_create/1?refresh=true", {"@timestamp": 1})["result"] == "created"
    assert project.send("POST", "/logs-a/_rollover")["rolled_over"]
    assert exit_code(project.plan()) == 0


def test_options_taken_out_are_released(project: SmallProject) -> None:
    project.write(STREAM)
    project.apply()
    project.write(STREAM.replace(", options: {failure_store: {enabled: true}}", ""))
    assert not project.apply().failed
    assert project.send("GET", "/_data_stream/logs-a/_options") == {"data_streams": [{"name": "logs-a"}]}
    assert exit_code(project.plan()) == 0


def test_a_shorter_retention_is_irreversible(project: SmallProject) -> None:
    from esctl.errors import Refused

    project.write(LIFECYCLE)
    project.apply()
    project.write(LIFECYCLE.replace("30d", "7d"))
    change = project.change("data-stream-lifecycle/logs-a")
    assert change.consequence is Consequence.IRREVERSIBLE
    assert "documents older than 7d are deleted" in change.words
    with pytest.raises(Refused):
        project.apply()
    assert not project.apply(allow=("irreversible",)).failed
    assert exit_code(project.plan()) == 0
    project.write(LIFECYCLE.replace("30d", "300d"))
    assert project.change("data-stream-lifecycle/logs-a").consequence is Consequence.INSTANT


def test_deleting_a_stream_says_how_much_goes(project: SmallProject) -> None:
    project.write(STREAM)
    project.apply()
    project.send("POST", "/logs-a/_rollover")
    project.write(STREAM.partition("---")[0])
    change = project.change("data-stream/logs-a", prune=True)
    assert change.consequence is Consequence.IRREVERSIBLE
    assert "2 backing indices and all documents in it go" in change.words
    assert not project.apply(prune=True, allow=("irreversible",)).failed
    assert project.send("GET", "/_data_stream/logs-a")["status"] == 404


def test_a_template_that_is_nowhere_is_told_when_planning(project: SmallProject) -> None:
    from esctl.errors import EsctlError

    project.write("kind: data-stream\nid: logs-a\nspec: {template: elsewhere}\n")
    with pytest.raises(EsctlError, match='index-template "elsewhere"|index-template/elsewhere'):
        project.plan()
