"""What is told about security's resources without a server: one line each, with the place and what was meant."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from esctl.errors import Source
from esctl.kinds import registry
from esctl.kinds.privileges import names
from esctl.model import Address, Resource
from esctl.secret import Secret

CASES = Path(__file__).with_name("offline.txt").read_text(encoding="utf-8")


class _Loader(yaml.SafeLoader):
    """`!secret x` is a secret."""


_Loader.add_constructor("!secret", lambda loader, node: Secret(str(node.value), reference="${secret.env.X}"))


def _cases() -> Iterator[tuple[str, str, dict[str, Any], str | None]]:
    kind = name = ""
    lines = iter(CASES.splitlines()[1:])
    for line in lines:
        if line.startswith("  "):
            said = next(lines).strip()
            yield kind, name, yaml.load(line, _Loader), None if said == "null" else said
        else:
            kind, name = line.removesuffix(":").split(", ", 1)


@pytest.mark.parametrize(("kind", "name", "spec", "said"), list(_cases()), ids=lambda value: str(value)[:60])
def test_what_is_told(kind: str, name: str, spec: dict[str, Any], said: str | None) -> None:
    problems = list(registry()[kind].check(Resource(Address(kind, name), spec, Source("security.yaml", 3))))
    lines = [("" if p.severity == "error" else "warning, ") + str(p).split(": ", 1)[1] for p in problems]
    if said is None:
        assert lines == []
        return
    assert [line for line in lines if line.startswith(said)], lines
    assert len([problem for problem in problems if problem.severity == "error"]) <= 2, lines


def test_the_names_come_from_servers() -> None:
    assert {"monitor", "manage_security", "manage_esql", "read_fleet_secrets"} <= set(names("cluster"))
    assert {"read", "view_index_metadata", "read_failure_store", "create_view"} <= set(names("index"))
    assert {"superuser", "kibana_system"} <= set(names("reserved_roles"))
    assert len(names("sources")) == 4


def test_a_name_with_a_slip_is_not_told_twice() -> None:
    resource = Resource(Address("role", "a"), {"cluster": ["monitr"]}, Source("a.yaml", 1))
    assert len(list(registry()["role"].check(resource))) == 1
