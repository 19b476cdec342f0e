"""A whole distribution: what loads, and every way in which it can be wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from stackwright.distribution import (
    Component,
    DebianSource,
    Distribution,
    GitSource,
    PatchRules,
    PathSource,
    PypiSource,
    find,
    load,
)
from stackwright.errors import InputError, ManyInputsError

RELEASE = """\
python: "3.11"
pins: {exclude-newer: 2026-10-15}
components:
  nova: {source: {pypi: nova, version: 34.0.0}}
"""
SITE = """\
release: "2026.2"
target: local
region: RegionOne
services: [core]
"""
SHA = "0123456789abcdef" * 4


class Repository:
    """A distribution on disk that begins sound, for a test to spoil."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("distribution.yaml", "name: minicloud\n")
        self.write("releases/2026.2.yaml", RELEASE)
        self.write("sites/local.yaml", SITE)

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def errors(self) -> list[str]:
        """Give the messages that loading leads to, without the folder in front."""
        with pytest.raises(InputError) as caught:
            load(self.root)
        errors = caught.value.errors if isinstance(caught.value, ManyInputsError) else [caught.value]
        return [str(error).replace(f"{self.root}/", "") for error in errors]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_a_distribution_with_everything(repository: Repository) -> None:
    repository.write(
        "distribution.yaml",
        "name: minicloud\ndescription: Ours\nmaintainer: 'A B <a@b>'\ndefault-site: second\n",
    )
    repository.write(
        "releases/2026.2.yaml",
        f"""\
name: 2026.2
python: 3.11
pins:
  constraints: constraints/2026.2.txt
components:
  nova: {{source: {{pypi: nova, version: 34.0.0, sha256: {SHA}}}}}
  placement: {{source: {{pypi: openstack-placement, version: 16.0}}}}
  heat: {{source: {{git: "https://git.example/heat", ref: stable/2026.2, version: 26.0.0}}}}
  mine:
    source: {{path: ../mine}}
    distribution-name: my-dist-name
  yours: {{source: {{path: /srv/yours}}}}
""",
    )
    repository.write("constraints/2026.2.txt", "")
    repository.write(
        "sites/second.yaml",
        f"{SITE}ports: {{keystone-public: 5000}}\n"
        "values: {nova: {conf: {nova.conf: {DEFAULT: {debug: true, workers: 010}}}}}\n",
    )
    repository.write("patches/nova/2026.2/series", "")
    repository.write("patches/README.md", "")
    repository.write("releases/.2026.2.yaml.swp", "an editor's")
    repository.write("releases/notes.txt", "not ours")

    distribution = load(repository.root)

    assert (distribution.name, distribution.description, distribution.maintainer) == ("minicloud", "Ours", "A B <a@b>")
    release = distribution.release("2026.2")
    assert (release.name, release.python) == ("2026.2", "3.11")
    assert release.pins.constraints == repository.root / "constraints/2026.2.txt"
    assert release.pins.exclude_newer is None
    assert release.components == {
        "nova": Component(
            name="nova",
            source=PypiSource(pypi="nova", version="34.0.0", sha256=SHA),
            distribution_name="nova",
        ),
        "placement": Component(
            name="placement",
            source=PypiSource(pypi="openstack-placement", version="16.0"),
            distribution_name="openstack-placement",
        ),
        "heat": Component(
            name="heat",
            source=GitSource(git="https://git.example/heat", ref="stable/2026.2", version="26.0.0"),
            distribution_name="heat",
        ),
        "mine": Component(
            name="mine",
            source=PathSource(path=repository.root.parent / "mine"),
            distribution_name="my-dist-name",
        ),
        "yours": Component(name="yours", source=PathSource(path=Path("/srv/yours")), distribution_name="yours"),
    }
    site = distribution.site()
    assert (site.name, site.release, site.target, site.region) == ("second", "2026.2", "local", "RegionOne")
    assert site.services == ("core",)
    assert site.ports == {"keystone-public": 5000}
    assert (site.values.model_extra or {})["nova"].conf.model_extra == {
        "nova.conf": {"DEFAULT": {"debug": "true", "workers": "010"}}
    }
    assert distribution.site("local").name == "local"
    assert distribution.series_directory("nova", "2026.2") == repository.root / "patches/nova/2026.2"


