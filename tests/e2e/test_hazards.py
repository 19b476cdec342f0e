"""A patch that applies clean can still be wrong: what it claims is held against every later release, and the ledger."""

from __future__ import annotations

import json
import subprocess
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.team import Team

from .conftest import Stackwright

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.upstream import Upstream

HISTORY = "nova/api/openstack/compute/rest_api_version_history.rst"
REQUEST = "nova/api/openstack/api_version_request.py"
OBJECTS = "nova/tests/unit/objects/test_objects.py"
VERSIONS = "nova/db/main/migrations/versions"
SECURE = "Add the secure boot state of a server to the details of servers, so that users see which servers have it."
SCHED = "The host that is asked for is shown as pinned in the scheduler hints of an instance, and azs with it."
VOLUMES = "Attach encrypted volumes of several backends at once by the new action of block device mappings."
FLAVORS = "Flavors have a description of their colour."


def tree(microversions: Mapping[str, str], objects: Mapping[str, str], revisions: Mapping[str, str]) -> dict[str, Any]:
    """Give the files of a small nova that have its claims where nova has them."""
    newest = list(microversions)[-1]
    history = "".join(f"{name}\n{'-' * len(name)}\n\n{text}\n\n" for name, text in microversions.items())
    lines = "".join(f"    * {name} - {text}\n" for name, text in microversions.items())
    listed = "".join(f"    '{name}': '{text}',\n" for name, text in objects.items())
    return {
        HISTORY: f"REST API Version History\n========================\n\n{history}",
        REQUEST: f'REST_API_VERSION_HISTORY = """Versions:\n\n{lines}"""\n\n_MAX_API_VERSION = "{newest}"\n',
        OBJECTS: f"object_data = {{\n{listed}}}\n",
        **{f"{VERSIONS}/{name}_change.py": text for name, text in revisions.items()},
    }


def revision(name: str, down: str | None, body: str = "pass") -> str:
    return (
        f"import sqlalchemy as sa\nfrom alembic import op\n\nrevision = {name!r}\ndown_revision = {down!r}\n\n\n"
        f"def upgrade():\n    {body}\n"
    )


OLD = {"2.94": "Servers have names.", "2.95": "Servers can be evacuated while they are stopped."}
BASE_REVISIONS = {"13863f4e1612": revision("13863f4e1612", None)}
BASE = tree(OLD, {"ImageMetaProps": "1.38-aaaaaaaa", "Flavor": "1.2-cccc"}, BASE_REVISIONS)
CARRIED = tree(
    {**OLD, "2.96": SECURE},
    {"ImageMetaProps": "1.39-bbbbbbbb", "Flavor": "1.2-cccc"},
    {
        **BASE_REVISIONS,
        "2903cd72dc14": revision("2903cd72dc14", "13863f4e1612", "op.add_column('instances', sa.Column('boot'))"),
    },
)
LATER = tree(
    {**OLD, "2.96": SCHED, "2.97": VOLUMES, "2.98": FLAVORS, "2.99": SECURE},
    {"ImageMetaProps": "1.39-dddddddd", "Flavor": "1.2-cccc"},
    {
        **BASE_REVISIONS,
        "d60bddf7a903": revision(
            "d60bddf7a903",
            "13863f4e1612",
            "op.create_unique_constraint('uniq_instances0uuid', 'instances', ['uuid'])",
        ),
        "2903cd72dc14": revision("2903cd72dc14", "d60bddf7a903", "op.add_column('instances', sa.Column('boot'))"),
    },
)


@pytest.fixture
def team(tmp_path: Path) -> Team:
    """A team that carries a feature on 2024.1, which upstream has taken otherwise in 2025.1."""
    team = Team(tmp_path)
    nova = team.component("nova", BASE)
    nova.git("tag", "one")
    nova.commit(LATER, "Do otherwise")
    nova.git("tag", "two")
    team.release("2024.1", {"nova": "one"})
    team.release("2025.1", {"nova": "two"})
    text = team.carried("nova", CARRIED, "Show secure boot\n\nOwner: Compute <compute@example.org>", start="one")
    team.add("nova", "2024.1", "secure-boot.patch", text)
    return team


