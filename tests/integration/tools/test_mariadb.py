"""A private MariaDB, as the catalogue starts it."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from stackwright.tools.mariadb import DatabaseRefusesError, DatabaseUnreachableError, Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the server runs as the user mysql"),
    pytest.mark.skipif(shutil.which("mariadbd") is None, reason="needs mariadbd: apt-get install mariadb-server-core"),
]


class PrivateServer:
    def __init__(self, folder: Path) -> None:
        self.folder, self.server = folder, Server(folder / "mysql.sock")
        os.chown(folder, pwd.getpwnam("mysql").pw_uid, -1)
        subprocess.run(
            [
                *("mariadb-install-db", "--no-defaults", "--user=mysql", f"--datadir={folder / 'mysql'}"),
                *("--auth-root-authentication-method=socket", "--skip-test-db", "--skip-name-resolve"),
            ],
            check=True,
            capture_output=True,
        )
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                *("mariadbd", "--no-defaults", "--user=mysql", f"--datadir={self.folder / 'mysql'}"),
                *(f"--socket={self.server.socket}", "--skip-networking", "--skip-name-resolve"),
                "--innodb-buffer-pool-size=16M",
            ],
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                self.server.query("select 1")
            except DatabaseUnreachableError:
                time.sleep(0.05)
            else:
                return
        pytest.fail("the server does not come up")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateServer]:
    folder = tmp_path_factory.mktemp("mariadb")
    own = [above for above in (folder, *folder.parents) if above.name.startswith(("mariadb", "popen-", "pytest-"))]
    for above in own:  # the user mysql has to pass pytest's own folders
        above.chmod(above.stat().st_mode | 0o011)
    private = PrivateServer(folder)
    yield private
    private.kill()


@pytest.fixture
def server(private: PrivateServer) -> Server:
    return private.server


def test_a_database_is_made_with_a_user_who_can_use_that_alone(server: Server) -> None:
    server.create("nova", "nova", "s3cret")
    server.create("glance", "glance", "other")
    assert server.lets_in("nova", "s3cret", "nova")
    assert not server.lets_in("nova", "wrong", "nova")
    assert not server.lets_in("nova", "s3cret", "glance")
    assert not server.lets_in("nobody", "s3cret", "nova")
    with server.session(user="nova", password="s3cret", database="nova") as cursor:
        cursor.execute("create table servers (id int)")


def test_making_it_again_keeps_the_data_and_sets_the_password(server: Server) -> None:
    server.create("kept", "kept", "old")
    server.query("create table things (id int)", database="kept")
    server.query("insert into things values (%s)", (7,), database="kept")
    server.create("kept", "kept", "new")
    assert server.query("select id from things", database="kept") == ((7,),)
    assert server.lets_in("kept", "new", "kept")
    assert not server.lets_in("kept", "old", "kept")


def test_a_database_that_is_made_anew_is_empty_and_its_grants_stay(server: Server) -> None:
    server.create("half", "half", "s3cret")
    server.query("create table things (id int)", database="half")
    server.recreate("half")
    assert server.query("show tables", database="half") == ()
    assert server.lets_in("half", "s3cret", "half")


def test_what_is_recorded_is_given_back(server: Server) -> None:
    assert server.record("nova/db-sync") is None
    server.set_record("nova/db-sync", "tree 1")
    server.set_record("glance/db-sync", "tree 2")
    server.set_record("nova/db-sync", "tree 3")
    assert server.record("nova/db-sync") == "tree 3"
    assert server.record("glance/db-sync") == "tree 2"
    assert server.record("placement/db-sync") is None


def test_values_are_not_taken_for_statements(server: Server) -> None:
    value = "'; drop table record; -- %s \\"
    server.set_record("odd", value)
    assert server.record("odd") == value


def test_what_the_server_refuses_is_an_error_of_the_family(server: Server) -> None:
    with pytest.raises(DatabaseRefusesError) as caught:
        server.query("select 1 from no_such_table", database="mysql")
    assert str(caught.value) == ("the database server refuses\n  why: Table 'mysql.no_such_table' doesn't exist")
    assert caught.value.number == 1146
    with pytest.raises(DatabaseRefusesError, match="the database server refuses"):
        server.query("select 1", database="no_such_database")


def test_a_password_is_in_no_error(server: Server) -> None:
    server.create("nova", "nova", "s3cret")
    with (
        pytest.raises(DatabaseRefusesError) as caught,
        server.session(user="nova", password="wr0ng-s3cret", database="nova"),
    ):
        pytest.fail("it let us in")
    assert "s3cret" not in str(caught.value)


def test_where_there_is_no_server_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnreachableError, match="the database server does not answer") as caught:
        Server(tmp_path / "mysql.sock").query("select 1")
    assert str(tmp_path) in caught.value.why


def test_a_server_that_was_killed_does_not_answer_though_its_socket_is_there(private: PrivateServer) -> None:
    private.server.set_record("before", "the kill")
    private.kill()
    assert private.server.socket.exists()
    for look in (
        lambda: private.server.lets_in("nova", "s3cret", "nova"),
        lambda: private.server.record("before"),
    ):
        with pytest.raises(DatabaseUnreachableError):
            look()
    private.start()
    assert private.server.record("before") == "the kill"


def test_a_connection_that_the_server_lets_go_of_is_told_as_such(server: Server) -> None:
    def lose_it() -> None:
        with server.session() as cursor:
            cursor.execute("select connection_id()")
            (mine,) = cursor.fetchone() or ()
            server.query(f"kill {mine}")
            cursor.execute("select 1")

    with pytest.raises(DatabaseUnreachableError):
        lose_it()
