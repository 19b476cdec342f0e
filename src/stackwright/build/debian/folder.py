"""Packages that a folder describes: ``packages/NAME`` with ``meta_data.yaml`` and two series."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

from stackwright.build.debian.assembly import Assembly, Base, packaging_of
from stackwright.build.debian.metadata import MetaData
from stackwright.build.debian.source import FOLDER, OfTree
from stackwright.build.debian.version import SUFFIX, Version, compare, ours
from stackwright.distribution import DebianSource, parse, read_yaml
from stackwright.errors import CheckFailedError, InputError, ManyInputsError, Where, suggestion
from stackwright.events import Kind
from stackwright.patches import read_series
from stackwright.patches.exchange.layouts import meta_data_of
from stackwright.patches.series import unlisted
from stackwright.sources.debian import DebianPackage
from stackwright.sources.download import download, shown
from stackwright.tools import git_revisions

if TYPE_CHECKING:
    from stackwright.build.debian.metadata import DownloadFile
    from stackwright.build.debian.source import SourcePlan
    from stackwright.events import Events
    from stackwright.patches.model import Series
    from stackwright.store import Memo, Store, TreeId

PACKAGES = "packages"
PATCHES, DEB_PATCHES = "patches", "deb_patches"
DEB_FOLDER = "deb_folder"
# What begins with these bytes is opened by these.
OPENERS: Mapping[bytes, Callable[[Path], IO[bytes]]] = {b"\xfd7zXZ": lzma.open, b"BZh": bz2.open}


@dataclass(frozen=True)
class PackageFolder:
    """A folder that describes a package.

    :param name: the folder's
    :param base: the folder that its ``meta_data.yaml`` is in
    """

    name: str
    base: Path
    about: MetaData

    @classmethod
    def read(cls, directory: Path) -> PackageFolder:
        """Read it.

        :raises InputError: it has no ``meta_data.yaml``, or something is wrong with it
        """
        file = meta_data_of(directory)
        if file is None:
            raise InputError("there is no meta_data.yaml", where=Where(directory), fix="write it, with `debver:` in it")
        document = read_yaml(file)
        return cls(directory.name, file.parent, parse(MetaData, document).placed(document))

    @property
    def debian_name(self) -> str:
        """The name of the source package."""
        return self.about.debname or self.name

    def series(self) -> tuple[Series, Series]:
        """Give its patches: those of the folder `debian`, and those of upstream's files.

        :raises InputError: one is in no series, or in the wrong one (all of them together)
        """
        errors: list[InputError] = []
        found = []
        for part, of_packaging in ((DEB_PATCHES, True), (PATCHES, False)):
            series = read_series(self.base / part)
            found.append(series)
            errors += [
                InputError(
                    f"the patch {name} is in no series",
                    where=Where(self.base / part / name, 1),
                    fix=f"add it to {self.base / part / 'series'}, or remove it",
                )
                for name in unlisted(series)
            ]
            for patch in series.patches:
                strange = sorted(path for path in patch.paths if path.startswith(f"{FOLDER}/") is not of_packaging)
                if strange:
                    errors.append(
                        InputError(
                            f"{patch.name} changes {strange[0]}",
                            where=patch.listed,
                            why=f"{DEB_PATCHES} has the patches of files in {FOLDER}/, and {PATCHES} all others",
                            fix=f"move it to {PATCHES if of_packaging else DEB_PATCHES}, or part it",
                        )
                    )
        if errors:
            raise errors[0] if len(errors) == 1 else ManyInputsError(errors)
        return found[0], found[1]


def package_folders(root: Path) -> dict[str, Path]:
    """Give the folders of a distribution that describe packages, by name."""
    place = root / PACKAGES
    found = sorted(place.iterdir()) if place.is_dir() else []
    return {path.name: path for path in found if path.is_dir() and not path.name.startswith(".")}


def package_folder(root: Path, name: str) -> PackageFolder:
    """Read the folder of a package.

    :raises InputError: there is none of the name
    """
    folders = package_folders(root)
    if name not in folders:
        raise InputError(f"there is no package {name!r}", where=Where(root / PACKAGES), fix=suggestion(name, folders))
    return PackageFolder.read(folders[name])


@dataclass(frozen=True)
class FolderMaker:
    """Plans the source package that a folder describes.

    :param cache: the cache directory
    """

    folder: PackageFolder
    assembly: Assembly
    store: Store
    memo: Memo
    cache: Path
    events: Events

    def plan(self) -> SourcePlan:
        """Plan it.

        :raises InputError: something is wrong with the folder
        :raises PatchConflictError: a patch does not apply
        :raises CheckFailedError: a file has another hash than it has to have
        :raises EnvironmentLacksError: a file cannot be had
        """
        about = self.folder.about
        packaging, files = self.folder.series()
        where = about.where("debver")
        if about.of_dsc:
            return self.assembly.of_package(self._base(), self._version, self._number, packaging, files, where)
        folder = self.folder.base / DEB_FOLDER
        if packaging.patches:
            raise InputError(
                f"{DEB_PATCHES} is not looked at here",
                where=Where(packaging.directory),
                why=f"the folder {FOLDER} is the package's own: {folder}",
                fix="make the changes there",
            )
        if not folder.is_dir():
            raise InputError(
                f"there is no folder {DEB_FOLDER}",
                where=Where(self.folder.base),
                why=f"upstream's tree has no folder {FOLDER} that could make a package",
                fix=f"add it, with what {FOLDER} has to have in it (Debian Policy 4 and 5)",
            )
        with tempfile.TemporaryDirectory(prefix="stackwright-") as scratch:
            shutil.copytree(folder, Path(scratch) / FOLDER)
            own = packaging_of(self.store, self.store.import_directory(Path(scratch)), Where(folder))
        upstream = Version.parse(about.debver).upstream
        origin = shown(about.dl_path.url) if about.dl_path else str(about.src_path)
        return self.assembly.of_tree(
            OfTree(origin, self._tree()),
            own,
            upstream,
            lambda _: self._version(about.debver),
            self._number,
            files,
            where,
        )

    # The version ----------------------------------------------------------------------------------------------

    def _version(self, base: str) -> str:
        """Give our version.

        :raises InputError: it would sort below the one that it is based on
        """
        about = self.folder.about
        dist = about.expanded(about.revision.dist, "revision", "dist")
        version = ours(base, self._number, suffix=f"{dist}." if dist else SUFFIX)
        try:
            order = compare(version, base)
        except ValueError as error:
            raise InputError(
                f"{version!r} is not a version", where=about.where("revision", "dist"), fix="write it like .stx"
            ) from error
        if order <= 0:
            raise InputError(
                f"the package's version {version} does not sort above {base}, which it is based on",
                where=about.where("revision", "dist"),
                why="apt would never take it (deb-version(7))",
                fix="let it begin with a dot or a plus, such as .stx",
            )
        if compare(version, f"{base}+deb99u1") > 0:
            told = f"a security update {base}+deb99u1 of Debian would not replace {version}: watch for them yourself"
            self.events.emit(Kind.NOTE, f"{self.folder.name}/deb", told)
        return version

    @cached_property
    def _number(self) -> int:
        """The number that the version ends in: as many commits as the revision wants to have counted."""
        about, base = self.folder.about, self.folder.base
        revision = about.revision
        number = revision.stx_patch
        if revision.package:
            number += self._commits(base, revision.package_base, "PKG_GITREVCOUNT")
        if revision.folder:
            place = base
            if revision.folder.folder:
                place = about.folder(revision.folder.folder, base, "revision", "GITREVCOUNT", "SRC_DIR")
            number += self._commits(place, revision.folder.base, "GITREVCOUNT")
        if revision.source and about.src_path:
            since = revision.source.base if not isinstance(revision.source, bool) else None
            number += self._commits(about.folder(about.src_path, base, "src_path"), since, "SRC_GITREVCOUNT")
        for index, since in enumerate(revision.files):
            place = about.folder(about.src_files[index], base, "src_files", index)
            number += self._commits(place, since, "FILES_GITREVCOUNT")
        return max(1, number)

    def _commits(self, folder: Path, since: str | None, key: str) -> int:
        place = folder if folder.is_dir() else folder.parent
        counted = git_revisions.changes(place, [folder.absolute()], since or "")
        if counted is None:
            raise InputError(
                f"the commits of {folder} cannot be counted",
                where=self.folder.about.where("revision", key),
                why=f"its repository has no commit {since}" if since else "it is in no git repository",
                fix="correct the commit" if since else "commit it, or write `stx_patch: NUMBER` instead",
            )
        return counted

    # From a source package ------------------------------------------------------------------------------------

    def _base(self) -> Base:
        about = self.folder.about
        name, version = self.folder.debian_name, about.debver
        dsc = None
        sha256 = about.dsc_sha256
        if about.archive:
            dsc = f"{about.archive.rstrip('/')}/{name}_{Version.parse(version).without_epoch}.dsc"
        elif about.dl_path:
            dsc, sha256 = about.dl_path.url, about.dl_path.sha256sum
        source = DebianSource(debian=name, version=version, dsc=dsc, sha256=sha256)
        package = DebianPackage(source, self._where, self.store, self.memo, self.cache, self._progress)
        tree, _ = package.tree()
        return Base(name, version, tree, package.sha256, package.fetch)

    def _where(self, *keys: str) -> Where:
        """Give the place of what stands for a key of a debian source."""
        about = self.folder.about
        way = "dl_path" if about.dl_path else "archive" if about.archive else "debver"
        said = {"dsc": way, "sha256": "dsc_sha256", "debian": "debname", "version": "debver"}
        return about.where(*(said.get(key, way) for key in keys))

    # From a tree ----------------------------------------------------------------------------------------------

    def _tree(self) -> TreeId:
        about, base = self.folder.about, self.folder.base
        if about.dl_path:
            archive = self._downloaded(about.dl_path, "dl_path")
            tree = self._unpacked(archive, "dl_path")
        else:
            assert about.src_path is not None
            tree = self.store.import_directory(about.folder(about.src_path, base, "src_path"))
        if not about.src_files and not about.dl_files:
            return tree
        with tempfile.TemporaryDirectory(prefix="stackwright-") as scratch:
            place = Path(scratch, "tree")
            self.store.export(tree, place)
            for index, written in enumerate(about.src_files):
                _copy(about.folder(written, base, "src_files", index), place)
            for name, one in about.dl_files.items():
                file = self._downloaded(one, "dl_files", name)
                if one.topdir is None:
                    shutil.copyfile(file, place / name)
                else:
                    self.store.export(self._unpacked(file, "dl_files", name), place / one.topdir)
            return self.store.import_unpacked(place)

    def _downloaded(self, one: DownloadFile, *loc: str) -> Path:
        assert one.sha256sum is not None
        self._progress(f"downloading {one.url}")
        file = download(one.url, one.sha256sum, self.cache / "downloads", self._progress)
        if one.md5sum:
            found = hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()
            if found != one.md5sum:
                raise CheckFailedError(
                    f"{file.name} has another MD5 than the file says",
                    where=self.folder.about.where(*loc, "md5sum"),
                    details=f"    expected MD5 {one.md5sum}\n    found    MD5 {found}",
                    why="its SHA-256 is right: the two are of different files",
                    fix="correct or remove `md5sum:`",
                )
        return file

    def _unpacked(self, archive: Path, *loc: str) -> TreeId:
        """Give the tree of a tarball with one top directory, however it is compressed.

        :raises InputError: it is damaged, or has a member that does not belong in a tree
        """
        with tempfile.TemporaryDirectory(prefix="stackwright-") as scratch:
            try:
                return self.store.import_sdist(_as_tar_gz(archive, Path(scratch)))
            except InputError as error:
                raise InputError(
                    f"the tarball {archive.name} cannot be taken: {error.what}",
                    where=self.folder.about.where(*loc),
                    why=error.why,
                    fix="see whether it is the right one",
                ) from error

    @cached_property
    def _progress(self) -> Callable[[str], None]:
        return partial(self.events.emit, Kind.PROGRESS, f"source/{self.folder.name}")


def _as_tar_gz(archive: Path, scratch: Path) -> Path:
    """Give a tarball as one that is compressed by gzip.

    :raises InputError: it is damaged
    """
    with archive.open("rb") as stream:
        begins = stream.read(6)
    opener = next((opener for magic, opener in OPENERS.items() if begins.startswith(magic)), None)
    if opener is None:
        return archive
    packed = scratch / "tar.gz"
    try:
        with opener(archive) as unpacked, gzip.open(packed, "wb", compresslevel=1) as stream:
            shutil.copyfileobj(unpacked, stream)
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise InputError("it cannot be unpacked", why=str(error)) from error
    return packed


def _copy(path: Path, into: Path) -> None:
    if path.is_dir():
        shutil.copytree(path, into / path.name, dirs_exist_ok=True)
    else:
        shutil.copyfile(path, into / path.name)
