"""Which old versions go: a rule, and what it comes to. All of it is pure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stackwright.build.apt_repository.record import Build, Record

DAY = 86400


@dataclass(frozen=True)
class Rule:
    """What stays: the newest versions of each source package, and what was replaced not long ago.

    :param versions: how many of the newest, at least 1
    :param days: for how long a version stays that has as many newer ones
    """

    versions: int
    days: int


def outlived(builds: Iterable[Build], rule: Rule, now: int) -> tuple[Build, ...]:
    """Give the builds that the rule lets go.

    :param builds: a channel's, by source package and version
    :param now: in seconds since the epoch
    """
    gone: list[Build] = []
    for _, group in groupby(builds, key=lambda build: build.source):
        versions = list(group)
        for index, build in enumerate(versions[: max(0, len(versions) - rule.versions)]):
            # Since the newest of as many newer ones came, whichever way they came.
            newer = sorted(one.added for one in versions[index + 1 :])
            if now - newer[rule.versions - 1] >= rule.days * DAY:
                gone.append(build)
    return tuple(gone)


def pruned(record: Record, channel: str, gone: Iterable[Build]) -> Record:
    """Give a record in which a channel does not have some builds."""
    ids = {build.id for build in gone}
    before = record.channels[channel]
    builds = tuple(one for one in before.builds if one not in ids)
    return record.with_channel(channel, before.model_copy(update={"builds": builds}))
