"""An upstream, and a series to import into and to export."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from stackwright.patches import Series, apply, read_series
from stackwright.patches.exchange import layouts
from stackwright.patches.exchange.exporting import Exporter
from stackwright.patches.exchange.importing import Import, carry_out, plan_import
from stackwright.store import Store, TreeId
from stackwright.tools import git_commits
from tests.upstream import Upstream, numbered

if TYPE_CHECKING:
    from pathlib import Path

MESSAGES = (
    "Say seven\n\nBecause it matters.\n\n  indented\n\nBug: https://bugs.example.org/7\nChange-Id: I0123456789\n",
    "Bring new files, and move one\n\nUpstream-Status: Submitted [https://review.example.org/1]\n",
    "Änder etwas: [mit] Klammern\n",
)


@dataclass
class Place:
    """An upstream with three commits on a branch, and a series to import into."""

    root: Path
    upstream: Upstream
    store: Store
    commits: list[str]

    @property
    def directory(self) -> Path:
        return self.root / "patches" / "nova" / "2026.2"

    @property
    def series(self) -> Series:
        return read_series(self.directory)

    def bring(self, source: object, **options: object) -> Import:
        reading = {key: options.pop(key) for key in ("layout", "stdin", "strip") if key in options}
        foreign = layouts.read(str(source), **reading)  # type: ignore[arg-type]
        tree = frozenset(self.store.entries(self.tree()))
        plan = plan_import(self.series, foreign, tree=lambda: tree, **options)  # type: ignore[arg-type]
        carry_out(plan, self.root / "undo")
        return plan

    def tree(self, commit: str = "base") -> TreeId:
        return TreeId(self.upstream.git("rev-parse", f"{commit}^{{tree}}"))

    def exporter(self, commit: str = "") -> Exporter:
        applied = apply(self.store, self.tree(), self.series)
        return Exporter(self.store, self.tree(), self.series, applied, commit)

    def files(self) -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in sorted(self.directory.iterdir())}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    upstream = Upstream(tmp_path / "upstream")
    upstream.commit(
        {"nova/api.py": numbered(40), "nova/old.py": numbered(30, prefix="old"), "run.sh": "true\n"}, "Begin"
    )
    upstream.git("tag", "base")
    upstream.branch("ours")
    commits = [upstream.commit({"nova/api.py": numbered(40).replace("line 7\n", "seven\n")}, MESSAGES[0])]
    (upstream.directory / "run.sh").chmod(0o755)
    (upstream.directory / "link").symlink_to("run.sh")
    upstream.git("mv", "nova/old.py", "nova/new.py")
    commits.append(upstream.commit({"nova/empty.py": "", "nova/deep/er.py": "x = 1"}, MESSAGES[1]))
    commits.append(upstream.commit({"nova/api.py": numbered(39).replace("line 7\n", "seven\n")}, MESSAGES[2]))
    store = Store(tmp_path / "store.git")
    (store.directory / "objects/info").mkdir(exist_ok=True)
    (store.directory / "objects/info/alternates").write_text(f"{upstream.directory}/.git/objects\n")
    return Place(tmp_path, upstream, store, commits)


def messages(place: Place, commits: list[str]) -> list[tuple[str, str, str, str]]:
    found = git_commits.read_commits(place.store.directory, commits)
    return [(commit.tree, commit.author, commit.date, commit.message) for commit in found]
