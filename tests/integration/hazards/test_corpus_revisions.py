"""The corpus: database revisions that carried patches bring, in the graphs of OpenStack's own releases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.hazard_corpus import Carried, appended, case, found_in, revision, swapped
from tests.releases import NAMES, VERSIONS

if TYPE_CHECKING:
    from tests.hazard_corpus import Corpus, Edit

OWN = "a0b1c2d3e4f5"
PAINT = "op.add_column('things', sa.Column('colour', sa.String(36)))"


@dataclass(frozen=True)
class Graph:
    """A component's graph where it grows from one release to a later one.

    :param head: of the earlier release, which ours comes after
    :param first: the file of what upstream has after it
    :param taken: a revision that the later release has, and its file
    :param skipped: what a database that has ours skips of it there, in words
    :param head_file: which names the head
    """

    component: str
    releases: str
    head: str
    first: str
    taken: str
    file: str
    skipped: str
    head_file: str = ""

    def ours(self, name: str, down: str = "", *lines: str) -> tuple[str, Edit]:
        """Give the path of a revision of ours, and the edit that makes it."""
        folder = self.file.rpartition("/")[0]
        return f"{folder}/{name}_ours.py", revision(name, down or self.head, *(lines or [PAINT]))

    def raised(self, name: str) -> dict[str, Edit]:
        """Give the edit of the file that names the head."""
        return {self.head_file: swapped(self.head, name)} if self.head_file else {}

    @property
    def target(self) -> str:
        return self.releases.split()[1]


def graph(
    component: str, releases: str, head: str, folder: str, first: str, taken: str, skipped: str, head_file: str = ""
) -> Graph:
    at = f"{folder}/{head_file}" if head_file else ""
    names = [f"{folder}/{name}.py" for name in (first, taken)]
    return Graph(component, releases, head, names[0], _id(taken), names[1], skipped, at)


def _id(name: str) -> str:
    """Give the revision of a file: what is before its words."""
    stem = name.rpartition("/")[2]
    return "_".join(stem.split("_")[:3]) if stem.startswith("20") else stem.partition("_")[0]


GRAPHS = [
    graph("nova", "2024.2 2025.1", "13863f4e1612", "nova/db/main/migrations/versions",
          "d60bddf7a903_add_constraint_instance_share_avoid_",
          "2903cd72dc14_add_tls_port_to_console_auth_tokens", "skips d60bddf7a903"),
    graph("cinder", "2023.2 2024.1", "89aa6f9639f9", "cinder/db/migrations/versions",
          "b8660621f1b9_update_reservations_resource",
          "9c74c1c6971f_quota_add_backup_defaults_in_quota_class", "skips 9ab1b092a404"),
    graph("manila", "2024.2 2025.1", "cdefa6287df8", "manila/db/migrations/alembic/versions",
          "0d8c8f6d54a4_modify_share_servers_table",
          "0d8c8f6d54a4_modify_share_servers_table", "skips a part of 0d8c8f6d54a4"),
    graph("ironic", "2024.1 2025.1", "01f21d5e5195", "ironic/db/sqlalchemy/alembic/versions",
          "66bd9c5604d5_add_runbook_and_runbook_step",
          "21c48150dea9_add_inspection_rules", "skips 66bd9c5604d5 (creates the table runbooks"),
    graph("placement", "2023.1 2026.2", "422ece571366", "placement/db/sqlalchemy/alembic/versions",
          "a082b8bb98d0_drop_redundant_indexes_for_unique_",
          "a082b8bb98d0_drop_redundant_indexes_for_unique_", "skips a part of a082b8bb98d0 (drops the index"),
    graph("keystone", "2025.1 2026.1", "47147121", "keystone/common/sql/migrations/versions",
          "2025.2/expand/e8725d6fa226_add_project_id_index_to_project_",
          "2026.1/expand/742c857f1dfb_add_index_in_revocation_event", "skips e8725d6fa226 (creates the index",
          "EXPAND_HEAD"),
    graph("neutron", "2024.1 2024.2", "0e6eff810791", "neutron/db/migration/alembic_migrations/versions",
          "2024.2/expand/175fa80908e1_add_numa_policy_socket",
          "2024.2/expand/5bcb7b31ec7d_add_port_trusted_attribute", "skips 175fa80908e1", "EXPAND_HEAD"),
    graph("glance", "2023.2 2024.1", "2023_1_expand01", "glance/db/sqlalchemy/alembic_migrations/versions",
          "2024_1_expand01_add_cache_tables", "2024_1_expand01_add_cache_tables",
          "skips a part of 2024_1_expand01 (creates the table node_reference"),
]  # fmt: skip
each = pytest.mark.parametrize("one", GRAPHS, ids=lambda one: one.component)


@each
def test_an_id_that_upstream_ships_elsewhere_in_the_graph_or_with_another_content(corpus: Corpus, one: Graph) -> None:
    path, edit = one.ours(one.taken)
    this = case(one.component, one.releases, {path: edit, **one.raised(one.taken)},
                ("other-parent", one.taken, one.target, path, one.file))  # fmt: skip
    assert found_in(corpus, this) == this.found
    versions = {one.component: {name: VERSIONS[one.component][NAMES.index(name)] for name in one.releases.split()}}
    _, report = corpus.check(versions, [Carried(one.component, one.releases.split()[0], this.edits)])
    assert f"stamped at {one.taken} by ours {one.skipped}" in report.found[0].hazard.happens
    assert "alembic exits clean" in report.found[0].hazard.happens


@each
def test_a_revision_of_our_own_beside_upstreams(corpus: Corpus, one: Graph) -> None:
    name = "2023_2_expand01" if one.component == "glance" else OWN
    path, edit = one.ours(name)
    this = case(one.component, one.releases, {path: edit, **one.raised(name)},
                ("two-heads", name, one.target, path, one.first),
                ("revision-missing", name, one.target, path, ""))  # fmt: skip
    assert found_in(corpus, this) == this.found


@pytest.mark.parametrize("one", [one for one in GRAPHS if one.head_file], ids=lambda one: one.component)
def test_a_file_that_goes_on_naming_the_old_head(corpus: Corpus, one: Graph) -> None:
    path, edit = one.ours(OWN)
    this = case(one.component, one.releases, {path: edit},
                ("head-file", "EXPAND_HEAD", "", one.head_file, ""),
                ("two-heads", OWN, one.target, path, one.first),
                ("revision-missing", OWN, one.target, path, ""))  # fmt: skip
    assert found_in(corpus, this) == this.found


def test_a_second_head_in_the_releases_own_graph(corpus: Corpus) -> None:
    nova = GRAPHS[0]
    path, edit = nova.ours(OWN, "1acf2c98e646")
    head = "nova/db/main/migrations/versions/13863f4e1612_create_share_mapping_table.py"
    this = case("nova", nova.releases, {path: edit},
                ("two-heads", OWN, "", path, head), ("revision-missing", OWN, "2025.1", path, ""))  # fmt: skip
    assert found_in(corpus, this) == this.found


def test_two_files_of_one_revision(corpus: Corpus) -> None:
    cinder = GRAPHS[1]
    path, edit = cinder.ours("89aa6f9639f9", "89aa6f9639f9")
    there = "cinder/db/migrations/versions/89aa6f9639f9_drop_legacy_migrate_version_table.py"
    this = case("cinder", cinder.releases, {path: edit}, ("other-parent", "89aa6f9639f9", "", path, there))
    assert ("other-parent", "89aa6f9639f9", (), path, there) in found_in(corpus, this)


def test_what_upstream_did_is_no_collision_and_neither_is_its_revision_backported(corpus: Corpus) -> None:
    nova = GRAPHS[0]
    source = corpus.releases.store.read(corpus.releases.of("nova", "2025.1"), nova.first)
    assert source is not None
    assert found_in(corpus, case("nova", nova.releases, {nova.first: appended(source.decode())})) == frozenset()
