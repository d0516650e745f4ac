"""Vega specs on one page in headless Chromium, with Vega itself, interpreted as Kibana does, and nothing of the viewer."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PAGE = """<!doctype html><meta charset="utf-8"><body style="margin:0"><script src="vega.js"></script>PLACES
<script>
window.filters = []; window.said = []; window.views = {};
for (const level of ["warn", "error"]) console[level] = (...words) => window.said.push(words.join(" "));
(async () => {
  for (const [id, spec] of Object.entries(SPECS)) {
    const place = document.getElementById(id);
    Object.assign(spec, {width: place.clientWidth, height: place.clientHeight});
    spec.autosize = {type: "fit", contains: "padding"};
    const kibanaAddFilter = (query, index, alias) => { window.filters.push([query, index, alias]); return 1; };
    const options = {mode: "vega", actions: false, ast: true, renderer: "canvas", expressionFunctions: {kibanaAddFilter}};
    window.views[id] = (await vegaEmbed(place, spec, options)).view;
  }
  window.done = true;
})().catch(error => { window.said.push(String(error)); window.done = true; });
</script>"""
FLAGS = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"  # noqa: E501

MARK = """
    const [name, position] = arguments, walk = (mark) => {
      if (mark.name === name) return mark.items[position];
      for (const item of mark.items || []) for (const inner of item.items || []) {
        const inside = walk(inner);
        if (inside) return inside;
      }
    };
    const item = walk(views.VIEW.scenegraph().root);
    return [item.x + (item.width || 0) / 2, item.y + (item.height || 0) / 2, item.datum];
"""


@dataclass(frozen=True)
class VegaPage:
    """`filters` are what clicks have asked Kibana for: [query, index, alias]."""

    driver: Any

    def signal(self, view: str, name: str) -> Any:
        return self.driver.execute_script(f"return views.{view}.signal('{name}')")

    def data(self, view: str, name: str) -> list[dict[str, Any]]:
        return list(self.driver.execute_script(f"return views.{view}.data('{name}')"))

    def at(self, view: str, x: float, y: float) -> Any:
        """An action chain at a point of the view's plot area."""
        from selenium.webdriver.common.action_chains import ActionChains
        from selenium.webdriver.common.by import By

        canvas = self.driver.find_element(By.CSS_SELECTOR, f"#{view} canvas")
        origin = self.driver.execute_script(f"return views.{view}.origin()")
        left = origin[0] + 5 + x - canvas.size["width"] / 2
        top = origin[1] + 5 + y - canvas.size["height"] / 2
        return ActionChains(self.driver, duration=20).move_to_element_with_offset(canvas, round(left), round(top))

    def click(self, view: str, mark: str, position: int = 0) -> dict[str, Any]:
        """A click on a mark; its datum."""
        x, y, datum = self.driver.execute_script(MARK.replace("VIEW", view), mark, position)
        self.at(view, x, y).click().perform()
        self.settle(view)
        return dict(datum)

    def key(self, view: str, key: str) -> None:
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.driver, duration=20).send_keys(key).perform()
        self.settle(view)

    def settle(self, view: str) -> None:
        self.driver.execute_async_script(
            f"const [done] = arguments; views.{view}.runAsync().then(() => setTimeout(done))"
        )

    def filters(self) -> list[list[Any]]:
        """And forgets them."""
        return list(self.driver.execute_script("const all = window.filters; window.filters = []; return all"))

    def said(self) -> list[str]:
        return list(self.driver.execute_script("return window.said"))


@contextmanager
def vega_page(folder: Path, panels: dict[str, tuple[dict[str, Any], Any, tuple[int, int]]]) -> Iterator[VegaPage]:
    """Name → (spec, the answer to its search, size). Skips where there is no Chromium, fails there in CI."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver):
        if os.environ.get("CI"):
            pytest.fail("CI needs chromium and chromedriver for the tests of the Vega panels")
        pytest.skip("NO CHROMIUM HERE: paging, zoom and clicks of the Vega panels are not tested")
    import vl_convert
    from selenium import webdriver
    from selenium.webdriver.support.ui import WebDriverWait

    (folder / "vega.js").write_text(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))
    places, specs = "", {}
    for name, (written, answer, (width, height)) in panels.items():
        spec = json.loads(json.dumps(written))
        del spec["$schema"]  # v5, which vega-embed would remark upon: the bundle is Vega 6
        for source in spec["data"]:
            if "url" in source:
                source["values"] = answer
                source["format"] = {"type": "json", **source["format"]}
                del source["url"]
        specs[name] = spec
        places += f'<div id="{name}" style="width:{width}px;height:{height}px"></div>'
    (folder / "page.html").write_text(PAGE.replace("PLACES", places).replace("SPECS", json.dumps(specs)))
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS.split(), "--window-size=1000,2200", f"--user-data-dir={folder}/profile"):
        options.add_argument(flag)
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        opened.get((folder / "page.html").as_uri())
        WebDriverWait(opened, 30).until(lambda b: b.execute_script("return window.done"))
        yield VegaPage(opened)
    finally:
        opened.quit()
