"""The two Vega panels in a browser, with Vega itself and nothing of the viewer: pages, pan, zoom, reset, click."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from plain_vega import answer

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><meta charset="utf-8"><body style="margin:0"><script src="vega.js"></script>
<div id="scatter" style="width:700px;height:400px"></div><div id="gallery" style="width:830px;height:630px"></div>
<script>
window.filters = []; window.said = []; window.views = {};
for (const level of ["warn", "error"]) console[level] = (...words) => window.said.push(words.join(" "));
(async () => {
  for (const [id, spec] of Object.entries(SPECS)) {
    const place = document.getElementById(id);
    Object.assign(spec, {width: place.clientWidth, height: place.clientHeight});
    spec.autosize = {type: "fit", contains: "padding"};
    const kibanaAddFilter = (query, index, alias) => { window.filters.push([query, index, alias]); return 1; };
    const shown = await vegaEmbed(place, spec, {mode: "vega", actions: false, expressionFunctions: {kibanaAddFilter}});
    window.views[id] = shown.view;
  }
  window.done = true;
})().catch(error => { window.said.push(String(error)); window.done = true; });
</script>"""


@pytest.fixture(scope="module")
def browser(panels, rows, tmp_path_factory):
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver):
        if os.environ.get("CI"):
            pytest.fail("CI needs chromium and chromedriver for the tests of the dashboard's Vega panels")
        pytest.skip("NO CHROMIUM HERE: paging, zoom and clicks of the dashboard's Vega panels are not tested")
    import vl_convert
    from selenium import webdriver
    from selenium.webdriver.support.ui import WebDriverWait

    folder: Path = tmp_path_factory.mktemp("vega")
    (folder / "vega.js").write_text(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))
    specs = {}
    for id_ in ("scatter", "gallery"):
        spec = json.loads(json.dumps(panels[id_]["config"]["spec"]["value"]))
        del spec["$schema"]  # v5, which vega-embed would remark upon: the bundle is Vega 6
        for source in spec["data"]:
            if "url" in source:
                source["values"] = answer(source, rows)
                del source["url"], source["format"]
        specs[id_] = spec
    (folder / "page.html").write_text(PAGE.replace("SPECS", json.dumps(specs)))

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
        f" --disable-component-update --disable-sync --window-size=1000,1200 --user-data-dir={folder}/profile"
    ).split():
        options.add_argument(flag)
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        opened.get((folder / "page.html").as_uri())
        WebDriverWait(opened, 30).until(lambda b: b.execute_script("return window.done"))
        yield opened
    finally:
        opened.quit()


def signal(browser, view, name):
    return browser.execute_script(f"return views.{view}.signal('{name}')")


def at(browser, view, x, y):
    """An action chain at a point of the view's plot area."""
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By

    canvas = browser.find_element(By.CSS_SELECTOR, f"#{view} canvas, #{view} svg")
    origin = browser.execute_script(f"return views.{view}.origin()")
    left = origin[0] + 5 + x - canvas.size["width"] / 2
    top = origin[1] + 5 + y - canvas.size["height"] / 2
    return ActionChains(browser).move_to_element_with_offset(canvas, round(left), round(top))


def settle(browser, view):
    browser.execute_async_script(f"const [done] = arguments; views.{view}.runAsync().then(() => done())")


def test_vega_has_nothing_to_remark(browser):
    assert browser.execute_script("return window.said") == []


def test_the_arrows_turn_the_pages(browser):
    width, height = signal(browser, "gallery", "width"), signal(browser, "gallery", "height")
    assert (signal(browser, "gallery", "pages"), signal(browser, "gallery", "per_page")) == (4, 24)
    seen = []
    for arrow in (-62, 62, 62, 62, 62, -62):
        at(browser, "gallery", width / 2 + arrow, height - 12).click().perform()
        settle(browser, "gallery")
        seen.append(signal(browser, "gallery", "page"))
    assert seen == [0, 1, 2, 3, 3, 2]


def test_a_click_on_an_image_or_a_dot_filters_by_its_cluster(browser):
    shown = browser.execute_script("return views.gallery.data('shown')[7]")
    at(browser, "gallery", shown["left"] + 20, shown["top"] + 20).click().perform()
    settle(browser, "gallery")
    dot = browser.execute_script(
        "const v = views.scatter, d = v.data('points')[3]; return {...d, at: [v.scale('x')(d.x), v.scale('y')(d.y)]}"
    )
    at(browser, "scatter", *dot["at"]).click().perform()
    settle(browser, "scatter")
    clusters = [shown["cluster"], dot["cluster"]]
    assert browser.execute_script("return window.filters") == [
        [{"match_phrase": {"cluster": cluster}}, "image_data", f"cluster: {cluster}"] for cluster in clusters
    ]


def test_pan_zoom_and_reset(browser):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.actions.wheel_input import ScrollOrigin
    from selenium.webdriver.common.by import By

    canvas = browser.find_element(By.CSS_SELECTOR, "#scatter canvas, #scatter svg")
    whole = signal(browser, "scatter", "shown_x")
    at(browser, "scatter", 300, 200).click_and_hold().move_by_offset(60, 0).release().perform()
    settle(browser, "scatter")
    panned = signal(browser, "scatter", "shown_x")
    assert panned[0] < whole[0] and panned[1] - panned[0] == pytest.approx(whole[1] - whole[0])
    ActionChains(browser).scroll_from_origin(ScrollOrigin.from_element(canvas), 0, -300).perform()
    settle(browser, "scatter")
    zoomed = signal(browser, "scatter", "shown_x")
    assert 0.5 < (zoomed[1] - zoomed[0]) / (whole[1] - whole[0]) < 0.9
    ActionChains(browser).double_click(canvas).perform()
    settle(browser, "scatter")
    assert signal(browser, "scatter", "shown_x") == whole