@pytest.fixture
def stackwright(team: Team, tmp_path: Path) -> Stackwright:
    return Stackwright(team.distribution, tmp_path / "state", {"STACKWRIGHT_CACHE": str(tmp_path / "cache")})


def hazards(stackwright: Stackwright, *words: str, status: int = 1) -> dict[tuple[str, str], dict[str, Any]]:
    """Give what is found, by rule and name."""
    rows = stackwright.json("hazard", "check", "--long", *words, status=status)
    file = stackwright.state / "found.json"
    stackwright("hazard", "check", "--json", str(file), *words, status=status)
    plain = json.loads(file.read_text())["hazards"]
    assert [one["id"] for one in plain] == [row["Hazard"] for row in rows]
    return {(one["rule"], one["name"]): one | {"row": row} for one, row in zip(plain, rows, strict=True)}


def test_a_microversion_that_upstream_gave_another_meaning_is_found_with_both_sides(stackwright: Stackwright) -> None:
    found = hazards(stackwright)["taken", "2.96"]
    assert found["severity"] == "critical"
    assert found["targets"] == ["2025.1"]
    assert found["ours"]["path"] == found["theirs"]["path"] == HISTORY
    patch, _, line = found["ours"]["file"].rpartition(":")
    written = (stackwright.distribution / patch).read_text().splitlines()[int(line) - 1]
    assert written == "+2.96"
    assert "secure boot state" in found["ours"]["says"]
    assert "pinned" in found["theirs"]["says"]
    assert "Neither sees an error" in found["happens"]
    assert "hazard reserve nova microversion" in found["fix"]


def test_the_feature_that_landed_under_another_number_is_found(stackwright: Stackwright) -> None:
    found = hazards(stackwright)["moved", "2.96"]
    assert "2.96 is 2.99 in nova 2025.1" in found["what"]


def test_a_revision_that_upstream_ships_with_another_parent_names_the_constraint_that_is_skipped(
    stackwright: Stackwright, team: Team
) -> None:
    found = hazards(stackwright)["other-parent", "2903cd72dc14"]
    assert found["severity"] == "critical"
    assert "A database stamped at 2903cd72dc14 by ours skips d60bddf7a903" in found["happens"]
    assert "the unique constraint uniq_instances0uuid on the table instances" in found["happens"]
    assert "alembic exits clean" in found["happens"]
    assert found["theirs"]["commit"] == team.upstreams["nova"].git("rev-parse", "two")


def test_an_object_version_with_another_hash_and_one_above_the_target_are_found(
    stackwright: Stackwright, team: Team
) -> None:
    assert hazards(stackwright)["other-fingerprint", "ImageMetaProps"]["severity"] == "critical"
    files = {OBJECTS: str(CARRIED[OBJECTS]).replace("1.39-bbbbbbbb", "1.40-eeeeeeee")}
    upstream = team.upstreams["nova"]
    upstream.branch("carried", "one")
    upstream.commit(CARRIED)
    upstream.switch("master")
    team.add("nova", "2024.1", "more.patch", team.carried("nova", files, "Raise it again", start="carried"))
    found = hazards(stackwright)
    assert "1.40 is above what nova 2025.1 has, 1.39" in found["above-target", "ImageMetaProps"]["what"]
    assert found["above-target", "ImageMetaProps"]["patch"] == "more.patch"


def test_trees_without_patches_have_none(stackwright: Stackwright) -> None:
    (stackwright.distribution / "patches/nova/2024.1/series").write_text("")
    (stackwright.distribution / "patches/nova/2024.1/secure-boot.patch").unlink()
    assert stackwright.json("hazard", "check") == []


