"""A small project on an empty sandbox, in both forms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from small_project import SmallProject

if TYPE_CHECKING:
    from esctl.sandbox.server import Sandbox


@pytest.fixture
def project(tmp_path: Path, fresh_sandbox: Sandbox) -> SmallProject:
    return SmallProject(tmp_path / "project", fresh_sandbox.elasticsearch_url)
