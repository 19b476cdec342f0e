"""Issue 7, promise 1: Debian packages of Debian's sources and of upstream's trees, built in clean systems."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.debian import CONTROL, Packager, difference
from tests.orchard import SITE, mail

from .conftest import CACHE, PROJECT, STATE, Stackwright, need_root

if TYPE_CHECKING:
    from collections.abc import Iterator

SETUP = "import setuptools\n\nsetuptools.setup(name='pear', version='1.0', py_modules=['pear'])\n"
MODULE = "def colour():\n    return 'green'\n"
OURS = MODULE.replace("green", "green, ours")
NEEDS = "debhelper-compat (= 13), dh-sequence-python3, python3-all, python3-setuptools"
PACKAGING = f"""\
Source: pear
Section: python
Priority: optional
Maintainer: Ada Ours <ada@example.org>
Build-Depends: {NEEDS}
Standards-Version: 4.6.2
Rules-Requires-Root: no

Package: python3-pear
Architecture: all
Depends: ${{misc:Depends}}, ${{python3:Depends}}
Description: a fruit
 It is green.
"""
# The build has no rights and no network: that of this machine, with a server of the test's, least of all.
RULES = """\
#!/usr/bin/make -f
%:
	dh $@ --buildsystem=pybuild

override_dh_auto_configure:
	test "$$(id -u)" != 0
	! python3 -c "import socket; socket.create_connection(('127.0.0.1', {port}), 5)"
	dh_auto_configure

override_dh_auto_test:
ifeq (,$(filter nocheck,$(DEB_BUILD_OPTIONS)))
	test "$$(python3 -c 'import pear; print(pear.colour())')" = red
endif
"""


@dataclass(frozen=True)
class Orchard:
    """A distribution with a pear: from Debian, and from a tree with a packaging of ours."""

    root: Path
    stackwright: Stackwright
    port: int

    def write(self, path: str, text: str) -> None:
        file = self.stackwright.distribution / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755 if path.endswith("/rules") else 0o644)

    def variant(self, name: str, **files: str) -> str:
        """Give a component like the pear of a tree, with other files in its packaging; gives its name."""
        for path, text in {"control": PACKAGING, "rules": RULES.format(port=self.port), **files}.items():
            self.write(f"packaging/{name}/debian/{path}", text)
        components = {file.stem: file.read_text() for file in (self.root / "components").glob("*.yaml")}
        source = f"{{path: {self.root}/upstream, version: 1.0}}"
        components[name] = f"  {name}: {{source: {source}, packaging: {{path: packaging/{name}}}}}\n"
        self.components(components)
        return name

    def components(self, components: dict[str, str]) -> None:
        for name, text in components.items():
            (self.root / "components").mkdir(exist_ok=True)
            (self.root / "components" / f"{name}.yaml").write_text(text)
        lines = "".join(components.values())
        self.write("releases/r.yaml", f'python: "3.11"\npins: {{exclude-newer: 2026-10-15}}\ncomponents:\n{lines}')

    def build(self, *words: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        return self.stackwright("build", "deb", "--suite", "bookworm", *words, status=status)

    def row(self, *words: str) -> dict[str, str]:
        (row,) = json.loads(self.build(*words, "-f", "json").stdout)
        assert isinstance(row, dict)
        return row


class Answers(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def orchard(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Orchard]:
    need_root()
    root = tmp_path_factory.mktemp("orchard")
    state = STATE / "debs"
    shutil.rmtree(state, ignore_errors=True)
    made = Orchard(root, Stackwright(root / "distribution", state), port)
    made.write("distribution.yaml", "name: orchard\nmaintainer: Ada Ours <ada@example.org>\n")
    made.write("sites/local.yaml", SITE)
    (root / "upstream").mkdir()
    (root / "upstream/setup.py").write_text(SETUP)
    (root / "upstream/pear.py").write_text(MODULE)
    packager = Packager(root / "pool", {"setup.py": SETUP, "pear.py": MODULE})
    dsc = packager.build(patches={"doc.patch": difference("pear.py", MODULE, f'"""A pear."""\n{MODULE}')})
    (root / "distribution/debian").mkdir()
    for file in dsc.parent.glob("pear_*"):
        shutil.copyfile(file, root / "distribution/debian" / file.name)
    made.components({"pear": '  pear: {source: {debian: pear, version: "2:1.0-3", dsc: debian/pear_1.0-3.dsc}}\n'})
    documented = f'"""A pear."""\n{MODULE}'
    rules = "#!/usr/bin/make -f\n%:\n\tdh $@\n"
    # Our series has both: a change of the module, and what Debian's old packaging lacks.
    made.write("patches/pear/r/series", "ours.patch\npackaging.patch\n")
    made.write(
        "patches/pear/r/ours.patch",
        mail("Be ours", difference("pear.py", documented, documented.replace("green", "green, ours"))),
    )
    made.write(
        "patches/pear/r/packaging.patch",
        mail(
            "Package the module",
            difference("debian/control", CONTROL.format(name="pear"), PACKAGING),
            difference("debian/rules", rules, RULES.format(port=port)),
        ),
    )
    yield made
    shutil.rmtree(state, ignore_errors=True)


def fields(deb: Path, *names: str) -> list[str]:
    shown = subprocess.run(["dpkg-deb", "--field", str(deb), *names], check=True, capture_output=True, text=True)
    return shown.stdout.splitlines()


@pytest.fixture(scope="module")
def pear(orchard: Orchard) -> dict[str, str]:
    """The pear of Debian's source, built, built again, looked at and installed."""
    return orchard.row("pear", "--verify", "--install", "modules")


