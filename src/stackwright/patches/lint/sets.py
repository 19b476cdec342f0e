"""Sets: patches of several components that go together, such as a nova API and the client that speaks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from stackwright.distribution import Release
    from stackwright.patches.lint.carried import Carried


class Member(NamedTuple):
    """What makes a patch the same in another release: its component and its subject."""

    component: str
    subject: str


@dataclass(frozen=True)
class Place:
    """A member of a set in a release.

    :param patch: what is there for it; None if the release has the component, and not the patch
    """

    release: str
    member: Member
    patch: Carried | None


@dataclass(frozen=True)
class PatchSet:
    """The patches that name a set."""

    name: str
    patches: tuple[Carried, ...]

    @property
    def members(self) -> tuple[Member, ...]:
        """Its patches, each once for all releases."""
        return tuple(dict.fromkeys(map(member_of, self.patches)))

    def places(self, releases: Mapping[str, Release]) -> Iterator[Place]:
        """Give what there is, and what is missing, in each release that has something of it."""
        found = {(release, member_of(patch)): patch for patch in self.patches for release in patch.releases}
        for name, release in releases.items():
            if not any(name == place for place, _ in found):
                continue
            for member in self.members:
                if member.component in release.components:
                    yield Place(name, member, found.get((name, member)))

    @property
    def together(self) -> bool:
        """Whether some release has more than one of its members."""
        releases = {release for patch in self.patches for release in patch.releases}
        return any(len({member_of(patch) for patch in self.patches if name in patch.releases}) > 1 for name in releases)


def member_of(carried: Carried) -> Member:
    """Give what a patch is in every release."""
    return Member(carried.component.name, carried.patch.subject or carried.patch.name)


def sets(carried: Iterable[Carried]) -> tuple[PatchSet, ...]:
    """Give the sets that patches name, by name."""
    found: dict[str, list[Carried]] = {}
    for one in carried:
        if one.patch.metadata.set_name:
            found.setdefault(one.patch.metadata.set_name, []).append(one)
    return tuple(PatchSet(name, tuple(found[name])) for name in sorted(found))
