from __future__ import annotations

import pytest

from stackwright.tools.apt_sources import deb822_entries, line_entries, of_suite, written

LINES = """\
# deb http://off.example/debian bookworm main
deb http://deb.example/debian bookworm main contrib  # the first
deb-src http://deb.example/debian bookworm main contrib
deb [arch=amd64,arm64 signed-by=/k.gpg trusted=yes] http://other.example/ ./
deb cdrom:[Debian 12.0.0 _Bookworm_ - Official amd64]/ bookworm main
deb
"""
PARAGRAPHS = """\
# ours
Types: deb deb-src
# a snapshot of it
URIs: http://deb.example/debian
Suites: bookworm bookworm-updates
Components: main
Architectures: amd64
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEXEcE6RYJ

Types: deb
Enabled: no
URIs: http://off.example/debian
Suites: bookworm

Types: deb
URIs: http://deb.example/security
Suites: bookworm-security
Components: main
"""


def test_lines_become_entries_of_sources_each_once() -> None:
    assert written(line_entries(LINES)) == (
        "types: deb-src\nuris: http://deb.example/debian\nsuites: bookworm\ncomponents: main contrib\n"
        "\n"
        "types: deb-src\nuris: http://other.example/\nsuites: ./\nsigned-by: /k.gpg\ntrusted: yes\n"
    )


def test_paragraphs_keep_what_is_theirs_and_those_turned_off_are_left_out() -> None:
    first, second = deb822_entries(PARAGRAPHS)
    assert first == {
        "uris": "http://deb.example/debian",
        "suites": "bookworm bookworm-updates",
        "components": "main",
        "signed-by": "-----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mDMEXEcE6RYJ",
    }
    assert second["suites"] == "bookworm-security"
    assert "signed-by: -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mDMEXEcE6RYJ\n" in written([first])


@pytest.mark.parametrize(
    ("suite", "expected"),
    [
        ("bookworm-updates", "debian"),
        ("trixie", "debian"),
        ("trixie-security", "security"),
        ("trixie-backports", "debian"),
    ],
)
def test_another_suite_is_looked_for_where_the_machine_has_its_like(suite: str, expected: str) -> None:
    (entry,) = of_suite(tuple(deb822_entries(PARAGRAPHS)), suite)
    assert (entry["uris"], entry["suites"]) == (f"http://deb.example/{expected}", suite)


def test_a_machine_without_sources_has_no_list() -> None:
    assert written(of_suite((), "trixie")) == ""
