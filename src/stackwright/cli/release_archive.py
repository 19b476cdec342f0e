"""`archive`: a release with all that it is made of, in one folder."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceCommand, WorkspaceLister
from stackwright.cli.shop import workshop

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping

    from stackwright.build.image import oci

COLUMNS = ("Part", "Files", "Bytes")


def _by_part(directory: Path, release: str, files: Mapping[str, oci.Descriptor]) -> list[tuple[str, int, int]]:
    """Give, of each part, how many files it has and what they weigh; and that of all, each content once."""
    from stackwright.build.image.layout import Layout
    from stackwright.build.release_archive.parts import images_of

    layout = Layout(directory)
    parts: defaultdict[str, list[oci.Descriptor]] = defaultdict(list)
    for path, blob in files.items():
        parts[path.partition("/")[0]].append(blob)
    for name in images_of(layout, release):
        parts["images"] += layout.blobs_of(layout.get(name))
    rows = [(part, len(some), _weight(some)) for part, some in sorted(parts.items())]
    whole = [blob for some in parts.values() for blob in some]
    return [*rows, ("total, each content once", len(whole), _weight(whole))]


def _weight(blobs: Iterable[oci.Descriptor]) -> int:
    return sum({one.digest: one.size for one in blobs}.values())


class ArchiveRelease(WorkspaceLister):
    """Put a release into a folder: sources, patches, packages and what is built of them, and list what that takes.

    The folder is an OCI image layout; several releases can be in it, and what they share is there once.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what, and where to."""
        parser = super().get_parser(prog_name)
        parser.add_argument("release", help="a release")
        parser.add_argument("directory", metavar="DIR", type=Path, help="the folder; what is in it stays")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Resolve, build, download, and write."""
        from stackwright.build.release_archive.making import Archiver
        from stackwright.cli.build_image import layout_of
        from stackwright.site.environments import Environments
        from stackwright.store.memo import RecordingMemo

        distribution = self.workspace.distribution
        release = distribution.release(parsed_args.release)
        memo = RecordingMemo(self.workspace.cache)
        with workshop(self.workspace, memo) as shop:
            plans = Environments(distribution, release, shop).plans()
            archiver = Archiver(distribution, release, shop, memo, parsed_args.directory)
            made = archiver.make(plans, layout_of(self.workspace))
        return COLUMNS, _by_part(parsed_args.directory, release.name, made.files)


class ArchiveVerify(WorkspaceLister):
    """Hold every file of an archived release against its SHA-256; without a network, and without a distribution."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add which."""
        parser = super().get_parser(prog_name)
        parser.add_argument("directory", metavar="DIR", type=Path, help="an archive")
        parser.add_argument("release", help="a release in it")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Look at all of it."""
        from stackwright.build.image.layout import Layout
        from stackwright.build.release_archive.restoring import verify

        directory, release = parsed_args.directory, parsed_args.release
        return COLUMNS, _by_part(directory, release, verify(Layout(directory), release))


class ArchiveRestore(WorkspaceCommand):
    """Lay an archived release out again, and say how to build it without a network."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add which, and where to."""
        parser = super().get_parser(prog_name)
        parser.add_argument("directory", metavar="DIR", type=Path, help="an archive")
        parser.add_argument("release", help="a release in it")
        parser.add_argument("to", metavar="TO", type=Path, help="a folder that is not there yet")
        parser.add_argument(
            "--sources-only", action="store_true", help="without what was built: all of it is built again"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Verify and write."""
        from stackwright.build.image.layout import Layout
        from stackwright.build.release_archive.restoring import restore

        layout = Layout(parsed_args.directory)
        done = restore(layout, parsed_args.release, parsed_args.to, artifacts=not parsed_args.sources_only)
        for name, value in done.environment.items():
            self.say(f"export {name}={value}")
        self.say(f"stackwright -C {done.distribution} --state {done.state} build --release {parsed_args.release}")
