from __future__ import annotations

import stat

from hypothesis import given
from hypothesis import strategies as st

from stackwright.proof.guest import archive

PATHS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=60).filter(
    lambda path: path != archive.TRAILER
)
FILES = st.builds(archive.Entry, PATHS, st.integers(0, 0xFFFF), st.binary(max_size=40))


def test_a_header_is_as_the_kernel_documents_it() -> None:
    packed = archive.pack([archive.file("etc/issue", b"hello")])
    assert packed[:6] == b"070701"
    fields = [int(packed[at : at + 8], 16) for at in range(6, 110, 8)]
    # inode, mode, owner, group, links, age, size, and where it was; of a device; the name's length with its zero
    assert fields == [1, stat.S_IFREG | 0o644, 0, 0, 1, 0, 5, 0, 0, 0, 0, len("etc/issue") + 1, 0]
    assert packed[110:120] == b"etc/issue\0"
    assert packed[120:128] == b"hello\0\0\0"


def test_everything_starts_at_a_multiple_of_four() -> None:
    packed = archive.pack(archive.file("x" * length, b"y" * length) for length in range(1, 9))
    assert len(packed) % 4 == 0
    assert all(packed.index(b"070701", at) % 4 == 0 for at in range(0, len(packed) - 124, 4))


@given(st.lists(FILES, max_size=5))
def test_what_is_packed_is_unpacked(entries: list[archive.Entry]) -> None:
    assert list(archive.unpack(archive.pack(entries))) == entries


def test_devices_and_directories_keep_what_they_are() -> None:
    entries = [archive.directory("dev"), archive.character_device("dev/console", 5, 1)]
    assert list(archive.unpack(archive.pack(entries))) == entries
    assert stat.S_ISDIR(entries[0].mode)
    assert stat.S_ISCHR(entries[1].mode)
