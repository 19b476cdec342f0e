"""Git, always told which bare repository it works on and never what the user has set up for their own work.

Nothing here has an effect on a work tree but `checkout`, which writes into a directory it is given.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from stackwright.errors import EnvironmentLacksError, Where
from stackwright.tools import process

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

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

NOBODY = {"NAME": "Stackwright", "EMAIL": "nobody@localhost", "DATE": "@0 +0000"}


def init_bare(repository: Path) -> None:
    """Create an empty bare repository."""
    run(repository, "init", "--quiet", "--bare", "--template=", "--initial-branch=none", str(repository))


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
    repository: Path, index: Path, patch: bytes, *, strip: int, reverse: bool = False, check_only: bool = False
) -> Completed:
    """Apply a patch to an index, without fuzz and whatever its whitespace; a status other than 0 is given, not raised.

    :param strip: how many leading parts of each path to take away
    :param reverse: apply it backwards
    :param check_only: leave the index as it is
    """
    options = [f"-p{strip}", "--whitespace=nowarn", "--verbose"]
    options += ["--reverse"] if reverse else []
    options += ["--check"] if check_only else []
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


def copy_objects(source: Path, target: Path, tree: str) -> None:
    """Copy a tree and all that is in it from one repository to another."""
    pack = run(source, "pack-objects", "--quiet", "--revs", "--stdout", stdin=f"{tree}\n".encode()).stdout
    run(target, "index-pack", "--stdin", "--fix-thin", stdin=pack)


def fetch(repository: Path, url: str, ref: str, into: str) -> Completed:
    """Fetch one commit, without its history, and let a local ref name it; a failure is given, not raised."""
    arguments = ["fetch", "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"]
    return _remote(repository, url, *arguments, refspecs=[f"+{ref}:{into}"])


def ls_remote(repository: Path, url: str) -> Completed:
    """List the refs of a remote repository."""
    return _remote(repository, url, "ls-remote", "--quiet", "--refs")


def _remote(repository: Path, url: str, *arguments: str, refspecs: Iterable[str] = ()) -> Completed:
    """Talk to another repository: the user's settings count (proxy, certificates, credential helpers, insteadOf)."""
    environment = {
        "GIT_CONFIG_GLOBAL": os.environ.get("GIT_CONFIG_GLOBAL"),
        "GIT_CONFIG_NOSYSTEM": os.environ.get("GIT_CONFIG_NOSYSTEM"),
        "GIT_TERMINAL_PROMPT": "0",
    }
    return run(repository, *arguments, "--", url, *refspecs, env=environment, check=False)


def run(
    repository: Path,
    *arguments: str,
    stdin: bytes | Iterable[bytes] | None = None,
    index: Path | None = None,
    work_tree: Path | None = None,
    env: Mapping[str, str | None] | None = None,
    check: bool = True,
) -> Completed:
    """Run git on a bare repository, out of reach of the user's configuration, attributes, hooks and variables."""
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
    completed = process.run(command, env=environment | dict(env or {}), cwd=work_tree, stdin=stdin, check=False)
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


def _last(line: str) -> str:
    return line.rpartition(" ")[2]