def test_a_patch_that_upstream_took_as_it_is_has_none(stackwright: Stackwright, team: Team) -> None:
    upstream = team.upstreams["nova"]
    upstream.branch("taken", "one")
    upstream.commit(CARRIED, "Show secure boot")
    team.release("2025.1", {"nova": "taken"})
    assert stackwright.json("hazard", "check") == []


def test_a_further_ref_is_looked_at_too(stackwright: Stackwright, team: Team) -> None:
    (team.distribution / "releases/2025.1.yaml").unlink()
    assert stackwright.json("hazard", "check") == []
    assert hazards(stackwright, "--against", "two")["taken", "2.96"]["targets"] == ["two"]
    assert "no-such-ref" in stackwright("hazard", "check", "--against", "no-such-ref", status=2).stderr


def test_an_id_is_the_same_on_another_machine_and_the_second_time(stackwright: Stackwright, tmp_path: Path) -> None:
    ids = [row["Hazard"] for row in stackwright.json("hazard", "check", status=1)]
    assert ids == [row["Hazard"] for row in stackwright.json("hazard", "check", status=1)]
    other = Stackwright(stackwright.distribution, tmp_path / "b", {"STACKWRIGHT_CACHE": str(tmp_path / "cache-b")})
    assert ids == [row["Hazard"] for row in other.json("hazard", "check", status=1)]


def accept(stackwright: Stackwright, until: date, *ids: str) -> None:
    lines = [f"# stackwright: accept {one} nobody uses it until {until}\n" for one in ids]
    (stackwright.distribution / "claims.yaml").write_text("".join(lines) + "strict: false\n")


def test_accepted_hazards_are_listed_with_their_reason_and_end_well_until_that_expires(
    stackwright: Stackwright,
) -> None:
    ids = [row["Hazard"] for row in stackwright.json("hazard", "check", status=1)]
    tomorrow = date.today() + timedelta(days=1)
    accept(stackwright, tomorrow, *ids)
    assert {row["Accepted"] for row in stackwright.json("hazard", "check")} == {f"until {tomorrow}: nobody uses it"}
    accept(stackwright, tomorrow, *ids[1:])
    assert next(row["Accepted"] for row in stackwright.json("hazard", "check", status=1)) == ""
    accept(stackwright, date.today() - timedelta(days=1), *ids)
    told = stackwright("hazard", "check", status=1).stderr
    assert f"claims.yaml:1:16: the acceptance of {ids[0]} has expired" in told


def test_bad_input_in_the_ledger_is_told_with_its_place(stackwright: Stackwright) -> None:
    file = stackwright.distribution / "claims.yaml"
    entry = "  - {component: nova, kind: microversion, name: 2.97}\n"
    for text, place, what in (
        (f"claims:\n{entry}{entry}", "3:49", "microversion '2.97' of nova is reserved twice"),
        ("# stackwright: acept x\nstrict: true\n", "1:16", "'acept x' cannot be read"),
        ("# stackwright: accept x why until 2026-13-01\nstrict: true\n", "1:35", "'2026-13-01' is not a date"),
        ("strickt: true\n", "1:1", "strickt"),
        ("claims:\n  - {component: nova, kind: microversoin, name: 2.97}\n", "2:29", "microversoin"),
    ):
        file.write_text(text)
        told = stackwright("hazard", "check", status=2).stderr
        assert f"claims.yaml:{place}: " in told, told
        assert what in told


