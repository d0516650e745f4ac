"""The servers that k-means is tried on: the sandbox, and real Painless."""

from __future__ import annotations

import pytest
from kmeans_cases import Server, connected


@pytest.fixture(params=["sandbox", pytest.param("7.10", marks=pytest.mark.real)])
def server(request: pytest.FixtureRequest) -> Server:
    """The sandbox, and where there is a JDK a real Elasticsearch 7.10 with its own Painless."""
    if request.param == "7.10":
        return connected(request.getfixturevalue("elasticsearch_710").url, old=True)
    return connected(request.getfixturevalue("sandbox").elasticsearch_url, old=False)
