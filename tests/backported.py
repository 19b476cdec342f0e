"""A suite of small source packages made for a test, which plays sid: signed with a key that the test has made."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import subprocess
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.build.apt_repository.repository import KEYRING
from stackwright.build.cache import ArtifactCache
from stackwright.build.debian.chroot import Base, entered
from stackwright.sources.download import download
from stackwright.tools import chroot, uv
from stackwright.tools.python import interpreter
from tests.debian import Server, tarball

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Built by dpkg's own programs alone, so that a build takes seconds. What is needed has to be there in its version, as
# the packages say themselves; and the tests of a package are a file of its own that has to run.
RULES = """\
#!/usr/bin/make -f
P := $(shell sed -n 's/^Package: //p' debian/control)
clean:
	rm -rf debian/made debian/files debian/*.substvars
build build-arch build-indep:
	for one in $$(cat needs); do test -e /usr/share/fruit/$$one || { echo "no $$one here"; exit 1; }; done
	case " $(DEB_BUILD_OPTIONS) " in *" nocheck "*) ;; *) sh ./check ;; esac
binary binary-arch binary-indep: build
	mkdir -p debian/made/DEBIAN debian/made/usr/share/fruit debian/made/usr/lib/python3/dist-packages
	cp -r modules/. debian/made/usr/lib/python3/dist-packages
	rm debian/made/usr/lib/python3/dist-packages/.keep
	echo $$(dpkg-parsechangelog -S Version) > debian/made/usr/share/fruit/$(P)
	dpkg-gencontrol -p$(P) -Pdebian/made
	dpkg-deb --root-owner-group --build debian/made ..
"""
CONTROL = """\
Source: {source}
Section: misc
Priority: optional
Maintainer: Sid Debian <sid@example.org>
Build-Depends: {build_depends}
Standards-Version: 4.6.2
Rules-Requires-Root: no

Package: {binary}
Architecture: all
Depends: {depends}
{more}Description: a fruit
 It grows.
"""

PYTHON_CONTROL = """\
Source: python-{name}
Section: python
Priority: optional
Maintainer: Sid Debian <sid@example.org>
Build-Depends: debhelper-compat (= 13), dh-python, python3-all, python3-setuptools, {build_depends}
Standards-Version: 4.6.2
Rules-Requires-Root: no

Package: python3-{name}
Architecture: all
Depends: ${{misc:Depends}}, {depends}
Description: {name}, as upstream has it
 Of the sdist, with nothing changed.
"""
PYTHON_RULES = """\
#!/usr/bin/make -f
export PBR_VERSION = {upstream}
%:
	dh $@ --with python3 --buildsystem=pybuild
override_dh_auto_test:
ifeq (,$(findstring nocheck,$(DEB_BUILD_OPTIONS)))
	{check}
endif
"""


@dataclass(frozen=True)
class Upstream:
    """A project of upstream's, packaged here.

    :param version: Debian's, without its revision
    :param needs: what of the other projects has to be there, newer than the release has it
    :param others: what it needs of the release, to be imported
    :param module: what its tests import
    """

    name: str
    version: str
    module: str
    needs: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def upstreams(self) -> str:
        """The version that upstream gave it."""
        return self.version.rpartition(":")[2]


# Debian's own versions in trixie; bookworm has older ones of all of them.
UPSTREAMS = (
    Upstream("pbr", "6.1.1", "pbr.version"),
    Upstream("debtcollector", "3.0.0", "debtcollector.removals", ("pbr",), ("wrapt",)),
    Upstream("stevedore", "5.4.1", "stevedore.driver", ("pbr",)),
    Upstream("oslo.i18n", "6.5.1", "oslo_i18n", ("pbr",)),
    Upstream("oslo.context", "5.7.1", "oslo_context.context", ("pbr", "debtcollector"), ("typing-extensions",)),
    Upstream(
        "oslo.utils",
        "8.2.0",
        "oslo_utils.timeutils",
        ("pbr", "oslo.i18n", "debtcollector"),
        ("iso8601", "netaddr", "packaging", "psutil", "pyparsing", "yaml", "tz"),
    ),
    Upstream(
        "oslo.config",
        "1:9.7.1",
        "oslo_config.cfg",
        ("pbr", "debtcollector", "oslo.i18n", "stevedore"),
        ("netaddr", "requests", "rfc3986", "yaml"),
    ),
    Upstream("oslo.serialization", "5.7.0", "oslo_serialization.jsonutils", ("pbr", "oslo.utils"), ("msgpack", "tz")),
    Upstream(
        "oslo.log",
        "7.1.0",
        "oslo_log.log",
        ("pbr", "oslo.config", "oslo.context", "oslo.i18n", "oslo.utils", "oslo.serialization", "debtcollector"),
        ("dateutil",),
    ),
)


def sdists(projects: Sequence[Upstream], cache: Path) -> dict[str, Path]:
    """Give the sdists of projects by name, downloaded once."""
    requirements = [f"{one.name}=={one.upstreams}" for one in projects]
    lock = tomllib.loads(uv.locate(requirements, python=interpreter("3.11"), exclude_newer=None))
    found = {package["name"].replace("-", "."): package["sdist"] for package in lock["packages"]}
    return {
        name: download(sdist["url"], sdist["hashes"]["sha256"], cache / "downloads", lambda _: None)
        for name, sdist in found.items()
    }


@dataclass
class SigningKey:
    """An OpenPGP key.

    :param home: GnuPG's folder that it is made in
    """

    home: Path
    name: str = "Sid <sid@example.org>"
    passphrase: str = ""
    secret: Path = field(init=False)
    public: Path = field(init=False)

    def __post_init__(self) -> None:
        self.home.mkdir(mode=0o700, parents=True)
        self._gpg("--quick-generate-key", self.name, "ed25519", "sign", "0")
        self.secret, self.public = self.home / "secret.asc", self.home / "public.gpg"
        self.secret.write_bytes(self._gpg("--armor", "--export-secret-keys"))
        self.secret.chmod(0o600)
        self.public.write_bytes(self._gpg("--export"))

    def clear_signed(self, text: bytes) -> bytes:
        return self._gpg("--clearsign", "--output", "-", stdin=text)

    @property
    def fingerprint(self) -> str:
        listed = self._gpg("--with-colons", "--list-keys").decode()
        return next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:"))

    def _gpg(self, *words: str, stdin: bytes = b"") -> bytes:
        asked = ["--pinentry-mode", "loopback", "--passphrase", self.passphrase]
        argv = ["gpg", "--batch", "--quiet", "--homedir", str(self.home), *asked, *words]
        return subprocess.run(argv, input=stdin, check=True, capture_output=True).stdout

    def close(self) -> None:
        """End the agent that gpg has started."""
        subprocess.run(["gpgconf", "--homedir", str(self.home), "--kill", "all"], check=False)


@dataclass
class Sid:
    """A suite, and the pool of its source packages.

    :param directory: what apt has as the archive
    """

    directory: Path
    key: SigningKey
    suite: str = "sid"

    @property
    def pool(self) -> Path:
        return self.directory / "pool"

    def add(
        self,
        source: str,
        version: str,
        *,
        build_depends: Sequence[str] = (),
        needs: Sequence[str] = (),
        binary: str = "",
        depends: str = "",
        more: str = "",
        modules: Mapping[str, str] | None = None,
        check: str = "exit 0\n",
    ) -> Path:
        """Add a source package, and give its .dsc.

        :param build_depends: as its control file says
        :param needs: binary packages of these that have to be there in the build
        :param more: further fields of its binary package, each with its line break
        :param modules: Python files of the binary package
        :param check: the script that its tests are
        """
        ours: dict[str, str] = {"needs": "".join(f"{one}\n" for one in needs), "check": check, "modules/.keep": ""}
        ours |= {f"modules/{path}": text for path, text in (modules or {}).items()}
        control = CONTROL.format(
            source=source,
            binary=binary or source,
            build_depends=", ".join(build_depends) or "dpkg-dev",
            depends=depends or "base-files",
            more=more,
        )
        upstream = version.rpartition(":")[2].rpartition("-")[0]
        return self._pack(source, version, tarball(f"{source}-{upstream}", ours), control, RULES)

    def add_upstream(self, project: Upstream, sdist: Path) -> Path:
        """Add a project of upstream's, and give its .dsc."""
        known = {one.name: one.version for one in UPSTREAMS}
        needs = [f"python3-{one} (>= {known[one]})" for one in project.needs]
        others = [f"python3-{one}" for one in project.others]
        control = PYTHON_CONTROL.format(
            name=project.name,
            build_depends=", ".join([*needs, *others]),
            depends=", ".join(["python3", *needs, *others]),
        )
        rules = PYTHON_RULES.format(upstream=project.upstreams, check=f"python3 -c 'import {project.module}'")
        return self._pack(f"python-{project.name}", f"{project.version}-1", sdist.read_bytes(), control, rules)

    def _pack(self, source: str, version: str, orig: bytes, control: str, rules: str) -> Path:
        """Make a source package of a tarball of upstream's and the files of Debian's."""
        self.pool.mkdir(parents=True, exist_ok=True)
        without_epoch = version.rpartition(":")[2]
        upstream = without_epoch.rpartition("-")[0]
        work = self.pool / ".work"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        archive = work / f"{source}_{upstream}.orig.tar.gz"
        archive.write_bytes(orig)
        subprocess.run(["tar", "-xf", archive.name], cwd=work, check=True)
        (tree,) = (one for one in work.iterdir() if one.is_dir())
        packaging = {
            "debian/source/format": "3.0 (quilt)\n",
            "debian/control": control,
            "debian/rules": rules,
            "debian/changelog": f"{source} ({version}) unstable; urgency=medium\n\n  * New.\n\n"
            " -- Sid Debian <sid@example.org>  Wed, 01 Jan 2025 00:00:00 +0000\n",
        }
        for path, text in packaging.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(text)
        (tree / "debian/rules").chmod(0o755)
        subprocess.run(["dpkg-source", "--build", tree.name], cwd=work, check=True, capture_output=True)
        for made in work.glob(f"{source}_*"):
            made.replace(self.pool / made.name)
        shutil.rmtree(work)
        return self.pool / f"{source}_{without_epoch}.dsc"

    def build(self, dsc: Path, directory: Path) -> Path:
        """Build a source package on this machine, and give its .changes."""
        directory.mkdir(parents=True, exist_ok=True)
        for file in dsc.parent.glob(f"{dsc.name.partition('_')[0]}_*"):
            shutil.copyfile(file, directory / file.name)
        tree = directory / dsc.stem
        shutil.rmtree(tree, ignore_errors=True)
        quiet = {"check": True, "capture_output": True}
        subprocess.run(["dpkg-source", "--no-check", "-x", dsc.name, tree.name], cwd=directory, **quiet)  # type: ignore[call-overload]
        subprocess.run(["dpkg-buildpackage", "--no-sign", "-d"], cwd=tree, **quiet)  # type: ignore[call-overload]
        (changes,) = directory.glob(f"{dsc.stem}_*.changes")
        return changes

    def remove(self, source: str) -> None:
        for file in self.pool.glob(f"{source}_*"):
            file.unlink()

    def publish(self) -> None:
        """Make what is in the pool known, signed."""
        index = self.directory / "dists" / self.suite / "main/source/Sources.gz"
        index.parent.mkdir(parents=True, exist_ok=True)
        made = subprocess.run(["dpkg-scansources", "pool"], cwd=self.directory, check=True, capture_output=True)
        content = gzip.compress(made.stdout, mtime=0)
        index.write_bytes(content)
        lines = [
            f" {hashlib.sha256(data).hexdigest()} {len(data)} main/source/{name}"
            for name, data in (("Sources", made.stdout), ("Sources.gz", content))
        ]
        text = (
            f"Origin: Test\nSuite: {self.suite}\nCodename: {self.suite}\nComponents: main\n"
            f"Date: Wed, 01 Jan 2025 00:00:00 UTC\nSHA256:\n" + "\n".join(lines) + "\n"
        )
        (self.directory / "dists" / self.suite / "InRelease").write_bytes(self.key.clear_signed(text.encode()))


def in_clean_system(
    public: Path, channel: str, script: str, log: Path, cache: Path, *, more: bool = False
) -> tuple[int, str]:
    """Run a script in a clean bookworm that gets packages from a channel over HTTP; gives its status, and what it said.

    :param public: what a repository publishes
    :param more: let it get packages from Debian, too
    """
    server = Server(public)
    try:
        root = Base("bookworm").make(ArtifactCache(cache), log)
        with entered(ArtifactCache(cache), root) as system:
            etc = system.upper / "etc/apt"
            (etc / "keyrings").mkdir(parents=True)
            shutil.copy(public / KEYRING, etc / "keyrings/ours.gpg")
            (etc / "sources.list.d").mkdir()
            if not more:
                for file in (root / "etc/apt").glob("**/*.sources"):
                    (system.upper / file.relative_to(root)).write_text("")
            (etc / "sources.list").write_text(
                f"deb [signed-by=/etc/apt/keyrings/ours.gpg] {server.url} {channel} main\n"
            )
            start = log.stat().st_size if log.exists() else 0
            done = chroot.run(system, ["sh", "-ec", script], network=True, log=log, check=False)
            return done.status, log.read_bytes()[start:].decode(errors="replace")
    finally:
        server.close()
