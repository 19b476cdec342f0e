"""The ledger: read with places, held against patches, and written by adding lines."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from stackwright.errors import InputError
from stackwright.hazards.held import held
from stackwright.hazards.inside import Taken
from stackwright.hazards.ledger import Reserved, ReservedClaim, name_of, read_ledger, with_claim
from stackwright.hazards.model import Claim, Claims, Kind
from stackwright.hazards.reserve import next_free
from stackwright.patches.metadata import Metadata

NEW = ReservedClaim(component="nova", kind=Reserved.MICROVERSION, name="2.97", for_="a.patch", since=date(2026, 11, 25))
ENTRY = "- {component: nova, kind: microversion, name: '2.97', for: a.patch, since: '2026-11-25'}\n"


def ledger(tmp_path: Path, text: str) -> Path:
    (tmp_path / "claims.yaml").write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("claims:\n# first\n- component: nova\n  kind: rpc\n  name: x  # y\n# end\nstrict: true\n",
         "claims:\n# first\n- component: nova\n  kind: rpc\n  name: x  # y\n" + ENTRY + "# end\nstrict: true\n"),
        ("claims:\n    - {component: nova, kind: rpc, name: x}",
         "claims:\n    - {component: nova, kind: rpc, name: x}\n    " + ENTRY),
        ("strict: true\n# nothing yet\n", "strict: true\n# nothing yet\nclaims:\n  " + ENTRY),
        ("claims: []\nstrict: true\n", f"claims: [{ENTRY[2:-1]}]\nstrict: true\n"),
        ("claims: [{component: nova, kind: rpc, name: x}]\n",
         f"claims: [{{component: nova, kind: rpc, name: x}}, {ENTRY[2:-1]}]\n"),
    ],
)  # fmt: skip
def test_an_entry_is_added_and_all_else_stays(tmp_path: Path, text: str, expected: str) -> None:
    root = ledger(tmp_path, text)
    assert with_claim(read_ledger(root), NEW) == expected
    read = read_ledger(ledger(tmp_path, expected)).read.claims[-1]
    assert (read.name, read.for_, read.since) == ("2.97", "a.patch", date(2026, 11, 25))


def test_a_ledger_is_begun(tmp_path: Path) -> None:
    text = with_claim(read_ledger(tmp_path), NEW)
    assert text.startswith("# What this distribution claims")
    assert text.endswith("claims:\n  " + ENTRY)
    with pytest.raises(InputError, match="is reserved twice"):
        with_claim(read_ledger(ledger(tmp_path, text)), NEW)


def test_comments_accept_hazards(tmp_path: Path) -> None:
    root = ledger(tmp_path, "strict: true\n  # stackwright: accept nova-x-1 we know until it ends until 2027-01-31\n")
    (one,) = read_ledger(root).accepted
    assert (one.hazard, one.reason, one.until) == ("nova-x-1", "we know until it ends", date(2027, 1, 31))
    assert not one.expired(date(2027, 1, 31))
    assert one.expired(date(2027, 2, 1))


@pytest.mark.parametrize(
    ("comment", "place", "what"),
    [
        ("accept nova-x-1 until 2027-01-31", "1:16", "cannot be read"),  # no reason
        ("accept nova-x-1 because", "1:16", "cannot be read"),  # no day
        ("accept nova-x-1 because until tomorrow", "1:46", "is not a date"),
        ("accept a b until 2027-01-31\n# stackwright: accept a c until 2027-01-31", "2:16", "accepted twice"),
    ],
)
def test_comments_that_are_wrong_have_a_place(tmp_path: Path, comment: str, place: str, what: str) -> None:
    with pytest.raises(InputError, match=what) as raised:
        read_ledger(ledger(tmp_path, f"# stackwright: {comment}\nstrict: true\n"))
    assert f"claims.yaml:{place}: " in str(raised.value)


def micro(name: str) -> Claim:
    return Claim(Kind.MICROVERSION, name, (), "a.rst", 3)


def taken(*claims: Claim) -> Taken:
    return Taken("nova", "1", "0001-boot.patch", "Show secure boot", "boot", claims)


@pytest.mark.parametrize(
    "who", ["0001-boot.patch", "0001-boot", "Show secure boot", "boot", "Compute", "c@example.org", ""]
)
def test_a_patch_may_use_what_is_reserved_for_it(tmp_path: Path, who: str) -> None:
    whom = f", for: '{who}'" if who else ""
    root = ledger(tmp_path, f"claims:\n  - {{component: nova, kind: microversion, name: 2.97{whom}}}\n")
    one = taken(micro("2.97"))
    assert list(held(read_ledger(root), one, Metadata(owner="Compute <c@example.org>"), one.claims)) == []
    other = Taken("nova", "1", "other.patch", "Other", "", one.claims)
    assert [hazard.rule for hazard in held(read_ledger(root), other, Metadata(), one.claims)] == (
        ["given-to-another"] if who else []
    )


def test_what_is_not_in_the_ledger(tmp_path: Path) -> None:
    revision = Claim(Kind.REVISION, "xx", (), "xx.py", 3)
    note = Claim(Kind.NOTE, "slug", (), "slug.yaml", 1)
    one = taken(micro("2.98"), revision, note)
    assert list(held(read_ledger(tmp_path), one, Metadata(), one.claims)) == []  # there is no ledger
    some = "claims:\n  - {component: nova, kind: microversion, name: 2.97}\n"
    found = held(read_ledger(ledger(tmp_path, some)), one, Metadata(), one.claims)
    assert [hazard.name for hazard in found] == ["2.98"]
    found = held(read_ledger(ledger(tmp_path, f"strict: true\n{some}")), one, Metadata(), one.claims)
    assert [hazard.name for hazard in found] == ["2.98", "xx"]


def test_the_next_free_number() -> None:
    trees = [Claims((micro("2.9"), micro("2.99"))), Claims((micro("2.100"),))]
    assert next_free(Reserved.MICROVERSION, "?", 1, trees, ()) == "2.101"
    assert next_free(Reserved.MICROVERSION, "?", 10, trees, {"2.110", "2.111"}) == "2.112"
    rising = [Claims((Claim(Kind.OBJECT, "Meta", (("version", "1.9"),), "t.py", 3),))]
    assert next_free(Reserved.OBJECT, "Meta", 2, rising, ()) == "Meta 1.11"
    service = [Claims((Claim(Kind.SERVICE_VERSION, "66", (("title", "x"),), "s.py", 3),))]
    assert next_free(Reserved.SERVICE_VERSION, "?", 5, service, ()) == "71"
    assert name_of(rising[0].claims[0]) == "Meta 1.9"
    named = [Claims((Claim(Kind.POLICY, "os:colour", (), "p.py", 3),))]
    assert next_free(Reserved.POLICY, "os:taste", 1, named, ()) == "os:taste"
    for name, given in (("os:colour", ()), ("os:taste", ("os:taste",))):
        with pytest.raises(InputError, match="is taken"):
            next_free(Reserved.POLICY, name, 1, named, given)
    with pytest.raises(InputError, match="no tree of the component tells"):
        next_free(Reserved.OBJECT, "Mata", 1, rising, ())
