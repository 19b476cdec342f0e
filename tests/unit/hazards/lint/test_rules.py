"""Each rule of lint on small trees: what it tells, what it leaves alone, and what mends it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
import yaml

from stackwright.hazards.claims import claims_of
from stackwright.hazards.collisions_base import Ours
from stackwright.hazards.hazard import OF_LINT, SEVERITIES, Rule, is_of_lint
from stackwright.hazards.lint.mending import edited
from stackwright.hazards.lint.model import Edit, Subject, View
from stackwright.hazards.lint.rules import findings, made_good
from stackwright.hazards.readers.look import Paths
from stackwright.hazards.rulebook import Rules, rules_of
from stackwright.patches.parse import parse
from stackwright.store import Memo, Store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stackwright.hazards.lint.model import Finding
    from stackwright.store import TreeId

NOTE = {"releasenotes/notes/a-0123456789abcdef.yaml": "---\nfixes:\n  - A.\n"}


class Trees:
    """Trees made of files, and what lint says of the way from one to another."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.store = Store(directory / "store.git")
        self.memo = Memo(directory / "memo")

    def tree(self, files: Mapping[str, str]) -> TreeId:
        """Make a tree."""
        empty = self.directory / "empty"
        empty.mkdir(exist_ok=True)
        (empty / "README").write_text("one\n")
        edits = [Edit(path, partial(lambda text, _: text.encode(), text)) for path, text in files.items()]
        return edited(self.store, self.store.import_directory(empty), edits)

    def view(self, tree: TreeId, rules: Rules) -> View:
        """Give a tree as lint sees it."""
        claims = claims_of(self.store, tree, rules, self.memo)
        return View(claims, Paths(self.store.entries(tree)), partial(self.store.read_all, tree))

    def subject(self, before: TreeId, after: TreeId, component: str, message: str) -> Subject:
        """Give the patch that makes one tree of another."""
        rules = rules_of(component)
        patch = parse(message.encode() + b"\n\n" + self.store.diff(before, after), name="x.patch")
        old, new = self.view(before, rules), self.view(after, rules)
        return Subject(Ours(component, "r", "x.patch", old.claims, new.claims), patch, rules, old, new)

    def lint(
        self, old: Mapping[str, str], new: Mapping[str, str], component: str = "cinder", message: str = "Change it"
    ) -> list[Finding]:
        """Give what a patch leaves undone."""
        return findings(self.subject(self.tree(old), self.tree({**old, **new}), component, message))


@pytest.fixture
def trees(tmp_path: Path) -> Trees:
    return Trees(tmp_path)


def told(found: list[Finding]) -> list[tuple[Rule, str, bool]]:
    return [(one.hazard.rule, one.hazard.name, bool(one.edits)) for one in found]


def opts(name: str, *options: str) -> str:
    return f"from oslo_config import cfg\n\n{name} = [\n" + "".join(f"    {each},\n" for each in options) + "]\n"


def test_every_rule_of_lint_has_a_severity_and_an_id_that_is_known_by_it(trees: Trees) -> None:
    assert SEVERITIES.keys() >= OF_LINT
    found = trees.lint({**NOTE}, {"cinder/a.py": opts("a_opts", "cfg.StrOpt('a', help='A')")})
    assert [is_of_lint(one.hazard.id) for one in found] == [True]
    assert not is_of_lint("cinder-taken-3.72-01234567")


A = "cfg.StrOpt('a', help='A')"
B = "cfg.StrOpt('b', help='B')"
LISTED = "import cinder.one\n\n\ndef list_opts():\n    return [('DEFAULT', cinder.one.one_opts)]\n"
BOTH = LISTED.replace("import cinder.one", "import cinder.one\nfrom cinder import two as t").replace(
    "one_opts)]", "one_opts), ('DEFAULT', t.two_opts)]"
)


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        # A new group of options that the list does not name.
        ({"cinder/two.py": opts("two_opts", A)}, [(Rule.UNLISTED, "?/a", False)]),
        # One that it does; and one that is part of what it names.
        ({"cinder/two.py": opts("two_opts", A), "cinder/opts.py": BOTH}, []),
        ({"cinder/one.py": opts("two_opts", A).replace("from oslo", "import x\nfrom oslo")
          + "one_opts = two_opts + [cfg.StrOpt('c', help='C')]\n"}, []),
        # One more in a group that is listed.
        ({"cinder/one.py": opts("one_opts", B, A)}, []),
        # Without a help text; with one that only running the code tells.
        ({"cinder/one.py": opts("one_opts", B, "cfg.StrOpt('a')")}, [(Rule.NO_HELP, "DEFAULT/a", False)]),
        ({"cinder/one.py": opts("one_opts", B, "cfg.StrOpt('a', **words)")}, []),
    ],
)  # fmt: skip
def test_options_that_no_list_has_or_that_have_no_help(
    trees: Trees, new: dict[str, str], expected: list[tuple[Rule, str, bool]]
) -> None:
    old = {"cinder/opts.py": LISTED, "cinder/one.py": opts("one_opts", B)}
    assert told(trees.lint(old, new)) == expected


