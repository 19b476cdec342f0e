"""Source packages planned: what a base, a packaging and a series come to. Where these are from is not asked here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.build.debian import changelog
from stackwright.build.debian.changelog import CHANGELOG, Entry
from stackwright.build.debian.deb822 import paragraphs
from stackwright.build.debian.source import FOLDER, FORMAT, NATIVE, QUILT, Files, OfDsc, OfTree, SourcePlan
from stackwright.build.debian.version import Version
from stackwright.errors import InputError, Where
from stackwright.patches import apply
from stackwright.patches.exchange.exporting import Exporter
from stackwright.patches.model import LINK, Series
from stackwright.patches.parse import parse
from stackwright.patches.series import SERIES, lines_in
from stackwright.store.store import SUBMODULE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stackwright.patches import Applied
    from stackwright.patches.model import Patch
    from stackwright.store import Memo, Store, TreeId

# Where our patches are among a package's own, so that names do not meet.
OURS = "carried"
CONTROL = "debian/control"
NEEDED = (CONTROL, "debian/rules")


@dataclass(frozen=True)
class Base:
    """A source package of Debian's that ours is made of.

    :param tree: its files, with Debian's patches applied
    :param sha256: of its .dsc
    :param fetch: lays its files into a folder, verified, and gives the .dsc among them
    """

    name: str
    version: str
    tree: TreeId
    sha256: str
    fetch: Callable[[Path], Path]


@dataclass(frozen=True)
class Assembly:
    """Plans source packages.

    :param owner: the distribution's name
    :param maintainer: ``Name <mail>``
    """

    store: Store
    memo: Memo
    owner: str
    maintainer: str

    def of_package(
        self, base: Base, version: Callable[[str], str], number: int, packaging: Series, files: Series, where: Where
    ) -> SourcePlan:
        """Plan the package that a source package of Debian's becomes.

        :param version: gives our version for the one that it is based on
        :param number: which of ours it is, from 1
        :param packaging: patches of files in ``debian``
        :param files: patches of upstream's files
        :param where: what names the base
        :raises PatchConflictError: a patch does not apply
        """
        form = (self.store.read(base.tree, FORMAT) or b"1.0").decode(errors="replace").strip()
        if form not in (QUILT, NATIVE):
            raise InputError(
                f"{base.name} {base.version} has the format {form}, which has no place for patches",
                where=where,
                why=f"{QUILT} and {NATIVE} are built",
                fix="take its upstream as a `git` or `pypi` source, with a `packaging:` of your own",
            )
        packaged = apply(self.store, base.tree, packaging, memo=self.memo).tree
        applied = apply(self.store, packaged, files, memo=self.memo)
        changed = difference(self.store, base.tree, packaged if form == QUILT else applied.tree)
        patches = carried(self.store, packaged, files, applied) if form == QUILT else {}
        text = self.store.read(packaged, CHANGELOG) or b""
        before = changelog.newest(text.decode(errors="replace"), Path(CHANGELOG))
        ours = version(base.version)
        series = (*packaging.patches, *files.patches)
        entry = self._entry(base.name, ours, before, series, number)
        of_dsc = OfDsc(f"{base.name} {base.version} (dsc sha256 {base.sha256})", base.sha256, base.fetch)
        return SourcePlan(base.name, ours, form, of_dsc, entry, changed, patches, applied.tree, series)

    def of_tree(
        self,
        upstreams: OfTree,
        packaging: Files,
        upstream: str,
        version: Callable[[str], str],
        number: int,
        files: Series,
        where: Where,
    ) -> SourcePlan:
        """Plan the package of an upstream tree.

        :param packaging: the folder ``debian``, whose own patches come before ours
        :param upstream: upstream's part of the version
        :param version: gives our version for the one that it is based on
        :param number: which of ours it is, from 1
        :param files: patches of upstream's files
        :param where: what names the packaging
        :raises InputError: the packaging cannot make a package, or its version would go down
        :raises PatchConflictError: a patch does not apply
        """
        name = source_name(packaging, where)
        form = (packaging.contents.get(FORMAT) or b"").decode(errors="replace").strip() or QUILT
        if form != QUILT:
            raise InputError(
                f"the packaging has the format {form}",
                where=where,
                why="the package of an upstream tree has upstream's tarball, and patches on it",
                fix=f"write `{QUILT}` into {FORMAT}",
            )
        text = packaging.contents.get(CHANGELOG)
        before = changelog.newest(text.decode(errors="replace"), Path(CHANGELOG)) if text else None
        ours = version(base_version(upstream, before, where))
        below = apply(self.store, upstreams.tree, own_patches(packaging), memo=self.memo).tree
        applied = apply(self.store, below, files, memo=self.memo)
        patches = carried(self.store, below, files, applied)
        entry = self._entry(name, ours, before, files.patches, number)
        whole = replace(packaging, contents={**packaging.contents, FORMAT: f"{QUILT}\n".encode()})
        return SourcePlan(name, ours, form, upstreams, entry, whole, patches, applied.tree, files.patches)

    def _entry(self, name: str, version: str, before: Entry | None, patches: Iterable[Patch], number: int) -> Entry:
        """Give our entry of the changelog; its date, which all files in the packages get, follows from the last."""
        said = [f"{patch.name}: {patch.subject or 'without a subject'}" for patch in patches]
        change = (
            "\n".join([f"Carry {len(said)} patches of {self.owner}:", *said]) if said else f"Built by {self.owner}."
        )
        date = before.date if before else changelog.FIRST
        return Entry(
            name,
            version,
            before.suites if before else "unstable",
            (change,),
            self.maintainer or f"{self.owner} <root@localhost>",
            date + timedelta(seconds=number),
        )


def parted(series: Series) -> tuple[Series, Series]:
    """Part a series into the patches of the folder `debian` and those of upstream's files.

    :raises InputError: a patch changes both: the first cannot be in ``debian/patches``, the second has to be
    """
    packaging: list[Patch] = []
    files: list[Patch] = []
    for patch in series.patches:
        inside = {path.startswith(f"{FOLDER}/") for path in patch.paths}
        if len(inside) > 1:
            raise InputError(
                f"{patch.name} changes files of upstream's and of the folder {FOLDER}",
                where=Where(patch.file, 1),
                why=f"a source package has the first as a patch in {FOLDER}/patches, and the second in {FOLDER} itself",
                fix="part it: `stackwright patch split`",
            )
        (packaging if True in inside else files).append(patch)
    return replace(series, patches=tuple(packaging)), replace(series, patches=tuple(files))


def carried(store: Store, tree: TreeId, series: Series, applied: Applied) -> Mapping[str, bytes]:
    """Give a series as a package has it, with DEP-3 headers, in a folder of its own; nothing of what is not applied."""
    if not series.patches:
        return {}
    exported = Exporter(store, tree, replace(series, disabled=()), applied).debian()
    files = {f"{OURS}/{name}": content for name, content in exported.files.items() if name != SERIES}
    lines = exported.files[SERIES].splitlines(keepends=True)
    return files | {SERIES: b"".join(f"{OURS}/".encode() + line for line in lines)}


def difference(store: Store, old: TreeId, new: TreeId) -> Files:
    """Give the files that differ between two trees, as they are in the second."""
    before, after = store.entries(old), store.entries(new)
    changed = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
    return _files(store, new, changed, Where())


def packaging_of(store: Store, tree: TreeId, where: Where) -> Files:
    """Give the files of the folder `debian` of a tree.

    :raises InputError: it has no such folder, or what it has cannot make a package
    """
    paths = sorted(path for path in store.entries(tree) if path.startswith(f"{FOLDER}/"))
    for needed in NEEDED:
        if needed not in paths:
            raise InputError(
                f"the packaging has no file {needed}",
                where=where,
                fix="write it (Debian Policy 4 and 5), or correct where the packaging is",
            )
    return _files(store, tree, paths, where)


def source_name(packaging: Files, where: Where) -> str:
    """Give the name of the source package that a packaging describes.

    :raises InputError: it describes none
    """
    first = next(paragraphs(packaging.contents[CONTROL] or b"", Path(CONTROL)), None)
    if first is None or "Source" not in first:
        raise InputError(f"{CONTROL} names no source package", where=where, fix="begin it with `Source: NAME`")
    return first["Source"]


def base_version(upstream: str, before: Entry | None, where: Where) -> str:
    """Give the version that a package of an upstream version is based on: below Debian's first of it.

    :param upstream: upstream's part of the version
    :param before: the newest entry of the packaging's changelog
    :raises InputError: it would sort below what the changelog has already
    """
    if before is None:
        return f"{upstream}-0"
    known = Version.parse(before.version)
    if known.upstream == upstream:
        return before.version
    found = replace(known, upstream=upstream, revision="0")
    if found < known:
        raise InputError(
            f"the package's version {found} would sort below {known}, which its changelog has",
            where=where,
            why="whoever has that one would never get this",
            fix="take a newer upstream, or raise the epoch in the changelog",
        )
    return str(found)


def own_patches(packaging: Files) -> Series:
    """Give the patches that a packaging has itself.

    :raises InputError: one is missing, or is no patch
    """
    folder = Path(FOLDER) / "patches"
    patches = []
    for line in lines_in(folder, packaging.contents.get(f"{folder}/{SERIES}") or b""):
        if isinstance(line, InputError):
            raise line
        if line.disabled:
            continue
        content = packaging.contents.get(f"{folder}/{line.name}")
        if content is None:
            raise InputError(f"there is no file {line.name}", where=line.here, fix="add it to the packaging")
        patches.append(parse(content, name=line.name, strip=line.strip, listed=line.here))
    return Series(folder, tuple(patches))


def _files(store: Store, tree: TreeId, paths: Iterable[str], where: Where) -> Files:
    entries = store.entries(tree)
    wanted = list(paths)
    for path in wanted:
        if path in entries and entries[path].mode in (LINK, SUBMODULE):
            raise InputError(
                f"{path} is a symbolic link or a submodule", where=where, fix="make it a file: a package is unpacked"
            )
    programs = frozenset(path for path in wanted if path in entries and entries[path].mode == "100755")
    return Files(store.read_all(tree, wanted), programs)