def test_the_paths_of_a_debian_source_start_at_the_distribution(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    source = "debian: nova, dsc: debian/nova 1.dsc, keyring: keys.gpg, version: 2:34.0.0-1, suite: trixie"
    repository.write("releases/2026.2.yaml", RELEASE.replace("pypi: nova, version: 34.0.0", source))
    nova = load(repository.root).release("2026.2").component("nova")
    assert nova.distribution_name == "nova"
    assert str(nova.source) == "debian nova 2:34.0.0-1"
    assert nova.source == DebianSource(
        debian="nova",
        version="2:34.0.0-1",
        dsc=f"file://{tmp_path}/debian/nova%201.dsc",
        keyring=tmp_path / "keys.gpg",
        suite="trixie",
    )


def test_the_least_distribution(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    (tmp_path / "sites/local.yaml").unlink()
    distribution = load(repository.root)
    assert distribution.release("2026.2").pins.exclude_newer == date(2026, 10, 15)
    assert distribution.sites == {}
    with pytest.raises(InputError) as caught:
        distribution.site()
    assert str(caught.value) == f"{tmp_path}/sites: there is no site 'local'\n  fix: there is none"


def test_the_only_site_is_the_default(repository: Repository) -> None:
    (repository.root / "sites/local.yaml").rename(repository.root / "sites/lab.yaml")
    assert load(repository.root).site().name == "lab"


def test_of_several_sites_local_is_the_default(repository: Repository) -> None:
    repository.write("sites/a.yaml", SITE)
    assert load(repository.root).default_site == "local"


def test_release_names_keep_their_zero(repository: Repository) -> None:
    repository.write("releases/2026.10.yaml", "name: 2026.10\n" + RELEASE)
    repository.write("sites/local.yaml", SITE.replace('"2026.2"', "2026.10"))
    assert load(repository.root).site().release == "2026.10"


def test_what_was_read_knows_its_places(repository: Repository) -> None:
    distribution = load(repository.root)
    site, release = distribution.site(), distribution.release("2026.2")
    assert str(site.where("services", 0)) == f"{repository.root}/sites/local.yaml:4:12"
    assert str(release.where("components", "nova", key=True)) == f"{repository.root}/releases/2026.2.yaml:4:3"
    assert str(distribution.where("name")) == f"{repository.root}/distribution.yaml:1:7"
    assert str(Distribution.model_validate(dict(distribution)).where("name")) == ""


def test_models_are_frozen(repository: Repository) -> None:
    distribution = load(repository.root)
    with pytest.raises(ValidationError, match="frozen"):
        distribution.name = "other"  # type: ignore[misc]


def test_names_are_looked_up_with_a_hint(repository: Repository) -> None:
    distribution = load(repository.root)
    with pytest.raises(InputError) as caught:
        distribution.release("2026.1")
    assert (
        str(caught.value) == f"{repository.root}/releases: there is no release '2026.1'\n  fix: did you mean '2026.2'?"
    )
    with pytest.raises(InputError) as caught:
        distribution.release("2026.2").component("nvoa")
    assert str(caught.value) == (
        f"{repository.root}/releases/2026.2.yaml:3:1: release 2026.2 has no component 'nvoa'\n"
        "  fix: did you mean 'nova'?"
    )
    with pytest.raises(InputError, match="there is no site 'locl'"):
        distribution.site("locl")
    with pytest.raises(InputError, match="there is no release 'x'"):
        distribution.series_directory("nova", "x")
    with pytest.raises(InputError, match=r"release 2026\.2 has no component '\.\./x'"):
        distribution.series_directory("../x", "2026.2")


NAME_RULE = "use letters, digits and . _ + -, beginning with a letter or digit, no two dots in a row"
NAME_FAULT = f"\n  why: it becomes part of paths and commands\n  fix: {NAME_RULE}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "distribution.yaml:1:1: the file is empty"),
        ("nmae: x\n", "distribution.yaml:1:1: the key 'nmae' is unknown\n  fix: did you mean 'name'?"),
        (
            "description: x\n",
            "distribution.yaml:1:1: the file: the key 'name' is missing\n"
            "  why: it says: the distribution's name\n"
            "  fix: add `name:`",
        ),
        (
            "name: x\ndefault_site: local\n",
            "distribution.yaml:2:1: the key 'default_site' is unknown\n  fix: did you mean 'default-site'?",
        ),
        (
            "name: x\ndefault-site: locl\n",
            "distribution.yaml:2:15: there is no site 'locl'\n  fix: did you mean 'local'?",
        ),
        ("name: ../x\n", f"distribution.yaml:1:7: '../x' cannot be a name{NAME_FAULT}"),
        ("name: -x\n", f"distribution.yaml:1:7: '-x' cannot be a name{NAME_FAULT}"),
        ("name: .x\n", f"distribution.yaml:1:7: '.x' cannot be a name{NAME_FAULT}"),
        ("name: a..b\n", f"distribution.yaml:1:7: 'a..b' cannot be a name{NAME_FAULT}"),
        ('name: "a\\0b"\n', f"distribution.yaml:1:7: 'a\\x00b' cannot be a name{NAME_FAULT}"),
        ('name: "a\\n"\n', f"distribution.yaml:1:7: 'a\\n' cannot be a name{NAME_FAULT}"),
        ('name: ""\n', f"distribution.yaml:1:7: '' cannot be a name{NAME_FAULT}"),
    ],
)
def test_faults_of_the_head(repository: Repository, text: str, message: str) -> None:
    repository.write("distribution.yaml", text)
    assert repository.errors() == [message]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"3.11"', "three", "1:9: 'three' is not a Python version\n  fix: write it like \"3.11\""),
        (
            'python: "3.11"\n',
            "",
            "1:1: the file: the key 'python' is missing\n"
            "  why: it says: version of Python that runs its services\n"
            "  fix: add `python:`",
        ),
        (
            "python:",
            "name: 2026.1\npython:",
            "1:7: the release is named '2026.1' here and '2026.2' by its file\n"
            "  fix: remove the line, or rename the file",
        ),
        (
            "exclude-newer: 2026-10-15",
            "",
            "2:1: no pins\n  fix: add `exclude-newer: 2026-10-15` or `constraints: FILE`",
        ),
        ("2026-10-15", "'20304000'", "2:23: '20304000' is not a date\n  fix: write it like 2026-10-15"),
        ("2026-10-15", "2026-02-30", "2:23: '2026-02-30' is not a date\n  fix: write it like 2026-10-15"),
        (
            "exclude-newer",
            "exclude_newer",
            "2:8: the key 'exclude_newer' is unknown\n  fix: did you mean 'exclude-newer'?",
        ),
        ("exclude-newer: 2026-10-15", 'constraints: ""', "2:21: '.' is not the path of something"),
        ("exclude-newer: 2026-10-15", 'constraints: "a\\0b"', "2:21: 'a\\x00b' is not the path of something"),
        (
            "exclude-newer: 2026-10-15",
            "constraints: no.txt",
            "2:21: the constraints file 'no.txt': No such file or directory",
        ),
        ("exclude-newer: 2026-10-15", "constraints: releases", "2:21: the constraints file 'releases' is not a file"),
        (
            "exclude-newer: 2026-10-15",
            "constraints: /etc/passwd",
            "2:21: the constraints file has an absolute path\n"
            "  why: a constraints file is part of the distribution, so that a clone has it\n"
            "  fix: copy it here",
        ),
        ("  nova:", "  no/va:", f"4:3: 'no/va' cannot be a name{NAME_FAULT}"),
        (
            " {source: {pypi: nova, version: 34.0.0}}",
            " nova",
            "4:9: the key 'nova': expected a map, found the text 'nova'",
        ),
        (
            "{pypi: nova, version: 34.0.0}",
            "nova",
            "4:18: the key 'source': expected a map, found the text 'nova'",
        ),
        (
            "source: {pypi: nova, version: 34.0.0}",
            "",
            "4:3: the key 'nova': the key 'source' is missing\n"
            "  why: it says: where its upstream tree comes from: pypi, git, debian or path\n"
            "  fix: add `source:`",
        ),
        (
            "{pypi: nova, version: 34.0.0}",
            "{}",
            "4:10: the source has no kind\n  fix: add one of the keys pypi, git, debian, path",
        ),
        ("pypi: nova", "pypy: nova", "4:19: the key 'pypy' is unknown\n  fix: did you mean 'pypi'?"),
        (
            "pypi: nova",
            "git: https://git.example/nova, pypi: nova",
            "4:50: a source cannot be both 'git' and 'pypi'\n  fix: remove one",
        ),
        (
            "pypi: nova",
            "debian: Nova",
            "4:27: 'Nova' is not the name of a Debian source package\n  fix: write it like python-pbr",
        ),
        (
            "pypi: nova, version: 34.0.0",
            'debian: nova, version: "2:34.0.0-"',
            "4:42: '2:34.0.0-' is not a Debian version\n  fix: write it like \"2:31.0.0-6\"",
        ),
        (
            "pypi: nova",
            "debian: nova, ref: main",
            "4:33: the key 'ref' is unknown\n  fix: one of: debian, dsc, keyring, sha256, suite, version",
        ),
        (
            "pypi: nova",
            "debian: nova, suite: trixie main",
            "4:40: 'trixie main' is not a suite\n  fix: write it like trixie",
        ),
        (
            "pypi: nova",
            "debian: nova, dsc: nova.deb",
            "4:38: 'nova.deb' does not name a .dsc\n"
            "  fix: write it like debian/nova_31.0.0-6.dsc or https://HOST/...dsc",
        ),
        (
            "pypi: nova",
            "debian: nova, dsc: ../nova.dsc",
            "4:38: '../nova.dsc' is not in the distribution\n"
            "  why: a path is part of the distribution, so that a clone has it\n"
            "  fix: copy it here, or write file:///...",
        ),
        (
            "pypi: nova",
            "debian: nova, dsc: https://me:s3cret@deb.example/nova.dsc",
            "4:38: a user or password in a URL\n"
            "  why: the file is shared, and URLs show up in logs\n"
            "  fix: put them into ~/.netrc",
        ),
        (
            "pypi: nova",
            "debian: nova, dsc: ftp://deb.example/nova.dsc",
            "4:38: 'ftp://deb.example/nova.dsc' is not the URL of a .dsc\n"
            "  fix: write https://..., http://... or file:///...",
        ),
        (
            "pypi: nova",
            "debian: nova, dsc: http://deb.example/nova.dsc",
            "4:38: nobody vouches for this .dsc\n"
            "  why: whatever comes over http may have been changed on its way\n"
            "  fix: add `sha256:` or `keyring:`, or write https://",
        ),
        (
            "pypi: nova, version",
            "pypi: nova, versoin",
            "4:31: the key 'versoin' is unknown\n  fix: did you mean 'version'?",
        ),
        ("34.0.0", "newest", "4:40: 'newest' is not a version\n  fix: write it like 34.0.0 (PEP 440)"),
        (
            "pypi: nova",
            "pypi: nova>",
            "4:25: 'nova>' is not the name of a Python distribution\n  fix: write it like openstack-placement",
        ),
        ("34.0.0", "34.0.0, sha256: abc", "4:56: 'abc' is not a SHA-256\n  fix: write it like 64 of 0-9 and a-f"),
        ("34.0.0", "34.0.0, ref: main", "4:48: the key 'ref' is unknown\n  fix: one of: pypi, sha256, version"),
        (
            "34.0.0}",
            "34.0.0}, distribution-name: novaa",
            "4:68: the distribution of this source is 'nova', not 'novaa'\n"
            "  fix: remove it: a pypi source says its name itself",
        ),
        (
            "34.0.0}",
            "34.0.0}, distribution: nova",
            "4:49: the key 'distribution' is unknown\n  fix: did you mean 'distribution-name'?",
        ),
        (
            "34.0.0}}\n",
            "34.0.0}}\n  other: {source: {path: ..}, distribution-name: Nova}\n",
            "5:3: the components 'nova' and 'other' are the same Python distribution, 'nova'\n"
            "  fix: remove one, or say `distribution-name:`",
        ),
        (
            "components:\n  nova: {source: {pypi: nova, version: 34.0.0}}",
            "components: {}",
            "3:13: the key 'components': expected at least 1 of them, found 0",
        ),
        (
            "34.0.0}}\n",
            "34.0.0}}\n  nova: {}\n",
            "5:3: the key 'nova' is here twice\n"
            "  why: it is on line 4 too, and only one can count\n"
            "  fix: remove one of them",
        ),
        ("pypi: nova, version: 34.0.0", "path: ''", "4:25: '.' is not the path of something"),
        (
            "pypi: nova, version: 34.0.0",
            "git: https://git.example/nova",
            "4:10: the key 'source': the key 'ref' is missing\n"
            "  why: it says: branch, tag or commit\n"
            "  fix: add `ref:`",
        ),
    ],
)
def test_faults_of_a_release(repository: Repository, old: str, new: str, message: str) -> None:
    assert RELEASE.count(old) == 1
    repository.write("releases/2026.2.yaml", RELEASE.replace(old, new))
    assert repository.errors() == [f"releases/2026.2.yaml:{message}"]


