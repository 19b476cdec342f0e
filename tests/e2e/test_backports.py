"""Issue 7, point 2: newer source packages, rebuilt for an older suite: what is stale, why, in which order.

The suite that they are taken from is one that the tests make and serve, signed; they are built in clean systems of the
real bookworm.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.backported import UPSTREAMS, Sid, SigningKey, in_clean_system, sdists
from tests.debian import Server, apt_configuration

from .conftest import CACHE, STATE, Stackwright, need_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

RELEASE = (
    'python: "3.11"\npins: {exclude-newer: 2026-10-15}\ncomponents:\n  pear: {source: {pypi: pear, version: 1.0}}\n'
)
SITE = "release: r\ntarget: local\nregion: RegionOne\nservices: [core]\n"
# What each needs of the others. The list names them the other way round.
CHAIN = {
    "apple": (),
    "birch": ("apple",),
    "cedar": ("apple",),
    "damson": ("birch", "cedar"),
    "elder": ("damson",),
    "fig": ("damson",),
    "grape": ("elder", "fig"),
    "hazel": (),
}


class Orchard:
    """A distribution with a list of backports, the suite that they are taken from, and what bookworm has."""

    def __init__(self, root: Path, key: SigningKey, state: Path, cache: Path) -> None:
        self.key = key
        self.archives = root / "archives"
        self.archives.mkdir()
        self.server = Server(self.archives)
        self.sid = Sid(self.archives / "sid", key)
        self.bookworm = Sid(self.archives / "bookworm", key, "bookworm")
        self.distribution = root / "distribution"
        self.write("distribution.yaml", "name: orchard\nmaintainer: Ada Orchard <ada@example.org>\n")
        self.write("releases/r.yaml", RELEASE)
        self.write("sites/local.yaml", SITE)
        (self.distribution / "keys").mkdir()
        shutil.copy(key.public, self.distribution / "keys/sid.gpg")
        self.stackwright = Stackwright(
            self.distribution,
            state,
            {"STACKWRIGHT_CACHE": str(cache), "STACKWRIGHT_REPOSITORY_KEY": str(key.secret), "NO_PROXY": "127.0.0.1"},
        )
        self.bookworm.add("apple", "0.1-1")
        self.bookworm.publish()
        bare = Sid(self.archives / "bookworm-backports", key, "bookworm-backports")
        bare.add("quince", "1.0-1~bpo12+1")
        bare.publish()

    def write(self, path: str, text: str) -> None:
        (self.distribution / path).parent.mkdir(parents=True, exist_ok=True)
        (self.distribution / path).write_text(text)

    def listed(self, packages: dict[str, dict[str, Any]]) -> None:
        """Write the list, with suites that are here."""
        suites = {
            name: {"uri": f"{self.server.url}/{name}", "keyring": "keys/sid.gpg"}
            for name in ("sid", "bookworm", "bookworm-backports")
        }
        self.write("backports/bookworm.yaml", json.dumps({"suites": suites, "packages": packages}))

    def chain(self) -> None:
        """Let sid have the chain, in versions that need one another."""
        for name, needs in CHAIN.items():
            self.sid.add(
                name,
                "1.0-1",
                build_depends=[f"{one} (>= 1.0)" for one in needs],
                needs=needs,
                depends=", ".join(f"{one} (>= 1.0)" for one in needs),
            )
        self.sid.publish()
        self.listed({name: {} for name in reversed(CHAIN)})

    def status(self, *words: str, status: int = 0) -> dict[str, dict[str, str]]:
        rows = self.stackwright.json("backport", "status", *words, status=status)
        return {row["Source"]: row for row in rows}

    def build(self, *words: str, status: int = 0) -> dict[str, dict[str, str]]:
        rows = self.stackwright.json("backport", "build", *words, status=status)
        return {row["Source"]: row for row in rows}


def never_before() -> dict[str, str]:
    """Give modules that no cache has, so that what they are in is fetched and built."""
    return {"apple.py": f"at = {time.time()}\n"}


@pytest.fixture
def orchard(tmp_path: Path, key: SigningKey, state: Path) -> Iterator[Orchard]:
    made = Orchard(tmp_path, key, state, CACHE)
    yield made
    made.server.close()


@pytest.fixture(scope="module")
def built(
    tmp_path_factory: pytest.TempPathFactory, key: SigningKey
) -> Iterator[tuple[Orchard, dict[str, dict[str, str]]]]:
    """The chain, built once from nothing of it."""
    need_root()
    state = STATE / "backports"
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    orchard = Orchard(tmp_path_factory.mktemp("orchard"), key, state, CACHE)
    orchard.chain()
    yield orchard, orchard.build("--jobs", "2")
    orchard.server.close()
    shutil.rmtree(state)


def test_status_says_what_is_stale_and_why(orchard: Orchard) -> None:
    orchard.sid.add("apple", "1.0-1")
    orchard.sid.add("birch", "2:1.0-1", build_depends=["apple (>= 1.0)"])
    orchard.sid.add("quince", "1.0-1")
    orchard.sid.publish()
    orchard.listed({"birch": {}, "apple": {}, "quince": {"suite": "bookworm-backports"}, "plum": {}})
    found = orchard.status(status=1)
    assert {name: (row["State"], row["Candidate"], row["After"]) for name, row in found.items()} == {
        "birch": ("stale", "2:1.0-1", "apple"),
        "apple": ("stale", "1.0-1", ""),
        "quince": ("stale", "1.0-1~bpo12+1", ""),
        "plum": ("missing", "", ""),
    }
    assert found["apple"]["Why"] == "we have none"
    assert found["plum"]["Why"] == "sid has no such source package"


def test_a_packages_list_is_read_as_it_is(orchard: Orchard, tmp_path: Path) -> None:
    orchard.sid.add("apple", "1.0-1")
    orchard.sid.publish()
    names = ("sid", "bookworm", "bookworm-backports")
    lines = [f"deb [signed-by={orchard.key.public}] {orchard.server.url}/{name} {name} main\n" for name in names]
    configuration = apt_configuration(tmp_path / "apt", "".join(lines))
    configuration.write_text(configuration.read_text() + 'APT::Sandbox::User "root";\n')
    orchard.stackwright.environment["APT_CONFIG"] = str(configuration)
    orchard.write(
        "backports/bookworm",
        "# fruit\napple   # from sid\nquince --download-from-bookworm-backports --no-run-package-tests\n",
    )
    assert {name: (row["Suite"], row["State"]) for name, row in orchard.status().items()} == {
        "apple": ("sid", "stale"),
        "quince": ("bookworm-backports", "stale"),
    }
    orchard.write("backports/bookworm", "apple\nquince --no-run-package-test\n")
    message = orchard.stackwright("backport", "status", status=2).stderr
    assert "backports/bookworm:2:8: the option '--no-run-package-test' is unknown" in message
    assert "did you mean '--no-run-package-tests'?" in message


def test_what_bookworm_has_itself_is_not_built(orchard: Orchard) -> None:
    orchard.sid.add("apple", "0.1-1")
    orchard.sid.publish()
    orchard.listed({"apple": {}})
    assert orchard.status()["apple"]["Why"] == "bookworm has 0.1-1 already"


def test_a_suite_that_another_key_has_signed_is_refused(orchard: Orchard, tmp_path: Path) -> None:
    orchard.sid.add("apple", "1.0-1")
    orchard.sid.key = SigningKey(tmp_path / "other", "Eve <eve@example.org>")
    try:
        orchard.sid.publish()
    finally:
        orchard.sid.key.close()
    orchard.listed({"apple": {}})
    message = orchard.stackwright("backport", "status", status=3).stderr
    assert "the suite sid cannot be listed" in message
    assert "InRelease' is not signed" in message


def test_a_tarball_that_is_not_the_one_that_was_signed_is_refused(orchard: Orchard) -> None:
    orchard.sid.add("apple", "1.0-1", modules=never_before())
    orchard.sid.publish()
    orchard.listed({"apple": {}})
    tarball = orchard.sid.pool / "apple_1.0.orig.tar.gz"
    tarball.write_bytes(tarball.read_bytes() + b"more")
    done = orchard.stackwright("backport", "build", status=1)
    assert "apple_1.0.orig.tar.gz is not what it has to be" in done.stderr
    tarball.unlink()
    done = orchard.stackwright("backport", "build", status=3)
    assert "the file apple_1.0.orig.tar.gz of apple cannot be had" in done.stderr


def test_packages_that_need_one_another_are_shown_and_none_is_built(orchard: Orchard) -> None:
    orchard.sid.add("apple", "1.0-1", build_depends=["birch (>= 1.0)"])
    orchard.sid.add("birch", "1.0-1", build_depends=["cedar"])
    orchard.sid.add("cedar", "1.0-1", build_depends=["apple (>= 1.0) <!nocheck>"])
    orchard.sid.publish()
    orchard.listed({"apple": {}, "birch": {}, "cedar": {}})
    for command in ("status", "build"):
        message = orchard.stackwright("backport", command, status=2).stderr
        assert "source packages need one another to be built" in message
        for line in (
            "apple needs birch (>= 1.0), which birch makes",
            "birch needs cedar, which cedar makes",
            "cedar needs apple (>= 1.0), which apple makes",
        ):
            assert line in message
    orchard.listed({"apple": {}, "birch": {}, "cedar": {"tests": False}})
    assert [orchard.status()[name]["After"] for name in ("apple", "birch", "cedar")] == ["birch", "cedar", ""]


def test_the_chain_is_built_in_the_order_of_what_each_needs(built: tuple[Orchard, dict[str, dict[str, str]]]) -> None:
    """The builds look for what they need in its new version, so that another order fails."""
    orchard, outcomes = built
    assert {row["Result"] for row in outcomes.values()} == {"built"}
    assert {name: row["Version"] for name, row in outcomes.items()} == dict.fromkeys(CHAIN, "1.0-1~bpo12+1")
    assert {row["State"] for row in orchard.status().values()} == {"current"}


def test_what_is_current_is_not_built_again(built: tuple[Orchard, dict[str, dict[str, str]]]) -> None:
    orchard, _ = built
    done = orchard.stackwright("backport", "build")
    assert "Nothing is stale." in done.stderr


def test_the_backport_says_in_its_changelog_what_it_is(
    built: tuple[Orchard, dict[str, dict[str, str]]], tmp_path: Path
) -> None:
    orchard, _ = built
    (dsc,) = orchard.stackwright.state.glob("apt/bookworm/public/pool/**/apple_1.0-1~bpo12+1.dsc")
    unpacked = tmp_path / "apple"
    subprocess.run(["dpkg-source", "--no-check", "-x", str(dsc), str(unpacked)], check=True, capture_output=True)
    lines = (unpacked / "debian/changelog").read_text().splitlines()
    assert lines[0] == "apple (1.0-1~bpo12+1) bookworm; urgency=medium"
    assert lines[2] == "  * Rebuild for bookworm."
    assert lines[4] == " -- Ada Orchard <ada@example.org>  Wed, 01 Jan 2025 00:00:01 +0000"


def test_only_what_has_changed_is_built_again(built: tuple[Orchard, dict[str, dict[str, str]]]) -> None:
    orchard, _ = built
    orchard.sid.add("hazel", "1.1-1")
    orchard.sid.publish()
    stale = {name: row["Why"] for name, row in orchard.status("--update").items() if row["State"] == "stale"}
    assert stale == {"hazel": "sid has 1.1-1, ours is of 1.0-1"}
    assert {name: row["Version"] for name, row in orchard.build().items()} == {"hazel": "1.1-1~bpo12+1"}


def test_a_higher_revision_builds_the_same_version_once_more(built: tuple[Orchard, dict[str, dict[str, str]]]) -> None:
    """... and only once: Debian's script built a `~bpo12+2` for ever, or never again."""
    orchard, _ = built
    orchard.listed({name: {"revision": 2} if name == "apple" else {} for name in CHAIN})
    assert orchard.build("apple")["apple"]["Version"] == "1.0-1~bpo12+2"
    assert orchard.status()["apple"]["State"] == "current"
    orchard.sid.add("apple", "1.0-2")
    orchard.sid.publish()
    assert orchard.status("--update")["apple"]["State"] == "stale"
    orchard.sid.remove("apple")
    orchard.sid.add("apple", "1.0-1")
    orchard.sid.publish()
    assert orchard.status("--update")["apple"]["State"] == "current"


