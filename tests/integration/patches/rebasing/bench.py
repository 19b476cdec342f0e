"""A base, patches on it, and what upstream makes of it, for tests that bring a series from one to the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from stackwright.patches import apply, read_series
from stackwright.patches.rebasing.rebase import Choice, Sides, Step, check, walk
from stackwright.patches.rebasing.resolutions import About, resolutions_of
from stackwright.store import Store, TreeId
from stackwright.tools import git, git_merge
from tests.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from stackwright.patches.rebasing.resolutions import Resolution

ABOUT = About("nova", "0.patch", "2026.2", "Ada <ada@example.org>", "2026-11-20")
Files: TypeAlias = "Mapping[str, str | bytes | None]"


def changed(text: str, **lines: str) -> str:
    """Give a file with some of its lines changed: ``_7="seven"``."""
    for number, new in lines.items():
        text = text.replace(f"line {number[1:]}\n", f"{new}\n")
    return text


class Bench:
    """A base, patches on it, and upstream's next state, in real repositories."""

    def __init__(self, directory: Path, base: Files) -> None:
        self.directory = directory
        self.upstream = Upstream(directory / "upstream")
        self.upstream.commit(base, "Begin")
        self.base = self.tree()
        self.store = Store(directory / "store.git")
        info = self.store.directory / "objects/info"
        info.mkdir(exist_ok=True)
        (info / "alternates").write_text(f"{self.upstream.directory}/.git/objects\n")
        self.series = directory / "patches/nova/2026.1"
        self.series.mkdir(parents=True)

    def tree(self) -> TreeId:
        return TreeId(self.upstream.git("rev-parse", "HEAD^{tree}"))

    def patch(self, files: Files, message: str = "Ours\n", *, mode: str = "") -> None:
        """Add a patch to the series."""
        self.upstream.branch("ours", "refs/heads/ours" if (self.series / "series").exists() else "master")
        if mode:
            self.upstream.git("update-index", f"--chmod={mode}", *files)
            self.upstream.git("commit", "--quiet", "-m", message)
            self.upstream.git("checkout", "--quiet", "--", ".")
        else:
            self.upstream.commit(files, message)
        number = len(list(self.series.glob("*.patch")))
        text = self.upstream.git("format-patch", "--stdout", "--binary", "--full-index", "-1").encode("utf-8") + b"\n"
        (self.series / f"{number}.patch").write_bytes(text)
        with (self.series / "series").open("a") as stream:
            stream.write(f"{number}.patch\n")

    def patch_bytes(self, files: Files) -> None:
        """Add a patch whose bytes are not those of a text."""
        self.upstream.branch("ours", "refs/heads/ours" if (self.series / "series").exists() else "master")
        commit = self.upstream.commit(files, "Ours\n")
        repository = self.upstream.directory / ".git"
        (self.series / "0.patch").write_bytes(
            git.run(repository, "format-patch", "--stdout", "--binary", "-1", commit).stdout
        )
        (self.series / "series").write_text("0.patch\n")

    def moves_on(self, files: Files, *, rename: Sequence[tuple[str, str]] = ()) -> TreeId:
        """Let upstream go on from the base."""
        self.upstream.branch("next", "master")
        for old, new in rename:
            (self.upstream.directory / new).parent.mkdir(parents=True, exist_ok=True)
            self.upstream.git("mv", old, new)
        self.upstream.commit(files, "Upstream\n")
        return self.tree()

    def rebase(
        self,
        onto: TreeId,
        resolutions: Sequence[Resolution] = (),
        choices: Mapping[Sides, Choice] | None = None,
    ) -> list[Step]:
        series = read_series(self.series)
        applied = apply(self.store, self.base, series)
        steps = list(
            walk(
                self.store, series.patches, [self.base, *applied.trees], onto,
                resolutions=resolutions, choices=choices,
            )
        )  # fmt: skip
        if not any(step.open for step in steps):
            check(self.store, onto, steps, self.series)
        return steps

    def resolved(self, step: Step, files: Mapping[str, bytes | None], about: About = ABOUT) -> Sequence[Resolution]:
        """Resolve a conflict by giving the files that become of it."""
        assert step.open
        entries = self.store.entries(step.open.tree)
        changes = {
            path: None if content is None else (
                entries[path].mode if path in entries else "100644",
                git_merge.write_blob(self.store.directory, content),
            )
            for path, content in files.items()
        }  # fmt: skip
        tree = TreeId(git_merge.changed_tree(self.store.directory, step.open.tree, changes))
        return resolutions_of(self.store, step.open.tree, step.open.conflicts, tree, about)
