"""What a revision does, told without running it."""

from __future__ import annotations

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
