"""The YAML reader: values by the core schema of YAML 1.2, places, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from stackwright.distribution.document import Document, compose
from stackwright.distribution.reading import read_yaml
from stackwright.errors import InputError, ManyInputsError

FILE = Path("x.yaml")


def read(text: str) -> Document:
    document, errors = compose(text, FILE)
    assert errors == []
    assert document is not None
    return document


def errors_of(text: str) -> list[str]:
    return [str(error) for error in compose(text, FILE)[1]]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("False", False),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("Y", "Y"),
        ("5000", 5000),
        ("-1", -1),
        ("+1", 1),
        ("0", 0),
        ("0o600", 0o600),
        ("0xff", 255),
        ("012", "012"),
        ("-012", "-012"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("9" * 5000, "9" * 5000),
        ("2026.10", 2026.1),
        (".5", 0.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("00.5", "00.5"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("34.0.0", "34.0.0"),
        ("2026-10-15", "2026-10-15"),
        ("=", "="),
        ("'5000'", "5000"),
        ('"true"', "true"),
        ('"\\u00e9"', "é"),
        ("|\n  two\n  lines", "two\nlines\n"),
        ("{}", {}),
        ("[a, 1, true]", ["a", 1, True]),
    ],
)
def test_a_scalar_has_the_value_it_seems_to_have(written: str, value: object) -> None:
    assert read(f"key: {written}\n").value == {"key": value}
    assert type(read(f"key: {written}\n").plain()["key"]) is type(value)  # type: ignore[call-overload, index]


def test_keys_are_text_as_written() -> None:
    assert read("2026.10: a\ntrue: b\n~: c\n'<<': d\n0o17: e\n").value == {
        "2026.10": "a",
        "true": "b",
        "~": "c",
        "<<": "d",
        "0o17": "e",
    }


def test_an_alias_repeats_a_value() -> None:
    assert read("a: &same {b: 1}\nc: *same\nd: [*same]\n").value == {"a": {"b": 1}, "c": {"b": 1}, "d": [{"b": 1}]}


def test_a_scalar_can_be_had_as_written() -> None:
    document = read("a: 2026.10\nb: [0o17, true]\n")
    assert document.plain({("a",), ("b", 0)}) == {"a": "2026.10", "b": ["0o17", True]}


TEXT = """\
# a comment
one:
  - first
  - {two: 2, three: }
