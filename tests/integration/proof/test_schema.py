"""A MariaDB server for a while, of which nothing stays; and the schemas that are read from it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stackwright.errors import RunFailedError
from stackwright.proof.migrations.schema import Difference, differences, read_schema
from stackwright.tools import scratch_mariadb
from stackwright.tools.mariadb import DatabaseUnreachableError
from stackwright.tools.scratch_mariadb import scratch_server, version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.tools.mariadb import Server

pytestmark = pytest.mark.skipif(
    shutil.which("mariadbd") is None, reason="needs mariadbd: apt-get install mariadb-server-core"
)
MADE = """
    create table kinds (id int primary key, name varchar(36) default 'x');
    create table things (
        id int primary key auto_increment, kind int, size int not null, about text,
        constraint uniq_things0size unique (size), constraint size_is_good check (size > 0),
        foreign key (kind) references kinds (id) on delete cascade, index about_idx (about(10)));
    create table alembic_version (version_num varchar(32));
    insert into alembic_version values ('c3'), ('e5')
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("s")
    (folder / "data").mkdir()
    with scratch_server(folder / "data", folder / "log") as server:
        yield server


def make(server: Server, database: str, statements: str) -> None:
    server.recreate(database)
    for statement in statements.split(";"):
        server.query(statement, database=database)


def pids(folder: Path) -> list[str]:
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder).encode() in file.read_bytes():
                found.append(file.parent.name)
        except OSError:
            continue
    return found


def test_it_is_reached_by_its_socket_alone_and_by_nobody_else(server: Server) -> None:
    assert server.version() in version()
    assert server.query("select @@skip_networking, @@port") == ((1, 0),)
    assert server.socket.parent.stat().st_mode & 0o777 == 0o700


def test_an_error_in_the_block_ends_it(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    seen = []

    def interrupted() -> None:
        with scratch_server(tmp_path / "data", tmp_path / "log") as server:
            seen.append(server)
            assert pids(tmp_path / "data")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not pids(tmp_path / "data")
    with pytest.raises(DatabaseUnreachableError):
        seen[0].query("select 1")


def test_one_that_does_not_come_up_is_told_with_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch_mariadb, "OPTIONS", ("--no-such-option",))
    (tmp_path / "data").mkdir()
    with (
        pytest.raises(RunFailedError, match="does not come up") as caught,
        scratch_server(tmp_path / "data", tmp_path / "log"),
    ):
        pytest.fail("it is up")
    assert "no-such-option" in caught.value.details
    assert not pids(tmp_path / "data")


def test_the_schema_is_told_with_all_that_counts(server: Server) -> None:
    make(server, "one", MADE)
    schema = read_schema(server, "one")
    assert schema.heads == ("c3", "e5")
    assert schema.things["the table things"] == "InnoDB utf8mb3_general_ci"
    assert schema.things["the column things.id"] == "int(11) not null auto_increment"
    assert schema.things["the column things.kind"] == "int(11) null default NULL"
    assert schema.things["the column kinds.name"] == "varchar(36) null default 'x' utf8mb3_general_ci"
    assert schema.things["the index things.uniq_things0size"] == "unique BTREE on size"
    assert schema.things["the index things.about_idx"] == "BTREE on about(10)"
    assert schema.things["the check things.size_is_good"] == "`size` > 0"
    assert "the foreign key things.(kind to kinds (id) on update restrict on delete cascade)" in schema.things


@pytest.mark.parametrize(
    ("change", "thing", "fresh"),
    [
        ("alter table things drop column about", "the column things.about", ""),
        ("alter table things modify size bigint not null", "the column things.size", "bigint(20) not null"),
        ("alter table things modify size int", "the column things.size", "int(11) null default NULL"),
        ("alter table things drop index uniq_things0size", "the index things.uniq_things0size", ""),
        ("alter table things drop constraint size_is_good", "the check things.size_is_good", ""),
        (
            "alter table things drop foreign key things_ibfk_1",
            "the foreign key things.(kind to kinds (id) on update restrict on delete cascade)",
            "",
        ),
        ("create table more (id int primary key)", "the table more", "InnoDB utf8mb3_general_ci"),
        ("alter table kinds engine = aria transactional = 0", "the table kinds", "Aria utf8mb3_general_ci"),
        ("delete from alembic_version where version_num = 'e5'", "the revision", "c3"),
    ],
)
def test_each_difference_is_told_with_both_sides(server: Server, change: str, thing: str, fresh: str) -> None:
    make(server, "one", MADE)
    upgraded = read_schema(server, "one")
    dropped = "alter table things drop foreign key things_ibfk_1;" if "engine" in change else ""
    make(server, "one", f"{MADE};{dropped}{change}")
    found = differences(upgraded, read_schema(server, "one"))
    # An index that a column, or a table, takes along is told too.
    assert Difference(thing, upgraded.things.get(thing, "c3, e5" if thing == "the revision" else ""), fresh) in found
    assert len(found) <= 2


def test_another_name_that_the_server_gave_is_no_difference(server: Server) -> None:
    found = []
    for name in ("things_ibfk_1", "things_ibfk_7"):
        make(server, "one", MADE.replace("foreign key", f"constraint {name} foreign key"))
        found.append(read_schema(server, "one"))
    assert differences(*found) == ()
