"""Steps of the local target on a made-up site: real processes, files and databases, but services of a few lines."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stackwright.build.cache import ArtifactCache
from stackwright.catalogue.catalogue import Catalogue, Selection
from stackwright.catalogue.model import Service
from stackwright.errors import EnvironmentLacksError, RunFailedError
from stackwright.plan.step import State, Step
from stackwright.site.files import render_files
from stackwright.site.paths import SitePaths
from stackwright.site.render import Renderer, Values
from stackwright.site.state import SiteState
from stackwright.site.values.values import default_values
from stackwright.targets.local.cloud import Cloud
from stackwright.targets.local.databases import databases_step
from stackwright.targets.local.files import config_step
from stackwright.targets.local.machine import network_step, supervisor_step
from stackwright.targets.local.processes import process_step, restart_process
from stackwright.targets.local.tasks import task_step
from stackwright.targets.local.teardown import down_graph, remove
from stackwright.tools import namespaces, network

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: steps set owners and give up root")

PORT = 18431
# Answers as its configuration says, and logs what it does.
WEB = """\
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(open(sys.argv[2]).read()))
        self.end_headers()
print("listens", flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def web(**more: object) -> Service:
    """Give a service that answers with the status that stands in its file."""
    process = {
        "command": (sys.executable, "-c", WEB, "{{ port('web-api') }}", "{{ etc }}/answer"),
        "health": {"http": {"port": "web-api"}, "seconds": 5},
        "stop": {"seconds": 2},
    }
    entry = {"title": "W", "ports": {"api": PORT}, "files": {"answer": {"text": "200"}}, "processes": {"api": process}}
    return Service.model_validate({**entry, **more})


@dataclass
class Told:
    """The context of a step that is carried out."""

    log: Path
    messages: list[str] = field(default_factory=list)

    def progress(self, message: str) -> None:
        self.messages.append(message)


class Site:
    def __init__(self, folder: Path) -> None:
        self.paths = SitePaths(folder / "site")
        self.told = Told(folder / "step.log")
        self.artifacts = ArtifactCache(folder / "cache")

    def cloud(self, **services: Service) -> Cloud:
        """Give a cloud of some services, as it is wished now."""
        selection = Selection(services)
        values = Values(
            selection=selection,
            said=default_values(Catalogue(services), selection),
            state=SiteState(
                "abc123", selection.ports(), 7, {name: f"S3cret{name[:2]}" for name in selection.secrets()}
            ),
            paths=self.paths,
            region="RegionOne",
            host="host-abc123",
            environments={},
            cache=self.paths.root,
            processors=1,
        )
        files = {name: render_files(entry, Renderer(values, name)) for name, entry in services.items()}
        return Cloud(values=values, files=files, identities={}, migrations={})

    def carry_out(self, step: Step) -> None:
        """Carry out a step that reality lacks, and see that it is done."""
        assert not step.check().done
        step.do(self.told)
        assert step.check().done

    def bring_up(self, cloud: Cloud) -> Step:
        """Bring up the service web, and give the step of its process."""
        for step in (supervisor_step(cloud), config_step(cloud, "web", ())):
            if not step.check().done:
                step.do(self.told)
        step = process_step(cloud, "web", "api", ())
        self.carry_out(step)
        return step


@contextmanager
def temporary_site() -> Iterator[Site]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        site = Site(Path(folder))
        yield site
        site.cloud(web=web()).supervisor.shutdown()


@pytest.fixture
def site() -> Iterator[Site]:
    with temporary_site() as site:
        yield site


def test_a_process_comes_up_healthy_and_nothing_is_left_to_do(site: Site) -> None:
    step = site.bring_up(site.cloud(web=web()))
    assert step.check().state is State.DONE
    assert process_step(site.cloud(web=web()), "web", "api", ()).check().done


def test_a_process_is_asked_straight_though_the_shell_names_a_proxy(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    site.bring_up(site.cloud(web=web()))


def test_a_process_whose_configuration_changed_is_replaced(site: Site) -> None:
    before = site.cloud(web=web())
    site.bring_up(before)
    pid = before.supervisor.processes()["web-api"].pid
    changed = site.cloud(web=web(files={"answer": {"text": "200 "}}))
    assert process_step(changed, "web", "api", ()).check().reason == "it runs from what it was before: restart"
    site.bring_up(changed)
    assert changed.supervisor.processes()["web-api"].pid != pid


def test_a_process_that_dies_at_its_start_is_told_with_the_end_of_its_log(site: Site) -> None:
    dies = {"command": ("sh", "-c", "seq 50; echo no such table; exit 3"), "health": {"http": {"port": "web-api"}}}
    cloud = site.cloud(web=web(processes={"api": dies}))
    with pytest.raises(RunFailedError) as caught:
        site.bring_up(cloud)
    told = str(caught.value).splitlines()
    assert told[0] == f"{cloud.log('web', 'api')}: web-api does not come up"
    assert "    no such table" in told
    assert "    50" in told
    assert "    1" not in told
    assert "  why: Exited too quickly (process log may have details)" in told


def test_a_process_that_never_gets_healthy_is_told_with_what_is_wrong(site: Site) -> None:
    cloud = site.cloud(web=web(files={"answer": {"text": "503"}}))
    begun = time.monotonic()
    with pytest.raises(RunFailedError) as caught:
        site.bring_up(cloud)
    assert caught.value.why == f"after 5 s: it runs, but port {PORT} answers 503"
    assert '"GET / HTTP/1.1" 503' in caught.value.details.splitlines()[-1]
    assert time.monotonic() - begun < 15


def test_a_port_that_somebody_else_took_names_him_and_nothing_is_started(site: Site) -> None:
    cloud = site.cloud(web=web())
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", PORT))
        listener.listen()
        with pytest.raises(EnvironmentLacksError) as caught:
            site.bring_up(cloud)
    assert f"port {PORT} of 127.0.0.1" in caught.value.what
    assert f"process {os.getpid()} " in caught.value.what
    assert "`ports: {web-api: NUMBER}`" in caught.value.fix
    assert cloud.supervisor.processes() == {}


def test_a_restart_keeps_what_the_process_is_made_of(site: Site) -> None:
    cloud = site.cloud(web=web())
    step = site.bring_up(cloud)
    pid = cloud.supervisor.processes()["web-api"].pid
    restart_process(cloud, "web", "api")
    assert cloud.supervisor.processes()["web-api"].pid != pid
    assert step.check().done


def test_a_cloud_goes_down_and_is_removed(site: Site) -> None:
    cloud = site.cloud(web=web())
    site.bring_up(cloud)
    for step in down_graph(cloud).ordered():
        if not step.check().done:
            site.carry_out(step)
    assert network.is_free(PORT)
    assert all(step.check().done for step in down_graph(cloud).steps)
    remove(cloud)
    assert not site.paths.root.exists()


def test_a_network_that_another_site_took_meanwhile_is_not_taken_from_it(site: Site) -> None:
    number = network.free_number()
    first, second = (
        replace(site.cloud(), values=replace(site.cloud().values, state=SiteState(id_, {}, number, {})))
        for id_ in ("aaaaaa", "bbbbbb")
    )
    steps = network_step(first), network_step(second)
    try:
        site.carry_out(steps[0])
        with pytest.raises(EnvironmentLacksError, match=f"172.24.{number}.0/24 is taken: .* through sw-aaaaaa"):
            steps[1].do(site.told)
        assert steps[0].check().done
        assert not steps[1].check().done
    finally:
        namespaces.remove([first.state.namespace, second.state.namespace])


def test_files_get_their_owners_though_a_run_was_cut_off_between(site: Site) -> None:
    entry = web(files={"answer": {"text": "200", "owner": "daemon", "mode": 0o640}})
    step = config_step(site.cloud(web=entry), "web", ())
    assert step.check().reason == "no folder web, web yet"
    site.carry_out(step)
    file = site.paths.etc("web") / "answer"
    assert (file.stat().st_uid, file.stat().st_mode & 0o777) == (pwd.getpwnam("daemon").pw_uid, 0o640)

    os.chown(file, 0, 0)
    file.chmod(0o600)
    assert step.check().reason == "answer is not yet its owner's"
    site.carry_out(step)
    assert file.stat().st_uid == pwd.getpwnam("daemon").pw_uid


def test_files_that_changed_or_went_are_written_again(site: Site) -> None:
    site.carry_out(config_step(site.cloud(web=web()), "web", ()))
    changed = config_step(site.cloud(web=web(files={"answer": {"text": "404"}, "more": {"text": ""}})), "web", ())
    assert changed.check().reason == "answer changed, more is new"
    site.carry_out(changed)
    assert (site.paths.etc("web") / "answer").read_text() == "404"


MARIADB = Service.model_validate(
    {
        "title": "M",
        "provides": {"database": {"process": "server", "socket": "{{ data }}/mysql.sock"}},
        "directories": {"{{ data }}": {"owner": "mysql", "mode": 0o750}},
        "tasks": [
            {
                "name": "system-tables",
                "summary": "make tables",
                "command": [
                    *("mariadb-install-db", "--no-defaults", "--user=mysql", "--datadir={{ data }}/mysql"),
                    *("--auth-root-authentication-method=socket", "--skip-test-db", "--skip-name-resolve"),
                ],
                "until": {"path": "{{ data }}/mysql"},
            }
        ],
        "processes": {
            "server": {
                "command": [
                    *("mariadbd", "--no-defaults", "--user=mysql", "--datadir={{ data }}/mysql"),
                    *("--socket={{ data }}/mysql.sock", "--skip-networking", "--innodb-buffer-pool-size=16M"),
                ],
                "health": {"unix": "{{ data }}/mysql.sock"},
            }
        },
    }
)


def filling(command: str, name: str = "sync") -> Service:
    """Give a service that fills its database by a command; ``$SQL`` speaks to it."""
    task = {
        "name": name,
        "summary": "bring the tables to this release",
        "command": [
            "sh",
            "-ec",
            f"SQL='mariadb --no-defaults --socket={{{{ run }}}}/../data/mariadb/mysql.sock -N web'; {command}",
        ],
        "until": {"trees": ["migrations"]},
        "fills": ["web"],
    }
    return Service.model_validate(
        {"title": "W", "component": "web", "databases": ["web"], "secrets": {"database": "password"}, "tasks": [task]}
    )


class Databases:
    """A site with a database server, and tasks on it."""

    def __init__(self, site: Site) -> None:
        self.site = site
        cloud = site.cloud(mariadb=MARIADB, web=filling("true"))
        site.carry_out(supervisor_step(cloud))
        site.carry_out(config_step(cloud, "mariadb", ()))
        site.carry_out(task_step(cloud, "mariadb", MARIADB.tasks[0], (), site.artifacts))
        unseen = databases_step(cloud, "web", ()).check()
        assert unseen.state is State.UNSEEN
        site.carry_out(process_step(cloud, "mariadb", "server", ()))
        site.carry_out(databases_step(cloud, "web", ()))
        self.cloud = cloud

    def task(self, command: str, made_of: str = "tree 1", name: str = "sync") -> Step:
        entry = filling(command, name)
        cloud = replace(self.site.cloud(mariadb=MARIADB, web=entry), migrations={f"web/{name}": made_of})
        return task_step(cloud, "web", entry.tasks[0], (), self.site.artifacts)

    def rows(self) -> list[str]:
        return [row[0] for row in self.cloud.database.query("select name from things order by name", database="web")]


@pytest.fixture(scope="module")
def one_server() -> Iterator[Databases]:
    if shutil.which("mariadbd") is None:
        pytest.skip("needs mariadbd: apt-get install mariadb-server-core")
    with temporary_site() as site:
        yield Databases(site)


@pytest.fixture
def databases(one_server: Databases) -> Databases:
    """Give a server with an empty database, of which nothing is recorded."""
    one_server.cloud.database.recreate("web")
    one_server.cloud.database.query("drop database if exists stackwright")
    shutil.rmtree(one_server.site.artifacts.directory, ignore_errors=True)
    return one_server


MAKE = '$SQL -e "create table things (name text)"'
ADD = "$SQL -e \"insert into things values ('{}')\""


def test_a_task_is_done_once_for_what_it_is_made_of(databases: Databases) -> None:
    first = databases.task(f"{MAKE}; {ADD.format('first')}")
    assert first.check().reason == "it has never been done to its end"
    databases.site.carry_out(first)
    changed = databases.task(ADD.format("second"), made_of="tree 2")
    assert changed.check().reason == "the migrations in the component's tree changed"
    databases.site.carry_out(changed)
    assert databases.rows() == ["first", "second"]


def test_a_database_that_was_half_filled_is_made_anew(databases: Databases) -> None:
    with pytest.raises(RunFailedError):
        databases.task(f"{MAKE}; exit 1").do(databases.site.told)
    databases.site.carry_out(databases.task(f"{MAKE}; {ADD.format('whole')}"))
    assert databases.rows() == ["whole"]


def test_data_is_not_dropped_because_nothing_is_recorded_of_it(databases: Databases) -> None:
    databases.site.carry_out(databases.task(f"{MAKE}; {ADD.format('precious')}"))
    # The task has got another name, or the record was lost.
    databases.site.carry_out(databases.task(ADD.format("more"), name="other"))
    databases.cloud.database.query("drop database stackwright")
    databases.site.carry_out(databases.task(ADD.format("again")))
    assert databases.rows() == ["again", "more", "precious"]


def test_a_server_that_was_killed_is_not_yet_to_be_looked_at(databases: Databases) -> None:
    databases.site.carry_out(databases.task(f"{MAKE}; {ADD.format('kept')}"))
    supervisor = databases.cloud.supervisor
    for pid in (supervisor.pid(), supervisor.processes()["mariadb-server"].pid):
        os.kill(pid, signal.SIGKILL)
    while supervisor.pid():
        time.sleep(0.01)
    assert databases.cloud.database.socket.exists()
    for step in (databases_step(databases.cloud, "web", ()), databases.task("true")):
        assert step.check().state is State.UNSEEN
    databases.site.carry_out(supervisor_step(databases.cloud))
    databases.site.carry_out(process_step(databases.cloud, "mariadb", "server", ()))
    assert databases.rows() == ["kept"]
