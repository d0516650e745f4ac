"""The project's own dashboard in headless Chromium: every click that filters, the wheel, and a silent console."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from viewer_page import Page, pick

sys.path.insert(0, str(Path(__file__).parents[1] / "project_dashboard"))
from loaded_dashboard import Loaded, loaded_dashboard  # noqa: E402

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def loaded(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    with loaded_dashboard(tmp_path_factory.mktemp("sandbox")) as found:
        yield found


@pytest.fixture
def page(chromium: Any, loaded: Loaded) -> Page:
    return Page(chromium, loaded.root).open()


MARK = """
    const place = document.querySelector(arguments[0]), view = place.view;
    const canvas = place.querySelector('canvas, svg').getBoundingClientRect();
    const [left, top] = view.origin(), padding = view.padding();
    const [, name, position] = arguments;
    const walk = (mark) => {
      if (mark.name === name) return mark.items[position];
      for (const item of mark.items || []) for (const inner of item.items || []) {
        const inside = walk(inner);
        if (inside) return inside;
      }
    };
    const item = walk(view.scenegraph().root);
    return {
      x: canvas.left + left + padding.left + item.x + (item.width || 0) / 2,
      y: canvas.top + top + padding.top + item.y + (item.height || 0) / 2,
      cluster: item.datum.group, file: item.datum.file,
    };
