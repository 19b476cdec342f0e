"""A real browser for tests of pages: Debian's Chromium, without a screen, driven by its own driver."""

from __future__ import annotations

import json
import os
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from selenium.webdriver import ActionChains, Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from selenium.webdriver.remote.webelement import WebElement

BROWSER, DRIVER = "chromium", "chromedriver"
SECONDS = 30
# Without a network, a profile or a graphics card, as root. What Chromium would do in the background is turned off.
OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
)


@dataclass(frozen=True)
class Browser:
    """A browser, and what a test wants of it."""

    driver: Chrome

    def open(self, file: Path, fragment: str = "") -> None:
        """Open a page of ours, and wait until it has drawn itself."""
        self.driver.get("about:blank")  # a URL that differs in its fragment only would not be loaded anew
        self.driver.get(file.as_uri() + (f"#{fragment}" if fragment else ""))
        self.until(lambda: self.run("return document.documentElement.dataset.ready") == "yes")

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        (element,) = self.all(selector)
        return element

    def text(self, selector: str) -> str:
        return " ".join(self.one(selector).text.split())

    def texts(self, selector: str) -> list[str]:
        return [" ".join(element.text.split()) for element in self.all(selector)]

    def click(self, selector: str) -> None:
        self.one(selector).click()

    def press(self, *keys: str) -> None:
        """Press keys one after another, wherever the keyboard is."""
        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def run(self, script: str, *arguments: object) -> Any:
        return self.driver.execute_script(script, *arguments)

    def until(self, condition: Callable[[], object]) -> None:
        WebDriverWait(self.driver, SECONDS).until(lambda _: condition())

    @property
    def fragment(self) -> str:
        return str(self.run("return location.hash.slice(1)"))

    @property
    def focused(self) -> WebElement:
        return self.driver.switch_to.active_element

    def resize(self, width: int, height: int) -> None:
        """Give the page this room, in CSS pixels."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def prefer(self, scheme: str) -> None:
        """Be in a system of light or dark colours."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def complaints(self) -> list[str]:
        """Give what the console says, once."""
        return [entry["message"] for entry in self.driver.get_log("browser")]  # type: ignore[no-untyped-call]

    def requests(self) -> list[str]:
        """Give the URLs that the pages that were opened have asked for, once.

        A new browser asks for more on its own, for its page of new tabs.
        """
        entries = self.driver.get_log("performance")  # type: ignore[no-untyped-call]
        messages = [json.loads(entry["message"])["message"] for entry in entries]
        sent = [message["params"] for message in messages if message["method"] == "Network.requestWillBeSent"]
        return [each["request"]["url"] for each in sent if each["documentURL"].startswith("file:")]


@contextmanager
def browser() -> Iterator[Browser]:
    """Run a browser with a profile of its own; the test is skipped where there is none."""
    paths = [shutil.which(program) for program in (BROWSER, DRIVER)]
    for program, path in zip((BROWSER, DRIVER), paths, strict=True):
        if path is None:
            pytest.skip(f"there is no {program}: apt install chromium chromium-driver")
    with TemporaryDirectory(prefix="stackwright-browser-") as directory:
        options = ChromeOptions()
        options.binary_location = paths[0] or ""
        for option in (*OPTIONS, f"--user-data-dir={directory}/profile"):
            options.add_argument(option)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        driver = Chrome(options=options, service=Service(paths[1], env={**os.environ, "HOME": directory}))
        try:
            yield Browser(driver)
        finally:
            driver.quit()
            _until_gone(directory)


def _until_gone(directory: str) -> None:
    """Give the last processes of a browser, which write into its profile, the time to end."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        try:
            shutil.rmtree(directory)
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.2)
