"""The page of all services, made of the catalogue; and the picture in it.

``python -m stackwright.cli.services docs`` writes them; a test holds them to it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.catalogue.catalogue import own_catalogue
from stackwright.catalogue.graph import picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from stackwright.catalogue.model import Retired, Service

MADE = "<!-- Made by `python -m stackwright.cli.services docs`: change the catalogue, not this page. -->"
PAGE, PICTURE = "services.md", "services.svg"
INTRODUCTION = """\
What a site can name under `services:`. What a service needs comes with it: `stackwright catalogue list --chosen` says
of each service of a site why it is there. [catalogue.md](catalogue.md) says how an entry is written."""


def files() -> dict[str, str]:
    """Give the page and its picture by their names."""
    catalogue = own_catalogue()
    return {PAGE: _page(catalogue.services, catalogue.retired), PICTURE: picture(catalogue.services)}


def write(directory: Path) -> None:
    """Write them."""
    for name, text in files().items():
        (directory / name).write_text(text, encoding="utf-8")


def _page(services: Mapping[str, Service], retired: Mapping[str, Retired]) -> str:
    parts = [
        "# Services",
        MADE,
        INTRODUCTION,
        f"![each service to the right of those that it needs]({PICTURE})",
        _table(
            ("Service", "What it is", "Group", "Ports", "Needs"),
            (
                (
                    f"[{name}](#{name})",
                    service.title,
                    _words(service.groups),
                    ", ".join(f"{port} {number}" for port, number in service.ports.items()),
                    _words(service.requires),
                )
                for name, service in services.items()
            ),
        ),
        "The numbers of ports are those that are taken where they are free.",
        *(part for name, service in services.items() for part in _of_service(name, service)),
        "## Retired services",
        "Upstream has ended these. A site that names one is told so.",
        _table(
            ("Service", "What it was", "Ended in", "Why", "Instead"),
            ((name, about.title, str(about.ended), about.why, about.instead) for name, about in retired.items()),
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _of_service(name: str, service: Service) -> Iterator[str]:
    yield f"## {name}"
    yield f"{service.title}."
    rows = [
        ("component", f"`{service.component}`" if service.component else ""),
        ("databases", _words(service.databases)),
        ("secrets", ", ".join(f"`{name}-{secret}` ({form})" for secret, form in service.secrets.items())),
        ("API", f"`{service.identity.type}`" if service.identity else ""),
    ]
    rows += [(f"value `{value}`", declared.description) for value, declared in service.values.items()]
    rows += [("proved here", text) for text in service.proved.here]
    rows += [("not proved here", text) for text in service.proved.elsewhere]
    if service.processes:
        yield _table(
            ("Process", "What it does"),
            (
                (f"`{process}`", wish.summary or ("answers the API" if wish.wsgi else "the service itself"))
                for process, wish in service.processes.items()
            ),
        )
    yield _table(("About", ""), (row for row in rows if row[1]))


def _words(names: Iterable[str]) -> str:
    return ", ".join(names)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
