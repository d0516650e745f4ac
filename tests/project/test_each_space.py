"""One document in several spaces: `${each.space}` is the one that is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from esctl.errors import ProjectError
from esctl.kinds import NAMES
from esctl.model import Address
from esctl.project import load_resources, load_settings


def loaded(root: Path, text: str):
    (root / "kibana").mkdir()
    (root / "esctl.yaml").write_text("name: spaces\nresources: [kibana]\n", encoding="utf-8")
    (root / "kibana" / "board.yaml").write_text(text, encoding="utf-8")
    return load_resources(load_settings(root, environ={}), values={}, kinds=NAMES).resources


def test_each_space_has_a_copy_with_names_of_its_own(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        "kind: dashboard\nid: shop-${each.space}\nspace: [default, team]\n"
        "spec: {title: 'Shop of ${each.space}', panels: []}\n",
    )
    assert [one.address for one in found] == [
        Address("dashboard", "shop-default"),
        Address("dashboard", "shop-team", "team"),
    ]
    assert [one.spec["title"] for one in found] == ["Shop of default", "Shop of team"]


def test_items_and_spaces_together(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        "kind: data-view\nid: ${each.key}-${each.space}\nspace: [a, b]\nfor_each: [logs, orders]\n"
        "spec: {title: '${each.key}-*'}\n",
    )
    assert [one.address.id for one in found] == ["logs-a", "logs-b", "orders-a", "orders-b"]


def test_settings_of_several_spaces_keep_one_name(tmp_path: Path) -> None:
    found = loaded(tmp_path, "kind: kibana-settings\nid: look\nspace: [a, b]\nspec: {changes: {x: 1}}\n")
    assert [str(one.address) for one in found] == ["a:kibana-settings/look", "b:kibana-settings/look"]


def test_where_no_list_of_spaces_is_there_is_no_such_value(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="space"):
        loaded(tmp_path, "kind: dashboard\nid: shop-${each.space}\nspec: {title: Shop}\n")
