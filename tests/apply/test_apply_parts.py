"""Two projects that own parts of one object: whoever comes second is refused, told of the first, and touches nothing."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from place import Place

from esctl.cluster import Ledger
from esctl.errors import Refused
from esctl.kinds import NAMES, registry
from esctl.kinds.base import Sharing, can
from esctl.kinds.parts import GROUNDS
from esctl.model import Action, Request
from esctl.plan import counts, exit_code

INDICES = "kind: index\nid: s-one\nspec: {}\n---\nkind: index\nid: s-two\nspec: {}\n"
SETTING = "kind: cluster-settings\nid: %s\nspec: {persistent: {%s}}\n"

PAIRS = {
    "a setting": (
        SETTING % ("mine", "indices.recovery.max_bytes_per_sec: 50mb"),
        SETTING % ("theirs", "indices: {recovery: {max_bytes_per_sec: 60mb}}"),
        ("the setting indices.recovery.max_bytes_per_sec",),
    ),
    "a logger": (
        SETTING % ("mine", "logger.org.elasticsearch: info"),
        SETTING % ("theirs", "logger.org.elasticsearch.discovery: debug"),
        ("the setting logger.org.elasticsearch", "the setting logger.org.elasticsearch.discovery"),
    ),
    "an index's place in an alias": (
        "kind: index\nid: s-mine\nspec: {aliases: {s-all: {}}}\n",
        "kind: alias\nid: s-all\nspec: {indices: {s-mine: {}}}\n",
        ("s-mine in the alias s-all", 'the name "s-all"'),
    ),
    "an index behind somebody's alias": (
        "kind: index\nid: s-mine\nspec: {aliases: {s-all: {}}}\n",
        INDICES + "---\nkind: alias\nid: s-all\nspec: {indices: {s-one: {}}}\n",
        ("s-mine in the alias s-all", 'the name "s-all"'),
    ),
    "a script's id": (
        "kind: stored-script\nid: s-id\nspec: {script: {lang: painless, source: 'return 1'}}\n",
        "kind: search-template\nid: s-id\nspec: {script: {lang: mustache, source: {query: {match_all: {}}}}}\n",
        ('the script id "s-id"',),
    ),
    "a seed document": (
        "kind: documents\nid: mine\nspec: {index: s-one, overwrite: true, documents: [{_id: '1', a: 1}]}\n",
        "kind: documents\nid: theirs\nspec: {index: s-one, overwrite: true, documents: [{_id: '2'}, {_id: '1', a: 3}]}\n",
        ('the document "1" of s-one',),
    ),
    "the default data view": (
        "kind: data-view\nid: s-view\nspec: {title: s-*, default: true}\n",
        "kind: data-view\nid: s-other\nspec: {title: s-o*, default: true}\n",
        ('the default data view of the space "default"',),
    ),
    "a setting of Kibana": (
        "kind: kibana-settings\nid: one\nspec: {changes: {dateFormat: L}}\n",
        "kind: kibana-settings\nid: two\nspec: {changes: {dateFormat: LL}}\n",
        ('Kibana\'s setting dateFormat in the space "default"',),
    ),
    "a name": (
        "kind: index\nid: s-mine\nspec: {}\n",
        INDICES + "---\nkind: alias\nid: s-mine\nspec: {indices: {s-one: {}}}\n",
        ('the name "s-mine"', "it"),
    ),
}


def pair(tmp_path, sandbox, texts):
    return [Place(tmp_path / name, sandbox, name, text) for name, text in zip(("mine", "theirs"), texts, strict=True)]


def made_elsewhere(place, text):
    """The indices that are referred to and not written."""
    for name in ("s-one", "s-mine"):
        if (f"{{{name}" in text or f"index: {name}" in text) and f"kind: index\nid: {name}" not in text:
            place.send("PUT", f"/{name}", accept=(400,))


@pytest.mark.parametrize("first", [0, 1], ids=["in order", "the other way"])
@pytest.mark.parametrize("case", PAIRS)
def test_the_second_is_told_of_the_first_and_touches_nothing(case, first, tmp_path, fresh_sandbox):
    *texts, said = PAIRS[case]
    places = pair(tmp_path, fresh_sandbox, texts)
    before, after = (places[first], places[1 - first])
    made_elsewhere(before, texts[first])
    before.apply()
    assert exit_code(before.plan()) == 0
    plan = after.plan()
    refused = [change for change in plan.changes if change.action is Action.UNDECIDED]
    project = before.invocation().settings.name
    assert len(refused) == 1 and exit_code(plan) == 6
    assert any(f'{part} belongs to the project "{project}"' in refused[0].words for part in said)
    assert "one of the two" in refused[0].words
    writes = before.writes()
    with pytest.raises(Refused, match=f'belongs to the project "{project}"'):
        after.apply()
    assert before.writes() == writes and exit_code(before.plan()) == 0
    after.type("adopt", "--all", "--yes")
    with after.invocation().cluster() as cluster:
        assert refused[0].address not in Ledger(cluster, after.invocation().settings.name).read()
    # The same from a snapshot, without a connection.
    code, told = after.type("snapshot", "--out", str(tmp_path / "snapshot.json"))
    assert code == 0, told
    code, told = after.type("plan", "--against", str(tmp_path / "snapshot.json"))
    assert code == 6 and (f'belongs to the project "{project}"' in told or "nobody lists all documents" in told)
    # Once the first has given it up, the second has it.
    before.write("")
    before.apply(prune=True, allow=["irreversible"])
    made_elsewhere(after, texts[1 - first])
    assert counts(after.plan(adopt=["*"]))["undecided"] == 0


def test_every_kind_that_shares_is_on_a_ground():
    known = {name for ground in GROUNDS for name in ground}
    assert known == {name for name in NAMES if can(registry()[name], Sharing)}


def test_what_another_project_takes_between_plan_and_apply_is_seen_under_the_lease(tmp_path, fresh_sandbox):
    *texts, said = PAIRS["a setting"]
    mine, theirs = pair(tmp_path, fresh_sandbox, texts)
    plan = mine.plan()
    theirs.apply()
    with pytest.raises(Refused, match=rf'{said[0]} belongs to the project "theirs" \(cluster-settings/theirs\) by now'):
        mine.apply(plan)
    assert exit_code(theirs.plan()) == 0


TWICE = {
    "a setting": (
        SETTING % ("mine", 'indices.recovery.max_bytes_per_sec: 50mb, cluster.max_shards_per_node: "900"'),
        SETTING % ("theirs", "indices.recovery.max_bytes_per_sec: 50mb"),
        SETTING % ("mine", 'cluster.max_shards_per_node: "900"'),
    ),
    "a place in an alias": (
        "kind: index\nid: s-mine\nspec: {aliases: {s-all: {}, s-own: {}}}\n",
        "kind: alias\nid: s-all\nspec: {indices: {s-mine: {}}}\n",
        "kind: index\nid: s-mine\nspec: {aliases: {s-own: {}}}\n",
    ),
    "an alias as a whole": (
        "kind: index\nid: s-one\nspec: {}\n---\nkind: alias\nid: s-all\nspec: {indices: {s-one: {}}}\n",
        "kind: index\nid: s-theirs\nspec: {aliases: {s-all: {}}}\n",
        "kind: index\nid: s-one\nspec: {}\n",
    ),
    "a seed document": (
        "kind: index\nid: s-one\nspec: {}\n---\nkind: documents\nid: mine\n"
        "spec: {index: s-one, overwrite: true, documents: [{_id: '1', a: 1}, {_id: '2', a: 2}]}\n",
        "kind: documents\nid: theirs\nspec: {index: s-one, overwrite: true, documents: [{_id: '1', a: 1}]}\n",
        "kind: index\nid: s-one\nspec: {}\n---\nkind: documents\nid: mine\n"
        "spec: {index: s-one, overwrite: true, documents: [{_id: '2', a: 2}]}\n",
    ),
}


@pytest.fixture(params=TWICE)
def twice(request, tmp_path, fresh_sandbox, monkeypatch):
    """Two projects that own a part of one object both: what an esctl that did not compare parts has left."""
    *texts, less = TWICE[request.param]
    places = pair(tmp_path, fresh_sandbox, texts)
    with monkeypatch.context() as before:
        before.setattr("esctl.kinds.parts.GROUNDS", ())
        for place in places:
            place.apply()
    assert [exit_code(place.plan()) for place in places] == [0, 0]
    return *places, less


def test_what_two_own_the_one_that_gives_it_up_leaves_to_the_other(twice):
    mine, theirs, less = twice
    mine.write(less)
    plan = mine.plan(prune=True)
    assert counts(plan)["undecided"] == 0
    mine.apply(prune=True)
    assert [exit_code(place.plan()) for place in (mine, theirs)] == [0, 0]


def test_what_two_own_goes_with_neither_of_them(twice):
    mine, theirs, less = twice
    words = ("--yes", *(() if "s-mine" in less else ("--allow", "irreversible")))
    code, said = mine.type("destroy", "cluster-settings/*", "alias/*", "documents/*", "index/s-gone", *words)
    assert code in (0, 1), said
    assert exit_code(theirs.plan()) == 0


def test_a_pull_leaves_out_what_belongs_to_others(tmp_path, fresh_sandbox):
    theirs, mine = pair(tmp_path, fresh_sandbox, (SETTING % ("theirs", "logger.a: debug"), ""))
    theirs.write(
        SETTING % ("theirs", "logger.a: debug") + "---\nkind: alias\nid: s-all\nspec: {indices: {s-one: {}}}\n"
    )
    theirs.send("PUT", "/s-one", {"aliases": {"s-own": {}}})
    theirs.apply()
    theirs.send("PUT", "/_cluster/settings", {"persistent": {"logger.b": "warn", "cluster.max_shards_per_node": "900"}})
    code, said = mine.type("pull", "cluster-settings", "index", "alias")
    assert code in (0, 1), said
    assert "alias/s-all  left out" in said
    written = "".join(path.read_text() for path in sorted(mine.root.rglob("*.yaml")))
    assert "logger.b" in written and "cluster.max_shards_per_node" in written and "logger.a" not in written
    assert "s-own" in written and "s-all" not in written
    assert mine.type("adopt", "--all", "--yes")[0] == 0
    assert [exit_code(place.plan()) for place in (mine, theirs)] == [0, 0]


ON_IT = {
    "an alias": (
        "kind: index\nid: s-one\nspec: {}\n",
        "kind: alias\nid: s-all\nspec: {indices: {s-one: {}}}\n",
        "s-one in the alias s-all",
    ),
    "seed documents": (
        "kind: index\nid: s-one\nspec: {}\n",
        "kind: documents\nid: theirs\nspec: {index: s-one, documents: [{_id: '1'}]}\n",
        'the set of documents "theirs" in s-one',
    ),
    "an alias of a data stream": (
        "kind: index-template\nid: s-logs\nspec: {index_patterns: [s-logs], data_stream: {}, priority: 300}\n---\n"
        "kind: data-stream\nid: s-logs\nspec: {template: s-logs}\n",
        "kind: alias\nid: s-all\nspec: {data_streams: {s-logs: {}}}\n",
        "s-logs in the alias s-all",
    ),
}


@pytest.mark.parametrize("case", ON_IT)
def test_what_others_stand_on_does_not_go(case, tmp_path, fresh_sandbox):
    mine, theirs = places = pair(tmp_path, fresh_sandbox, ON_IT[case][:2])
    for place in places:
        place.apply()
    told = f'{ON_IT[case][2]} would go with it and belongs to the project "theirs"'
    early = mine.plan()  # nothing is said where nothing is deleted
    assert exit_code(early) == 0
    writes = mine.writes()
    code, said = mine.type("destroy", "--allow", "irreversible", "--yes")
    assert told in said and [line for line in mine.writes() if "DELETE /s-" in line or "DELETE /_data" in line] == []
    mine.apply()
    text = ON_IT[case][0].rsplit("kind:", 1)[0].removesuffix("---\n")
    mine.write(text)
    (gone,) = [change for change in mine.plan(prune=True, force=True).changes if change.remembered and change.words]
    assert gone.action is Action.UNDECIDED and told in gone.words
    assert exit_code(mine.plan()) == 0  # an orphan
    with pytest.raises(Refused, match="would go with it"):
        mine.apply(prune=True, force=True, allow=["irreversible"])
    assert exit_code(theirs.plan()) == 0 and len(mine.writes()) >= len(writes)
    # Once they have given it up, it goes.
    theirs.write("")
    theirs.apply(prune=True, allow=["irreversible"])
    assert [str(o.change.action) for o in mine.apply(prune=True, allow=["irreversible"]).outcomes] == ["delete"]


def test_what_others_stand_on_is_neither_moved_nor_made_anew(tmp_path, fresh_sandbox):
    off = "spec: {mappings: {_source: {enabled: false}, properties: {a: {type: %s}}}}\n"
    index = "kind: index\nid: s-one\n" + off
    mine, theirs = pair(tmp_path, fresh_sandbox, (index % "keyword", ON_IT["an alias"][1]))
    for place in (mine, theirs):
        place.apply()
    mine.write(index % "long")
    (change,) = mine.plan().changes
    assert change.action is Action.UNDECIDED and "s-one in the alias s-all would go with it" in change.words
    mine.write("kind: index\nid: s-two\nmoved_from: index/s-one\n" + off % "keyword")
    (change,) = mine.plan(force=True).changes
    assert change.action is Action.UNDECIDED and "s-one in the alias s-all would go with it" in change.words


def test_what_another_project_puts_on_it_between_plan_and_apply_is_seen_under_the_lease(tmp_path, fresh_sandbox):
    mine, theirs = pair(tmp_path, fresh_sandbox, ON_IT["seed documents"][:2])
    mine.apply()
    mine.write("")
    plan = mine.plan(prune=True)
    theirs.apply()
    with pytest.raises(Refused, match=r'would go with it and belongs to the project "theirs".* by now'):
        mine.apply(plan, allow=["irreversible"])
    assert exit_code(theirs.plan()) == 0


ONLY_NAMES = {
    "cluster-settings": (SETTING % ("main", "logger.a: debug"), SETTING % ("main", "logger.b: debug")),
    "documents": tuple(
        f"kind: documents\nid: main\nspec: {{index: s-one, documents: [{{_id: '{id}'}}]}}\n" for id in "12"
    ),
    "kibana-settings": tuple(
        f"kind: kibana-settings\nid: main\nspec: {{changes: {{{key}: L}}}}\n"
        for key in ("dateFormat", "dateNanosFormat")
    ),
}


@pytest.mark.parametrize("kind", ONLY_NAMES)
def test_an_id_that_is_only_a_name_is_taken_once_and_another_one_does(kind, tmp_path, fresh_sandbox):
    mine, theirs = pair(tmp_path, fresh_sandbox, ONLY_NAMES[kind])
    made_elsewhere(mine, ONLY_NAMES["documents"][0])
    mine.apply()
    (change,) = theirs.plan().changes
    assert change.action is Action.UNDECIDED
    assert (
        change.words == 'the id belongs to the project "mine": choose another one, it is a name taken once per cluster'
    )
    theirs.write(ONLY_NAMES[kind][1].replace("id: main", "id: other"))
    theirs.apply(adopt=["*"])
    assert [exit_code(place.plan()) for place in (mine, theirs)] == [0, 0]


HANDED_OVER = {
    "a script's id": (PAIRS["a script's id"][0], PAIRS["a script's id"][1]),
    "a setting": (
        SETTING % ("one", "logger.a: debug, logger.b: info") + "---\n" + SETTING % ("two", "logger.c: info"),
        SETTING % ("one", "logger.b: info") + "---\n" + SETTING % ("two", "logger.a: debug, logger.c: info"),
    ),
    "a place in an alias": (
        "kind: index\nid: s-mine\nspec: {aliases: {s-all: {}}}\n",
        "kind: index\nid: s-mine\nspec: {}\n---\nkind: alias\nid: s-all\nspec: {indices: {s-mine: {}}}\n",
    ),
    "a seed document": tuple(
        "kind: index\nid: s-one\nspec: {}\n---\n"
        f"kind: documents\nid: one\nspec: {{index: s-one, documents: [{{_id: '1'}}{one}]}}\n---\n"
        f"kind: documents\nid: two\nspec: {{index: s-one, documents: [{{_id: '3'}}{two}]}}\n"
        for one, two in ((", {_id: '2', a: 1}", ""), ("", ", {_id: '2', a: 1}"))
    ),
}


@pytest.mark.parametrize("back", [False, True], ids=["there", "and back"])
@pytest.mark.parametrize("case", HANDED_OVER)
def test_what_one_resource_hands_to_another_of_its_project_stays(case, back, tmp_path, fresh_sandbox):
    before, after = HANDED_OVER[case][::-1] if back else HANDED_OVER[case]
    place = Place(tmp_path / "p", fresh_sandbox, text=before)
    place.apply()
    place.write(after)
    place.apply(prune=True)
    assert exit_code(place.plan()) == 0 and counts(place.plan(prune=True))["orphan"] == 0
    assert place.apply(prune=True).outcomes == ()


KEYS = st.sampled_from(["logger.a", "logger.a.b", "cluster.max_shards_per_node"])
LEVELS = {"logger.a": ["debug", "info"], "logger.a.b": ["warn"], "cluster.max_shards_per_node": ["900", "901"]}
INDEX_NAMES = ["s-one", "s-two"]
ALIASES = st.sampled_from(["s-x", "s-y"])


@st.composite
def projects(draw, name):
    """The documents of one project, all of them in order by themselves."""
    texts = []
    keys = draw(st.lists(KEYS, unique=True, max_size=1))
    for key in keys:
        texts.append(SETTING % (name, f'{key}: "{draw(st.sampled_from(LEVELS[key]))}"'))
    held = draw(st.lists(ALIASES, unique=True, max_size=1))
    if draw(st.booleans()):
        own = ", ".join(f"{alias}: {{}}" for alias in draw(st.lists(ALIASES, unique=True)) if alias not in held)
        texts.append(f"kind: index\nid: s-{name}\nspec: {{aliases: {{{own}}}}}\n")
    for alias in held:
        targets = ", ".join(f"{t}: {{}}" for t in draw(st.lists(st.sampled_from(INDEX_NAMES), unique=True, min_size=1)))
        texts.append(f"kind: alias\nid: {alias}\nspec: {{indices: {{{targets}}}}}\n")
    ids = draw(st.lists(st.sampled_from(["1", "2", "3"]), unique=True, max_size=2))
    if ids:
        rows = ", ".join(f"{{_id: '{id}', a: {draw(st.integers(0, 1))}}}" for id in ids)
        texts.append(f"kind: documents\nid: {name}\nspec: {{index: s-one, overwrite: true, documents: [{rows}]}}\n")
    script = draw(st.sampled_from([None, "stored-script", "search-template"]))
    if script:
        body = (
            "lang: painless, source: 'return 1'" if script == "stored-script" else "lang: mustache, source: {size: 1}"
        )
        texts.append(f"kind: {script}\nid: s-id\nspec: {{script: {{{body}}}}}\n")
    return name, "---\n".join(texts)


def clean(place):
    return {change.address for change in place.plan().changes if change.action is Action.NONE and change.remembered}


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],
    derandomize=True,
)
@given(walk=st.lists(st.one_of(projects("mine"), projects("theirs")), min_size=3, max_size=7))
def test_whatever_two_projects_apply_neither_changes_what_the_other_owns(walk, tmp_path_factory, sandbox):
    root = tmp_path_factory.mktemp("walk")
    places = dict(zip(("mine", "theirs"), pair(root, sandbox, ("", "")), strict=True))
    for name in INDEX_NAMES:
        with_it = places["mine"].invocation()
        with with_it.cluster() as cluster:
            there = cluster.send(Request("elasticsearch", "HEAD", f"/{name}"), accept=(404,)).status == 200
        if not there:
            places["mine"].send("PUT", f"/{name}")
    try:
        for name, text in walk:
            place, other = places[name], places["theirs" if name == "mine" else "mine"]
            before = clean(other)
            place.write(text)
            told = {"adopt": ["*"], "overwrite": ["*"], "prune": True, "force": True}
            chosen = [str(c.address) for c in place.plan(**told).changes if c.action is not Action.UNDECIDED]
            if chosen:
                done = place.apply(addresses=chosen, allow=["irreversible"], **told)
                assert [(str(o.change.address), o.reason) for o in done.failed] == []
            assert clean(other) >= before
            assert clean(place) >= {c.address for c in place.plan().changes if str(c.address) in chosen and c.desired}
    finally:
        for place in places.values():
            place.write("")
            place.apply(prune=True, force=True, allow=["irreversible"])
