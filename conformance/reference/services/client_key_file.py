"""The private half of a client key, as PKCS#12.

The official Go client reads only the oldest form: password-based encryption with SHA-1 and triple
DES (or RC2-40), a SHA-1 MAC, exactly one certificate and one key. Triple DES serves all clients;
RC2-40, which published samples use for the certificate, is refused by current OpenSSL and Node.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, pkcs12
from cryptography.x509.oid import NameOID

#: Iterations of the key derivation, as in published samples.
_ROUNDS = 2048


@dataclass(frozen=True, slots=True)
class ClientKeyFile:
    """A new client key: encrypted PKCS#12 bytes, certificate as PEM, and the public key."""

    pkcs12: bytes
    certificate_pem: str
    public_key: rsa.RSAPublicKey


def new_client_key_file(
    key: rsa.RSAPrivateKey, name: str, password: str, not_before: datetime, not_after: datetime
) -> ClientKeyFile:
    """Put a private key and its self-signed certificate into a password-protected file.

    Args:
        key: The private key; it is not kept.
        name: Common name of the certificate, the client key id.
        password: Chosen by the caller of CreateClientKey.
        not_before: Start of validity, UTC.
        not_after: End of validity, UTC.
    """
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(secrets.randbits(120) + 1)
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .sign(key, hashes.SHA256())
    )
    protection = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(_ROUNDS)
        .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
        .hmac_hash(hashes.SHA1())
        .build(password.encode())
    )
    data = pkcs12.serialize_key_and_certificates(None, key, certificate, None, protection)
    return ClientKeyFile(
        data, certificate.public_bytes(Encoding.PEM).decode("ascii"), key.public_key()
    )
