"""Commands on the images that are there: looked at, compared, signed, in a registry."""

from __future__ import annotations

import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceCommand, WorkspaceLister
from stackwright.cli.build_image import MIB, layout_of
from stackwright.cli.signing import KEY, signing_key
from stackwright.errors import CheckFailedError, InputError, Where, suggestion
from stackwright.events import Kind

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from stackwright.build.image.layout import Layout

ATTACHED = "sha256-"  # how the tag of the list of what is attached to an image begins
SIGNED = "an image is signed for those who pull it"


class ListImages(WorkspaceLister):
    """List the images, with what is attached to them."""

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:  # noqa: ARG002
        """Read the layout."""
        layout = layout_of(self.workspace)
        return ("Image", "Tag", "Digest", "Architecture", "MiB", "Attached"), list(_listed(layout))


class DiffImages(WorkspaceLister):
    """List what is different between two images: packages, patches and files; exit status 1 if anything is."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the two."""
        parser = super().get_parser(prog_name)
        parser.add_argument("before", help="an image, NAME:TAG")
        parser.add_argument("after", help="an image, NAME:TAG")
        parser.add_argument("--packages", action="store_true", help="packages and patches only")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Read both, and compare."""
        from stackwright.build.image.contents import contents
        from stackwright.build.image.diff import FILE, differences

        layout = layout_of(self.workspace)
        before, after = (contents(layout, name) for name in (parsed_args.before, parsed_args.after))
        found = [one for one in differences(before, after) if not parsed_args.packages or one.kind != FILE]
        self._same = not found
        return ("Kind", "Name", "Before", "After"), [(one.kind, one.name, one.before, one.after) for one in found]

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list; the exit status says whether they are the same."""
        super().run(parsed_args)
        return 0 if self._same else CheckFailedError.status


