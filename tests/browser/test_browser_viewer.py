"""The page in headless Chromium: it is drawn, it filters, sorts and zooms, and the console stays silent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from dashboard_objects import GRIDS, dashboard
from fake_servers import servers
from more_charts import gallery, more_charts
from running_viewer import running_viewer
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from viewer_page import Page, pick

pytestmark = pytest.mark.browser


@pytest.fixture
def page(chromium: Any) -> Iterator[Page]:
    with servers() as (url, _), running_viewer(url) as root:
        yield Page(chromium, root).open()


@pytest.mark.parametrize("new", [True, False], ids=["9.5", "8.19"])
def test_every_panel_is_drawn_and_the_console_is_silent(chromium: Any, new: bool) -> None:
    with servers(dashboard(new)) as (url, _), running_viewer(url) as root:
        page = Page(chromium, root).open()
        assert len(page.all(".panel")) == len(GRIDS) == 11
        assert page.texts(".panel-note") == []
        assert page.texts(".tile-value") == ["120", "5", "0.523", "0.814"]
        assert len(page.all(f"{page.panel('pie')} .mark-arc path")) == 5
        assert len(page.all(f"{page.panel('sizes')} .mark-rect path")) == 5
        assert len(page.all(f"{page.panel('table')} tbody tr")) == 20
        assert page.find(f"{page.panel('scatter')} canvas").size["width"] > 300
        assert page.find("#banner").text == "SANDBOX"
        assert page.driver.title == "Image recognition"
        assert page.console() == []


def test_every_other_chart_is_drawn_and_the_console_is_silent(chromium: Any) -> None:
    with servers(gallery()) as (url, _), running_viewer(url) as root:
        page = Page(chromium, root).open("dashboards#/view/charts")
        assert len(page.all(".panel")) == len(more_charts())
        assert page.texts(".panel-note") == ["cannot draw spiral yet"]
        assert len(page.all(".drawing svg")) == 10
        assert page.texts(".tags button") == ["cat", "coffee", "moon", "page", "rocket"]
        assert page.texts(".tile-title") == ["cat", "coffee", "moon", "page", "rocket"]
        assert page.texts(f"{page.panel('split')} thead th") == ["#", "Top 100 values of label", *"01234"]
        assert page.texts(f"{page.panel('area')} .legend li") == [*"01234"]
        assert page.console() == []
        page.click("summary h2")
        assert not page.find(page.panel("split")).is_displayed()


def test_the_grid_is_kibanas(page: Page) -> None:
    boxes = {
        element.get_attribute("data-panel"): page.driver.execute_script(
            "const b = arguments[0].getBoundingClientRect(); return [b.left, b.top, b.width, b.height]", element
        )
        for element in page.all(".panel")
    }
    left, top, *_ = boxes["images"]
    column = (1600 - 16 + 8) / 48
    for name, (x, y, w, h) in GRIDS.items():
        expected = [left + x * column, top + y * 28, w * column - 8, h * 28 - 8]
        assert boxes[name] == pytest.approx(expected, abs=1.5), name


def test_click_on_a_bar_filters_all_but_what_ignores_filters(page: Page) -> None:
    pick(page, f"{page.panel('sizes')} .mark-rect path", 3)
    assert page.texts(".pill button:first-child") == ["cluster: 3"]
    assert len(page.all(f"{page.panel('pie')} .mark-arc path")) == 1
    assert set(page.texts(f"{page.panel('table')} tbody td:nth-child(3)")) == {"3"}
    assert page.texts(".tile-value")[0] == "120"
    page.click(".pill .remove")
    assert page.all(".pill") == []
    assert len(page.all(f"{page.panel('pie')} .mark-arc path")) == 5


def test_click_on_a_slice_a_legend_and_a_cell(page: Page) -> None:
    pick(page, f"{page.panel('pie')} .mark-arc path", 1)
    assert page.texts(".pill button:first-child") == ["cluster: 1"]
    page.click("#top .tool.text")
    page.click(f"{page.panel('pie')} .legend li:nth-child(3) button")
    assert page.texts(".pill button:first-child") == ["cluster: 2"]
    page.click("#top .tool.text")
    page.click(f"{page.panel('table')} tbody tr:nth-child(2) td:first-child button")
    assert page.texts(".pill button:first-child") == ["file_name: cat/cat-004.png"]


def test_a_filter_can_be_inverted_and_survives_a_reload_and_the_back_button(page: Page) -> None:
    page.click(f"{page.panel('pie')} .legend li:nth-child(1) button")
    page.click(".pill button:first-child")
    assert page.texts(".pill button:first-child") == ["NOT cluster: 0"]
    assert len(page.all(f"{page.panel('pie')} .mark-arc path")) == 4
    page.driver.refresh()
    page.drawn()
    assert page.texts(".pill button:first-child") == ["NOT cluster: 0"]
    page.driver.back()
    page.until(lambda: page.texts(".pill button:first-child") == ["cluster: 0"])
    page.drawn()
    assert len(page.all(f"{page.panel('pie')} .mark-arc path")) == 1


def points(page: Page, panel: str) -> list[dict[str, float]]:
    """Where the first dots of a Vega panel are on the page."""
    return list(
        page.driver.execute_script(
            """
            const place = document.querySelector(arguments[0]);
            const canvas = place.querySelector('canvas').getBoundingClientRect();
            const [left, top] = place.view.origin();
            const dots = [];
            const visit = (group) => (group.items || []).forEach((item) => {
              if (item.marktype === 'group' || item.items) visit(item);
            });
            (function find(mark) {
              if (mark.name === 'dots') mark.items.forEach((i) => dots.push(
                {x: canvas.left + left + i.x, y: canvas.top + top + i.y, cluster: i.datum._source.cluster}));
              else (mark.items || []).forEach((item) => (item.items || []).forEach(find));
            })(place.view.scenegraph().root);
            return dots;
            """,
            f"{page.panel(panel)} .drawing",
        )
    )


def test_click_in_a_vega_panel_filters_through_kibanas_function(page: Page) -> None:
    dots = points(page, "scatter")
    assert len(dots) == 120
    dot = dots[7]
    page.driver.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": dot["x"], "y": dot["y"]})
    for kind in ("mousePressed", "mouseReleased"):
        event = {"type": kind, "x": dot["x"], "y": dot["y"], "button": "left", "clickCount": 1}
        page.driver.execute_cdp_cmd("Input.dispatchMouseEvent", event)
    page.until(lambda: bool(page.all(".pill")))
    page.drawn()
    assert page.texts(".pill button:first-child") == [f"cluster: {dot['cluster']}"]
    assert {p["cluster"] for p in points(page, "scatter")} == {dot["cluster"]}


FUNCTIONS = """{
  $schema: https://vega.github.io/schema/vega/v5.json
  data: [{name: "t", url: {"%context%": true, "%timefield%": "@timestamp", index: "image_clusters", body: {size: 0}}}]
  signals: [{name: "go", value: 0}, {
    name: "went"
    update: '''
      go === 1 ? kibanaAddFilter({match_phrase: {cluster: 1}}, 'image_data', 'only one') :
      go === 2 ? kibanaRemoveFilter({match_phrase: {cluster: 1}}, 'image_data') :
      go === 3 ? kibanaRemoveAllFilters() :
      go === 4 ? kibanaSetTimeFilter('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z') : 0
      '''
  }]
}"""


def test_kibanas_functions(chromium: Any) -> None:
    objects = dashboard()
    panels = json.loads(objects[-1]["attributes"]["panelsJSON"])
    next(p for p in panels if p["panelIndex"] == "scatter")["embeddableConfig"]["savedVis"]["params"]["spec"] = (
        FUNCTIONS
    )
    objects[-1]["attributes"]["panelsJSON"] = json.dumps(panels)
    with servers(objects) as (url, asked), running_viewer(url) as root:
        page = Page(chromium, root).open()

        def go(number: int) -> list[str]:
            script = "document.querySelector('[data-panel=scatter] .drawing').view.signal('go', arguments[0]).run()"
            page.driver.execute_script(script, number)
            page.drawn()
            return page.texts(".pill button:first-child")

        assert page.texts(".panel-note.problem") == []
        assert go(1) == ["only one"]
        assert go(2) == []
        page.click(f"{page.panel('pie')} .legend li:nth-child(2) button")
        assert page.texts(".pill button:first-child") == ["cluster: 1"]
        assert go(2) == []
        page.click(f"{page.panel('pie')} .legend li:nth-child(2) button")
        assert go(3) == []
        assert page.find(".time").get_attribute("value") == "now-15m"
        go(4)
        assert page.find(".time option:checked").text == "2026-01-01 00:00:00 – 2026-01-02 00:00:00"
        ranges = [c["range"] for s in asked.searches() for c in s["query"]["bool"]["filter"] if "range" in c]
        assert ranges[-1]["@timestamp"]["gte"] == "2026-01-01T00:00:00.000Z"


def test_wheel_zooms_and_a_tooltip_appears(page: Page) -> None:
    assert page.signal("scatter", "span") == 2.2
    dot = points(page, "scatter")[3]
    page.driver.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": dot["x"], "y": dot["y"]})
    page.until(lambda: page.texts("#vg-tooltip-element td") == ["cluster", str(dot["cluster"])])
    wheel = {"type": "mouseWheel", "x": dot["x"], "y": dot["y"], "deltaX": 0, "deltaY": -300}
    page.driver.execute_cdp_cmd("Input.dispatchMouseEvent", wheel)
    page.until(lambda: page.signal("scatter", "span") < 2)


def test_table_sorts_and_turns_pages(page: Page) -> None:
    table = page.panel("table")

    def column(n: int) -> list[str]:
        return page.texts(f"{table} tbody td:nth-child({n})")

    header = f"{table} thead th:nth-child(4) button"
    page.click(header)
    assert page.find(f"{table} thead th:nth-child(4)").get_attribute("aria-sort") == "ascending"
    rising = [float(text) for text in column(4)]
    assert rising == sorted(rising)
    page.click(header)
    falling = [float(text) for text in column(4)]
    assert falling == sorted(falling, reverse=True) and falling[0] > rising[0]
    page.click(header)
    assert column(1)[0] == "cat/cat-000.png"
    assert page.find(f"{table} .pager span").text == "1–20 of 120"
    page.click(f"{table} .pager button:last-child")
    assert page.find(f"{table} .pager span").text == "21–40 of 120"
    assert column(1)[0] != "cat/cat-000.png"


def test_control_filters_by_values_with_counts(page: Page) -> None:
    page.click(".control-button")
    page.until(lambda: len(page.all(".options li:not(.existence)")) == 5)
    assert page.texts(".options .count") == ["48", "18", "18", "18", "18"]
    page.click(".options li:nth-child(3) label")
    page.click(".options li:nth-child(5) label")
    page.drawn()
    assert page.find(".control-value").text == "1, 3"
    assert [i for i in page.texts(f"{page.panel('pie')} .legend li span") if i] == ["1", "3"]
    page.find(".popover input").send_keys(Keys.ESCAPE)
    assert not page.find(".popover").is_displayed()
    page.click("#top .tool.text")
    assert page.find(".control-value").text == "Any"


def test_query_bar(page: Page) -> None:
    field = page.find(".query input")
    field.send_keys("label: rocket", Keys.ENTER)
    page.drawn()
    assert len(page.all(f"{page.panel('pie')} .mark-arc path")) == 1
    field.clear()
    field.send_keys("label:", Keys.ENTER)
    page.until(lambda: page.find(".query-problem").is_displayed())
    assert page.find(".query-problem").text == 'query "label:": expected a value for "label" at the end'


def test_nothing_found_is_said(page: Page) -> None:
    page.find(".query input").send_keys("label: zebra", Keys.ENTER)
    page.until(lambda: "No results found" in page.texts(".panel-note"))
    page.drawn()
    assert page.texts(".panel-note") == ["No results found"] * 4


def test_theme_is_the_systems_until_it_is_changed(page: Page) -> None:
    def ground() -> str:
        return str(
            page.driver.execute_script("return getComputedStyle(document.querySelector('.panel')).backgroundColor")
        )

    assert ground() == "rgb(255, 255, 255)"
    page.click('[aria-label="Dark theme"]')
    assert ground() == "rgb(14, 26, 45)"
    label = f"{page.panel('sizes')} .role-axis-label text"
    page.until(lambda: page.find(label).get_attribute("fill") == "#98A8C3")
    page.click('[aria-label="Light theme"]')


def test_one_broken_panel_does_not_spoil_the_others(chromium: Any) -> None:
    objects = dashboard()
    panels = json.loads(objects[-1]["attributes"]["panelsJSON"])
    spec = {"$schema": "https://vega.github.io/schema/vega/v5.json", "marks": [{"type": "nonsense", "encode": {}}]}
    stored = {p["panelIndex"]: p["embeddableConfig"] for p in panels}
    stored["scatter"]["savedVis"]["params"]["spec"] = json.dumps(spec)
    stored["pie"]["attributes"]["references"] = []
    objects[-1]["attributes"]["panelsJSON"] = json.dumps(panels)
    objects[-1]["references"] = [r for r in objects[-1]["references"] if not r["name"].startswith("pie:")]
    with servers(objects) as (url, _), running_viewer(url) as root:
        page = Page(chromium, root).open()
        scatter, pie = (page.find(f"{page.panel(name)} .panel-note.problem").text for name in ("scatter", "pie"))
        assert scatter.startswith("Vega: ") and pie == 'data view "" does not exist'
        assert len(page.all(".panel-note.problem")) == 2
        assert page.texts(".tile-value") == ["120", "5", "0.523", "0.814"]


def test_list_of_dashboards_and_one_that_is_missing(page: Page) -> None:
    page.open("dashboards")
    assert page.texts(".card strong") == ["Image recognition"]
    page.find(".card").click()
    page.until(lambda: len(page.all(".panel")) == 11)
    page.drawn()
    page.open("dashboards#/view/gone")
    assert 'dashboard "gone" does not exist' in page.find(".page-note.problem").text


def test_no_dashboards_yet(chromium: Any) -> None:
    with servers([]) as (url, _), running_viewer(url) as root:
        page = Page(chromium, root).open("dashboards")
        assert page.find(".page-note strong").text == "No dashboards yet"


def test_landmarks_and_names_for_screen_readers(page: Page) -> None:
    assert page.find("main") and page.find("nav[aria-label]") and page.find("h1").get_attribute("textContent")
    for element in page.all(".panel"):
        name = page.find(f"[id='{element.get_attribute('aria-labelledby')}']").get_attribute("textContent")
        assert name
    for button in page.all("button"):
        assert button.text or button.get_attribute("aria-label")
    said = page.find(f"{page.panel('pie')} .drawing").get_attribute("aria-label")
    assert said.startswith("Donut of Images: 0 40.0%, 1 15.0%")
    assert page.find(f"{page.panel('table')} caption").get_attribute("textContent").startswith("Table of 120 rows")
    page.driver.execute_script("document.activeElement.blur()")
    ActionChains(page.driver).send_keys(Keys.TAB).perform()
    assert page.driver.switch_to.active_element.text == "Skip to content"
