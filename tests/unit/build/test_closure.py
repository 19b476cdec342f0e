from __future__ import annotations

from pathlib import Path

from stackwright.build.closure import lock_with, read_lock, remembered
from stackwright.store import Memo

LOCK = """\
oslo-i18n==6.9.0 \\
    --hash=sha256:aa11 \\
    --hash=sha256:bb22
pbr==7.1.3 \\
    --hash=sha256:cc33
"""
NOVA = "nova @ file:///somewhere/nova\n"


def test_a_lock_names_its_pins() -> None:
    assert read_lock(LOCK).pins == {"oslo-i18n": "6.9.0", "pbr": "7.1.3"}
    assert read_lock("").pins == {}


def test_what_is_read_from_a_tree_counts_but_not_where_the_tree_was() -> None:
    closure = read_lock(NOVA + LOCK)
    assert closure.pins["nova"] == ""
    assert closure.digest == read_lock(LOCK).digest
    assert read_lock(LOCK.replace("cc33", "dd44")).digest != closure.digest


def test_a_wheel_takes_the_place_of_what_has_its_name() -> None:
    own = lock_with(LOCK, {"oslo-i18n": (Path("/cache/oslo_i18n-6.9.0.post1+x.whl"), "ee55")})
    assert own == (
        "pbr==7.1.3 \\\n    --hash=sha256:cc33\n"
        "oslo-i18n @ file:///cache/oslo_i18n-6.9.0.post1%2Bx.whl --hash=sha256:ee55\n"
    )


def test_what_has_been_resolved_is_not_resolved_again(tmp_path: Path) -> None:
    memo, asked = Memo(tmp_path), []

    def lock() -> str:
        asked.append(1)
        return LOCK

    first = remembered(memo, ["nova"], lock)
    assert remembered(Memo(tmp_path), ["nova"], lock) == first
    assert len(asked) == 1
    remembered(memo, ["keystone"], lock)
    assert len(asked) == 2
