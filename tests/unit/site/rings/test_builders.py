"""What was made of rings is noted, and what is not as it was made is seen; data and room of devices are looked at."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from stackwright.build.cache import sha256_of
from stackwright.errors import InputError
from stackwright.site.rings.builders import MADE, builder_of, look, ring_of
from stackwright.site.rings.changes import SeenDevice, SeenRing
from stackwright.site.rings.data import Room, files_on, room_on
from stackwright.site.rings.layout import Placing

SEEN = SeenRing(7, 8, 3.0, 1, (SeenDevice("a/d1", 1, 1, 100.0, "127.0.0.1", 6200, "8873/a", 256),), 12.5, True)


@pytest.fixture
def placing(tmp_path: Path) -> Placing:
    """A service with one ring, made and noted."""
    made = Placing(tmp_path / "builders", tmp_path / "etc", {}, {}, {"object": ("objects/*.data",)}, 1)
    for file in (builder_of(made, "object"), ring_of(made, "object")):
        file.parent.mkdir()
        file.write_text(file.name)
    sums = {file.name: sha256_of(file) for file in (builder_of(made, "object"), ring_of(made, "object"))}
    (made.builders / MADE).write_text(json.dumps({"rings": {"object": asdict(SEEN)}, "files": sums}))
    return made


def test_what_was_noted_is_what_is_seen(placing: Placing) -> None:
    made = look(placing)
    assert made.rings == {"object": SEEN}
    assert made.strange == ()


@pytest.mark.parametrize("of", [builder_of, ring_of])
def test_a_file_that_somebody_else_has_put_there_or_that_has_gone_is_strange(placing: Placing, of: object) -> None:
    file = builder_of(placing, "object") if of is builder_of else ring_of(placing, "object")
    file.write_text("another")
    assert look(placing).strange == (file.name,)
    file.unlink()
    assert look(placing).strange == (file.name,)


def test_where_nothing_was_made_there_is_nothing(tmp_path: Path) -> None:
    made = look(Placing(tmp_path, tmp_path, {}, {}, {"object": ()}, 1))
    assert made.rings == {}
    assert made.strange == ()


def test_rings_of_which_nothing_is_noted_are_strange(placing: Placing) -> None:
    (placing.builders / MADE).unlink()
    assert look(placing).strange == ("object.builder", "object.ring.gz")


def test_a_note_that_cannot_be_read_is_told(placing: Placing) -> None:
    (placing.builders / MADE).write_text("{")
    with pytest.raises(InputError, match="what was noted of the rings cannot be read") as caught:
        look(placing)
    assert caught.value.fix == "remove made.json: it is made anew of the builders"


def test_data_is_what_the_patterns_say(tmp_path: Path) -> None:
    for name in ("objects/1/a.data", "objects/1/hashes.pkl", "accounts/1/a.db", "tmp/x.data"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    holds = {"object": ("objects/*/*.data",), "account": ("accounts/*/*.db",)}
    assert files_on(tmp_path, holds) == 2
    assert files_on(tmp_path, holds, limit=1) == 1
    assert files_on(tmp_path / "gone", holds) == 0


def test_a_device_is_full_when_no_more_than_the_reserve_is_free(tmp_path: Path) -> None:
    assert Room(1000, 10).full(1)
    assert not Room(1000, 11).full(1)
    assert not Room(1000, 1).full(0)
    assert Room(1000, 0).full(0)
    assert room_on(tmp_path) is not None
    assert room_on(tmp_path / "gone") is None
