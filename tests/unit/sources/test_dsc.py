from __future__ import annotations

from pathlib import Path

import pytest

from stackwright.errors import InputError
from stackwright.sources.debian import upstream_version
from stackwright.sources.dsc import DscFile, parse_dsc, signed_text

FILE = Path("/d/pear_1.0-1.dsc")
SHA, MD5 = "a" * 64, "b" * 32
TEXT = f"""\
Format: 3.0 (quilt)
Source: pear
Binary: pear, pear-doc
Version: 2:1.0-1
Uploaders: Ada <a@b>,
 Eve <e@b>
Checksums-Sha1:
 {"c" * 40} 10 pear_1.0.orig.tar.xz
Checksums-Sha256:
 {SHA} 10 pear_1.0.orig.tar.xz
 {"d" * 64} 20 pear_1.0-1.debian.tar.xz
Files:
 {MD5} 10 pear_1.0.orig.tar.xz
 {MD5} 20 pear_1.0-1.debian.tar.xz
"""
SIGNED = f"""\
-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA512

{TEXT}
-----BEGIN PGP SIGNATURE-----

iQIzBAEBCAAdFiEE
-----END PGP SIGNATURE-----
"""


@pytest.mark.parametrize("content", [TEXT, SIGNED, SIGNED.replace("\n", "\r\n"), f"\n{SIGNED}", f"# words\n{TEXT}"])
def test_its_fields_are_read_signed_or_not(content: str) -> None:
    dsc = parse_dsc(signed_text(content.encode(), FILE), FILE)
    assert (dsc.format, dsc.source, dsc.version) == ("3.0 (quilt)", "pear", "2:1.0-1")
    assert dsc.files == (
        DscFile("pear_1.0.orig.tar.xz", 10, SHA),
        DscFile("pear_1.0-1.debian.tar.xz", 20, "d" * 64),
    )


def test_dashes_that_a_signature_has_escaped_are_back() -> None:
    assert signed_text(SIGNED.replace("Binary", "- Binary").encode(), FILE).rstrip() == TEXT.encode().rstrip()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "it has no field Format"),
        ("<html>", "'<html>' is not a field"),
        (TEXT.replace("Version: 2:1.0-1\n", ""), "it has no field Version"),
        (f"{TEXT}\nSource: peach\n", "it has several paragraphs"),
        (f"{TEXT}Source: peach\n", "it has the field Source twice"),
        (f"Source: peach\n{SIGNED}", "it has text before the signed part"),
        (SIGNED.partition("-----BEGIN PGP SIGNATURE")[0], "its signature is cut off"),
        (f"{SIGNED}{SIGNED}", "its signature is cut off"),
        (TEXT.replace(f"{MD5} 20", f"{MD5} 20 x/"), "not a hash, a size and the name of a file beside it"),
        (TEXT.replace("pear_1.0.orig", "../pear_1.0.orig"), "not a hash, a size and the name of a file beside it"),
        (TEXT.replace("pear_1.0.orig", ".pear"), "not a hash, a size and the name of a file beside it"),
        (TEXT.replace(f" {MD5} 20 pear_1.0-1.debian.tar.xz\n", ""), "do not name the same files"),
        (TEXT.replace("-1.debian", ".orig"), "do not name the same files"),
    ],
)
def test_what_is_no_dsc(content: str, why: str) -> None:
    with pytest.raises(InputError, match=r"not the \.dsc of a source package") as caught:
        parse_dsc(signed_text(content.encode(), FILE), FILE)
    assert why in caught.value.why
    assert caught.value.where.file == FILE


def test_a_format_that_is_not_read_and_a_dsc_of_weak_hashes() -> None:
    with pytest.raises(InputError, match=r"the format '3\.0 \(git\)'") as caught:
        parse_dsc(TEXT.replace("3.0 (quilt)", "3.0 (git)").encode(), FILE)
    assert "3.0 (quilt)" in caught.value.why
    with pytest.raises(InputError, match="no SHA-256 of its files"):
        parse_dsc(TEXT.replace("Checksums-Sha256", "Checksums-Crc32").encode(), FILE)


@pytest.mark.parametrize(
    ("version", "upstream"),
    [
        ("2:31.0.0-6", "31.0.0"),
        ("2:31.0.0-6+deb13u3", "31.0.0"),
        ("31.0.0~rc1-1", "31.0.0rc1"),
        ("1:31.0.0~b2-1~bpo12+1", "31.0.0b2"),
        ("4.2.0+dfsg1-2", "4.2.0"),
        ("4.2.0~ds-2", "4.2.0"),
        ("2:32.0.0+really31.0.1-1", "31.0.1"),
        ("31.0.0~git20260101.1a2b3c4-1", "31.0.0.dev20260101"),
        ("2026.1.0-0ubuntu1", "2026.1.0"),
        ("1.4", "1.4"),
        ("1.0-2-3", "1.0.post2"),
    ],
)
def test_upstreams_version_in_debians(version: str, upstream: str) -> None:
    assert upstream_version(version) == upstream
