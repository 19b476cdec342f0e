"""Readers on small trees: real files in a real store, written the ways that components write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.errors import InputError, ManyInputsError
from stackwright.hazards.claims import claims_of
from stackwright.hazards.model import Kind
from stackwright.hazards.readers.look import Paths
from stackwright.hazards.readers.microversions import history
from stackwright.hazards.rulebook import Rule, Rules, own_rules, read_rules, rules_of
from stackwright.store import Entry, Memo, Store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stackwright.hazards.model import Claims


class Desk:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.store = Store(root / "store.git")
        self.memo = Memo(root / "memo")
        self.count = 0

    def read(self, files: Mapping[str, str | bytes], *rules: Rule) -> Claims:
        self.count += 1
        folder = self.root / f"tree{self.count}"
        for path, content in files.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        tree = self.store.import_unpacked(folder)
        return claims_of(self.store, tree, Rules(claims=list(rules)), self.memo)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def rule(reader: str, options: dict[str, str] | None = None, **files: list[str]) -> Rule:
    return Rule(reader=reader, files=files, options=options or {})


OPTIONS = rule("options", options=None).model_copy(update={"files": {"options": ["a/**/*.py"]}})


def test_paths_with_wildcards_and_without_what_is_taken_out() -> None:
    files = ("a/x.py", "a/b/y.py", "a/b/c/z.py", "a/tests/t.py", "ab/x.py", "a/x.txt")
    paths = Paths({**{path: Entry("100644", "0") for path in files}, "a/link.py": Entry("120000", "0")})
    assert paths.first(["a/*.py"]) == ("a/x.py",)
    assert set(paths.first(["a/**/*.py !a/tests/**"])) == {"a/x.py", "a/b/y.py", "a/b/c/z.py"}
    assert paths.first(["a/x.py ab/*.py"]) == ("a/x.py", "ab/x.py")
    # The first alternative that the tree has any of counts.
    assert paths.first(["new/*.py", "a/b/*.py", "a/*.py"]) == ("a/b/y.py",)
    assert paths.first(["a/link.py", "nowhere"]) == ()


def test_a_path_that_is_gone_is_never_nothing(desk: Desk) -> None:
    claims = desk.read({"other": ""}, rule("policies", policies=["new/*.py", "old/*.py"]))
    assert not claims.claims
    (unseen,) = claims.unseen
    assert unseen.kind is Kind.POLICY
    assert unseen.looked == ("new/*.py", "old/*.py")
    assert "no such file" in unseen.why


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"x = 1\nprint 'two'\n", 2),
        (b"def f():\n\tif x:\n        y\n", 3),
        (b"x = '\0'\n", 1),
        (b"# coding: martian\n", 1),
        (b"x = (" + b"(" * 500 + b")" * 501, 1),
    ],
)
def test_what_the_running_python_cannot_parse(desk: Desk, content: bytes, line: int) -> None:
    claims = desk.read({"p/a.py": content, "p/b.py": "RuleDefault('x', 'y')\n"}, rule("policies", policies=["p/*.py"]))
    assert [claim.name for claim in claims.claims] == ["x"]
    (unseen,) = claims.unseen
    assert unseen.looked[0].startswith("p/a.py:")
    assert unseen.looked == (f"p/a.py:{line}",) or line == 1
    assert "does not parse as Python" in unseen.why


def test_nothing_is_imported_or_run(desk: Desk, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    code = f"open({str(mark)!r}, 'w')\npolicy.RuleDefault('x', 'y')\n"
    assert desk.read({"p/a.py": code}, rule("policies", policies=["p/*.py"])).of(Kind.POLICY)["x"].line == 2
    assert not mark.exists()


def test_a_policy_whose_name_and_default_are_joined_from_constants_of_other_files(desk: Desk) -> None:
    files = {
        "p/base.py": "ROOT = 'api:%s'\nADMIN = 'role:admin'\nBOTH = '(' + ADMIN + ') or ' + f'{ADMIN}'\n",
        "p/a.py": (
            "from p import base\nfrom p.base import ADMIN as THEM\n"
            "OLD = policy.DeprecatedRule(name=base.ROOT % 'old', check_str='rule:was')\n"
            "rules = [policy.DocumentedRuleDefault(name=base.ROOT % 'x', check_str=base.BOTH, deprecated_rule=OLD),\n"
            "         policy.RuleDefault('{}:y'.format('api'), THEM, scope_types=['project']),\n"
            "         policy.RuleDefault('z', helper(THEM)),\n"
            "         policy.RuleDefault(helper('name'), 'x')]\n"
        ),
    }
    claims = desk.read(files, rule("policies", policies=["p/*.py"]))
    found = claims.of(Kind.POLICY)
    assert found["api:x"].says("default") == "(role:admin) or role:admin"
    assert found["api:x"].says("deprecated") == "api:old = 'rule:was'"
    assert dict(found["api:y"].meaning) == {"default": "role:admin", "scopes": "['project']"}
    assert found["z"].says("default") == "helper('role:admin')"
    assert [unseen.looked for unseen in claims.unseen] == [("p/a.py:7",)]


def test_options_in_all_the_ways_that_they_get_a_group(desk: Desk) -> None:
    files = {
        "a/conf/one.py": (
            "group = cfg.OptGroup('one', title='One')\n"
            "opts = [cfg.IntOpt('n', default=-1)]\n"
            "opts.extend([cfg.StrOpt('late-one', secret=True)])\n"
            "plain = cfg.BoolOpt('plain')\n"
            "def register_opts(conf):\n"
            "    conf.register_opts(opts, group=group)\n"
            "    conf.register_opt(plain)\n"
        ),
        "a/conf/two.py": "GROUP = __name__.split('.')[-1]\nO = [cfg.ListOpt('l')]\n"
        "def register_opts(c):\n    for o in O:\n        c.register_opt(o, GROUP)\n",
        "a/made.py": "some = [cfg.StrOpt('s')]\nother = (cfg.StrOpt('t'),)\nlost = [cfg.StrOpt('u')]\n",
        "a/opts.py": "import itertools\nimport a.made\nfrom a import made as m\n"
        "def list_opts():\n    return [('listed', itertools.chain(a.made.some, m.other)), (None, [])]\n",
    }
    claims = desk.read(files, OPTIONS)
    found = {name: dict(claim.meaning) for name, claim in claims.of(Kind.OPTION).items()}
    assert found == {
        "one/n": {"type": "Int", "default": "-1"},
        "one/late_one": {"secret": "True", "type": "Str"},
        "DEFAULT/plain": {"type": "Bool"},
        "two/l": {"type": "List"},
        "listed/s": {"type": "Str"},
        "listed/t": {"type": "Str"},
        "?/u": {"type": "Str"},
    }
    assert [unseen.looked for unseen in claims.unseen] == [("a/made.py:3",)]


def test_names_that_go_in_circles_come_to_an_end(desk: Desk) -> None:
    files = {
        "a/x.py": "from a.y import O\nP = O + P + O\nc.register_opts(P, 'g')\nN = N\ncfg.StrOpt(N)\n",
        "a/y.py": "from a.x import P\nO = [*P, cfg.StrOpt('o')]\nO += O\n",
    }
    claims = desk.read(files, OPTIONS)
    assert list(claims.of(Kind.OPTION)) == ["g/o"]
    assert "an option's name is computed" in {unseen.why for unseen in claims.unseen}


def test_revisions_with_several_parents_and_a_branch_by_label_or_folder(desk: Desk) -> None:
    files = {
        "v/1_initial.py": "revision: str = '1'\ndown_revision = None\nbranch_labels = ('expand',)\n",
        "v/2025.1/contract/2_x.py": "revision = '2'\ndown_revision = ('1', '0')\ndepends_on = ('1',)\n",
        "v/3.py": "revision = made()\n",
        "v/4.py": "",
        "v/__init__.py": "",
    }
    claims = desk.read(files, rule("alembic", {"branch": "main"}, versions=["v/**/*.py"]))
    found = {name: dict(claim.meaning) for name, claim in claims.of(Kind.REVISION).items()}
    assert found == {"1": {"branch": "expand"}, "2": {"branch": "contract", "down": "1, 0", "depends": "1"}}
    assert {unseen.looked for unseen in claims.unseen} == {("v/3.py:1",), ("v/4.py",)}


SERVICES = (
    "H = (\n    # Version 0: Begin\n    {'rpc': '1.0'},\n    {'rpc': '1.1'},\n)\nNEWEST = 1\nOLDEST = 'zed'\n"
    "NAMES = {'yoga': 0, 'zed': 1}\n"
)
NUMBERED = {"history": "H", "newest": "NEWEST"}


@pytest.mark.parametrize(
    ("text", "options", "oldest"),
    [
        (SERVICES, {"oldest": "OLDEST", "aliases": "NAMES"}, "1"),
        (SERVICES.replace("'zed'\n", "0\n"), {"oldest": "OLDEST"}, "0"),
        (SERVICES, {}, ""),
    ],
)
def test_services_tell_the_oldest_that_is_not_refused(
    desk: Desk, text: str, options: dict[str, str], oldest: str
) -> None:
    claims = desk.read({"s.py": text}, rule("service-version", NUMBERED | options, versions=["s.py"]))
    newest = claims.of(Kind.NEWEST)["service version"]
    assert (newest.says("version"), newest.says("oldest")) == ("1", oldest)
    assert claims.of(Kind.SERVICE_VERSION)["0"].says("title") == "Begin"
    assert claims.unseen == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [("OLDEST", "OLD"), ("NAMES", "ALIASES"), ("'zed': 1", "'zed': made()"), ("'zed': 1", "'other': 1")],
)
def test_an_oldest_service_that_cannot_be_told_is_not_taken_for_none(desk: Desk, old: str, new: str) -> None:
    text = SERVICES.replace(old, new)
    options = NUMBERED | {"oldest": "OLDEST", "aliases": "NAMES"}
    claims = desk.read({"s.py": text}, rule("service-version", options, versions=["s.py"]))
    assert claims.of(Kind.NEWEST)["service version"].says("oldest") == ""
    (unseen,) = claims.unseen
    assert (unseen.kind, unseen.looked) == (Kind.SERVICE_VERSION, ("s.py",))
    assert unseen.why == "it does not tell the number of OLDEST"


def test_releases_have_numbers_and_further_names(desk: Desk) -> None:
    text = (
        "M = {\n    '1.0': {'rpc': '1.1', 'objects': {'Node': ['1.2', '1.1']}},\n    'master': {'rpc': '1.2'},\n}\n"
        "M['2025.1'] = M['1.0']\nOTHER['x'] = M['1.0']\nM['made'] = make()\nNAMES = M['1.0']\n"
    )
    claims = desk.read({"m.py": text}, rule("release-mapping", {"variable": "M"}, versions=["m.py"]))
    assert {claim.name: (dict(claim.meaning), claim.line) for claim in claims.claims} == {
        "release 1.0": ({"rpc": "1.1", "objects": "Node 1.2/1.1"}, 2),
        "named release 2025.1": ({"as": "1.0"}, 5),
    }
    assert claims.unseen == ()


def test_a_history_in_words() -> None:
    text = (
        "History\n=======\n\n1.1\n---\n\nBegin.\n\n.. _label 1.2:\n\n1.2 - Traits (Maximum in Train)\n----\n\nTwo\n"
        "lines.\n\nAnother section\n---------------\n\nNot of it.\n\n1.10 (Wallaby)\n~~~~\nLast.\n"
    )
    assert list(history(text)) == [
        ("1.1", "", "Begin.", 4),
        ("1.2", "Traits", "Two lines.", 11),
        ("1.10", "", "Last.", 22),
    ]


def test_samples_and_templates_that_are_not_pairs(desk: Desk) -> None:
    files = {
        "doc/s/a/v2.1/x.json": "{}",
        "tests/t/a/v2.1/x.json.tpl": "{}",
        "doc/s/y.json": "",
        "tests/t/z.json.tpl": "",
    }
    claims = desk.read(files, rule("samples", samples=["doc/s/**/*.json"], templates=["tests/t/**/*.json.tpl"]))
    assert {name: tuple(dict(claim.meaning).values()) for name, claim in claims.of(Kind.SAMPLE).items()} == {
        "a/v2.1/x": ("yes", "yes"),
        "y": ("yes", "no"),
        "z": ("no", "yes"),
    }


def test_our_own_rules_are_sound() -> None:
    names = {"nova", "cinder", "manila", "ironic", "placement", "keystone", "neutron", "neutron-lib", "glance"}
    assert names <= own_rules().keys()
    assert rules_of("placement") == rules_of("openstack-placement") == rules_of("ours", "openstack-placement")


def test_a_component_without_rules_is_told_what_to_write_where() -> None:
    with pytest.raises(InputError) as caught:
        rules_of("novaa")
    assert "no rules" in caught.value.what
    assert "hazards/rules/novaa.yaml" in str(caught.value.where)
    assert "did you mean 'nova'?" in caught.value.fix


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("claims:\n- {reader: polices, files: {policies: [a]}}\n", "did you mean 'policies'?"),
        ("claims:\n- {reader: policies, files: {policy: [a]}}\n", "did you mean 'policies'?"),
        ("claims:\n- {reader: alembic, files: {versions: [a]}, options: {brunch: x}}\n", "did you mean 'branch'?"),
        ("claims:\n- {reader: notes, file: {}}\n", "did you mean 'files'?"),
        ("claims:\n- {reader: rpc, files: {client: [a]}, options: {name: x}}\n", "needs the option class"),
        ("claims:\n- {reader: client, files: {}, options: {pattern: '(x)'}}\n", "needs the option service or folder"),
        ("claims:\n- {reader: client, files: {}, options: {pattern: '(', folder: x}}\n", "no regular expression"),
        ("claims:\n- {reader: client, files: {}, options: {pattern: x, folder: x}}\n", "one group"),
        ("claims: []\nrolling: {pins: x/y}\n", "did you mean 'pin'?"),
        ("claims: []\nrolling: {pin: pin_release_version}\n", "'pin_release_version' is no option"),
        ("claims: []\nrolling: {caps: {compute: x/y}}\n", "no rule reads an RPC interface 'compute'"),
    ],
)
def test_rules_with_a_mistyped_word(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "ours.yaml").write_text(text)
    with pytest.raises((InputError, ManyInputsError)) as caught:
        read_rules(tmp_path)
    errors = caught.value.errors if isinstance(caught.value, ManyInputsError) else [caught.value]
    assert said in " ".join(f"{error.what} {error.fix}" for error in errors)
    assert all("ours.yaml:2" in str(error.where) for error in errors)


def test_an_expression_too_deep_for_python_to_write_is_told_apart_all_the_same(desk: Desk) -> None:
    def default(last: str) -> str:
        code = f"policy.RuleDefault('x', {'+'.join(['a'] * 1500)} + {last})\n"
        claims = desk.read({"p/a.py": code}, rule("policies", policies=["p/*.py"]))
        return claims.of(Kind.POLICY)["x"].says("default")

    assert default("b") == default("b") != default("c")