def test_impact_names_what_a_version_would_break(built: tuple[Orchard, dict[str, dict[str, str]]]) -> None:
    orchard, _ = built
    assert orchard.stackwright.json("backport", "impact", "damson", "2.0-1") == []
    orchard.sid.add(
        "mirabelle", "1.0-1", modules={"mirabelle/__init__.py": "", "mirabelle/stone.py": "", "mirabelle/skin.py": ""}
    )
    orchard.sid.add(
        "jam",
        "1.0-1",
        depends="mirabelle (<< 3)",
        build_depends=["mirabelle"],
        needs=["mirabelle"],
        modules={"jam.py": "from mirabelle import stone\n"},
        check="test ! -e /usr/lib/python3/dist-packages/mirabelle/taste.py\n",
    )
    orchard.sid.publish()
    orchard.listed({**{name: {"revision": 2} if name == "apple" else {} for name in CHAIN}, "mirabelle": {}, "jam": {}})
    orchard.build("--update")
    before = orchard.stackwright.json("backport", "impact", "mirabelle", "3.0-1", status=1)
    assert [(row["Package"], row["What"], row["Why"]) for row in before] == [
        ("jam", "Depends: mirabelle (<< 3)", "mirabelle would be 3.0-1~bpo12+1")
    ]
    orchard.sid.add(
        "mirabelle", "2.0-1", modules={"mirabelle/__init__.py": "", "mirabelle/skin.py": "", "mirabelle/taste.py": ""}
    )
    orchard.sid.publish()
    orchard.build("mirabelle", "--update")
    found = orchard.stackwright.json("backport", "impact", "mirabelle", "2.0-1", status=1)
    assert [(row["Package"], row["What"]) for row in found] == [("jam", "import mirabelle.stone")]
    tested = orchard.stackwright.json("backport", "impact", "mirabelle", "2.0-1", "--tests", status=1)
    assert [(row["Package"], row["What"]) for row in tested] == [
        ("jam", "import mirabelle.stone"),
        ("jam", "its tests"),
    ]


