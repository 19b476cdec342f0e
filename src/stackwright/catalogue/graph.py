"""What services require, as a graph for people: a tree of text, and a picture (https://www.w3.org/TR/SVG2/)."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from stackwright.catalogue.model import Service

# Of a box and of the room around it, in the picture's own units.
WIDTH, HEIGHT, BESIDE, BELOW, MARGIN = 132, 30, 90, 16, 20
STYLE = (
    "text{font:14px sans-serif;text-anchor:middle;fill:#1c1c1c}"
    "rect{fill:#f4f4f2;stroke:#6b6b66}"
    "path{fill:none;stroke:#8a8a84}"
    "svg{background:#fff}"
    "@media(prefers-color-scheme:dark){text{fill:#ececec}rect{fill:#2c2c2a;stroke:#9a9a94}path{stroke:#7a7a74}"
    "svg{background:#181817}}"
)


def tree(services: Mapping[str, Service]) -> str:
    """Give a tree: at its left those that nobody requires, below each what it requires.

    What stands above with all that it requires is not told a second time: it ends in ``...``.
    """
    required = {name for service in services.values() for name in service.requires}
    told: set[str] = set()
    roots = sorted(name for name in services if name not in required)
    return "".join(line for root in roots for line in _branch(services, root, "", "", told))


def _branch(services: Mapping[str, Service], name: str, mark: str, indent: str, told: set[str]) -> Iterator[str]:
    below = sorted(services[name].requires)
    if below and name in told:
        yield f"{mark}{name} ...\n"
        return
    told.add(name)
    yield f"{mark}{name}\n"
    for index, other in enumerate(below):
        last = index == len(below) - 1
        yield from _branch(
            services, other, indent + ("└── " if last else "├── "), indent + ("    " if last else "│   "), told
        )


def picture(services: Mapping[str, Service]) -> str:
    """Give a picture: each service to the right of all that it requires, with a line to each of them.

    A line that a way over others says already is left out.
    """
    columns: dict[int, list[str]] = {}
    depths: dict[str, int] = {}
    for name in services:
        columns.setdefault(_depth(services, name, depths), []).append(name)
    tallest = max((len(names) for names in columns.values()), default=0)
    places = {
        name: (MARGIN + column * (WIDTH + BESIDE), MARGIN + (row + (tallest - len(names)) / 2) * (HEIGHT + BELOW))
        for column, names in columns.items()
        for row, name in enumerate(sorted(names))
    }
    wide = 2 * MARGIN + len(columns) * (WIDTH + BESIDE) - BESIDE
    high = 2 * MARGIN + tallest * (HEIGHT + BELOW) - BELOW
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}">',
        "<title>Services, to the right of those that they require</title>",
        f"<style>{STYLE}</style>",
        *(_line(places[other], places[name]) for name in services for other in _next(services, name)),
        *(line for name, place in places.items() for line in _box(name, services[name].title, place)),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _depth(services: Mapping[str, Service], name: str, depths: dict[str, int]) -> int:
    if name not in depths:
        depths[name] = max((_depth(services, other, depths) + 1 for other in services[name].requires), default=0)
    return depths[name]


def _next(services: Mapping[str, Service], name: str) -> list[str]:
    """Give what a service requires, without what one of those requires anyway."""
    requires = services[name].requires
    return [other for other in requires if not any(other in _all(services, third) for third in requires)]


def _all(services: Mapping[str, Service], name: str) -> Iterable[str]:
    """Give all that a service requires, over others too."""
    for other in services[name].requires:
        yield other
        yield from _all(services, other)


def _line(left: tuple[float, float], right: tuple[float, float]) -> str:
    x, y, end, level = left[0] + WIDTH, left[1] + HEIGHT / 2, right[0], right[1] + HEIGHT / 2
    middle = (end + x) / 2
    return f'<path d="M{x:g} {y:g}C{middle:g} {y:g} {middle:g} {level:g} {end:g} {level:g}"/>'


def _box(name: str, title: str, place: tuple[float, float]) -> Iterator[str]:
    x, y = place
    yield f"<g><title>{escape(title)}</title>"
    yield f'<rect x="{x:g}" y="{y:g}" width="{WIDTH}" height="{HEIGHT}" rx="4"/>'
    yield f'<text x="{x + WIDTH / 2:g}" y="{y + HEIGHT / 2 + 5:g}">{escape(name)}</text></g>'
