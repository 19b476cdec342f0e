"""The command that makes images of services."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceLister
from stackwright.cli.build_deb import add_folders, folders_of_user
from stackwright.errors import InputError

if TYPE_CHECKING:
    import argparse

    from stackwright.build.image.image import Image, ImagePlan
    from stackwright.build.image.layout import Layout
    from stackwright.build.workshop import Workshop
    from stackwright.cli.workspace import Workspace
    from stackwright.distribution import Release

BASE = "bookworm"
MIB = 1 << 20


class BuildImage(WorkspaceLister):
    """Make OCI images of the catalogue's processes, as patched, and list them; what is there is not made again."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add which images."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--release", metavar="NAME", action="append", help="a release (that of the site)")
        parser.add_argument(
            "--image", metavar="PATTERN", action="append", default=[], help="images, such as 'nova-*' (all)"
        )
        parser.add_argument(
            "--descriptor", metavar="FILE", action="append", type=Path, default=[], help="the image of a descriptor"
        )
        parser.add_argument("--base", metavar="SUITE", default=BASE, help=f"the Debian they are based on ({BASE})")
        parser.add_argument(
            "--arch",
            metavar="ARCH",
            action="append",
            default=[],
            help="make them for this architecture, and an index of all that are named (this machine's, and none)",
        )
        add_folders(parser, "a folder with .deb files that the images' packages are taken from, besides the suite's")
        parser.add_argument(
            "--renew", action="store_true", help="take today's Debian packages, which makes the images other ones"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Plan them all, then make them."""
        from stackwright.build.debian.builder import debs_below
        from stackwright.build.image.image import ImageMaker
        from stackwright.cli.shop import workshop

        workspace = self.workspace
        releases = [workspace.release(name) for name in parsed_args.release or (None,)]
        with workshop(workspace) as shop:
            debs = debs_below(folders_of_user(parsed_args))
            plans = [plan for release in releases for plan in _plans(parsed_args, workspace, release, shop)]
            plans = [replace(plan, debs=debs, listed=bool(parsed_args.arch)) for plan in plans]
            _refuse_twice(plans)
            maker = ImageMaker(shop, layout_of(workspace), parsed_args.renew)
            images = [maker.make(plan) for plan in plans]
            lists = maker.name_lists(images) if parsed_args.arch else {}
        rows = [_row(image) for image in images]
        rows += [(*name.split(":"), index.digest, "", "", "") for name, index in lists.items()]
        return ("Image", "Tag", "Digest", "Layers", "MiB", "New"), rows


def layout_of(workspace: Workspace) -> Layout:
    """Give the OCI layout with the workspace's images."""
    from stackwright.build.image.layout import Layout

    return Layout(workspace.state / "images")


def _plans(parsed_args: argparse.Namespace, workspace: Workspace, release: Release, shop: Workshop) -> list[ImagePlan]:
    from stackwright.build.image.described import described
    from stackwright.build.image.descriptor import read_descriptor
    from stackwright.build.image.planning import plan_images
    from stackwright.build.image.recipe import chosen
    from stackwright.catalogue.catalogue import own_catalogue
    from stackwright.tools import dpkg

    catalogue, distribution = own_catalogue(), workspace.distribution
    architectures = parsed_args.arch or [dpkg.architecture()]
    plans: list[ImagePlan] = []
    if parsed_args.image or not parsed_args.descriptor:
        wanted = chosen(catalogue, parsed_args.image)
        plans += plan_images(distribution, release, wanted, parsed_args.base, architectures, shop)
    for file in parsed_args.descriptor:
        meant = described(read_descriptor(file), release, catalogue)
        plans += plan_images(distribution, meant.release, [meant.recipe], parsed_args.base, architectures, shop)
    return plans


def _refuse_twice(plans: list[ImagePlan]) -> None:
    seen: set[str] = set()
    for plan in plans:
        if plan.reference in seen:
            raise InputError(
                f"two images would be called {plan.reference}",
                fix="give the descriptor another LABEL, or leave one of them out",
            )
        seen.add(plan.reference)


def _row(image: Image) -> tuple[str, ...]:
    name, _, tag = image.plan.reference.partition(":")
    size = sum(layer.size for layer in image.layers)
    new = "yes" if image.made else "no"
    return name, tag, image.descriptor.digest, str(len(image.layers)), f"{size / MIB:.1f}", new
