"""Source packages made of others, or of a tree and a folder `debian`: with our patches, as Debian's own have theirs."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.build.archive import write_tar_gz
from stackwright.build.cache import Provenance, key_of, sha256_of
from stackwright.build.debian import changelog
from stackwright.build.debian.builder import SourcePackage
from stackwright.build.debian.version import Version
from stackwright.build.scratch import fast_base, scratch_directory
from stackwright.errors import CheckFailedError, InputError, RunFailedError, Where
from stackwright.patches.series import SERIES
from stackwright.tools import dpkg

if TYPE_CHECKING:
    from stackwright.build.cache import ArtifactCache
    from stackwright.build.debian.changelog import Entry
    from stackwright.patches.model import Patch
    from stackwright.sources import SourceTree
    from stackwright.store import Store, TreeId

SOURCES = "source-packages"
FOLDER = "debian"
PATCHES = "debian/patches"
FORMAT = "debian/source/format"
QUILT, NATIVE = "3.0 (quilt)", "3.0 (native)"


@dataclass(frozen=True)
class Files:
    """Files that are laid over those of a folder: path -> content, or None where there is to be none.

    :param programs: those of them that can be run
    """

    contents: Mapping[str, bytes | None] = field(default_factory=dict)
    programs: frozenset[str] = frozenset()

    @cached_property
    def digest(self) -> str:
        """What they are, in short."""
        sha = hashlib.sha256()
        for path, content in sorted(self.contents.items()):
            sha.update(
                f"{path}\0{path in self.programs}\0{'' if content is None else len(content)}\0".encode(
                    "utf-8", "surrogateescape"
                )
            )
            sha.update(content or b"")
        return sha.hexdigest()

    def lay(self, folder: Path) -> None:
        """Write them below a folder."""
        for path, content in self.contents.items():
            file = folder / path
            file.unlink(missing_ok=True)
            if content is None:
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            file.chmod(0o755 if path in self.programs else 0o644)


@dataclass(frozen=True)
class OfDsc:
    """A source package that ours is made of.

    :param origin: which it is, for a person
    :param sha256: of its .dsc
    :param fetch: lays its files into a folder, verified, and gives the .dsc among them
    """

    origin: str
    sha256: str
    fetch: Callable[[Path], Path]


@dataclass(frozen=True)
class OfTree:
    """An upstream tree that a source package is made of; its packaging is laid over it.

    :param origin: where it is from, for a person
    :param source: the component's source that it is of; None for what a folder describes
    """

    origin: str
    tree: TreeId
    source: SourceTree | None = None


@dataclass(frozen=True)
class SourcePlan:
    """Everything that a source package of ours is a function of.

    :param version: ours
    :param form: its format, as ``debian/source/format`` has it
    :param packaging: files of its folder ``debian``, over those that it has
    :param patches: what is added to ``debian/patches``, with a ``series`` of their own
    :param series: the patches of ours that are in it, in either way
    :param result: the tree that it is to unpack to, but for its folder ``debian``
    """

    name: str
    version: str
    form: str
    base: OfDsc | OfTree
    entry: Entry
    packaging: Files
    patches: Mapping[str, bytes]
    result: TreeId
    series: tuple[Patch, ...]

    @cached_property
    def key(self) -> str:
        """Its place in the artifact cache."""
        base = self.base.sha256 if isinstance(self.base, OfDsc) else self.base.tree
        patches = Files(self.patches).digest
        text = changelog.written(self.entry)
        return key_of(
            "source package",
            self.name,
            self.version,
            self.form,
            base,
            text,
            self.packaging.digest,
            patches,
            self.result,
        )


def find_source(plan: SourcePlan, cache: ArtifactCache) -> SourcePackage | None:
    """Give a source package if it has been made."""
    directory = cache.find(SOURCES, plan.key)
    return None if directory is None else SourcePackage(plan.name, plan.version, directory / _dsc_name(plan))


def make_source(plan: SourcePlan, *, store: Store, cache: ArtifactCache) -> SourcePackage:
    """Make a source package, or give the one that is there. Made twice, it is the same to the last bit.

    :raises StackwrightError: what it is made of cannot be had, dpkg-source refuses it, no space
    """
    cache.make(SOURCES, plan.key, lambda directory: _make(plan, directory, store))
    made = find_source(plan, cache)
    assert made is not None
    return made


def make_again(plan: SourcePlan, *, store: Store) -> Mapping[str, str]:
    """Make a source package once more, for its files' SHA-256 alone, by name.

    :raises StackwrightError: as `make_source`
    """
    with scratch_directory(fast_base()) as directory:
        return _make(plan, directory, store).outputs


def _make(plan: SourcePlan, directory: Path, store: Store) -> Provenance:
    with scratch_directory(fast_base()) as scratch:
        work = scratch / "work"
        work.mkdir()
        tree = work / f"{plan.name}-{Version.parse(plan.version).upstream}"
        if isinstance(plan.base, OfDsc):
            _unpack(plan, plan.base, scratch / "base", tree)
        else:
            _lay_out(plan, plan.base, store, tree)
        plan.packaging.lay(tree)
        _add_patches(plan.patches, tree / PATCHES)
        log = tree / changelog.CHANGELOG
        entry = changelog.written(plan.entry).encode("utf-8", "surrogateescape")
        log.write_bytes(entry + (log.read_bytes() if log.exists() else b""))
        built = dpkg.build_source(tree)
        if built.status != 0:
            raise _refused(plan, (built.stdout + built.stderr).decode(errors="replace"))
        dsc = work / _dsc_name(plan)
        made = SourcePackage.read(dsc)
        _check_result(plan, dsc, scratch / "again", store)
        outputs = {}
        for name in (dsc.name, *(one.name for one in made.description.files)):
            copied = Path(shutil.copyfile(work / name, directory / name))
            outputs[name] = sha256_of(copied)
    inputs = {
        "name": plan.name,
        "version": plan.version,
        "base": plan.base.sha256 if isinstance(plan.base, OfDsc) else plan.base.tree,
        "packaging": plan.packaging.digest,
        "patches": {name: hashlib.sha256(content).hexdigest() for name, content in plan.patches.items()},
        "tree": plan.result,
    }
    return Provenance(inputs, {"dpkg": dpkg.version()}, outputs)


def _unpack(plan: SourcePlan, base: OfDsc, folder: Path, tree: Path) -> None:
    """Unpack the source package that ours is made of, and lay its upstream tarballs beside."""
    folder.mkdir()
    dsc = base.fetch(folder)
    unpacked = dpkg.extract_source(dsc, tree, patched=False)
    if unpacked.status != 0:
        raise _refused(plan, (unpacked.stdout + unpacked.stderr).decode(errors="replace"))
    for orig in folder.glob("*.orig*"):
        shutil.copyfile(orig, tree.parent / orig.name)


def _lay_out(plan: SourcePlan, base: OfTree, store: Store, tree: Path) -> None:
    """Lay out an upstream tree, and write the tarball of it that the source package has for upstream's."""
    upstream = Version.parse(plan.version).upstream
    top = f"{plan.name}-{upstream}"
    if plan.form == QUILT:
        with (tree.parent / f"{plan.name}_{upstream}.orig.tar.gz").open("wb") as stream:
            write_tar_gz(store, base.tree, top, stream)
    store.export(base.tree, tree)
    # Upstream's own folder of the name is in the tarball, and no part of ours.
    shutil.rmtree(tree / FOLDER, ignore_errors=True)


