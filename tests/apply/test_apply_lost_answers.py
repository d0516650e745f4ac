"""Requests that are sent twice, because the answer to the first was lost: what was made by the first is not in the way."""

import re
from pathlib import Path

import pytest
from place import Place

from esctl.apply import run
from esctl.cli.change import make_plan
from esctl.cluster import WRITING
from esctl.cluster.retries import repeatable
from esctl.plan import exit_code

EXAMPLES = Path(__file__).parents[2] / "docs" / "kinds"
KINDS = ("index", "data-stream", "transform", "enrich-policy", "inference-endpoint", "ccr-follower", "search-connector")


def applied(place, again=repeatable, between=lambda cluster, request: None):
    """Apply, every request that may be repeated being sent twice; the outcomes and how many were refused."""
    refused = []
    invocation = place.invocation()
    with invocation.cluster(WRITING) as cluster:
        made = make_plan(invocation, cluster)
        send = cluster.send

        def sending(request, *, accept=()):
            answer = send(request, accept=accept)
            if request.method == "PUT" and "esctl-" not in request.path:
                if again(request.service, request.method, request.path, request.params):
                    between(send, request)
                    try:
                        return send(request, accept=accept)
                    except Exception as error:
                        refused.append(str(error))
                        raise
            return answer

        cluster.send = sending
        return run(made, cluster, invocation.kinds), refused


@pytest.mark.parametrize("kind", KINDS)
def test_a_repeated_create_goes_on(kind, tmp_path, fresh_sandbox):
    text = (EXAMPLES / f"{kind}.yaml").read_text(encoding="utf-8")
    secrets = {name: "hush" for name in re.findall(r"\$\{secret\.env\.(\w+)\}", text)}
    place = Place(tmp_path / "p", fresh_sandbox, text=text, environ=secrets)
    done, refused = applied(place)
    assert [(str(o.change.address), o.reason) for o in done.failed] == []
    assert refused, "no repetition was refused: nothing was tried"
    assert exit_code(place.plan()) == 0


def test_documents_move_although_the_making_of_the_new_index_was_told_twice(tmp_path, fresh_sandbox):
    text = "kind: index\nid: twice\nspec: {mappings: {properties: {a: {type: keyword}}}}\n"
    place = Place(tmp_path / "p", fresh_sandbox, text=text)
    place.apply()
    place.send("PUT", "/twice/_doc/1?refresh=true", {"a": "1"})
    place.write(text.replace("keyword", "long"))
    invocation = place.invocation()
    with invocation.cluster(WRITING) as cluster:
        plan, send, refused = make_plan(invocation, cluster), cluster.send, []

        def sending(request, *, accept=()):
            answer = send(request, accept=accept)
            if request.method == "PUT" and request.path == "/twice-v2":
                refused.append(request)
                return send(request, accept=accept)
            return answer

        cluster.send = sending
        done = run(plan, cluster, invocation.kinds, allow=("replace", "alias"))
    assert [(str(o.change.address), o.reason) for o in done.failed] == [] and refused
    assert exit_code(place.plan()) == 0


def test_what_somebody_else_made_in_between_is_no_success(tmp_path, fresh_sandbox):
    place = Place(tmp_path / "p", fresh_sandbox, text="kind: index\nid: theirs\nspec: {settings: {priority: 7}}\n")

    def theirs(send, request):
        place.send("DELETE", "/theirs")
        place.send("PUT", "/theirs")

    done, refused = applied(place, between=theirs)
    assert len(done.failed) == len(refused) == 1 and "already exists" in done.failed[0].reason