"""


def mark(page: Page, panel: str, name: str, position: int) -> dict[str, Any]:
    """Where a mark of a Vega panel is in the window, and its cluster; the panel is scrolled into sight."""
    place = page.panel(panel)
    page.driver.execute_script("document.querySelector(arguments[0]).scrollIntoView()", place)
    return dict(page.driver.execute_script(MARK, f"{place} .drawing", name, position))


def mouse(page: Page, kind: str, at: dict[str, Any], **more: Any) -> None:
    page.driver.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": kind, "x": at["x"], "y": at["y"], **more})


def press(page: Page, at: dict[str, Any]) -> None:
    mouse(page, "mouseMoved", at)
    for kind in ("mousePressed", "mouseReleased"):
        mouse(page, kind, at, button="left", clickCount=1)


def click(page: Page, at: dict[str, Any]) -> None:
    press(page, at)
    page.until(lambda: bool(page.all(".pill")))
    page.drawn()


def only(page: Page, loaded: Loaded, cluster: int) -> None:
    """Every panel shows this cluster alone, and the numbers on top the whole."""
    images = sorted(source["file_name"] for source in loaded.sources if source["cluster"] == cluster)
    assert page.texts(".pill button:first-child") == [f"cluster: {cluster}"]
    assert len(page.all(f"{page.panel('pie')} .mark-arc path")) == 1
    for bars in ("sizes", "silhouettes"):
        assert len(page.all(f"{page.panel(bars)} .mark-rect path")) == 1
        assert page.texts(f"{page.panel(bars)} .role-axis-label text")[0] == str(cluster)
    assert sorted(page.texts(f"{page.panel('table')} tbody td:first-child")) == images
    for panel, data, name in (("scatter", "points", "name"), ("gallery", "images", "file")):
        assert sorted(datum[name] for datum in page.data(panel, data)) == images
    assert page.texts(".tile-value")[:2] == ["61", "6"]


def test_every_panel_shows_data_and_the_console_is_silent(page: Page, loaded: Loaded) -> None:
    assert len(page.all(".panel")) == 11 and page.texts(".panel-note") == []
    assert page.texts(".tile-value")[:2] == ["61", "6"]
    assert len(page.data("scatter", "points")) == len(page.data("gallery", "images")) == 61
    assert page.console() == []


def test_a_click_on_a_slice(page: Page, loaded: Loaded) -> None:
    pick(page, f"{page.panel('pie')} .mark-arc path", 1)
    only(page, loaded, 1)


@pytest.mark.parametrize("panel", ["sizes", "silhouettes"])
def test_a_click_on_a_bar(page: Page, loaded: Loaded, panel: str) -> None:
    pick(page, f"{page.panel(panel)} .mark-rect path", 2)
    only(page, loaded, 2)


def test_a_click_on_a_dot(page: Page, loaded: Loaded) -> None:
    dot = mark(page, "scatter", "dots", 60)
    click(page, dot)
    only(page, loaded, dot["cluster"])


def test_a_click_on_the_name_of_an_images_cluster(page: Page, loaded: Loaded) -> None:
    label = mark(page, "gallery", "labels", 9)
    click(page, label)
    only(page, loaded, label["cluster"])


def test_a_click_on_an_image_opens_it_large_and_another_closes_it(page: Page) -> None:
    frame = mark(page, "gallery", "frames", 9)
    press(page, frame)
    page.until(lambda: [datum["file"] for datum in page.data("gallery", "opened")] == [frame["file"]])
    press(page, mark(page, "gallery", "close", 0))
    page.until(lambda: page.data("gallery", "opened") == [])
    assert page.all(".pill") == [] and page.console() == []


def test_an_area_of_the_scatter_plot_filters(page: Page) -> None:
    corner = mark(page, "scatter", "dots", 0)
    far = {"x": corner["x"] + 150, "y": corner["y"] + 120}
    near = {"x": corner["x"] - 40, "y": corner["y"] - 40}
    mouse(page, "mouseMoved", near)
    mouse(page, "mousePressed", near, button="left", clickCount=1)
    for at in (corner, far):
        mouse(page, "mouseMoved", at, button="left", buttons=1)
    page.until(lambda: len(page.data("scatter", "marked")) == 1)
    (marked,) = page.data("scatter", "marked")
    mouse(page, "mouseReleased", far, button="left", clickCount=1)
    page.until(lambda: page.texts(".pill button:first-child") == ["an area of images"])
    page.drawn()
    assert len(page.data("scatter", "points")) == len(page.data("gallery", "images")) == marked["n"] < 61


def test_a_click_on_a_cell(page: Page, loaded: Loaded) -> None:
    cell = page.find(f"{page.panel('table')} tbody tr:nth-child(4) td:nth-child(3) button")
    cluster = int(cell.text)
    page.click(f"{page.panel('table')} tbody tr:nth-child(4) td:nth-child(3) button")
    only(page, loaded, cluster)


def test_the_control(page: Page, loaded: Loaded) -> None:
    page.click(".control-button")
    page.until(lambda: len(page.all(".options li:not(.existence)")) == 6)
    page.click(".options li:nth-child(5) label")
    page.drawn()
    assert {datum["group"] for datum in page.data("gallery", "images")} == {3}
    assert len(page.all(f"{page.panel('silhouettes')} .mark-rect path")) == 1


def test_the_wheel_zooms_and_a_double_click_resets(page: Page) -> None:
    dot = mark(page, "scatter", "dots", 3)
    whole = page.signal("scatter", "shown_x")
    mouse(page, "mouseMoved", dot)
    mouse(page, "mouseWheel", dot, deltaX=0, deltaY=-300)
    page.until(lambda: page.signal("scatter", "shown_x") != whole)
    near = page.signal("scatter", "shown_x")
    assert 0.5 < (near[1] - near[0]) / (whole[1] - whole[0]) < 0.9
    page.driver.execute_script("scrollTo(0, 0)")
    canvas = page.find(f"{page.panel('scatter')} canvas").rect
    empty = {"x": canvas["x"] + canvas["width"] / 2, "y": canvas["y"] + 12}
    for count in (1, 2):
        mouse(page, "mousePressed", empty, button="left", clickCount=count)
        mouse(page, "mouseReleased", empty, button="left", clickCount=count)
    page.until(lambda: page.signal("scatter", "shown_x") == whole)


def test_the_page_of_the_gallery_turns(page: Page) -> None:
    first = [datum["file"] for datum in page.data("gallery", "shown")]
    press(page, mark(page, "gallery", "next", 0))
    page.until(lambda: page.signal("gallery", "page") == 1)
    second = [datum["file"] for datum in page.data("gallery", "shown")]
    assert len(first) == len(second) == 24 and not set(first) & set(second)