def test_nine_projects_of_upstream_are_rebuilt_and_installed(orchard: Orchard, tmp_path: Path) -> None:
    """Each is built with the others' new versions: bookworm's are older than what they ask for."""
    need_root()
    files = sdists(UPSTREAMS, CACHE)
    for one in UPSTREAMS:
        orchard.sid.add_upstream(one, files[one.name])
    orchard.sid.publish()
    orchard.listed({f"python-{one.name}": {} for one in reversed(UPSTREAMS)})
    outcomes = orchard.build("--jobs", "2")
    assert len(outcomes) == len(UPSTREAMS)
    assert {row["Result"] for row in outcomes.values()} == {"built"}
    script = (
        "apt-get update; apt-get install -y python3-oslo.log\n"
        "python3 -c 'import oslo_log.log; from importlib.metadata import version;"
        ' print(*(version(one) for one in ("oslo.log", "oslo.config", "pbr")))\''
    )
    public = orchard.stackwright.state / "apt/bookworm/public"
    status, said = in_clean_system(public, "candidate", script, tmp_path / "install.log", CACHE, more=True)
    assert status == 0, said
    assert said.splitlines()[-1] == "7.1.0 9.7.1 6.1.1"


def test_one_that_fails_keeps_only_those_from_being_built_that_need_it(orchard: Orchard) -> None:
    need_root()
    orchard.sid.add("apple", "1.0-1")
    orchard.sid.add("birch", "1.0-1", build_depends=["apple (>= 1.0)"], needs=["apple"], check="echo rotten; exit 1\n")
    orchard.sid.add("cedar", "1.0-1", build_depends=["birch (>= 1.0)"], needs=["birch"])
    orchard.sid.publish()
    orchard.listed({"cedar": {}, "birch": {}, "apple": {}})
    done = orchard.stackwright("backport", "build", "-f", "json", status=4)
    assert {row["Source"]: row["Result"] for row in json.loads(done.stdout)} == {
        "cedar": "waiting",
        "birch": "failed",
        "apple": "built",
    }
    assert "rotten" in done.stderr
    orchard.listed({"cedar": {}, "birch": {"tests": False}, "apple": {}})
    assert {name: row["Result"] for name, row in orchard.build().items()} == {"cedar": "built", "birch": "built"}


