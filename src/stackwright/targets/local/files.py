"""Steps that make a service's folders and write its configuration files."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.plan.step import Context, Step, Verdict, done, needed
from stackwright.site.state import write_private
from stackwright.tools import attributes

if TYPE_CHECKING:
    from stackwright.site.files import RenderedFile
    from stackwright.targets.local.cloud import Cloud


@dataclass(frozen=True)
class _Folder:
    path: Path
    owner: str
    mode: int
    attributes: bool = False


def config_step(cloud: Cloud, service: str, after: tuple[str, ...]) -> Step:
    """Make the step ``<service>/config``."""
    renderer = cloud.renderer(service)
    folders = [_Folder(cloud.paths.etc(service), "root", 0o755), _Folder(cloud.paths.data(service), "root", 0o755)]
    for template, directory in cloud.selection.services[service].directories.items():
        folder = _Folder(Path(renderer.text(template)), directory.owner, directory.mode, directory.attributes)
        folders = [kept for kept in folders if kept.path != folder.path] + [folder]
    files = cloud.files[service]

    def check() -> Verdict:
        lacking = [folder.path.name for folder in folders if _folder_lacks(folder)]
        if lacking:
            return needed(f"no folder {', '.join(lacking)} yet")
        lacks = [f"{name} {lack}" for name, file in files.items() if (lack := _file_lacks(file))]
        return needed(", ".join(lacks)) if lacks else done()

    def do(_: Context) -> None:
        for folder in folders:
            folder.path.mkdir(parents=True, exist_ok=True)
            folder.path.chmod(folder.mode)
            _own(folder.path, folder.owner)
            if folder.attributes:
                attributes.require(folder.path)
        for file in files.values():
            if _read(file.path) != file.text:
                file.path.parent.mkdir(parents=True, exist_ok=True)
                write_private(file.path, file.text)
            file.path.chmod(file.mode)
            _own(file.path, file.owner)

    summary = f"write {', '.join(files)}" if files else "make its folders"
    return Step(f"{service}/config", summary, check, do, after, seconds=0.01)


def _folder_lacks(folder: _Folder) -> bool:
    try:
        status = folder.path.stat()
    except FileNotFoundError:
        return True
    return status.st_mode & 0o7777 != folder.mode or status.st_uid != _user_id(folder.owner)


def _file_lacks(file: RenderedFile) -> str:
    """Tell what is not as wished of a file; nothing if it is there, whole and its owner's."""
    text = _read(file.path)
    if text is None:
        return "is new"
    if text != file.text:
        return "changed"
    status = file.path.stat()
    if status.st_mode & 0o7777 != file.mode or status.st_uid != _user_id(file.owner):
        return "is not yet its owner's"
    return ""


def _own(path: Path, owner: str) -> None:
    user = pwd.getpwnam(owner)
    if path.stat().st_uid != user.pw_uid:
        os.chown(path, user.pw_uid, user.pw_gid)


def _user_id(name: str) -> int:
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:  # the user comes with a package or a step that is still to be done
        return -1


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None
