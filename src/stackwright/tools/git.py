"""Git, always told which bare repository it works on and never what the user has set up for their own work.

Nothing here has an effect on a work tree but `checkout`, which writes into a directory it is given.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import EnvironmentLacksError, Where
from stackwright.tools import process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from stackwright.tools.process import Completed

SETTINGS = (
    "core.attributesFile=/dev/null",
    "core.autocrlf=false",
    "core.compression=1",  # measured: twice as fast as the default on an sdist, and 8% larger
    "core.fsyncMethod=batch",
    "core.hooksPath=/dev/null",
    "gc.auto=0",
    "maintenance.auto=false",
)

# What of the user's environment is about reaching a server, not about repositories.
KEPT = re.compile(r"GIT_(SSL_|SSH|ASKPASS|PROXY_|HTTP_)")

# What git says where it cannot read what it has written itself (measured: each kind of damage, each command used here).
# That something is not there is no damage: most blobs of a mirror are not.
DAMAGE = re.compile(
    rb"^(?:error|fatal): (?:"
    rb"(?:loose|packed) object [0-9a-f]{40} \(stored in .*\) is corrupt|object file .* is empty"
    rb"|(?:file|packfile) .*\.pack (?:is far too short to be a packfile|does not match index|cannot be .*)"
    rb"|index file .*\.idx is too small|non-monotonic index .*\.idx|wrong index v\d file size in .*"
    rb"|missing object [0-9a-f]{40} for refs/.*|cannot lock ref .*: reference broken"
    rb"|unexpected line in .*packed-refs: .*"
    rb"|not a git repository: '.*'|bad config line \d+ in file .*"
    rb"|not a tree object|unable to read tree [0-9a-f]{40}|failed to unpack tree object [0-9a-f]{40}"
    rb"|Failed to traverse parents of commit [0-9a-f]{40}"
    rb")$",
    re.MULTILINE,
)

NOBODY = {"NAME": "Stackwright", "EMAIL": "nobody@localhost", "DATE": "@0 +0000"}


class DamagedError(Exception):
    """A repository of ours is damaged. It passes every handler of the family's errors on its way to the one who heals.

    :param repository: which
    :param why: what git says
    :param inode: of the damaged directory: another one may be in its place already
    """

    def __init__(self, repository: Path, why: str, inode: int) -> None:
        super().__init__(repository, why, inode)
        self.repository = repository
        self.why = why
        self.inode = inode


def init_bare(repository: Path) -> None:
    """Create an empty bare repository."""
    run(repository, "init", "--quiet", "--bare", "--template=", "--initial-branch=none", str(repository))


def only_objects(repository: Path) -> None:
    """Make a bare repository of the objects that are in one whose refs or configuration cannot be read."""
    for name in ("config", "packed-refs", "HEAD"):
        (repository / name).unlink(missing_ok=True)
    (repository / "refs").mkdir(exist_ok=True)
    (repository / "HEAD").write_text("ref: refs/heads/none\n")


def fast_import(repository: Path, commands: Iterable[bytes]) -> bytes:
    """Feed commands (git-fast-import(1)) and give what they print.

    If it is cut off, what it has stored has no name, and a tree is there only with all that is in it.
    """
    try:
        return run(repository, "fast-import", "--quiet", "--done", "--depth=0", stdin=commands).stdout
    finally:
        for report in repository.glob("fast_import_crash_*"):
            report.unlink(missing_ok=True)


def object_types(repository: Path, objects: Iterable[str]) -> list[str | None]:
    """Give the type of each object (``commit``, ``tree``, ``blob``), None where it is not there."""
    lines = "".join(f"{name}\n" for name in objects).encode(errors="surrogateescape")
    output = run(repository, "cat-file", "--batch-check=%(objecttype)", stdin=lines).text
    return [word if word in ("commit", "tree", "blob", "tag") else None for word in map(_last, output.splitlines())]


def blobs(repository: Path, objects: Iterable[str]) -> list[bytes | None]:
    """Give the content of each blob; None where there is no such object or it is not a blob."""
    lines = "".join(f"{name}\n" for name in objects).encode(errors="surrogateescape")
    output = run(repository, "cat-file", "--batch", stdin=lines).stdout
    contents: list[bytes | None] = []
    position = 0
    while position < len(output):
        end = output.index(b"\n", position)
        match = re.fullmatch(rb"[0-9a-f]+ (\w+) (\d+)", output[position:end])
        position = end + 1
        if match is None:
            contents.append(None)
            continue
        size = int(match[2])
        contents.append(output[position : position + size] if match[1] == b"blob" else None)
        position += size + 1
    return contents


def rev_parse(repository: Path, name: str) -> str | None:
    """Give the id of the object with this name (gitrevisions(7)); None if there is none."""
    completed = run(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", name, check=False)
    return completed.text.strip() if completed.status == 0 else None


def disambiguate(repository: Path, prefix: str) -> list[str]:
    """Give the ids of the objects whose ids begin so (at least four digits)."""
    return run(repository, "rev-parse", f"--disambiguate={prefix}").text.split()


def commits_of_refs(repository: Path) -> dict[str, tuple[str, str]]:
    """Give the commit that each ref leads to, and its tree; refs to something else are left out.

    :raises DamagedError: there is one that leads nowhere
    """
    form = " ".join(f"%({star}{field})" for star in ("", "*") for field in ("objecttype", "objectname", "tree"))
    completed = run(repository, "for-each-ref", f"--format=%(refname) {form}")
    if broken := re.search(rb"ignoring broken ref .*", completed.stderr):
        raise damaged(repository, broken[0])
    found = {}
    for line in completed.text.splitlines():
        ref, kind, commit, tree, tagged, peeled, its_tree = line.split(" ")
        if kind == "commit":
            found[ref] = (commit, tree)
        elif tagged == "commit":
            found[ref] = (peeled, its_tree)
        elif tagged == "tag":  # the tag of a tag
            commit_, tree_ = (rev_parse(repository, f"{ref}^{{{kind}}}") for kind in ("commit", "tree"))
            if commit_ and tree_:
                found[ref] = (commit_, tree_)
    return found


def distance(repository: Path, old: str, new: str) -> tuple[int, int] | None:
    """Count the commits that only the old one has, and those that only the new one has; None if one is not here."""
    words = ("rev-list", "--left-right", "--count", f"{old}...{new}", "--")
    completed = run(repository, *words, check=False)
    if completed.status != 0:
        return None
    left, right = completed.text.split()
    return int(left), int(right)


def write_commit_graph(repository: Path) -> None:
    """Let questions of ancestry be answered without reading commits (git-commit-graph(1))."""
    run(repository, "commit-graph", "write", "--reachable", "--no-progress")


def pack_refs(repository: Path) -> None:
    """Write all refs into one file."""
    run(repository, "pack-refs", "--all")


def commit_times(repository: Path, commits: Iterable[str]) -> list[int]:
    """Give when each of these commits was made, in seconds since the epoch."""
    lines = "".join(f"{commit}\n" for commit in commits).encode()
    return [
        int(word)
        for word in run(repository, "log", "--no-walk=unsorted", "--format=%ct", "--stdin", stdin=lines).text.split()
    ]


def ls_tree(repository: Path, tree: str) -> bytes:
    """List every file of a tree, as ``git ls-tree -r -z`` does."""
    return run(repository, "ls-tree", "-r", "-z", "--full-tree", tree).stdout


def entries_of(repository: Path, tree: str, paths: Iterable[str]) -> bytes:
    """List what a tree has at these paths, as ``git ls-tree -z`` does: a directory by itself, not what is in it."""
    names = [os.fsencode(path) for path in paths]
    return run(repository, "ls-tree", "-z", "--full-tree", tree, "--", *map(os.fsdecode, names)).stdout


def fill_index(repository: Path, index: Path, entries: bytes) -> None:
    """Fill a new index with entries as `ls_tree` and `entries_of` give them."""
    run(repository, "update-index", "-z", "--index-info", stdin=entries, index=index)


def update_refs(repository: Path, refs: Mapping[str, str]) -> None:
    """Let each ref name its object, all of them or none."""
    lines = "".join(f"update {ref} {name}\n" for ref, name in refs.items())
    run(repository, "update-ref", "--stdin", stdin=lines.encode())


def read_tree(repository: Path, index: Path, tree: str) -> None:
    """Fill an index file with a tree."""
    run(repository, "read-tree", tree, index=index)


def write_tree(repository: Path, index: Path) -> str:
    """Write an index as a tree and give its id; blobs of it that are not here (of a partial clone) are no matter."""
    return run(repository, "write-tree", "--missing-ok", index=index).text.strip()


def checkout(repository: Path, index: Path, directory: Path) -> None:
    """Write every file of an index below a directory."""
    run(repository, "-c", "checkout.workers=0", "checkout-index", "--all", "--force", index=index, work_tree=directory)


def track(repository: Path, tree: str, directory: Path) -> None:
    """Let a directory that holds the files of a tree be a work tree of one commit; its objects stay where they are.

    The commit is always the same for the same tree.
    """
    own = directory / ".git"
    run(own, "init", "--quiet", "--template=", "--initial-branch=main")
    (own / "objects" / "info" / "alternates").write_text(f"{(repository / 'objects').resolve()}\n")
    run(own, "read-tree", tree)
    who = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in NOBODY.items()}
    commit = run(own, "commit-tree", "-m", "", tree, env=who).text.strip()
    run(own, "update-ref", "HEAD", commit)


def apply_cached(
    repository: Path,
    index: Path,
    patch: bytes,
    *,
    strip: int,
    reverse: bool = False,
    check_only: bool = False,
    context: int | None = None,
) -> Completed:
    """Apply a patch to an index, whatever its whitespace; a status other than 0 is given, not raised.

    :param strip: how many leading parts of each path to take away
    :param reverse: apply it backwards
    :param check_only: leave the index as it is
    :param context: how many lines of context have to be there; all of them if it is not said
    """
    options = [f"-p{strip}", "--whitespace=nowarn", "--verbose"]
    options += ["--reverse"] if reverse else []
    options += ["--check"] if check_only else []
    options += [f"-C{context}"] if context is not None else []
    return run(repository, "apply", "--cached", *options, stdin=patch, index=index, check=False)


def visible_files(directory: Path) -> list[bytes] | None:
    """Give the files below a directory that its own repository sees: tracked, or untracked and not ignored.

    The user's own settings count here, as they say what is ignored.

    :return: paths relative to the directory, or None if it is not in a work tree
    """
    environment = {name: None for name in os.environ if name.startswith("GIT_") and not KEPT.match(name)}
    completed = process.run(
        ["git", "-C", str(directory), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"],
        env={**environment, "LC_ALL": "C"},
        check=False,
    )
    if completed.status == 0:
        return completed.stdout.split(b"\0")[:-1]
    if b"not a git repository" in completed.stderr:
        return None
    raise process.ProgramFailedError(["git", "ls-files"], completed.status, completed.stderr.decode(errors="replace"))


def indexed_files(repository: Path, index: Path) -> list[bytes]:
    """Give the paths in an index."""
    return run(repository, "ls-files", "-z", "--cached", index=index).stdout.split(b"\0")[:-1]


def forget(repository: Path, index: Path, directory: Path, paths: Iterable[bytes]) -> None:
    """Take files out of an index, whether they are on disk or not."""
    lines = b"".join(path + b"\0" for path in paths)
    run(repository, "update-index", "--force-remove", "-z", "--stdin", stdin=lines, index=index, work_tree=directory)


def update_index(repository: Path, index: Path, directory: Path, paths: Iterable[bytes]) -> None:
    """Let an index know the state of these files below a directory: new, changed, or gone."""
    lines = b"".join(path + b"\0" for path in paths)
    run(
        repository, "update-index", "--add", "--remove", "--replace", "-z", "--stdin",
        stdin=lines, index=index, work_tree=directory,
    )  # fmt: skip


def copy_objects(source: Path, target: Path, *objects: str, blobs: bool = True) -> None:
    """Copy trees or commits and all that is in them from one repository to another.

    :param blobs: what is in the files as well
    """
    unpack(target, pack(source, *objects, blobs=blobs))


def pack(repository: Path, *objects: str, blobs: bool = True) -> bytes:
    """Give trees or commits and all that is in them as a pack.

    :param blobs: what is in the files as well
    """
    lines = "".join(f"{name}\n" for name in objects).encode()
    options = [] if blobs else ["--filter=blob:none"]
    return run(repository, "pack-objects", "--quiet", "--revs", "--stdout", *options, stdin=lines).stdout


def unpack(repository: Path, content: bytes) -> None:
    """Take in what is in a pack, each object under the id that it really has.

    :raises ProgramFailedError: the pack is damaged
    """
    run(repository, "index-pack", "--stdin", "--fix-thin", stdin=content)


def run(
    repository: Path,
    *arguments: str,
    stdin: bytes | Iterable[bytes] | None = None,
    index: Path | None = None,
    work_tree: Path | None = None,
    env: Mapping[str, str | None] | None = None,
    check: bool = True,
    alone: bool = True,
    watch: Callable[[str], None] | None = None,
) -> Completed:
    """Run git on a bare repository, out of reach of the user's configuration, attributes, hooks and variables.

    :param alone: no other repository takes part: what git says of damage is said of this one, even without its place
    :param watch: is told each line of standard error as it comes
    :raises DamagedError: the repository is damaged, also where git went on
    """
    environment: dict[str, str | None] = {
        name: None for name in os.environ if name.startswith("GIT_") and not KEPT.match(name)
    }
    environment |= {
        "GIT_DIR": str(repository),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "LC_ALL": "C",
    }
    if index is not None:
        environment["GIT_INDEX_FILE"] = str(index)
    if work_tree is not None:
        environment["GIT_WORK_TREE"] = str(work_tree)
    settings = [part for setting in SETTINGS for part in ("-c", setting)]
    command = ["git", *settings, *arguments]
    environment |= env or {}
    completed = process.run(command, env=environment, cwd=work_tree, stdin=stdin, check=False, watch=watch)
    for match in DAMAGE.finditer(completed.stderr):
        if alone or os.fsencode(repository) in match[0]:
            raise damaged(repository, match[0])
    if completed.status != 0:
        if b"No space left on device" in completed.stderr or b"Out of diskspace" in completed.stderr:
            raise EnvironmentLacksError(
                "the disk is full",
                where=Where(file=work_tree or repository),
                fix="make room there and run the command again: nothing is lost",
            )
        if check:
            output = (completed.stderr or completed.stdout).decode(errors="replace")
            raise process.ProgramFailedError(["git", *arguments], completed.status, output)
    return completed


def damaged(repository: Path, line: bytes) -> DamagedError:
    """Give the error for what git says of a repository, or of the one that lends it the object in question."""
    lender = re.search(rb"(/[^:']*)/objects/(?:pack|[0-9a-f]{2})/", line)
    place = Path(os.fsdecode(lender[1])) if lender else repository
    return DamagedError(place, line.decode(errors="replace"), place.stat().st_ino if place.exists() else 0)


def _last(line: str) -> str:
    return line.rpartition(" ")[2]