@pytest.mark.parametrize(
    "address",
    [
        "https://git.example/nova",
        "http://git.example:8080/nova.git",
        "ssh://git@git.example/nova",
        "git@git.example:nova.git",
        "git://git.example/nova",
        "file:///srv/nova.git",
        "/srv/nova.git",
    ],
)
def test_addresses_of_repositories(repository: Repository, address: str) -> None:
    repository.write(
        "releases/2026.2.yaml", RELEASE.replace("pypi: nova, version: 34.0.0", f"git: '{address}', ref: x")
    )
    source = load(repository.root).release("2026.2").component("nova").source
    assert source == GitSource(git=address, ref="x")


ADDRESS_FIX = "\n  fix: write https://..., ssh://..., git://..., user@host:path, or an absolute path"
SECRET_FAULT = (
    "a password or token in a URL\n"
    "  why: the file is shared, and URLs show up in logs and process lists\n"
    "  fix: remove it, and let git ask a credential helper (gitcredentials(7))"
)


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("https://user:secret@git.example/nova", SECRET_FAULT),
        ("https://token@git.example/nova", SECRET_FAULT),
        ("ssh://git:secret@git.example/nova", SECRET_FAULT),
        (
            "ext::sh -c id",
            "'ext::sh -c id' names a program to run, not a repository\n  why: <transport>:: addresses are not allowed",
        ),
        ("--upload-pack=id", f"'--upload-pack=id' is not a repository's address{ADDRESS_FIX}"),
        ("../nova", f"'../nova' is not a repository's address{ADDRESS_FIX}"),
        ("ftp://git.example/nova", f"'ftp://git.example/nova' is not a repository's address{ADDRESS_FIX}"),
        ("", f"'' is not a repository's address{ADDRESS_FIX}"),
    ],
)
def test_addresses_that_are_refused(repository: Repository, address: str, fault: str) -> None:
    repository.write(
        "releases/2026.2.yaml", RELEASE.replace("pypi: nova, version: 34.0.0", f"git: '{address}', ref: x")
    )
    assert repository.errors() == [f"releases/2026.2.yaml:4:24: {fault}"]


