"""A success and refusals to look at."""

from conformance.client.exchange import Exchange
from conformance.run.context import Kms
from conformance.run.verdict import NotApplicable, NotTestable

RESPONSES = "KMS Responses page, AlibabaCloudDocs/kms (2021-07)"
FORMATS = "Common parameters and Responses pages, AlibabaCloudDocs/kms (2021-07)"
#: An id that no key has.
NOWHERE = "00000000-0000-4000-8000-000000000000"
#: Codes for a parameter that is not there, in the spellings of both error tables.
_MISSING = ("Missing*", "InvalidParameter*")


def good(kms: Kms) -> Exchange:
    """Send a call that succeeds on every account."""
    return kms.expect_success(kms.call("DescribeRegions"))


def bad(kms: Kms) -> Exchange:
    """Send a call that is refused: a required parameter is missing."""
    exchange = kms.call("DescribeKey")
    return kms.expect_refused(exchange, codes=_MISSING, statuses=[400], why="without KeyId")


def refusals(kms: Kms) -> list[Exchange]:
    """Send calls that are refused with 400, 404 and, as far as the target allows it, 403 and 409.

    That each must be refused, and with which code, is for other rules to say: what is served is
    left out.
    """
    asked = [bad(kms), kms.call("DescribeKey", {"KeyId": NOWHERE})]
    if kms.offers("operation:ListKeys") and kms.offers("identity:none"):
        asked.append(kms.call("ListKeys", identity="none"))
    if kms.offers("operation:RestoreSecret") and kms.target.allows("creates"):
        asked += _conflict(kms)
    return [exchange for exchange in asked if not exchange.ok]


def _conflict(kms: Kms) -> list[Exchange]:
    """Restore a secret that is not deleted, which changes nothing; where there is one."""
    try:
        secret = kms.provide("secret")
    except (NotTestable, NotApplicable):
        return []
    return [kms.call("RestoreSecret", {"SecretName": secret["name"]})]
