"""What is found of a site's configuration."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stackwright.errors import Where


class Severity(StrEnum):
    """How much a finding counts, the worst first."""

    ERROR = "error"  # what is set is refused, or nobody reads it
    WARNING = "warning"  # it works, and will not for long
    NOTE = "note"  # good to know


class Rule(StrEnum):
    """What is wrong."""

    UNKNOWN = "unknown"
    SECTION = "wrong-section"
    REFUSED = "refused"
    MISSING = "missing"
    DEPRECATED = "deprecated"
    REMOVAL = "for-removal"
    GOING = "next-release"
    DEFAULT = "default"
    UNCHECKED = "unchecked"


@dataclass(frozen=True)
class Finding:
    """Something to be said of an option, or of a whole file.

    :param file: of the service's configuration
    :param option: empty if it is about the whole file
    :param what: a plain sentence without its full stop; never a secret
    :param fix: what to do; of a note it may be empty
    :param where: who says it
    :param layer: which layer that is: the catalogue, or one of the site's values
    """

    severity: Severity
    rule: Rule
    service: str
    file: str
    section: str
    option: str
    what: str
    fix: str
    where: Where
    layer: str = ""

    @property
    def name(self) -> str:
        """What it is about: ``nova.conf [libvirt] virt_type``."""
        return " ".join(filter(None, (self.file, self.section and f"[{self.section}]", self.option)))


def rank(finding: Finding) -> tuple[int, str, str, str]:
    """Give where a finding comes in a list: the worst first, then by service and file."""
    return list(Severity).index(finding.severity), finding.service, finding.file, finding.name
