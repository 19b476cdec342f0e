"""Patches say why they are carried, by whom, where they stand upstream and until when; lint says what they do not."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.upstream import Upstream

from .conftest import Stackwright

TRAILERS = """\
Intent: Customers tell flavors apart.
Owner: Compute team <compute@example.org>
Upstream-Status: Submitted [https://review.opendev.org/c/openstack/nova/+/912345]
Expires: 2099-12-01
Set: flavors
Change-Id: I0123456789abcdef0123456789abcdef01234567
"""
DEP3 = """\
Description: Give flavors a colour in the client
 So that they can be told apart.
Author: Ada Upstream <ada@example.org>
Forwarded: https://review.opendev.org/c/openstack/python-novaclient/+/912346
Last-Update: 2026-11-01

Intent: Customers tell flavors apart.
Owner: Compute team <compute@example.org>
Set: flavors
Bug-Debian: https://bugs.debian.org/1012345

Change-Id: I0123456789abcdef0123456789abcdef01234568
---
"""


@pytest.fixture
def stackwright(distribution: Path, tmp_path: Path) -> Stackwright:
    return Stackwright(distribution, tmp_path / "state")


def add(distribution: Path, patch: str, component: str, release: str = "2026.2", name: str = "ours.patch") -> Path:
    """Put a patch at the end of a series."""
    folder = distribution / "patches" / component / release
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(patch)
    with (folder / "series").open("a") as series:
        series.write(f"{name}\n")
    return folder / name


def second_release(distribution: Path) -> None:
    shutil.copy(distribution / "releases/2026.2.yaml", distribution / "releases/2026.3.yaml")


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    made = Upstream(tmp_path / "upstream")
    made.commit({"flavors.py": "a\n"})
    made.commit({"flavors.py": "b\n"}, f"Give flavors a colour\n\nWords.\n\n{TRAILERS}")
    return made


def test_the_example_says_everything_that_a_team_wants_to_know(stackwright: Stackwright) -> None:
    assert stackwright.json("patch", "lint", "--strict") == []
    assert stackwright.json("patch", "sets") == []


def test_lint_needs_no_network_and_leaves_no_state(stackwright: Stackwright) -> None:
    alone = ["unshare", "--user", "--net", *stackwright.argv, "patch", "lint", "-f", "json"]
    done = subprocess.run(alone, capture_output=True, text=True, check=False, env=stackwright.env)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
    assert not stackwright.state.exists()


@pytest.mark.parametrize("form", ["git format-patch", "git show", "quilt with DEP-3"])
def test_fields_are_read_in_every_form(
    stackwright: Stackwright, distribution: Path, upstream: Upstream, form: str
) -> None:
    text = {
        "git format-patch": upstream.patch(),
        "git show": upstream.git("show") + "\n",
        "quilt with DEP-3": DEP3 + upstream.git("diff", "HEAD^", "HEAD") + "\n",
    }[form]
    add(distribution, text, "nova")
    (row,) = stackwright.json("patch", "sets")
    subject = "Give flavors a colour" + " in the client" * (form == "quilt with DEP-3")
    expires = "" if form == "quilt with DEP-3" else "2099-12-01"
    assert row == {
        "Set": "flavors",
        "Release": "2026.2",
        "Component": "nova",
        "Subject": subject,
        "Patch": "ours.patch",
        "Owner": "Compute team <compute@example.org>",
        "Status": "Submitted",
        "Expires": expires,
        "Lacks": "",
    }
    assert [row["Rule"] for row in stackwright.json("patch", "lint")] == ["set-of-one"]


def test_an_expired_patch_is_an_error_with_its_place(
    stackwright: Stackwright, distribution: Path, upstream: Upstream
) -> None:
    text = upstream.patch().replace("2099-12-01", "2026-01-31").replace("Set: flavors\n", "")
    file = add(distribution, text, "nova")
    line = text.split("\n").index("Expires: 2026-01-31") + 1
    done = stackwright("patch", "lint", "-f", "json", status=1)
    assert f'"patches/nova/2026.2/ours.patch:{line}:10"' in done.stdout
    assert f"error: {file}:{line}:10: the patch expired on 2026-01-31" in done.stderr
    assert "fix: take it out of the series, or agree on another day with Compute team" in done.stderr
    assert "Traceback" not in done.stderr
    assert stackwright.json("patch", "lint", "keystone") == []


def test_what_is_missing_is_a_warning_until_the_team_requires_it(
    stackwright: Stackwright, distribution: Path, upstream: Upstream
) -> None:
    add(distribution, upstream.git("diff", "HEAD^", "HEAD") + "\n", "nova")
    rows = stackwright.json("patch", "lint")
    assert {row["Severity"] for row in rows} == {"warning"}
    assert {"no-owner", "no-intent", "no-upstream-status", "no-subject", "no-author"} == {row["Rule"] for row in rows}
    assert "warning: " in stackwright("patch", "lint", "--strict", status=1).stderr
    with (distribution / "distribution.yaml").open("a") as stream:
        stream.write("patches: {require: [owner, intent]}\n")
    rows = stackwright.json("patch", "lint", "--long", status=1)
    assert [row["Severity"] for row in rows if row["Rule"] == "missing"] == ["error"] * 2
    assert any("Owner: Name <mail>" in row["Fix"] for row in rows)


def test_a_mistyped_rule_is_an_error_of_the_input(stackwright: Stackwright, distribution: Path) -> None:
    with (distribution / "distribution.yaml").open("a") as stream:
        stream.write("patches: {require: [ownr]}\n")
    assert "did you mean 'owner'?" in stackwright("patch", "lint", status=2).stderr


def test_a_mistyped_field_is_answered_with_the_one_that_is_meant(
    stackwright: Stackwright, distribution: Path, upstream: Upstream
) -> None:
    add(distribution, upstream.patch().replace("Owner:", "Onwer:").replace("Set: flavors\n", ""), "nova")
    message = stackwright("patch", "lint", "--strict", status=1).stderr
    assert "the field 'Onwer' is unknown" in message
    assert "did you mean 'Owner'?" in message


def test_a_set_is_listed_across_components_and_releases_with_what_it_lacks(
    stackwright: Stackwright, distribution: Path, upstream: Upstream
) -> None:
    second_release(distribution)
    server = upstream.patch()
    library = server.replace("Give flavors", "Speak of flavors that have").replace("Owner: Compute", "Owenr: Compute")
    add(distribution, server, "nova")
    add(distribution, server, "nova", "2026.3")
    add(distribution, library, "oslo.middleware")
    rows = stackwright.json("patch", "sets")
    assert [(row["Release"], row["Component"], row["Patch"], row["Lacks"]) for row in rows] == [
        ("2026.2", "nova", "ours.patch", ""),
        ("2026.2", "oslo.middleware", "ours.patch", "owner"),
        ("2026.3", "nova", "ours.patch", ""),
        ("2026.3", "oslo.middleware", "", "the patch"),
    ]
    assert {row["Rule"] for row in stackwright.json("patch", "lint")} == {"mistyped-field", "no-owner"}


def test_a_patch_that_several_releases_share_is_told_once(
    stackwright: Stackwright, distribution: Path, upstream: Upstream
) -> None:
    second_release(distribution)
    add(distribution, upstream.patch().replace("Set: ", "Colour: "), "nova")
    later = distribution / "patches/nova/2026.3"
    later.mkdir()
    (later / "series").write_text("../2026.2/ours.patch\n")
    (row,) = stackwright.json("patch", "lint", "--long")
    assert (row["Rule"], row["Releases"]) == ("unknown-field", "2026.2 2026.3")
    assert stackwright.json("patch", "lint", "--release", "2026.3") != []


def test_a_secret_in_an_address_is_found_and_never_repeated(
    stackwright: Stackwright, distribution: Path, upstream: Upstream
) -> None:
    secret = (
        upstream.patch()
        .replace("[https://", "[https://ada:s3cret@")
        .replace("Set: flavors", "Bug: https://t0ken@x.org")
    )
    add(distribution, secret, "nova")
    done = stackwright("patch", "lint", "--long", "--strict", status=1)
    assert "credentials" in done.stdout
    for text in (done.stdout, done.stderr):
        assert "s3cret" not in text
        assert "t0ken" not in text


def test_a_name_that_does_not_exist_is_answered_with_the_nearest(stackwright: Stackwright) -> None:
    assert "did you mean 'nova'?" in stackwright("patch", "lint", "nowa", status=2).stderr
    assert "did you mean '2026.2'?" in stackwright("patch", "lint", "--release", "2026.4", status=2).stderr


def test_files_that_are_no_patches_are_told_all_at_once(stackwright: Stackwright, distribution: Path) -> None:
    add(distribution, "hello\n", "nova")
    add(distribution, "hello\n", "keystone")
    for command in ("lint", "sets"):
        message = stackwright("patch", command, status=2).stderr
        assert "nova/2026.2/ours.patch:1: this is not a patch" in message
        assert "keystone/2026.2/ours.patch:1: this is not a patch" in message
