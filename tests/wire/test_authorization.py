"""Authorization headers of V3, in every order of their parts."""

from itertools import combinations, permutations

import pytest

from conformance.wire.acs_canonical import Authorization
from conformance.wire.failures import AuthFailure, FailureKind

PARTS = ("Credential=id", "SignedHeaders=host;x-acs-date", "Signature=ab")
WHOLE = Authorization("ACS3-HMAC-SHA256", "id", ("host", "x-acs-date"), "ab")


@pytest.mark.parametrize("between", [",", ", ", " , "])
@pytest.mark.parametrize("parts", list(permutations(PARTS)))
def test_order_and_blanks_do_not_matter(parts: tuple[str, ...], between: str) -> None:
    assert Authorization.parse(f"ACS3-HMAC-SHA256 {between.join(parts)}") == WHOLE


@pytest.mark.parametrize(
    "value",
    [
        "",
        "ACS3-HMAC-SHA256",
        *(f"ACS3-HMAC-SHA256 {','.join(two)}" for two in combinations(PARTS, 2)),
        f"ACS3-HMAC-SHA256 {','.join([*PARTS, 'More=x'])}",
        f"ACS3-HMAC-SHA256 More=x,{','.join(PARTS)}",
        "ACS3-HMAC-SHA256 Credential=,SignedHeaders=host,Signature=ab",
        "ACS3-HMAC-SHA256 Credential=id,SignedHeaders=,Signature=ab",
        "ACS3-HMAC-SHA256 Credential=id,SignedHeaders=host,Signature=",
        "ACS3-HMAC-SHA256 Credential=id,SignedHeaders=host,Signature= ",
    ],
)
def test_anything_else_is_malformed(value: str) -> None:
    with pytest.raises(AuthFailure) as refusal:
        Authorization.parse(value)
    assert refusal.value.kind is FailureKind.MALFORMED_AUTHORIZATION
