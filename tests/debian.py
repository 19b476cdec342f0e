"""Debian source packages made for a test by the real dpkg-source, and mirrors on 127.0.0.1 that serve them."""

from __future__ import annotations

import difflib
import gzip
import hashlib
import io
import os
import re
import shutil
import subprocess
import tarfile
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LINES = "".join(f"line {number}\n" for number in range(1, 21))
UPSTREAM = {"setup.py": "import setuptools\n\nsetuptools.setup(name='pear', py_modules=['pear'])\n", "pear.py": LINES}
CONTROL = """\
Source: {name}
Maintainer: Ada Debian <ada@example.org>
Standards-Version: 4.6.2

Package: {name}
Architecture: all
Description: a fruit
"""


def difference(path: str, old: str, new: str) -> str:
    """Give a patch of one file, with the DEP-3 header that Debian's have."""
    lines = difflib.unified_diff(old.splitlines(True), new.splitlines(True), f"a/{path}", f"b/{path}")
    return f"Description: change {path}\nForwarded: no\n\n{''.join(lines)}"


def tarball(top: str, files: Mapping[str, str | bytes], extra: tarfile.TarInfo | None = None) -> bytes:
    """Give a tar.gz with one top directory; a member more, of any kind, may be put behind. The same bytes each time."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for path, text in files.items():
            content = text.encode() if isinstance(text, str) else text
            member = tarfile.TarInfo(f"{top}/{path}")
            member.size = len(content)
            member.mode = 0o755 if content.startswith(b"#!") else 0o644
            archive.addfile(member, io.BytesIO(content))
        if extra is not None:
            archive.addfile(extra)
    return gzip.compress(stream.getvalue(), mtime=0)


@dataclass
class Packager:
    """Makes source packages.

    :param directory: where they are, with all their files
    """

    directory: Path
    upstream: Mapping[str, str | bytes] = field(default_factory=lambda: dict(UPSTREAM))

    def build(
        self,
        name: str = "pear",
        version: str = "2:1.0-3",
        *,
        form: str = "3.0 (quilt)",
        patches: Mapping[str, str] | None = None,
        changed: Mapping[str, str] | None = None,
        components: Mapping[str, Mapping[str, str]] | None = None,
    ) -> Path:
        """Build one, and give its .dsc.

        :param patches: Debian's own, in their order
        :param changed: files of upstream's that Debian's diff changes (format 1.0)
        :param components: further tarballs of upstream's
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        without_epoch = version.rpartition(":")[2]
        upstream_version, _, revision = without_epoch.rpartition("-")
        top = f"{name}-{upstream_version or without_epoch}"
        work = self.directory / f".{top}-work" / top
        shutil.rmtree(work.parent, ignore_errors=True)
        files: dict[str, str | bytes] = {**self.upstream, **(changed or {})}
        if revision:
            stem = f"{name}_{upstream_version}.orig"
            (self.directory / f"{stem}.tar.gz").write_bytes(tarball(top, self.upstream))
            for part, content in (components or {}).items():
                (self.directory / f"{stem}-{part}.tar.gz").write_bytes(tarball(f"{top}-{part}", content))
                files |= {f"{part}/{path}": text for path, text in content.items()}
        files |= {
            "debian/source/format": f"{form}\n",
            "debian/control": CONTROL.format(name=name),
            "debian/rules": "#!/usr/bin/make -f\n%:\n\tdh $@\n",
            "debian/changelog": f"{name} ({version}) unstable; urgency=medium\n\n  * New.\n\n"
            " -- Ada Debian <ada@example.org>  Wed, 01 Jan 2025 00:00:00 +0000\n",
        }
        files |= {f"debian/patches/{patch}": text for patch, text in (patches or {}).items()}
        if patches:
            files["debian/patches/series"] = "".join(f"{patch}\n" for patch in patches)
        for path, text in files.items():
            (work / path).parent.mkdir(parents=True, exist_ok=True)
            (work / path).write_bytes(text.encode() if isinstance(text, str) else text)
            (work / path).chmod(0o755 if path == "debian/rules" else 0o644)
        for orig in self.directory.glob("*.orig*"):
            target = work.parent / orig.name
            target.unlink(missing_ok=True)
            target.symlink_to(orig)
        subprocess.run(["dpkg-source", "--build", top], cwd=work.parent, check=True, capture_output=True)
        for made in work.parent.glob(f"{name}_*"):
            if not made.is_symlink():
                made.rename(self.directory / made.name)
        return self.directory / f"{name}_{without_epoch}.dsc"


def replace(dsc: Path, name: str, content: bytes) -> None:
    """Put another file into a source package, and its hashes and size into the .dsc."""
    old = (dsc.parent / name).read_bytes()
    (dsc.parent / name).write_bytes(content)
    text = dsc.read_text()
    for algorithm in ("md5", "sha1", "sha256"):
        before, after = (hashlib.new(algorithm, data).hexdigest() for data in (old, content))
        text = text.replace(f"{before} {len(old)} {name}", f"{after} {len(content)} {name}")
    dsc.write_text(text)


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


class Server:
    """A web server for a folder, which notes what it is asked and may lack some of it."""

    def __init__(self, directory: Path) -> None:
        self.asked: list[str] = []
        self.lacks = ""
        server = self

        class Handler(SimpleHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(unquote(self.path))
                if server.lacks and re.search(server.lacks, unquote(self.path)):
                    self.send_error(404)
                else:
                    super().do_GET()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(directory)))
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=[0.02], daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def publish(mirror: Path, suite: str) -> None:
    """Make the packages in a mirror's folder ``pool`` known as a suite, by a Sources index."""
    index = mirror / "dists" / suite / "main/source"
    index.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(["dpkg-scansources", "pool"], cwd=mirror, check=True, capture_output=True)
    (index / "Sources").write_bytes(made.stdout)
    hashed = hashlib.sha256(made.stdout).hexdigest()
    release = index.parents[1] / "Release"
    before = release.stat().st_mtime if release.exists() else 0
    release.write_text(
        f"Origin: Test\nSuite: {suite}\nCodename: {suite}\nComponents: main\nDate: Wed, 01 Jan 2025 00:00:00 UTC\n"
        f"SHA256:\n {hashed} {len(made.stdout)} main/source/Sources\n"
    )
    # apt asks a server for what is newer than what it has, by the second.
    os.utime(release, times=(max(time.time(), before + 1),) * 2)


def apt_configuration(directory: Path, sources: str) -> Path:
    """Give apt's configuration (for APT_CONFIG) of a machine with some sources, one-line form."""
    (directory / "etc").mkdir(parents=True)
    (directory / "etc/sources.list").write_text(sources)
    file = directory / "apt.conf"
    file.write_text(f'Dir::Etc "{directory / "etc"}";\n')
    return file


def serving(directory: Path) -> Iterator[Server]:
    """Give a server for a folder, until the test ends."""
    directory.mkdir(parents=True, exist_ok=True)
    server = Server(directory)
    yield server
    server.close()
