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
