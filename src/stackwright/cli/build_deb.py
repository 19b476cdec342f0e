"""The command that builds Debian packages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceLister
from stackwright.cli.errors import tell_all
from stackwright.errors import InputError, StackwrightError, Where

if TYPE_CHECKING:
    import argparse

    from stackwright.distribution import Release


def add_folders(parser: argparse.ArgumentParser, help_: str) -> None:
    """Add the option that names folders with packages."""
    parser.add_argument("--with", metavar="DIR", dest="folders", action="append", type=Path, default=[], help=help_)


def folders_of_user(parsed_args: argparse.Namespace) -> tuple[Path, ...]:
    """Give the folders with packages.

    :raises InputError: one is none, or has none
    """
    for folder in parsed_args.folders:
        if not any(folder.rglob("*.deb")):
            what = "there is no .deb file in it" if folder.is_dir() else "there is no such folder"
            raise InputError(
                what,
                where=Where(folder),
                fix="name a folder with packages: `stackwright build deb` says where it puts them",
            )
    return tuple(parsed_args.folders)


class BuildDeb(WorkspaceLister):
    """Build Debian packages: of components that come from Debian or have a packaging, and of folders in packages/."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what to build, for which suite, and what is done with it."""
        parser = super().get_parser(prog_name)
        parser.add_argument("name", nargs="*", help="components, or folders of packages/ (all that become packages)")
        parser.add_argument("--release", metavar="NAME", help="a release (that of the site, or the only one)")
        parser.add_argument("--suite", metavar="SUITE", help="suite to build for (the source's, else this machine's)")
        parser.add_argument("--tests", action="store_true", help="run the packages' own tests in the build")
        parser.add_argument("--no-docs", action="store_true", help="do not build their documentation")
        add_folders(parser, "a folder with .deb files that builds may take besides the suite's")
        parser.add_argument("--no-lintian", action="store_true", help="do not ask lintian")
        parser.add_argument("--verify", action="store_true", help="build a second time, and compare bit for bit")
        parser.add_argument(
            "--install",
            choices=("modules", "all"),
            help="install the packages that have Python modules, or all that can be together, in a clean system, and"
            " import the modules",
        )
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--list", action="store_true", help="build nothing: tell what would be built")
        how.add_argument("--source-only", action="store_true", help="make the source packages alone")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Make the source packages, and build them."""
        from stackwright.build.cache import ArtifactCache
        from stackwright.build.debian.making import Making, Wishes
        from stackwright.store import Memo, Store

        workspace = self.workspace
        wishes = Wishes(
            parsed_args.suite,
            parsed_args.tests,
            not parsed_args.no_docs,
            folders_of_user(parsed_args),
            not parsed_args.no_lintian,
            parsed_args.verify,
            parsed_args.install,
        )
        with workspace.events() as events:
            making = Making(
                workspace.distribution,
                self._release(parsed_args.release),
                Store(workspace.state / "store.git"),
                Memo(workspace.cache),
                ArtifactCache(workspace.cache),
                workspace.state / "builds",
                events,
            )
            make = making.look if parsed_args.list else making.source if parsed_args.source_only else making.build
            made = []
            self._errors: list[StackwrightError] = []
            names = parsed_args.name or making.names()
            for name in names:
                try:
                    made.append(make(name, wishes))
                except StackwrightError as error:  # the others are no worse for it
                    if len(names) == 1:
                        raise
                    self._errors.append(error)
        columns = ("Name", "Source", "Version", "Suite", "State", "Found", "Place")
        return columns, [
            (one.name, one.source, one.version, one.suite, one.state.value, one.found, str(one.place or ""))
            for one in made
        ]

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list, then what could not be built."""
        super().run(parsed_args)
        return tell_all(self._errors, self.workspace.log_format)

    def _release(self, name: str | None) -> Release:
        """Give the release: the one named, else the site's; without a site the only one that there is."""
        releases = self.workspace.distribution.releases
        if name is None and len(releases) == 1 and self.workspace.any_site is None:
            return next(iter(releases.values()))
        return self.workspace.release(name)
