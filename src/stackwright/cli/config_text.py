"""How an option is explained to a person."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stackwright.errors import Where
    from stackwright.site.config.explain import Explained

WIDTH = 100  # of texts of help


def explained(one: Explained, place: Callable[[Where], str]) -> Iterator[str]:
    """Say all of an option.

    :param place: says where something is said
    """
    from stackwright.site.config.typed import default_told, type_told
    from stackwright.site.files import CATALOGUE

    it = one.definition
    yield it.written
    flags = [word for word in ("required", "secret", "mutable", "advanced") if getattr(it, word)]
    rows = {
        "services": ", ".join(one.services),
        "type": type_told(it.type) + (", several times" if it.multi else ""),
        "default": "***" if it.secret and it.default else default_told(it),
        "flags": ", ".join(flags),
        "was": ", ".join(f"[{group or it.group}] {name}" for group, name in it.former),
        "goes": " ".join(f"deprecated for removal {it.since and f'since {it.since}'} {it.reason}".split())
        if it.removal
        else "",
    }
    for name, text in rows.items():
        if text:
            yield f"  {name + ':':<10} {text}"
    for choice, said in it.type.choices or ():
        if said:
            yield from _wrapped(f"{choice}: {' '.join(said.split())}", "    ")
    if it.help:
        yield ""
        for paragraph in textwrap.dedent(it.help).strip().split("\n\n"):
            yield from _paragraph(paragraph)
    if not one.settings:
        yield "  nobody sets it"
    for setting in one.settings:
        who = place(setting.where) if setting.layer == CATALOGUE else f"{setting.layer}, {place(setting.where)}"
        won = "set: " if setting.wins else "lost:"
        yield f"  {won} {setting.service} {setting.file}: {setting.value or '(nothing)'}  ({who})"


def _paragraph(text: str) -> Iterator[str]:
    """Wrap a paragraph of help; one that is a list, or laid out otherwise, stays as it is."""
    lines = text.splitlines()
    if any(line.startswith(("*", "-", " ")) for line in lines):
        yield from (f"  {line}" for line in lines)
    else:
        yield from _wrapped(" ".join(text.split()), "  ")
    yield ""


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
