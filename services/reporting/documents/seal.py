"""The hospitals' report seals and the local certificate authority that vouches for them, drawn when first needed.

A licensed authority takes its place where law asks: put its certificate and the seals it issued into the same folder.
"""

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from services.reporting.model.content import Hospital

AUTHORITY = "authority"
_AUTHORITY_YEARS = 20
_SEAL_YEARS = 5
# RSA: a signature by an elliptic curve would make the file PDF 2.0 (ISO/TS 32002), which PDF/A-3 does not allow.
_KEY_BITS = 3072
_DOCUMENT_SIGNING = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # RFC 9336, id-kp-documentSigning
_ORGANISATION_IDENTIFIER = NameOID.ORGANIZATION_IDENTIFIER  # ETSI EN 319 412-1, 5.1.4


@dataclass(frozen=True)
class Seal:
    """Files of a key (PEM, PKCS #8, mode 0600) and of its certificate (PEM)."""

    key: Path
    certificate: Path


@dataclass(frozen=True)
class Seals:
    """The folder of seals. Safe for several processes at once: whoever writes a pair first has drawn it."""

    folder: Path

    @property
    def authority_certificate(self) -> Path:
        return self.folder / f"{AUTHORITY}.pem"

    def open(self) -> None:
        """Draw the authority unless it is there. Raises OSError when the folder cannot be written."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self._pair(AUTHORITY).certificate.exists():
            self._draw_authority()

    def of(self, hospital: Hospital) -> Seal:
        """The hospital's seal, drawn unless it is there."""
        seal = self._pair(f"seal-{hospital.id}")
        if not seal.certificate.exists():
            self.open()
            self._draw_seal(hospital, seal)
        return seal

    def _pair(self, name: str) -> Seal:
        return Seal(self.folder / f"{name}.key", self.folder / f"{name}.pem")

    def _draw_authority(self) -> None:
        pair = self._pair(AUTHORITY)
        key = _key_at(pair.key)
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "SonoBridge"),
                x509.NameAttribute(NameOID.COMMON_NAME, "SonoBridge local report seal authority"),
            ]
        )
        builder = (
            _builder(name, name, key.public_key(), _AUTHORITY_YEARS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(authority=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        _write_once(pair.certificate, _pem(builder.sign(key, hashes.SHA256())), 0o644)

    def _draw_seal(self, hospital: Hospital, seal: Seal) -> None:
        authority = self._pair(AUTHORITY)
        authority_key = _key_at(authority.key)
        issuer = x509.load_pem_x509_certificate(authority.certificate.read_bytes())
        key = _key_at(seal.key)
        attributes = [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, hospital.name_zh[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{hospital.name_en} report seal"[:64]),
        ]
        if hospital.unified_social_credit_code:
            identifier = f"NTRCN-{hospital.unified_social_credit_code}"
            attributes.append(x509.NameAttribute(_ORGANISATION_IDENTIFIER, identifier))
        builder = (
            _builder(x509.Name(attributes), issuer.subject, key.public_key(), _SEAL_YEARS)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(authority=False), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([_DOCUMENT_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
            )
        )
        _write_once(seal.certificate, _pem(builder.sign(authority_key, hashes.SHA256())), 0o644)


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey, years: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=365 * years))
    )


def _usage(authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _key_at(path: Path) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    """The key in the file, drawn unless it is there: the first writer's key is everybody's."""
    if not path.exists():
        _draw_key(path)
    found = serialization.load_pem_private_key(path.read_bytes(), password=None)
    # An authority that was put there may have either.
    if not isinstance(found, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise ValueError(f"{path} holds neither an RSA nor an elliptic-curve key")
    return found


def _draw_key(path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write_once(path, pem, 0o600)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write_once(path: Path, data: bytes, mode: int) -> None:
    """Put the whole file there, durably, unless one is there already."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        temporary.unlink()
