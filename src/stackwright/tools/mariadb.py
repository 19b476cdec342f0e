"""MariaDB: databases and users by SQL, over the server's socket as its system user root."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pymysql

from stackwright.errors import RunFailedError
from stackwright.tools import process

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pymysql.cursors import Cursor

CONNECT_SECONDS = 5
UNREACHABLE = {2002, 2003, 2006, 2013}  # CR_CONNECTION_ERROR, CR_CONN_HOST_ERROR, CR_SERVER_GONE_ERROR, CR_SERVER_LOST
NOTHING_THERE = {1049, 1146}  # ER_BAD_DB_ERROR, ER_NO_SUCH_TABLE
# What the tool itself has to remember in the database that it speaks of.
OWN_DATABASE = "stackwright"


class DatabaseUnreachableError(RunFailedError):
    """The server does not take a connection, or has let go of it."""


class DatabaseRefusesError(RunFailedError):
    """The server answers with an error.

    :param number: of the error (mariadb.com/kb: MariaDB Error Codes)
    """

    def __init__(self, number: int, message: str) -> None:
        self.number = number
        super().__init__("the database server refuses", why=message)


@dataclass(frozen=True)
class Server:
    """A server on this machine, by its Unix socket; root is let in by its user id, without a password."""

    socket: Path

    @contextmanager
    def session(self, *, user: str = "root", password: str = "", database: str | None = None) -> Iterator[Cursor]:
        """Give a cursor of a connection that is there while the block runs.

        :raises DatabaseUnreachableError: nobody answers
        :raises DatabaseRefusesError: the server refuses the user or a statement, or has no such database
        """
        try:
            with (
                pymysql.connect(
                    unix_socket=str(self.socket),
                    user=user,
                    password=password,
                    database=database,
                    connect_timeout=CONNECT_SECONDS,
                    autocommit=True,
                ) as connection,
                connection.cursor() as cursor,
            ):
                yield cursor
        except pymysql.err.MySQLError as error:
            number, message = error.args if len(error.args) == 2 else (0, str(error))
            if number in UNREACHABLE:
                why = f"{self.socket}: {message}"
                raise DatabaseUnreachableError("the database server does not answer", why=why) from error
            raise DatabaseRefusesError(number, message) from error

    def query(self, statement: str, values: Sequence[object] = (), *, database: str | None = None) -> tuple[Any, ...]:
        """Run one statement as root and give its rows.

        :raises DatabaseUnreachableError: nobody answers
        :raises DatabaseRefusesError: the server refuses it
        """
        with self.session(database=database) as cursor:
            cursor.execute(statement, values or None)
            return tuple(cursor.fetchall())

    def lets_in(self, user: str, password: str, database: str) -> bool:
        """Tell whether a user with a password can use a database.

        :raises DatabaseUnreachableError: nobody answers
        """
        try:
            with self.session(user=user, password=password, database=database):
                return True
        except DatabaseRefusesError:
            return False

    def create(self, database: str, user: str, password: str) -> None:
        """Make a database, its user and his grant, as far as they are not there; his password is set."""
        with self.session() as cursor:
            cursor.execute(f"create database if not exists `{database}`")
            for account in ("%s@'127.0.0.1'", "%s@localhost"):
                cursor.execute(f"create user if not exists {account} identified by %s", (user, password))
                cursor.execute(f"alter user {account} identified by %s", (user, password))
                cursor.execute(f"grant all on `{database}`.* to {account}", (user,))

    def is_empty(self, database: str) -> bool:
        """Tell whether a database has no tables."""
        return not self.query("select 1 from information_schema.tables where table_schema = %s limit 1", (database,))

    def recreate(self, database: str) -> None:
        """Make a database anew, empty; grants stay."""
        self.query(f"drop database if exists `{database}`")
        self.query(f"create database `{database}`")

    def dump(self, databases: Sequence[str], file: Path) -> None:
        """Write a file that makes databases as they are now (mariadb-dump(1))."""
        options = ["--no-defaults", f"--socket={self.socket}", "--single-transaction", "--skip-dump-date"]
        file.write_bytes(process.run(["mariadb-dump", *options, "--databases", *databases]).stdout)

    def load(self, file: Path) -> None:
        """Make databases from such a file; tables of the same names are replaced."""
        process.run(["mariadb", "--no-defaults", f"--socket={self.socket}"], stdin=file.read_bytes())

    def version(self) -> str:
        """Give the server's version."""
        return str(self.query("select version()")[0][0])

    def record(self, name: str) -> str | None:
        """Give what was recorded under a name; nothing if nothing was."""
        try:
            rows = self.query("select value from record where name = %s", (name,), database=OWN_DATABASE)
        except DatabaseRefusesError as error:
            if error.number in NOTHING_THERE:
                return None
            raise
        return rows[0][0] if rows else None

    def set_record(self, name: str, value: str) -> None:
        """Record a value under a name."""
        self.query(f"create database if not exists `{OWN_DATABASE}`")
        table = "create table if not exists record (name varchar(255) primary key, value text not null)"
        self.query(table, database=OWN_DATABASE)
        self.query("replace into record values (%s, %s)", (name, value), database=OWN_DATABASE)
