from __future__ import annotations

from stackwright.tools.findings import Finding
from stackwright.tools.flake8 import read_findings


def test_findings_are_read_among_what_else_a_project_lets_be_written() -> None:
    text = (
        "finding\t./w/a.py\t1\t8\tF401\t'os' imported but unused\n"
        "import os\n"
        "       ^\n"
        "finding\tw/b.py\t3\t1\tH101:\tUse TODO(NAME)\n"
        "1     F401 'os' imported but unused\n"
    )
    assert list(read_findings(text)) == [
        Finding("w/a.py", 1, 8, "F401", "'os' imported but unused"),
        Finding("w/b.py", 3, 1, "H101", "Use TODO(NAME)"),
    ]