@pytest.mark.parametrize(
    "ref", ["-x", "a..b", "a b", "", "a~1", "a^", "x.lock", "/a", "a/", "a.", "@{u}", "a:b", ".a", "a/.b"]
)
def test_refs_that_are_refused(repository: Repository, ref: str) -> None:
    repository.write("releases/2026.2.yaml", RELEASE.replace("pypi: nova, version: 34.0.0", f"git: /a, ref: '{ref}'"))
    assert repository.errors() == [
        f"releases/2026.2.yaml:4:33: {ref!r} is not a branch, a tag or a commit\n"
        "  fix: write it like stable/2026.2 or 34.0.0"
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"2026.2"', "2026.1", "1:10: there is no release '2026.1'\n  fix: did you mean '2026.2'?"),
        (
            "local",
            "cloud",
            "2:9: the key 'target': expected 'local' or 'hosts', found the text 'cloud'\n  fix: one of: hosts, local",
        ),
        (
            "local",
            "hosts",
            "2:9: the target hosts is there with the platform freebsd alone\n"
            "  fix: write `platform: freebsd`, or `target: local`",
        ),
        ("[core]", "core", "4:11: the key 'services': expected a list, found the text 'core'"),
        ("[core]", "[]", "4:11: the key 'services': expected at least 1 of them, found 0"),
        ("[core]", "[core, nova, core]", "4:24: 'core' is here twice\n  fix: remove one"),
        (
            "region: RegionOne\n",
            "",
            "1:1: the file: the key 'region' is missing\n"
            "  why: it says: name of its region in the identity service\n"
            "  fix: add `region:`",
        ),
        ("[core]", "[core]\nport: {}", "5:1: the key 'port' is unknown\n  fix: did you mean 'ports'?"),
        ("[core]", "[core]\nports: {a: 0}", "5:12: the key 'a': expected at least 1, found the number 0"),
        ("[core]", "[core]\nports: {a: 65536}", "5:12: the key 'a': expected at most 65535, found the number 65536"),
        ("[core]", "[core]\nports: {a: 80, b: 80}", "5:19: 'a' has the port 80 already\n  fix: take another"),
        (
            "[core]",
            "[core]\nvalues: {nova: {conf: {nova.conf: {DEFAULT: {debug: }}}}}",
            "5:46: the key 'debug' has no value\n"
            '  fix: write one ("" is an empty text, {} an empty map, [] an empty list), or remove it',
        ),
        (
            "[core]",
            "[core]\nvalues: {nova: {conf: {nova.conf: {DEFAULT: {debug: [a]}}}}}",
            "5:53: the key 'debug': expected text, found a list",
        ),
        (
            "[core]",
            "[core]\nvalues: {nova: {conf: {nova.conf: {debug: true}}}}",
            "5:43: the key 'debug': expected a map, found true",
        ),
        ("[core]", "[core]\nvalues: {nova: []}", "5:16: the key 'nova': expected a map, found a list"),
        (
            "[core]",
            "[core]\nhosts: {c1: {groups: [computes]}}\ngroups: {compute: {}}",
            "5:23: there is no group 'computes'\n  fix: did you mean 'compute'?",
        ),
        (
            "[core]",
            "[core, !append [x]]",
            "4:18: the tag '!append' is not used here\n"
            "  why: it adds to what other files say of a value, and nothing else is said of this\n  fix: remove it",
        ),
        (
            "[core]",
            '[core]\nvalues: {nova: {conf: {nova.conf: {"a]": {}}}}}',
            "5:36: 'a]' cannot be a section or an option\n  fix: use no brackets, = or line breaks",
        ),
    ],
)
def test_faults_of_a_site(repository: Repository, old: str, new: str, message: str) -> None:
    assert SITE.count(old) == 1
    repository.write("sites/local.yaml", SITE.replace(old, new))
    assert repository.errors() == [f"sites/local.yaml:{message}"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("patches/nvoa/2026.2/series", "patches/nvoa: no release has a component 'nvoa'\n  fix: did you mean 'nova'?"),
        (
            "patches/nova/2026.1/series",
            "patches/nova/2026.1: there is no release '2026.1'\n  fix: did you mean '2026.2'?",
        ),
        (
            "patches/glance/2026.2/series",
            "patches/glance/2026.2: release 2026.2 has no component 'glance'\n  fix: one of: nova",
        ),
        (
            "releases/x y.yaml",
            f"releases/x y.yaml: 'x y' cannot be a name\n  why: the file is named so\n  fix: {NAME_RULE}",
        ),
        (
            "sites/b.yml",
            "sites/b.yml: this file is not read\n  why: its name ends in .yml\n  fix: mv sites/b.yml sites/b.yaml",
        ),
    ],
)
def test_files_and_folders_that_nothing_reads(repository: Repository, path: str, message: str) -> None:
    repository.write("releases/2026.3.yaml", RELEASE.replace("nova", "glance"))
    repository.write(path, "")
    assert repository.errors() == [message]


