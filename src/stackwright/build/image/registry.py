"""Images in a registry: pushed and pulled by digest, with what is attached to them; a tag never changes unasked.

An index of images for several architectures comes with all of them, and with what is attached to each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.build.image import oci
from stackwright.build.image.attached import add_attached, attached, attached_reference
from stackwright.build.image.layout import Layout
from stackwright.build.scratch import scratch_directory
from stackwright.errors import CheckFailedError, InputError, Where
from stackwright.tools import skopeo

if TYPE_CHECKING:
    from pathlib import Path

PUSHED, THERE, PULLED = "pushed", "there already", "pulled"


@dataclass(frozen=True)
class Moved:
    """An image that is in both places now.

    :param state: ``pushed``, ``pulled`` or ``there already``
    """

    reference: str
    digest: str
    state: str


@dataclass(frozen=True)
class Registry:
    """A registry, or a folder of one.

    :param address: ``HOST:PORT`` or ``HOST:PORT/FOLDER``
    """

    address: str
    layout: Layout

    def push(self, reference: str, *, replace: bool = False) -> Moved:
        """Let the registry have an image of the layout, and what is attached to it.

        :param replace: let the tag name it, though it names another image there
        :raises InputError: there is no such image here
        :raises CheckFailedError: the tag names another image there
        :raises EnvironmentLacksError: the registry cannot be reached, is full, or refuses
        """
        image = self.layout.get(reference)
        there = self._digest(reference)
        if there is not None and there != image.digest and not replace:
            raise self._other(reference, there, image.digest, "the registry", "push")
        if there != image.digest:
            skopeo.push(self.layout.directory, reference, self._remote(reference), kind=_kind(image))
        for one in self._with_images(image):
            self._take_attached(reference, one)
            list_ = attached_reference(reference, one.digest)
            if {each.digest for each in attached(self.layout, reference, one)} - self._attached_there(list_).keys():
                skopeo.push(self.layout.directory, list_, self._remote(list_), kind=skopeo.LIST)
        return Moved(reference, image.digest, THERE if there == image.digest else PUSHED)

    def pull(self, reference: str, *, replace: bool = False) -> Moved:
        """Let the layout have an image of the registry, and what is attached to it.

        :param replace: let the tag name it, though it names another image here
        :raises InputError: the registry has no such image
        :raises CheckFailedError: the tag names another image here
        :raises EnvironmentLacksError: the registry cannot be reached, or refuses; no space
        """
        content = skopeo.manifest(self._remote(reference))
        if content is None:
            raise InputError(
                f"the registry has no image {reference}",
                where=Where(subject=self.address),
                fix=f"push it there: stackwright image push {self.address} --image {reference.partition(':')[0]}",
            )
        there = oci.digest_of(content)
        here = self.layout.references().get(reference)
        if here is not None and here.digest != there and not replace:
            raise self._other(reference, here.digest, there, "this machine", "pull")
        state = THERE
        if here is None or here.digest != there or not self._is_whole(here):
            self._fetch(reference, content)
            state = PULLED
        for one in self._with_images(self.layout.get(reference)):
            self._take_attached(reference, one)
        return Moved(reference, there, state)

    def _fetch(self, reference: str, content: bytes) -> None:
        """Fetch blobs to where they belong, and name the image only when all are there; those of an index, too.

        :param content: the manifest, or index, as the registry has it
        """
        found = oci.Descriptor(media_type=oci.media_type(content), digest=oci.digest_of(content), size=len(content))
        with scratch_directory(self.layout.directory / "unfinished") as scratch:
            skopeo.pull(self._remote(reference), scratch, self._blobs(), reference, kind=_kind(found))
        named = {reference: self.layout.add(content, found.media_type)}
        for one in self.layout.images(found) if found.media_type == oci.INDEX else ():
            if one.platform:
                named[f"{reference}-{one.platform.architecture}"] = one.model_copy(update={"platform": None})
        self.layout.name_all(named)

    def _is_whole(self, here: oci.Descriptor) -> bool:
        images = self.layout.images(here)
        return all(self.layout.has(one.digest) and self.layout.is_whole(self.layout.manifest(one)) for one in images)

    def _with_images(self, image: oci.Descriptor) -> tuple[oci.Descriptor, ...]:
        """Give an image; or an index, and the images in it."""
        return (image, *self.layout.images(image)) if image.media_type == oci.INDEX else (image,)

    def _take_attached(self, reference: str, image: oci.Descriptor) -> None:
        """Take what is attached to an image there and not here: another may have signed it."""
        list_ = attached_reference(reference, image.digest)
        there = self._attached_there(list_)
        if there.keys() - {one.digest for one in attached(self.layout, reference, image)}:
            with scratch_directory(self.layout.directory / "unfinished") as scratch:
                skopeo.pull(self._remote(list_), scratch, self._blobs(), list_, kind=skopeo.LIST)
            add_attached(self.layout, reference, image, there.values())

    def _attached_there(self, list_: str) -> dict[str, oci.Descriptor]:
        content = skopeo.manifest(self._remote(list_))
        if content is None:
            return {}
        index = oci.read(oci.Index, content, Where(subject=self._remote(list_)))
        return {one.digest: one for one in index.manifests}

    def _blobs(self) -> Path:
        self.layout.blobs.mkdir(parents=True, exist_ok=True)
        return self.layout.blobs.parent

    def _remote(self, reference: str) -> str:
        return f"{self.address.rstrip('/')}/{reference}"

    def _digest(self, reference: str) -> str | None:
        content = skopeo.manifest(self._remote(reference))
        return None if content is None else oci.digest_of(content)

    def _other(self, reference: str, has: str, wanted: str, who: str, verb: str) -> CheckFailedError:
        return CheckFailedError(
            f"{who} has another image under {reference}",
            where=Where(subject=self.address),
            why=f"it has {has}, this is {wanted}: the same patches on another base or with other pins",
            fix=f"see what is different (stackwright image diff), then `stackwright image {verb} --replace`",
        )


def _kind(image: oci.Descriptor) -> tuple[str, ...]:
    return skopeo.INDEX if image.media_type == oci.INDEX else skopeo.IMAGE
