"""lintian: what is wrong with Debian packages (lintian(1))."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PACKAGE = "lintian"
# E: nova-api: tag what it is about
_LINE = re.compile(r"(?P<severity>[EWIPXCO]): (?P<package>[^:\s]+)(?: \S+)?: (?P<tag>\S+)(?: (?P<about>.*))?")


@dataclass(frozen=True)
class Tag:
    """Something that lintian found.

    :param severity: ``E`` an error, ``W`` a warning; others are asked for
    :param about: where in the package, and what
    """

    severity: str
    package: str
    name: str
    about: str

    def __str__(self) -> str:
        """Give it as lintian does."""
        return f"{self.severity}: {self.package}: {self.name}{f' {self.about}' if self.about else ''}"


def argv(files: Sequence[str]) -> list[str]:
    """Give the command line that looks at packages: every error and warning, by lintian's own rules."""
    return ["lintian", "--no-cfg", "--color", "never", "--tag-display-limit", "0", "--fail-on", "none", *files]


def read(text: str) -> tuple[Tag, ...]:
    """Read what it wrote."""
    found = (_LINE.fullmatch(line) for line in text.splitlines())
    return tuple(Tag(one["severity"], one["package"], one["tag"], one["about"] or "") for one in found if one)
