"""An apt repository, made with the real gpg and read by the real apt, as lists of its own."""

from __future__ import annotations

import hashlib
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stackwright.build.apt_repository import publishing
from stackwright.build.apt_repository.incoming import read_changes, read_incoming
from stackwright.build.apt_repository.pruning import Rule
from stackwright.build.apt_repository.repository import KEYRING, Repository
from stackwright.errors import CheckFailedError, EnvironmentLacksError, InputError
from stackwright.tools import gpg, gpgv
from tests.backported import Sid, SigningKey

if TYPE_CHECKING:
    pass

ARCHITECTURE = "amd64"
DAY = 86400


@pytest.fixture(scope="module")
def fruit(tmp_path_factory: pytest.TempPathFactory, key: SigningKey) -> dict[str, Path]:
    """The .changes of some builds."""
    root = tmp_path_factory.mktemp("fruit")
    sid = Sid(root / "sid", key)
    builds = [("pear", "1.0-1"), ("pear", "1.1-1"), ("pear", "1.2-1"), ("pear", "1.3-1"), ("libfig", "2:3-1")]
    return {f"{name} {version}": sid.build(sid.add(name, version), root / "built") for name, version in builds}


@dataclass
class Machine:
    """apt with lists of its own, whose only source is a channel of a repository."""

    root: Path

    def __post_init__(self) -> None:
        for part in ("lists/partial", "cache/archives/partial", "downloads"):
            (self.root / part).mkdir(parents=True)

    def apt(self, repository: Repository, channel: str, *words: str) -> subprocess.CompletedProcess[str]:
        (self.root / "sources.list").write_text(
            f"deb [signed-by={repository.public / KEYRING}] file:{repository.public} {channel} main\n"
            f"deb-src [signed-by={repository.public / KEYRING}] file:{repository.public} {channel} main\n"
        )
        settings = {
            "Dir::Etc::sourcelist": self.root / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::State::lists": self.root / "lists",
            "Dir::State::status": "/dev/null",
            "Dir::Cache": self.root / "cache",
            "APT::Sandbox::User": "root",
            "APT::Architecture": ARCHITECTURE,
        }
        options = [part for name, value in settings.items() for part in ("--option", f"{name}={value}")]
        argv = ["apt-get", *options, *words]
        return subprocess.run(argv, cwd=self.root / "downloads", check=False, capture_output=True, text=True)

    def update(self, repository: Repository, channel: str) -> str:
        """Give what apt complains of."""
        done = self.apt(repository, channel, "update")
        return "\n".join(re.findall(r"^[EW]: .*", done.stderr, re.MULTILINE))

    def download(self, repository: Repository, channel: str, package: str) -> list[str]:
        done = self.apt(repository, channel, "download", package)
        assert done.returncode == 0, done.stderr
        return sorted(file.name for file in (self.root / "downloads").glob("*.deb"))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "machine")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "state", "bookworm")


def add(repository: Repository, changes: Path, at: int = 0, channel: str = "candidate") -> None:
    repository.add(channel, read_changes(changes, at))


def publish(repository: Repository, key: SigningKey, now: int = 1_700_000_000) -> dict[str, bool]:
    with gpg.signing_key(str(key.secret)) as signing:
        return repository.publish(signing, origin="orchard", architecture=ARCHITECTURE, now=now)


def visible(repository: Repository, channel: str = "candidate") -> dict[str, str]:
    """See that all that InRelease leads to is there as it says, and give the hashes of the indexes."""
    place = repository.public / "dists" / channel
    verdict = gpgv.verify(place / "InRelease", repository.public / KEYRING)
    assert verdict.signer is not None, verdict.why
    found = {}
    for sha256, size, path in re.findall(r"^ ([0-9a-f]{64}) (\d+) (\S+)$", verdict.text.decode(), re.MULTILINE):
        content = (place / path).parent.joinpath("by-hash/SHA256", sha256).read_bytes()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (sha256, int(size))
        found[path] = sha256
        for name, hashed in re.findall(r"^Filename: (\S+)\n(?:.*\n)?SHA256: (\S+)$", content.decode("latin-1"), re.M):
            assert hashlib.sha256((repository.public / name).read_bytes()).hexdigest() == hashed
    return found


