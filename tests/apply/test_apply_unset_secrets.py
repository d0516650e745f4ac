"""A secret that is not set hides no drift: what can be compared is, and what cannot be is said to be undecided."""

import json
from pathlib import Path

import pytest
from place import Place

EXAMPLES = Path(__file__).parents[2] / "docs" / "kinds"
PASSWORD = {"LOG_SHIPPER_PASSWORD": "hush-4711"}
DATABASE = {"SHOP_DATABASE_PASSWORD": "hush-4711"}


def applied(tmp_path, sandbox, kind, environ, text=""):
    place = Place(tmp_path, sandbox, text=text or (EXAMPLES / f"{kind}.yaml").read_text("utf-8"), environ=environ)
    place.apply()
    place.environ = {}
    for words in (["drift"], ["plan"], ["plan", "--only-drift"]):
        assert place.type(*words)[0] == 0, words
    return place


def change_user(place, **keys):
    body = place.send("GET", "/_security/user")["log-shipper"]
    kept = {key: body[key] for key in ("roles", "full_name", "email", "metadata")}
    place.send("PUT", "/_security/user/log-shipper", kept | keys)


def cause(said):
    (change,) = json.loads(said)["changes"]
    return change["cause"], [one["path"] for one in change["diff"]]


def test_what_is_readable_and_changed_by_hand_is_drift(tmp_path, fresh_sandbox):
    place = applied(tmp_path, fresh_sandbox, "user", PASSWORD)
    change_user(place, roles=["superuser"])
    for words in (["drift"], ["plan", "--only-drift"], ["diff", "--only-drift"]):
        code, said = place.type(*words, "--json")
        assert code == 6 and cause(said[said.index("{") :])[0] == "drifted", words
        assert "roles" in "".join(cause(said[said.index("{") :])[1])
    code, said = place.type("plan")
    assert code == 6 and "was changed on the server since the last apply; spec.password: the environment" in said
    assert "drifted, drifted" not in said
    writes = place.writes()
    assert place.type("apply", "--yes")[0] == 5 and place.writes() == writes
    code, said = place.type("drift", "--accept", "user/log-shipper")
    assert code == 0 and "superuser" in (tmp_path / "mappings/all.yaml").read_text("utf-8"), said
    assert "${secret.env.LOG_SHIPPER_PASSWORD}" in (tmp_path / "mappings/all.yaml").read_text("utf-8")


def test_what_was_written_anew_is_no_drift(tmp_path, fresh_sandbox):
    place = applied(tmp_path, fresh_sandbox, "user", PASSWORD)
    place.write((EXAMPLES / "user.yaml").read_text("utf-8").replace("ops@", "operations@"))
    assert place.type("plan")[0] == 6 and place.type("drift")[0] == 0


def test_what_is_gone_is_gone_whatever_its_secret(tmp_path, fresh_sandbox):
    place = applied(tmp_path, fresh_sandbox, "user", PASSWORD)
    place.send("DELETE", "/_security/user/log-shipper")
    code, said = place.type("drift", "--json")
    assert code == 6 and cause(said)[0] == "drifted: deleted"


def test_what_cannot_be_decided_is_neither_clean_nor_accepted(tmp_path, fresh_sandbox):
    place = applied(tmp_path, fresh_sandbox, "user", PASSWORD)
    place.environ = {"LOG_SHIPPER_PASSWORD": ""}  # an empty one is never compared
    for words in (["drift"], ["plan", "--only-drift"]):
        code, said = place.type(*words)
        assert code == 6 and "1 undecided" in said and "is empty" in said, words
    before = (tmp_path / "mappings/all.yaml").read_text("utf-8")
    code, said = place.type("drift", "--accept", "user/log-shipper")
    assert code == 1 and "whether it drifted cannot be decided: the secret" in said
    assert (tmp_path / "mappings/all.yaml").read_text("utf-8") == before


def test_what_was_never_applied_cannot_have_drifted(tmp_path, fresh_sandbox):
    place = Place(tmp_path, fresh_sandbox, text=(EXAMPLES / "user.yaml").read_text("utf-8"))
    assert place.type("plan")[0] == 6 and place.type("drift")[0] == 0


@pytest.mark.parametrize("key", [{}, {"ESCTL_SECRET_KEY": "a key of ours"}], ids=["salt", "key"])
def test_a_secret_that_the_server_shows_and_somebody_changed_is_drift(key, tmp_path, fresh_sandbox):
    place = Place(
        tmp_path,
        fresh_sandbox,
        text=(EXAMPLES / "search-connector.yaml").read_text("utf-8"),
        environ=DATABASE | key,
    )
    place.apply()
    place.environ = key
    assert place.type("drift")[0] == 0 and place.type("plan")[0] == 0
    body = {"values": {"password": "by-hand-0815"}}
    place.send("PUT", "/_connector/shop-database/_configuration", body)
    for words in (["drift"], ["plan"]):
        code, said = place.type(*words)
        assert code == 6 and "password.value: secret changed" in said, said
        assert "by-hand-0815" not in said and "hush-4711" not in said
    code, said = place.type("drift", "--accept", "search-connector/shop-database")
    assert code == 1 and "SHOP_DATABASE_PASSWORD is not set" in said
    # From a snapshot, too, which holds no text of it.
    snapshot = tmp_path / "snapshot.json"
    assert place.type("snapshot", "--out", str(snapshot))[0] == 0 and "0815" not in snapshot.read_text("utf-8")
    assert place.type("plan", "--against", str(snapshot))[0] == 6
    place.send("PUT", "/_connector/shop-database/_configuration", {"values": {"password": "hush-4711"}})
    assert place.type("drift")[0] == 0


def test_without_the_key_a_secret_that_is_shown_is_undecided(tmp_path, fresh_sandbox):
    environ = DATABASE | {"ESCTL_SECRET_KEY": "a key of ours"}
    place = Place(
        tmp_path, fresh_sandbox, text=(EXAMPLES / "search-connector.yaml").read_text("utf-8"), environ=environ
    )
    place.apply()
    place.environ = {}
    code, said = place.type("drift")
    assert code == 6 and "SHOP_DATABASE_PASSWORD is not set" in said
