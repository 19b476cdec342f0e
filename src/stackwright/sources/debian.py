"""A Debian source package becomes a tree: upstream's files, `debian/`, and Debian's own patches applied."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urljoin, urlsplit

from packaging.version import InvalidVersion, Version

from stackwright.errors import CheckFailedError, EnvironmentLacksError, InputError, StackwrightError, Where
from stackwright.sources.apt_index import elsewhere, find_files
from stackwright.sources.download import NotDownloadedError, cached, download, download_unknown, intact, shown
from stackwright.sources.dsc import parse_dsc, signed_text
from stackwright.sources.model import SourceTree
from stackwright.store import TreeId
from stackwright.tools import dpkg, gpgv
from stackwright.tools.process import TAIL_LINES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from stackwright.distribution import Component, DebianSource
    from stackwright.sources.dsc import Dsc
    from stackwright.store import Memo, Store
    from stackwright.tools.apt_sources import Indexed

UNSIGNED = "signature not verified"
QUILT = ".pc"  # what quilt notes of the patches it has applied


def debian_tree(
    component: Component,
    source: DebianSource,
    where: Callable[..., Where],
    *,
    store: Store,
    memo: Memo,
    cache: Path,
    progress: Callable[[str], None],
) -> SourceTree:
    """Let the store have the tree of a source package. What is there already needs no network.

    :param where: gives the place of a key of the source in the release's file
    :param cache: the cache directory; downloads and apt's indexes are kept in it
    :raises InputError: the source is wrong, or the source package is
    :raises CheckFailedError: a hash or the signature is not what it has to be
    :raises EnvironmentLacksError: a file cannot be had, dpkg-source is not installed, no space
    """
    try:
        version = upstream_version(source.version)
    except InvalidVersion as error:
        raise InputError(
            f"upstream's version in {source.version!r} cannot be that of a wheel (PEP 440)",
            where=where("version"),
            fix="take the component from its `git` or `pypi` source",
        ) from error
    package = DebianPackage(source, where, store, memo, cache, progress)
    tree, signed = package.tree()
    origin = f"{source.debian} {source.version} (dsc sha256 {package.sha256}, {signed})"
    return SourceTree(component, tree, version, origin, package.sha256)


def upstream_version(version: str) -> str:
    """Give upstream's version in a Debian version, as Python writes it: ``2:31.0.0~rc1-6`` is ``31.0.0rc1``.

    Epoch and Debian's revision go (deb-version(7)), and what Debian adds to say that it has repacked the tarball or
    has gone back to an older version.

    :raises InvalidVersion: Python cannot write it (PEP 440)
    """
    upstream = re.sub(r"^[0-9]+:", "", version)
    upstream = upstream.rpartition("-")[0] or upstream
    upstream = re.sub(r"^.*\+really", "", upstream)
    upstream = re.sub(r"[.+~](dfsg|ds|repack)[.0-9]*$", "", upstream)
    upstream = re.sub(r"~git([0-9]+).*$", r".dev\1", upstream)
    return str(Version(upstream.replace("~", "")))


class DebianPackage:
    """A source package on its way to a tree.

    The parameters are those of `debian_tree`.
    """

    def __init__(
        self,
        source: DebianSource,
        where: Callable[..., Where],
        store: Store,
        memo: Memo,
        cache: Path,
        progress: Callable[[str], None],
    ) -> None:
        self.source = source
        self.where = where
        self.store = store
        self.memo = memo
        self.downloads = cache / "downloads"
        self.indexes = cache / "apt"
        self.progress = progress
        self.name = f"{source.debian} {source.version}"
        # Where it is known to be a file of this machine.
        self.local = _local(source.dsc) if source.dsc else None

    def tree(self) -> tuple[TreeId, str]:
        """Give the tree, and what is known of the signature; the errors are those of `debian_tree`."""
        key = f"{self.name} {self.sha256}"
        known = self.memo.get("debian", key)
        tree = TreeId(known) if known and self.store.has(TreeId(known)) else None
        signed = self._remembered_signature()
        if tree is None or signed is None:
            file = self._dsc()
            text, signed = self._signature(file)
            if tree is None:
                tree = self._unpacked(text, file)
        self.memo.put("debian", key, tree)
        if self.local is None:
            self.memo.put("dsc", self._memo_key, self.sha256)
        return tree, signed

    # The .dsc --------------------------------------------------------------------------------------------------

    @cached_property
    def sha256(self) -> str:
        """The hash of the .dsc: as the release says, else as it was the first time, else as it is now."""
        if self.local is not None:
            found = self._hash_of(self.local)
            return self._same(found, self.source.sha256 or found)
        known = self.source.sha256 or self.memo.get("dsc", self._memo_key)
        if known is not None:
            return known
        if self.source.dsc is None:
            return self._indexed_dsc.sha256
        self.progress(f"downloading {shown(self.source.dsc)}")
        return download_unknown(self.source.dsc, self.downloads, self.progress)[0]

    @property
    def _memo_key(self) -> str:
        return f"{self.name} {self.source.dsc or self.source.suite or ''}"

    def fetch(self, folder: Path) -> Path:
        """Lay its files into a folder, verified as for its tree, and give the .dsc among them."""
        file = self._dsc()
        text, _ = self._signature(file)
        return self._laid(text, file, folder)[0]

    def read_again(self) -> TreeId:
        """Give the tree as its files make it now, whatever is remembered of it; the errors are those of `tree`."""
        file = self._dsc()
        text, _ = self._signature(file)
        return self._unpacked(text, file)

    def _dsc(self) -> Path:
        """Give the file with the hash that it has to have."""
        if self.local is not None:
            return self.local
        file = self._in_cache(self.sha256)
        if file is not None:
            return file
        url = self.source.dsc
        if url is None:
            indexed = self._indexed_dsc
            self._same(indexed.sha256, self.sha256)
            return self._fetched(indexed.name, self.sha256)
        self.progress(f"downloading {shown(url)}")
        return download(url, self.sha256, self.downloads, self.progress)

    def _hash_of(self, file: Path) -> str:
        try:
            return hashlib.sha256(file.read_bytes()).hexdigest()
        except OSError as error:
            raise InputError(
                f"the file {str(file)!r} cannot be read: {error.strerror}",
                where=self.where("dsc"),
                fix="correct `dsc:`",
            ) from error

    def _same(self, found: str, expected: str) -> str:
        if found != expected:
            raise CheckFailedError(
                f"the .dsc of {self.name} is not the one that it has to be",
                where=self.where("sha256"),
                details=f"    expected SHA-256 {expected}\n    found    SHA-256 {found}",
                why="the hash was written down wrongly, or the source package was replaced",
                fix=f"find out which it is before you write `sha256: {found}`",
            )
        return found

    # Its signature ---------------------------------------------------------------------------------------------

    def _remembered_signature(self) -> str | None:
        """Give what a check of the signature said before; None if there was none with this keyring."""
        return self.memo.get("signature", f"{self.sha256} {self._keyring[1]}") if self._keyring else UNSIGNED

    def _signature(self, file: Path) -> tuple[bytes, str]:
        """Give the signed text of the .dsc, and what is known of the signature."""
        if self._keyring is None:
            return signed_text(file.read_bytes(), file), UNSIGNED
        keyring, keyring_sha256 = self._keyring
        verdict = gpgv.verify(file, keyring)
        if verdict.signer is None:
            raise CheckFailedError(
                f"the signature of {file.name} does not count",
                where=self.where("keyring"),
                why=verdict.why,
                fix=f"see who signed it (`gpg --verify {file}`) before you add the key to the keyring",
            )
        signed = f"signed by {verdict.signer}"
        self.memo.put("signature", f"{self.sha256} {keyring_sha256}", signed)
        return verdict.text, signed

    @cached_property
    def _keyring(self) -> tuple[Path, str] | None:
        """The keyring and its hash."""
        file = self.source.keyring
        if file is None:
            return None
        try:
            content = file.read_bytes()
        except OSError as error:
            raise InputError(
                f"the keyring {str(file)!r} cannot be read: {error.strerror}",
                where=self.where("keyring"),
                fix="correct `keyring:`; that of Debian's developers is in the package debian-keyring",
            ) from error
        if content.startswith(b"-----BEGIN PGP"):
            raise InputError(
                "the keyring is in the form of text, which gpgv does not read",
                where=self.where("keyring"),
                fix=f"gpg --dearmor --output {file.with_suffix('.gpg')} {file}",
            )
        return file.absolute(), hashlib.sha256(content).hexdigest()

    # Its files -------------------------------------------------------------------------------------------------

    def _in_cache(self, sha256: str) -> Path | None:
        file = cached(self.downloads, sha256)
        if file is not None and not intact(file, sha256):
            self.progress(f"{file} was changed since its download: fetched again")
            file.unlink(missing_ok=True)
            file = None
        return file

    def _fetched(self, name: str, sha256: str) -> Path:
        """Give a file: from the cache, else from the first place that has it."""
        file = self._in_cache(sha256)
        if file is not None:
            return file
        tried: dict[str, str] = {}
        fix = "name the .dsc of a place that has it by `dsc:`, or another mirror in apt's sources"
        for url in self._places(name, sha256, tried):
            local = _local(url)
            if local is not None and not local.is_file():
                tried[str(local)] = "there is no such file"
                continue
            if local is None and urlsplit(url).scheme not in ("http", "https"):
                tried[shown(url)] = "only apt itself can fetch this"
                continue
            self.progress(f"downloading {name}")
            try:
                return download(local.as_uri() if local else url, sha256, self.downloads, self.progress)
            except NotDownloadedError as error:
                tried[shown(url)] = error.why
                if "netrc" in error.fix:
                    fix = error.fix
        its_dsc = "" if name.endswith(".dsc") else "its .dsc is there, but not this file of it"
        raise EnvironmentLacksError(
            f"the file {name} of {self.name} cannot be had",
            where=self.where("debian"),
            details="\n".join(f"    {place}: {reason}" for place, reason in tried.items()),
            why=its_dsc or "apt's index names it, but the mirror does not have it",
            fix=fix,
        )

    def _places(self, name: str, sha256: str, tried: dict[str, str]) -> Iterator[str]:
        """Give the URLs that a file may be at: beside the .dsc, and where apt would take it from."""
        beside = urljoin(self.source.dsc, quote(name)) if self.source.dsc else None
        if beside:
            yield beside
        try:
            indexed = self._indexed.get(name)
        except StackwrightError as error:
            tried["apt"] = error.what
            return
        if indexed is None or indexed.sha256 != sha256:
            tried["apt"] = f"its indexes have no {name} with this SHA-256"
        else:
            known = {beside}
            for url in chain([indexed.url], elsewhere(indexed, self.source, self.where, self.indexes, self.progress)):
                if url not in known:
                    yield url
                known.add(url)

    @cached_property
    def _indexed(self) -> Mapping[str, Indexed]:
        return find_files(self.source, self.where, self.indexes, self.progress)

    @property
    def _indexed_dsc(self) -> Indexed:
        found = next((file for file in self._indexed.values() if file.name.endswith(".dsc")), None)
        if found is None or not found.sha256:
            raise InputError(
                f"apt's indexes have no SHA-256 of the .dsc of {self.name}",
                where=self.where("debian"),
                why="they have only MD5 or SHA-1, which can be forged",
                fix="name the .dsc by `dsc:`, and its `sha256:`",
            )
        return found

    # The tree --------------------------------------------------------------------------------------------------

    def _laid(self, text: bytes, file: Path, folder: Path) -> tuple[Path, Dsc]:
        """Lay the signed text of a .dsc, and the files that it names, into a folder; gives the text's file and it."""
        dsc = parse_dsc(text, file)
        if (dsc.source, dsc.version) != (self.source.debian, self.source.version):
            raise InputError(
                f"the .dsc is of {dsc.source} {dsc.version}",
                where=self.where("version"),
                why=f"the release wants {self.name}",
                fix="correct the name and the version, or `dsc:`",
            )
        self._gather(dsc, folder)
        laid = folder / "package.dsc"
        laid.write_bytes(text)
        return laid, dsc

    def _unpacked(self, text: bytes, file: Path) -> TreeId:
        with tempfile.TemporaryDirectory(prefix="stackwright-") as scratch:
            folder = Path(scratch)
            laid, dsc = self._laid(text, file, folder)
            self.progress(f"unpacking {self.name}")
            unpacked = dpkg.extract_source(laid, folder / "tree")
            if unpacked.status != 0:
                raise self._not_unpacked((unpacked.stdout + unpacked.stderr).decode(errors="replace"))
            if dsc.format == "3.0 (quilt)":
                shutil.rmtree(folder / "tree" / QUILT, ignore_errors=True)
            try:
                return self.store.import_unpacked(folder / "tree")
            except InputError as error:
                error.where = Where(subject=self.name)
                raise

    def _gather(self, dsc: Dsc, folder: Path) -> None:
        """Lay the files of the source package into a folder."""
        for one in dsc.files:
            file = self._fetched(one.name, one.sha256)
            if file.stat().st_size != one.size:
                raise CheckFailedError(
                    f"the file {one.name} of {self.name} has another size than its .dsc says",
                    where=self.where("debian"),
                    details=f"    expected {one.size} bytes\n    found    {file.stat().st_size} bytes",
                    fix="the .dsc contradicts itself: take the source package from elsewhere",
                )
            (folder / one.name).symlink_to(file.absolute())

    def _not_unpacked(self, output: str) -> StackwrightError:
        if "No space left on device" in output:
            return EnvironmentLacksError(
                "the disk is full",
                where=Where(file=Path(tempfile.gettempdir())),
                fix="make room there, or let TMPDIR name a larger disk, and run the command again: nothing is lost",
            )
        lines = [line for line in output.splitlines() if not re.match(r"dpkg-source: (warning|info): ", line)]
        details = "\n".join(f"    {line}" for line in lines[-TAIL_LINES:])
        patch = re.findall(r"^dpkg-source: info: applying (\S+)$", output, re.MULTILINE)
        if patch:
            return InputError(
                f"Debian's own patch {patch[-1]} does not apply in {self.name}",
                where=self.where("debian"),
                details=details,
                why="the source package contradicts itself: dpkg-source cannot unpack it either",
                fix="take another version of it",
            )
        return InputError(
            f"the source package {self.name} cannot be unpacked",
            where=self.where("debian"),
            details=details,
            fix="take another version of it, or its upstream as a `git` or `pypi` source",
        )


def _local(url: str) -> Path | None:
    """Give the path behind a URL of a file of this machine (``file:`` as apt has it, too); None for others."""
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme in ("file", "copy") else None
