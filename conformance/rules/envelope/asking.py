"""A success and a refusal to look at."""

from conformance.client.exchange import Exchange
from conformance.run.context import Kms

RESPONSES = "KMS Responses page, AlibabaCloudDocs/kms (2021-07)"
FORMATS = "Common parameters and Responses pages, AlibabaCloudDocs/kms (2021-07)"
#: Codes for a parameter that is not there, in the spellings of both error tables.
_MISSING = ("Missing*", "InvalidParameter*")


def good(kms: Kms) -> Exchange:
    """Send a call that succeeds on every account."""
    return kms.expect_success(kms.call("DescribeRegions"))


def bad(kms: Kms) -> Exchange:
    """Send a call that is refused: a required parameter is missing."""
    exchange = kms.call("DescribeKey")
    return kms.expect_refused(exchange, codes=_MISSING, statuses=[400], why="without KeyId")