def test_a_distribution_needs_a_release(repository: Repository) -> None:
    (repository.root / "releases/2026.2.yaml").unlink()
    (repository.root / "sites/local.yaml").unlink()
    assert repository.errors() == ["releases: there is no release\n  fix: write releases/NAME.yaml"]


def test_releases_is_a_folder(repository: Repository) -> None:
    (repository.root / "releases/2026.2.yaml").unlink()
    (repository.root / "releases").rmdir()
    (repository.root / "sites/local.yaml").unlink()
    repository.write("releases", "")
    assert repository.errors()[0] == "releases: cannot be read: Not a directory"


def test_constraints_that_leave_the_distribution(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "distribution")
    (tmp_path / "outside.txt").write_text("")
    (repository.root / "link.txt").symlink_to("../outside.txt")
    message = (
        f"releases/2026.2.yaml:2:21: the constraints file leads out of the distribution, to '{tmp_path}/outside.txt'\n"
        "  why: a constraints file is part of the distribution, so that a clone has it\n"
        "  fix: copy it here"
    )
    for path in ("link.txt", "../outside.txt", "releases/../link.txt"):
        repository.write("releases/2026.2.yaml", RELEASE.replace("exclude-newer: 2026-10-15", f"constraints: {path}"))
        assert repository.errors() == [message]


