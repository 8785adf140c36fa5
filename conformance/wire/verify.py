"""One door for a server: recognise how a request authenticates, then verify it."""

from collections.abc import Callable, Mapping

from conformance.wire import acs3, acs4, instance, rpc
from conformance.wire.failures import AuthFailure, FailureKind, WireError
from conformance.wire.identity import Scheme, Verified, Verifier
from conformance.wire.request import WireRequest

#: Any of these shows that RPC-1.0 was meant, so that the answer can name what is missing.
_RPC_MARKS = frozenset({"Signature", "SignatureMethod", "SignatureVersion", "AccessKeyId"})

_VERIFY: Mapping[Scheme, Callable[[WireRequest, Verifier], Verified]] = {
    Scheme.RPC: rpc.verify,
    Scheme.V3: acs3.verify,
    Scheme.V4: acs4.verify,
    Scheme.INSTANCE: instance.verify,
}


def recognise(request: WireRequest) -> Scheme:
    """Tell how a request means to authenticate.

    The instance protocol comes first, then an ACS Authorization header, then the parameters of
    RPC-1.0, then a bearer token.

    Raises:
        AuthFailure: With UNPARSABLE_PARAMETERS when query or form had to be read and could not be.
    """
    headers = request.by_name
    if instance.API_NAME_HEADER in headers:
        return Scheme.INSTANCE
    authorization = headers.get("authorization", "")
    if authorization.startswith("ACS3-"):
        return Scheme.V3
    if authorization.startswith("ACS4-"):
        return Scheme.V4
    if "x-acs-bearer-token" in headers:
        return Scheme.BEARER
    if _has_signature(request.query_string) or _has_signature(request.body):
        return Scheme.RPC
    try:
        names = {name for name, _ in request.query_pairs() + request.form_pairs()}
    except WireError:
        raise AuthFailure(FailureKind.UNPARSABLE_PARAMETERS) from None
    if "BearerToken" in names:
        return Scheme.BEARER
    return Scheme.NONE if names.isdisjoint(_RPC_MARKS) else Scheme.RPC


def _has_signature(pairs: bytes) -> bool:
    """Find the parameter Signature as everyone writes it, without decoding all pairs."""
    return b"&Signature=" in pairs or pairs.startswith(b"Signature=")


def verify(request: WireRequest, verifier: Verifier) -> Verified:
    """Authenticate a request by whichever scheme it uses.

    Raises:
        AuthFailure: A request without any authentication misses its AccessKeyId; a scheme that the
            policy does not offer is UNSUPPORTED_SCHEME.
    """
    scheme = recognise(request)
    if scheme is Scheme.NONE:
        raise AuthFailure(FailureKind.MISSING_PARAMETER, "AccessKeyId")
    if scheme not in verifier.policy.schemes or scheme not in _VERIFY:
        raise AuthFailure(FailureKind.UNSUPPORTED_SCHEME, scheme.value)
    return _VERIFY[scheme](request, verifier)
