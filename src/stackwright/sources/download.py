"""Files from the network, which are known by their hash: before they come, where somebody has told it."""

from __future__ import annotations

import errno
import hashlib
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from stackwright.errors import CheckFailedError, EnvironmentLacksError, Where
from stackwright.store.lock import locked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests

CHUNK = 1 << 18
SECONDS = (10, 60)  # to connect, and between two chunks
TRIES = 3


class NotDownloadedError(EnvironmentLacksError):
    """The server does not have the file, or does not give it."""


def cached(directory: Path, sha256: str) -> Path | None:
    """Give the file with a hash that was downloaded before, as it is, if there is one."""
    folder = directory / "sha256" / sha256
    files = sorted(file for file in folder.glob("*") if not file.name.startswith(".") and file.suffix != ".part")
    return files[0] if files else None


def intact(file: Path, sha256: str) -> bool:
    """Tell whether a file still has its hash."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == sha256


def download(url: str, sha256: str, directory: Path, progress: Callable[[str], None]) -> Path:
    """Download a file to ``sha256/HASH/NAME`` below a directory, unless it is there; of two at once, one does it.

    :param progress: is told how far it is, now and then
    :raises CheckFailedError: the file that came has another hash
    :raises EnvironmentLacksError: no network, no such file, no space
    """
    folder = directory / "sha256" / sha256
    name = _name(url)
    with _told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / ".lock"):
            file = folder / name
            if not file.exists():
                part = folder / f"{name}.part"  # one that is left belonged to a process that was killed
                found = _fetch(url, part, progress)
                if found != sha256:
                    part.unlink()
                    raise CheckFailedError(
                        f"{shown(url)} is not what it has to be",
                        details=f"    expected SHA-256 {sha256}\n    found    SHA-256 {found}",
                        why="the file was changed on its way or on its server; nothing was taken from it",
                        fix="run the command again; if that does not help, ask who keeps the server",
                    )
                part.rename(file)
            return file


def download_unknown(url: str, directory: Path, progress: Callable[[str], None]) -> tuple[str, Path]:
    """Download a file whose hash nobody has told, to where `download` would have put it; gives the hash, too.

    :raises EnvironmentLacksError: no network, no such file, no space
    """
    with _told(directory):
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=directory, prefix=".unknown-") as scratch:
            part = Path(scratch, "part")
            sha256 = _fetch(url, part, progress)
            file = directory / "sha256" / sha256 / _name(url)
            file.parent.mkdir(parents=True, exist_ok=True)
            part.replace(file)
            return sha256, file


def _name(url: str) -> str:
    return Path(unquote(urlsplit(url).path)).name.lstrip(".") or "file"


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Say what the operating system refuses inside as an error of the family."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise EnvironmentLacksError(
            "the disk is full" if full else "a file cannot be read or written",
            where=Where(file=folder if full else Path(error.filename or folder)),
            why="" if full else str(error.strerror),
            fix=f"make {'room' if full else 'it accessible'} there and run the command again: nothing is lost",
        ) from error


def shown(url: str) -> str:
    """Give a URL as it may be shown: without user, password and query."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _fetch(url: str, part: Path, progress: Callable[[str], None]) -> str:
    """Write what a URL gives to a file, and give its SHA-256; a connection that breaks is tried again."""
    import requests  # here, as most commands download nothing and would wait for it

    for number in range(1, TRIES + 1):
        try:
            return _copy(url, part, progress)
        except requests.RequestException as error:
            part.unlink(missing_ok=True)
            status = error.response.status_code if error.response is not None else None
            if number < TRIES and (status is None or status >= 500):
                time.sleep(0.2 * number)
                continue
            fix = "see to the network (proxy, certificates) and run the command again: what is here is kept"
            raise NotDownloadedError(
                f"{shown(url)} cannot be downloaded",
                why=f"the server answered {status}" if status else _cause(error),
                fix="put your user and password for this server into ~/.netrc" if status in (401, 403) else fix,
            ) from None  # what requests says has the whole URL in it
        except OSError:
            part.unlink(missing_ok=True)
            raise
    raise AssertionError("every way out of the loop is inside it")


def _copy(url: str, part: Path, progress: Callable[[str], None]) -> str:
    sha = hashlib.sha256()
    done, last = 0, time.monotonic()
    with part.open("wb") as stream:
        for chunk, total in _chunks(url):
            sha.update(chunk)
            stream.write(chunk)
            done += len(chunk)
            if time.monotonic() - last > 0.25:
                last = time.monotonic()
                progress(f"{done / 1e6:.1f} of {total / 1e6:.1f} MB" if total else f"{done / 1e6:.1f} MB")
    return sha.hexdigest()


def _chunks(url: str) -> Iterator[tuple[bytes, int]]:
    """Give what a URL holds piece by piece, each with the size of the whole (0 if it is unknown)."""
    if urlsplit(url).scheme == "file":
        with Path(unquote(urlsplit(url).path)).open("rb") as stream:
            while chunk := stream.read(CHUNK):
                yield chunk, 0
        return
    import requests

    # The file is wanted as it lies on the server: a tar.gz must not be unpacked on the way.
    with requests.get(url, stream=True, timeout=SECONDS, headers={"Accept-Encoding": "identity"}) as response:
        response.raise_for_status()
        total = int(response.headers.get("Content-Length", 0))
        for chunk in response.iter_content(CHUNK):
            yield chunk, total


def _cause(error: requests.RequestException) -> str:
    """Say in words what kind of failure it was; the error itself would show the URL."""
    import requests

    kinds = (
        (requests.exceptions.SSLError, "the server's certificate is not trusted"),
        (requests.exceptions.ProxyError, "the proxy does not answer"),
        (requests.exceptions.Timeout, "the server does not answer in time"),
        (requests.exceptions.ChunkedEncodingError, "the connection broke off"),
        (requests.exceptions.ConnectionError, "there is no connection to the server"),
    )
    return next((words for kind, words in kinds if isinstance(error, kind)), type(error).__name__)
