"""Faults at some requests of an apply and of what else writes; `make test-long` tries every request.

A request goes wrong; the command completes, or fails with a clear line. Typed again it completes, once a lease that was
left behind has run out. Then the servers and the ledger hold what they hold where nothing goes wrong, once.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest
import requests

sys.path.insert(0, str(Path(__file__).parent))

from faulty_proxy import FAULTS, KILLS, Fault, FaultyProxy
from long import LASTING, written
from scenarios import APPLY, EVERY_KIND, SCENARIOS
from trials import Scenario, opened, tried, undisturbed

SOME = random.Random(20261122)


@pytest.mark.parametrize("word", [*FAULTS, LASTING])
def test_a_fault_somewhere_in_an_apply(word: str) -> None:
    count, _ = undisturbed(APPLY)
    at = SOME.randint(2, count)
    result = tried(APPLY, Fault("502" if word == LASTING else word, at, lasting=word == LASTING))
    assert not result.wrong, (at, result)
    assert (result.first == "completed") or result.then.endswith("completed")


@pytest.mark.parametrize("scenario", SCENARIOS[1:], ids=lambda scenario: scenario.name)
def test_a_fault_somewhere_else(scenario: Scenario) -> None:
    count, _ = undisturbed(scenario)
    result = tried(scenario, Fault("dropped after", SOME.randint(count // 3, count)))
    assert not result.wrong, result


@pytest.mark.parametrize("word", KILLS)
def test_an_apply_that_is_killed(word: str) -> None:
    count, _ = undisturbed(APPLY)
    result = tried(APPLY, Fault(word, SOME.randint(count // 3, count)))
    assert not result.wrong, result
    assert result.first == "killed"


def test_the_secret_of_a_key_is_not_lost_with_an_answer() -> None:
    """Else the next run would find a key that nobody can use, and be content."""
    with opened(APPLY) as (place, proxy):
        proxy.reset(None)
        assert place.esctl(*APPLY.words) == 0
        at = proxy.lines.index("POST /_security/api_key") + 1
    result = tried(APPLY, Fault("dropped after", at))
    assert not result.wrong, result
    assert (result.request, result.first, result.then) == ("POST /_security/api_key", "failed", "completed")


def test_what_a_run_began_to_make_is_finished_by_the_next_one() -> None:
    """A connector takes several requests and bears no mark; the ledger does not know it yet."""
    with opened(EVERY_KIND) as (place, proxy):
        proxy.reset(None)
        assert place.esctl(*EVERY_KIND.words) == 0
        at = max(number for number, line in enumerate(proxy.lines, 1) if line.startswith("PUT /_connector/"))
    result = tried(EVERY_KIND, Fault("dropped before", at, lasting=True))
    assert not result.wrong, result
    assert result.then == "waited, completed"
    assert "an earlier run was interrupted while it made it" in result.said


def test_the_proxy_does_what_it_says(tmp_path: Path, fresh_sandbox) -> None:
    with FaultyProxy([fresh_sandbox.elasticsearch_url]) as proxy, requests.Session() as session:
        url = proxy.urls[0] + "/f-x"
        for what, status, there in (
            ("dropped before", 0, 404), ("dropped after", 0, 200), ("truncated", 0, 200), ("429", 429, 404),
            ("503", 503, 404), ("504 after", 504, 200),
        ):  # fmt: skip
            proxy.reset(Fault(what, 1))
            try:
                answer = session.put(url, timeout=20)
                assert answer.status_code == status and status, what
                assert ("retry-after" in answer.headers) == (what == "429")
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
                assert not status, what
            assert session.get(url, timeout=20).status_code == there, what
            session.delete(url, timeout=20)
        proxy.reset(Fault("503", 2, lasting=True))
        assert [session.get(url, timeout=20).status_code for _ in range(3)] == [404, 503, 503]


def test_figures_replace_figures(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- a -->\nold\n<!-- /a -->\nafter\n")
    written(page, ["new"], "<!-- a -->", "<!-- /a -->")
    assert page.read_text() == "before\n<!-- a -->\nnew\n<!-- /a -->\nafter\n"


def test_a_key_whose_making_was_cut_off_for_good_is_a_question() -> None:
    """Nobody can tell from here whether its secret reached anybody."""
    with opened(APPLY) as (place, proxy):
        proxy.reset(None)
        assert place.esctl(*APPLY.words) == 0
        at = proxy.lines.index("POST /_security/api_key") + 1
    result = tried(APPLY, Fault("killed after", at))
    assert not result.wrong, result
    assert result.then == "decided about the key, waited, completed"
