"""Mirrors brought up to date, several at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from stackwright.errors import StackwrightError
from stackwright.events import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stackwright.events import Events
    from stackwright.sources.changes import Change
    from stackwright.sources.mirror import Mirror

AT_ONCE = 4


def update(mirrors: Iterable[Mirror], events: Events) -> Mapping[str, tuple[Change, ...] | StackwrightError]:
    """Bring mirrors up to date; one that cannot be is used as it is, and its error is given.

    :return: by address, what has changed
    """

    def attempt(mirror: Mirror) -> tuple[Change, ...] | StackwrightError:
        try:
            return mirror.bring(events)
        except StackwrightError as error:
            if mirror.whole:
                events.emit(Kind.WARNING, f"mirror/{mirror.name}", f"it stays as it was {mirror.age}")
            return error

    wanted = list(mirrors)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="mirror") as pool:
        return {mirror.url: outcome for mirror, outcome in zip(wanted, pool.map(attempt, wanted), strict=True)}
