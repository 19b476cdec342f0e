"""Every rule of collision, with claims written by hand: what collides, and what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.hazards.collisions import Target, collisions, flags, new_claims
from stackwright.hazards.collisions_base import Ours, Tree
from stackwright.hazards.hazard import Hazard, Rule, Severity, as_plain, of_plain
from stackwright.hazards.model import Claim, Claims, Kind, Unseen

if TYPE_CHECKING:
    from collections.abc import Mapping

SECURE = "Add the secure boot state of a server to the details of servers"
SECURE_AGAIN = "Adds the secure boot state of servers to server details."
PINNED = "The host that was asked for is shown as pinned in scheduler hints"


def claim(kind: Kind, name: str, path: str = "a.py", **meaning: str) -> Claim:
    return Claim(kind, name, tuple(sorted(meaning.items())), path, 7)


def micro(name: str, text: str) -> Claim:
    return claim(Kind.MICROVERSION, name, title="", text=text)


def revision(name: str, down: str, branch: str = "", path: str = "") -> Claim:
    return claim(Kind.REVISION, name, path or f"{name}.py", down=down, branch=branch, depends="")


def thing(name: str, version: str, fingerprint: str) -> Claim:
    return claim(Kind.OBJECT, name, version=version, fingerprint=fingerprint)


def option(name: str, default: str = "1", deprecated: str = "") -> Claim:
    return claim(Kind.OPTION, name, type="Int", default=default, deprecated=deprecated)


def policy(name: str, default: str) -> Claim:
    return claim(Kind.POLICY, name, default=default)


def rpc(version: str, **methods: str) -> Claim:
    return claim(Kind.RPC, "compute", version=version, server=version, **methods)


def brought(version: str, text: str) -> Claim:
    return claim(Kind.RPC, f"compute {version}", brought=text)


def sample(name: str, *, sample: str, template: str) -> Claim:
    return claim(Kind.SAMPLE, name, sample=sample, template=template)


def found(
    before: list[Claim],
    after: list[Claim],
    theirs: list[Claim],
    carried: list[Claim] | None = None,
    files: Mapping[str, tuple[str, str]] | None = None,
) -> dict[Rule, Hazard]:
    """Give what a patch collides with in one target. The files: what each path has in ours, and in theirs."""
    both = files or {}
    ours = Ours(
        "nova", "2024.1", "p.patch", Claims(tuple(before)), Claims(tuple(after)),
        lambda path: both.get(path, ("", ""))[0].encode(),
    )  # fmt: skip
    tree = Tree("nova 2025.1", Claims(tuple(theirs)), lambda path: both.get(path, ("", ""))[1].encode())
    patched = Tree("nova 2025.1 with its series", Claims(tuple(carried))) if carried is not None else None
    return {hazard.rule: hazard for hazard in collisions(ours, [Target("2025.1", tree, patched)])}


OLD = [micro("2.95", "Servers can be evacuated while they are stopped")]


@pytest.mark.parametrize(
    ("theirs", "rules"),
    [
        ([micro("2.96", PINNED)], {Rule.TAKEN}),
        ([micro("2.96", PINNED), micro("2.99", SECURE_AGAIN)], {Rule.TAKEN, Rule.MOVED}),
        ([micro("2.96", SECURE_AGAIN)], set()),
        ([], {Rule.ABOVE}),
        ([micro("2.97", PINNED)], set()),  # a gap: nothing of ours is taken, and nothing refused
        ([micro("2.97", SECURE)], {Rule.MOVED}),
    ],
)
def test_a_microversion(theirs: list[Claim], rules: set[Rule]) -> None:
    assert found(OLD, [*OLD, micro("2.96", SECURE)], [*OLD, *theirs]).keys() == rules


def test_what_the_team_carries_in_the_target_is_no_longer_above_it_and_renumbered_there_is_moved() -> None:
    after = [*OLD, micro("2.96", SECURE)]
    assert found(OLD, after, OLD, after) == {}
    moved = found(OLD, after, [*OLD, micro("2.96", PINNED)], [*OLD, micro("2.96", PINNED), micro("2.97", SECURE)])
    assert moved.keys() == {Rule.TAKEN, Rule.MOVED}
    assert "2.97 in nova 2025.1 with its series" in moved[Rule.MOVED].what


def test_other_words_for_the_same_number_are_no_claim() -> None:
    assert (
        found([*OLD, micro("2.96", SECURE)], [*OLD, micro("2.96", SECURE_AGAIN)], [*OLD, micro("2.96", PINNED)]) == {}
    )


def test_a_number_that_is_raised_and_not_told() -> None:
    def newest(version: str) -> Claim:
        return claim(Kind.NEWEST, "microversion", version=version)

    before, after = [*OLD, newest("2.95")], [*OLD, newest("2.96")]
    assert found(before, after, [*OLD, micro("2.96", PINNED), newest("2.96")]).keys() == {Rule.TAKEN}
    assert found(before, after, [*OLD, newest("2.95")]).keys() == {Rule.ABOVE}
    told = [*OLD, micro("2.96", SECURE), newest("2.96")]
    assert found(before, told, [*OLD, newest("2.95")]).keys() == {Rule.ABOVE}  # once, by what it tells


def test_a_service_version() -> None:
    def said(name: str, title: str) -> Claim:
        return claim(Kind.SERVICE_VERSION, name, title=title)

    old = [said("66", "Evacuate stopped servers")]
    ours = [*old, said("67", SECURE)]
    assert found(old, ours, [*old, said("67", PINNED)]).keys() == {Rule.TAKEN}
    assert found(old, ours, [*old, said("67", SECURE_AGAIN)]) == {}
    assert found(old, ours, old).keys() == {Rule.ABOVE}


# Revisions ----------------------------------------------------------------------------------------------------------

ADD = "def upgrade():\n    op.add_column('t', sa.Column('c'))\n"
UNIQUE = "def upgrade():\n    op.create_unique_constraint('uniq_t0c', 't', ['c'])\n"
BASE = [revision("aa", "")]


def test_a_revision_with_another_parent_says_what_is_skipped() -> None:
    theirs = [*BASE, revision("bb", "aa"), revision("xx", "bb")]
    files = {"xx.py": (ADD, ADD), "bb.py": ("", UNIQUE)}
    hazard = found(BASE, [*BASE, revision("xx", "aa")], theirs, files=files)[Rule.OTHER_PARENT]
    assert hazard.severity is Severity.CRITICAL
    assert hazard.happens == (
        "A database stamped at xx by ours skips bb (creates the unique constraint uniq_t0c on the table t) when it"
        " is upgraded to nova 2025.1, and alembic exits clean."
    )


def test_a_revision_with_the_same_parent_and_another_content() -> None:
    ours, theirs = [*BASE, revision("xx", "aa")], [*BASE, revision("xx", "aa")]
    assert found(BASE, ours, theirs, files={"xx.py": (ADD, ADD)}) == {}
    hazard = found(BASE, ours, theirs, files={"xx.py": (ADD, ADD + "    op.drop_column('t', 'd')\n")})
    assert "drops the column d on the table t" in hazard[Rule.OTHER_PARENT].happens


def test_two_heads_and_a_database_ahead_of_the_target() -> None:
    ours = [*BASE, revision("xx", "aa")]
    rivals = found(BASE, ours, [*BASE, revision("bb", "aa")])
    assert rivals.keys() == {Rule.TWO_HEADS, Rule.REVISION_MISSING}
    assert "Can't locate revision identified by 'xx'" in rivals[Rule.REVISION_MISSING].happens
    assert found(BASE, ours, BASE).keys() == {Rule.REVISION_MISSING}
    assert found(BASE, ours, BASE, ours) == {}  # the team carries it on
    other = [*BASE, revision("bb", "aa", "contract")]
    assert found(BASE, ours, other, other + ours[1:]) == {}  # another branch has a head of its own


def test_a_patch_that_makes_a_second_head_in_its_own_tree() -> None:
    before = [*BASE, revision("bb", "aa")]
    own = found(before, [*before, revision("xx", "aa")], before, [*before, revision("xx", "aa")])
    assert "xx is a second head beside bb" in own[Rule.TWO_HEADS].what
    assert found(before, [*before, revision("xx", "bb")], before, [*before, revision("xx", "bb")]) == {}


def test_two_files_of_one_revision() -> None:
    after = [*BASE, revision("aa", "zz", path="other.py")]
    assert "two files are the revision aa" in found(BASE, after, [])[Rule.OTHER_PARENT].what


def test_a_head_file_that_the_graph_contradicts() -> None:
    def head(name: str) -> Claim:
        return claim(Kind.HEAD, "EXPAND_HEAD", "EXPAND_HEAD", revision=name)

    before, after = [*BASE, head("aa")], [*BASE, revision("xx", "aa")]
    own = found(before, [*after, head("aa")], before, after)
    assert own[Rule.HEAD_FILE].ours.path == "EXPAND_HEAD"
    assert Rule.HEAD_FILE not in found(before, [*after, head("xx")], before, after)


def test_a_patch_that_changes_what_upstream_has_published_collides_at_once() -> None:
    before = [*BASE, revision("bb", "aa"), *OLD]
    moved = [*BASE, revision("xx", "aa"), revision("bb", "xx"), *OLD]
    hazard = found(before, moved, before, moved)[Rule.OTHER_PARENT]
    assert "bb comes after aa in nova 2024.1 without it, after xx here" in hazard.what
    assert "One stamped at bb by nova 2024.1 without it skips xx when it is moved to ours" in hazard.happens
    taken = found(before, [*before[:2], micro("2.95", PINNED)], [], None)[Rule.TAKEN]
    assert taken.targets == ()


# Objects and RPC ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("theirs", "rules"),
    [
        (thing("Meta", "1.39", "other"), {Rule.OTHER_FINGERPRINT}),
        (thing("Meta", "1.39", "ours"), set()),
        (thing("Meta", "1.38", "old"), {Rule.ABOVE}),
        (thing("Meta", "1.41", "new"), {Rule.PASSED}),
        (thing("Other", "1.0", "x"), set()),
    ],
)
def test_an_object(theirs: Claim, rules: set[Rule]) -> None:
    assert found([thing("Meta", "1.38", "old")], [thing("Meta", "1.39", "ours")], [theirs]).keys() == rules


def test_an_object_that_changes_and_keeps_its_version() -> None:
    old, new = thing("Meta", "1.38", "old"), thing("Meta", "1.38", "ours")
    assert found([old], [new], [old]).keys() == {Rule.OTHER_FINGERPRINT}
    assert found([old], [new], [new]) == {}  # upstream did so too


@pytest.mark.parametrize(
    ("ours", "theirs", "rules"),
    [
        ([rpc("6.4", ours="6.4")], [rpc("6.4", theirs="6.4")], {Rule.OTHER_METHOD}),
        ([rpc("6.4", ours="6.4")], [rpc("6.4", ours="6.4", theirs="6.4")], set()),
        ([rpc("6.4", ours="6.4")], [rpc("6.3")], {Rule.ABOVE}),
        ([rpc("6.4"), brought("6.4", SECURE)], [rpc("6.4"), brought("6.4", PINNED)], {Rule.OTHER_METHOD}),
        ([rpc("6.4"), brought("6.4", SECURE)], [rpc("6.4"), brought("6.4", SECURE_AGAIN)], set()),
    ],
)
def test_an_rpc_version(ours: list[Claim], theirs: list[Claim], rules: set[Rule]) -> None:
    assert found([rpc("6.3")], ours, theirs).keys() == rules


def test_a_client_above_the_later_one() -> None:
    def speaks(version: str) -> Claim:
        return claim(Kind.CLIENT_VERSION, "compute", version=version)

    assert found([speaks("2.95")], [speaks("2.96")], [speaks("2.95")]).keys() == {Rule.ABOVE}
    assert found([speaks("2.95")], [speaks("2.96")], [speaks("2.100")]) == {}


# Names --------------------------------------------------------------------------------------------------------------


def test_a_name_that_both_add_with_different_definitions() -> None:
    hazard = found([], [option("DEFAULT/colour", "red")], [option("DEFAULT/colour", "blue")])[Rule.OTHER_DEFINITION]
    assert hazard.severity is Severity.MEDIUM
    assert hazard.ours.says == "DEFAULT/colour: default red"
    assert found([], [option("DEFAULT/colour")], [option("DEFAULT/colour")]) == {}
    assert found([], [option("DEFAULT/colour")], [option("DEFAULT/other")]) == {}
    who = found([], [policy("os:colour", "role:admin")], [policy("os:colour", "@")])[Rule.OTHER_DEFINITION]
    assert who.severity is Severity.HIGH


def test_a_name_that_the_patch_changes() -> None:
    old, ours = option("DEFAULT/host", "a"), option("DEFAULT/host", "b")
    assert found([old], [ours], [old]) == {}  # upstream left it
    assert found([old], [ours], [ours]) == {}  # upstream did the same
    assert found([old], [ours], [option("DEFAULT/host", "c")]).keys() == {Rule.OTHER_DEFINITION}
    assert found([old], [ours], [option("DEFAULT/other")]).keys() == {Rule.REMOVED}
    renamed = found([old], [ours], [option("DEFAULT/node", "a", deprecated="DEFAULT/host")])[Rule.RENAMED]
    assert "DEFAULT/host is DEFAULT/node" in renamed.what
    assert found([old], [ours], []) == {}  # nothing of the kind can be seen there


@pytest.mark.parametrize("kind", [Kind.EXTRA_SPEC, Kind.EXTENSION])
def test_other_names(kind: Kind) -> None:
    ours, theirs = claim(kind, "colour", title="ours"), claim(kind, "colour", title="theirs")
    assert found([], [ours], [theirs]).keys() == {Rule.OTHER_DEFINITION}
    assert found([], [ours], [ours]) == {}


def test_samples_and_templates() -> None:
    assert "has no template" in found([], [sample("a", sample="yes", template="no")], [])[Rule.SAMPLE_ALONE].what
    assert "has no sample" in found([], [sample("a", sample="no", template="yes")], [])[Rule.SAMPLE_ALONE].what
    assert found([], [sample("a", sample="yes", template="yes")], []) == {}
    alone = [sample("a", sample="yes", template="no")]
    assert found(alone, alone, []) == {}  # upstream's own


def test_release_notes() -> None:
    def note(slug: str, content: str) -> Claim:
        return claim(Kind.NOTE, slug, f"releasenotes/notes/{slug}.yaml", content=content)

    ours = note("boot-0123456789abcdef", "ours")
    assert found([], [ours], [note("boot-0123456789abcdef", "theirs")]).keys() == {Rule.NOTE_TWICE}
    assert found([], [ours], [note("other-0123456789abcdef", "theirs")]).keys() == {Rule.NOTE_TWICE}
    assert found([], [ours], [ours]) == {}
    assert found([], [ours], [note("boot-fedcba9876543210", "theirs")]) == {}
    there = note("first-0123456789abcdef", "first")
    assert found([there], [there, ours], [there]).keys() == {Rule.NOTE_TWICE}


# All of them --------------------------------------------------------------------------------------------------------


def test_what_the_target_does_not_show_is_told_and_not_taken_for_nothing() -> None:
    ours = Ours("nova", "1", "p", Claims(()), Claims((option("DEFAULT/a"),)))
    blind = Claims((), (Unseen(Kind.OPTION, ("nova/conf/*.py",), "the tree has no such file"),))
    (hazard,) = collisions(ours, [Target("2", Tree("nova 2", blind))])
    assert hazard.rule is Rule.UNSEEN
    other = Claims((), (Unseen(Kind.POLICY, ("nova/policies/*.py",), "the tree has no such file"),))
    assert collisions(ours, [Target("2", Tree("nova 2", other))]) == []


def test_a_hazard_of_several_targets_is_one_and_keeps_its_id() -> None:
    ours = Ours("nova", "1", "p", Claims(tuple(OLD)), Claims((*OLD, micro("2.96", SECURE))))
    taken = Tree("x", Claims((*OLD, micro("2.96", PINNED))))
    (both,) = collisions(ours, [Target("2", taken), Target("3", taken)])
    (later,) = collisions(ours, [Target("3", taken)])
    assert both.targets == ("2", "3")
    assert both.id == later.id
    assert both.id.startswith("nova-taken-2.96-")
    assert of_plain(as_plain(both)) == both


def test_what_upstream_took_as_we_have_it_is_its_own_matter_afterwards() -> None:
    ours = Ours("nova", "1", "p", Claims(()), Claims((option("DEFAULT/a", "1"),)))
    same, changed = (Tree("x", Claims((option("DEFAULT/a", default),))) for default in "12")
    assert collisions(ours, [Target("2", same), Target("3", changed)]) == []
    assert len(collisions(ours, [Target("3", changed)])) == 1
    assert new_claims(ours, [Target("2", same)]) == []
    assert [each.name for each in new_claims(ours, [Target("3", changed)])] == ["DEFAULT/a"]


def test_trees_without_a_patch_have_none_and_flags_count_as_if_they_had() -> None:
    one, two, three = (Claims((*OLD, *more)) for more in ([], [micro("2.96", SECURE)], [micro("2.96", PINNED)]))
    assert collisions(Ours("nova", "1", "none", two, two), [Target("3", Tree("x", three))]) == []
    first, own, later = (Tree(name, claims) for name, claims in zip("123", (one, two, three), strict=True))
    assert [hazard.rule for hazard in flags(first, own, later)] == [Rule.TAKEN]
    assert flags(first, own, own) == []
