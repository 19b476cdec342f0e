"""The disposable machine: one command proves the working tree in a machine of its own, and leaves nothing of it."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stackwright.plan.journal import Journal
from tests.e2e.conftest import CACHE, STATE, Stackwright, need_root

if TYPE_CHECKING:
    from collections.abc import Iterator

SMALL = """\
release: "2026.2"
target: local
region: RegionOne
services: [keystone, mariadb, memcached, rabbitmq]
"""
# It changes nothing that is in the series' other patches, so that it applies and the cache knows what it makes.
EXTRA = """\
From: Ada <ada@example.org>
Subject: Say where this keystone comes from

diff --git a/keystone/proved.py b/keystone/proved.py
new file mode 100644
--- /dev/null
+++ b/keystone/proved.py
@@ -0,0 +1 @@
+WHERE = "in a machine"
"""
BROKEN = EXTRA.replace("new file mode 100644\n--- /dev/null", "--- a/keystone/proved.py").replace(
    "@@ -0,0 +1 @@\n", "@@ -1 +1 @@\n-no such line\n"
)

# Asks the cloud in a machine for its API of identities.
ASK = """python3 -c '
import json, urllib.request
port = json.load(open("/var/lib/stackwright/sites/small/site.json"))["ports"]["keystone-api"]
print(urllib.request.urlopen(f"http://127.0.0.1:{port}/v3").status)
'"""

pytestmark = pytest.mark.cloud


@pytest.fixture
def proof(distribution: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stackwright]:
    """The command in an empty working directory, on the small site; afterwards nothing of a machine is left."""
    need_root()
    (distribution / "sites/small.yaml").write_text(SMALL)
    for component in ("neutron", "nova", "oslo.privsep"):  # large, and no part of the small site
        shutil.rmtree(distribution / "patches" / component)
    working = tmp_path / "working"
    working.mkdir()
    monkeypatch.chdir(working)
    state = STATE / "proof"  # short: sockets lie below it
    shutil.rmtree(state, ignore_errors=True)
    yield Stackwright(distribution, state)
    assert traces(state) == []
    shutil.rmtree(state, ignore_errors=True)


def traces(state: Path) -> list[str]:
    """Give what is left of machines: folders, programs, mounts."""
    left = [str(path) for path in state.glob("proof/*") if path.is_dir()]
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"STACKWRIGHT_RUN={state}".encode() in (entry / "environ").read_bytes():
                left.append((entry / "comm").read_text().strip())
        except OSError:
            continue
    return left + [line for line in Path("/proc/mounts").read_text().splitlines() if str(state) in line]