def test_what_a_build_needs_and_nobody_has_is_named_with_the_line_that_wants_it(orchard: Orchard) -> None:
    need_root()
    orchard.sid.add("apple", "1.0-1", build_depends=["python3-rhubarb (>= 2)"])
    orchard.sid.publish()
    orchard.listed({"apple": {}})
    message = orchard.stackwright("backport", "build", status=2).stderr
    assert "backports/bookworm.yaml:1:" in message
    assert "what it needs cannot be installed" in message
    assert "python3-rhubarb" in message
    assert "let the list name the source packages that make it" in message


def test_killed_in_the_middle_the_same_command_goes_on_from_there(orchard: Orchard) -> None:
    need_root()
    orchard.sid.add("apple", "1.0-1", modules=never_before())
    orchard.sid.add("birch", "1.0-1", build_depends=["apple (>= 1.0)"], needs=["apple"], check="sleep 5\n")
    orchard.sid.add("cedar", "1.0-1", build_depends=["birch (>= 1.0)"], needs=["birch"])
    orchard.sid.publish()
    orchard.listed({"cedar": {}, "birch": {}, "apple": {}})
    started = orchard.stackwright.start("backport", "build", "--jobs", "1")
    record = orchard.stackwright.state / "apt/bookworm/repository.json"
    while not (record.exists() and "apple 1.0-1~bpo12+1" in record.read_text()):
        assert started.poll() is None
        time.sleep(0.05)
    time.sleep(2)
    started.send_signal(signal.SIGKILL)
    started.wait()
    assert orchard.status()["apple"]["State"] == "current"
    assert set(orchard.build()) == {"birch", "cedar"}
    assert {row["State"] for row in orchard.status().values()} == {"current"}
