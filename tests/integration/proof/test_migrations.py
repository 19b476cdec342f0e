"""Migrations of real releases on a real MariaDB: what ends well and is wrong is shown, then caught.

Environments are kept in the cache: the first time takes minutes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stackwright.build.cache import ArtifactCache
from stackwright.build.patched import patched_components
from stackwright.build.scratch import fast_base, scratch_directory
from stackwright.build.workshop import Workshop
from stackwright.distribution import load
from stackwright.events import Event, Events, Kind
from stackwright.hazards.claims import claims_of
from stackwright.hazards.forecast.databases import migrations
from stackwright.hazards.forecast.model import Weight
from stackwright.hazards.rulebook import rules_of
from stackwright.proof.migrations import DryRun, dry_run, findings
from stackwright.proof.migrations.dry_run import SUBJECT
from stackwright.proof.migrations.environments import plan_of
from stackwright.proof.migrations.service import Bench, migrating
from stackwright.store import Memo, Store
from stackwright.tools.scratch_mariadb import scratch_server
from tests.carried_nova import MICROVERSION, NEW, NOVA, OBJECT, OLD, TELL, CarriedNova, added
from tests.releases import CACHE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

pytestmark = pytest.mark.skipif(
    shutil.which("mariadbd") is None, reason="needs mariadbd: apt-get install mariadb-server-core"
)

PLACEMENT = {"2024.2": ("12.0.0", "2024-10-15"), "2025.1": ("13.0.0", "2025-04-15"), "2025.2": ("14.0.0", "2025-10-15")}
HEAD = "a082b8bb98d0"


class Forgetful(Memo):
    """The memo of the cache, which knows what environments are made of, but of no dry run before the test's own."""

    def __init__(self) -> None:
        super().__init__(CACHE)
        self._own: dict[str, str] = {}

    def get(self, kind: str, key: str) -> str | None:
        return self._own.get(key) if kind == SUBJECT else super().get(kind, key)

    def put(self, kind: str, key: str, value: str) -> None:
        if kind == SUBJECT:
            self._own[key] = value
        else:
            super().put(kind, key, value)


@dataclass
class Desk:
    """Where a dry run is made: what it needs besides a distribution, and what it tells."""

    directory: Path
    store: Store
    told: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.memo = Forgetful()

    def run(self, root: Path, components: Sequence[str], start: str, end: str, *through: str) -> tuple[DryRun, ...]:
        events = Events()
        events.subscribe(self.told.append)
        return dry_run(
            load(root), start, end, components, through=through, store=self.store,
            memo=self.memo, cache=CACHE, logs=self.directory / "logs", events=events,
        )  # fmt: skip

    def commands(self) -> int:
        """Give how often databases were brought somewhere since the last time."""
        count = sum(1 for event in self.told if event.kind is Kind.STARTED and event.message.startswith("bring"))
        self.told.clear()
        return count


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store") / "store.git")


@pytest.fixture
def desk(tmp_path: Path, store: Store) -> Desk:
    return Desk(tmp_path / "desk", store)


@pytest.fixture
def nova(tmp_path: Path) -> CarriedNova:
    return CarriedNova(tmp_path)


