"""A small certificate authority for proof, demo, tests and benches; never for a real camera."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# The dot keeps it apart from every camera, whose names have none: the ACL gives each name a branch to write to.
SUBSCRIBER = "subscriber.central"
TEN_YEARS = timedelta(days=3653)
# So that a device whose clock runs late accepts a certificate of today.
GRACE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate and its secret key, PEM files."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Pki:
    """The files of one authority: its own certificate, and the identities that it vouches for."""

    ca: Path
    server: Identity
    subscribers: dict[str, Identity]
    cameras: dict[str, Identity]

    @property
    def subscriber(self) -> Identity:
        """The first subscriber's identity."""
        return next(iter(self.subscribers.values()))


@dataclass(frozen=True, slots=True)
class _Authority:
    folder: Path
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def identity(self, name: str, usage: x509.ObjectIdentifier, *extensions: x509.ExtensionType) -> Identity:
        """Issue a certificate with ``name`` as its common name."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(name, self.certificate.subject, key)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        for extension in (issuer, *extensions):
            builder = builder.add_extension(extension, critical=False)
        files = Identity(self.folder / f"{name}.crt", self.folder / f"{name}.tls.key")
        _write(files.certificate, _pem(builder.sign(self.key, hashes.SHA256())), 0o644)
        _write(files.key, _secret_pem(key), 0o600)
        return files


def make_pki(folder: Path, cameras: Iterable[str], subscribers: Iterable[str] = (SUBSCRIBER,)) -> Pki:
    """Write a new authority into ``folder``: a server at localhost, one identity per camera and per subscriber.

    EC P-256, ten years; the common name is the camera's id, which the broker takes as its user name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    authority = _authority(folder)
    here = x509.SubjectAlternativeName(
        [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))],
    )
    client = ExtendedKeyUsageOID.CLIENT_AUTH
    return Pki(
        ca=folder / "ca.crt",
        server=authority.identity("localhost", ExtendedKeyUsageOID.SERVER_AUTH, here),
        subscribers={subscriber: authority.identity(subscriber, client) for subscriber in subscribers},
        cameras={camera: authority.identity(camera, client) for camera in cameras},
    )


def _authority(folder: Path) -> _Authority:
    """Make the root; its key stays in memory, so nobody can issue more certificates later."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = "anpr-edge bench CA"
    builder = _builder(name, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_signs_certificates(), critical=True)
    certificate = builder.sign(key, hashes.SHA256())
    _write(folder / "ca.crt", _pem(certificate), 0o644)
    return _Authority(folder, certificate, key)


def _builder(name: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - GRACE)
        .not_valid_after(now + TEN_YEARS)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _signs_certificates() -> x509.KeyUsage:
    return x509.KeyUsage(
        key_cert_sign=True,
        crl_sign=True,
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _secret_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(file: Path, content: bytes, mode: int) -> None:
    file.touch(mode=mode)
    file.chmod(mode)
    file.write_bytes(content)
