"""The hospital's seal as pyHanko wants it. The key is read and checked once per process, not three times per signature."""

from functools import cache

from asn1crypto import algos, pem, x509  # type: ignore[import-untyped]
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from pyhanko.sign.signers import Signer
from pyhanko_certvalidator.registry import SimpleCertificateStore

from services.reporting.documents.seal import Seal, Seals

DIGEST = "sha256"
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class SealSigner(Signer):
    """Signs with a seal's key; its signature carries the seal's certificate and the authority's."""

    def __init__(self, key: Key, certificate: x509.Certificate, authority: x509.Certificate) -> None:
        self._key = key
        mechanism = f"{DIGEST}_rsa" if isinstance(key, rsa.RSAPrivateKey) else f"{DIGEST}_ecdsa"
        super().__init__(
            signing_cert=certificate,
            cert_registry=SimpleCertificateStore.from_certs([authority]),  # type: ignore[no-untyped-call]
            signature_mechanism=algos.SignedDigestAlgorithm({"algorithm": mechanism}),
        )

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """The signature of `data`. A dry run makes one too: only its length is used."""
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self._key.sign(data, ec.ECDSA(hashes.SHA256()))


@cache
def signer_of(seal: Seal, seals: Seals) -> SealSigner:
    """The signer of a seal. Raises OSError or ValueError when its files cannot be used."""
    key = serialization.load_pem_private_key(seal.key.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise ValueError(f"{seal.key} holds neither an RSA nor an elliptic-curve key")
    return SealSigner(
        key, _certificate(seal.certificate.read_bytes()), _certificate(seals.authority_certificate.read_bytes())
    )


def _certificate(data: bytes) -> x509.Certificate:
    _, _, der = pem.unarmor(data)
    return x509.Certificate.load(der)
