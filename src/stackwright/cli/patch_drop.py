"""`patch drop`: take a patch out of series, in one commit that says why and can be reverted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.cli.patch_edit import UNDO, SeriesCommand, add_force
from stackwright.errors import InputError, StackwrightError, Where, suggestion
from stackwright.patches.editing import dropping, editing, replacing, sharing
from stackwright.patches.editing.draft import is_called
from stackwright.patches.history.upstreamed import Upstreamed
from stackwright.patches.matrix.cells import Evidence, Trust
from stackwright.patches.parse import parse
from stackwright.patches.series import read_series
from stackwright.tools import git_merge, git_work_tree

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from stackwright.cli.patch_edit import Opened
    from stackwright.patches.editing.draft import Draft
    from stackwright.patches.model import Patch


@dataclass(frozen=True)
class _Dropped:
    """A patch as it was in the series of a release, and the series without it."""

    release: str
    patch: Patch
    draft: Draft
    evidence: Evidence | None


class Drop(SeriesCommand):
    """Take a patch out of series, in one commit that says why and can be reverted."""

    def add_release(self, parser: argparse.ArgumentParser) -> None:
        """Add which, from where and why."""
        parser.add_argument("patch")
        group = parser.add_mutually_exclusive_group()
        group.add_argument(
            "--release", metavar="NAME", action="append", default=[], help="a release, or more (that of the site)"
        )
        group.add_argument("--all-releases", action="store_true", help="every release whose series has the patch")
        parser.add_argument("--delete", action="store_true", help="remove its file too, if nothing names it then")
        parser.add_argument("--why", default="", metavar="TEXT", help="stands in the commit")
        add_force(parser)

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Look for evidence, take the lines out, commit."""
        component, word = parsed_args.component, parsed_args.patch
        root = self.workspace.distribution.root
        releases = parsed_args.release or [self.workspace.release().name]
        if parsed_args.all_releases:
            releases = self._having(component, word)
        dropped = []
        for release in dict.fromkeys(releases):
            with self.opened(component, release) as opened:
                draft = editing.drop(*opened.ground, word, force=parsed_args.force)
                patch = _gone(draft)
                dropped.append(_Dropped(opened.release, patch, draft, self._evidence(opened, patch)))
        files = {one.draft.listing: one.draft.files[one.draft.listing] for one in dropped}
        if git_merge.top_of(root) is None:
            self._replace(files, dropped)
            self.say("the distribution is not in git: there is no commit to revert, and the file stays")
            return
        if parsed_args.delete:
            files |= dict.fromkeys(self._unnamed(dropped))
        dropping.check_committed(root, list(files))
        before = {file: file.read_bytes() for file in files}
        self._replace(files, dropped)
        why = {one.release: one.evidence for one in dropped}
        message = dropping.message(component, dropped[0].patch.name, dropped[0].patch, why, parsed_args.why)
        try:
            commit = git_work_tree.commit_paths(root, list(files), message)
        except StackwrightError:
            # A hook of the user's has refused it, or the repository is in the middle of a merge.
            undo = self.workspace.state / UNDO
            replacing.replace(root / "patches", before, read=files, undo=undo, about=f"{component}-drop-refused")
            raise
        self.say(f"{message}\ncommit {commit}")

    def _replace(self, files: dict[Path, bytes | None], dropped: Sequence[_Dropped]) -> None:
        kept = replacing.replace(
            self.workspace.distribution.root / "patches",
            files,
            read={one.draft.listing: one.draft.was for one in dropped},
            undo=self.workspace.state / UNDO,
            about=f"{dropped[0].draft.series.directory.parent.name}-drop",
        )
        for note in dict.fromkeys(note for one in dropped for note in one.draft.notes):
            self.say(note)
        self.say(f"as it was: {kept}")

    def _having(self, component: str, word: str) -> list[str]:
        """Give the releases whose series has a patch."""
        distribution = self.workspace.distribution
        found, known = [], []
        for release in distribution.releases.values():
            if component in release.components:
                series = read_series(distribution.series_directory(component, release.name))
                names = [patch.name for patch in series.patches] + [line.name for line in series.disabled]
                found += [release.name] if any(is_called(name, word) for name in names) else []
                known += names
        if not known:
            self.workspace.release().component(component)
        if not found:
            raise InputError(
                f"no release has a patch {word!r} of {component}",
                where=Where(file=distribution.root / "patches" / component),
                fix=suggestion(word, known),
            )
        return found

    def _unnamed(self, dropped: Sequence[_Dropped]) -> Iterable[Path]:
        folders = [one.draft.series.directory for one in dropped]
        files = dict.fromkeys(one.patch.file for one in dropped if one.patch.file)
        return [file for file in files if not sharing.is_named(self.workspace.distribution, file, folders)]

    def _evidence(self, opened: Opened, patch: Patch) -> Evidence | None:
        """Give what shows that the release's upstream has a patch."""
        base = opened.base
        if base.commit is not None:
            upstreamed = Upstreamed(base.store, opened.workspace.cache)
            try:
                found = upstreamed.evidence(base.commit, patch)
            finally:
                upstreamed.close()
            if found:
                return found
        error = editing.conflicts(*opened.ground).get(patch.name)
        return Evidence(Trust.CONTENT) if error and error.applied else None


def _gone(draft: Draft) -> Patch:
    """Give the patch that a series is to be without."""
    after = draft.resulting()
    staying = {patch.name for patch in after.patches}
    for patch in draft.series.patches:
        if patch.name not in staying:
            return patch
    staying = {line.name for line in after.disabled}
    (line,) = (line for line in draft.series.disabled if line.name not in staying)
    return parse(line.file, name=line.name, strip=line.strip, listed=line.here)
