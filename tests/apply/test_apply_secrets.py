"""No secret of any kind shows: on a terminal, with -v, in plan files, snapshots, ledger, history and archives.

Grows by itself: every kind that may hold secrets must have an example with one in docs/kinds.
"""

import json
import re
import zipfile
from pathlib import Path

import pytest
from place import Place

from esctl.kinds import registry
from esctl.model import Request
from esctl.plan.sealing import PREFIX

EXAMPLES = Path(__file__).parents[2] / "docs" / "kinds"
SECRETIVE = sorted(name for name, kind in registry().items() if kind.secrets)
REFERENCE = re.compile(r"\$\{secret\.env\.(\w+)\}")


def secrets_of(text):
    return {name: f"hush-{name.lower()}-4711" for name in REFERENCE.findall(text)}


@pytest.mark.parametrize("kind", SECRETIVE)
def test_every_kind_that_may_hold_a_secret_has_an_example_with_one(kind):
    assert secrets_of((EXAMPLES / f"{kind}.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", SECRETIVE)
@pytest.mark.parametrize("key", [{}, {"ESCTL_SECRET_KEY": "a key of ours"}], ids=["salt", "key"])
def test_a_secret_shows_nowhere(kind, key, tmp_path, fresh_sandbox):
    text = (EXAMPLES / f"{kind}.yaml").read_text(encoding="utf-8")
    secrets = secrets_of(text)
    place = Place(tmp_path / "project", fresh_sandbox, text=text, environ={**secrets, **key})
    plan, snapshot = tmp_path / "plan.json", tmp_path / "snapshot.json"
    said = []

    def esctl(*words, code):
        got, told = place.type(*words)
        assert got == code, told
        said.append(told)

    esctl("validate", "--json", code=0)
    esctl("render", "--json", code=0)
    esctl("plan", "-v", "--json", "--out", str(plan), code=2)
    esctl("apply", str(plan), "--yes", "-v", code=0)
    esctl("plan", "-v", code=0)
    esctl("snapshot", "--out", str(snapshot), code=0)
    esctl("plan", "--against", str(snapshot), code=0)
    for resource in place.invocation().loaded.resources:
        if resource.address.kind == kind:
            esctl("plan", "--explain", str(resource.address), code=0)
    # Another text: a change, which is shown as one and nothing more; afterwards the plan is empty again.
    place.environ = {name: value if name in key else f"{value}-changed" for name, value in place.environ.items()}
    esctl("plan", "-v", "--json", code=2)
    assert "(another secret)" in said[-1]
    esctl("diff", code=2)
    esctl("apply", "--yes", "-v", code=0)
    esctl("plan", code=0)
    esctl("history", code=0)
    place.write("")
    esctl("apply", "--prune", "--yes", "--allow", "irreversible", "-v", code=0)

    kept = [plan.read_text(encoding="utf-8"), snapshot.read_text(encoding="utf-8")]
    for archive in (tmp_path / "project").rglob("*.zip"):
        with zipfile.ZipFile(archive) as packed:
            kept += [packed.read(name).decode() for name in packed.namelist()]
    with place.invocation().cluster() as cluster:
        for index in ("esctl-ledger", "esctl-history"):
            request = Request("elasticsearch", "POST", f"/{index}/_search", body={"size": 1000})
            kept.append(json.dumps(cluster.send(request).body))
    assert len(kept) >= 6 and PREFIX in "".join(kept)
    for secret in secrets.values():
        assert secret not in "".join(said) and secret not in "".join(kept)
    assert PREFIX not in "".join(said)


@pytest.mark.parametrize("kind", SECRETIVE)
def test_a_secret_that_is_absent_is_named_and_nothing_is_applied(kind, tmp_path, fresh_sandbox):
    text = (EXAMPLES / f"{kind}.yaml").read_text(encoding="utf-8")
    place = Place(tmp_path / "project", fresh_sandbox, text=text)
    assert place.type("validate")[0] == 0 and place.type("render", "--json")[0] == 0
    code, said = place.type("plan")
    name = next(iter(secrets_of(text)))
    assert code == 6 and f"the environment variable {name} is not set" in said
    assert place.type("apply", "--yes")[0] == 5 and place.writes() == []


def test_an_empty_secret_overwrites_nothing(tmp_path, fresh_sandbox):
    text = (EXAMPLES / "user.yaml").read_text(encoding="utf-8")
    place = Place(tmp_path / "project", fresh_sandbox, text=text, environ=secrets_of(text))
    place.apply()
    place.environ = {name: "" for name in place.environ}
    code, said = place.type("plan")
    assert code == 6 and "the secret ${secret.env.LOG_SHIPPER_PASSWORD} is empty" in said
    assert place.type("apply", "--yes")[0] == 5


def test_a_plan_is_refused_where_its_secret_is_another_one_by_now(tmp_path, fresh_sandbox):
    text = (EXAMPLES / "user.yaml").read_text(encoding="utf-8")
    place = Place(tmp_path / "project", fresh_sandbox, text=text, environ=secrets_of(text))
    place.type("plan", "--out", str(tmp_path / "plan.json"))
    place.environ = {name: "another-text" for name in place.environ}
    code, said = place.type("apply", str(tmp_path / "plan.json"), "--yes")
    assert code == 5 and "LOG_SHIPPER_PASSWORD} is another one since the plan was made" in said


def test_what_is_there_already_with_a_secret_nobody_tells_is_believed_unless_told(tmp_path, fresh_sandbox):
    text = (EXAMPLES / "user.yaml").read_text(encoding="utf-8")
    place = Place(tmp_path / "project", fresh_sandbox, text=text, environ=secrets_of(text))
    place.apply()
    other = Place(tmp_path / "other", fresh_sandbox, name="p", text=text, environ=place.environ)
    place.send("DELETE", "/esctl-ledger")
    body = {"roles": ["log-shippers"], "full_name": "Ships logs from the web servers", "email": "ops@example.com"}
    # As made by hand, without the project's mark.
    place.send("PUT", "/_security/user/log-shipper", {**body, "metadata": {"team": "operations"}})
    code, said = other.type("plan", "user/*")
    assert code == 2 and "is taken to be this one (`--adopt user/log-shipper` sends it)" in said
    code, said = other.type("apply", "user/*", "--adopt", "user/*", "--yes")
    assert code == 0 and any("PUT /_security/user/log-shipper" in line for line in other.writes()), said
    assert other.type("plan", "user/*")[0] == 0
