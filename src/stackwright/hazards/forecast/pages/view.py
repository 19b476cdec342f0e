"""What the pages of a forecast show, worked out before any of it becomes HTML."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

from stackwright.hazards.forecast.model import Fate, Subject, Verdict, Weight, rank, verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stackwright.hazards.forecast.model import ComponentPage, Finding, Forecast, Hop

INDEX = "index.html"
HEADINGS = {
    Subject.SOURCE: "Source",
    Subject.PATCH: "Patches",
    Subject.HAZARD: "Hazards",
    Subject.DATABASE: "Databases",
    Subject.OPTION: "Options",
    Subject.POLICY: "Policies",
    Subject.MICROVERSION: "Microversions",
    Subject.RPC: "RPC versions",
    Subject.OBJECT: "Versioned objects",
}
# Of one subject; more of them are folded away, so that what has to be done can be seen.
SHOWN_NOTES = 4


@dataclass(frozen=True)
class Told:
    """A finding, and where it stands.

    :param anchor: of its page
    :param page: none if it is about the way as a whole
    """

    finding: Finding
    anchor: str
    page: ComponentPage | None = None

    @property
    def address(self) -> str:
        """Where a link in the summary leads to it."""
        return f"{address_of(self.page.component) if self.page else ''}#{self.anchor}"


@dataclass(frozen=True)
class About:
    """What a hop's page tells of one subject."""

    subject: Subject
    anchor: str
    told: tuple[Told, ...]

    @property
    def weights(self) -> dict[Weight, int]:
        """How many findings it has of each weight."""
        return weights(one.finding for one in self.told)

    @property
    def pressing(self) -> tuple[Told, ...]:
        """What is more than a note."""
        return tuple(one for one in self.told if one.finding.weight is not Weight.NOTE)

    @property
    def notes(self) -> tuple[Told, ...]:
        """What is only good to know."""
        return tuple(one for one in self.told if one.finding.weight is Weight.NOTE)

    @property
    def folded(self) -> bool:
        """Whether its notes are folded away."""
        return len(self.notes) > SHOWN_NOTES


@dataclass(frozen=True)
class Sheet:
    """What happens to a component on a hop.

    :param number: of the hop, from 1 on
    """

    page: ComponentPage
    number: int

    @property
    def anchor(self) -> str:
        """Where it begins on the component's page."""
        return f"hop-{self.number}"

    @cached_property
    def told(self) -> tuple[Told, ...]:
        """Its findings, the worst first."""
        found = sorted(self.page.findings, key=rank)
        return tuple(Told(one, f"finding-{self.number}-{at}", self.page) for at, one in enumerate(found, 1))

    @property
    def about(self) -> tuple[About, ...]:
        """Its findings by subject; patches and databases also where there is only a table or a way to show."""
        more = {Subject.PATCH: self.page.fates, Subject.DATABASE: self.page.migrations}
        told = {subject: tuple(one for one in self.told if one.finding.subject is subject) for subject in Subject}
        return tuple(
            About(subject, f"{self.anchor}-{subject.lower()}", told[subject])
            for subject in Subject
            if told[subject] or more.get(subject)
        )

    @property
    def weights(self) -> dict[Weight, int]:
        """How many findings it has of each weight."""
        return weights(self.page.findings)

    @property
    def fates(self) -> dict[Fate, int]:
        """How many of its patches have each fate."""
        some = Counter(one.fate for one in self.page.fates)
        return {fate: some[fate] for fate in Fate if some[fate]}

    @property
    def compared(self) -> bool:
        """Whether the component is in both releases."""
        return bool(self.page.before and self.page.after)

    @property
    def unseen(self) -> tuple[Subject, ...]:
        """What could not be looked at."""
        return tuple(subject for subject in Subject if subject not in self.page.looked)


@dataclass(frozen=True)
class Component:
    """A component with what happens to it on each hop."""

    name: str
    sheets: tuple[Sheet, ...]

    @property
    def address(self) -> str:
        """Where a link in the summary leads to it."""
        return address_of(self.name)

    @property
    def verdict(self) -> Verdict:
        """What its findings on all hops come to."""
        return verdict(self.findings)

    @property
    def findings(self) -> list[Finding]:
        """Its findings on all hops."""
        return [one for sheet in self.sheets for one in sheet.page.findings]


@dataclass(frozen=True)
class ToDo:
    """Something to do: once, also if several findings ask for it.

    :param text: what to do; if nobody knows, what happens
    """

    text: str
    reasons: tuple[Told, ...]

    @property
    def page(self) -> ComponentPage | None:
        """What all its reasons are about; none if that is the way as a whole."""
        return self.reasons[0].page