"""


@pytest.mark.parametrize(
    ("loc", "of_value", "of_key"),
    [
        ((), "x.yaml:2:1", "x.yaml:2:1"),
        (("one",), "x.yaml:3:3", "x.yaml:2:1"),
        (("one", 0), "x.yaml:3:5", "x.yaml:3:5"),
        (("one", 1), "x.yaml:4:5", "x.yaml:4:5"),
        (("one", 1, "two"), "x.yaml:4:11", "x.yaml:4:6"),
        (("one", 1, "missing"), "x.yaml:4:5", "x.yaml:4:5"),
        (("one", 7), "x.yaml:3:3", "x.yaml:2:1"),
        (("missing",), "x.yaml:2:1", "x.yaml:2:1"),
        (("one", "NameOfAUnion", 0), "x.yaml:3:5", "x.yaml:3:5"),
    ],
)
def test_every_value_and_key_has_its_place(loc: tuple[str | int, ...], of_value: str, of_key: str) -> None:
    document = read(TEXT)
    assert str(document.where(loc)) == of_value
    assert str(document.where(loc, key=True)) == of_key


def test_columns_count_characters() -> None:
    assert str(read("é: {ü: 1}\n").where(("é", "ü"))) == "x.yaml:1:8"


def test_without_libyaml_it_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "one:\n  - first\n  - {two: 2, three: 'x'}\nfour: |\n  text\n"
    expected = read(text)
    monkeypatch.setattr("stackwright.distribution.document._LOADER", yaml.SafeLoader)
    assert read(text) == expected
    assert errors_of("a: [1\nb: 2\n")[0].startswith("x.yaml:2:2: this is not YAML: ")


def test_what_has_no_value_is_found() -> None:
    assert list(read(TEXT + "four: [a, ~]\nfive: ''\n").empty()) == [("one", 1, "three"), ("four", 1)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "x.yaml:1:1: the file is empty"),
        ("# only a comment\n\n", "x.yaml:1:1: the file is empty"),
        (
            "a: 1\n---\nb: 2\n",
            "x.yaml:2:1: a second document begins here\n"
            "  why: a file holds one document\n"
            "  fix: remove the line `---` or move what follows to a file of its own",
        ),
        (
            "a: 1\nb: 2\na: 3\n",
            "x.yaml:3:1: the key 'a' is here twice\n"
            "  why: it is on line 1 too, and only one can count\n"
            "  fix: remove one of them",
        ),
        (
            "2026.10: 1\n'2026.10': 2\n",
            "x.yaml:2:1: the key '2026.10' is here twice\n"
            "  why: it is on line 1 too, and only one can count\n"
            "  fix: remove one of them",
        ),
        (
            "a: &x {b: 1}\nc:\n  <<: *x\n",
            "x.yaml:3:3: merge keys are not supported\n"
            "  why: YAML 1.2 has none, and they hide where a value comes from\n"
            "  fix: write the entries out, or repeat a whole map with an alias (`key: *name`)",
        ),
        (
            "one: &name 1\ntwo: *nam\n",
            "x.yaml:2:6: nothing before this is named &nam\n"
            "  why: an alias repeats a value that ends before it\n"
            "  fix: did you mean 'name'?",
        ),
        (
            "a: &x [*x]\n",
            "x.yaml:1:8: nothing before this is named &x\n"
            "  why: an alias repeats a value that ends before it\n"
            "  fix: there is none",
        ),
        (
            "a: !!python/object:os.system x\n",
            "x.yaml:1:4: the tag 'tag:yaml.org,2002:python/object:os.system' is not used here\n"
            "  fix: remove it; text that looks like a number goes in quotes",
        ),
        (
            "a: !!str 1\n",
            "x.yaml:1:4: the tag 'tag:yaml.org,2002:str' is not used here\n"
            "  fix: remove it; text that looks like a number goes in quotes",
        ),
        ("? [a]\n: 1\n", "x.yaml:1:3: a key is text, not a list"),
        ("{a: {{b: c}}}\n", "x.yaml:1:6: a key is text, not a map"),
        (
            "a:\n\tb: 1\n",
            "x.yaml:2:1: a tab in the indentation\n"
            "  why: YAML is indented by spaces only\n"
            "  fix: replace the tab by spaces",
        ),
        (
            "a:\n  b: 1\n  \tc: 2\n",
            "x.yaml:3:3: a tab in the indentation\n"
            "  why: YAML is indented by spaces only\n"
            "  fix: replace the tab by spaces",
        ),
        (
            "description: more: text\n",
            "x.yaml:1:18: a ':' that no key can have here\n"
            "  why: `: ` ends a key, and this line has one already or is indented too far\n"
            "  fix: put a value that holds `: ` in quotes, or mend the indentation",
        ),
        ("name: @NAME@\n", "x.yaml:1:7: a value cannot begin with '@'\n  fix: put it in quotes"),
        (
            "name: x\nrelease\ntarget: local\n",
            "x.yaml:2:1: a line that is neither `key: value` nor `- item`\n"
            "  fix: put a colon and a space behind the key",
        ),
        (
            "a:\n  b: [1, 2\nc: 3\n",
            "x.yaml:3:2: this is not YAML: did not find expected ',' or ']'\n"
            "  why: while parsing a flow sequence that begins on line 2",
        ),
        (
            "a: 'open\n",
            "x.yaml:2:1: this is not YAML: found unexpected end of stream\n"
            "  why: while scanning a quoted scalar that begins on line 1",
        ),
        (" a: 1\nb: 2\n", "x.yaml:2:1: this is not YAML: did not find expected <document start>"),
        (
            "a: 1\nb: x\x07y\n",
            "x.yaml:2:5: the character U+0007 may not be in a YAML file\n"
            '  fix: remove it, or write it as an escape in double quotes, such as "\\x07"',
        ),
        ("[" * 150, "x.yaml:1:102: more than 100 levels deep"),
    ],
)
def test_what_is_not_plain_yaml_is_refused(text: str, message: str) -> None:
    assert errors_of(text) == [message]


def test_aliases_that_multiply_are_refused() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    assert errors_of("\n".join(levels)) == ["x.yaml:5:5: more than 100000 values\n  why: aliases repeat what they name"]


def test_reading_goes_on_behind_an_error() -> None:
    assert [line.split(":")[1] for line in errors_of("a: 1\na: 2\nb: !x 1\nc: *no\nd: [\n")] == ["2", "3", "4", "6"]


def written(tmp_path: Path, content: bytes) -> Path:
    file = tmp_path / "x.yaml"
    file.write_bytes(content)
    return file


def test_a_byte_order_mark_is_not_part_of_the_text(tmp_path: Path) -> None:
    document = read_yaml(written(tmp_path, b"\xef\xbb\xbfkey: 1\n"))
    assert document.value == {"key": 1}
    assert document.where(("key",)).column == 6


def test_windows_line_ends_are_line_ends(tmp_path: Path) -> None:
    document = read_yaml(written(tmp_path, b"a: 1\r\nb: 2\r\n"))
    assert document.value == {"a": 1, "b": 2}
    assert document.where(("b",)).line == 2


@pytest.mark.parametrize(
    ("content", "place", "what"),
    [
        ("a: ü\nbä: ".encode() + b"\xe4\n", ":2:5", "not UTF-8: the byte 0xe4"),
        ("a: 1\n".encode("utf-16"), ":1:1", "not UTF-8: the byte 0xff"),
    ],
)
def test_a_file_is_in_utf_8(tmp_path: Path, content: bytes, place: str, what: str) -> None:
    file = written(tmp_path, content)
    with pytest.raises(InputError) as caught:
        read_yaml(file)
    assert str(caught.value) == f"{file}{place}: {what}\n  fix: save the file in UTF-8"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file or directory") as caught:
        read_yaml(tmp_path / "no.yaml")
    assert caught.value.where.file == tmp_path / "no.yaml"


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        read_yaml(tmp_path)


def test_all_errors_of_a_file_are_raised_together(tmp_path: Path) -> None:
    with pytest.raises(ManyInputsError) as caught:
        read_yaml(written(tmp_path, b"a: 1\na: 2\na: 3\n"))
    assert [error.where.line for error in caught.value.errors] == [2, 3]


class QuotingDumper(yaml.SafeDumper):
    """PyYAML writes for YAML 1.1: only quoted text means the same in 1.2."""


QuotingDumper.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=10), inner, max_size=5)
)


@given(values, st.booleans(), st.booleans())
def test_plain_data_comes_back(value: Any, flow: bool, unicode: bool) -> None:
    text = yaml.dump(value, Dumper=QuotingDumper, default_flow_style=flow, allow_unicode=unicode, sort_keys=False)
    back = read(text).value
    assert back == value
    assert repr(back) == repr(value)


@given(st.text(alphabet=st.sampled_from("ab:-? \n\t[]{},&*!|>'\"%@`#<01.~\\\x85\u2028\ufeff\x00é"), max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    document, errors = compose(text, FILE)
    assert errors or document is not None
    for error in errors:
        assert error.where.line is not None
        assert error.where.line <= text.count("\n") + text.count("\x85") + text.count("\u2028") + 2


@given(values)
def test_every_value_is_where_it_says(value: Any) -> None:
    """What a block document has at the place of a scalar is that scalar."""
    document = read(yaml.dump(value, Dumper=QuotingDumper, allow_unicode=False, width=10**6))
    lines = yaml.dump(value, Dumper=QuotingDumper, allow_unicode=False, width=10**6).split("\n")

    def check(found: Any, loc: tuple[str | int, ...]) -> None:
        if isinstance(found, dict):
            for key, inner in found.items():
                check(inner, (*loc, key))
        elif isinstance(found, list):
            for index, inner in enumerate(found):
                check(inner, (*loc, index))
        else:
            where = document.where(loc)
            assert where.line is not None
            assert where.column is not None
            written = lines[where.line - 1][where.column - 1 :]
            shown = yaml.dump(found, Dumper=QuotingDumper, allow_unicode=False, width=10**6).removesuffix("...\n")
            assert written.startswith(shown.rstrip("\n"))

    check(value, ())
