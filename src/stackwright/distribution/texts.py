"""The kinds of text in a distribution's files: each is checked where it is written, and its form told to editors."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from packaging.version import InvalidVersion, Version
from pydantic import AfterValidator, BeforeValidator, Field

from stackwright.distribution.sentences import fault

_NAME = r"[A-Za-z0-9][A-Za-z0-9_+-]*(\.[A-Za-z0-9_+-]+)*"
NAME_RULE = "use letters, digits and . _ + -, beginning with a letter or digit, no two dots in a row"
# https://packaging.python.org/en/latest/specifications/name-normalization/#name-format
_DISTRIBUTION_NAME = r"([A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9])"


def is_name(text: str) -> bool:
    """Say whether a text can be part of a path and of a command: no slash, no ``..``, no dot or dash in front."""
    return re.fullmatch(_NAME, text) is not None


def _check_name(text: str) -> str:
    if not is_name(text):
        raise fault(f"{text!r} cannot be a name", why="it becomes part of paths and commands", fix=NAME_RULE)
    return text


def _of_form(form: str, what: str, example: str) -> tuple[AfterValidator, Any]:
    def check(text: str) -> str:
        if not re.fullmatch(form, text):
            raise fault(f"{text!r} is not {what}", fix=f"write it like {example}")
        return text

    return AfterValidator(check), _pattern(form)


def _pattern(form: str) -> Any:
    """Tell editors a form, without pydantic's own check and its message."""
    return Field(json_schema_extra={"pattern": f"^{form}$"})


def _check_version(text: str) -> str:
    try:
        Version(text)
    except InvalidVersion:
        raise fault(f"{text!r} is not a version", fix="write it like 34.0.0 (PEP 440)") from None
    return text


def _check_path(path: Path) -> Path:
    if path == Path() or "\0" in str(path):
        raise fault(f"{str(path)!r} is not the path of something")
    return path


def _check_date(written: object) -> object:
    """Read a date here: pydantic would take seconds since 1970 for one, too."""
    if not isinstance(written, str):
        return written
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", written):
            return date.fromisoformat(written)
    except ValueError:
        pass
    raise fault(f"{written!r} is not a date", fix="write it like 2026-10-15")


def _check_address(url: str) -> str:
    """Take what git(1) takes as a repository elsewhere, without secrets and without programs to run."""
    if re.match(r"[A-Za-z0-9+.-]+::", url):
        raise fault(f"{url!r} names a program to run, not a repository", why="<transport>:: addresses are not allowed")
    form = re.fullmatch(r"(?P<scheme>https?|ssh|git|file)://(?:(?P<user>[^@/]*)@)?\S+", url)
    if form and form["user"] and (form["scheme"].startswith("http") or ":" in form["user"]):
        raise fault(
            "a password or token in a URL",
            why="the file is shared, and URLs show up in logs and process lists",
            fix="remove it, and let git ask a credential helper (gitcredentials(7))",
        )
    if not form and not re.fullmatch(r"[A-Za-z0-9_.]+@[A-Za-z0-9.-]+:\S+|/\S*", url):
        raise fault(
            f"{url!r} is not a repository's address",
            fix="write https://..., ssh://..., git://..., user@host:path, or an absolute path",
        )
    return url


def _check_ref(ref: str) -> str:
    """Refuse what git-check-ref-format(1) refuses, and what git would take for an option."""
    if not ref or re.search(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|$)|^[-/.]|[/.]$", ref):
        raise fault(f"{ref!r} is not a branch, a tag or a commit", fix="write it like stable/2026.2 or 34.0.0")
    return ref


def _check_dsc(text: str) -> str:
    """Take a path inside the distribution, or a URL without secrets."""
    if not text.endswith(".dsc") or "\0" in text:
        raise fault(
            f"{text!r} does not name a .dsc", fix="write it like debian/nova_31.0.0-6.dsc or https://HOST/...dsc"
        )
    if "://" not in text:
        path = Path(text)
        if path.is_absolute() or ".." in path.parts:
            raise fault(
                f"{text!r} is not in the distribution",
                why="a path is part of the distribution, so that a clone has it",
                fix="copy it here, or write file:///...",
            )
    elif not re.fullmatch(r"(https?://[^/@?#\s]+|file://)/[^?#\s]+", text):
        password = re.match(r"https?://[^/]*@", text)
        raise fault(
            "a user or password in a URL" if password else f"{text!r} is not the URL of a .dsc",
            why="the file is shared, and URLs show up in logs" if password else "",
            fix="put them into ~/.netrc" if password else "write https://..., http://... or file:///...",
        )
    return text


def _check_config_name(name: str) -> str:
    if not name.strip() or re.search(r"[\x00-\x1f\[\]=]", name):
        raise fault(f"{name!r} cannot be a section or an option", fix="use no brackets, = or line breaks")
    return name


Name = Annotated[str, AfterValidator(_check_name), _pattern(_NAME)]
DistributionName = Annotated[
    str, *_of_form(_DISTRIBUTION_NAME, "the name of a Python distribution", "openstack-placement")
]
Sha256 = Annotated[str, *_of_form(r"[0-9a-f]{64}", "a SHA-256", "64 of 0-9 and a-f")]
PythonVersion = Annotated[str, *_of_form(r"3\.[1-9][0-9]?", "a Python version", '"3.11"')]
# Debian Policy 5.6.1, deb-version(7), and what can be a line of apt's sources.
DebianName = Annotated[str, *_of_form(r"[a-z0-9][a-z0-9+.-]+", "the name of a Debian source package", "python-pbr")]
DebianVersion = Annotated[
    str,
    *_of_form(r"([0-9]+:)?[0-9][A-Za-z0-9.+~]*(-[A-Za-z0-9.+~]+)*", "a Debian version", '"2:31.0.0-6"'),
]
SuiteName = Annotated[str, *_of_form(r"[A-Za-z0-9][A-Za-z0-9.+_-]*", "a suite", "trixie")]
DscAddress = Annotated[str, AfterValidator(_check_dsc)]
VersionText = Annotated[str, AfterValidator(_check_version)]
RepositoryAddress = Annotated[str, AfterValidator(_check_address)]
GitRef = Annotated[str, AfterValidator(_check_ref)]
SomePath = Annotated[Path, AfterValidator(_check_path)]
Day = Annotated[date, BeforeValidator(_check_date)]
ValueName = Annotated[str, *_of_form(r"[a-z0-9][a-z0-9-]*", "the name of a value", "dns-domain")]
ConfigName = Annotated[str, AfterValidator(_check_config_name)]
PortNumber = Annotated[int, Field(ge=1, le=65535)]