def test_an_upgrade_that_ends_well_leaves_constraints_out_and_is_caught_twice(desk: Desk, nova: CarriedNova) -> None:
    nova.carry_revision()
    (run,) = desk.run(nova.root, ["nova"], OLD, NEW)
    # Shown: each command of nova's own exits 0, and both databases are stamped alike.
    assert [(ran.task, ran.status) for ran in run.ran] == [("nova/db-sync", 0)] * 3
    assert all(one.heads == one.fresh for one in run.databases)
    assert {one.database: one.heads for one in run.databases}["nova"] == ("2903cd72dc14",)
    lacking = {one.database: [each.thing for each in one.differences] for one in run.databases}
    constraints = [f"the index share_mapping.uniq_key_pairs0instance_uuid0{name}" for name in ("share_id", "tag")]
    assert lacking == {"nova": constraints, "nova_cell0": constraints, "nova_api": []}
    assert not any(each.upgraded for one in run.databases for each in one.differences)
    # Without the patch all is well, so it is the patch's doing.
    assert run.upstream is not None
    assert run.upstream.good
    # Caught: by the schemas, ...
    stops = [one for one in findings(run) if one.weight is Weight.STOP]
    assert len(stops) == 4
    assert "is not there after the upgrade, and unique BTREE on instance_uuid, share_id in a new" in stops[0].what
    # ... and by the graphs alone.
    found = _forecast(desk, nova)
    assert [(one.name, one.weight) for one in found] == [("d60bddf7a903", Weight.STOP)]
    assert "a database stamped at 2903cd72dc14 counts as having it, so it is skipped" in found[0].what
    assert "the unique constraint uniq_key_pairs0instance_uuid0share_id" in found[0].what
    # Once known, nothing is run again.
    assert desk.commands() == 5
    assert desk.run(nova.root, ["nova"], OLD, NEW) == (run,)
    assert desk.commands() == 0


def _forecast(desk: Desk, nova: CarriedNova) -> tuple[Any, ...]:
    distribution, store = load(nova.root), desk.store
    trees = []
    for name in (OLD, NEW):
        release = distribution.release(name)
        known = patched_components(
            distribution, release, store=store, memo=desk.memo, cache=CACHE, events=Events(), only=["nova"]
        )
        trees.append(known["nova"].applied.tree if known else nova.upstream(name, store))
    before, after = (claims_of(store, tree, rules_of("nova"), desk.memo) for tree in trees)
    (_, main), found = migrations(
        "nova", before, after, lambda path: store.read(trees[1], path), ["2903cd72dc14"],
        lambda path: store.read(trees[0], path),
    )  # fmt: skip
    assert (main.start, main.end, main.moves) == (("2903cd72dc14",), ("2903cd72dc14",), ())
    return found


def test_objects_that_the_carried_code_saved_and_its_microversion_mean_something_else_to_the_target(
    desk: Desk, nova: CarriedNova
) -> None:
    nova.carry_revision()
    nova.carry_change("microversion.patch", MICROVERSION)
    nova.carry_change("object.patch", OBJECT)
    with _bench(desk, nova) as bring:
        ask = bring(OLD)
        ask("make()")
        old = ask("read()\nask('servers', '/servers')\nask('shares', f'/servers/{name}/shares')")
        assert (old["image"], old["servers"][0]) == ("required", 200), old
        assert json.loads(old["servers"][1])["servers"][0]["secure_boot"] is False
        assert old["shares"][0] == 404
        ask = bring(NEW)
        new = ask(
            "read()\nask('list', '/servers')\nmend()\nask('servers', '/servers')\n"
            "ask('shares', f'/servers/{name}/shares')"
        )
    assert new["image"] == "Version 1.40 of ImageMetaProps is not supported, supported version is 1.39"
    assert new["list"][0] == 500  # so that nobody can list the servers any more
    assert "IncompatibleObjectVersion" in new["list"][1]
    # The same microversion, answered without an error: what it brought is not there, and something else is.
    assert "secure_boot" not in json.loads(new["servers"][1])["servers"][0]
    assert new["shares"] == [200, '{"shares": []}']


