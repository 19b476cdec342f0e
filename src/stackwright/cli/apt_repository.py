"""`repository list|add|promote|remove|prune|publish`: the apt repository of what was built."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceCommand, WorkspaceLister
from stackwright.errors import InputError
from stackwright.events import Kind

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping, Sequence

    from stackwright.build.apt_repository.record import Build
    from stackwright.build.apt_repository.repository import Repository
    from stackwright.cli.workspace import Workspace
    from stackwright.events import Events

KEY = "STACKWRIGHT_REPOSITORY_KEY"
VERSIONS, DAYS = 2, 30  # what pruning leaves


def add_key(parser: argparse.ArgumentParser, what: str) -> None:
    """Add the key that signs to a command.

    :param what: what it is for
    """
    parser.add_argument(
        "--key",
        metavar="KEY",
        help=f"the OpenPGP key that signs: a file of mode 600, or what GnuPG finds it by ({KEY}); {what}",
    )


def key_of_user(parsed_args: argparse.Namespace) -> str | None:
    """Give the key that is named, if one is."""
    return parsed_args.key or os.environ.get(KEY) or None


def publish(repository: Repository, named: str, origin: str, events: Events) -> dict[str, bool]:
    """Publish a repository, signed by a key that is named."""
    from stackwright.tools import dpkg, gpg

    with gpg.signing_key(named) as key:
        changed = repository.publish(key, origin=origin, architecture=dpkg.architecture(), now=int(time.time()))
    for channel, new in changed.items():
        events.emit(Kind.DONE if new else Kind.SKIPPED, f"repository/{channel}", "" if new else "it is as published")
    return changed


class _OnRepository:
    """What the commands on a repository share."""

    workspace: Workspace

    def add_suite(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--suite", metavar="NAME", help="the suite that the repository is for (the only one)")

    def repository(self, parsed_args: argparse.Namespace) -> Repository:
        from stackwright.build.apt_repository.repository import find_repository

        return find_repository(self.workspace.state, parsed_args.suite)


class RepositoryList(_OnRepository, WorkspaceLister):
    """List what the channels of a repository have."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add which are meant."""
        parser = super().get_parser(prog_name)
        self.add_suite(parser)
        parser.add_argument("channel", nargs="?", help="a channel (all)")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Read the record."""
        from stackwright.errors import suggestion

        record = self.repository(parsed_args).record
        if parsed_args.channel and parsed_args.channel not in record.channels:
            fix = suggestion(parsed_args.channel, record.channels)
            raise InputError(f"there is no channel {parsed_args.channel!r}", fix=fix)
        rows = []
        for name in (parsed_args.channel,) if parsed_args.channel else sorted(record.channels):
            shown = record.channels[name].published
            published = set(shown[0].files) if shown else set()
            for build in record.of(name):
                state = "yes" if set(build.files) <= published else "no"
                rows.append((name, *_row(build), state))
        return ("Channel", "Source", "Version", "Packages", "Added", "Published"), rows


class RepositoryAdd(_OnRepository, WorkspaceLister):
    """Add what .changes files name to a channel of a repository, which need not be there yet.

    A .changes of binary packages alone is best added together with the .dsc that they were built of.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the files and the channel."""
        parser = super().get_parser(prog_name)
        self.add_suite(parser)
        parser.add_argument("--channel", metavar="NAME", default="candidate", help="the channel (candidate)")
        parser.add_argument("file", nargs="+", type=Path, help="a .changes or .dsc file, what it names beside it")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Read and verify all of them, then add them."""
        from stackwright.build.apt_repository.incoming import read_incoming
        from stackwright.build.apt_repository.repository import Repository

        state, suite = self.workspace.state, parsed_args.suite
        repository = Repository(state, suite) if suite else self.repository(parsed_args)
        incoming = read_incoming(parsed_args.file, int(time.time()))
        added = [repository.add(parsed_args.channel, one) for one in incoming]
        newest = repository.record.newest([parsed_args.channel])
        for build in added:
            if newest[build.source].version != build.version:
                told = f"{build.id}: machines go on with {newest[build.source].version}, which sorts behind it"
                self.app.stderr.write(f"{told}\n")
        rows = [(parsed_args.channel, *_row(build)) for build in added]
        return ("Channel", "Source", "Version", "Packages", "Added"), rows