def test_constraints_that_lead_in_circles(repository: Repository) -> None:
    (repository.root / "link.txt").symlink_to("link.txt")
    repository.write("releases/2026.2.yaml", RELEASE.replace("exclude-newer: 2026-10-15", "constraints: link.txt"))
    assert repository.errors() == [
        "releases/2026.2.yaml:2:21: the constraints file 'link.txt': Too many levels of symbolic links"
    ]


def test_a_distribution_may_itself_be_behind_a_symlink(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "real")
    repository.write("c.txt", "")
    repository.write("releases/2026.2.yaml", RELEASE.replace("exclude-newer: 2026-10-15", "constraints: c.txt"))
    (tmp_path / "link").symlink_to("real")
    assert load(tmp_path / "link").release("2026.2").pins.constraints == tmp_path / "link/c.txt"


def test_the_errors_of_all_files_are_raised_together(repository: Repository) -> None:
    repository.write("distribution.yaml", "label: x\n")
    repository.write("releases/2026.2.yaml", RELEASE + "  x y: {}\n")
    repository.write("releases/2026.3.yaml", "python: [\n")
    repository.write("sites/local.yaml", SITE.replace("2026.2", "2026.4"))
    repository.write("sites/other.yaml", SITE + "region: again\n")
    assert [message.split(": ")[0] for message in repository.errors()] == [
        "distribution.yaml:1:1",
        "distribution.yaml:1:1",
        "releases/2026.2.yaml:5:3",
        "releases/2026.2.yaml:5:3",
        "releases/2026.3.yaml:2:1",
        "sites/local.yaml:1:10",
        "sites/other.yaml:5:1",
    ]


