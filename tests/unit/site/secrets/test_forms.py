from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store

from stackwright.catalogue.catalogue import Selection, own_catalogue
from stackwright.catalogue.model import Service
from stackwright.site.secrets.forms import AUTHORITY, FORMS, Making, wanted

AUTHORITY_VALUE = FORMS["authority"].make(Making(AUTHORITY, "local"))
MAKING = Making("web-tls", "local", ("localhost", "127.0.0.1", "web.example.org"), AUTHORITY_VALUE)


@pytest.mark.parametrize("form", sorted(FORMS))
def test_what_is_made_is_of_its_form_and_never_the_same(form: str) -> None:
    one, other = FORMS[form].make(MAKING), FORMS[form].make(MAKING)
    assert FORMS[form].fault(one) == ""
    assert one != other


@pytest.mark.parametrize(
    ("form", "text", "why"),
    [
        ("password", "short", "it has less than 8 characters"),
        ("password", "", "it has less than 8 characters"),
        ("password", "with/slash@host", "other characters"),
        ("password", "of two\nlines of text", "other characters"),
        ("hex", "G" * 64, "it is not 64 of 0-9 and a-f"),
        ("hex", "a" * 63, "it is not 64 of 0-9 and a-f"),
        ("text-key", "a" * 31 + "-", "it is not 32 letters and digits"),
        ("text-key", "a" * 33, "it is not 32 letters and digits"),
        ("fernet-key", "a" * 43, "it is not 32 bytes in base64 for URLs"),
        ("fernet-key", "+" * 43 + "=", "it is not 32 bytes in base64 for URLs"),
        ("cephx-key", "not base64", "it is not a key in base64"),
        ("cephx-key", "AQBC", "it is not a key in base64"),
        # As long, but not of the type AES.
        ("cephx-key", "AgBCzg1rAAAAABAAdeiwxEcMbc3Hgakfw2KZQA==", "it is not an AES key of 128 bits"),
        ("ssh-key", "ssh-ed25519 AAAA", "it is not an OpenSSH private key without a passphrase"),
        ("certificate", "-----BEGIN CERTIFICATE-----", "it is not a private key and its certificate in PEM"),
        ("authority", "", "it is not a private key and its certificate in PEM"),
    ],
)
def test_what_is_of_another_form_is_told_without_the_text(form: str, text: str, why: str) -> None:
    told = FORMS[form].fault(text)
    assert why in told
    assert not text or text not in told


def test_a_password_is_long_and_needs_no_quoting() -> None:
    made = FORMS["password"].make(MAKING)
    assert len(made) == 32
    assert made.isascii()
    assert made.isalnum()


def test_a_certificate_is_good_for_its_hosts_by_its_authority_alone() -> None:
    value = FORMS["certificate"].make(MAKING)
    leaf, issuer = x509.load_pem_x509_certificates(FORMS["certificate"].public(value, "").encode())
    other = x509.load_pem_x509_certificate(
        FORMS["authority"].public(FORMS["authority"].make(Making(AUTHORITY, "other")), "").encode()
    )
    for host in (x509.DNSName("web.example.org"), x509.DNSName("localhost")):
        PolicyBuilder().store(Store([issuer])).build_server_verifier(host).verify(leaf, [])
        with pytest.raises(x509.verification.VerificationError):
            PolicyBuilder().store(Store([other])).build_server_verifier(host).verify(leaf, [])
    with pytest.raises(x509.verification.VerificationError):
        PolicyBuilder().store(Store([issuer])).build_server_verifier(x509.DNSName("elsewhere.org")).verify(leaf, [])


def test_a_certificate_with_the_key_of_another_is_refused() -> None:
    one, other = FORMS["certificate"].make(MAKING), FORMS["certificate"].make(MAKING)
    mixed = FORMS["certificate"].private(one) + FORMS["certificate"].public(other, "")
    assert FORMS["certificate"].fault(mixed) == "its certificate is of another key"


def test_a_certificate_ends_in_a_year_and_a_password_never() -> None:
    until = FORMS["certificate"].until(FORMS["certificate"].make(MAKING))
    assert until is not None
    assert until - datetime.now(UTC).date() >= timedelta(days=396)
    assert FORMS["password"].until("x") is None


def test_what_is_public_holds_nothing_of_what_is_private() -> None:
    for form in ("certificate", "authority", "ssh-key"):
        value = FORMS[form].make(MAKING)
        public, private = FORMS[form].public(value, "name"), FORMS[form].private(value)
        assert public
        assert "PRIVATE" not in public
        assert not set(private.splitlines()[1:-1]) & set(public.splitlines())
        assert private.strip() in value
    assert FORMS["password"].public("whatever", "name") == ""


def test_an_authority_is_wanted_where_one_signs_and_comes_first() -> None:
    web = Service(title="W", secrets={"tls": "certificate", "key": "hex"})
    assert list(wanted(Selection({"web": web}))) == [AUTHORITY, "web-tls", "web-key"]
    assert AUTHORITY not in wanted(own_catalogue().select(["core"]))
