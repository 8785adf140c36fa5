"""The service itself: opening it, its status, its regions, random passwords, challenges."""

from typing import Any

from conformance.reference.call import Call, handles, seam
from conformance.reference.errors import KmsError
from conformance.reference.services.credentials import token
from conformance.reference.services.finding import invalid
from conformance.reference.services.passwords import PasswordRules, random_password
from conformance.reference.services.tables import request_bound

#: Regions with KMS; the endpoint's own comes first.
_REGIONS = (
    "cn-hangzhou",
    "cn-shanghai",
    "cn-beijing",
    "cn-shenzhen",
    "cn-hongkong",
    "ap-southeast-1",
    "ap-northeast-1",
    "eu-central-1",
    "us-east-1",
    "us-west-1",
)


@handles("OpenKmsService")
def open_kms_service(call: Call) -> dict[str, Any]:
    """Open the service for an account, once.

    An account in debt cannot place the order (inferred).
    """
    account = call.account
    if account.status == "Enabled":
        raise KmsError("Forbidden.Opened", "KMS is open already.")
    if account.status != "NotEnabled":
        raise KmsError("CreateLXOrderFailed", f"The account is {account.status}.")
    account.status = "Enabled"
    return {}


@handles("DescribeAccountKmsStatus")
def describe_account_kms_status(call: Call) -> dict[str, Any]:
    """Tell whether the service is open."""
    return {"AccountStatus": call.account.status}


@handles("DescribeRegions")
def describe_regions(call: Call) -> dict[str, Any]:
    """List regions."""
    names = dict.fromkeys([call.account.region, *_REGIONS])
    return {"Regions": {"Region": [{"RegionId": name} for name in names]}}


@seam
def password_rules(params: dict[str, Any]) -> PasswordRules:
    """Return what a random password may and must contain."""
    default = request_bound("GetRandomPassword", "PasswordLength", "default")
    return PasswordRules(
        length=params.get("PasswordLength", default),
        exclude_lowercase=params.get("ExcludeLowercase") == "true",
        exclude_uppercase=params.get("ExcludeUppercase") == "true",
        exclude_numbers=params.get("ExcludeNumbers") == "true",
        exclude_punctuation=params.get("ExcludePunctuation") == "true",
        exclude_characters=params.get("ExcludeCharacters", ""),
        require_each_type=params.get("RequireEachIncludedType") == "true",
    )


@handles("GetRandomPassword")
def get_random_password(call: Call) -> dict[str, Any]:
    """Make a random password; it is not kept."""
    try:
        password = random_password(call.endpoint.seams.password_rules(call.params))
    except ValueError:
        raise invalid("The exclusions leave no character to choose from.") from None
    return {"RandomPassword": password}


@handles("GetChallenge")
def get_challenge(call: Call) -> dict[str, Any]:
    """Answer a nonce and a token that stands for it, for attestation.

    No documentation was found: both are random and new each time (inferred).
    """
    del call
    return {"ChallengeToken": token(48), "Nonce": token()}