class RepositoryPromote(_OnRepository, WorkspaceLister):
    """Let a channel have the newest builds of another too: of all source packages, or of some."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the channels and what is meant."""
        parser = super().get_parser(prog_name)
        self.add_suite(parser)
        parser.add_argument("channel", help="the channel that gets them; it need not be there yet")
        parser.add_argument("source", nargs="*", help="some source packages (all)")
        parser.add_argument("--from", metavar="CHANNEL", dest="other", default="candidate", help="(candidate)")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Change the record."""
        channel = parsed_args.channel
        moved = self.repository(parsed_args).promote(parsed_args.other, channel, parsed_args.source)
        return ("Channel", "Source", "Version", "Packages", "Added"), [(channel, *_row(build)) for build in moved]


class RepositoryRemove(_OnRepository, WorkspaceCommand):
    """Take one version of a source package out of a channel."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what is meant."""
        parser = super().get_parser(prog_name)
        self.add_suite(parser)
        parser.add_argument("channel", help="the channel")
        parser.add_argument("source", help="the source package")
        parser.add_argument("version", help="its version")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Change the record."""
        build = self.repository(parsed_args).remove(parsed_args.channel, parsed_args.source, parsed_args.version)
        self.say(f"{build.id} is out of {parsed_args.channel}; `stackwright repository publish` shows it.")


class RepositoryPrune(_OnRepository, WorkspaceLister):
    """List the old versions that a rule lets go, and take them out of the channels with --yes.

    The newest versions of each source package stay, and those that had as many newer ones only for some days.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the rule."""
        parser = super().get_parser(prog_name)
        self.add_suite(parser)
        parser.add_argument("--versions", metavar="N", type=int, default=VERSIONS, help=f"how many stay ({VERSIONS})")
        parser.add_argument("--days", metavar="N", type=int, default=DAYS, help=f"for how long the others do ({DAYS})")
        parser.add_argument("--yes", action="store_true", help="do it")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Apply the rule."""
        from stackwright.build.apt_repository.pruning import Rule

        if parsed_args.versions < 1 or parsed_args.days < 0:
            raise InputError("a rule leaves at least the newest version", fix="--versions 1 --days 0 is the least")
        repository, now = self.repository(parsed_args), int(time.time())
        rule = Rule(parsed_args.versions, parsed_args.days)
        gone = repository.prune(rule, now) if parsed_args.yes else repository.outlived(rule, now)
        self._note = "" if parsed_args.yes or not any(gone.values()) else "Nothing has changed: --yes takes them out.\n"
        return ("Channel", "Source", "Version", "Packages", "Added"), _rows(gone)

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list, and what is to be done yet."""
        status = super().run(parsed_args)
        self.app.stderr.write(self._note)
        return status


class RepositoryPublish(_OnRepository, WorkspaceLister):
    """Publish the channels of a repository, signed, and remove the files that are named no more.

    Nothing half-written is ever visible, and who has read the former indexes still finds what they name.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the key."""
        parser = super().get_parser(prog_name)
        self.add_suite(parser)
        add_key(parser, "one has to be named")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Sign."""
        from stackwright.build.apt_repository.repository import KEYRING

        named = key_of_user(parsed_args)
        if named is None:
            raise InputError(
                "there is no key to sign with",
                why="apt installs only from a repository whose signature it can verify",
                fix=f"name an OpenPGP key: --key KEY, or {KEY}; `gpg --quick-generate-key NAME` makes one",
            )
        repository = self.repository(parsed_args)
        with self.workspace.events() as events:
            changed = publish(repository, named, self.workspace.distribution.name, events)
        rows = [
            (name, "yes" if new else "no", _line(repository, name, repository.public / KEYRING))
            for name, new in sorted(changed.items())
        ]
        return ("Channel", "Changed", "Line for apt's sources on this machine"), rows


def _line(repository: Repository, channel: str, keyring: Path) -> str:
    return f"deb [signed-by={keyring}] file:{repository.public} {channel} main"


def _row(build: Build) -> tuple[str, ...]:
    names: Sequence[str] = [package.name for package in build.packages if package.architecture != "source"]
    added = datetime.fromtimestamp(build.added, UTC)
    return build.source, build.version, ", ".join(names), f"{added:%Y-%m-%d %H:%M}Z"


def _rows(builds: Mapping[str, Iterable[Build]]) -> list[tuple[str, ...]]:
    return [(name, *_row(build)) for name in sorted(builds) for build in builds[name]]
