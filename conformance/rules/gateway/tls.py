"""TLS of the shared gateway: certificate, versions, and plain text on its port."""

from conformance.rules.gateway.handshakes import (
    expect_plain_text_refused,
    expect_tls_1_2,
    expect_trusted,
    trusting,
)
from conformance.run.context import Kms
from conformance.run.registry import Level, rule

_SYNTAX = "Request syntax page, KMS API reference (2017; AlibabaCloudDocs/kms 2021-07)"


@rule(
    "GW-SHR-020",
    level=Level.MUST,
    family="gateway",
    statement="The certificate of the shared gateway is trusted, in force, and issued for the host "
    "name that it is called by.",
    provenance="documented",
    source=_SYNTAX,
    stage="gateway",
    needs=("gateway:shared", "listener:https"),
    tags=("tls",),
)
def certificate(kms: Kms) -> None:
    """Make a handshake that checks chain, validity and host name."""
    expect_trusted(kms, "shared", trusting(kms, "shared"))


@rule(
    "GW-SHR-021",
    level=Level.MUST,
    family="gateway",
    statement="Clients that know TLS 1.2 and nothing later are served.",
    provenance="documented",
    source=f"{_SYNTAX}: TLS 1.0 or later",
    stage="gateway",
    needs=("gateway:shared", "listener:https"),
    tags=("tls",),
)
def tls_1_2(kms: Kms) -> None:
    """Offer TLS 1.2 alone."""
    expect_tls_1_2(kms, "shared")


@rule(
    "GW-SHR-022",
    level=Level.MUST,
    family="gateway",
    statement="A request in plain text on the HTTPS port is not served.",
    provenance="documented",
    source=f"{_SYNTAX}: HTTPS only",
    stage="gateway",
    operations=("DescribeRegions",),
    needs=("gateway:shared", "listener:https", "scheme:V3"),
    tags=("tls", "negative"),
)
def plain_text_on_tls_port(kms: Kms) -> None:
    """Send a rightly signed request without TLS to the port of HTTPS."""
    expect_plain_text_refused(kms, "shared", "DescribeRegions")
