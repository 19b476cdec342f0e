"""An environment with packages of our own making, asked for its options by its own Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import oslo_config
import pytest

from stackwright.build.environment import Environment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

WIDGET = """
from oslo_config import cfg, types

class Colour(types.String):
    def __call__(self, value):
        if value not in ("red", "green"):
            raise ValueError(f"{value} is no colour")
        return value

def list_opts():
    return [
        (None, [cfg.IntOpt("workers", default=4, min=1, help="How many."), cfg.HostAddressOpt("host", default="h",
                sample_default="<hostname>")]),
        (cfg.OptGroup("Paint"), [
            cfg.Opt("colour", type=Colour(), default="red"),
            cfg.Opt("colours", type=types.List(Colour())),
            cfg.StrOpt("key", secret=True, deprecated_name="old-key", deprecated_group="old"),
            cfg.MultiStrOpt("coat", default=["a", "b"], deprecated_for_removal=True, deprecated_since="1",
                            deprecated_reason="Paint once."),
            cfg.StrOpt("kind", choices=[("matt", "does not shine"), ("gloss", None)], required=True),
        ]),
    ]
"""


class Packages:
    """Packages that are installed in an environment."""

    def __init__(self, root: Path) -> None:
        self.environment = Environment(root / "environment", "made-up")
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(self.environment.path)], check=True)
        (site,) = self.environment.path.glob("lib/python3*/site-packages")
        self.site = site
        (site / "ours.pth").write_text(f"{Path(oslo_config.__file__).parents[1]}\n")

    def add(
        self, name: str, modules: Mapping[str, str], entry_points: Mapping[str, str], requires: str = ""
    ) -> Packages:
        """Install a package.

        :param entry_points: ``group:name`` -> target
        """
        info = self.site / f"{name}-1.dist-info"
        info.mkdir()
        requirement = f"Requires-Dist: {requires}\n" if requires else ""
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n{requirement}")
        groups: dict[str, list[str]] = {}
        for point, target in entry_points.items():
            group, _, own = point.partition(":")
            groups.setdefault(group, []).append(f"{own} = {target}")
        (info / "entry_points.txt").write_text(
            "".join(f"[{group}]\n" + "".join(f"{line}\n" for line in lines) for group, lines in groups.items())
        )
        for module, text in modules.items():
            place = self.site / f"{module.replace('.', '/')}.py"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        (info / "RECORD").write_text("".join(f"{module.replace('.', '/')}.py,,\n" for module in modules))
        return self


@pytest.fixture
def packages(tmp_path: Path) -> Callable[[], Packages]:
    return lambda: Packages(tmp_path)


@pytest.fixture
def widget(packages: Callable[[], Packages]) -> Packages:
    """An environment with one service in it."""
    return packages().add("widget", {"widget": WIDGET}, {"oslo.config.opts:widget": "widget:list_opts"})
