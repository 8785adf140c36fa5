"""Faults of the dedicated gateway's TLS."""

from typing import Any

from conformance.reference.ca import Authority
from conformance.reference.call import Call
from conformance.reference.endpoint import Endpoint
from conformance.reference.faults.registry import fault, wrap_answer

_SDK_PAGE = "Alibaba Cloud SDK page 601559"
_CHAIN = "RFC 8446, section 4.4.2"


@fault(
    "dedicated-certificate-of-another-host",
    breaks=("GW-DED-001",),
    statement="The certificate of the dedicated gateway names another host.",
    source="RFC 9110, section 4.3.4",
)
def _other_host(endpoint: Endpoint) -> None:
    endpoint.transport.dedicated.certificate = "other-host"


@fault(
    "dedicated-certificate-out-of-date",
    breaks=("GW-DED-001",),
    statement="The certificate of the dedicated gateway ended yesterday.",
    source="RFC 5280, section 4.1.2.5",
)
def _expired(endpoint: Endpoint) -> None:
    endpoint.transport.dedicated.certificate = "expired"


@fault(
    "dedicated-certificate-of-another-authority",
    breaks=("GW-DED-001",),
    statement="The certificate of the dedicated gateway does not hang from the CA file of its "
    "instance.",
    source=_SDK_PAGE,
)
def _other_authority(endpoint: Endpoint) -> None:
    endpoint.transport.dedicated.certificate = "other-authority"


@fault(
    "dedicated-chain-without-second-authority",
    breaks=("GW-DED-002",),
    statement="The dedicated gateway does not send the second authority along.",
    source=_CHAIN,
)
def _incomplete(endpoint: Endpoint) -> None:
    endpoint.transport.dedicated.chain = "incomplete"


@fault(
    "dedicated-certificate-of-the-shared-authority",
    breaks=("GW-DED-001", "GW-DED-003"),
    statement="The authority of the shared gateway certifies the dedicated one, too.",
    source=_SDK_PAGE,
)
def _shared_authority(endpoint: Endpoint) -> None:
    endpoint.transport.dedicated.certificate = "shared-authority"


@fault(
    "dedicated-certificate-without-the-instance",
    breaks=("GW-DED-004",),
    statement="The certificate of the dedicated gateway does not name the instance.",
    source=_SDK_PAGE,
)
def _addresses_only(endpoint: Endpoint) -> None:
    endpoint.transport.dedicated.certificate = "addresses-only"


@fault(
    "dedicated-tls-1.3-only",
    breaks=("GW-DED-005",),
    statement="The dedicated gateway does not offer TLS 1.2.",
    source=f"{_SDK_PAGE}: TLS 1.2",
)
def _tls13(endpoint: Endpoint) -> None:
    endpoint.transport.dedicated.versions = ("1.3", "1.3")


@fault(
    "dedicated-tls-1.0-offered",
    breaks=("GW-DED-006",),
    statement="The dedicated gateway offers TLS 1.0 and 1.1 as well.",
    source=f"{_SDK_PAGE}: TLS 1.2",
)
def _tls10(endpoint: Endpoint) -> None:
    endpoint.transport.dedicated.versions = ("1.0", "1.3")


@fault(
    "dedicated-tls-1.1-offered",
    breaks=("GW-DED-006",),
    statement="The dedicated gateway offers TLS 1.1 as well.",
    source=f"{_SDK_PAGE}: TLS 1.2",
)
def _tls11(endpoint: Endpoint) -> None:
    endpoint.transport.dedicated.versions = ("1.1", "1.3")


@fault(
    "plain-text-on-dedicated-tls-port",
    breaks=("GW-DED-007",),
    statement="What comes in plain text to the port of the dedicated gateway is served.",
    source=f"{_SDK_PAGE}: HTTPS only",
)
def _plain(endpoint: Endpoint) -> None:
    endpoint.transport.dedicated.plain = True


@fault(
    "instance-tells-the-chain-of-another",
    breaks=("GW-DED-008",),
    statement="GetKmsInstance tells the CA certificates of another instance.",
    source="GetKmsInstance page",
)
def _other_chain(endpoint: Endpoint) -> None:
    other = Authority.make_private().pem

    def change(_call: Call, answer: dict[str, Any]) -> None:
        answer["KmsInstance"]["CaCertificateChainPem"] = other

    wrap_answer(endpoint, "GetKmsInstance", change)
