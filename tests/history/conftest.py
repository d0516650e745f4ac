"""The project of these tests."""

import pytest
from history_project import Project


@pytest.fixture
def project(tmp_path, fresh_sandbox):
    return Project(tmp_path / "project", fresh_sandbox)