@dataclass(frozen=True)
class Part:
    """A part of what there is to do: what stops the upgrade, or what belongs to a hop.

    :param first: the number of the first thing to do; they are counted through all parts
    """

    weight: Weight
    hop: Hop | None
    first: int
    todo: tuple[ToDo, ...]


def file_of(component: str) -> str:
    """Give the file of a component's page.

    The distribution takes no name that leads elsewhere (`distribution.texts.is_name`), and none with a ``=``.
    """
    return f"{component}.html" if component != "index" else "index=.html"


def address_of(component: str) -> str:
    """Give how a link leads to a component's page."""
    return quote(file_of(component))


def weights(findings: Iterable[Finding]) -> dict[Weight, int]:
    """Count findings by their weight."""
    some = Counter(one.weight for one in findings)
    return {weight: some[weight] for weight in Weight}


def counted(number: int, one: str, many: str = "") -> str:
    """Give a number with what it counts."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def sentence(findings: Sequence[Finding], *, unseen: bool) -> str:
    """Say why a verdict is what it is.

    :param unseen: whether there is something that could not be looked at
    """
    some = weights(findings)
    stops, steps = some[Weight.STOP], some[Weight.STEP]
    asked = f"{counted(steps, 'step has', 'steps have')} to be gone through" if steps else "nothing has to be done"
    if stops:
        told = f"{counted(stops, 'finding stops', 'findings stop')} it" + (f"; besides, {asked}." if steps else ".")
    else:
        told = f"Nothing that was found stops it, and {asked}."
    return f"{told} Not all could be looked at." if unseen else told


def releases(forecast: Forecast) -> list[str]:
    """Give the releases that the way leads through, as far as the distribution has them."""
    return list(dict.fromkeys(one for hop in forecast.hops for one in (hop.start, hop.end)))


def components(forecast: Forecast) -> list[Component]:
    """Give the components of a forecast, the worst first."""
    found: dict[str, list[Sheet]] = {}
    for page in forecast.pages:
        found.setdefault(page.component, []).append(Sheet(page, forecast.hops.index(page.hop) + 1))
    return sorted((Component(name, tuple(sheets)) for name, sheets in found.items()), key=_badness)


def of_way(forecast: Forecast) -> tuple[Told, ...]:
    """Give the findings that are about the way as a whole."""
    return tuple(Told(one, f"way-{at}") for at, one in enumerate(sorted(forecast.findings, key=rank), 1))


def parts(forecast: Forecast) -> list[Part]:
    """Give what there is to do: first what stops the upgrade, then the steps, in the order of the way."""
    told = list(of_way(forecast))
    order = {hop: at for at, hop in enumerate(forecast.hops)}
    sheets = [Sheet(page, order[page.hop] + 1) for page in sorted(forecast.pages, key=lambda page: order[page.hop])]
    told += [one for sheet in sheets for one in sheet.told]
    of_weight = {weight: [one for one in told if one.finding.weight is weight] for weight in (Weight.STOP, Weight.STEP)}
    wanted: list[tuple[Weight, Hop | None, list[Told]]] = [(Weight.STOP, None, of_weight[Weight.STOP])]
    for hop in (None, *forecast.hops):
        some = [one for one in of_weight[Weight.STEP] if (one.page.hop if one.page else None) == hop]
        wanted.append((Weight.STEP, hop, some))
    found: list[Part] = []
    first = 1
    for weight, hop, some in wanted:
        if some:
            found.append(Part(weight, hop, first, tuple(_once(some))))
            first += len(found[-1].todo)
    return found


def unseen(forecast: Forecast) -> dict[tuple[Subject, ...], list[str]]:
    """Give what could not be looked at, with the components whose it is."""
    found: dict[tuple[Subject, ...], list[str]] = {}
    for component in components(forecast):
        hidden = {subject for sheet in component.sheets for subject in sheet.unseen}
        if hidden:
            found.setdefault(tuple(one for one in Subject if one in hidden), []).append(component.name)
    return found


def _badness(component: Component) -> tuple[int, int, int, str]:
    some = weights(component.findings)
    return -list(Verdict).index(component.verdict), -some[Weight.STOP], -some[Weight.STEP], component.name


def _once(told: Sequence[Told]) -> Iterator[ToDo]:
    """Join findings on one page that ask for the same."""
    found: dict[tuple[str, Hop | None, str], list[Told]] = {}
    for one in told:
        text = one.finding.step or one.finding.what
        of = (one.page.component, one.page.hop) if one.page else ("", None)
        found.setdefault((*of, text), []).append(one)
    for (_, _, text), reasons in found.items():
        yield ToDo(text, tuple(reasons))
