"""One bare git repository that holds every tree; nothing is ever checked out in it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NewType

from stackwright.errors import InputError, RunFailedError, Where
from stackwright.store import sdist, unpacked
from stackwright.store.lock import locked
from stackwright.store.paths import above
from stackwright.tools import git, git_commits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

TreeId = NewType("TreeId", str)
CommitId = NewType("CommitId", str)

SUBMODULE = "160000"
# The files of a tree keep their bytes: what .gitattributes says of line ends, keywords and filters is left undone.
ATTRIBUTES = "* !text !eol !ident !filter !working-tree-encoding\n"


@dataclass(frozen=True)
class Entry:
    """A file of a tree: its mode as git writes it (``100644``, ``100755``, ``120000``, ``160000``) and its blob."""

    mode: str
    blob: str


class Store:
    """The trees, by their ids. Several threads and processes may use one store at once.

    :param directory: the repository; made on first use
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        if not (directory / "HEAD").exists():
            _create(directory)

    # In --------------------------------------------------------------------------------------------------------

    def import_sdist(self, archive: Path) -> TreeId:
        """Take in a source distribution (tar.gz), without its top directory.

        :raises InputError: the archive is damaged, or has a member that does not belong in a tree
        """
        # Two that take in the same at once would make the same pack, and git lets one of them fail.
        bucket = hashlib.sha256(archive.name.encode()).hexdigest()[0]
        with self._locked(f"sdists-{bucket}"), self._writing_packs():
            answer = git.fast_import(self.directory, sdist.commands(archive))
        return self._keep(TreeId(answer.split()[2].decode()))

    def import_directory(self, directory: Path) -> TreeId:
        """Take in a directory as it is now.

        In a git work tree these are the tracked files and those that are not ignored, else all files. The second
        time only what has changed is read: an index of the directory is kept.

        :raises InputError: it is not a directory, or has no files
        """
        if not directory.is_dir():
            raise InputError("there is no such directory", where=Where(file=directory), fix="correct `path:`")
        files = git.visible_files(directory)
        if files is None:
            files = list(_files(directory))
        if not files:
            raise InputError(
                "the directory has no files",
                where=Where(file=directory),
                why="files that its git work tree ignores do not count",
                fix="correct `path:`",
            )
        name = hashlib.sha256(os.fsencode(directory.resolve())).hexdigest()[:32]
        with self._locked("indexes"):
            index = self.directory / "indexes" / name
            index.parent.mkdir(exist_ok=True)
            index.with_name(f"{name}.lock").unlink(missing_ok=True)  # of a process that was killed
            if index.exists():
                gone = set(git.indexed_files(self.directory, index)).difference(files)
                git.forget(self.directory, index, directory, gone)
            git.update_index(self.directory, index, directory, files)
            return self._keep(TreeId(git.write_tree(self.directory, index)))

    def import_unpacked(self, directory: Path) -> TreeId:
        """Take in all files of a directory that a stranger's archive was unpacked to; git is not run in there.

        :raises InputError: it has a file that does not belong in a tree, or none
        """
        with self._writing_packs():
            answer = git.fast_import(self.directory, unpacked.commands(directory))
        return self._keep(TreeId(answer.split()[2].decode()))

    def take(self, other: Store, tree: TreeId) -> TreeId:
        """Take a tree over from another store, with all that is in it."""
        if not self.has(tree):
            other.need_all(tree)
            with self._writing_packs():
                git.copy_objects(other.directory, self.directory, tree)
        return self._keep(tree)

    def take_packed(self, pack: bytes, tree: TreeId) -> TreeId:
        """Take a tree over from what `packed` gave elsewhere; git sees that it is what its id says.

        :raises ProgramFailedError: the pack is damaged
        """
        with self._writing_packs():
            git.unpack(self.directory, pack)
        return self._keep(tree)

    # Out -------------------------------------------------------------------------------------------------------

    def has(self, *trees: TreeId) -> bool:
        """Tell whether all these trees are here."""
        return all(kind == "tree" for kind in git.object_types(self.directory, trees))

    def read(self, tree: TreeId, path: str) -> bytes | None:
        """Give the content of a file of a tree (of a symbolic link: where it points); None if there is none."""
        return self.read_all(tree, [path])[path]

    def read_all(self, tree: TreeId, paths: Iterable[str]) -> Mapping[str, bytes | None]:
        """Give the contents of several files of a tree at once, as `read` does."""
        wanted = list(dict.fromkeys(paths))
        named = [path for path in wanted if path and "\n" not in path]
        found = dict(zip(named, git.blobs(self.directory, [f"{tree}:{path}" for path in named]), strict=True))
        return {path: found.get(path) for path in wanted}

    def subtree(self, tree: TreeId, path: str) -> str | None:
        """Give the id of a file or directory inside a tree: it changes when anything in it does; None if not there."""
        return git.rev_parse(self.directory, f"{tree}:{path}")

    def entries(self, tree: TreeId) -> Mapping[str, Entry]:
        """Give every file of a tree by its path (bytes that are not UTF-8 as surrogate escapes)."""
        return _entries(git.ls_tree(self.directory, tree))

    def export(self, tree: TreeId, directory: Path) -> None:
        """Write the files of a tree below a directory (made if need be), over what is there."""
        directory.mkdir(parents=True, exist_ok=True)
        with self.index(tree) as index:
            git.checkout(self.directory, index, directory)

    def packed(self, tree: TreeId) -> bytes:
        """Give a tree, with all that is in it, as a pack of git objects."""
        self.need_all(tree)
        return git.pack(self.directory, tree)

    def need(self, blobs: Iterable[str]) -> None:
        """See that these blobs are here. A store holds all of its trees; a mirror may have to fetch them."""

    def need_all(self, tree: TreeId) -> None:
        """See that every blob of a tree is here."""
        self.need({entry.blob for entry in self.entries(tree).values() if entry.mode != SUBMODULE})

    def look(self, tree: TreeId, paths: Iterable[str]) -> Mapping[str, Entry]:
        """Give what a tree has at these paths and on the way to them: files, links, and directories that are asked for.

        The cost is one of the paths and the folders they are in, not of the tree's size.
        """
        wanted = {step for path in paths for step in (path, *above(path))}
        # Of a directory that something below is asked for as well, git lists all that is in it.
        listed = _entries(git.entries_of(self.directory, tree, sorted(wanted))) if wanted else {}
        return {path: entry for path, entry in listed.items() if path in wanted}

    def diff(self, old: TreeId, new: TreeId) -> bytes:
        """Give the difference of two trees as a git patch."""
        return git_commits.diff_trees(self.directory, old, new)

    # For those who make trees of trees -------------------------------------------------------------------------

    @contextmanager
    def index(self, tree: TreeId) -> Iterator[Path]:
        """Give an index file filled with a tree while the block runs."""
        with tempfile.TemporaryDirectory(prefix="stackwright-") as scratch:
            index = Path(scratch) / "index"
            git.read_tree(self.directory, index, tree)
            yield index

    @contextmanager
    def index_of(self, entries: Mapping[str, Entry]) -> Iterator[Path]:
        """Give an index file filled with some files of a tree while the block runs."""
        lines = "".join(f"{entry.mode} {entry.blob}\t{path}\0" for path, entry in entries.items())
        with tempfile.TemporaryDirectory(prefix="stackwright-") as scratch:
            index = Path(scratch) / "index"
            git.fill_index(self.directory, index, lines.encode("utf-8", "surrogateescape"))
            yield index

    def keep(self, trees: Iterable[TreeId]) -> None:
        """Protect trees from garbage collection: a ref names each."""
        refs = {f"refs/trees/{tree}": tree for tree in trees}
        missing = {ref: tree for ref, tree in refs.items() if not (self.directory / ref).exists()}
        if missing:
            with self._locked("refs"):
                git.update_refs(self.directory, missing)

    def _keep(self, tree: TreeId) -> TreeId:
        self.keep([tree])
        return tree

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        """Hold one of the store's locks.

        Whoever holds ``refs`` is the only one that writes refs to trees: a lock file of git's is then left from a
        process that was killed, and is taken away.
        """
        with locked(self.directory / f"{name}.lock"):
            if name == "refs":
                for lock in (self.directory / "refs" / "trees").glob("*.lock"):
                    lock.unlink(missing_ok=True)
            yield

    @contextmanager
    def _writing_packs(self) -> Iterator[None]:
        """Take away what killed processes left of a pack, unless somebody is writing one."""
        with (self.directory / "packs.lock").open("ab") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                packs = self.directory / "objects/pack"
                for pack in (*packs.glob("tmp_*"), *packs.glob(".tmp-*")):
                    pack.unlink(missing_ok=True)
            except BlockingIOError:
                pass
            fcntl.flock(stream, fcntl.LOCK_SH)
            yield


