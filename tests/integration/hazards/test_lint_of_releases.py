"""Lint on OpenStack's own releases: nothing of them is told, and a new microversion made from each is mended."""

from __future__ import annotations

import ast
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stackwright.hazards.claims import claims_of
from stackwright.hazards.collisions_base import Ours
from stackwright.hazards.hazard import Rule
from stackwright.hazards.lint.mending import edited
from stackwright.hazards.lint.model import Edit, Subject, View
from stackwright.hazards.lint.rules import findings
from stackwright.hazards.lint.samples import VARIES, samples
from stackwright.hazards.model import Kind
from stackwright.hazards.readers.look import Paths
from stackwright.hazards.rulebook import rules_of
from stackwright.patches.apply import apply
from stackwright.patches.model import Series
from stackwright.patches.parse import parse
from tests.releases import NAMES, VERSIONS

if TYPE_CHECKING:
    from stackwright.store import TreeId
    from tests.releases import Releases

FIRST, LAST = NAMES[0], NAMES[-1]


def view(releases: Releases, component: str, tree: TreeId) -> View:
    claims = claims_of(releases.store, tree, rules_of(component), releases.memo)
    return View(claims, Paths(releases.store.entries(tree)), partial(releases.store.read_all, tree))


def subject(releases: Releases, component: str, before: TreeId, after: TreeId) -> Subject:
    patch = parse(b"Change it\n\n" + releases.store.diff(before, after), name="x.patch")
    old, new = view(releases, component, before), view(releases, component, after)
    ours = Ours(component, "r", "x.patch", old.claims, new.claims, new.read, old.read)
    return Subject(ours, patch, rules_of(component), old, new)


def changed(releases: Releases, tree: TreeId, path: str, old: str, new: str) -> TreeId:
    def replaced(content: bytes | None) -> bytes:
        assert content is not None
        assert old.encode() in content, (path, old)
        return content.replace(old.encode(), new.encode(), 1)

    return edited(releases.store, tree, [Edit(path, replaced)])


@pytest.mark.parametrize("component", sorted(VERSIONS))
def test_a_patch_that_touches_none_of_it_has_no_findings(releases: Releases, component: str) -> None:
    """Whatever upstream's tree has by itself, such as samples without templates, is not told."""
    for release in (FIRST, LAST):
        tree = releases.of(component, release)
        after = edited(releases.store, tree, [Edit("README.rst", lambda content: (content or b"") + b"\nOurs.\n")])
        assert after != tree
        assert findings(subject(releases, component, tree, after)) == []


# Of each component: the file that says the newest microversion, what is there and what a patch makes of it, and how
# often each rule tells what does not follow.
RAISES = {
    "nova": ("nova/api/openstack/api_version_request.py", "_MAX_API_VERSION = '2.103'", "_MAX_API_VERSION = '2.104'",
             {Rule.VERSION_STALE: 2, Rule.HISTORY_MISSING: 2}),
    "cinder": ("cinder/api/openstack/api_version_request.py", '_MAX_API_VERSION = "3.71"',
               '_MAX_API_VERSION = "3.72"', {Rule.VERSION_STALE: 2, Rule.HISTORY_MISSING: 2}),
    "ironic": ("ironic/api/controllers/v1/versions.py", "MINOR_MAX_VERSION = MINOR_112_RUNBOOK_TRAITS",
               "MINOR_113_MORE = 113\nMINOR_MAX_VERSION = MINOR_113_MORE",
               {Rule.VERSION_STALE: 1, Rule.HISTORY_MISSING: 1}),
}  # fmt: skip


@pytest.mark.parametrize(("component", "release"), [("nova", "2026.1"), ("cinder", LAST), ("ironic", LAST)])
def test_a_new_microversion_is_followed_through_every_place_that_repeats_it(
    releases: Releases, component: str, release: str
) -> None:
    path, old, new, told = RAISES[component]
    tree = releases.of(component, release)
    after = changed(releases, tree, path, old, new)
    found = findings(subject(releases, component, tree, after))
    count = Counter(one.hazard.rule for one in found)
    assert {rule: count[rule] for rule in told} == told
    edits = [edit for one in found for edit in one.edits]
    assert edits
    left = findings(subject(releases, component, tree, edited(releases.store, after, edits)))
    assert {one.hazard.id for one in left} == {one.hazard.id for one in found if not one.edits}


