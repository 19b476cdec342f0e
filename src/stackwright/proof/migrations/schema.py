"""The schema of a database as its server tells it (information_schema), and how two differ."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stackwright.tools.mariadb import Server

# Where alembic and its like remember how far a database is: a table with this one column.
HEADS = "version_num"
# Names that the server gives to constraints without one: the next number, whatever they are.
UNNAMED = re.compile(r".*_ibfk_\d+|CONSTRAINT_\d+")

TABLES = """
    select table_name, concat_ws(' ', engine, table_collation) from information_schema.tables
    where table_schema = %s"""
COLUMNS = """
    select table_name, column_name, concat_ws(' ', column_type, if(is_nullable = 'YES', 'null', 'not null'),
        concat('default ', column_default), nullif(collation_name, ''), nullif(extra, ''),
        concat('as ', generation_expression))
    from information_schema.columns where table_schema = %s"""
INDEXES = """
    select table_name, index_name, concat(if(non_unique, '', 'unique '), index_type, ' on ',
        group_concat(concat(column_name, ifnull(concat('(', sub_part, ')'), '')) order by seq_in_index separator ', '))
    from information_schema.statistics where table_schema = %s group by table_name, index_name, non_unique, index_type
    """
FOREIGN_KEYS = """
    select k.table_name, k.constraint_name, concat(
        group_concat(k.column_name order by k.ordinal_position separator ', '), ' to ', k.referenced_table_name, ' (',
        group_concat(k.referenced_column_name order by k.ordinal_position separator ', '), ') on update ',
        lower(r.update_rule), ' on delete ', lower(r.delete_rule))
    from information_schema.key_column_usage k join information_schema.referential_constraints r
        on r.constraint_schema = k.constraint_schema and r.table_name = k.table_name
        and r.constraint_name = k.constraint_name
    where k.table_schema = %s and k.referenced_table_name is not null
    group by k.table_name, k.constraint_name, k.referenced_table_name, r.update_rule, r.delete_rule"""
CHECKS = """
    select table_name, constraint_name, check_clause from information_schema.check_constraints
    where constraint_schema = %s"""
PARTS = (("column", COLUMNS), ("index", INDEXES), ("foreign key", FOREIGN_KEYS), ("check", CHECKS))


@dataclass(frozen=True)
class Schema:
    """What is in a database, without its rows.

    :param things: ``the column volumes.size`` -> what it is, in words
    :param heads: the revisions that it is stamped with
    """

    things: Mapping[str, str]
    heads: tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """A thing that an upgraded and a new database do not have alike.

    :param upgraded: what it is in the one; empty if it is not there
    :param fresh: what it is in the other
    """

    thing: str
    upgraded: str
    fresh: str


def read_schema(server: Server, database: str) -> Schema:
    """Read the schema of a database.

    :raises DatabaseUnreachableError: nobody answers
    """
    things = {f"the table {table}": str(about) for table, about in server.query(TABLES, (database,))}
    for kind, statement in PARTS:
        things |= _named(kind, server.query(statement, (database,)))
    return Schema(dict(sorted(things.items())), tuple(_heads(server, database)))


def differences(upgraded: Schema, fresh: Schema) -> tuple[Difference, ...]:
    """Compare two schemas; of a table that only one has, the table alone is told."""
    found = []
    for thing in sorted({**upgraded.things, **fresh.things}, key=_order):
        one, other = upgraded.things.get(thing, ""), fresh.things.get(thing, "")
        whole = f"the table {_table(thing)}"
        if one != other and (thing == whole or (whole in upgraded.things) == (whole in fresh.things)):
            found.append(Difference(thing, one, other))
    if set(upgraded.heads) != set(fresh.heads):
        found.append(Difference("the revision", ", ".join(upgraded.heads), ", ".join(fresh.heads)))
    return tuple(found)


def _named(kind: str, rows: tuple[tuple[str, str, str], ...]) -> dict[str, str]:
    """Name the things of a kind; those that the server named are known by what they are."""
    found: dict[str, str] = {}
    alike: defaultdict[str, int] = defaultdict(int)
    for table, name, about in rows:
        thing = f"the {kind} {table}.{name}"
        if UNNAMED.fullmatch(name):
            thing = f"the {kind} {table}.({about})"
            alike[thing] += 1
            thing += f" {alike[thing]}" if alike[thing] > 1 else ""
        found[thing] = str(about)
    return found


def _heads(server: Server, database: str) -> Iterator[str]:
    tables = server.query(
        "select table_name from information_schema.columns where table_schema = %s and column_name = %s order by 1",
        (database, HEADS),
    )
    for (table,) in tables:
        yield from (
            str(head) for (head,) in server.query(f"select {HEADS} from `{table}` order by 1", database=database)
        )


def _table(thing: str) -> str:
    return re.sub(r"^the (table|column|index|foreign key|check) ", "", thing).partition(".")[0]


def _order(thing: str) -> tuple[str, str]:
    return _table(thing), thing
