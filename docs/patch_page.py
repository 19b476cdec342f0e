"""The pictures in patch-page.md, taken by a browser of the page of a real run.

    stackwright patch status --html status.html
    python -m docs.patch_page status.html 'nova/2026.1/0003-x.patch'

The second, from the project's folder, writes docs/patch-page-light.png and docs/patch-page-dark.png; its second word is
what is open in the page, as in the fragment of its URL. The pictures that are there are of examples/minicloud, its
patches also carried for the three releases before its own.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.browser import browser

WIDTH, HEIGHT = 1440, 900


def take(page: Path, fragment: str) -> None:
    """Take a picture in light and one in dark colours."""
    with browser() as chromium:
        chromium.resize(WIDTH, HEIGHT)
        for scheme in ("light", "dark"):
            chromium.prefer(scheme)
            chromium.open(page, fragment)
            chromium.driver.save_screenshot(str(Path(__file__).with_name(f"patch-page-{scheme}.png")))


if __name__ == "__main__":
    take(Path(sys.argv[1]).resolve(), sys.argv[2] if len(sys.argv) > 2 else "")
