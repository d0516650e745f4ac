"""One dashboard of the viewer in the browser, as the tests see and touch it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from shot import wait_until_drawn


class Page:
    """One dashboard in the browser."""

    def __init__(self, driver: Any, root: str) -> None:
        self.driver, self.root = driver, root

    def open(self, path: str = "dashboards#/view/image-recognition") -> Page:
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get(f"{self.root}/{path}")
        self.drawn()
        return self

    def drawn(self) -> None:
        wait_until_drawn(self.driver)

    def find(self, selector: str) -> Any:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[Any]:
        return list(self.driver.find_elements(By.CSS_SELECTOR, selector))

    def texts(self, selector: str) -> list[str]:
        return [element.text for element in self.all(selector)]

    def panel(self, name: str) -> str:
        return f'[data-panel="{name}"]'

    def click(self, selector: str) -> None:
        self.find(selector).click()
        self.until(lambda: not self.all("[aria-busy]"))

    def until(self, true: Callable[[], bool], seconds: float = 10) -> None:
        limit = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < limit, "waited in vain"
            time.sleep(0.03)

    def console(self) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def data(self, panel: str, name: str) -> list[dict[str, Any]]:
        """A data set of a Vega panel."""
        script = "return document.querySelector(arguments[0]).view.data(arguments[1])"
        return list(self.driver.execute_script(script, f"{self.panel(panel)} .drawing", name))

    def signal(self, panel: str, name: str) -> Any:
        script = "return document.querySelector(arguments[0]).view.signal(arguments[1])"
        return self.driver.execute_script(script, f"{self.panel(panel)} .drawing", name)


def pick(page: Page, selector: str, position: int = 0) -> None:
    """A click on a mark inside an SVG, where the browser itself would click."""
    ActionChains(page.driver).move_to_element(page.all(selector)[position]).click().perform()
    page.until(lambda: bool(page.all(".pill")))
    page.drawn()