def test_apt_installs_the_newest_of_what_was_published(
    repository: Repository, key: SigningKey, fruit: dict[str, Path], machine: Machine
) -> None:
    for changes in fruit.values():
        add(repository, changes)
    assert publish(repository, key) == {"candidate": True}
    visible(repository)
    assert machine.update(repository, "candidate") == ""
    assert machine.download(repository, "candidate", "pear") == ["pear_1.3-1_all.deb"]
    assert "libfig_2%3a3-1_all.deb" in machine.download(repository, "candidate", "libfig")
    assert "pear_1.1-1_all.deb" in machine.download(repository, "candidate", "pear=1.1-1")


def test_apt_takes_the_source_packages_from_it_too(
    repository: Repository, key: SigningKey, fruit: dict[str, Path], machine: Machine
) -> None:
    add(repository, fruit["libfig 2:3-1"])
    publish(repository, key)
    assert machine.update(repository, "candidate") == ""
    done = machine.apt(repository, "candidate", "source", "--download-only", "libfig")
    assert done.returncode == 0, done.stderr
    assert {file.suffix for file in (machine.root / "downloads").iterdir()} == {".dsc", ".gz", ".xz"}


def test_the_source_package_of_a_build_of_binary_packages_alone_is_added_with_it(
    key: SigningKey, tmp_path: Path
) -> None:
    """dpkg-buildpackage -b leaves it out of the .changes."""
    sid = Sid(tmp_path / "sid", key)
    dsc = sid.add("plum", "1-1")
    changes = sid.build(dsc, tmp_path / "built")
    changes.write_text("".join(line for line in changes.read_text().splitlines(True) if ".dsc" not in line))
    (alone,) = read_incoming([changes], 0)
    assert [package.architecture for package in alone.build.packages] == ["all"]
    (whole,) = read_incoming([dsc, changes], 0)
    assert [package.architecture for package in whole.build.packages] == ["all", "source"]
    with pytest.raises(InputError, match="the source package pear 1-1 comes without its binary packages"):
        read_incoming([changes, sid.add("pear", "1-1")], 0)


def test_a_channel_has_what_was_promoted_and_no_more(
    repository: Repository, key: SigningKey, fruit: dict[str, Path], machine: Machine
) -> None:
    add(repository, fruit["pear 1.0-1"])
    add(repository, fruit["libfig 2:3-1"])
    assert [build.id for build in repository.promote("candidate", "stable", ["pear"])] == ["pear 1.0-1"]
    add(repository, fruit["pear 1.1-1"])
    publish(repository, key)
    assert machine.update(repository, "stable") == ""
    assert machine.download(repository, "stable", "pear") == ["pear_1.0-1_all.deb"]
    assert machine.apt(repository, "stable", "download", "libfig").returncode != 0
    assert [build.id for build in repository.promote("candidate", "stable", [])] == ["libfig 2:3-1", "pear 1.1-1"]
    assert repository.promote("candidate", "stable", []) == ()


def test_what_was_altered_is_refused_by_apt(
    repository: Repository, key: SigningKey, fruit: dict[str, Path], machine: Machine, tmp_path: Path
) -> None:
    add(repository, fruit["pear 1.0-1"])
    publish(repository, key)
    place = repository.public / "dists/candidate"
    signed = (place / "InRelease").read_bytes()
    (place / "InRelease").write_bytes(signed.replace(b"Origin: orchard", b"Origin: desert!"))
    assert "The following signatures were invalid" in machine.update(repository, "candidate")
    (place / "InRelease").write_bytes(signed)
    for file in place.rglob("*Packages*"):
        file.write_bytes(file.read_bytes() + b"\n")
    for file in place.glob("main/binary-amd64/by-hash/SHA256/*"):
        file.write_bytes(file.read_bytes() + b"\n")
    second = Machine(tmp_path / "second")
    assert "Hash Sum mismatch" in second.update(repository, "candidate")