def _entries(listing: bytes) -> dict[str, Entry]:
    found = {}
    for line in listing.decode("utf-8", "surrogateescape").split("\0")[:-1]:
        about, _, path = line.partition("\t")
        mode, _, blob = about.split(" ")
        found[path] = Entry(mode, blob)
    return found


def _create(directory: Path) -> None:
    """Make the repository beside its place and move it there whole: of two who do so at once, one wins."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        git.init_bare(scratch)
        (scratch / "info").mkdir(exist_ok=True)
        (scratch / "info" / "attributes").write_text(ATTRIBUTES)
        try:
            scratch.rename(directory)
        except OSError as error:
            if (directory / "objects").is_dir() and not (directory / "HEAD").exists():
                raise git.damaged(directory, b"it has no HEAD") from error
            if not (directory / "HEAD").exists():
                raise RunFailedError(
                    "the store cannot be made here",
                    where=Where(file=directory),
                    why=str(error.strerror),
                    fix="move away what is there, or choose another state directory",
                ) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _files(directory: Path) -> Iterator[bytes]:
    """Give every file and link below a directory, except what git keeps for itself."""
    top = os.fsencode(directory)
    for parent, directories, files in os.walk(top):
        directories[:] = [name for name in directories if name != b".git"]
        links = [name for name in directories if os.path.islink(os.path.join(parent, name))]  # noqa: PTH114, PTH118
        for name in files + links:
            path = os.path.join(parent, name)  # noqa: PTH118
            if stat.S_IFMT(os.lstat(path).st_mode) in (stat.S_IFREG, stat.S_IFLNK):
                yield os.path.relpath(path, top)
