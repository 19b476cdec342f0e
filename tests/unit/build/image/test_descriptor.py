"""LOCI's descriptors, read without a shell."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackwright.build.image.descriptor import KEYS, read_descriptor
from stackwright.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = r"""# the image of nova
BUILDER=loci
LABEL=site-nova
PROJECT=nova
PROJECT_REPO=https://opendev.org/openstack/nova.git
PROJECT_REF='34.0.0'
PROJECT_UID=42436
PROJECT_GID=42437
DIST_REPOS="OS backports"
DIST_PACKAGES="pciutils \
               numactl"
PIP_PACKAGES="pycrypto pylint"  # for a plugin
PROFILES="nova compute"
CUSTOMIZATION="ln -s /usr/bin/true /usr/bin/helper && \
    echo \"it's \$HOME\" >/etc/motd"
NON_UNIQUE_SYSTEM_ACCOUNT=yes
UPDATE_SYSTEM_ACCOUNT="no"
"""


def a_file(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "nova.descriptor"
    file.write_text(text)
    return file


def refused(tmp_path: Path, text: str) -> InputError:
    with pytest.raises(InputError) as caught:
        read_descriptor(a_file(tmp_path, text))
    return caught.value


def test_every_key_is_read(tmp_path: Path) -> None:
    read = read_descriptor(a_file(tmp_path, WHOLE))
    assert (read.label, read.project, read.reference) == ("site-nova", "nova", "34.0.0")
    assert read.repository == "https://opendev.org/openstack/nova.git"
    assert (read.uid, read.gid) == (42436, 42437)
    assert read.dist_repos == ("OS", "backports")
    assert read.dist_packages == ("pciutils", "numactl")
    assert read.pip_packages == ("pycrypto", "pylint")
    assert read.profiles == ("nova", "compute")
    assert read.customization == (
        "ln -s /usr/bin/true /usr/bin/helper &&     echo \"it's $HOME\" >/etc/motd"
    )  # fmt: skip
    assert (read.shared_id, read.moved_id) == (True, False)
    assert set(read.lines) == set(KEYS)
    assert read.where("PIP_PACKAGES").line == 12


def test_values_are_those_that_a_shell_gives(tmp_path: Path) -> None:
    file = a_file(tmp_path, WHOLE)
    read = read_descriptor(file)
    script = '. "$1"; printf "%s\\0%s\\0%s" "$DIST_PACKAGES" "$CUSTOMIZATION" "$PROJECT_REF"'
    shown = subprocess.run(["sh", "-c", script, "sh", str(file)], capture_output=True, check=True, text=True).stdout
    packages, customization, reference = shown.split("\0")
    assert read.dist_packages == tuple(packages.split())
    assert (read.customization, read.reference) == (customization, reference)


def test_nil_means_distribution_packages_only(tmp_path: Path) -> None:
    text = "LABEL=tools\nPROJECT=tools\nPROJECT_REPO=nil\nDIST_PACKAGES=tcpdump\n"
    assert read_descriptor(a_file(tmp_path, text)).repository is None
    error = refused(tmp_path, f"{text}PIP_PACKAGES=pylint\n")
    assert (error.where.line, "nil" in error.what) == (5, True)


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("PIP_PACKAGES=$(curl evil)", 14),
        ('PIP_PACKAGES="one `id`"', 19),
        ('PIP_PACKAGES="$HOME"', 15),
        ("PIP_PACKAGES=one;reboot", 17),
        ("PIP_PACKAGES=a|b", 15),
        ("PIP_PACKAGES=*", 14),
        ("PIP_PACKAGES=~/x", 14),
        ("PIP_PACKAGES=one reboot", 17),
        ("export PIP_PACKAGES=one", 1),
        ("reboot", 1),
        ("if true; then", 1),
    ],
)
def test_what_a_shell_would_evaluate_is_refused_at_its_place(tmp_path: Path, line: str, column: int) -> None:
    error = refused(tmp_path, f"LABEL=nova\nPROJECT=nova\n{line}\n")
    assert (error.where.line, error.where.column) == (3, column)
    assert error.fix


def test_nothing_is_run_by_reading(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    refused(tmp_path, f"LABEL=nova\nPROJECT=nova$(touch {mark})\n")
    read_descriptor(a_file(tmp_path, f"LABEL=nova\nPROJECT=nova\nCUSTOMIZATION='touch {mark}'\n"))
    assert not mark.exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("PROJECT=nova\n", "LABEL: it is missing"),
        ("LABEL=nova\n", "PROJECT: it is missing"),
        ("LABEL=Nova!\nPROJECT=nova\n", "'!' would be evaluated"),
        ("LABEL=Nova\nPROJECT=nova\n", "'Nova' cannot be the name of an image"),
        ("LABEL=nova\nPROJECT=nova\nPROJECT_UID=root\n", "'root' is not the number of a user"),
        ("LABEL=nova\nPROJECT=nova\nPROJECT_UID=0\n", "'0' is not the number of a user"),
        ("LABEL=nova\nPROJECT=nova\nUPDATE_SYSTEM_ACCOUNT=maybe\n", "neither yes nor no"),
        ("BUILDER=docker\nLABEL=nova\nPROJECT=nova\n", "there is no builder 'docker'"),
        ("LABEL=nova\nPROJECT=nova\nPROJECT_REPO=https://example.org/nova\n", "PROJECT_REF: it is missing"),
        ("LABEL=nova\nLABEL=nova\nPROJECT=nova\n", "LABEL is here twice, first in line 1"),
        ("LABEL='nova\nPROJECT=nova\n", "is not closed"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, text: str, told: str) -> None:
    error = refused(tmp_path, text)
    assert told in error.what
    assert error.where.file == tmp_path / "nova.descriptor"


def test_a_mistyped_key_is_answered_with_the_nearest(tmp_path: Path) -> None:
    error = refused(tmp_path, "LABEL=nova\nPROJECT=nova\nPIP_PACKAGE=one\n")
    assert (error.where.line, error.fix) == (3, "did you mean 'PIP_PACKAGES'?")


@given(st.text(alphabet=st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=60))
def test_no_text_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.getbasetemp() / "any.descriptor"
    file.write_text(f"LABEL=nova\nPROJECT=nova\n{text}\n")
    with suppress(InputError):
        assert read_descriptor(file).file == file
