"""Where the secret of an API key goes: only into the project, never over something else, and anew when it has ended."""

import stat

import pytest
from place import Place

KEY = "kind: api-key\nid: loader\nspec:\n  write_to: %s\n  expiration: 30d\n"


@pytest.fixture
def place(tmp_path, fresh_sandbox):
    return Place(tmp_path / "project", fresh_sandbox, text=KEY % "keys/loader")


@pytest.mark.parametrize("outside", ["/etc/key", "../key", "keys/../../key", "~/key"])
def test_a_file_outside_of_the_project_is_told_with_its_line(place, outside):
    place.write(KEY % outside)
    code, said = place.type("validate")
    assert code == 1 and f'mappings/all.yaml:4: write_to: "{outside}" is outside of the project' in said
    assert place.type("apply", "--yes")[0] == 1 and place.writes() == []


def test_a_link_that_leads_outside_is_refused_before_anything_is_written(place, tmp_path):
    (place.root / "keys").symlink_to(tmp_path)
    code, said = place.type("apply", "--yes")
    assert code == 1 and "write_to: keys/loader is outside of the project" in said and place.writes() == []


def works(place, file):
    headers = {"Authorization": f"ApiKey {file.read_text().strip()}"}
    import requests

    return requests.get(f"{place.sandbox.elasticsearch_url}/_security/_authenticate", headers=headers, timeout=10).ok


@pytest.mark.parametrize("way", ["invalidated", "destroyed", "made to last"])
def test_a_key_that_has_ended_is_made_again_with_its_file(place, way):
    file = place.root / "keys/loader"
    assert place.type("apply", "--yes")[0] == 0
    first = file.read_text()
    assert works(place, file) and stat.S_IMODE(file.stat().st_mode) == 0o600
    words = ()
    if way == "invalidated":
        place.send("DELETE", "/_security/api_key", {"name": "loader"})
    elif way == "destroyed":
        code, said = place.type("destroy", "api-key/loader", "--yes", "--allow", "irreversible")
        assert code == 0, said
    else:
        place.write(KEY.replace("  expiration: 30d\n", "") % "keys/loader")
        words = ("--allow", "irreversible")
    code, said = place.type("apply", "--yes", *words)
    assert code == 0, said
    assert file.read_text() != first and works(place, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and [p.name for p in file.parent.iterdir()] == ["loader"]
    assert place.type("plan")[0] == 0


def test_what_is_no_key_or_a_key_in_use_is_never_overwritten(place):
    file = place.root / "keys/loader"
    file.parent.mkdir()
    file.write_text("a recipe")
    code, said = place.type("apply", "--yes")
    assert code == 5 and "keys/loader holds something else than a key that has ended" in said and "move it away" in said
    assert file.read_text() == "a recipe" and place.writes() == []
    other = place.send("POST", "/_security/api_key", {"name": "other"})
    file.write_text(other["encoded"])
    assert place.type("apply", "--yes")[0] == 5 and file.read_text() == other["encoded"]


def test_a_key_whose_file_is_gone_is_told_with_the_way_to_a_new_one(place):
    file = place.root / "keys/loader"
    assert place.type("apply", "--yes")[0] == 0 and "warning" not in place.type("plan")[1]
    file.unlink()
    code, said = place.type("plan")
    assert code == 0 and "warning: api-key/loader: keys/loader is not on this machine" in said
    assert "esctl destroy api-key/loader --allow irreversible" in said
    assert place.type("destroy", "api-key/loader", "--allow", "irreversible", "--yes")[0] == 0
    assert place.type("apply", "--yes")[0] == 0 and works(place, file)
