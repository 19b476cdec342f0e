"""Certificates (X.509, RFC 5280) of a site's own authority, each kept with its private key in one PEM text."""

from __future__ import annotations

import ipaddress
from datetime import UTC, date, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# What browsers take of a certificate is 398 days (CA/Browser Forum's baseline requirements, 6.3.2); an authority stays.
CERTIFICATE_LASTS, AUTHORITY_LASTS = timedelta(days=397), timedelta(days=3650)
# Clocks differ.
BEFORE = timedelta(hours=1)


def make_authority(site: str) -> str:
    """Make the authority of a site: its key, and the certificate that it gives itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"authority of the site {site}")])
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (_usage(signs_certificates=True), True),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
    ]
    return _private(key) + _pem(_signed(name, name, key, key, AUTHORITY_LASTS, extensions))


def make_certificate(name: str, hosts: tuple[str, ...], authority: str) -> str:
    """Make a certificate for a server and a client of these names and addresses: its key, itself, its authority's.

    :param name: its common name, for people
    :param authority: as `make_authority` makes it
    """
    issuer_key, (issuer, *_) = _read(authority)
    key = ec.generate_private_key(ec.SECP256R1())
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_usage(signs_certificates=False), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), False),
        (x509.SubjectAlternativeName([_general_name(host) for host in hosts]), False),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False),
    ]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = _signed(subject, issuer.subject, key, issuer_key, CERTIFICATE_LASTS, extensions)
    return _private(key) + _pem(made) + _pem(issuer)


def fault(text: str) -> str:
    """Say what keeps a text from being a private key and its certificate; nothing if it is."""
    try:
        key, (certificate, *_) = _read(text)
    except Exception as error:  # the library's own errors are many, and none of them tells of the key
        return f"it is not a private key and its certificate in PEM ({type(error).__name__})"
    raw = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    if key.public_key().public_bytes(*raw) != certificate.public_key().public_bytes(*raw):
        return "its certificate is of another key"
    return ""


def until(text: str) -> date:
    """Give the last day of a certificate."""
    return _read(text)[1][0].not_valid_after_utc.date()


def chain(text: str) -> str:
    """Give the certificates without the key."""
    return "".join(_pem(certificate) for certificate in _read(text)[1]).strip()


def private(text: str) -> str:
    """Give the key without the certificates."""
    return _private(_read(text)[0])


def _read(text: str) -> tuple[ec.EllipticCurvePrivateKey, list[x509.Certificate]]:
    key = load_pem_private_key(text.encode(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("not a key on an elliptic curve")
    return key, x509.load_pem_x509_certificates(text.encode())


def _signed(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    lasts: timedelta,
    extensions: list[tuple[x509.ExtensionType, bool]],
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BEFORE)
        .not_valid_after(now + lasts)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256())


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _private(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()
