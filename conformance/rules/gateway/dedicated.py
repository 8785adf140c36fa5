"""TLS of the dedicated gateway: a certificate under the private authority of instances."""

import ssl

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate, load_pem_x509_certificates

from conformance.rules.gateway.handshakes import (
    expect_plain_text_refused,
    expect_tls_1_2,
    expect_trusted,
    negotiated,
    offering,
    trusting,
)
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.run.verdict import NotTestable
from conformance.target.trust import trust_context

_SDK_PAGE = "Alibaba Cloud SDK page 601559"
_FAMILY = "gateway"
_NEEDS = ("gateway:dedicated",)
#: Domain of the names of instances.
_DOMAIN = "cryptoservice.kms.aliyuncs.com"


def _authorities(kms: Kms, gateway: str) -> list[Certificate]:
    """Return the certificates of a gateway's CA file, none where it has no file."""
    ca = kms.target.gateways[gateway].ca
    return [] if ca is None else load_pem_x509_certificates(ca.read_bytes())


def _file(kms: Kms) -> list[Certificate]:
    found = _authorities(kms, "dedicated")
    if not found:
        raise NotTestable("no CA file: name that of the instance as ca under [gateways.dedicated]")
    return found


def _pem(certificates: list[Certificate]) -> str:
    return "".join(each.public_bytes(Encoding.PEM).decode() for each in certificates)


def _trusting(certificates: list[Certificate]) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=_pem(certificates))
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


@rule(
    "GW-DED-001",
    level=Level.MUST,
    family=_FAMILY,
    statement="The CA file of the instance suffices to trust the certificate of the dedicated "
    "gateway, which is in force and issued for the host name that it is called by.",
    provenance="documented",
    source=_SDK_PAGE,
    stage="gateway",
    needs=_NEEDS,
    tags=("tls",),
    cells=("dedicated-ram-api-[cs]*", "dedicated-aap-instance-api-[cs]*"),
)
def certificate(kms: Kms) -> None:
    """Make a handshake that checks chain, validity and host name."""
    ca = kms.target.gateways["dedicated"].ca
    by = f" by the CA file {ca.name}, which may be that of another instance" if ca else ""
    expect_trusted(kms, "dedicated", trusting(kms, "dedicated"), why=by)


@rule(
    "GW-DED-002",
    level=Level.MUST,
    family=_FAMILY,
    statement="The dedicated gateway sends the authorities between its own certificate and the "
    "root along: to trust the root is enough.",
    provenance="documented",
    source="RFC 8446, section 4.4.2; RFC 5246, section 7.4.2; CA file of instances: a root and a "
    "second authority",
    stage="gateway",
    needs=_NEEDS,
    tags=("tls",),
)
def whole_chain(kms: Kms) -> None:
    """Trust the roots of the CA file and nothing else."""
    roots = [each for each in _file(kms) if each.issuer == each.subject]
    if not roots:
        raise NotTestable("the CA file of the instance holds no root")
    expect_trusted(kms, "dedicated", trusting(kms, "dedicated"))
    expect_trusted(kms, "dedicated", _trusting(roots), why=" by whoever trusts the root alone")


@rule(
    "GW-DED-003",
    level=Level.MUST,
    family=_FAMILY,
    statement="Without the CA file of the instance nobody trusts the dedicated gateway: its "
    "authority is neither a public one nor that of the shared gateway.",
    provenance="documented",
    source=f"{_SDK_PAGE}: a CA certificate is needed",
    stage="gateway",
    needs=_NEEDS,
    tags=("tls", "negative"),
)
def private_authority(kms: Kms) -> None:
    """Trust the public authorities, and those of the shared gateway where they are others."""
    own = _file(kms)
    context = trust_context(None)
    # Who certifies both gateways by one authority has declared it for both.
    if "shared" in kms.target.gateways:
        others = [each for each in _authorities(kms, "shared") if each not in own]
        if others:
            context.load_verify_locations(cadata=_pem(others))
    try:
        negotiated(kms, "dedicated", context)
    except ssl.SSLCertVerificationError:
        return
    except ssl.SSLError as error:
        raise NotTestable(f"the TLS handshake failed: {error.reason or error}") from None
    kms.violated(
        "the certificate of the dedicated gateway should take the CA file of the instance, found "
        "one that public authorities, or that of the shared gateway, vouch for"
    )