def _add_patches(patches: Mapping[str, bytes], folder: Path) -> None:
    """Put patches behind those that a package has."""
    if not patches:
        return
    folder.mkdir(parents=True, exist_ok=True)
    # What a series for a vendor has is all that it has (dpkg-source(1)).
    series = folder / "debian.series" if (folder / "debian.series").exists() else folder / SERIES
    before = series.read_bytes() if series.exists() else b""
    for name, content in patches.items():
        if name != SERIES:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(content)
    gap = b"" if before.endswith(b"\n") or not before else b"\n"
    series.write_bytes(before + gap + patches[SERIES])


def _check_result(plan: SourcePlan, dsc: Path, again: Path, store: Store) -> None:
    """See that what was made unpacks to the patched tree: patch(1) may read a patch otherwise than git does."""
    unpacked = dpkg.extract_source(dsc, again)
    if unpacked.status != 0:
        raise _refused(plan, (unpacked.stdout + unpacked.stderr).decode(errors="replace"))
    shutil.rmtree(again / ".pc", ignore_errors=True)
    made, wished = store.entries(store.import_unpacked(again)), store.entries(plan.result)
    ours = {path for path in {*made, *wished} if not path.startswith(f"{FOLDER}/")}
    other = sorted(path for path in ours if made.get(path) != wished.get(path))
    if other:
        raise CheckFailedError(
            f"the source package of {plan.name} does not unpack to the patched tree",
            where=Where(subject=f"{plan.name} {plan.version}"),
            details="\n".join(f"    {path}" for path in other[:10]),
            why="dpkg-source applies patches by patch(1), which knows no binary diffs, modes of links and empty files",
            fix="take what changes these files out of the patch, or have it as a file in debian/",
        )


def _refused(plan: SourcePlan, output: str) -> InputError | RunFailedError:
    lines = [line for line in output.splitlines() if not re.match(r"dpkg-source: info: ", line)]
    details = "\n".join(f"    {line}" for line in lines[-12:])
    patch = re.findall(r"^dpkg-source: info: applying (\S+)$", output, re.MULTILINE)
    where = Where(subject=f"{plan.name} {plan.version}")
    if patch and "patch" in output.rpartition("applying")[2]:
        return InputError(
            f"the patch {patch[-1]} does not apply in the source package",
            where=where,
            details=details,
            fix="it is applied by patch(1), without fuzz: refresh it (`stackwright patch refresh`)",
        )
    return RunFailedError("dpkg-source refuses the source package", where=where, details=details)


def _dsc_name(plan: SourcePlan) -> str:
    return f"{plan.name}_{Version.parse(plan.version).without_epoch}.dsc"
