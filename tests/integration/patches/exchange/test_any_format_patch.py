"""What `git format-patch` can write comes in and goes out as it was: bytes, trees, authors, dates, messages."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stackwright.patches import apply, read_series
from stackwright.patches.exchange import layouts
from stackwright.patches.exchange.exporting import Exporter
from stackwright.patches.exchange.importing import carry_out, plan_import
from stackwright.store import CommitId, Store, TreeId
from stackwright.tools import git_commits

PATHS = ["a", "d/b", "ü", "with space", 'q"uote\\', "e/f/deep", "tab\tbed", "x => y", "名前"]
LINES = [
    b"a",
    b"b",
    b"",
    b"c",
    b" ",
    b"-- ",
    b"--- a/x",
    b"+++ b/x",
    b"@@ -1 +1 @@",
    b"diff --git a/x b/x",
    b"\xff\xfe",
]
LINES += [
    b"c\r",
    b"\\ No newline at end of file",
    b"GIT binary patch",
    b"\x0c",
    b"From: a@b",
    b"- x",
    b"+ y",
    b"--",
    b"---",
]
LINES += [b"From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001", b"a | 1 +", b"1 file changed"]
# Git takes dots and quotes off the ends of a name when it makes a commit.
NAMES = [
    "Ada",
    "Müller, J",
    'Jo "the" Doe',
    "O'Brien, Pat",
    "名前 太郎",
    "A. B. C",
    "semi;colon",
    "back\\slash",
    "a (b) c",
]
SUBJECTS = [
    "Change it", "[api] Say why", "[PATCH of the day] no", "Ünïcode in here", "fix:  two  blanks", "=?UTF-8?q?x?=",
    "A long one " * 12 + "end", "Ü" * 60, "From here", "50% [off] (really)", "[PATCH]", "日本語の件名" * 9, "a: b: c",
    "# no comment",
]  # fmt: skip
BODY = [
    "Why.", "", "  indented", "trailing  ", "From here on it differs", "---", "--- a/x", "+++ b/x", "@@ -1 +1 @@",
    "diff --git a/x b/x", "index 1234567..89abcde 100644", " a | 2 +-", " 1 file changed, 1 insertion(+)",
    "From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001", "-- ", "- item", "+ item", "Größe",
    "Change-Id: I0123456789", "Signed-off-by: Ada <ada@example.org>", "Index: x", "GIT binary patch", "> quoted",
    ">From x",
    "commit 0123456789abcdef0123456789abcdef01234567", "* * *", "# hash", "Binary files a and b differ",
]  # fmt: skip
FORM = ("--binary", "--no-numbered")
ZONES = ["+0000", "-0330", "+1245"]

text_of = st.builds(
    lambda lines, end: b"\n".join(lines) + (b"\n" if end and lines else b""),
    st.lists(st.sampled_from(LINES), max_size=25),
    st.booleans(),
)
contents = text_of | text_of | st.binary(max_size=60)
links = st.tuples(st.sampled_from([b"a", b"d/b", b"nowhere"]), st.just("120000"))
files = st.tuples(contents, st.sampled_from(["100644", "100644", "100755"])) | links
State = dict[str, tuple[bytes, str]]


@dataclass(frozen=True)
class Made:
    state: State
    name: str
    seconds: int
    zone: str
    message: str


@st.composite
def histories(draw: st.DrawFn) -> list[Made]:
    state: State = draw(st.dictionaries(st.sampled_from(PATHS[:5]), files, min_size=1, max_size=4))
    made = [Made(state, "Base", 1, "+0000", "Base\n")]
    for number in range(draw(st.integers(1, 4))):
        after = dict(state)
        for path in draw(st.lists(st.sampled_from(sorted(state) or PATHS), max_size=2)):
            content, mode = after.get(path, (b"", "100644"))
            kind = draw(st.sampled_from(["edit", "rename", "copy", "mode", "gone"]))
            if kind in ("rename", "copy"):
                after[draw(st.sampled_from(PATHS))] = (content, mode)
            if kind in ("rename", "gone"):
                after.pop(path, None)
            if kind == "mode" and mode != "120000":
                after[path] = (content, "100755" if mode == "100644" else "100644")
            if kind == "edit" and mode != "120000":
                lines = content.split(b"\n")
                at = draw(st.integers(0, len(lines)))
                lines[at : at + draw(st.integers(0, 3))] = draw(st.lists(st.sampled_from(LINES), max_size=3))
                after[path] = (b"\n".join(lines), mode)
        after |= draw(st.dictionaries(st.sampled_from(PATHS), files, max_size=2))
        subject = draw(st.sampled_from(SUBJECTS))
        body = draw(st.lists(st.sampled_from(BODY), max_size=7))
        message = "\n".join([subject, "", *body]).rstrip() + "\n"
        if after != state:
            made.append(
                Made(after, draw(st.sampled_from(NAMES)), 1_700_000_000 + number, draw(st.sampled_from(ZONES)), message)
            )
        state = after
    return made


def git(
    repository: Path, *arguments: str, stdin: bytes = b"", check: bool = True
) -> subprocess.CompletedProcess[bytes]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    who = {f"GIT_COMMITTER_{key}": "c@d" for key in ("NAME", "EMAIL")}
    environment |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, **who}
    command = ["git", "-C", str(repository), "-c", "core.autocrlf=false", *arguments]
    return subprocess.run(command, input=stdin, env=environment, check=check, capture_output=True)


def commit_all(repository: Path, history: list[Made]) -> list[str]:
    """Make the commits as they are said, byte by byte, and give their ids."""
    repository.mkdir()
    git(repository, "init", "-q", "--initial-branch=main")
    feed = []
    for number, made in enumerate(history, start=1):
        message = made.message.encode()
        who = f"{made.name} <{number}@example.org> {made.seconds} {made.zone}".encode()
        feed.append(b"commit refs/heads/main\nmark :%d\nauthor %s\ncommitter %s\n" % (number, who, who))
        feed.append(b"data %d\n%s\n" % (len(message), message))
        feed.append(b"deleteall\n")
        for path, (content, mode) in made.state.items():
            quoted = path.replace("\\", "\\\\").replace('"', '\\"').encode()
            feed.append(b'M %s inline "%s"\ndata %d\n%s\n' % (mode.encode(), quoted, len(content), content))
    feed.append(b"".join(b"get-mark :%d\n" % number for number in range(1, len(history) + 1)))
    return git(repository, "fast-import", "--quiet", stdin=b"".join(feed)).stdout.decode().split()


def tidied(message: str) -> str:
    """Give a message without what git has no place for in a mail: how a subject was folded, runs of blanks in it."""
    subject, _, body = message.partition("\n\n")
    lines = "\n".join(line.rstrip() for line in body.split("\n"))
    return f"{' '.join(subject.split())}\n\n{lines.strip(chr(10))}".strip()


def without_runs_of_patch(message: str) -> str:
    """Take away what git takes for its own at the beginning of a subject, with --keep-non-patch too."""
    return re.sub(r"^(\[[^]]*PATCH[^]]*\]\s*)+", "", message)


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    histories(),
    st.sampled_from([(), ("--no-signature",), ("--zero-commit", "--full-index"), ("-M", "-C"), ("--no-renames",)]),
)
def test_in_and_out_again(history: list[Made], options: tuple[str, ...]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        work = root / "work"
        base, *commits = commit_all(work, history)
        written = git(work, "format-patch", "--stdout", *FORM, *options, f"{base}..main").stdout
        if not written:
            return
        store = Store(root / "store")
        (store.directory / "objects/info").mkdir(exist_ok=True)
        (store.directory / "objects/info/alternates").write_text(f"{work}/.git/objects\n")
        directory = root / "patches" / "nova" / "2026.2"
        foreign = layouts.read("-", stdin=written)
        # Where git writes no signature, it puts an empty line between two mails.
        assert [patch.content.rstrip(b"\n") for patch in foreign.patches] == [
            git(work, "format-patch", "--stdout", *FORM, *options, "-1", commit).stdout.rstrip(b"\n")
            for commit in commits
        ]
        carry_out(plan_import(read_series(directory), foreign, tree=frozenset), root / "undo")
        series = read_series(directory)
        if len(series.patches) != len(commits):  # two that make the same change: the second is not taken
            return
        tree = TreeId(git(work, "rev-parse", f"{base}^{{tree}}").stdout.decode().strip())
        exporter = Exporter(store, tree, series, apply(store, tree, series), base)
        assert exporter.mailbox()[0] == written
        originals = git_commits.read_commits(store.directory, commits)
        ours = git_commits.read_commits(store.directory, map(CommitId, exporter.commits))
        for original, made in zip(originals, ours, strict=True):
            assert (made.tree, made.author, made.date) == (original.tree, original.author, original.date)
            assert (
                tidied(made.message) == without_runs_of_patch(tidied(original.message)) or original.subject == "[PATCH]"
            )
