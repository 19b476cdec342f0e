"""What a revision does, told without running it."""

from __future__ import annotations

import pytest

from stackwright.hazards.migrations import operations
from stackwright.hazards.wording import SAME, alike

SOURCE = b"""
import sqlalchemy as sa
from alembic import op

TABLE = 'volumes'


def upgrade():
    op.create_table('backups', sa.Column('id', sa.Integer, sa.ForeignKey('a.id', name='fk_a')),
                    sa.UniqueConstraint('id', name='uniq_id'), sa.Index('id_idx', 'id'), sa.UniqueConstraint('x'))
    op.add_column(TABLE, sa.Column('colour', sa.String(255)))
    op.create_foreign_key('fk_v', TABLE, 'hosts', ['host_id'], ['id'])
    with op.batch_alter_table('hosts') as batch_op:
        batch_op.add_column(sa.Column('rack', sa.String(36)))
        batch_op.create_unique_constraint('uniq_hosts0rack', ['rack'])
        batch_op.alter_column('name', nullable=False)
    _more()


def _more():
    op.drop_column('hosts', 'old')
    op.create_index(name_of('x'), table_name='hosts')


def downgrade():
    op.drop_table('backups')
"""


def test_operations_are_told() -> None:
    assert operations(SOURCE) == (
        "creates the table backups with the unique constraint uniq_id, the index id_idx, the foreign key fk_a",
        "adds the column colour on the table volumes",
        "creates the foreign key fk_v on the table volumes",
        "adds the column rack on the table hosts",
        "creates the unique constraint uniq_hosts0rack on the table hosts",
        "changes the column name on the table hosts",
        "drops the column old on the table hosts",
        "creates the index name_of('x') on the table hosts",
    )


def test_what_is_no_python_of_today_does_nothing_that_can_be_told() -> None:
    assert operations(b"print 'x'\n") == ()
    assert operations(b"def upgrade():\n    pass\n") == ()


def test_wording() -> None:
    said = "Add support for the secure boot of servers to GET /servers/{id}"
    assert alike(said, "This adds secure boot support of a server to ``GET /servers/{id}``") >= SAME
    assert alike(said, "Add a new API for the attachment of shares to servers") < SAME
    assert alike("", "") == 1.0
    assert alike(said, "") == 0.0


@pytest.mark.parametrize(
    "name", ["'uniq_%s0%s' % (TABLE, COLUMN)", "f'uniq_{TABLE}0{COLUMN}'", "'uniq_{}0{}'.format(TABLE, COLUMN)",
             "'uniq_' + TABLE + '0id'", "'uniq_routers0%s' % COLUMN"],
)  # fmt: skip
def test_a_name_that_is_joined_of_constants_is_the_same_however_it_is_joined(name: str) -> None:
    source = (
        f"TABLE = 'routers'\nCOLUMN = 'id'\n\n\ndef upgrade():\n    op.create_unique_constraint({name}, TABLE, ['x'])\n"
    )
    assert operations(source.encode()) == ("creates the unique constraint uniq_routers0id on the table routers",)


def test_a_name_that_only_running_code_knows_stays_as_it_is_written() -> None:
    for name in ("f'uniq_{other}'", "'%s' % name()", "'%d' % 'x'", "'{0}{1}'.format('x')"):
        source = f"def upgrade():\n    op.create_index({name}, 'hosts')\n"
        assert operations(source.encode()) == (f"creates the index {name} on the table hosts",)


def test_an_operation_that_looks_first_does_the_same() -> None:
    plain = b"def upgrade():\n    op.create_table('t', sa.Column('id'))\n    op.add_column('t', sa.Column('c'))\n"
    looking = plain.replace(b"op.create_table", b"migration.create_table_if_not_exists").replace(
        b"op.add_column", b"migration.add_column_if_not_exists"
    )
    assert operations(looking) == operations(plain) == ("creates the table t", "adds the column c on the table t")
