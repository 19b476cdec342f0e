"""Templates of pages: every text is escaped, and what a screen would not show is spelled."""

from __future__ import annotations

import re

import jinja2

# Control characters, bytes that are no UTF-8, signs that turn the direction of text.
UNSEEN = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def templates(package: str) -> jinja2.Environment:
    """Give the templates in the folder ``html`` of a package; one that names what it is not given fails."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader(package, "html"),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )


def ascii_only(page: str) -> str:
    """Give a page in signs that every editor and every server passes on."""
    return page.encode("ascii", "xmlcharrefreplace").decode()


def _visible(value: object) -> object:
    """Spell what a screen would not show; what is markup already has been looked at."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return UNSEEN.sub(lambda sign: repr(sign[0])[1:-1], value)