def test_reserve_takes_what_no_tree_has_and_keeps_what_the_team_wrote(stackwright: Stackwright) -> None:
    file = stackwright.distribution / "claims.yaml"
    file.write_text(
        "# ours\nclaims:\n  # an old one\n  - component: nova\n    kind: microversion\n    name: '2.109'  # kept\n"
        "# the end\nstrict: false\n"
    )
    done = stackwright("hazard", "reserve", "nova", "microversion", "--for", "secure-boot.patch")
    assert done.stdout == "2.110\n"  # 2.99 and ten more is 2.109, which somebody has
    lines = file.read_text().splitlines()
    assert lines[:6] == ["# ours", "claims:", "  # an old one", "  - component: nova", "    kind: microversion",
                         "    name: '2.109'  # kept"]  # fmt: skip
    assert "name: '2.110', for: secure-boot.patch" in lines[6]
    assert lines[7:] == ["# the end", "strict: false"]
    assert stackwright("hazard", "reserve", "nova", "microversion", "--margin", "1").stdout == "2.100\n"
    assert stackwright("hazard", "reserve", "nova", "object", "--name", "ImageMetaProps").stdout == (
        "ImageMetaProps 1.49\n"
    )
    revisions = {stackwright("hazard", "reserve", "nova", "revision").stdout.strip() for _ in range(2)}
    assert len(revisions) == 2
    assert all(len(one) == 12 and set(one) <= set("0123456789abcdef") for one in revisions)


def test_two_who_reserve_at_once_get_two_numbers(stackwright: Stackwright) -> None:
    stackwright("hazard", "check", status=1)  # so that both find the sources and go on side by side
    both = [
        subprocess.Popen([*stackwright.argv, "hazard", "reserve", "nova", "microversion"], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, text=True, env=stackwright.env)
        for _ in range(4)
    ]  # fmt: skip
    assert sorted(one.communicate()[0].strip() for one in both) == ["2.109", "2.110", "2.111", "2.112"]
    text = (stackwright.distribution / "claims.yaml").read_text()
    assert all(f"name: '2.{number}'" in text for number in (109, 110, 111, 112))
    assert not list(stackwright.distribution.glob(".claims.yaml-*"))


def test_reserve_refuses_what_it_cannot_know(stackwright: Stackwright) -> None:
    for words, what in (
        (("nova", "microversoin"), "did you mean 'microversion'?"),
        (("nova", "object"), "--name NAME"),
        (("nova", "object", "--name", "ImageMetaProp"), "did you mean 'ImageMetaProps'?"),
        (("novva", "microversion"), "did you mean 'nova'?"),
        (("nova", "microversion", "--margin", "0"), "not a number from 1 on"),
    ):
        assert what in stackwright("hazard", "reserve", *words, status=2).stderr
    assert not (stackwright.distribution / "claims.yaml").exists()


def test_check_refuses_what_is_not_in_the_ledger_or_was_given_to_another(stackwright: Stackwright) -> None:
    file = stackwright.distribution / "claims.yaml"
    assert not {rule for rule, _ in hazards(stackwright)} & {"not-reserved", "given-to-another"}
    file.write_text("claims:\n  - {component: nova, kind: microversion, name: 2.96, for: other.patch}\n")
    found = hazards(stackwright)
    assert found["given-to-another", "2.96"]["theirs"]["line"] == 2
    assert not {name for rule, name in found if rule == "not-reserved"}  # of other kinds it says nothing
    file.write_text("strict: true\nclaims:\n  - {component: nova, kind: microversion, name: 2.96, for: Compute}\n")
    found = hazards(stackwright)
    assert {name for rule, name in found if rule == "not-reserved"} == {"2903cd72dc14", "ImageMetaProps 1.39"}
    assert not {name for rule, name in found if rule == "given-to-another"}