@contextmanager
def _bench(desk: Desk, nova: CarriedNova) -> Iterator[Callable[[str], Callable[[str], dict[str, Any]]]]:
    """Give what brings one database to a release, and gives what asks that release's code."""
    distribution, one = load(nova.root), migrating("nova")
    assert one is not None
    workshop = Workshop(desk.store, desk.memo, ArtifactCache(CACHE), Events(), desk.directory)
    with scratch_directory(fast_base()) as folder:
        folder.chmod(0o700)
        (folder / "server").mkdir()
        with scratch_server(folder / "server", desk.directory / "server.log") as server:
            bench = Bench(one, server, folder, CACHE)

            def bring(release: str) -> Callable[[str], dict[str, Any]]:
                environment = workshop.environment(plan_of(one.service, distribution, release, workshop), release).path
                assert [ran.status for ran in bench.bring(environment, release, desk.directory / "log")] == [0]

                def ask(script: str) -> dict[str, Any]:
                    argv = [str(environment / "bin/python"), "-c", NOVA + script + TELL, str(folder / "etc/nova")]
                    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=folder)
                    assert done.returncode == 0, done.stderr[-3000:]
                    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
                    return told

                return ask

            yield bring


@pytest.fixture
def placement(tmp_path: Path) -> Path:
    """A distribution of three releases of a service with few migrations."""
    root = tmp_path / "placement"
    (root / "releases").mkdir(parents=True)
    (root / "distribution.yaml").write_text("name: team\n")
    for name, (version, day) in PLACEMENT.items():
        (root / f"releases/{name}.yaml").write_text(
            f'python: "3.11"\npins: {{exclude-newer: {day}}}\ncomponents:\n'
            f"  placement: {{source: {{pypi: openstack-placement, version: {version}}}}}\n"
        )
    return root


def carry(root: Path, release: str, body: str, revision: str = "0123456789ab") -> None:
    folder = root / "patches/placement" / release
    folder.mkdir(parents=True)
    text = (
        f"import sqlalchemy as sa\nfrom alembic import op\n\nrevision = {revision!r}\ndown_revision = {HEAD!r}\n\n\n"
        f"def upgrade():\n    {body}\n"
    )
    part = added(f"placement/db/sqlalchemy/alembic/versions/{revision}_ours.py", text)
    (folder / "ours.patch").write_text(f"From: Ada <ada@example.org>\nSubject: [PATCH] Ours\n\n---\n{part}")
    (folder / "series").write_text("ours.patch\n")


def test_upstream_alone_is_alike_on_each_hop_and_what_is_not_run_is_told(desk: Desk, placement: Path) -> None:
    with (placement / "releases/2024.2.yaml").open("a") as file:
        file.write("  manila: {source: {pypi: manila, version: 19.0.0}}\n")
    one, other, first, second = desk.run(placement, ["placement", "manila"], "2024.2", "2025.2", "2025.1")
    assert [(run.hop.start, run.hop.end) for run in (one, other)] == [("2024.2", "2025.1"), ("2025.1", "2025.2")]
    for run in (one, other):
        assert run.good
        (compared,) = run.databases
        assert (compared.database, compared.heads, compared.fresh) == ("placement", (HEAD,), (HEAD,))
        (note,) = findings(run)
        assert note.weight is Weight.NOTE
        assert note.what.endswith("and what comes out is as new: placement")
    for run in (first, second):
        (note,) = findings(run)
        assert note.weight is Weight.NOTE
        assert "the catalogue has no service of this component" in note.what


def test_a_migration_that_fails_stops_it_with_its_last_lines_and_is_not_remembered(desk: Desk, placement: Path) -> None:
    carry(placement, "2025.1", "op.drop_column('resource_providers', 'nothing')")
    for _ in range(2):
        (run,) = desk.run(placement, ["placement"], "2024.2", "2025.1")
        assert desk.commands() > 0
    (found,) = findings(run)
    assert found.weight is Weight.STOP
    assert "placement/db-sync fails with status 1 when it brings a" in found.what
    assert "nothing" in found.what
    assert "without the patches it ends well" in found.what
    assert "DROP" in Path(found.where).read_text()
    assert Path(found.where).stat().st_mode & 0o777 == 0o600


def test_a_revision_that_the_target_does_not_carry_fails_as_alembic_does(desk: Desk, placement: Path) -> None:
    carry(placement, "2024.2", "op.add_column('resource_providers', sa.Column('rack', sa.String(36)))")
    (run,) = desk.run(placement, ["placement"], "2024.2", "2025.1")
    assert "Can't locate revision identified by '0123456789ab'" in findings(run)[0].what


