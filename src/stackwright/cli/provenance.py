"""`provenance`: where an artifact comes from."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceLister
from stackwright.cli.shop import workshop
from stackwright.errors import CheckFailedError, StackwrightError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from stackwright.build.debian.source import SourcePlan
    from stackwright.build.image.layout import Layout
    from stackwright.build.patched import PatchedComponent


class ShowProvenance(WorkspaceLister):
    """Walk from an artifact back to upstream's source, and verify each step; exit status 1 where one does not hold."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add which."""
        parser = super().get_parser(prog_name)
        parser.add_argument("artifact", help="a .whl, .deb or .dsc file, or an image: NAME:TAG, or its digest")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Walk."""
        from stackwright.build.debian.making import Making
        from stackwright.build.provenance.walk import Tracer
        from stackwright.cli.build_image import layout_of

        distribution = self.workspace.distribution
        with workshop(self.workspace) as shop:

            @cache
            def made() -> dict[str, tuple[str, PatchedComponent]]:
                found: dict[str, tuple[str, PatchedComponent]] = {}
                for name, release in distribution.releases.items():
                    try:
                        components = shop.patched(distribution, release)
                    except StackwrightError:
                        continue  # what does not apply now has not made the artifact
                    found |= {str(one.applied.tree): (name, one) for one in components.values()}
                return found

            def packaged(source: str) -> Iterator[tuple[str, SourcePlan]]:
                for name, release in distribution.releases.items():
                    making = Making(
                        distribution, release, shop.store, shop.memo, shop.artifacts, shop.logs, shop.events
                    )
                    yield from ((f"{place} in {name}", plan) for place, plan in making.of_source(source))

            tracer, file = Tracer(shop, made, packaged), Path(parsed_args.artifact)
            if file.suffix and file.is_file():
                links = list(tracer.file(file))
            else:
                layout = layout_of(self.workspace)
                links = list(tracer.image(layout, _reference(layout, parsed_args.artifact)))
        self._holds = not any(link.wrong for link in links)
        return ("Step", "What", "Verified"), [(link.step, link.what, link.wrong or "yes") for link in links]

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the way; the exit status says whether all of it holds."""
        super().run(parsed_args)
        return 0 if self._holds else CheckFailedError.status


def _reference(layout: Layout, name: str) -> str:
    """Give the reference of an image that is named by its digest; any other name is one itself."""
    return next((reference for reference, one in layout.references().items() if one.digest == name), name)