class ShowSbom(WorkspaceCommand):
    """Write the bill of materials of an image: CycloneDX, as JSON."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the image."""
        parser = super().get_parser(prog_name)
        parser.add_argument("image", help="an image, NAME:TAG")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Read what is attached to it."""
        from stackwright.build.image.attached import sbom_of

        self.say(sbom_of(layout_of(self.workspace), parsed_args.image).decode())


class SignImages(WorkspaceLister):
    """Sign images with an SSH key that `channels/allowed_signers` has."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add which, and the key."""
        parser = super().get_parser(prog_name)
        _add_images(parser)
        parser.add_argument(
            "--key", metavar="FILE", type=Path, help=f"the SSH key, or its public part for an agent's ({KEY})"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Sign each."""
        from stackwright.build.image.attached import sign

        layout = layout_of(self.workspace)
        key = signing_key(parsed_args.key, SIGNED)
        who = _signer(self.workspace.root, key)
        images = _chosen(layout, parsed_args.image)
        for reference in images:
            sign(layout, reference, key, who)
        digests = layout.references()
        return ("Image", "Digest", "Signed by"), [(name, digests[name].digest, who) for name in images]


class VerifyImages(WorkspaceLister):
    """List the signatures of images, and whether they are good; exit status 1 if an image has no good one."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add which."""
        parser = super().get_parser(prog_name)
        _add_images(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Judge each signature."""
        from stackwright.build.image.attached import signatures

        layout = layout_of(self.workspace)
        rows: list[tuple[str, str, str, str]] = []
        self._all_good = True
        for reference in _chosen(layout, parsed_args.image):
            found = signatures(layout, reference, _allowed(self.workspace.root))
            self._all_good &= any(not one.why for one in found)
            rows += [
                (reference, one.signed.by, f"{one.signed.when:%Y-%m-%d %H:%M}Z", one.why or "good") for one in found
            ]
            if not found:
                rows.append((reference, "", "", "not signed"))
        return ("Image", "By", "When", "Signature"), rows

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list; the exit status says whether each image has a good signature."""
        super().run(parsed_args)
        return 0 if self._all_good else CheckFailedError.status


class PushImages(WorkspaceLister):
    """Push images to a registry, with what is attached to them; what is there is not pushed again."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add where to, and which."""
        parser = super().get_parser(prog_name)
        parser.add_argument("registry", help="HOST:PORT, or HOST:PORT/FOLDER")
        _add_images(parser)
        parser.add_argument("--replace", action="store_true", help="move a tag that names another image there")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Push one after another: they share layers."""
        from stackwright.build.image.registry import THERE, Registry

        registry = Registry(parsed_args.registry, layout_of(self.workspace))
        rows = []
        with self.workspace.events() as events:
            for reference in _chosen(registry.layout, parsed_args.image):
                events.emit(Kind.STARTED, reference, f"push it to {registry.address}")
                moved = registry.push(reference, replace=parsed_args.replace)
                events.emit(Kind.SKIPPED if moved.state == THERE else Kind.DONE, reference, moved.state)
                rows.append((reference, moved.digest, moved.state))
        return ("Image", "Digest", "State"), rows


class PullImage(WorkspaceLister):
    """Pull an image of a registry, with what is attached to it."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add where from, and what."""
        parser = super().get_parser(prog_name)
        parser.add_argument("registry", help="HOST:PORT, or HOST:PORT/FOLDER")
        parser.add_argument("image", nargs="+", help="an image there, NAME:TAG")
        parser.add_argument("--replace", action="store_true", help="move a tag that names another image here")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Pull one after another: they share layers."""
        from stackwright.build.image.registry import Registry

        registry = Registry(parsed_args.registry, layout_of(self.workspace))
        rows = []
        with self.workspace.events() as events:
            for reference in parsed_args.image:
                if ":" not in reference:
                    raise InputError(f"{reference!r} has no tag", fix=f"write {reference}:TAG")
                events.emit(Kind.STARTED, reference, f"pull it from {registry.address}")
                moved = registry.pull(reference, replace=parsed_args.replace)
                events.emit(Kind.DONE, reference, moved.state)
                rows.append((reference, moved.digest, moved.state))
        return ("Image", "Digest", "State"), rows


def _add_images(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--image",
        metavar="PATTERN",
        action="append",
        default=[],
        help="images, such as 'nova-*' or NAME:TAG (all that are here)",
    )


def _chosen(layout: Layout, patterns: list[str]) -> list[str]:
    """Give the references that fit one of the patterns, with or without their tags.

    :raises InputError: a pattern fits none
    """
    known = [name for name in layout.references() if not name.partition(":")[2].startswith(ATTACHED)]
    wanted: dict[str, None] = {}
    for pattern in patterns or ["*"]:
        fitting = [
            name for name in known if fnmatch.fnmatch(name, pattern) or fnmatch.fnmatch(name.partition(":")[0], pattern)
        ]
        if not fitting:
            raise InputError(
                f"there is no image like {pattern!r} here",
                where=Where(layout.directory),
                fix=suggestion(pattern, known) if known else "stackwright build image",
            )
        wanted |= dict.fromkeys(fitting)
    return list(wanted)


def _listed(layout: Layout) -> Iterator[tuple[str, ...]]:
    from stackwright.build.image.attached import kinds

    for reference, descriptor in layout.references().items():
        name, _, tag = reference.partition(":")
        if tag.startswith(ATTACHED):
            continue
        manifests = [layout.manifest(image) for image in layout.images(descriptor)]
        size = sum(layer.size for manifest in manifests for layer in manifest.layers)
        runs_on = ", ".join(layout.config(manifest).architecture for manifest in manifests)
        yield name, tag, descriptor.digest, runs_on, f"{size / MIB:.1f}", ", ".join(kinds(layout, reference))


def _allowed(root: Path) -> Path:
    from stackwright.proof.channels import FOLDER, SIGNERS

    return root / FOLDER / SIGNERS


def _signer(root: Path, key: Path) -> str:
    """Give who a key signs for.

    :raises InputError: there is no such key, or it may not sign
    """
    from stackwright.build.image.attached import NAMESPACE
    from stackwright.tools import ssh_keygen

    allowed = _allowed(root)
    print_ = ssh_keygen.fingerprint(key)
    names = ssh_keygen.signers(allowed.read_text("utf-8", "replace"), print_) if allowed.is_file() else ()
    if not names:
        raise InputError(
            "this key may not sign for the distribution",
            where=Where(key),
            why=f"no line of {allowed} has it with a name: {print_}",
            fix=f'a line there says who may: YOU@EXAMPLE.ORG namespaces="{NAMESPACE}" and the public key',
        )
    return names[0]
