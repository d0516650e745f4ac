"""Controls, filter pills and the time range in headless Chromium, before the sandbox's own servers."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from control_objects import orders, with_controls
from running_viewer import running_viewer
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from viewer_page import Page

pytestmark = pytest.mark.browser


def fill(elasticsearch: str, kibana: str) -> None:
    fields = {"ordered": {"type": "date"}, "city": {"type": "keyword"}, "price": {"type": "double"}}
    made = requests.put(f"{elasticsearch}/orders", json={"mappings": {"properties": fields}}, timeout=30)
    made.raise_for_status()
    lines = "".join('{"index": {}}\n' + json.dumps(doc) + "\n" for doc in orders())
    headers = {"content-type": "application/x-ndjson"}
    url = f"{elasticsearch}/orders/_bulk?refresh=true"
    assert requests.post(url, data=lines, headers=headers, timeout=30).json()["errors"] is False
    file = ("objects.ndjson", "\n".join(json.dumps(o) for o in with_controls()))
    url = f"{kibana}/api/saved_objects/_import?overwrite=true"
    answer = requests.post(url, files={"file": file}, headers={"kbn-xsrf": "true"}, timeout=30).json()
    assert answer["success"] is True, answer


@pytest.fixture
def page(chromium: Any, fresh_sandbox: Any) -> Iterator[Page]:
    fill(fresh_sandbox.elasticsearch_url, fresh_sandbox.kibana_url)
    with running_viewer(fresh_sandbox.elasticsearch_url, fresh_sandbox.kibana_url) as root:
        yield Page(chromium, root).open("dashboards#/view/controls")


def shown(page: Page) -> int:
    """How many orders the bars stand for."""
    (name,) = [
        n
        for n in page.driver.execute_script(
            "return Object.keys(document.querySelector('.drawing').view.getState({data: () => true}).data)"
        )
        if n.startswith("source") or n == "data_0"
    ][:1]
    return sum(int(row.get("y") or row.get("value") or 0) for row in page.data("time", name))


def control(page: Page, title: str) -> Any:
    (found,) = [c for c in page.all(".control") if c.text.startswith(title)]
    return found


def opened(page: Page, title: str) -> Any:
    control(page, title).find_element("css selector", ".control-button").click()
    page.until(lambda: bool(page.all(".popover:not([hidden]) :is(input, .problem)")))
    return page.find(".popover:not([hidden])")


def asked(page: Page) -> dict[str, Any]:
    """The state as the address tells it."""
    from urllib.parse import parse_qs, urlparse

    query = urlparse(page.driver.current_url).fragment.partition("?")[2]
    return json.loads(parse_qs(query)["state"][0]) if query else {}


def test_every_control_is_there_and_the_console_is_silent(page: Page) -> None:
    assert page.texts(".narrow .control-title") == ["City", "Price", "When", "Size"]
    assert page.texts(".narrow .control-value") == ["Any", "Any", "Any", "10"]
    assert control(page, "Town").find_element("xpath", "ancestor::section[@data-panel='placed']")
    assert page.texts(".panel-note") == []
    assert page.console() == []


def test_a_range_slider_by_keys_and_by_number(page: Page) -> None:
    dialog = opened(page, "Price")
    low, high = dialog.find_elements("css selector", "input[type=range]")
    assert page.driver.switch_to.active_element == low
    assert (low.get_attribute("aria-label"), high.get_attribute("aria-label")) == ("Minimum", "Maximum")
    low.send_keys(Keys.ARROW_RIGHT)
    page.drawn()
    assert asked(page)["controls"]["price"]["range"] == [0.5, 99.5]
    number = dialog.find_elements("css selector", "input[type=number]")[1]
    number.send_keys(Keys.CONTROL, "a", Keys.NULL, "10", Keys.TAB)
    page.drawn()
    assert asked(page)["controls"]["price"]["range"] == [0.5, 10]
    page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert not page.all(".popover:not([hidden])")
    assert control(page, "Price").text.split("\n")[1] == "0.5 – 10"
    page.until(lambda: shown(page) == 20)


def test_a_time_slider_narrows_the_time_range(page: Page) -> None:
    before = shown(page)
    dialog = opened(page, "When")
    low, _ = dialog.find_elements("css selector", "input[type=range]")
    for _ in range(5):
        low.send_keys(Keys.PAGE_UP)
    page.drawn()
    assert asked(page)["controls"]["when"]["share"] == [0.5, 1]
    page.until(lambda: 0 < shown(page) < before)


def test_a_list_takes_existence_and_what_is_excluded(page: Page) -> None:
    whole = shown(page)
    opened(page, "City")
    assert page.texts(".options em") == ["Exists"]
    page.click(".options li:nth-child(2) label")
    page.drawn()
    chosen = shown(page)
    assert 0 < chosen < whole
    assert page.driver.switch_to.active_element.get_attribute("type") == "checkbox"
    page.click(".option-tools label")
    page.until(lambda: shown(page) == whole - chosen)
    assert control(page, "City").text.split("\n")[1].startswith("NOT ")


def test_a_control_in_the_grid_filters(page: Page) -> None:
    whole = shown(page)
    opened(page, "Town")
    page.click(".popover:not([hidden]) .options li:nth-child(2) label")
    page.until(lambda: 0 < shown(page) < whole)


def test_a_variable_of_esql_always_has_a_value(page: Page) -> None:
    opened(page, "Size")
    page.click(".popover:not([hidden]) .options li:nth-child(2) label")
    page.drawn()
    assert asked(page)["controls"]["size"] == {"values": ["20"]}
    assert page.driver.switch_to.active_element.get_attribute("class").startswith("control-button")


def test_a_drag_over_time_chooses_it(page: Page) -> None:
    box = page.find(".drawing").rect
    drag = ActionChains(page.driver).move_to_element_with_offset(page.find(".drawing"), -box["width"] // 4, 0)
    drag.click_and_hold().move_by_offset(100, 0).move_by_offset(100, 0).release().perform()
    page.until(lambda: "time" in asked(page))
    page.drawn()
    time = asked(page)["time"]
    assert "2026-01-02" < time["from"] < time["to"] < "2026-01-10"
    assert page.texts(".pill") == []
    assert " – " in page.find(".time option:checked").text


def test_two_moments_by_keyboard(page: Page) -> None:
    page.find(".time").send_keys("From")
    page.until(lambda: bool(page.all("dialog[open]")))
    start, end = page.all("dialog input")
    for field, text in ((start, "2026-01-03T00:00:00"), (end, "2026-01-02T00:00:00")):
        page.driver.execute_script("arguments[0].value = arguments[1]", field, text)
    start.send_keys(Keys.ENTER)
    assert page.find("dialog .problem").text == "The end must be after the start."
    page.driver.execute_script("arguments[0].value = '2026-01-05T00:00:00'", end)
    start.send_keys(Keys.ENTER)
    page.drawn()
    assert page.find(".time option:checked").text == "2026-01-03 00:00:00 – 2026-01-05 00:00:00"
    page.until(lambda: shown(page) == 42)


def test_a_pill_is_switched_off_turned_and_taken_away_by_keyboard(page: Page) -> None:
    whole = shown(page)
    ActionChains(page.driver).move_to_element(page.all(".drawing .mark-rect path")[2]).click().perform()
    page.until(lambda: bool(page.all(".pill")))
    page.drawn()
    chosen = shown(page)
    assert chosen < whole
    switch = page.find(".pill .switch")
    assert switch.get_attribute("aria-checked") == "true"
    switch.send_keys(Keys.SPACE)
    page.until(lambda: shown(page) == whole)
    assert page.find(".pill .switch").get_attribute("aria-checked") == "false"
    page.find(".pill .switch").send_keys(Keys.ENTER)
    page.until(lambda: shown(page) == chosen)
    page.find(".pill .label").send_keys(Keys.ENTER)
    page.until(lambda: shown(page) == whole - chosen)
    page.find(".pill .remove").send_keys(Keys.ENTER)
    page.until(lambda: shown(page) == whole and not page.all(".pill"))


AXE = Path(os.environ.get("ESCTL_AXE", ""))


@pytest.mark.skipif(not AXE.is_file(), reason="ESCTL_AXE names no axe.min.js (npm pack axe-core)")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(page: Page, theme: str) -> None:
    if theme == "dark":
        page.click('[aria-label="Dark theme"]')
        page.drawn()
    opened(page, "Price")
    page.driver.execute_script(AXE.read_text())
    found = page.driver.execute_async_script("axe.run().then(arguments[arguments.length - 1])")
    if theme == "dark":
        page.click('[aria-label="Light theme"]')
    assert [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in found["violations"]] == []
