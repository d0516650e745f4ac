"""A picture of a page in headless Chromium: `python shot.py URL OUT.png [--width --height --wait --theme]`."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import Any

# What a container without a graphics card, a sandbox of its own and a network needs.
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage", "--hide-scrollbars",
    "--force-color-profile=srgb",
)  # fmt: skip


def chromium() -> str | None:
    """The browser's path, or None: `ESCTL_CHROMIUM`, else the first of the usual names."""
    names = (os.environ.get("ESCTL_CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if name and (path := which(name))), None)


@contextmanager
def browser(width: int = 1600, height: int = 1200, *, theme: str = "light") -> Iterator[Any]:
    """A Selenium driver with a fresh profile; the viewport has exactly this size."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    found = chromium()
    if found is None:
        raise RuntimeError("Chromium is not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = found
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with tempfile.TemporaryDirectory() as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}"):
            options.add_argument(flag)
        driver = webdriver.Chrome(options=options, service=Service(which("chromedriver")))
        try:
            size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "UTC"})
            features = [{"name": "prefers-color-scheme", "value": theme}]
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
            yield driver
        finally:
            driver.quit()


READY = """
    return document.readyState === 'complete' && !document.querySelector('body[aria-busy], .panel[aria-busy], .loading')
"""


def wait_until_drawn(driver: Any, seconds: float = 30.0) -> None:
    """Wait until no panel is loading; raises TimeoutError."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if driver.execute_script(READY):
            return
        time.sleep(0.05)
    raise TimeoutError(f"{driver.current_url} is still loading after {seconds:.0f} s")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("out", type=Path)
    parser.add_argument("--width", type=int, default=1600)
    parser.add_argument("--height", type=int, default=1200)
    parser.add_argument("--wait", type=float, default=0.5, help="seconds after everything is drawn")
    parser.add_argument("--theme", choices=("light", "dark"), default="light")
    given = parser.parse_args()
    with browser(given.width, given.height, theme=given.theme) as driver:
        driver.get(given.url)
        wait_until_drawn(driver)
        time.sleep(given.wait)
        driver.save_screenshot(str(given.out))
        for entry in driver.get_log("browser"):
            print(entry["level"], entry["message"], file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
