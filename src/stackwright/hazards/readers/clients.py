"""The newest microversion that a client speaks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stackwright.hazards.model import Kind
from stackwright.hazards.readers.look import claim
from stackwright.hazards.readers.microversions import number_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.hazards.model import Claim
    from stackwright.hazards.readers.look import Look

CLASS = re.compile(r"^class (\w+)", re.MULTILINE)


def read(look: Look) -> Iterator[Claim]:
    """Give the newest version of each service, and of each class where the versions are those of classes.

    Options: ``service``; or ``folder``: the place of the service's name in the path of a file of the role ``versions``,
    from 0; ``pattern``: an expression whose group is the version; ``major``; ``classes``: yes.
    """
    pattern = re.compile(look.options["pattern"], re.MULTILINE)
    newest: dict[str, tuple[str, str, int]] = {}
    classes: dict[str, tuple[str, str, int]] = {}
    for path in look.paths("versions"):
        text = look.text(path)
        service = look.options.get("service") or path.split("/")[int(look.options["folder"])]
        for found in pattern.finditer(text):
            version = f"{look.options['major']}.{found[1]}" if "major" in look.options else found[1]
            place = (version, path, text.count("\n", 0, found.start(1)) + 1)
            _raise(newest, service, place)
            if look.options.get("classes") == "yes":
                names = [each[1] for each in CLASS.finditer(text, 0, found.start())]
                _raise(classes, ".".join([*path.removesuffix(".py").split("/")[1:], *names[-1:]]), place)
    if look.paths("versions") and not newest:
        look.miss("none of its files tells a version", *look.wanted["versions"])
    for name, (version, path, line) in [*newest.items(), *classes.items()]:
        yield claim(Kind.CLIENT_VERSION, name, path, line, [("version", version)])


def _raise(known: dict[str, tuple[str, str, int]], name: str, place: tuple[str, str, int]) -> None:
    if name not in known or number_of(place[0]) > number_of(known[name][0]):
        known[name] = place
