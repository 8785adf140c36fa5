"""A private certificate authority, made at start, and the TLS settings of the endpoint."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


@dataclass(frozen=True)
class Authority:
    """A certificate authority for one endpoint.

    Attributes:
        pem: Its certificate, to be trusted by clients. Its key never leaves the process.
    """

    _ca: trustme.CA = field(repr=False)

    @classmethod
    def make(cls) -> "Authority":
        """Make a new authority."""
        return cls(trustme.CA(organization_name="kms-conformance reference endpoint"))

    @property
    def pem(self) -> str:
        """Return the authority's certificate."""
        return bytes(self._ca.cert_pem.bytes()).decode("ascii")

    def write(self, path: Path) -> Path:
        """Write the certificate to a file and return its path."""
        path.write_text(self.pem, encoding="ascii")
        return path

    def server_context(
        self,
        hosts: Sequence[str],
        versions: tuple[str, str] = ("1.2", "1.3"),
        *,
        expired: bool = False,
    ) -> ssl.SSLContext:
        """Return the server side of TLS for some names and addresses.

        Args:
            hosts: What the certificate is for.
            versions: Lowest and highest TLS version offered.
            expired: Make the certificate end yesterday.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = _VERSIONS[versions[0]]
        context.maximum_version = _VERSIONS[versions[1]]
        context.set_alpn_protocols(["http/1.1"])
        end = datetime.now(UTC) - timedelta(days=1)
        if expired:
            start = end - timedelta(days=30)
            leaf = self._ca.issue_cert(*hosts, not_before=start, not_after=end)
        else:
            leaf = self._ca.issue_cert(*hosts)
        leaf.configure_cert(context)
        return context