def run(proof: Stackwright, *words: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    return proof("--site", "small", "proof", "run", *words, status=status)


def extra(name: str, text: str, component: str = "keystone") -> None:
    folder = Path("extra-patches", component)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def test_a_container_proves_the_working_tree_is_kept_until_an_interrupt_and_is_thrown_away(proof: Stackwright) -> None:
    extra("proved.patch", EXTRA)
    before = {path: path.read_bytes() for path in proof.distribution.rglob("*") if path.is_file()}
    words = ("proof", "run", "--in", "container", "--results", "results", "--keep")
    with Path("out").open("wb") as out, Path("err").open("wb") as err:
        running = subprocess.Popen([*proof.argv, "--site", "small", *words], stdout=out, stderr=err, env=proof.env)
    try:
        shell = shell_in(running, Path("err"))
        looked = subprocess.run(
            [*shell, "-c", f"cat /etc/hostname; {ASK}"], capture_output=True, text=True, check=False
        )
        assert re.fullmatch("stackwright-[0-9a-f]+\n200\n", looked.stdout), looked
        assert Path("results/machine/sites/small/log").is_dir(), "results are there while the machine is"
    finally:
        running.send_signal(signal.SIGINT)
        status = running.wait(60)
    assert status == 0
    done = Path("out").read_text()
    assert "nobody has used it before" in done, "the plan is shown, with reasons"
    assert "minicloud is proved in a container" in done
    assert {path: path.read_bytes() for path in proof.distribution.rglob("*") if path.is_file()} == before
    results = Path("results")
    site = results / "machine/sites/small"
    assert (site / "log/keystone-api.log").is_file()
    inner = Journal(site / "journal.sqlite")
    assert [(one.command, one.outcome) for one in inner.runs()] == [("up", "done")]
    inner.close()
    outer = Journal(results / "journal.sqlite")
    assert {step.name for step in outer.steps(1)} >= {"machine/start", "cloud/up", "proof/plan"}
    outer.close()
    for path in results.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
    assert not [path for path in results.rglob("*") if path.name in {"secrets.json", "clouds.yaml", "keystone.conf"}]
    # The machine built keystone with the patch; as the cache is shared, it is there for the next one.
    assert list(CACHE.glob("environments/*/lib/python3.11/site-packages/keystone/proved.py"))


def shell_in(running: subprocess.Popen[bytes], told: Path) -> list[str]:
    """Wait until a run lets its machine be looked at, and give the command of a shell in it."""
    until = time.monotonic() + 900
    while not (found := re.search("; a shell in it: (.+)", told.read_text())):
        assert running.poll() is None, told.read_text()
        assert time.monotonic() < until, told.read_text()
        time.sleep(0.2)
    return shlex.split(found[1])


@pytest.mark.parametrize("kind", ["container", "vm"])
def test_a_patch_that_does_not_apply_fails_the_proof_and_says_which(proof: Stackwright, kind: str) -> None:
    """Of a virtual machine this is the whole way but the cloud, for which an emulated processor takes too long."""
    extra("broken.patch", BROKEN)
    done = run(proof, "--in", kind, status=1)
    assert "broken.patch" in done.stderr
    assert "nothing is left of the machine" in done.stderr
    (results,) = Path("proof-runs").iterdir()
    assert "broken.patch" in (results / "steps/cloud-up.log").read_text()


def test_a_machine_whose_run_was_killed_is_found_and_removed_by_the_next(proof: Stackwright) -> None:
    extra("broken.patch", BROKEN)
    running = begin(proof)
    running.kill()
    running.wait()
    assert traces(proof.state), "a killed run removes nothing itself"
    done = run(proof, status=1)
    assert "of a run that was killed" in done.stderr


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_throws_its_machine_away(proof: Stackwright, sign: int) -> None:
    running = begin(proof)
    os.kill(running.pid, sign)
    assert running.wait(60) == 130


def begin(proof: Stackwright) -> subprocess.Popen[bytes]:
    """Begin a run, and wait until something happens in its machine."""
    running = proof.start("--site", "small", "proof", "run", "--results", "begun")
    log = Path("begun/steps/cloud-up.log")
    until = time.monotonic() + 300
    while not log.exists() or not log.stat().st_size:
        assert running.poll() is None, "it ended early"
        assert time.monotonic() < until
        time.sleep(0.05)
    return running


def test_this_machine_gives_the_site_a_state_of_its_own_and_destroys_it(proof: Stackwright) -> None:
    done = run(proof, "--in", "here", "--results", "results")
    assert "minicloud is proved on this machine" in done.stdout
    assert Path("results/machine/sites/small/log/keystone-api.log").is_file()


@pytest.mark.parametrize(
    ("name", "text", "words", "message"),
    [
        ("results/old.log", "", ("--results", "results"), "the results need a folder of their own"),
        ("extra-patches/nowa/a.patch", EXTRA, (), "no component 'nowa'"),
        ("sources.list", "deb http://mirror.example/debian trixie main\n", (), "no source of the suite bookworm"),
        ("nothing", "", ("--tempest", "smoek"), "no test set 'smoek'"),
    ],
)
def test_bad_input_is_told_before_anything_is_made(
    proof: Stackwright, name: str, text: str, words: tuple[str, ...], message: str
) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text)
    assert message in run(proof, *words, status=2).stderr
    assert not Path("proof-runs").exists()


def test_what_is_not_installed_is_named_with_its_package(proof: Stackwright, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for program in ("apt-config", "ip", "unshare", "setpriv", "git"):
        (programs / program).symlink_to(shutil.which(program) or program)
    bare = Stackwright(proof.distribution, proof.state, {"PATH": str(programs)})
    done = run(bare, status=3)
    assert "apt-get install mmdebstrap slirp4netns systemd-container" in done.stderr