@rule(
    "GW-DED-004",
    level=Level.SHOULD,
    family=_FAMILY,
    statement="The certificate of the dedicated gateway is issued for the name of its instance, "
    f"kst-....{_DOMAIN}.",
    provenance="documented",
    source=f"{_SDK_PAGE}; KMS Instance API pages",
    stage="gateway",
    needs=_NEEDS,
    tags=("tls",),
)
def name_of_the_instance(kms: Kms) -> None:
    """Make a handshake that checks the name by which clients know the instance."""
    instance = kms.target.gateways["dedicated"].instance
    if instance is None:
        raise NotTestable("the instance is not known: give instance under [gateways.dedicated]")
    try:
        negotiated(kms, "dedicated", trusting(kms, "dedicated"))
    except ssl.SSLError as error:
        raise NotTestable(f"the TLS handshake failed: {error.reason or error}") from None
    expect_trusted(kms, "dedicated", trusting(kms, "dedicated"), f"{instance}.{_DOMAIN}")


@rule(
    "GW-DED-005",
    level=Level.MUST,
    family=_FAMILY,
    statement="The dedicated gateway serves clients that know TLS 1.2 and nothing later.",
    provenance="documented",
    source=f"{_SDK_PAGE}: TLS 1.2",
    stage="gateway",
    needs=_NEEDS,
    tags=("tls",),
)
def tls_1_2(kms: Kms) -> None:
    """Offer TLS 1.2 alone."""
    expect_tls_1_2(kms, "dedicated")


@rule(
    "GW-DED-006",
    level=Level.MUST,
    family=_FAMILY,
    statement="The dedicated gateway takes part in no TLS before 1.2.",
    provenance="documented",
    source=f"{_SDK_PAGE}: TLS 1.2",
    stage="gateway",
    needs=_NEEDS,
    tags=("tls", "negative"),
    cases=lambda: (
        Case("TLS 1.0", ssl.TLSVersion.TLSv1),
        Case("TLS 1.1", ssl.TLSVersion.TLSv1_1),
    ),
)
def no_old_tls(kms: Kms, version: ssl.TLSVersion) -> None:
    """Offer one old version alone, after a handshake with what there is today."""
    try:
        negotiated(kms, "dedicated", trusting(kms, "dedicated"))
    except ssl.SSLError as error:
        raise NotTestable(f"the TLS handshake failed: {error.reason or error}") from None
    context = offering(kms, "dedicated", version)
    try:
        found = negotiated(kms, "dedicated", context)
    except ssl.SSLCertVerificationError as error:
        kms.violated(f"{version.name} should be refused, found a certificate: {error}")
    except ssl.SSLError:
        return
    kms.violated(f"{version.name} should be refused, found a handshake with {found}")


@rule(
    "GW-DED-007",
    level=Level.MUST,
    family=_FAMILY,
    statement="A call in plain text on the port of the dedicated gateway is not served.",
    provenance="documented",
    source=f"{_SDK_PAGE}: HTTPS only",
    stage="gateway",
    operations=("Encrypt",),
    needs=(*_NEEDS, "feature:dedicated-kms-api", "scheme:V3"),
    safety="creates",
    tags=("tls", "negative"),
)
def plain_text_on_tls_port(kms: Kms) -> None:
    """Send a rightly signed call without TLS to the port of HTTPS."""
    key = str(kms.provide("symmetric-key", instance=True)["id"])
    pairs = [("KeyId", key), ("Plaintext", "cGxhaW4gdGV4dA==")]
    expect_plain_text_refused(kms, "dedicated", "Encrypt", pairs)


@rule(
    "GW-DED-008",
    level=Level.SHOULD,
    family=_FAMILY,
    statement="The chain of CA certificates that GetKmsInstance tells suffices to trust the "
    "dedicated gateway of that instance.",
    provenance="documented",
    source="GetKmsInstance page; Go SDK v4.1.0: CaCertificateChainPem",
    stage="service",
    operations=("GetKmsInstance",),
    needs=(*_NEEDS, "gateway:shared"),
    tags=("tls",),
)
def told_chain(kms: Kms) -> None:
    """Ask for the chain and trust it alone."""
    instance = kms.target.gateways["dedicated"].instance
    if instance is None:
        raise NotTestable("the instance is not known: give instance under [gateways.dedicated]")
    expect_trusted(kms, "dedicated", trusting(kms, "dedicated"))
    told = kms.expect_success(kms.call("GetKmsInstance", {"KmsInstanceId": instance}))
    found = told.data.get("KmsInstance")
    chain = found.get("CaCertificateChainPem") if isinstance(found, dict) else None
    try:
        certificates = load_pem_x509_certificates(str(chain).encode())
    except ValueError:
        kms.violated("GetKmsInstance tells CaCertificateChainPem, certificates in PEM", told)
    expect_trusted(kms, "dedicated", _trusting(certificates), why=" by the chain that is told")