def test_a_package_that_was_altered_is_refused_by_apt(
    repository: Repository, key: SigningKey, fruit: dict[str, Path], machine: Machine
) -> None:
    add(repository, fruit["pear 1.0-1"])
    publish(repository, key)
    assert machine.update(repository, "candidate") == ""
    (deb,) = repository.public.glob("pool/**/pear_1.0-1_all.deb")
    content = bytearray(deb.read_bytes())
    content[-1] ^= 1
    deb.write_bytes(content)
    done = machine.apt(repository, "candidate", "download", "pear")
    assert done.returncode != 0
    assert "Hash Sum mismatch" in done.stderr


def test_another_key_is_refused_by_apt(
    repository: Repository, key: SigningKey, fruit: dict[str, Path], machine: Machine, tmp_path: Path
) -> None:
    add(repository, fruit["pear 1.0-1"])
    publish(repository, key)
    other = SigningKey(tmp_path / "other", "Eve <eve@example.org>")
    try:
        (repository.public / KEYRING).write_bytes(other.public.read_bytes())
    finally:
        other.close()
    assert "NO_PUBKEY" in machine.update(repository, "candidate")


def test_what_has_not_changed_is_not_signed_again(
    repository: Repository, key: SigningKey, fruit: dict[str, Path]
) -> None:
    add(repository, fruit["pear 1.0-1"])
    publish(repository, key, now=1_700_000_000)
    before = (repository.public / "dists/candidate/InRelease").read_bytes()
    assert publish(repository, key, now=1_700_000_999) == {"candidate": False}
    assert (repository.public / "dists/candidate/InRelease").read_bytes() == before


def test_whoever_has_read_the_former_release_still_finds_what_it_names(
    repository: Repository, key: SigningKey, fruit: dict[str, Path]
) -> None:
    add(repository, fruit["pear 1.0-1"])
    publish(repository, key)
    before = visible(repository)
    add(repository, fruit["pear 1.1-1"])
    repository.remove("candidate", "pear", "1.0-1")
    publish(repository, key)
    assert visible(repository) != before
    place = repository.public / "dists/candidate"
    for path, sha256 in before.items():
        assert (place / path).parent.joinpath("by-hash/SHA256", sha256).exists()
    assert list(repository.public.glob("pool/**/pear_1.0-1_all.deb"))


def test_old_versions_go_by_the_rule_and_their_files_when_no_publication_names_them(
    repository: Repository, key: SigningKey, fruit: dict[str, Path]
) -> None:
    add(repository, fruit["pear 1.0-1"], at=0)
    add(repository, fruit["pear 1.1-1"], at=10 * DAY)
    publish(repository, key)
    assert repository.prune(Rule(1, 30), 30 * DAY) == {"candidate": ()}
    (gone,) = repository.prune(Rule(1, 30), 40 * DAY)["candidate"]
    assert gone.id == "pear 1.0-1"
    for name in ("pear 1.2-1", "pear 1.3-1", "libfig 2:3-1"):
        assert list(repository.public.glob("pool/**/pear_1.0-1_all.deb"))
        add(repository, fruit[name], at=40 * DAY)
        publish(repository, key)
    assert not list(repository.public.glob("pool/**/pear_1.0*"))
    assert list(repository.public.glob("pool/**/pear_1.1-1_all.deb"))
    visible(repository)
    by_hash = list((repository.public / "dists/candidate/main/binary-amd64/by-hash/SHA256").iterdir())
    assert len(by_hash) == 2 * publishing.KEPT