def test_a_debian_source_with_our_series_becomes_packages(pear: dict[str, str], orchard: Orchard) -> None:
    assert (pear["Source"], pear["Version"], pear["Suite"]) == ("pear", "2:1.0-3+carried1", "bookworm")
    directory = Path(pear["Place"])
    (deb,) = directory.glob("*.deb")
    assert deb.name == "python3-pear_1.0-3+carried1_all.deb"
    assert fields(deb, "Version") == ["2:1.0-3+carried1"]
    shown = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(deb)], check=True, capture_output=True).stdout
    assert b"green, ours" in shown
    assert orchard.root.exists()


def test_what_it_was_built_with_is_kept(pear: dict[str, str]) -> None:
    (buildinfo,) = Path(pear["Place"]).glob("*.buildinfo")
    text = buildinfo.read_text()
    assert "Version: 2:1.0-3+carried1" in text
    assert "debhelper (=" in text
    (changes,) = Path(pear["Place"]).glob("*.changes")
    assert buildinfo.name in changes.read_text()


def test_built_twice_it_is_the_same_and_its_module_is_imported_where_it_is_installed(pear: dict[str, str]) -> None:
    assert "the same twice" in pear["Found"]
    assert "1 installed, imported: pear" in pear["Found"]


def test_nothing_is_built_twice(pear: dict[str, str], orchard: Orchard) -> None:
    again = orchard.build("pear", "-f", "json")
    (row,) = json.loads(again.stdout)
    assert (row["State"], row["Place"]) == ("there", pear["Place"])
    assert "started   pear/deb" not in again.stderr
    assert orchard.row("pear", "--list")["State"] == "there"


def test_lintians_errors_are_shown(pear: dict[str, str], orchard: Orchard) -> None:
    assert "lintian: " in pear["Found"]
    shown = orchard.build("pear").stderr
    assert "E: python3-pear: no-copyright-file" in shown


def test_a_tree_with_a_packaging_becomes_packages(orchard: Orchard) -> None:
    name = orchard.variant("grown")
    row = orchard.row(name, "--install", "modules", "--no-lintian")
    assert (row["Version"], row["State"]) == ("1.0-0+carried1", "built")
    assert "imported: pear" in row["Found"]


def test_a_package_is_walked_back_to_debians_source(pear: dict[str, str], orchard: Orchard) -> None:
    (deb,) = Path(pear["Place"]).glob("*.deb")
    rows = orchard.stackwright.json("provenance", str(deb))
    assert [row["Step"] for row in rows] == ["package", "source package", "tree", "patch", "patch", "source"]
    assert {row["Verified"] for row in rows} == {"yes"}
    assert rows[1]["What"].endswith("of pear in r")
    assert rows[-1]["What"].startswith("pear 2:1.0-3 (dsc sha256 ")
    # The source package is made again, of Debian's as it is now.
    dsc = orchard.stackwright.distribution / "debian/pear_1.0-3.dsc"
    kept = dsc.read_bytes()
    dsc.write_bytes(kept + b"\n")
    rows = orchard.stackwright.json("provenance", str(deb), status=1)
    assert [row["Step"] for row in rows if row["Verified"] != "yes"] == ["source package"]
    dsc.write_bytes(kept)


