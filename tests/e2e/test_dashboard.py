"""A site with the dashboard, and a person at it: she logs in, launches a server by the form, and sees its screen."""

from __future__ import annotations

import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import yaml
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By

from stackwright.site import state
from stackwright.site.paths import SitePaths
from tests.browser import Browser, browser

from .conftest import EXAMPLE, SECRETS, STATE, Stackwright, need_root

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selenium.webdriver.remote.webelement import WebElement

pytestmark = pytest.mark.cloud

FORM = ".modal-dialog"
# What a page is looked at for, again and again: a server takes its time under emulation.
LOOKS = 60


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stackwright]:
    """A cloud that has the dashboard."""
    need_root()
    distribution = tmp_path_factory.mktemp("dashboard") / "minicloud"
    shutil.copytree(EXAMPLE, distribution, ignore=SECRETS)
    file = distribution / "sites/local.yaml"
    site = yaml.safe_load(file.read_text())
    file.write_text(yaml.safe_dump({**site, "services": ["core", "horizon"]}, sort_keys=False))
    cloud = Stackwright(distribution, STATE / "dashboard").fresh()
    cloud("up")
    yield cloud
    cloud("destroy", "--yes")


@pytest.fixture(scope="module")
def rows(cloud: Stackwright) -> dict[str, dict[str, str]]:
    """What the smoke test says, which leaves an image, a flavor and a network named `demo`."""
    return {row["Check"]: row for row in cloud.json("smoke", "--keep")}


class Person:
    """Somebody at the dashboard."""

    def __init__(self, cloud: Stackwright, page: Browser) -> None:
        chosen = state.load(SitePaths(cloud.site))
        assert chosen is not None
        (one,) = yaml.safe_load((cloud.site / "clouds.yaml").read_text())["clouds"].values()
        self.page, self.auth = page, one["auth"]
        self.address = f"http://127.0.0.1:{chosen.ports['horizon-dashboard']}"
        self.proxy = f"http://127.0.0.1:{chosen.ports['nova-novncproxy']}"
        page.resize(1280, 1000)

    def goes_to(self, path: str) -> None:
        self.page.driver.get(self.address + path)

    def logs_in(self, password: str) -> None:
        self.goes_to("/")
        self.page.one("#id_username").send_keys(self.auth["username"])
        self.page.one("#id_password").send_keys(password)
        self.page.click("button[type=submit]")

    def sees(self, selector: str) -> list[WebElement]:
        return [element for element in self.page.all(selector) if element.is_displayed()]

    def launches(self, name: str, **parts: str) -> None:
        """Fill the form for a new server and send it.

        :param parts: step of the form -> what is picked there
        """
        self.goes_to("/project/instances/")
        self.page.until(lambda: self.sees("#instances__action_launch-ng"))
        self.page.click("#instances__action_launch-ng")
        self.page.until(lambda: self.sees(f"{FORM} input[name=name]"))
        self.sees(f"{FORM} input[name=name]")[0].send_keys(name)
        for step, choice in parts.items():
            self._picks(step, choice)
        (launch,) = [one for one in self.sees(f"{FORM} button") if "Launch Instance" in one.text]
        launch.click()
        self.page.until(lambda: not self.sees(FORM))

    def _picks(self, step: str, choice: str) -> None:
        (link,) = [one for one in self.sees(f"{FORM} li a") if one.text.strip(" *\n") == step]
        link.click()
        self.page.until(lambda: self._picked(choice))

    def _picked(self, choice: str) -> bool:
        with suppress(StaleElementReferenceException):  # the table is drawn anew while it is looked at
            for row in self.sees(f"{FORM} tr"):
                cells = [cell.text.strip() for cell in row.find_elements(By.TAG_NAME, "td")]
                buttons = [one for one in row.find_elements(By.TAG_NAME, "button") if one.is_displayed()]
                if choice in cells and buttons:
                    buttons[0].click()
                    return True
        return False

    def row(self, server: str) -> str:
        self.goes_to("/project/instances/")
        return next((text for text in self.page.texts("#instances tbody tr") if text.startswith(f"{server} ")), "")


@pytest.fixture
def person(cloud: Stackwright) -> Iterator[Person]:
    with browser() as page:
        yield Person(cloud, page)


def test_the_smoke_test_logs_in_and_out(rows: dict[str, dict[str, str]]) -> None:
    assert (rows["dashboard"]["Result"], rows["dashboard-logout"]["Result"]) == ("ok", "ok")
    assert rows["dashboard"]["What was seen"].startswith("admin has logged in at http://127.0.0.1:")


def test_a_wrong_password_is_told(person: Person) -> None:
    person.logs_in("wrong")
    person.page.until(lambda: "Invalid credentials." in person.page.text("body"))


@pytest.mark.usefixtures("rows")
def test_a_server_is_launched_by_the_form_and_its_screen_is_seen(cloud: Stackwright, person: Person) -> None:
    page = person.page
    person.logs_in(person.auth["password"])
    page.until(lambda: "/auth/login" not in page.driver.current_url)
    person.launches("by-the-form", Source="demo", Flavor="demo", Networks="demo")
    assert any(" Active " in person.row("by-the-form") for _ in range(LOOKS)), person.row("by-the-form")
    page.driver.save_screenshot(str(STATE / "dashboard-servers.png"))

    (link,) = [one for one in page.all("#instances tbody a") if one.text == "by-the-form"]
    page.driver.get(f"{link.get_attribute('href')}?tab=instance_details__console")
    page.until(lambda: page.all("iframe"))
    assert (page.one("iframe").get_attribute("src") or "").startswith(person.proxy)
    page.driver.switch_to.frame(page.one("iframe"))
    # noVNC says so when it has the screen, and draws it.
    page.until(lambda: page.text("#status").startswith("Connected"))
    page.until(lambda: page.all("canvas") and int(page.one("canvas").get_attribute("width") or 0) > 300)
    page.driver.switch_to.default_content()
    page.driver.save_screenshot(str(STATE / "dashboard-console.png"))
    cloud.openstack("server", "delete", "--wait", "by-the-form")


def test_its_scripts_and_styles_are_there_for_the_next_site(cloud: Stackwright) -> None:
    another = Stackwright(cloud.distribution, STATE / "dashboard-next").fresh()
    steps = {row["Step"] for row in another.json("plan")}
    assert "horizon/dashboard" in steps
    assert "horizon/assets" not in steps