def test_what_only_the_upgraded_database_has_is_told_with_both_sides(desk: Desk, placement: Path) -> None:
    # The same id, and another column: what the older one did stays, what the later one does is skipped.
    for release, column in (("2024.2", "rack"), ("2025.1", "room")):
        carry(placement, release, f"op.add_column('resource_providers', sa.Column('{column}', sa.String(36)))")
    (run,) = desk.run(placement, ["placement"], "2024.2", "2025.1")
    whats = [one.what for one in findings(run)]
    assert len(whats) == 2
    assert "column resource_providers.rack of the database placement is varchar(36) null default NULL" in whats[0]
    assert "and not there in a new database of 2025.1" in whats[0]
    assert "column resource_providers.room of the database placement is not there after the upgrade" in whats[1]


def test_a_series_that_does_not_apply_stops_it(desk: Desk, placement: Path) -> None:
    carry(placement, "2025.1", "pass", HEAD)
    patch = placement / "patches/placement/2025.1/ours.patch"
    patch.write_text(patch.read_text().replace("new file mode 100644\n", "").replace("/dev/null", "a/gone.py"))
    (run,) = desk.run(placement, ["placement"], "2024.2", "2025.1")
    (found,) = findings(run)
    assert found.weight is Weight.STOP
    assert "its migrations were not run: " in found.what


def test_no_password_is_ever_in_a_process_list(desk: Desk, placement: Path) -> None:
    seen: set[str] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            for file in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(file.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
                except OSError:
                    continue

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        desk.run(placement, ["placement"], "2024.2", "2025.1")
    finally:
        done.set()
        watcher.join()
    ours = [line for line in seen if "placement-manage" in line or f"{fast_base()}/" in line]
    assert len(ours) > 1
    words = {word for line in ours for word in re.findall(r"\b[A-Za-z0-9]{32}\b", line)}
    assert not {word for word in words if not re.fullmatch("[0-9a-f]+", word)}  # others are keys of environments


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_stays_of_a_run_that_is_ended(tmp_path: Path, placement: Path, how: signal.Signals) -> None:
    script = (
        "import sys\nfrom pathlib import Path\nfrom tests.integration.proof.test_migrations import Desk\n"
        "from stackwright.store import Store\n"
        "desk = Desk(Path(sys.argv[1]), Store(Path(sys.argv[1]) / 'store.git'))\n"
        "desk.run(Path(sys.argv[2]), ['placement'], '2024.2', '2025.1')\n"
    )
    argv = [sys.executable, "-c", script, str(tmp_path / "desk"), str(placement)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen(argv, stderr=subprocess.DEVNULL, env=environment) as running:
        server = _wait(lambda: _server_of(running.pid))
        data = next(word for word in server.read_text().split("\0") if word.startswith("--datadir="))
        folder = Path(data.removeprefix("--datadir="))
        running.send_signal(how)
        assert running.wait(60) != 0
    _wait(lambda: None if server.exists() and server.read_bytes() else server)
    if how is signal.SIGINT:
        assert not folder.exists()
    with scratch_directory(fast_base()):
        assert not folder.exists()  # of those who had no time, the next one clears away


def _server_of(pid: int) -> Path | None:
    """Give the command line of the database server that a process runs."""
    for file in Path("/proc").glob("[0-9]*/stat"):
        cmdline = file.with_name("cmdline")
        with suppress(OSError):
            about = file.read_text()
            child = "(mariadbd)" in about and about.rpartition(")")[2].split()[1] == str(pid)
            if child and "\0--datadir=" in cmdline.read_text():
                return cmdline
    return None


def _wait(look: Callable[[], Path | None]) -> Path:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.05)
    pytest.fail("it did not come to pass")
