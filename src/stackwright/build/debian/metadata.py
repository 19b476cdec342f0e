"""What the ``meta_data.yaml`` of a package's folder says, in the form that StarlingX's packages have.

Keys are read as they are: those that nobody knows are errors, as is a value that would not be looked at.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from stackwright.distribution.sentences import fault
from stackwright.distribution.texts import DebianName, DebianVersion, Sha256
from stackwright.distribution.written import FromFile, Written
from stackwright.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

# Ways to say where the source is from; without any, apt's indexes are asked.
WAYS = ("dl_path", "src_path", "archive")


def _check_url(url: str) -> str:
    if not re.fullmatch(r"(https?://[^/@?#\s]+|file://)/[^#\s]+", url):
        secret = re.match(r"https?://[^/]*@", url)
        raise fault(
            "a user or password in a URL" if secret else f"{url!r} is not a URL",
            why="the file is shared, and URLs show up in logs" if secret else "",
            fix="put them into ~/.netrc" if secret else "write https://..., http://... or file:///...",
        )
    return url


def _check_md5(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{32}", text):
        raise fault(f"{text!r} is not an MD5", fix="write it like 32 of 0-9 and a-f")
    return text


def _check_file_name(text: str) -> str:
    if "/" in text or text.startswith("."):
        raise fault(f"{text!r} is not the name of a file")
    return text


Url = Annotated[str, AfterValidator(_check_url)]
Md5 = Annotated[str, AfterValidator(_check_md5)]
FileName = Annotated[str, AfterValidator(_check_file_name)]
Commit = Annotated[str, Field(min_length=1)]


class _AsIs(Written):
    """Base of what has keys with underscores."""

    model_config = ConfigDict(alias_generator=None)


class DownloadFile(_AsIs):
    """A file that is downloaded."""

    url: Url = Field(description="where it is")
    sha256sum: Sha256 | None = Field(None, description="the file must have this SHA-256")
    md5sum: Md5 | None = Field(None, description="the file must have this MD5 as well")

    @model_validator(mode="after")
    def _somebody_vouches(self) -> DownloadFile:
        if self.sha256sum is None:
            raise fault(
                "nobody vouches for this file",
                why="an MD5 can be forged" if self.md5sum else "it has no hash",
                fix="add `sha256sum:`",
                at=("url",),
            )
        return self


class MainDownload(DownloadFile):
    """The upstream tarball, or the .dsc of a source package."""

    name: FileName = Field(description="its name")


class FurtherDownload(DownloadFile):
    """A file that goes into upstream's tree."""

    topdir: str | None = Field(None, description="folder of the tree that a tarball is unpacked to; else it is laid in")


class CountFrom(_AsIs):
    """Commits of a folder."""

    base: Commit = Field(alias="BASE_SRCREV", description="commit behind which they are counted")
    folder: str | None = Field(None, alias="SRC_DIR", description="the folder, from that of the package (its own)")


class CountSourceFrom(_AsIs):
    """Commits of the source's folder."""

    base: Commit | None = Field(None, alias="SRC_BASE_SRCREV", description="commit behind which they are counted (all)")


class Revision(_AsIs):
    """What comes behind Debian's version: a word and a number."""

    dist: str = Field("", description="the word, such as .stx; $NAME is taken from the environment")
    stx_patch: Annotated[int, Field(ge=0)] = Field(0, description="added to the number")
    package: bool = Field(False, alias="PKG_GITREVCOUNT", description="add the commits of the package's folder")
    package_base: Commit | None = Field(None, alias="PKG_BASE_SRCREV", description="commit behind which they count")
    folder: CountFrom | None = Field(None, alias="GITREVCOUNT", description="add the commits of a folder")
    source: bool | CountSourceFrom = Field(
        False, alias="SRC_GITREVCOUNT", description="add the commits of the source's folder"
    )
    files: tuple[Commit, ...] = Field(
        (), alias="FILES_GITREVCOUNT", description="add the commits of src_files, behind one commit each"
    )


class MetaData(FromFile):
    """A file `meta_data.yaml`: a Debian package, and what is changed in it."""

    model_config = ConfigDict(title="Stackwright package", alias_generator=None)

    debname: DebianName | None = Field(None, description="name of the source package (the folder's)")
    debver: DebianVersion = Field(description="version of the source package that it is based on")
    archive: Url | None = Field(None, description="folder of a mirror that has the source package")
    dsc_sha256: Sha256 | None = Field(None, description="the .dsc must have this SHA-256")
    dl_path: MainDownload | None = Field(None, description="upstream's tarball, or the .dsc")
    dl_files: Mapping[FileName, FurtherDownload] = Field({}, description="further files, by name")
    src_path: str | None = Field(None, description="folder with upstream's tree, from the package's")
    src_files: tuple[str, ...] = Field((), description="files and folders that are laid into upstream's tree")
    revision: Revision = Field(Revision(), description="what comes behind Debian's version")

    @model_validator(mode="after")
    def _one_way(self) -> MetaData:
        said = [way for way in WAYS if getattr(self, way) is not None]
        if len(said) > 1:
            raise fault(f"the source cannot be from both {said[0]!r} and {said[1]!r}", fix="remove one", at=(said[1],))
        return self

    @model_validator(mode="after")
    def _all_is_looked_at(self) -> MetaData:
        if self.of_dsc:
            for key in ("src_files", "dl_files"):
                if getattr(self, key):
                    raise fault(
                        f"{key!r} is not looked at here",
                        why="the tarballs of a source package are Debian's, and stay as they are",
                        fix="add the files by a patch",
                        at=(key,),
                        key=True,
                    )
        if self.dsc_sha256 and self.archive is None:
            raise fault(
                "'dsc_sha256' is not looked at here", fix="add `archive:`, or remove it", at=("dsc_sha256",), key=True
            )
        if self.archive and self.archive.startswith("http:") and self.dsc_sha256 is None:
            raise fault(
                "nobody vouches for the .dsc",
                why="whatever comes over http may have been changed on its way",
                fix="add `dsc_sha256:`, or write https://",
                at=("archive",),
            )
        if self.revision.source and self.src_path is None:
            raise fault("there is no source whose commits could be counted", fix="add `src_path:`", at=("revision",))
        if len(self.revision.files) != len(self.src_files) and self.revision.files:
            raise fault(
                "FILES_GITREVCOUNT has another number of commits than src_files has files",
                fix="give one for each",
                at=("revision", "FILES_GITREVCOUNT"),
            )
        return self

    @property
    def of_dsc(self) -> bool:
        """Whether it is based on a source package, and not on a tree."""
        return self.src_path is None and (self.dl_path is None or self.dl_path.name.endswith(".dsc"))

    def expanded(self, text: str, *loc: str | int) -> str:
        """Give a text with the environment's variables in the place of ``$NAME``.

        :param loc: where it stands
        :raises InputError: one is not set
        """
        found = os.path.expandvars(text)
        unset = re.search(r"\$(\w+|\{[^}]*\})", found)
        if unset:
            name = unset[1].strip("{}")
            raise InputError(
                f"the variable {name} is not set",
                where=self.where(*loc),
                fix=f"export {name}=..., or write the value into the file",
            )
        return found

    def folder(self, text: str, package: Path, *loc: str | int) -> Path:
        """Give the path that a text means, from the package's folder.

        :raises InputError: there is none
        """
        path = package / self.expanded(text, *loc)
        if not path.exists():
            raise InputError(f"there is no {path}", where=self.where(*loc), fix="correct the path")
        return path