def test_the_newest_is_raised_where_a_component_writes_it_as_the_last_of_a_list(releases: Releases) -> None:
    tree = releases.of("placement", LAST)
    history = "placement/rest_api_version_history.rst"
    section = "1.40 - More of it\n~~~~~~~~~~~~~~~~~\n\nMore of it.\n\n1.39 - Support"
    after = changed(releases, tree, history, "1.39 - Support", section)
    found = findings(subject(releases, "placement", tree, after))
    assert [one.hazard.rule for one in found] == [Rule.MAXIMUM_BEHIND, Rule.NOTE_MISSING]
    raised = edited(releases.store, after, found[0].edits)
    module = ast.parse(releases.store.read(raised, "placement/microversion.py") or b"")
    (versions,) = [node.value for node in module.body if isinstance(node, ast.Assign)
                   and ast.unparse(node.targets[0]) == "VERSIONS"]  # fmt: skip
    assert ast.literal_eval(versions)[-2:] == ["1.39", "1.40"]
    (stale,) = [one for one in findings(subject(releases, "placement", tree, raised))
                if one.hazard.rule is Rule.VERSION_STALE]  # fmt: skip
    repeated = edited(releases.store, raised, stale.edits)
    text = (releases.store.read(repeated, "placement/tests/functional/gabbits/microversion.yaml") or b"").decode()
    assert "latest microversion is 1.40" in text
    assert "openstack-api-version: placement 1.40" in text
    assert "1.39" not in text


def test_ironics_constant_is_the_newest_and_what_releases_are_pinned_to_follows(releases: Releases) -> None:
    tree = releases.of("ironic", LAST)
    path = "ironic/api/controllers/v1/versions.py"
    after = changed(releases, tree, path, "MINOR_112_RUNBOOK_TRAITS = 112",
                    "MINOR_112_RUNBOOK_TRAITS = 112\nMINOR_113_MORE = 113")  # fmt: skip
    found = {one.hazard.rule: one for one in findings(subject(releases, "ironic", tree, after))}
    assert found[Rule.HISTORY_MISSING].by_hand == "a constant's name does not tell what it brings"
    raised = edited(releases.store, after, found[Rule.MAXIMUM_BEHIND].edits)
    assert b"\nMINOR_MAX_VERSION = MINOR_113_MORE\n" in (releases.store.read(raised, path) or b"")
    (stale,) = [one for one in findings(subject(releases, "ironic", tree, raised))
                if one.hazard.rule is Rule.VERSION_STALE]  # fmt: skip
    mapped = edited(releases.store, raised, stale.edits)
    assert view(releases, "ironic", mapped).text("ironic/common/release_mappings.py").count("'1.113'") == 1


def test_novas_template_of_a_server_is_told_by_those_of_the_versions_before(releases: Releases) -> None:
    """The newest pair is taken away, and its template is made from its sample: what upstream wrote comes out."""
    name = "servers/v2.100/server-get-resp"
    sample = f"doc/api_samples/{name}.json"
    template = f"nova/tests/functional/api_sample_tests/api_samples/{name}.json.tpl"
    tree = releases.of("nova", "2026.1")
    content, wanted = releases.store.read(tree, sample), releases.store.read(tree, template)
    assert content
    assert wanted
    less = parse(f"Remove it\n\n{_gone(sample, content)}{_gone(template, wanted)}".encode(), name="less.patch")
    before = _applied(releases, tree, less.diff)
    after = edited(releases.store, before, [Edit(sample, lambda _: content)])
    (finding,) = samples(subject(releases, "nova", before, after))
    assert finding.hazard.rule is Rule.SAMPLE_ALONE
    made = releases.store.read(edited(releases.store, after, finding.edits), template)
    assert made
    assert made.decode().split() == wanted.decode().split()
    assert VARIES.search(content.decode())


def test_objects_that_change_without_their_hash_are_found_in_nova(releases: Releases) -> None:
    tree = releases.of("nova", "2026.1")
    path = "nova/objects/aggregate.py"
    old = "        'id': fields.IntegerField(),"
    for made, what in (
        (f"{old}\n        'colour': fields.StringField(),", "has other fields or methods"),
        (f"{old}\n        # No more than a word.", ""),
    ):
        found = findings(subject(releases, "nova", tree, changed(releases, tree, path, old, made)))
        assert [one.hazard.rule for one in found] == [Rule.HASH_STALE][: bool(what)]
        assert all(what in one.hazard.what and not one.edits for one in found)
    listed = view(releases, "nova", tree).claims.of(Kind.OBJECT)["Aggregate"].says("version")
    after = changed(releases, tree, path, f"VERSION = '{listed}'", "VERSION = '9.9'")
    (finding,) = findings(subject(releases, "nova", tree, after))
    assert finding.hazard.what == f"Aggregate is 9.9, and the list of hashes has {listed}"
    assert "stestr run nova.tests.unit.objects.test_objects" in finding.hazard.fix


def _gone(path: str, content: bytes) -> str:
    lines = content.decode().split("\n")
    ended = lines[-1] == ""
    body = "".join(f"-{line}\n" for line in (lines[:-1] if ended else lines))
    end = "" if ended else "\\ No newline at end of file\n"
    count = len(lines) - ended
    return (f"diff --git a/{path} b/{path}\ndeleted file mode 100644\n--- a/{path}\n+++ /dev/null\n"
            f"@@ -1,{count} +0,0 @@\n{body}{end}")  # fmt: skip


def _applied(releases: Releases, tree: TreeId, diff: bytes) -> TreeId:
    return apply(releases.store, tree, Series(Path(), (parse(diff, name="less.patch"),))).tree
