"""Matrices made for tests: what is in the way of a patch is found by the real diagnosis."""

from __future__ import annotations

from typing import Any

from stackwright.patches.conflict import diagnose
from stackwright.patches.matrix.cells import Cell, Evidence, Matrix, PatchStatus, State, Trust
from stackwright.patches.model import Offset
from stackwright.patches.parse import parse

BEFORE = """\
def limits(context, project):
    quota = find_quota(context, project)
    if quota is None:
        return defaults()
    return quota.limits


def used(context, project):
    return count(context, project)
"""
AFTER = BEFORE.replace("find_quota(context, project)", "find_quota(context, project, user=None)")
PATCH = """\
From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001
From: Ada Lovelace <ada@example.org>
Date: Fri, 20 Nov 2026 12:00:00 +0000
Subject: [PATCH] Take the quota of the group

A group may have a quota of its own.

Change-Id: I0123456789012345678901234567890123456789
Owner: Quota people <quota@example.org>
---
 nova/quota.py | 2 +-
 1 file changed, 1 insertion(+), 1 deletion(-)

diff --git a/nova/quota.py b/nova/quota.py
--- a/nova/quota.py
+++ b/nova/quota.py
@@ -1,5 +1,5 @@
 def limits(context, project):
-    quota = find_quota(context, project)
+    quota = find_quota(context, project, group=context.group)
     if quota is None:
         return defaults()
     return quota.limits
--\x20
2.39.5
"""
DIFFERENCE = """\
--- carried
+++ merged
@@ -1,3 +1,3 @@
 -    quota = find_quota(context, project)
-+    quota = find_quota(context, project, group=context.group)
++    quota = find_quota(context, project, groups=[context.group])
"""


def diff(path: str, text: str = "new") -> str:
    """Give a plain diff of one line."""
    return f"--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-old\n+{text}\n"


def conflict(name: str, file: str, line: int = 1) -> PatchStatus:
    """Give the standing of PATCH on a tree where upstream has changed the same line."""
    problems = diagnose(parse(PATCH.encode(), name=name), {"nova/quota.py": AFTER.encode()}, ["nova/quota.py"])
    message = f"{file}:1: the patch {name} does not apply\n\n" + "\n\n".join(map(str, problems))
    return PatchStatus(name, file, line, State.CONFLICT, "Take the quota of the group", "Submitted, set quota",
                       problems=tuple(problems), message=message)  # fmt: skip


def every_state() -> Matrix:
    """Give a matrix with each state, a source that was followed, one that is not there, and a further ref."""
    nova, keystone = "patches/nova", "patches/keystone"
    diffs = {
        f"{nova}/2025.2/0001-quota.patch": PATCH,
        f"{nova}/2026.1/0001-quota.patch": PATCH,
        f"{nova}/2026.1/0002-moved.patch": diff("nova/api.py"),
        f"{nova}/2026.1/0003-fuzzy.patch": diff("nova/db.py"),
        f"{nova}/2026.1/0004-off.patch": diff("nova/off.py"),
        f"{nova}/2026.1/left-over.patch": diff("nova/left.py"),
        f"{keystone}/2026.1/0001-tokens.patch": diff("keystone/tokens.py"),
    }
    evidence = Evidence(Trust.CHANGE_ID, "4b825dc642cb6eb9a060e54bf8d69288fbee4904", "Take the quota of the groups",
                        "Grace Hopper <grace@example.org>", "2026-11-02", DIFFERENCE)  # fmt: skip
    moved = (Offset("nova/api.py", 1, 14), Offset("nova/api.py", 2, -3))
    of_2026 = (
        PatchStatus("0002-moved.patch", f"{nova}/2026.1/0002-moved.patch", 2, State.OFFSET, "Move", offsets=moved),
        PatchStatus("0003-fuzzy.patch", f"{nova}/2026.1/0003-fuzzy.patch", 3, State.FUZZ, "Fuzzy", fuzz=2),
        PatchStatus("0004-off.patch", f"{nova}/2026.1/0004-off.patch", 4, State.DISABLED, "Off"),
        PatchStatus("left-over.patch", f"{nova}/2026.1/left-over.patch", 0, State.UNLISTED, "Left over"),
    )
    quota_25, quota_26 = (f"{nova}/{release}/0001-quota.patch" for release in ("2025.2", "2026.1"))
    tokens = PatchStatus("0001-tokens.patch", f"{keystone}/2026.1/0001-tokens.patch", 1, State.APPLIES, "Keep tokens")
    upstream = PatchStatus("0001-quota.patch", quota_25, 1, State.UPSTREAM, "Take the quota of the group",
                           evidence=evidence)  # fmt: skip
    note = "stable/2025.2 is unmaintained/2025.2 now"
    commit = "0123456789abcdef0123456789abcdef01234567"
    cells = (
        Cell("nova", "2025.2", "", "nova of unmaintained/2025.2", commit, note, patches=(upstream,)),
        Cell("nova", "2026.1", "", "nova 34.0.0", patches=(conflict("0001-quota.patch", quota_26), *of_2026)),
        Cell("keystone", "2026.1", "", "keystone 30.0.0", patches=(tokens,)),
        Cell("cinder", "2026.1", "", "", missing="there is no ref stable/2026.1 in its repository"),
        Cell("keystone", "2026.1", "master", "keystone master", commit, patches=(tokens,)),
        Cell("nova", "2026.1", "master", "nova master", commit, patches=(conflict("0001-quota.patch", quota_26),)),
    )
    return Matrix("ourcloud", "2026-11-20T09:30:00Z", cells, diffs)


def of_one(text: str, name: str = "0001.patch", **said: Any) -> Matrix:
    """Give a matrix of one patch file, with what is said of it."""
    patch = PatchStatus(name, f"patches/nova/2026.1/{name}", 1, **{"state": State.APPLIES, **said})
    cell = Cell("nova", "2026.1", "", "a tree", patches=(patch,))
    return Matrix("ourcloud", "2026-11-20T09:30:00Z", (cell,), {patch.file: text})


def large(components: int = 30, releases: int = 12, patches: int = 1000) -> Matrix:
    """Give a matrix of many cells, where one patch in twenty is in conflict."""
    places = [(f"component-{row:02}", f"20{20 + column // 2}.{column % 2 + 1}")
              for row in range(components) for column in range(releases)]  # fmt: skip
    names: dict[tuple[str, str], list[str]] = {place: [] for place in places}
    for number in range(patches):
        names[places[number % len(places)]].append(f"{number:04}-some-change.patch")
    diffs = {f"patches/{'/'.join(place)}/{name}": PATCH + f"{name}\n" for place in places for name in names[place]}
    cells = tuple(
        Cell(*place, "", "a tree", patches=tuple(_standing(place, name) for name in names[place])) for place in places
    )
    return Matrix("largecloud", "2026-11-20T09:30:00Z", cells, diffs)


def _standing(place: tuple[str, str], name: str) -> PatchStatus:
    file = f"patches/{'/'.join(place)}/{name}"
    number = int(name[:4])
    return conflict(name, file) if number % 20 == 7 else PatchStatus(name, file, 1, State.APPLIES, f"Change {number}")