def test_a_package_is_walked_back_to_upstreams_tree(orchard: Orchard) -> None:
    name = orchard.variant("traced")
    (deb,) = Path(orchard.row(name)["Place"]).glob("*.deb")
    rows = orchard.stackwright.json("provenance", str(deb))
    assert [row["Step"] for row in rows] == ["package", "source package", "tree", "source"]
    assert {row["Verified"] for row in rows} == {"yes"}
    assert str(orchard.root / "upstream") in rows[-1]["What"]
    # Another source package, that makes the same package to the last bit: the way is that of today's.
    orchard.write(f"packaging/{name}/debian/rules", RULES.format(port=orchard.port) + "# Another comment.\n")
    (again,) = Path(orchard.row(name)["Place"]).glob("*.deb")
    assert (again != deb, again.read_bytes()) == (True, deb.read_bytes())
    assert {row["Verified"] for row in orchard.stackwright.json("provenance", str(again))} == {"yes"}


def test_an_image_has_them_and_is_walked_back_to_their_source(
    pear: dict[str, str], orchard: Orchard, tmp_path: Path
) -> None:
    descriptor = tmp_path / "pear.descriptor"
    descriptor.write_text("LABEL=pear\nPROJECT=pear\nPROJECT_REPO=nil\nDIST_PACKAGES=python3-pear\n")
    words = ["build", "image", "--descriptor", str(descriptor)]
    (row,) = orchard.stackwright.json(*words, "--with", pear["Place"])
    image = f"pear:{row['Tag']}"
    bill = json.loads(orchard.stackwright("image", "sbom", image).stdout)
    assert pear["Version"] in [part["version"] for part in bill["components"] if part["name"] == "python3-pear"]
    rows = orchard.stackwright.json("provenance", image)
    steps = ["image", "package", "source package", "tree", "patch", "patch", "source"]
    assert [(row["Step"], row["Verified"]) for row in rows] == [(step, "yes") for step in steps]
    empty = orchard.stackwright(*words, "--with", str(tmp_path), status=2).stderr
    assert "there is no .deb file in it" in empty


def test_tests_are_run_when_they_are_asked_for(orchard: Orchard) -> None:
    name = orchard.variant("tested", **{"source/lintian-overrides": ""})
    failed = orchard.build(name, "--tests", "--no-lintian", status=4).stderr
    assert "pear 1.0-0+carried1 cannot be built" in failed
    assert "why: its own tests fail" in failed
    assert "= red" in failed
    assert orchard.row(name, "--no-lintian")["State"] == "built"


def test_a_build_that_depends_on_the_moment_is_found_out(orchard: Orchard) -> None:
    rules = f"{RULES.format(port=orchard.port)}\nexecute_after_dh_auto_install:\n"
    rules += "\tdate +%s%N >debian/python3-pear/usr/moment\n"
    name = orchard.variant("momentary", rules=rules)
    failed = orchard.build(name, "--verify", "--no-lintian", status=1).stderr
    assert "is not the same when it is built twice" in failed
    assert "python3-pear_1.0-0+carried1_all.deb: ./usr/moment" in failed


def test_a_second_build_with_other_packages_says_which_these_are(orchard: Orchard) -> None:
    name = orchard.variant("later", **{"source/lintian-overrides": "# later\n"})
    (buildinfo,) = Path(orchard.row(name, "--no-lintian")["Place"]).glob("*.buildinfo")
    # As if it had been built long ago.
    buildinfo.write_text(re.sub(r"dh-python \(= .*\)", "dh-python (= 4.0)", buildinfo.read_text()))
    found = orchard.row(name, "--no-lintian", "--verify")["Found"]
    assert re.fullmatch(r"the same twice; with dh-python 4\.0, then \S+", found)


def test_a_folder_that_describes_a_package_is_checked_with_the_rest(orchard: Orchard) -> None:
    folder = "packages/fig"
    orchard.write(f"{folder}/meta_data.yaml", "debver: 1.0-1\n")
    assert ["packages/fig", "fig 1.0-1"] in [
        [row["Component"], row["Source"]] for row in orchard.stackwright.json("check")
    ]
    path = "dl_path: {name: fig, url: 'https://example.org/fig.tar.gz', sha256: 00}\n"
    orchard.write(f"{folder}/meta_data.yaml", f"debver: 1.0-1\n{path}")
    assert "packages/fig/meta_data.yaml:2" in orchard.stackwright("check", status=2).stderr
    shutil.rmtree(orchard.stackwright.distribution / folder)


