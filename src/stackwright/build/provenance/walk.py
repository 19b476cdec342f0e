"""From an image, a package or a wheel to its tree, its patches and upstream's source, each step verified anew.

What the artifact cache noted when a thing was made says where to look; whether it is so is found by looking: files are
hashed, patches are applied again, sources are read again.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from stackwright.build.bytecode import LEFT_OUT
from stackwright.build.cache import sha256_of
from stackwright.build.debian.builder import DEBS
from stackwright.build.debian.source import SOURCES, OfTree, make_again
from stackwright.build.image.contents import contents
from stackwright.build.image.system import is_left_out
from stackwright.build.wheel import WHEELS
from stackwright.errors import CheckFailedError, InputError, StackwrightError, Where
from stackwright.patches import apply
from stackwright.sources.again import read_again
from stackwright.tools import dpkg_deb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from stackwright.build.cache import Provenance
    from stackwright.build.debian.source import SourcePlan
    from stackwright.build.image.carried import Carried
    from stackwright.build.image.layout import Layout
    from stackwright.build.patched import PatchedComponent
    from stackwright.build.workshop import Workshop
    from stackwright.patches.model import Patch
    from stackwright.sources import SourceTree

GONE = "it is not here any more"
CHANGED = "it was changed since it was built"


@dataclass(frozen=True)
class Link:
    """A step of the way.

    :param step: what kind of thing it is: image, package, wheel, tree, patch, source
    :param what: which one
    :param wrong: why it could not be verified; empty if it was
    """

    step: str
    what: str
    wrong: str = ""


class Tracer:
    """Walks back.

    :param shop: where artifacts and trees are
    :param made: gives the trees that the distribution makes now: tree -> release, component
    :param packaged: gives what makes a source package of a name now: where in the distribution, and its plan
    """

    def __init__(
        self,
        shop: Workshop,
        made: Callable[[], Mapping[str, tuple[str, PatchedComponent]]],
        packaged: Callable[[str], Iterator[tuple[str, SourcePlan]]],
    ) -> None:
        self._shop, self._made, self._packaged = shop, made, packaged

    def image(self, layout: Layout, reference: str) -> Iterator[Link]:
        """Walk from an image.

        :raises InputError: there is no such image
        """
        descriptor = layout.get(reference)
        try:
            read = contents(layout, reference)
        except CheckFailedError as error:
            yield Link("image", f"{reference} {descriptor.digest}", error.why or error.what)
            return
        yield Link("image", f"{reference} {descriptor.digest}")
        files = {path: entry.told[-1] for path, entry in read.files.items()}
        for one in read.carried:
            yield from self._of_carried(one, files)
        for name, sha256 in read.debs.items():
            yield from self._of_deb(name, sha256, files)
        if not read.carried and not read.debs:
            yield Link("tree", "nothing in it is built here: all of it is Debian's or of a package index")

    def file(self, file: Path) -> Iterator[Link]:
        """Walk from a wheel, a Debian package or a .dsc, wherever the file is.

        :raises InputError: it is none, or was not built here
        """
        kinds = {".whl": WHEELS, ".deb": DEBS, ".udeb": DEBS, ".dsc": SOURCES}
        if file.suffix not in kinds:
            raise InputError(
                f"{file.name} is no artifact whose way can be walked",
                where=Where(file),
                fix="name a .whl, .deb or .dsc file, or an image (NAME:TAG)",
            )
        sha256 = sha256_of(file)
        found = self._noted(kinds[file.suffix], sha256)
        if not found:
            raise InputError(
                f"{file.name} was not built here, or not as it is now",
                where=Where(file),
                why=f"no artifact in {self._shop.artifacts.directory} has the SHA-256 {sha256}",
                fix="stackwright build",
            )
        step = {WHEELS: "wheel", DEBS: "package", SOURCES: "source package"}[kinds[file.suffix]]
        if step == "source package":
            yield from _best(self._of_source_package(key, noted, sha256) for key, noted in found)
            return
        yield Link(step, f"{file.name} sha256:{sha256}")
        if step == "wheel":
            yield from _best(self._of_tree(str(noted.inputs["tree"])) for _, noted in found)
        else:
            yield from _best(self._before_deb(noted) for _, noted in found)

    def _of_deb(self, name: str, sha256: str, files: Mapping[str, str]) -> Iterator[Link]:
        """Walk from a Debian package that an image says it has: its files are those that are in it."""
        what = f"{name} sha256:{sha256}"
        found = self._noted(DEBS, sha256)
        if not found:
            yield Link("package", what, "it was not built here")
            return
        key, noted = found[0]
        built = next(file for file, its in noted.outputs.items() if its == sha256)  # whatever the image calls it
        file = self._shop.artifacts.directory / DEBS / key / built
        yield Link("package", what, _deb_not_in(file, files) if sha256_of(file) == sha256 else CHANGED)
        yield from _best(self._before_deb(noted) for _, noted in found)

    def _before_deb(self, noted: Provenance) -> Iterator[Link]:
        """Walk on from what was noted of a Debian package."""
        dsc = str(noted.inputs["dsc"])
        sources = self._noted(SOURCES, dsc)
        if sources:
            yield from _best(self._of_source_package(key, source, dsc) for key, source in sources)
            return
        what = f"{noted.inputs['source']} {noted.inputs['version']} (dsc sha256:{dsc})"
        yield Link("source package", what, "it was made elsewhere")

    def _of_source_package(self, key: str, noted: Provenance, sha256: str) -> Iterator[Link]:
        """Walk from a source package, which is made again.

        :param sha256: of its .dsc
        """
        name, version = str(noted.inputs["name"]), str(noted.inputs["version"])
        what = f"{name} {version} (dsc sha256:{sha256})"
        made = next(((place, plan) for place, plan in self._packaged(name) if plan.key == key), None)
        if made is None:
            why = "nothing in the distribution makes it now: its patches, packaging or source were changed since"
            yield Link("source package", what, why)
            return
        place, plan = made
        try:
            again = make_again(plan, store=self._shop.store)
            wrong = "" if again == noted.outputs else "it is another when it is made again"
        except StackwrightError as error:
            wrong = error.what
        yield Link("source package", f"{what} of {place}", wrong)
        yield Link("tree", plan.result)
        yield from (_of_patch(patch) for patch in plan.series)
        if isinstance(plan.base, OfTree):
            wrong = self._wrong_source(plan.base.source) if plan.base.source else ""
            yield Link("source", f"{plan.base.origin}: tree {plan.base.tree}", wrong)
        else:
            yield Link("source", plan.base.origin)

    def _of_carried(self, one: Carried, files: Mapping[str, str]) -> Iterator[Link]:
        """Walk from what an image says that it carries: the wheel's files are those that are in it."""
        cache = self._shop.artifacts
        for key in cache.keys(WHEELS):
            noted = cache.provenance(WHEELS, key)
            if (noted.inputs["tree"], noted.inputs["version"]) == (one.tree, one.version):
                ((name, sha256),) = noted.outputs.items()
                wheel = cache.directory / WHEELS / key / name
                other = _not_in(wheel, files) if sha256_of(wheel) == sha256 else CHANGED
                yield Link("wheel", f"{name} sha256:{sha256}", other)
                break
        else:
            yield Link("wheel", f"{one.distribution} {one.version}", GONE)
        yield from self._of_tree(one.tree, {patch.name: patch.sha256 for patch in one.patches})

    def _of_tree(self, tree: str, patches: Mapping[str, str] | None = None) -> Iterator[Link]:
        """Walk from a patched tree, which is made again.

        :param patches: name -> SHA-256 of those that it has to have
        """
        known = self._made().get(tree)
        if known is None:
            why = "no series of the distribution makes this tree now: it, or its release, was changed since"
            yield Link("tree", tree, why)
            return
        release, one = known
        again = apply(self._shop.store, one.source.tree, one.series).tree
        name = one.source.component.name
        yield Link("tree", f"{tree} of {name} in {release}", "" if again == tree else f"its series makes {again}")
        yield from (_of_patch(patch, (patches or {}).get(patch.name)) for patch in one.series.patches)
        yield Link("source", f"{one.source.origin}: tree {one.source.tree}", self._wrong_source(one.source))

    def _wrong_source(self, source: SourceTree) -> str:
        """Tell why a source is not what the tree is of; empty if it is."""
        shop = self._shop
        try:
            found = read_again(
                source, store=shop.store, memo=shop.memo, cache=shop.artifacts.directory, events=shop.events
            )
        except StackwrightError as error:
            return error.what
        return "" if found == source.tree else f"it is the tree {found}"

    def _noted(self, kind: str, sha256: str) -> list[tuple[str, Provenance]]:
        """Find what was noted of the artifacts that have a file with a hash, and their keys.

        Several may have the same: a patch of a comment changes the tree, and not what is built of it.
        """
        cache = self._shop.artifacts
        noted = ((key, cache.provenance(kind, key)) for key in cache.keys(kind))
        return [(key, one) for key, one in noted if sha256 in one.outputs.values()]


