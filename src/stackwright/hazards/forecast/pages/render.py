"""The pages of a forecast as HTML: what they are made of lies in ``html/``, and nothing in them runs.

Every text of the forecast is escaped: subjects of patches and messages of upstream say what they like.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from stackwright.hazards.forecast.model import Fate, Subject, Verdict, Weight
from stackwright.hazards.forecast.pages import view
from stackwright.html import look, policy
from stackwright.html.templates import ascii_only, templates

if TYPE_CHECKING:
    from collections.abc import Iterator

    import jinja2

    from stackwright.hazards.forecast.model import Forecast

# How files that we made are known among others: it stands in each page, as near to its beginning as can be.
GENERATOR = '<meta name="generator" content="stackwright upgrade forecast">'
COLOURS = {Verdict.GO: "%231f7a54", Verdict.STEPS: "%238f5300", Verdict.NO_GO: "%23b3261e"}
# `a command`, or ``a literal`` of upstream's; not what is between the ends of two texts that were quoted and cut.
LITERAL = re.compile(r"``([^`']+)``|(?<!`)`([^`']+)`(?!`)")
# A first word that is none of a command, and no name with signs in it.
WORD = re.compile(r"(?!stackwright\b)[a-z]+(?=[ ,])")


def render(forecast: Forecast) -> dict[str, str]:
    """Give the pages of a forecast by the names of their files; their text is ASCII."""
    pages = _templates()
    components = view.components(forecast)
    found = {
        view.file_of(each.name): pages.get_template("component.html").render(
            forecast=forecast,
            component=each,
            verdict=each.verdict,
            sentence=view.sentence(each.findings, unseen=any(sheet.unseen for sheet in each.sheets)),
        )
        for each in components
    }
    unseen = view.unseen(forecast)
    findings = [*forecast.findings, *(one for each in components for one in each.findings)]
    found[view.INDEX] = pages.get_template("index.html").render(
        forecast=forecast,
        verdict=forecast.verdict,
        sentence=view.sentence(findings, unseen=bool(unseen)),
        releases=view.releases(forecast),
        components=components,
        way=view.of_way(forecast),
        parts=view.parts(forecast),
        unseen=unseen,
    )
    return {name: ascii_only(text) for name, text in found.items()}


@cache
def _templates() -> jinja2.Environment:
    found = templates(__package__ or "")
    styles = look() + (resources.files(__package__) / "html/forecast.css").read_text(encoding="ascii")
    found.globals = {
        "generator": GENERATOR,
        "styles": styles,
        "policy": policy(styles),
        "colours": COLOURS,
        "headings": view.HEADINGS,
        "index": view.INDEX,
        "address_of": view.address_of,
        "Fate": Fate,
        "Subject": Subject,
        "Verdict": Verdict,
        "Weight": Weight,
    }
    found.filters |= {"pieces": _pieces, "capital": _capital, "counted": view.counted, "day": _day}
    return found


def _pieces(text: str) -> Iterator[tuple[bool, str]]:
    """Give a sentence in pieces: whether each is a command or a literal, and its text."""
    end = 0
    for found in LITERAL.finditer(text):
        yield False, text[end : found.start()]
        yield True, found[1] or found[2]
        end = found.end()
    yield False, text[end:]


def _capital(text: str, name: str = "") -> str:
    """Give a sentence a capital letter, where it begins with a plain word that is not the name that it is about."""
    word = WORD.match(text)
    return text[0].upper() + text[1:] if word and word[0] != name else text


def _day(made: str) -> str:
    """Give a time as it is kept as a person would say it."""
    time = datetime.fromisoformat(made).astimezone(UTC)
    return f"{time.day} {time:%B %Y, %H:%M} UTC"
