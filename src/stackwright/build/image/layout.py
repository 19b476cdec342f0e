"""An OCI image layout: a folder of blobs by digest, and an index of what they make (image-layout.md of the image-spec).

Blobs come first and the index last, each whole: who reads the layout sees an image in all its parts, or not at all.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.build.cache import sha256_of
from stackwright.build.image import oci
from stackwright.build.scratch import locked
from stackwright.distribution.writing import put
from stackwright.errors import CheckFailedError, InputError, Where, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable

MARK = '{"imageLayoutVersion":"1.0.0"}'


class Layout:
    """The images of a state directory, each with a reference such as ``nova-api:2026.2-0123456789ab``.

    :param directory: made on first use
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.blobs = directory / "blobs/sha256"
        self.index_file = directory / "index.json"

    def index(self) -> oci.Index:
        """Give what is in it.

        :raises InputError: its index is damaged
        """
        if not self.index_file.exists():
            return oci.Index(schema_version=2, media_type=oci.INDEX, manifests=())
        return oci.read(oci.Index, self.index_file.read_bytes(), Where(self.index_file))

    def references(self) -> dict[str, oci.Descriptor]:
        """Give what has a name: reference -> manifest, or index, in the order of the names."""
        named = {one.annotations.get(oci.REFERENCE, ""): one for one in self.index().manifests}
        return {name: named[name] for name in sorted(named) if name}

    def find(self, reference: str) -> oci.Descriptor | None:
        """Give what a reference names; None if nothing has it, or some of its own blobs are gone."""
        found = self.references().get(reference)
        return found if found and self.has(found.digest) else None

    def get(self, reference: str) -> oci.Descriptor:
        """Give what a reference names.

        :raises InputError: there is no such image
        """
        known = self.references()
        if reference not in known:
            raise InputError(
                f"there is no image {reference!r} here",
                where=Where(self.directory),
                fix=suggestion(reference, known) if known else "stackwright build image",
            )
        return known[reference]

    def path(self, digest: str) -> Path:
        """Give the place of a blob, whether it is there or not."""
        return self.blobs / digest.removeprefix("sha256:")

    def has(self, digest: str) -> bool:
        """Tell whether a blob is there."""
        return self.path(digest).is_file()

    def read(self, descriptor: oci.Descriptor) -> bytes:
        """Give a blob's content, which is checked: for documents, not for layers.

        :raises CheckFailedError: it is gone, or is not what its name says
        """
        file = self.path(descriptor.digest)
        try:
            content = file.read_bytes()
        except FileNotFoundError as error:
            raise _damaged(file, "it is gone") from error
        if oci.digest_of(content) != descriptor.digest:
            raise _damaged(file, "its content is not what its name, the SHA-256, says")
        return content

    def manifest(self, descriptor: oci.Descriptor) -> oci.Manifest:
        """Give the manifest that a descriptor names.

        :raises InputError: it names an index of images
        """
        if descriptor.media_type == oci.INDEX:
            named = descriptor.annotations.get(oci.REFERENCE, descriptor.digest)
            architectures = [one.platform.architecture for one in self.images(descriptor) if one.platform]
            raise InputError(
                f"{named} is no image, but an index of images for {' and '.join(architectures)}",
                where=Where(self.directory),
                fix=f"name one of these: {' or '.join(f'{named}-{one}' for one in architectures)}",
            )
        return oci.read(oci.Manifest, self.read(descriptor), Where(self.path(descriptor.digest)))

    def images(self, descriptor: oci.Descriptor) -> tuple[oci.Descriptor, ...]:
        """Give the images that a descriptor names: those of an index, else the one that it is of.

        :raises InputError: the index is none
        :raises CheckFailedError: it is gone, or is not what its name says
        """
        if descriptor.media_type != oci.INDEX:
            return (descriptor,)
        return oci.read(oci.Index, self.read(descriptor), Where(self.path(descriptor.digest))).manifests

    def config(self, manifest: oci.Manifest) -> oci.Config:
        """Give the configuration of an image."""
        return oci.read(oci.Config, self.read(manifest.config), Where(self.path(manifest.config.digest)))

    def is_whole(self, manifest: oci.Manifest) -> bool:
        """Tell whether all blobs of a manifest are there, at their sizes."""
        for descriptor in (manifest.config, *manifest.layers):
            try:
                size = self.path(descriptor.digest).stat().st_size
            except FileNotFoundError:
                return False
            if size != descriptor.size:
                return False
        return True

    def add(self, content: bytes, media_type: str) -> oci.Descriptor:
        """Keep some content, and name it."""
        digest = oci.digest_of(content)
        if not self.has(digest):
            with self._part() as part:
                part.file.write_bytes(content)
                part.settle(self.path(digest))
        return oci.Descriptor(media_type=media_type, digest=digest, size=len(content))

    def add_file(self, file: Path, descriptor: oci.Descriptor) -> None:
        """Keep a file that is never changed: linked where it is on the same file system.

        :raises CheckFailedError: its content is not what the descriptor says
        """
        if self.has(descriptor.digest) and self.path(descriptor.digest).stat().st_size == descriptor.size:
            return
        if f"sha256:{sha256_of(file)}" != descriptor.digest:
            raise _damaged(file, "its content is not what it was when it was made")
        with self._part() as part:
            part.file.unlink()
            try:
                os.link(file, part.file)
            except OSError as error:
                if error.errno not in (errno.EXDEV, errno.EMLINK, errno.EPERM):
                    raise
                shutil.copyfile(file, part.file)
            part.settle(self.path(descriptor.digest))

    def name(self, reference: str, descriptor: oci.Descriptor) -> None:
        """Let a reference name something that is in the layout; what it named before is named no more."""
        self.name_all({reference: descriptor})

    def name_all(self, named: dict[str, oci.Descriptor]) -> None:
        """Let references name what is in the layout, all at once."""
        self.blobs.mkdir(parents=True, exist_ok=True)
        with locked(self.directory / ".lock"):
            entries = [
                one.model_copy(update={"annotations": {**one.annotations, oci.REFERENCE: reference}})
                for reference, one in named.items()
            ]
            kept = [one for one in self.index().manifests if one.annotations.get(oci.REFERENCE) not in named]
            ordered = sorted([*kept, *entries], key=lambda one: (one.annotations.get(oci.REFERENCE, ""), one.digest))
            self._write_index(ordered)

    def take(self, other: Layout, references: Iterable[str]) -> None:
        """Take over what references name in another layout, with all that it is made of; they have it all at once.

        :raises InputError: the other has no such image
        :raises CheckFailedError: something of it is gone, or is not what its name says
        """
        named = {reference: other.get(reference) for reference in references}
        for descriptor in named.values():
            for blob in other.blobs_of(descriptor):
                self.add_file(other.path(blob.digest), blob)
        if named:
            self.name_all(named)

    def blobs_of(self, descriptor: oci.Descriptor) -> list[oci.Descriptor]:
        """Give all that an image, or a list of them, is made of: what is named comes before what names it.

        :raises InputError: a document of it is none
        :raises CheckFailedError: a document of it is gone, or is not what its name says
        """
        if descriptor.media_type == oci.INDEX:
            return [*(blob for one in self.images(descriptor) for blob in self.blobs_of(one)), descriptor]
        manifest = self.manifest(descriptor)
        return [manifest.config, *manifest.layers, descriptor]

    def _write_index(self, manifests: Iterable[oci.Descriptor]) -> None:
        mark = self.directory / "oci-layout"
        if not mark.exists():
            put(mark, MARK)
        index = oci.Index(schema_version=2, media_type=oci.INDEX, manifests=tuple(manifests))
        put(self.index_file, oci.written(index).decode())

    def _part(self) -> _Part:
        self.blobs.mkdir(parents=True, exist_ok=True)
        return _Part(self.directory)


class _Part:
    """A file that is not in its place yet; gone at the end of the block, unless it has been settled."""

    def __init__(self, directory: Path) -> None:
        handle, name = tempfile.mkstemp(prefix=".part-", dir=directory)
        os.close(handle)
        self.file = Path(name)

    def settle(self, place: Path) -> None:
        self.file.chmod(0o644)
        self.file.replace(place)

    def __enter__(self) -> _Part:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(FileNotFoundError):
            self.file.unlink()


def _damaged(file: Path, why: str) -> CheckFailedError:
    return CheckFailedError(
        "an image is damaged", where=Where(file), why=why, fix="build or pull it again: stackwright build image"
    )
