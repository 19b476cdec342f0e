"""What the readers make of values that other code joins: a name for the same thing is no other thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.hazards.claims import claims_of
from stackwright.hazards.model import Kind
from stackwright.hazards.rulebook import Rule, Rules
from stackwright.store import Memo, Store

if TYPE_CHECKING:
    from pathlib import Path

    from stackwright.hazards.model import Claims


def read(root: Path, files: dict[str, str], rule: Rule) -> Claims:
    """Read files of a tree."""
    for path, content in files.items():
        file = root / "tree" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    store = Store(root / "store.git")
    return claims_of(store, store.import_unpacked(root / "tree"), Rules(claims=[rule]), Memo(root / "memo"))


def test_names_in_a_call_that_is_not_run_are_told_by_their_values(tmp_path: Path) -> None:
    files = {
        "p/base.py": "READER = 'role:reader'\nMEMBER = READER + ' or role:member'\n",
        "p/a.py": "from lib import policy_or\nfrom p import base\n"
        "rules = [policy.RuleDefault('x', policy_or(base.MEMBER, OTHER, 'rule:shared'))]\n",
    }
    rule = Rule(reader="policies", files={"policies": ["p/*.py"]})
    default = read(tmp_path, files, rule).of(Kind.POLICY)["x"].says("default")
    assert default == "policy_or('role:reader or role:member', OTHER, 'rule:shared')"


def test_lists_in_lists_are_one(tmp_path: Path) -> None:
    files = {
        "c/names.py": "class Keys:\n    SOME = ['a', 'b']\n    ALL = [*SOME, 'c']\n",
        "c/o.py": "from c.names import Keys\n\nCONF.register_opts([cfg.ListOpt('keys', default=Keys.ALL)])\n",
    }
    rule = Rule(reader="options", files={"options": ["c/o.py"], "constants": ["c/names.py"]})
    assert read(tmp_path, files, rule).of(Kind.OPTION)["DEFAULT/keys"].says("default") == "['a', 'b', 'c']"


@pytest.mark.parametrize(
    "listed", ["BOOLEAN = (SNAPSHOTS,)", "BOOLEAN = {SNAPSHOTS: False}", "BOOLEAN = () + (SNAPSHOTS,)"]
)
def test_an_extra_spec_of_a_class_is_what_its_lists_say(tmp_path: Path, listed: str) -> None:
    files = {"c.py": f"class Specs:\n    SNAPSHOTS = 'snapshot_support'\n    ZONES = 'zones'\n    {listed}\n"}
    rule = Rule(reader="extra-specs", files={"specs": ["c.py"]}, options={"class": "Specs"})
    found = read(tmp_path, files, rule).of(Kind.EXTRA_SPEC)
    assert {name: dict(claim.meaning) for name, claim in found.items()} == {
        "snapshot_support": {"among": "BOOLEAN"},
        "zones": {},
    }


def test_an_rpc_client_without_a_history_is_at_the_newest_version_that_it_sends(tmp_path: Path) -> None:
    files = {"r.py": "class Api:\n    def paint(self):\n        self.client.prepare(version='1.10')\n"}
    rule = Rule(reader="rpc", files={"client": ["r.py"]}, options={"name": "paint", "class": "Api"})
    claim = read(tmp_path, files, rule).of(Kind.RPC)["paint"]
    assert (claim.says("version"), claim.says("paint")) == ("1.10", "1.10")


def test_check_strings_that_functions_join_and_names_of_a_library_are_read(tmp_path: Path) -> None:
    files = {
        "p/base.py": "from lib import policy as lib_policy\nMINE = lib_policy.ADMIN\n",
        "p/a.py": "from lib import policy\nfrom p import base\n"
        "rules = [policy.RuleDefault('x', policy.policy_or(base.MINE, policy.policy_and('role:a', 'role:b'))),\n"
        "         policy.RuleDefault('y', policy.OTHER)]\n",
    }
    rule = Rule(reader="policies", files={"policies": ["p/*.py"]}, means={"lib.policy.ADMIN": "rule:admin"})
    found = read(tmp_path, files, rule).of(Kind.POLICY)
    assert found["x"].says("default") == "rule:admin or role:a and role:b"
    assert found["y"].says("default") == "policy.OTHER"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("2 ** 16 - 1", "65535"),
        ("int((2 ** 32 / 2 - 1) // 1000)", "2147483"),
        ("1 << 10", "1024"),
        ("8 * 1024", "8192"),
        ("2 ** 65 - 1", "2 ** 65 - 1"),  # not reckoned: somebody may write a number that never ends
        ("1 << 100000", "1 << 100000"),
        ("1 / 0", "1 / 0"),
        ("'a' - 1", "'a' - 1"),
    ],
)
def test_numbers_are_reckoned(tmp_path: Path, written: str, value: str) -> None:
    text = f"CONF.register_opts([cfg.IntOpt('size', default={written})])\n"
    rule = Rule(reader="options", files={"options": ["o.py"]})
    assert read(tmp_path, {"o.py": text}, rule).of(Kind.OPTION)["DEFAULT/size"].says("default") == value


def test_options_that_a_function_registers_get_the_group_that_it_is_given(tmp_path: Path) -> None:
    files = {
        "c/meta.py": "SOME = [cfg.StrOpt('one')]\nOTHERS = [cfg.StrOpt('two')]\nFIXED = [cfg.StrOpt('three')]\n"
        "GROUP = 'fast'\n\n"
        "def register_its_opts(opts, conf=CONF, group=None):\n    conf.register_opts(opts, group=group)\n\n"
        "def register_fixed_opts(opts):\n    CONF.register_opts(opts, 'fixed')\n",
        "c/other.py": "def register_its_opts(opts):\n    CONF.register_opts(opts, group='wrong')\n",
        "c/agent.py": "from c import meta\nmeta.register_its_opts(meta.SOME)\n"
        "meta.register_its_opts(meta.OTHERS, group=meta.GROUP)\n"
        "meta.register_fixed_opts(meta.FIXED)\n",
    }
    claims = read(tmp_path, files, Rule(reader="options", files={"options": ["c/*.py"]}))
    assert set(claims.of(Kind.OPTION)) == {"DEFAULT/one", "fast/two", "fixed/three"}
    assert claims.unseen == ()


def test_old_names_are_told_with_their_groups(tmp_path: Path) -> None:
    text = (
        "CONF.register_opts([cfg.StrOpt('one', deprecated_name='old-one'),\n"
        " cfg.StrOpt('two', deprecated_group='DEFAULT'),\n"
        " cfg.StrOpt('three', deprecated_opts=[cfg.DeprecatedOpt('old'), cfg.DeprecatedOpt(None, group='b')]),\n"
        " cfg.StrOpt('four', ignore_case=True, max_length=3)], group='api')\n"
        "lost = [cfg.StrOpt('five', deprecated_name='old')]\n"
    )
    found = read(tmp_path, {"o.py": text}, Rule(reader="options", files={"options": ["o.py"]})).of(Kind.OPTION)
    assert {name: claim.says("deprecated") for name, claim in found.items() if claim.says("deprecated")} == {
        "api/one": "was api/old_one",
        "api/two": "was DEFAULT/two",
        "api/three": "was api/old; was b/three",
        "?/five": "was old",
    }
    assert (found["api/four"].says("ignore_case"), found["api/four"].says("max_length")) == ("True", "3")
