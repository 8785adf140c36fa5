"""Private certificate authorities, made at start, and the TLS settings of the endpoint.

The shared gateway's certificate hangs from one authority, which stands for the public ones. That of
the dedicated gateway hangs from another as on the service: a root, a second authority with a path
length of 0, and the certificate of the instance.
"""

import ssl
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

from conformance.reference.settings import DedicatedTls

_VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}


@dataclass(frozen=True)
class Authority:
    """A certificate authority for one gateway.

    Attributes:
        pem: Its certificates, root first, to be trusted by clients. Keys never leave the process.
    """

    _root: trustme.CA = field(repr=False)
    _issuer: trustme.CA = field(repr=False)

    @classmethod
    def make(cls) -> "Authority":
        """Make a new authority that issues itself."""
        root = trustme.CA(organization_name="kms-conformance reference endpoint")
        return cls(root, root)

    @classmethod
    def make_private(cls) -> "Authority":
        """Make a root and a second authority below it that issues servers' certificates only."""
        root = trustme.CA(
            organization_name="kms-conformance reference endpoint",
            organization_unit_name="private root of instances",
            path_length=1,
        )
        return cls(root, root.create_child_ca())

    @property
    def pem(self) -> str:
        """Return its certificates, root first, the second authority after it."""
        found = [self._root] if self._root is self._issuer else [self._root, self._issuer]
        return "".join(bytes(each.cert_pem.bytes()).decode("ascii") for each in found)

    def write(self, path: Path) -> Path:
        """Write the certificates to a file and return its path."""
        path.write_text(self.pem, encoding="ascii")
        return path

    def server_context(
        self,
        hosts: Sequence[str],
        versions: tuple[str, str] = ("1.2", "1.3"),
        *,
        expired: bool = False,
        whole: bool = True,
    ) -> ssl.SSLContext:
        """Return the server side of TLS for some names and addresses.

        Args:
            hosts: What the certificate is for.
            versions: Lowest and highest TLS version offered.
            expired: Make the certificate end yesterday.
            whole: Send the second authority along.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if versions[0] in {"1.0", "1.1"}:
            # OpenSSL 3 offers these below its lowest security level only.
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
        with warnings.catch_warnings():
            # An endpoint that offers them is in the wrong, and knows it.
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = _VERSIONS[versions[0]]
            context.maximum_version = _VERSIONS[versions[1]]
        context.set_alpn_protocols(["http/1.1"])
        end = datetime.now(UTC) - timedelta(days=1)
        if expired:
            start = end - timedelta(days=30)
            leaf = self._issuer.issue_cert(*hosts, not_before=start, not_after=end)
        else:
            leaf = self._issuer.issue_cert(*hosts)
        if whole:
            leaf.configure_cert(context)
            return context
        with (
            leaf.cert_chain_pems[0].tempfile() as certificate,
            leaf.private_key_pem.tempfile() as key,
        ):
            context.load_cert_chain(certificate, key)
        return context


def dedicated_context(
    own: Authority, shared: Authority, names: Sequence[str], options: DedicatedTls
) -> ssl.SSLContext:
    """Return the server side of TLS of the dedicated gateway.

    Args:
        own: Issues the instance's certificate.
        shared: Authority of the shared gateway, for one that hangs from the wrong root.
        names: Name of the instance, then those of the machine.
        options: How it is, and deviates.
    """
    issuer = own
    if options.certificate == "shared-authority":
        issuer = shared
    elif options.certificate == "other-authority":
        issuer = Authority.make_private()
    if options.certificate == "other-host":
        names = ["kms.other.example"]
    elif options.certificate == "addresses-only":
        names = names[1:]
    return issuer.server_context(
        names,
        options.versions,
        expired=options.certificate == "expired",
        whole=options.chain != "incomplete",
    )
