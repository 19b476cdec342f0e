from __future__ import annotations

from stackwright.tools.lintian import Tag, read

SAID = """\
E: pear: no-copyright-file
W: pear source: no-debian-copyright-in-source
E: python3-pear: python-module-in-wrong-location [usr/lib/python3/pear.py]
N: 1 hint overridden
"""


def test_what_lintian_says_is_read() -> None:
    assert read(SAID) == (
        Tag("E", "pear", "no-copyright-file", ""),
        Tag("W", "pear", "no-debian-copyright-in-source", ""),
        Tag("E", "python3-pear", "python-module-in-wrong-location", "[usr/lib/python3/pear.py]"),
    )
    assert str(read(SAID)[2]) == SAID.splitlines()[2]
