"""What the global options lead to: the distribution, the site, the state directory and the cache."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.cli.display import displayed
from stackwright.distribution.place import find
from stackwright.errors import InputError
from stackwright.site.paths import SitePaths, default_cache_directory, default_state_directory

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from stackwright.distribution import Distribution, Release, Site
    from stackwright.events import Events


class Workspace:
    """Where a command works.

    :param options: the global options
    """

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options

    @cached_property
    def root(self) -> Path:
        """The distribution's folder.

        :raises InputError: there is none
        """
        return find(self._options.distribution)

    @cached_property
    def distribution(self) -> Distribution:
        """The distribution.

        :raises InputError: there is none, or something in it is wrong
        """
        # Here, as the models take longer to load than what some commands do without them.
        from stackwright.distribution import load

        return load(self.root)

    @cached_property
    def site(self) -> Site:
        """The site."""
        return self.distribution.site(self._options.site)

    def choose(self, site: str) -> None:
        """Mean the site that a command names itself.

        :raises InputError: another one is named by the global option
        """
        if self._options.site not in (None, site):
            raise InputError(f"two sites are named: {self._options.site} and {site}", fix="leave out --site")
        self._options.site = site

    @property
    def any_site(self) -> Site | None:
        """The site, or None if none is named and the distribution does not have the default one.

        :raises InputError: there is none of the name
        """
        known = self._options.site or self.distribution.default_site in self.distribution.sites
        return self.site if known else None

    def release(self, name: str | None = None) -> Release:
        """Give a release: the one named, else the site's."""
        return self.distribution.release(name or self.site.release)

    @cached_property
    def state(self) -> Path:
        """The state directory."""
        named: Path | None = self._options.state
        return named.absolute() if named else default_state_directory()

    @cached_property
    def cache(self) -> Path:
        """The cache of downloads and artifacts."""
        return default_cache_directory(self.state)

    @property
    def log_format(self) -> str:
        """How progress and errors are told."""
        return str(self._options.log_format)

    def is_ours(self, repository: Path) -> bool:
        """Tell whether a git repository is the store or a mirror: all that is in those can be made again."""
        place = repository.resolve()
        return place == (self.state / "store.git").resolve() or place.parent == (self.cache / "mirrors").resolve()

    @property
    def paths(self) -> SitePaths:
        """The site's folders."""
        return SitePaths(self.state / "sites" / self.site.name)

    @contextmanager
    def events(self) -> Iterator[Events]:
        """Give a stream of events that the user is shown while the block runs."""
        with displayed(self._options.log_format) as events:
            yield events

    @property
    def again(self) -> str:
        """What to type before a command to mean the same distribution, site and state."""
        words = [Path(sys.argv[0]).name]
        if self._options.distribution != Path():
            words += ["-C", os.path.relpath(self._options.distribution)]
        if self._options.site:
            words += ["--site", self._options.site]
        if self._options.state:
            words += ["--state", str(self._options.state)]
        return " ".join(words)
