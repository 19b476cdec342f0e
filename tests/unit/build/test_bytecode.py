"""Bytecode of an environment's sources."""

from __future__ import annotations

import sys
from pathlib import Path

from stackwright.build.bytecode import link_bytecode


def test_bytecode_that_a_wheel_brought_gives_way_to_that_of_its_source(tmp_path: Path) -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    package = tmp_path / f"environment/lib/python{version}/site-packages/package"
    brought = package / f"__pycache__/module.cpython-{version.replace('.', '')}.pyc"
    brought.parent.mkdir(parents=True)
    (package / "module.py").write_text("WORD = 'of the source'\n")
    brought.write_bytes(b"of somebody's machine")
    kept = tmp_path / "original"
    kept.hardlink_to(brought)  # as uv installs
    link_bytecode(tmp_path / "environment", Path(sys.executable), version, tmp_path / "cache")
    assert b"of the source" in brought.read_bytes()
    assert kept.read_bytes() == b"of somebody's machine"
