"""The project of these tests beside a fresh sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ml_place import Place

if TYPE_CHECKING:
    from esctl.sandbox.server import Sandbox


@pytest.fixture
def place(tmp_path: Path, fresh_sandbox: Sandbox) -> Place:
    return Place(tmp_path / "project", fresh_sandbox)
