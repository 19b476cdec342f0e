from __future__ import annotations

import logging
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stackwright.cli.main import main
from stackwright.distribution import init

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True)
class Told:
    """What a command left behind: its exit status, and what it wrote."""

    status: int
    out: str
    err: str


@pytest.fixture
def stackwright(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Told]]:
    """Give what types a command."""
    monkeypatch.setattr("sys.argv", ["stackwright"])
    logger = logging.getLogger()
    before = logger.handlers[:]

    def type_(*words: object) -> Told:
        logger.handlers[:] = []  # each command adds its own
        capsys.readouterr()
        try:
            status = main([str(word) for word in words])
        except SystemExit as end:  # argparse ends the program itself
            status = int(end.code or 0)
        return Told(status, *capsys.readouterr())

    yield type_
    logger.handlers[:] = before


@pytest.fixture
def distribution(tmp_path: Path) -> Path:
    init(tmp_path / "cloud", "cloud")
    return tmp_path / "cloud"


@pytest.fixture
def state() -> Iterator[Path]:
    """Give a state directory, with a path that has room for sockets below it, unlike that of pytest's own folders."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)
