"""The fuzzers find nothing in some seconds; `fuzz_parse` says how to run the one of atheris for longer."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.fuzz.reading import read

SECONDS = 5
PROJECT = Path(__file__).parents[2]
SEEDS = (
    b"\x01From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\nFrom: =?UTF-8?q?J=C3=BC?= <j@b>\n"
    b"Date: Fri, 20 Nov 2026 13:00:00 +0100\nSubject: [PATCH 1/2] Say\n why\n\nFrom: A <a@b>\n\nBody\n---\n a | 2 +-\n"
    b" 1 file changed, 1 insertion(+), 1 deletion(-)\n\ndiff --git a/a b/a\nindex 1111111..2222222 100644\n--- a/a\n"
    b"+++ b/a\n@@ -1,2 +1,2 @@ f\n x\n-y\n+z\n\\ No newline at end of file\n-- \n2.39.5\n\n"
    b"From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\nFrom: A <a@b>\nSubject: [PATCH 2/2] x\n\n"
    b"---\n"
    b'diff --git "a/\\303\\274" b/y\nsimilarity index 90%\nrename from "\\303\\274"\nrename to y\nold mode 100644\n'
    b"new mode 100755\ndiff --git a/p b/p\nnew file mode 120000\nindex 0000000..2222222\nGIT binary patch\nliteral 3\n"
    b"KcmV+b0RR6000031\n\nliteral 0\nHcmV?d00001\n\n",
    b"\x00Description: Make it fast\n Why.\n .\nAuthor: A <a@b>\nOrigin: upstream, commit:1234567\nBug: #1\n"
    b"Last-Update: 2026-01-02\n---\nIndex: x/setup.py\n=====\n--- x.orig/setup.py\t2026-01-01 10:00:00.0 +0000\n"
    b"+++ x/setup.py\t2026-01-02 10:00:00.0 +0000\n@@ -1 +1 @@\n-a\n+b\n",
    b"\x02commit 0123456789abcdef0123456789abcdef01234567\nAuthor: A <a@b>\nDate:   Mon\n\n    Subject\n\n"
    b"    Change-Id: I1\n\n"
    b"diff -ruN /usr/lib/x.orig /usr/lib/x\n--- /usr/lib/x.orig\t1970-01-01 01:00:00 +0100\n"
    b"+++ /usr/lib/x\n@@ -0,0 +1 @@\n+a\n",
)  # fmt: skip


LINES = sorted({line for seed in SEEDS for line in seed[1:].splitlines(keepends=True)})
lines = st.lists(st.sampled_from(LINES) | st.binary(max_size=12), max_size=40).map(b"".join)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.binary(max_size=1), lines | st.binary(max_size=200))
@example(b"\x01", b'diff --git "a/\\964" b/x\n')
def test_no_lines_of_patches_in_any_order_break_the_parser(strip: bytes, data: bytes) -> None:
    read(strip + data)


@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is not installed")
def test_no_bytes_break_the_parser(tmp_path: Path) -> None:
    for number, seed in enumerate(SEEDS):
        (tmp_path / f"seed{number}").write_bytes(seed)
    limits = [f"-max_total_time={SECONDS}", "-seed=1", "-max_len=4096", "-timeout=10", f"-artifact_prefix={tmp_path}/"]
    argv = [sys.executable, "-m", "tests.fuzz.fuzz_parse", *limits, str(tmp_path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=PROJECT)
    found = [path.read_bytes() for path in tmp_path.glob("*-*") if path.name.startswith(("crash", "timeout", "oom"))]
    assert done.returncode == 0, f"{found}\n{done.stdout[-3000:]}\n{done.stderr[-5000:]}"
    assert "Done" in done.stderr
