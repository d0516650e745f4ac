"""Projects of security's kinds, and requests past esctl."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from security_project import Project

if TYPE_CHECKING:
    from esctl.sandbox.server import Sandbox


@pytest.fixture
def project(tmp_path: Path, fresh_sandbox: Sandbox) -> Project:
    return Project(tmp_path / "project", fresh_sandbox)


@pytest.fixture
def call(fresh_sandbox: Sandbox) -> Callable[..., object]:
    """A request to the sandbox, past esctl: what somebody else does."""
    import requests

    def send(method: str, path: str, body: object = None, **more: object) -> object:
        answer = requests.request(method, fresh_sandbox.elasticsearch_url + path, json=body, timeout=10, **more)  # type: ignore[arg-type]
        return answer.json()

    return send
