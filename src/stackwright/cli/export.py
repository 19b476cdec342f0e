"""`export`: what is built here in the forms that other tools take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceCommand, WorkspaceLister
from stackwright.cli.shop import workshop
from stackwright.errors import InputError, Where

if TYPE_CHECKING:
    import argparse

    from stackwright.distribution import Release


def _folder(directory: Path) -> Path:
    """Give a folder to write to.

    :raises InputError: something else is there
    """
    if directory.exists() and not directory.is_dir():
        raise InputError(f"{directory} is not a folder", where=Where(file=directory), fix="name another")
    return directory


class ExportConstraints(WorkspaceCommand):
    """Print the version of everything that a release is made of, as a constraints file of pip."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add of what."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--release", metavar="NAME", help="a release (that of the site)")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Resolve and print."""
        from stackwright.build.export.constraints import constraints_text
        from stackwright.site.environments import Environments

        release: Release = self.workspace.release(parsed_args.release)
        with workshop(self.workspace) as shop:
            plan = Environments(self.workspace.distribution, release, shop).whole()
        self.say(constraints_text(plan, release.name).removesuffix("\n"))


class ExportPip(WorkspaceLister):
    """Put the wheels of what has patches into a folder that pip and uv take as a package index, and list them."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what, and where to."""
        parser = super().get_parser(prog_name)
        parser.add_argument("directory", metavar="DIR", type=Path, help="the index; what is in it stays")
        parser.add_argument("--release", metavar="NAME", action="append", default=[], help="a release (all)")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Build the wheels and add them."""
        from stackwright.build.export.pip_index import add_wheels
        from stackwright.build.wheel import build_wheel

        distribution = self.workspace.distribution
        directory = _folder(parsed_args.directory)
        wheels: list[Path] = []
        with workshop(self.workspace) as shop:
            for name in parsed_args.release or distribution.releases:
                for plan in shop.wheels(distribution, distribution.release(name)).values():
                    log = shop.logs / f"{plan.key}.log"
                    built = build_wheel(plan, store=shop.store, cache=shop.artifacts, memo=shop.memo, log=log)
                    wheels.append(built.path)
        if not wheels:
            raise InputError("there is nothing to export", why="no component has patches")
        rows = [
            (one.name, one.version, one.file, one.sha256, "new" if one.new else "there")
            for one in add_wheels(directory, sorted(set(wheels)))
        ]
        return ("Name", "Version", "File", "SHA-256", "Was"), rows


class ExportKolla(WorkspaceLister):
    """Write the patched trees for kolla-build, with its configuration and a part of kolla-ansible's, and list them."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add of what, and where to."""
        parser = super().get_parser(prog_name)
        parser.add_argument("directory", metavar="DIR", type=Path, help="a folder; what an earlier export wrote goes")
        parser.add_argument("--release", metavar="NAME", help="a release (that of the site)")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Write them."""
        from stackwright.build.export.constraints import constraints_text
        from stackwright.build.export.kolla import has_image, write_kolla
        from stackwright.build.image.carried import SHORT, carried, series_digest
        from stackwright.site.environments import Environments

        distribution = self.workspace.distribution
        release: Release = self.workspace.release(parsed_args.release)
        directory = _folder(parsed_args.directory)
        with workshop(self.workspace) as shop:
            components = shop.patched(distribution, release).values()
            plan = Environments(distribution, release, shop).whole()
        # Pip would not install a service from a tree of another version: kolla's own sources have their own versions.
        services = [one.distribution_name for name, one in release.components.items() if has_image(name)]
        sources = write_kolla(
            directory,
            components,
            release=release.name,
            tag=f"{release.name}-{series_digest(carried(components))[:SHORT]}",
            constraints=constraints_text(plan, release.name, but=services),
            store=shop.store,
        )
        return ("Component", "Section", "Source"), [(one.component, one.section, one.file) for one in sources]
