"""Which files are read, how fast, and what comes with the package."""

from __future__ import annotations

import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from esctl.errors import EsctlError, ProjectError
from esctl.project import example_root, load_resources, load_settings, scaffold

ROOT = Path(__file__).parents[2]
KINDS = ("index", "index-template", "component-template", "ingest-pipeline", "ilm-policy", "data-view", "dashboard")
DOCUMENT = "kind: index\nid: {id}\nspec: {{}}\n"


def addresses(root: Path) -> list[str]:
    loaded = load_resources(load_settings(root, environ={}), values={}, kinds=KINDS)
    return [str(resource.address) for resource in loaded.resources]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "mappings").mkdir(parents=True)
    (root / "esctl.yaml").write_text("name: p\nresources: [mappings]\n", encoding="utf-8")
    return root


def told(root: Path) -> list[str]:
    with pytest.raises(ProjectError) as error:
        addresses(root)
    return [str(problem) for problem in error.value.problems]


def test_files_come_in_one_order_whatever_the_disk_says(project: Path) -> None:
    for name in ("b/z", "b/a", "a-b", "a", "c"):
        path = project / "mappings" / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(DOCUMENT.format(id=name.replace("/", "_")), encoding="utf-8")
    assert addresses(project) == ["index/a-b", "index/a", "index/b_a", "index/b_z", "index/c"]


def test_loops_of_links_end_and_a_file_is_read_once(project: Path) -> None:
    folder = project / "mappings"
    (folder / "a.yaml").write_text(DOCUMENT.format(id="a"), encoding="utf-8")
    (folder / "again").symlink_to(folder)
    (folder / "up").symlink_to(project)
    (folder / "b.yaml").symlink_to(folder / "a.yaml")
    (folder / "gone.yaml").symlink_to(folder / "nowhere.yaml")
    assert addresses(project) == ["index/a"]


def test_overlapping_folders_are_read_once(project: Path) -> None:
    (project / "esctl.yaml").write_text("name: p\nresources: [., mappings, mappings/a.yaml]\n", encoding="utf-8")
    (project / "mappings" / "a.yaml").write_text(DOCUMENT.format(id="a"), encoding="utf-8")
    assert addresses(project) == ["index/a"]


def test_a_byte_order_mark_is_no_matter(project: Path) -> None:
    (project / "mappings" / "a.yaml").write_bytes(b"\xef\xbb\xbf" + DOCUMENT.format(id="a").encode())
    (project / "mappings" / "b.yaml.j2").write_bytes(b"\xef\xbb\xbf" + DOCUMENT.format(id="b").encode())
    assert addresses(project) == ["index/a", "index/b"]


def test_what_is_not_utf_8_is_one_line(project: Path) -> None:
    (project / "mappings" / "a.yaml").write_bytes("kind: index\nid: größe\n".encode("latin-1"))
    (project / "mappings" / "b.yaml").write_bytes("kind: index\n".encode("utf-16"))
    assert told(project) == [
        "mappings/a.yaml:2: not UTF-8 text; save the file as UTF-8",
        "mappings/b.yaml:1: not UTF-8 text; save the file as UTF-8",
    ]


def test_a_thousand_small_files_load_in_well_under_two_seconds(project: Path) -> None:
    body = "".join(f"      field_{n}: {{type: keyword, ignore_above: 256}}\n" for n in range(15))
    for n in range(1_000):
        text = f"kind: index\nid: i{n}\nspec:\n  mappings:\n    properties:\n{body}"
        (project / "mappings" / f"{n}.yaml").write_text(text, encoding="utf-8")
    before = time.process_time()
    assert len(addresses(project)) == 1_000
    assert time.process_time() - before < 2.0


def test_reading_plain_files_imports_neither_jinja_nor_a_http_library(project: Path) -> None:
    (project / "mappings" / "a.yaml").write_text(DOCUMENT.format(id="a"), encoding="utf-8")
    program = (
        "import sys; from pathlib import Path; from esctl.project import load_settings, load_resources\n"
        f"load_resources(load_settings(Path({str(project)!r})), values={{}}, kinds=['index'])\n"
        "print([name for name in ('jinja2', 'requests', 'urllib3', 'elasticsearch', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_new_project_loads(tmp_path: Path) -> None:
    written = scaffold(tmp_path / "new", "shop")
    assert {path.relative_to(tmp_path / "new").as_posix() for path in written} == {
        ".gitignore", "esctl.yaml", "mappings/orders.yaml", "kibana/orders.yaml.j2", "templates/panels.j2",
    }  # fmt: skip
    assert load_settings(tmp_path / "new", environ={}).name == "shop"
    assert sorted(addresses(tmp_path / "new")) == [
        "component-template/orders-mappings", "dashboard/shop-orders", "data-view/shop-orders", "ilm-policy/orders",
        "index-template/orders", "index/shop_orders", "ingest-pipeline/orders",
    ]  # fmt: skip


def test_a_new_projects_lines_are_the_templates(tmp_path: Path) -> None:
    scaffold(tmp_path, "shop")
    loaded = load_resources(load_settings(tmp_path, environ={}), values={}, kinds=KINDS)
    dashboard = next(resource for resource in loaded.resources if resource.address.kind == "dashboard")
    lines = (tmp_path / "kibana/orders.yaml.j2").read_text(encoding="utf-8").splitlines()
    for index, text in enumerate(['metric("Orders"', 'metric("Revenue"', "- type: vis"]):
        place = dashboard.at("spec", "panels", index)
        assert place.path == "kibana/orders.yaml.j2" and text in lines[place.line - 1]


def test_a_new_project_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "orders.yaml").write_text("mine", encoding="utf-8")
    with pytest.raises(ProjectError) as error:
        scaffold(tmp_path, "shop")
    assert str(error.value) == "mappings/orders.yaml: exists already; nothing was written"
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["orders.yaml"]


@pytest.mark.parametrize("name", ["", "a b", "../x", "-x", 'a"b'])
def test_a_name_that_cannot_be(tmp_path: Path, name: str) -> None:
    with pytest.raises(EsctlError, match="cannot name a project"):
        scaffold(tmp_path, name)


def test_the_example_is_the_repository_in_a_clone_and_the_packages_copy_elsewhere(tmp_path: Path) -> None:
    assert example_root() == ROOT
    package = tmp_path / "site-packages" / "esctl"
    with pytest.raises(EsctlError, match="missing from this installation"):
        example_root(package)
    (package / "example").mkdir(parents=True)
    (package / "example" / "esctl.yaml").write_text("name: p\n", encoding="utf-8")
    assert example_root(package) == package / "example"


def test_the_wheel_holds_the_example_and_the_scaffold(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path / "site-packages")
    assert {"esctl/example/esctl.yaml", "esctl/example/mappings/image_data.yaml"} <= names
    assert {"esctl/project/scaffold/esctl.yaml", "esctl/project/scaffold/gitignore"} <= names
    assert {"esctl/project/scaffold/kibana/orders.yaml.j2", "esctl/kinds/data/schema/indices.json"} <= names
    program = "from esctl.project import example_root; print(example_root())"
    environment = {"PYTHONPATH": str(tmp_path / "site-packages"), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(tmp_path / "site-packages" / "esctl" / "example")
