"""A document into a model: what is taken as it is written, and how each fault is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, model_validator

from stackwright.distribution.document import compose
from stackwright.distribution.reading import parse
from stackwright.distribution.sentences import fault
from stackwright.distribution.written import Written
from stackwright.errors import InputError, ManyInputsError


class Wheel(Written):
    size: int = Field(4, description="in inches")
    spare_part: str | None = None


class Engine(Written):
    fuel: Literal["coal", "wood"]


class Cart(Written):
    """One of every kind of thing that a model can have."""

    name: str
    load: float = 0.0
    closed: bool = False
    built: date | None = None
    folder: Path | None = None
    wheels: tuple[Wheel, ...] = ()
    parts: Mapping[str, Wheel] = {}
    prices: Mapping[int, int] = {}
    seats: Annotated[int, Field(ge=1, le=8)] = 2
    code: Annotated[str, Field(pattern="^[a-z]+$")] = "a"
    crew: Annotated[tuple[str, ...], Field(min_length=1)] = ("me",)
    front: str | tuple[str, ...] = ""
    power: Engine | Wheel | None = None
    labels: Mapping[str, Annotated[str, Field(max_length=3)]] = {}

    @model_validator(mode="after")
    def _light_enough(self) -> Cart:
        if self.load > 100:
            raise fault("too heavy", why="the axle breaks", fix="take less than 100", at=("load",))
        if self.seats == 7:
            raise ValueError("seven seats bring bad luck")
        return self


def cart(text: str) -> Cart:
    document, errors = compose(text, Path("cart.yaml"))
    assert document is not None
    assert errors == []
    return parse(Cart, document)


def errors_of(text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        cart(text)
    errors = caught.value.errors if isinstance(caught.value, ManyInputsError) else [caught.value]
    return [str(error) for error in errors]


@pytest.mark.parametrize("written", ["2026.10", "34.0", "012", "1e3", "true", "0x10", "+5", "1_000", "no", ".inf"])
def test_text_is_taken_as_it_is_written(written: str) -> None:
    assert cart(f"name: {written}").name == written
    assert cart(f"{{name: x, front: [{written}]}}").front == (written,)
    assert cart(f"{{name: x, parts: {{{written}: {{spare-part: {written}}}}}}}").parts == {
        written: Wheel(spare_part=written)
    }


def test_every_kind_of_value_is_read() -> None:
    read = cart(
        "{name: x, load: 1.5, closed: true, built: 2026-10-15, folder: a/b, wheels: [{size: 5}], prices: {5: 6},"
        " front: [a], power: {fuel: coal}}"
    )
    assert read == Cart(
        name="x",
        load=1.5,
        closed=True,
        built=date(2026, 10, 15),
        folder=Path("a/b"),
        wheels=(Wheel(size=5),),
        prices={5: 6},
        front=("a",),
        power=Engine(fuel="coal"),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("just text", "cart.yaml:1:1: the file: expected a map, found the text 'just text'"),
        ("- name: x", "cart.yaml:1:1: the file: expected a map, found a list"),
        ("~", "cart.yaml:1:1: the file: expected a map, found nothing"),
        ("load: 1", "cart.yaml:1:1: the file: the key 'name' is missing\n  fix: add `name:`"),
        ("name: [a]", "cart.yaml:1:7: the key 'name': expected text, found a list"),
        (
            "name: ",
            "cart.yaml:1:1: the key 'name' has no value\n"
            '  fix: write one ("" is an empty text, {} an empty map, [] an empty list), or remove it',
        ),
        (
            "name: x\nbuilt: null",
            "cart.yaml:2:1: the key 'built' has no value\n"
            '  fix: write one ("" is an empty text, {} an empty map, [] an empty list), or remove it',
        ),
        (
            "name: x\ncrew:\n  - a\n  -\n",
            "cart.yaml:4:4: item 2 of the key 'crew' has no value\n"
            '  fix: write one ("" is an empty text, {} an empty map, [] an empty list), or remove it',
        ),
        ("name: x\nseats: two", "cart.yaml:2:8: the key 'seats': expected a whole number, found the text 'two'"),
        ("name: x\nseats: 1:30", "cart.yaml:2:8: the key 'seats': expected a whole number, found the text '1:30'"),
        ("name: x\nseats: 1e0", "cart.yaml:2:8: the key 'seats': expected a whole number, found the number 1e0"),
        ("name: x\nseats: true", "cart.yaml:2:8: the key 'seats': expected a whole number, found true"),
        (
            'name: x\nseats: "2"',
            "cart.yaml:2:8: the key 'seats': expected a whole number, found the text '2'\n"
            "  why: it is in quotes, so it is text",
        ),
        (
            "name: x\nseats: 07",
            "cart.yaml:2:8: the key 'seats': expected a whole number, found the text '07'\n"
            "  why: YAML 1.1 reads a number with a leading zero as octal and YAML 1.2 does not: write 0o17 or 15",
        ),
        ("name: x\nseats: 9", "cart.yaml:2:8: the key 'seats': expected at most 8, found the number 9"),
        ("name: x\nseats: 0", "cart.yaml:2:8: the key 'seats': expected at least 1, found the number 0"),
        ("name: x\nload: much", "cart.yaml:2:7: the key 'load': expected a number, found the text 'much'"),
        ("name: x\nclosed: yes", "cart.yaml:2:9: the key 'closed': expected true or false, found the text 'yes'"),
        ("name: x\nclosed: 1", "cart.yaml:2:9: the key 'closed': expected true or false, found the number 1"),
        (
            "name: x\nbuilt: 15.10.2026",
            "cart.yaml:2:8: the key 'built': expected a date such as 2026-10-15, found the text '15.10.2026'",
        ),
        (
            "name: x\nbuilt: 2026-13-01",
            "cart.yaml:2:8: the key 'built': expected a date such as 2026-10-15, found the text '2026-13-01'",
        ),
        ("name: x\nwheels: {size: 4}", "cart.yaml:2:9: the key 'wheels': expected a list, found a map"),
        (
            "name: x\nwheels:\n  - size: 4\n  - 5",
            "cart.yaml:4:5: item 2 of the key 'wheels': expected a map, found the number 5",
        ),
        ("name: x\nparts: [a]", "cart.yaml:2:8: the key 'parts': expected a map, found a list"),
        (
            "name: x\nparts:\n  left:\n    sise: 4",
            "cart.yaml:4:5: the key 'sise' is unknown\n  fix: did you mean 'size'?",
        ),
        (
            "name: x\nwheels:\n  - spare_part: y",
            "cart.yaml:3:5: the key 'spare_part' is unknown\n  fix: did you mean 'spare-part'?",
        ),
        (
            "name: x\nwheels:\n  - zzz: y",
            "cart.yaml:3:5: the key 'zzz' is unknown\n  fix: one of: size, spare-part",
        ),
        ("name: x\nprices: {a: 1}", "cart.yaml:2:10: the key 'a': expected a whole number, found the text 'a'"),
        ("name: x\ncode: ABC", "cart.yaml:2:7: the key 'code': the text 'ABC' is not of the form ^[a-z]+$"),
        ("name: x\ncrew: []", "cart.yaml:2:7: the key 'crew': expected at least 1 of them, found 0"),
        ("name: x\nfront: {a: b}", "cart.yaml:2:8: the key 'front': expected text or a list, found a map"),
        (
            "name: x\nlabels:\n  a: abcd",
            "cart.yaml:3:6: the key 'a': expected at most 3 characters, found the text 'abcd'",
        ),
        (
            "name: x\nload: 101",
            "cart.yaml:2:7: too heavy\n  why: the axle breaks\n  fix: take less than 100",
        ),
        ("name: x\nseats: 7", "cart.yaml:1:1: the file: seven seats bring bad luck"),
        (
            f"name: x\nseats: {'long' * 100}",
            f"cart.yaml:2:8: the key 'seats': expected a whole number, found the text '{'long' * 15}'...",
        ),
    ],
)
def test_a_fault_is_told_in_plain_words(text: str, message: str) -> None:
    assert errors_of(text) == [message]


def test_a_choice_is_told_with_the_nearest() -> None:
    class Train(Written):
        engine: Engine

    document, _ = compose("engine: {fuel: coall}", Path("train.yaml"))
    assert document is not None
    with pytest.raises(InputError) as caught:
        parse(Train, document)
    assert str(caught.value) == (
        "train.yaml:1:16: the key 'fuel': expected 'coal' or 'wood', found the text 'coall'\n"
        "  fix: did you mean 'coal'?"
    )


def test_the_meaning_of_a_missing_key_is_told() -> None:
    class Axle(Written):
        wheel_size: int = Field(description="in inches")

    document, _ = compose("{}", Path("axle.yaml"))
    assert document is not None
    with pytest.raises(InputError) as caught:
        parse(Axle, document)
    assert str(caught.value) == (
        "axle.yaml:1:1: the file: the key 'wheel-size' is missing\n  why: it says: in inches\n  fix: add `wheel-size:`"
    )


def test_a_misspelt_key_is_not_missing_as_well() -> None:
    assert errors_of("nam: x") == ["cart.yaml:1:1: the key 'nam' is unknown\n  fix: did you mean 'name'?"]


def test_all_faults_are_told_in_the_order_of_their_places() -> None:
    assert [
        error.split(":")[1] for error in errors_of("seats: 9\nclosed: no\nroof: x\nwheels:\n  - sise: 1\nload:\n")
    ] == [
        "1",
        "1",
        "2",
        "3",
        "5",
        "6",
    ]
