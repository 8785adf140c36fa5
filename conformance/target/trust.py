"""Checks the file of a certificate authority before it is trusted."""

import ssl
from pathlib import Path

from cryptography import x509
from cryptography.x509 import load_pem_x509_certificates

from conformance.target.problems import TargetError

_MEND = "name the PEM file of the authority that issued the target's certificate"


def check_ca_file(path: Path, *, named_by: str) -> Path:
    """Return ``path`` when it holds certificates of authorities in PEM.

    Args:
        path: The file.
        named_by: Where the file is named, for the message.

    Raises:
        TargetError: When it is missing, unreadable, not PEM, or no authority's.
    """
    try:
        pem = path.read_bytes()
    except FileNotFoundError:
        raise TargetError(
            f"the CA file {path} that {named_by} names does not exist: {_MEND}"
        ) from None
    except OSError as error:
        raise TargetError(
            f"the CA file {path} cannot be read ({error.strerror}): {_MEND}"
        ) from None
    try:
        certificates = load_pem_x509_certificates(pem)
    except ValueError:
        raise TargetError(f"the CA file {path} holds no PEM certificate: {_MEND}") from None
    if not any(map(_is_authority, certificates)):
        raise TargetError(
            f"the CA file {path} holds a server's certificate, not an authority's: {_MEND}"
        )
    return path


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except x509.ExtensionNotFound:
        # Version 1 roots carry no extensions; self-issued is what OpenSSL takes for them too.
        return certificate.issuer == certificate.subject
    except ValueError:
        return False
    return constraints.value.ca


def trust_context(ca: Path | None) -> ssl.SSLContext:
    """Return a context that verifies certificate and host name.

    Args:
        ca: Trust this authority only; None trusts the public ones (SSL_CERT_FILE and SSL_CERT_DIR
            are honoured).
    """
    if ca is None:
        import httpx

        return httpx.create_ssl_context()
    context = ssl.create_default_context(cafile=str(ca))
    # Python 3.13 turns this on by default; private authorities of emulators often lack the
    # extensions it insists on, and the promise of KMS is about trust, not about RFC 5280 details.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context
