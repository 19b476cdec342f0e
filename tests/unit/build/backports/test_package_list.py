from __future__ import annotations

from pathlib import Path

import pytest

from stackwright.build.backports.model import Wanted
from stackwright.build.backports.package_list import find_list, lists, read_list, read_packages_list
from stackwright.errors import InputError, ManyInputsError

FILE = Path("backports/bookworm")


def read(text: str) -> list[tuple[str, str, bool]]:
    return [(one.source, one.suite, one.tests) for one in read_packages_list(text, FILE)]


def error(text: str) -> str:
    with pytest.raises(InputError) as raised:
        read_packages_list(text, FILE)
    return str(raised.value)


def written(root: Path, name: str, text: str) -> Path:
    file = root / "backports" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return file


def test_a_line_without_options_takes_the_package_from_sid_with_its_tests() -> None:
    assert read("python-pbr\n") == [("python-pbr", "sid", True)]


def test_the_options_of_a_line_in_any_order() -> None:
    text = "a1 -d trixie\nb1 --no-run-package-tests -d trixie\nc1 --download-from-bookworm-backports\n"
    assert read(text) == [("a1", "trixie", True), ("b1", "trixie", False), ("c1", "bookworm-backports", True)]


def test_comments_and_empty_lines_say_nothing() -> None:
    assert read("# ours\n\n  nova  # the server\n#keystone\n") == [("nova", "sid", True)]


def test_the_order_is_that_of_the_lines_and_each_knows_its_own() -> None:
    found = read_packages_list("\nzaqar\naodh\n", FILE)
    assert [(one.source, one.where.line, one.where.column) for one in found] == [("zaqar", 2, 1), ("aodh", 3, 1)]


def test_an_unknown_option_is_told_with_its_place_and_the_nearest_known() -> None:
    message = error("nova\nglance --no-run-packge-tests\n")
    assert message.startswith("backports/bookworm:2:8: the option '--no-run-packge-tests' is unknown")
    assert "did you mean '--no-run-package-tests'?" in message


def test_download_from_what_is_no_backports_suite() -> None:
    assert "write it like --download-from-bookworm-backports" in error("nova --download-from-sid\n")


@pytest.mark.parametrize("line", ["nova -d", "nova -d --no-run-package-tests", "nova -d a/b"])
def test_a_suite_that_is_missing_or_none(line: str) -> None:
    assert "-d names no suite" in error(line)


def test_a_package_cannot_be_taken_from_two_suites() -> None:
    assert "nova is taken from both trixie and bookworm-backports" in error(
        "nova -d trixie --download-from-bookworm-backports\n"
    )


def test_a_package_that_is_named_twice() -> None:
    message = error("nova\nglance\nnova -d trixie\n")
    assert "nova is here twice" in message
    assert "first at backports/bookworm:1:1" in message


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(ManyInputsError) as raised:
        read_packages_list("Nova\nglance --what\n", FILE)
    assert [one.where.line for one in raised.value.errors] == [1, 2]


def test_an_empty_list_is_an_error() -> None:
    assert "the list is empty" in error("# nothing yet\n")


def test_the_file_of_a_packages_list_names_the_suite_that_is_built_for(tmp_path: Path) -> None:
    found = read_list(written(tmp_path, "bookworm", "nova\n"), tmp_path)
    assert (found.name, found.suite, found.number, found.beside) == ("bookworm", "bookworm", 12, ("bookworm",))
    other = read_list(written(tmp_path, "bookworm", "nova\n"), tmp_path, suite="trixie", from_="forky")
    assert (other.suite, other.number, other.wanted[0].suite) == ("trixie", 13, "forky")


def test_the_yaml_form_means_the_same_as_a_packages_list(tmp_path: Path) -> None:
    lines = "python-pbr\nnova -d trixie --no-run-package-tests\n"
    plain = read_list(written(tmp_path, "bookworm", lines), tmp_path)
    text = "packages:\n  python-pbr: {}\n  nova: {suite: trixie, tests: false}\n"
    yaml = read_list(written(tmp_path, "other.yaml", f"suite: bookworm\n{text}"), tmp_path)

    def meant(wanted: Wanted) -> tuple[str, str, bool, int]:
        return wanted.source, wanted.suite, wanted.tests, wanted.revision

    assert [meant(one) for one in yaml.wanted] == [meant(one) for one in plain.wanted]
    assert (yaml.suite, yaml.number, yaml.beside) == (plain.suite, plain.number, plain.beside)


def test_what_only_the_yaml_form_can_say(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys/sid.gpg").write_bytes(b"")
    text = """\
suite: ours
number: 7
from: theirs
suites:
  theirs: {uri: "file:///srv/debian", keyring: keys/sid.gpg}
beside: [ours, ours-backports]
packages:
  nova: {revision: 3}
"""
    found = read_list(written(tmp_path, "list.yaml", text), tmp_path)
    assert (found.suite, found.number, found.beside) == ("ours", 7, ("ours", "ours-backports"))
    assert found.archives["theirs"].keyring == tmp_path / "keys/sid.gpg"
    assert (found.wanted[0].suite, found.wanted[0].revision) == ("theirs", 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("packages: {nova: {test: false}}\n", "did you mean 'tests'?"),
        ("packages: {}\n", "expected at least 1 of them"),
        ("packages: {Nova: {}}\n", "'Nova' is not the name of a Debian source package"),
        ("packages: {nova: {revision: 0}}\n", "expected at least 1"),
        ("suites: {x: {uri: 'ftp://a/', keyring: k}}\npackages: {nova: {}}\n", "is not the address of an archive"),
        ("suites: {x: {uri: 'https://u:p@a/', keyring: k}}\npackages: {nova: {}}\n", "apt_auth.conf"),
        ("suites: {x: {uri: 'https://a/'}}\npackages: {nova: {}}\n", "the key 'keyring' is missing"),
        ("suites: {x: {uri: 'https://a/', keyring: k}}\npackages: {nova: {}}\n", "there is no keyring k"),
    ],
)
def test_what_is_wrong_in_a_yaml_list(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        read_list(written(tmp_path, "bookworm.yaml", text), tmp_path)
    assert message in str(raised.value)
    assert "bookworm.yaml:" in str(raised.value)


def test_a_suite_whose_number_nobody_knows(tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        read_list(written(tmp_path, "warty", "nova\n"), tmp_path)
    assert "the number of the release 'warty' is not known" in str(raised.value)


def test_without_a_name_the_only_list_is_meant(tmp_path: Path) -> None:
    file = written(tmp_path, "bookworm", "nova\n")
    written(tmp_path, ".bookworm.swp", "")
    assert find_list(tmp_path, None) == file
    written(tmp_path, "trixie.yaml", "packages: {nova: {}}\n")
    assert list(lists(tmp_path)) == ["bookworm", "trixie"]
    with pytest.raises(InputError) as raised:
        find_list(tmp_path, None)
    assert "--list bookworm or trixie" in str(raised.value)
    with pytest.raises(InputError) as raised:
        find_list(tmp_path, "trixi")
    assert "did you mean 'trixie'?" in str(raised.value)


def test_two_lists_of_one_name(tmp_path: Path) -> None:
    written(tmp_path, "bookworm", "nova\n")
    written(tmp_path, "bookworm.yaml", "packages: {nova: {}}\n")
    with pytest.raises(InputError, match="two lists 'bookworm'"):
        lists(tmp_path)
