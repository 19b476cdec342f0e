"""The browser that the tests of the page share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from stackwright.patches.matrix.page import page
from tests.browser import Browser, browser
from tests.matrices import every_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stackwright.patches.matrix.cells import Matrix


@pytest.fixture(scope="module")
def one_browser() -> Iterator[Browser]:
    with browser() as it:
        yield it


@pytest.fixture
def chromium(one_browser: Browser) -> Iterator[Browser]:
    """Give a browser of which each test has to leave a quiet console, and no request but for the page itself."""
    one_browser.resize(1440, 900)
    one_browser.prefer("light")
    yield one_browser
    assert one_browser.complaints() == []
    asked = [url for url in one_browser.requests() if not url.startswith(("data:", "chrome:", "about:"))]
    assert asked
    assert all(re.fullmatch(r"file:///\S+\.html", url) for url in asked)


@pytest.fixture
def show(chromium: Browser, tmp_path: Path) -> Callable[..., Browser]:
    """Give what opens the page of a matrix."""

    def shown(matrix: Matrix | None = None, fragment: str = "") -> Browser:
        file = tmp_path / "status.html"
        file.write_text(page(matrix or every_state()), encoding="ascii")
        chromium.open(file, fragment)
        return chromium

    return shown
