"""Secrets in the three-way truth: compared by seals, whatever a server shows in their place."""

import pytest

from esctl.kinds.differences import differences
from esctl.plan.sealing import CHANGED, SHOWN, Seal, aligned, hidden, known, redacted, sealed, veiled
from esctl.secret import Secret

SEAL = Seal(b"key")
OLD, NEW = Secret("old-password"), Secret("new-password")


def test_a_seal_is_an_hmac_that_depends_on_text_and_key():
    # printf old-password | openssl dgst -sha256 -hmac key
    assert SEAL(OLD) == "hmac-sha256:f741a2d03839422e8dd2b9db907b780c4599f40a95aa38985bd6bd8a3dbdd013"
    assert SEAL(OLD) == SEAL(Secret("old-password")) != SEAL(NEW)
    assert SEAL(OLD) != Seal(b"another key")(OLD)


@pytest.mark.parametrize("shown", [{}, {"password": "::es_redacted::"}, {"password": "***"}, {"password": None}])
def test_what_a_server_hides_counts_as_what_was_written_last(shown):
    last = {"name": "a", "password": SEAL(OLD)}
    live = {"name": "a", **shown}
    assert differences(aligned(live, last, last, SEAL), last) == ()
    changed = {"name": "a", "password": SEAL(NEW)}
    assert [d.dotted for d in differences(aligned(live, changed, last, SEAL), changed)] == ["password"]


def test_what_a_server_shows_is_compared():
    last = {"password": SEAL(OLD)}
    assert aligned({"password": "old-password"}, last, last, SEAL) == last
    assert aligned({"password": "by hand"}, last, last, SEAL) == {"password": SEAL("by hand")}


def test_a_hidden_parent_comes_back_only_where_it_held_nothing_but_secrets():
    only = {"secrets": {"token": SEAL(OLD)}}
    assert aligned({}, only, only, SEAL) == only
    more = {"auth": {"user": "u", "password": SEAL(OLD)}}
    assert aligned({}, more, more, SEAL) == {}
    assert aligned({"auth": "none"}, only | more, more, SEAL) == {"auth": "none"}


def test_lists_are_aligned_by_position_and_left_alone_where_lengths_differ():
    last = {"hooks": [{"url": "a", "key": SEAL(OLD)}]}
    assert aligned({"hooks": [{"url": "a"}]}, last, last, SEAL) == last
    assert aligned({"hooks": []}, last, last, SEAL) == {"hooks": []}


def test_without_a_memory_a_hidden_secret_is_a_difference():
    wanted = {"password": SEAL(OLD)}
    assert aligned({}, wanted, None, SEAL) == {}


def test_text_that_stands_where_a_secret_may_is_sealed():
    assert hidden({"config": {"token": "abc", "url": "u"}}, SEAL, ("config.token",)) == {
        "config": {"token": SEAL("abc"), "url": "u"}
    }
    assert sealed({"password": "in plain"}, SEAL, ("password",)) == {"password": SEAL("in plain")}
    assert sealed({"settings": {"path": "p", "key": OLD}}, SEAL, ("settings.*",)) == {
        "settings": {"path": "p", "key": SEAL(OLD)}
    }
    # A glob does not make a secret of what was written in plain, on either side.
    wanted = {"settings": {"path": "p"}}
    assert aligned({"settings": {"path": "p", "other": "o"}}, wanted, None, SEAL, ("settings.*",)) == {
        "settings": {"path": "p", "other": SEAL("o")}
    }


def test_people_see_no_seal():
    before, after = veiled({"a": SEAL(OLD), "b": SEAL(OLD), "c": 1}, {"a": SEAL(OLD), "b": SEAL(NEW), "c": 2})
    assert before == {"a": SHOWN, "b": SHOWN, "c": 1} and after == {"a": SHOWN, "b": CHANGED, "c": 2}
    assert veiled({}, {"a": [SEAL(OLD)]}) == ({}, {"a": [SHOWN]})


def test_a_kind_learns_which_secrets_the_server_holds_already():
    last = {"password": SEAL(OLD)}
    assert known({"roles": []}, {"password": OLD}, last, SEAL)["password"] == OLD
    assert "password" not in known({"roles": []}, {"password": NEW}, last, SEAL)


@pytest.mark.parametrize("value", ["", "::es_redacted::", "<redacted>", "[REDACTED]", "*****", None, 3])
def test_redacted(value):
    assert redacted(value)


@pytest.mark.parametrize("value", ["redacted by hand", "x", "**x**"])
def test_not_redacted(value):
    assert not redacted(value)