def test_two_patches_that_take_one_number_and_a_set_that_disagrees_are_found(
    stackwright: Stackwright, team: Team
) -> None:
    client: Upstream = team.component("python-novaclient", {"novaclient/__init__.py": 'API_MAX_VERSION = "2.95"\n'})
    text = team.carried(
        "python-novaclient", {"novaclient/__init__.py": 'API_MAX_VERSION = "2.96"\n'}, "Speak\n\nSet: a"
    )
    team.release("2026.1", {"nova": "two", "python-novaclient": "master"})
    team.add("python-novaclient", "2026.1", "speak.patch", text)
    for name, number in (("one", "2.100"), ("other", "2.100")):
        said = f"The {name} patch: {SECURE if name == 'one' else VOLUMES}"
        files = {
            HISTORY: str(LATER[HISTORY]) + f"{number}\n-----\n\n{said}\n",
            REQUEST: str(LATER[REQUEST]).replace('2.99"', f'{number}"'),
        }
        release = "2026.1" if name == "one" else "2025.1"
        patch = team.carried("nova", files, f"Take it for {name}\n\nSet: {'a' if name == 'one' else 'b'}", start="two")
        team.add("nova", release, f"{name}.patch", patch)
    assert client.read("novaclient/__init__.py") == 'API_MAX_VERSION = "2.95"\n'
    found = hazards(stackwright)
    assert (
        "the set a disagrees: nova says 2.100, python-novaclient says 2.96"
        in (found["set-disagrees", "compute"]["what"])
    )
    twice = found["claimed-twice", "2.100"]
    assert "two sets take the microversion 2.100" in twice["what"]


def test_a_component_without_rules_is_told_and_refused_by_name(stackwright: Stackwright, team: Team) -> None:
    team.component("mystery", {"a": "1\n"})
    team.release("2026.1", {"mystery": "master"})
    team.add("mystery", "2026.1", "b.patch", team.carried("mystery", {"a": "2\n"}, "Change"))
    told = stackwright("hazard", "check", status=1).stderr
    assert "note: mystery: there are no rules" in told
    assert "there are no rules" in stackwright("hazard", "check", "mystery", status=2).stderr


def test_a_series_that_does_not_apply_is_an_error_and_not_passed(stackwright: Stackwright) -> None:
    file = stackwright.distribution / "patches/nova/2024.1/secure-boot.patch"
    file.write_text(file.read_text().replace(" object_data", " other_data").replace(" REST API", " REST"))
    assert "does not apply" in stackwright("hazard", "check", status=1).stderr


REAL = """\
From: Ada <ada@example.org>
Subject: [PATCH] Remember secure boot

---
diff --git a/nova/db/main/migrations/versions/2903cd72dc14_b.py b/nova/db/main/migrations/versions/2903cd72dc14_b.py
new file mode 100644
--- /dev/null
+++ b/nova/db/main/migrations/versions/2903cd72dc14_b.py
@@ -0,0 +1,9 @@
+import sqlalchemy as sa
+from alembic import op
+
+revision = '2903cd72dc14'
+down_revision = '13863f4e1612'
+
+
+def upgrade():
+    op.add_column('instances', sa.Column('secure_boot', sa.Boolean))
"""


def test_real_nova_of_2025_1_skips_a_constraint_in_a_database_of_the_carried_revision(tmp_path: Path) -> None:
    distribution = tmp_path / "distribution"
    (distribution / "releases").mkdir(parents=True)
    (distribution / "distribution.yaml").write_text("name: team\n")
    for release, version in (("2024.2", "30.0.0"), ("2025.1", "31.0.0")):
        (distribution / f"releases/{release}.yaml").write_text(
            'python: "3.11"\npins: {exclude-newer: 2026-10-15}\n'
            f"components: {{nova: {{source: {{pypi: nova, version: {version}}}}}}}\n"
        )
    folder = distribution / "patches/nova/2024.2"
    folder.mkdir(parents=True)
    (folder / "boot.patch").write_text(REAL)
    (folder / "series").write_text("boot.patch\n")
    found = hazards(Stackwright(distribution, tmp_path / "state"))
    assert list(found) == [("other-parent", "2903cd72dc14")]
    happens = found["other-parent", "2903cd72dc14"]["happens"]
    assert "skips d60bddf7a903" in happens
    assert "the unique constraint uniq_key_pairs0instance_uuid0share_id" in happens
    assert found["other-parent", "2903cd72dc14"]["ours"]["file"] == "patches/nova/2024.2/boot.patch:13"