def test_policies_that_nobody_registers(trees: Trees) -> None:
    def policy(name: str) -> str:
        return (
            "from oslo_policy import policy\n\nRULES = [policy.DocumentedRuleDefault(name='volume:"
            f"{name}', check_str='@', description='x', operations=[])]\n\n\ndef list_rules():\n    return RULES\n"
        )

    listing = "from cinder.policies import one\n\n\ndef list_rules():\n    return one.list_rules()\n"
    old = {"cinder/policies/__init__.py": listing, "cinder/policies/one.py": policy("one")}
    (finding,) = trees.lint(old, {"cinder/policies/two.py": policy("two")})
    assert finding.hazard.what == (
        "cinder/policies/__init__.py does not list cinder.policies.two.list_rules, which the policy volume:two is in"
    )
    assert finding.hazard.severity == "high"
    both = listing.replace("import one", "import one, two").replace(
        "one.list_rules()", "one.list_rules() + two.list_rules()"
    )
    new = {"cinder/policies/two.py": policy("two"), "cinder/policies/__init__.py": both}
    assert trees.lint(old, new) == []


def thing(version: str, fields: str, *, decorator: str = "@base.CinderObjectRegistry.register", more: str = "") -> str:
    return f"{decorator}\nclass Thing(base.CinderObject):\n    VERSION = '{version}'\n    fields = {{{fields}}}\n{more}"


def listed(**objects: str) -> str:
    return "object_data = {" + ", ".join(f"'{name}': '{said}'" for name, said in objects.items()) + "}\n"


HASHES = "cinder/tests/unit/objects/test_objects.py"
REMOTE = "\n    @base.remotable\n    def save(self{}):\n        pass\n"


@pytest.mark.parametrize(
    ("source", "hashes", "expected"),
    [
        (thing("1.1", "'a': fields.A()"), listed(Thing="1.0-aa"), "Thing is 1.1, and the list of hashes has 1.0"),
        (thing("1.1", "'a': fields.A()"), listed(Thing="1.1-bb"), ""),
        (thing("1.0", "'a': fields.B()"), listed(Thing="1.0-aa"), "Thing 1.0 has other fields or methods"),
        (thing("1.0", "'a': other.A()"), listed(Thing="1.0-aa"), ""),
        (thing("1.0", "'a': fields.B()"), listed(Thing="1.0-bb"), ""),
        (thing("1.0", "'a': fields.A()", more=REMOTE.format(", x")), listed(Thing="1.0-aa"), "has other fields or"),
        (thing("1.0", "'a': fields.A()", more="\n    def save(self):\n        pass\n"), listed(Thing="1.0-aa"), ""),
        (thing("1.0", "'a': fields.A()") + thing("1.0", "").replace("Thing", "New"), listed(Thing="1.0-aa"),
         "the list of hashes lacks the new object New 1.0"),
        (thing("1.0", "'a': fields.A()") + thing("1.0", "", decorator="@x").replace("Thing", "New"),
         listed(Thing="1.0-aa"), ""),
        ("def this does not parse\n", listed(Thing="1.0-aa"), ""),
    ],
)  # fmt: skip
def test_objects_and_their_hashes(trees: Trees, source: str, hashes: str, expected: str) -> None:
    old = {"cinder/objects/thing.py": thing("1.0", "'a': fields.A()"), HASHES: listed(Thing="1.0-aa")}
    found = trees.lint(old, {"cinder/objects/thing.py": source, HASHES: hashes})
    assert [one.hazard.rule for one in found] == [Rule.HASH_STALE][: bool(expected)]
    assert all(expected in one.hazard.what for one in found)


def test_an_entry_that_was_wrong_before_the_patch_is_upstreams(trees: Trees) -> None:
    old = {"cinder/objects/thing.py": thing("1.0", ""), HASHES: listed(Thing="0.9-aa")}
    assert trees.lint(old, {"cinder/objects/thing.py": thing("1.1", "'a': fields.A()")}) == []


