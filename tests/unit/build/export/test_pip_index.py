from __future__ import annotations

import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from stackwright.build.export.pip_index import add_wheels
from stackwright.build.wheelfile import packed
from stackwright.errors import CheckFailedError


class Links(HTMLParser):
    """The links of a page: target -> attributes."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str | None]] = {}
        self.feed(page.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found[str(dict(attrs)["href"])] = dict(attrs)


def a_wheel(folder: Path, name: str, version: str) -> Path:
    folder.mkdir(exist_ok=True)
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    wheel.write_bytes(packed(f"{name}-{version}", {f"{name}-{version}.dist-info/METADATA": metadata}))
    return wheel


def test_a_page_lists_the_wheels_of_a_package_with_their_hashes_and_metadata(tmp_path: Path) -> None:
    wheels = [a_wheel(tmp_path, "oslo_log", version) for version in ("8.0.0.post1", "8.1.0.post2")]
    added = add_wheels(tmp_path / "index", wheels)
    assert [(one.name, one.version, one.new) for one in added] == [
        ("oslo-log", "8.0.0.post1", True),
        ("oslo-log", "8.1.0.post2", True),
    ]
    assert list(Links(tmp_path / "index/index.html").found) == ["oslo-log/"]
    links = Links(tmp_path / "index/oslo-log/index.html").found
    for wheel in wheels:
        sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
        metadata = (tmp_path / "index/oslo-log" / f"{wheel.name}.metadata").read_bytes()
        assert b"Name: oslo_log\n" in metadata
        link = links[f"{wheel.name}#sha256={sha256}"]
        assert link["data-core-metadata"] == f"sha256={hashlib.sha256(metadata).hexdigest()}"


def test_what_is_in_it_stays_and_no_page_names_what_is_not(tmp_path: Path) -> None:
    index = tmp_path / "index"
    add_wheels(index, [a_wheel(tmp_path, "nova", "34.0.0.post1"), a_wheel(tmp_path, "glance", "33.0.0.post1")])
    (again,) = add_wheels(index, [a_wheel(tmp_path, "nova", "34.0.0.post1")])
    assert not again.new
    add_wheels(index, [a_wheel(tmp_path, "nova", "34.0.0.post2")])
    assert list(Links(index / "index.html").found) == ["glance/", "nova/"]
    for name in ("glance", "nova"):
        named = {re.sub("#.*", "", target) for target in Links(index / name / "index.html").found}
        assert named == {wheel.name for wheel in (index / name).glob("*.whl")}


def test_a_version_never_becomes_another_file(tmp_path: Path) -> None:
    index = tmp_path / "index"
    add_wheels(index, [a_wheel(tmp_path, "nova", "34.0.0.post1")])
    before = (index / "nova/nova-34.0.0.post1-py3-none-any.whl").read_bytes()
    other = a_wheel(tmp_path / "other", "nova", "34.0.0.post1")
    other.write_bytes(before + b"\0")
    with pytest.raises(CheckFailedError, match=r"another wheel has the name nova-34\.0\.0\.post1"):
        add_wheels(index, [other])
    assert (index / "nova/nova-34.0.0.post1-py3-none-any.whl").read_bytes() == before