def _best(ways: Iterable[Iterator[Link]]) -> list[Link]:
    """Give the first way that holds; the last if none does."""
    links: list[Link] = []
    for way in ways:
        links = list(way)
        if not any(link.wrong for link in links):
            break
    return links


def _of_patch(patch: Patch, wanted: str | None = None) -> Link:
    """Give the step of a patch.

    :param wanted: the SHA-256 that it has to have, if that is known
    """
    sha256 = sha256_of(patch.file) if patch.file else ""
    wrong = f"it is another: sha256:{wanted}" if wanted not in (None, sha256) else ""
    return Link("patch", f"{patch.name} sha256:{sha256} {patch.subject}", wrong)


def _not_in(wheel: Path, files: Mapping[str, str]) -> str:
    """Tell what of a wheel's packages is not in an image as it is in the wheel; empty if all is.

    Images are without tests, and an installer writes its own record.
    """
    places = {
        str(PurePosixPath(*parts[parts.index("site-packages") + 1 :])): digest
        for path, digest in files.items()
        if "site-packages" in (parts := PurePosixPath(path).parts)
    }
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if not _is_left_out(name)]
        other = [name for name in names if places.get(name) != hashlib.sha256(archive.read(name)).hexdigest()]
    return _not_in_image(other)


def _deb_not_in(deb: Path, files: Mapping[str, str]) -> str:
    """Tell what of a Debian package is not in an image as it is in the package; empty if all is.

    A package may have its files where only a link of the system leads to them (Debian's merged /usr).
    """
    other = []
    with tarfile.open(fileobj=io.BytesIO(dpkg_deb.file_system(deb))) as archive:
        for member in archive:
            path = member.name.removeprefix("./")
            content = archive.extractfile(member) if member.isreg() and not is_left_out(path) else None
            if content is not None and hashlib.sha256(content.read()).hexdigest() not in (
                files.get(path),
                files.get(f"usr/{path}"),
            ):
                other.append(path)
    return _not_in_image(other)


def _not_in_image(paths: Sequence[str]) -> str:
    return f"{len(paths)} of its files are not in the image: {', '.join(paths[:3])}" if paths else ""


def _is_left_out(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return name.endswith(("/", ".dist-info/RECORD")) or parts[0].endswith(".data") or not LEFT_OUT.isdisjoint(parts)
