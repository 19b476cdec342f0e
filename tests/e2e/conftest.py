"""What the acceptance suite stands on: the real command, a state directory of its own, one cloud for many tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[2]
EXAMPLE = PROJECT / "examples/minicloud"
# Those of the demo, which may have been run here: another opens them.
SECRETS = shutil.ignore_patterns("secrets")
# Below a folder that the database's user can pass; downloads and artifacts are kept from one run to the next, and
# shared with the demo.
STATE = Path(os.environ.get("STACKWRIGHT_TEST_STATE", "/var/lib/stackwright/tests"))
CACHE = Path(os.environ.get("STACKWRIGHT_CACHE", "/var/lib/stackwright/cache"))
COMMAND = Path(sys.executable).with_name("stackwright")
MINUTES = 60


@dataclass(frozen=True)
class Stackwright:
    """The command on one distribution and one state directory."""

    distribution: Path
    state: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def argv(self) -> list[str]:
        return [str(COMMAND), "-C", str(self.distribution), "--state", str(self.state)]

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, "STACKWRIGHT_CACHE": str(CACHE), **self.environment}

    def __call__(self, *words: str, status: int = 0, within: float = 15 * MINUTES) -> subprocess.CompletedProcess[str]:
        """Run a command to its end and insist on its exit status."""
        done = subprocess.run(
            [*self.argv, *words], capture_output=True, text=True, timeout=within, check=False, env=self.env
        )
        shown = f"stackwright {' '.join(words)}: {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
        assert done.returncode == status, shown
        assert "Traceback" not in done.stderr, shown
        return done

    def json(self, *words: str, status: int = 0) -> Any:
        """Run a command that lists something, and give its rows."""
        return json.loads(self(*words, "-f", "json", status=status).stdout)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a command and do not wait."""
        return subprocess.Popen(
            [*self.argv, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.env
        )

    def openstack(self, *words: str, status: int = 0) -> str:
        """Run the stock client as `stackwright env` tells it to."""
        exports = self("env").stdout
        script = f'{exports}\nexec "$@"'
        client = str(COMMAND.with_name("openstack"))
        done = subprocess.run(
            ["sh", "-ec", script, "sh", client, *words], capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + (done.stderr if status else "")

    @property
    def site(self) -> Path:
        return self.state / "sites/local"

    def port(self, name: str) -> int:
        ports: dict[str, int] = json.loads((self.site / "site.json").read_text())["ports"]
        return ports[name]

    def fresh(self) -> Stackwright:
        """Remove what an earlier run left of it."""
        if (self.site / "site.json").exists():
            self("destroy", "--yes")
        shutil.rmtree(self.state, ignore_errors=True)
        return self


def need_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("not root: a cloud on this machine makes bridges and network namespaces")


@pytest.fixture(scope="session")
def minicloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stackwright]:
    """The example distribution's cloud, brought up from an empty state directory."""
    need_root()
    distribution = tmp_path_factory.mktemp("distribution") / "minicloud"
    shutil.copytree(EXAMPLE, distribution, ignore=SECRETS)
    cloud = Stackwright(distribution, STATE / "minicloud").fresh()
    cloud("up")
    yield cloud
    cloud("destroy", "--yes")


@pytest.fixture
def distribution(tmp_path: Path) -> Path:
    """A copy of the example distribution to do things to."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "minicloud", ignore=SECRETS))


@pytest.fixture
def state() -> Iterator[Path]:
    """A state directory that nothing is in, with a path short enough for sockets below it."""
    STATE.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(dir=STATE))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def stackwright(distribution: Path, state: Path) -> Stackwright:
    """The command on that copy, with that state directory."""
    return Stackwright(distribution, state)