def test_cut_off_anywhere_what_is_visible_is_whole(
    repository: Repository, key: SigningKey, fruit: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    add(repository, fruit["pear 1.0-1"])
    publish(repository, key)
    before = visible(repository)
    add(repository, fruit["pear 1.1-1"])
    whole = publishing.put_bytes
    states = []
    for writes in range(20):
        left = writes

        def put(file: Path, content: bytes) -> None:
            nonlocal left
            if left == 0:
                raise KeyboardInterrupt
            left -= 1
            whole(file, content)

        monkeypatch.setattr(publishing, "put_bytes", put)
        try:
            publish(repository, key)
        except KeyboardInterrupt:
            states.append(visible(repository))
        else:
            break
    assert len(states) > 6
    assert all(state == before for state in states)
    assert visible(repository) != before


def test_a_version_is_built_once(
    repository: Repository, key: SigningKey, fruit: dict[str, Path], tmp_path: Path
) -> None:
    add(repository, fruit["pear 1.0-1"])
    add(repository, fruit["pear 1.0-1"], channel="stable")
    sid = Sid(tmp_path / "sid", key)
    other = sid.build(sid.add("pear", "1.0-1", modules={"pear.py": "other\n"}), tmp_path / "built")
    with pytest.raises(CheckFailedError) as raised:
        add(repository, other)
    assert "the repository has pear 1.0-1 already, and its files are others" in str(raised.value)
    assert "pear_1.0-1_all.deb" in str(raised.value)
    assert repository.record.channels["stable"].builds == ("pear 1.0-1",)


def test_what_a_changes_file_names_has_to_be_what_it_names(
    repository: Repository, key: SigningKey, tmp_path: Path
) -> None:
    sid = Sid(tmp_path / "sid", key)
    changes = sid.build(sid.add("plum", "1-1"), tmp_path / "built")
    deb = changes.with_name("plum_1-1_all.deb")
    content = deb.read_bytes()
    deb.write_bytes(content[:-1])
    with pytest.raises(CheckFailedError, match=r"plum_1-1_all.deb is not the file that is named"):
        add(repository, changes)
    deb.unlink()
    with pytest.raises(InputError, match=r"the file plum_1-1_all.deb is missing"):
        add(repository, changes)
    deb.write_bytes(b"text\n")
    text = changes.read_text().replace(hashlib.sha256(content).hexdigest(), hashlib.sha256(b"text\n").hexdigest())
    changes.write_text(text)
    with pytest.raises(InputError, match="no Debian package"):
        add(repository, changes)
    assert repository.record.channels == {}


def test_a_channel_or_a_version_that_is_not_there(repository: Repository, fruit: dict[str, Path]) -> None:
    add(repository, fruit["pear 1.0-1"])
    with pytest.raises(InputError) as raised:
        repository.promote("candidat", "stable", [])
    assert "did you mean 'candidate'?" in str(raised.value)
    with pytest.raises(InputError) as raised:
        repository.remove("candidate", "pear", "1.0-2")
    assert "did you mean '1.0-1'?" in str(raised.value)
    with pytest.raises(InputError):
        repository.promote("candidate", "../stable", [])


def test_a_key_that_others_may_read_signs_nothing(key: SigningKey, tmp_path: Path) -> None:
    copy = tmp_path / "key.asc"
    copy.write_bytes(key.secret.read_bytes())
    copy.chmod(0o640)
    with pytest.raises(InputError, match="others may read the key that signs"), gpg.signing_key(str(copy)):
        pass


def test_what_is_no_secret_key_signs_nothing(key: SigningKey, tmp_path: Path) -> None:
    copy = tmp_path / "key.gpg"
    copy.write_bytes(key.public.read_bytes())
    copy.chmod(0o600)
    for named in (str(copy), "0123456789ABCDEF0123456789ABCDEF01234567"):
        with pytest.raises(InputError, match="is not a secret key that gpg can sign with"), gpg.signing_key(named):
            pass


def test_a_key_with_a_passphrase_that_no_agent_knows_signs_nothing(
    repository: Repository, fruit: dict[str, Path], tmp_path: Path
) -> None:
    add(repository, fruit["pear 1.0-1"])
    locked = SigningKey(tmp_path / "locked", "Ada <ada@example.org>", "correct horse")
    try:
        with pytest.raises(EnvironmentLacksError, match="the key cannot sign"):
            publish(repository, locked)
    finally:
        locked.close()
    assert not (repository.public / "dists/candidate/InRelease").exists()


def test_no_folder_with_the_key_and_no_agent_is_left(
    repository: Repository, key: SigningKey, fruit: dict[str, Path]
) -> None:
    def left() -> set[str]:
        return {file.name for file in Path("/dev/shm").glob("gpg-*")}

    before = left()
    add(repository, fruit["pear 1.0-1"])
    with gpg.signing_key(str(key.secret)) as signing:
        assert signing.home is not None
        (name,) = left() - before
        assert signing.home.name == name
        signing.detached(b"text")
    assert left() == before
    agents = subprocess.run(["pgrep", "--full", name], check=False, capture_output=True, text=True).stdout
    assert agents == ""