def test_a_distribution_is_found_from_below(repository: Repository) -> None:
    assert find(repository.root) == repository.root
    assert find(repository.root / "patches/not/there/yet") == repository.root


@pytest.mark.parametrize("call", [find, load])
def test_where_there_is_no_distribution(tmp_path: Path, call: object) -> None:
    with pytest.raises(InputError) as caught:
        call(tmp_path)  # type: ignore[operator]
    assert caught.value.what == "there is no distribution here"
    assert caught.value.where.file == tmp_path
    assert caught.value.fix == "`stackwright init DIR` makes one; `--distribution DIR` names one that is elsewhere"


def test_what_is_asked_of_patches(repository: Repository) -> None:
    assert load(repository.root).patches == PatchRules(require=(), expires_within=30)
    repository.write("distribution.yaml", "name: minicloud\npatches: {require: [owner, bug], expires-within: 7}\n")
    assert load(repository.root).patches == PatchRules(require=("owner", "bug"), expires_within=7)
    repository.write("distribution.yaml", "name: minicloud\npatches: {require: [owner, bugs, owner], expires: 7}\n")
    assert repository.errors() == [
        "distribution.yaml:2:28: item 2 of the key 'require': expected 'owner', 'intent', 'upstream-status', 'review',"
        " 'bug', 'expires' or 'change-id', found the text 'bugs'\n  fix: did you mean 'bug'?",
        "distribution.yaml:2:42: the key 'expires' is unknown\n  fix: did you mean 'expires-within'?",
    ]
    repository.write("distribution.yaml", "name: minicloud\npatches: {require: [owner, owner]}\n")
    assert repository.errors() == ["distribution.yaml:2:28: 'owner' is here twice\n  fix: remove one"]
