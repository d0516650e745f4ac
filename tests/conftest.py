"""Fixtures that several areas share: the sandbox, started once for all tests of a process, or fresh for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from project_place import Place

    from esctl.sandbox.server import Sandbox

pytest_plugins = ["servers.fixtures"]

VERSIONS = ("9.5", "8.19")


@pytest.fixture
def sandbox_version(request: pytest.FixtureRequest) -> str:
    """9.5, unless a test asks: `@pytest.mark.parametrize("sandbox_version", ["9.5", "8.19"], indirect=True)`."""
    return str(getattr(request, "param", VERSIONS[0]))


@pytest.fixture(scope="session")
def _sandboxes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Sandbox]]:
    from esctl.sandbox.server import Sandbox

    running: dict[str, Sandbox] = {}
    with ExitStack() as stack:

        def start(version: str) -> Sandbox:
            if version not in running:
                folder = tmp_path_factory.mktemp(f"sandbox-{version}")
                running[version] = stack.enter_context(Sandbox(folder, version=version))
            return running[version]

        yield start


@pytest.fixture
def sandbox(_sandboxes: Callable[[str], Sandbox], sandbox_version: str) -> Sandbox:
    """A running sandbox that other tests write to as well: use names of your own."""
    return _sandboxes(sandbox_version)


@pytest.fixture
def fresh_sandbox(tmp_path: Path, sandbox_version: str) -> Iterator[Sandbox]:
    """An empty sandbox for this test alone, with an access log at `<data>/access.log`."""
    from esctl.sandbox.server import Sandbox

    data = tmp_path / "sandbox"
    with Sandbox(data, version=sandbox_version, access_log=data / "access.log") as running:
        yield running


@pytest.fixture
def place(tmp_path: Path, fresh_sandbox: Sandbox) -> Place:
    """A project's folder beside a sandbox of its own."""
    from project_place import Place

    return Place(tmp_path / "project", fresh_sandbox)
