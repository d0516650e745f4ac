"""The same requests to the sandbox and to real servers: both have to answer what was recorded from the real ones."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from contract_cases import Case, cases, run

if TYPE_CHECKING:
    from servers.fixtures import Server

    from esctl.sandbox.server import Sandbox

ALL = list(cases())
BY_VERSION = [(case, version) for case in ALL for version in case.versions if version != "7.10"]


def answers(version: str) -> dict[str, Any]:
    recorded = Path(__file__).parent / "answers" / f"{version}.json"
    found: dict[str, Any] = json.loads(recorded.read_text())
    return found


def compare(case: Case, version: str, url: str, headers: dict[str, str] | None = None) -> None:
    expected = answers(version)[case.name]
    for step, want, have in zip(case.steps, expected, run(case, url, headers), strict=True):
        assert have == want, f"{step[0]} {step[1]}\n{step[2]}"


@pytest.mark.parametrize(
    ("case", "sandbox_version"),
    BY_VERSION,
    indirect=["sandbox_version"],
    ids=[f"{version} {case.name}" for case, version in BY_VERSION],
)
def test_sandbox(case: Case, sandbox_version: str, sandbox: Sandbox) -> None:
    compare(case, sandbox_version, sandbox.elasticsearch_url)


@pytest.mark.parametrize("case", [c for c in ALL if "7.10" in c.versions], ids=lambda c: c.name)
def test_sandbox_does_what_the_older_server_did(case: Case, sandbox: Sandbox) -> None:
    compare(case, "7.10", sandbox.elasticsearch_url)


@pytest.mark.real
@pytest.mark.parametrize("case", [c for c in ALL if "7.10" in c.versions], ids=lambda c: c.name)
def test_real_710(case: Case, elasticsearch_710: Server) -> None:
    compare(case, "7.10", elasticsearch_710.url)


@pytest.mark.real
@pytest.mark.parametrize("case", [c for c in ALL if "9.5" in c.versions], ids=lambda c: c.name)
def test_real_95(case: Case, elasticsearch_95: Server) -> None:
    compare(case, "9.5", elasticsearch_95.url)


@pytest.mark.real
@pytest.mark.parametrize("case", [c for c in ALL if "8.19" in c.versions], ids=lambda c: c.name)
def test_real_819(case: Case, elasticsearch_819: Server) -> None:
    basic = base64.b64encode(f"{elasticsearch_819.username}:{elasticsearch_819.password}".encode()).decode()
    compare(case, "8.19", elasticsearch_819.url, {"Authorization": f"Basic {basic}"})