def test_one_that_cannot_be_built_keeps_the_others_from_nothing(orchard: Orchard) -> None:
    name = orchard.variant("needy", control=PACKAGING.replace("python3-all,", "python3-all, no-such-package,"))
    shown = orchard.build("nothing", name, "pear", "-f", "json", status=2)
    assert [row["Name"] for row in json.loads(shown.stdout)] == ["pear"]
    assert "'nothing' is neither a component of r nor a folder of packages/" in shown.stderr
    assert "no-such-package" in shown.stderr


def test_a_build_dependency_that_cannot_be_had_is_named(orchard: Orchard) -> None:
    name = orchard.variant("wanting", control=PACKAGING.replace(NEEDS, f"{NEEDS}, python3-setuptools (>= 999)"))
    failed = orchard.build(name, "--no-lintian", status=2).stderr
    assert "what it needs cannot be installed" in failed
    assert "python3-setuptools (>= 999)" in failed


def test_a_maintainer_script_that_fails_is_shown(orchard: Orchard) -> None:
    name = orchard.variant(
        "broken", **{"python3-pear.postinst": "#!/bin/sh\n#DEBHELPER#\necho no pears here\nexit 7\n"}
    )
    failed = orchard.build(name, "--install", "all", "--no-lintian", status=1).stderr
    assert "the post-installation script of the package python3-pear fails" in failed
    assert "no pears here" in failed
    assert "why: it ended with status 7" in failed


def test_packages_that_were_built_can_be_built_with(orchard: Orchard, pear: dict[str, str]) -> None:
    name = orchard.variant("juice", control=PACKAGING.replace(NEEDS, f"{NEEDS}, python3-pear (>= 2:1.0)"))
    row = orchard.row(name, "--no-lintian", "--with", pear["Place"])
    assert row["State"] == "built"


def test_of_two_at_once_one_builds_and_the_other_waits(orchard: Orchard) -> None:
    name = orchard.variant("twins", **{"source/lintian-overrides": "# twins\n"})
    words = [*orchard.stackwright.argv, "build", "deb", "--suite", "bookworm", "--no-lintian", name, "-f", "json"]
    running = [
        subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=orchard.stackwright.env)
        for _ in range(2)
    ]
    ended = [one.communicate(timeout=600) for one in running]
    assert [one.returncode for one in running] == [0, 0]
    places = {json.loads(out)[0]["Place"] for out, _ in ended}
    assert len(places) == 1


def test_what_is_killed_leaves_nothing_that_could_be_taken_for_packages(orchard: Orchard) -> None:
    rules = f"{RULES.format(port=orchard.port)}\nexecute_before_dh_auto_build:\n\ttouch /build/here; sleep 600\n"
    name = orchard.variant("slow", rules=rules)
    words = [*orchard.stackwright.argv, "build", "deb", "--suite", "bookworm", "--no-lintian", name]
    started = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=orchard.stackwright.env)
    unfinished = CACHE / "unfinished"
    until = time.monotonic() + 300
    while not list(unfinished.glob("*/upper/build/here")):
        assert started.poll() is None
        assert time.monotonic() < until
        time.sleep(0.1)
    (place,) = unfinished.glob("*/upper/build/here")
    os.kill(started.pid, signal.SIGKILL)
    started.wait()
    while sleeping := _running_below(place.parents[2]):
        assert time.monotonic() < until, sleeping
        time.sleep(0.1)
    assert orchard.row(name, "--list")["State"] == "to build"
    assert str(place.parents[2]) not in Path("/proc/mounts").read_text()


def _running_below(folder: Path) -> list[str]:
    """Give the processes whose root is a system in a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and str((entry / "root").readlink()).startswith(str(folder)):
                found.append((entry / "cmdline").read_text())
        except OSError:
            continue
    return found


def test_upstreams_library_and_client_are_built_with_packagings_of_our_own(orchard: Orchard, tmp_path: Path) -> None:
    """python-openstackclient and oslo.privsep, from upstream's trees, for Debian 13."""
    example = shutil.copytree(PROJECT / "examples/debs", tmp_path / "debs")
    command = Stackwright(example, orchard.stackwright.state)
    words = ("build", "deb", "--suite", "trixie", "--no-lintian", "--install", "modules")
    client, library = command.json(*words)
    assert (client["Source"], client["Version"]) == ("python-openstackclient", "8.0.0-0+carried1")
    assert client["Found"] == "1 installed, imported: openstackclient"
    assert (library["Source"], library["Version"]) == ("python-oslo.privsep", "3.7.0-0+carried1")
    assert library["Found"] == "1 installed, imported: oslo_privsep"