ADDED = {"cinder/one.py": opts("one_opts", A)}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("[ours] Show: a thing\n\nWhy it is so.\n\nSigned-off-by: Ada <a@b>",
         "Show: a thing.\n\nWhy it is so.\n\nAdds the configuration option ``DEFAULT/a``.\n"),
        ("Show it!", "Show it!\n\nAdds the configuration option ``DEFAULT/a``.\n"),
        ("Show \x07it\n\n- one:\n    deep\t\n- two # no comment", None),
    ],
)  # fmt: skip
def test_a_note_is_readable_yaml_of_what_the_patch_says(trees: Trees, message: str, expected: str | None) -> None:
    old, new = {**NOTE, "cinder/opts.py": LISTED}, ADDED
    (finding,) = trees.lint(old, new, message=message)
    assert finding.hazard.rule is Rule.NOTE_MISSING
    (edit,) = finding.edits
    note = yaml.safe_load(edit.change(None))
    assert list(note) == ["features"]
    if expected is None:
        assert "- two # no comment" in note["features"][0]
        assert "\n    deep" in note["features"][0]
    else:
        assert note["features"] == [expected]
    assert edit.path == trees.lint(old, new, message=message)[0].edits[0].path
    assert edit.path != trees.lint(old, new, message=f"{message} otherwise")[0].edits[0].path
    name = edit.path.rpartition("/")[2]
    assert name.startswith("show-"), name
    assert len(name.rpartition("-")[2]) == len("0123456789abcdef.yaml")


def test_what_makes_work_for_who_upgrades_is_told_there(trees: Trees) -> None:
    revision = {"cinder/db/migrations/versions/aaaa_x.py": "revision = 'aaaa'\ndown_revision = None\n"}
    old = {**NOTE, "cinder/opts.py": LISTED, **ADDED}
    (finding,) = trees.lint(old, revision)
    assert yaml.safe_load(finding.edits[0].change(None)) == {
        "upgrade": ["Change it.\n\nAdds the database revision ``aaaa``: the database has to be synchronised.\n"]
    }
    (finding,) = trees.lint(old, {"cinder/one.py": opts("one_opts", B)})
    both = yaml.safe_load(finding.edits[0].change(None))
    assert list(both) == ["features", "upgrade"]
    assert both["upgrade"] == ["Removes the option ``DEFAULT/a``.\n"]


@pytest.mark.parametrize(
    "new", [{**ADDED, "releasenotes/notes/b-fedcba9876543210.yaml": "---\nfixes:\n  - B.\n"}, {"README": "two\n"}]
)
def test_a_note_of_its_own_or_nothing_that_users_see(trees: Trees, new: dict[str, str]) -> None:
    assert trees.lint({**NOTE, "cinder/opts.py": LISTED}, new) == []


def test_a_component_without_notes_is_not_asked_for_one(trees: Trees) -> None:
    assert trees.lint({"cinder/opts.py": LISTED}, ADDED) == []


def test_a_patch_without_a_message_gets_no_note(trees: Trees) -> None:
    (finding,) = trees.lint({**NOTE, "cinder/opts.py": LISTED}, ADDED, message="")
    assert (finding.edits, finding.by_hand) == ((), "the patch has no message to make it of")


def test_later_patches_make_good_all_but_the_note(trees: Trees) -> None:
    sample = {"api-ref/source/v3/samples/a/b.json": "{}\n"}
    template = {"cinder/tests/functional/api_sample_tests/samples/a/b.json.tpl": "{}\n"}
    pair = {path.replace("/b.", "/a."): text for path, text in {**sample, **template}.items()}
    old = {**NOTE, "cinder/opts.py": LISTED, **pair}
    before = trees.tree(old)
    mine = trees.tree({**old, **sample, **ADDED})
    last = trees.tree({**old, **sample, **ADDED, **template, "releasenotes/notes/b-fedcba9876543210.yaml": "---\n"})
    found = findings(trees.subject(before, mine, "cinder", "Change it"))
    assert {one.hazard.rule for one in found} == {Rule.SAMPLE_ALONE, Rule.NOTE_MISSING}
    good = made_good(found, trees.subject(before, last, "cinder", "Change it"))
    assert {rule for rule, *_ in good} == {Rule.SAMPLE_ALONE}


def test_edits_of_one_file_follow_one_another_and_its_mode_stays(trees: Trees) -> None:
    tree = trees.tree({"a": "one\n"})
    edits = [
        Edit("a", lambda content: (content or b"") + b"two\n"),
        Edit("a", lambda content: (content or b"") + b"3\n"),
    ]
    assert trees.store.read(edited(trees.store, tree, edits), "a") == b"one\ntwo\n3\n"
    new = edited(trees.store, tree, [Edit("b/c", lambda content: b"new\n" if content is None else content)])
    assert trees.store.entries(new)["b/c"].mode == "100644"
