"""Changes to how requests are authenticated: what is let in, and how refusals are answered."""

import re
from collections.abc import Callable, Iterable
from contextlib import suppress

from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.passage import Passage
from conformance.wire.failures import AuthFailure, FailureKind
from conformance.wire.identity import KMS_VERSION, Identity, Scheme, Verified
from conformance.wire.request import WireRequest
from conformance.wire.rpc import COMMON_PARAMETERS

Kinds = Iterable[FailureKind]
When = Callable[[Passage, AuthFailure], bool]

_CREDENTIAL = re.compile(r"Credential=([^,]+)")
_SIGNATURE = re.compile(r"Signature=([^,]+)")


def failure_behind(error: KmsError) -> AuthFailure | None:
    """Return the failure of the wire layer that a refusal was made from."""
    failure = error.__context__
    return failure if isinstance(failure, AuthFailure) else None


def pairs_of(request: WireRequest) -> dict[str, str]:
    """Return query and form as they can be read."""
    return dict(request.query_pairs() + request.form_pairs())


def header_of(request: WireRequest, name: str) -> str:
    """Return a header, empty when it is absent."""
    return dict(request.headers).get(name, "")


def action_of(request: WireRequest) -> str:
    """Return the operation that a request asks for."""
    return header_of(request, "x-acs-action") or pairs_of(request).get("Action", "")


def access_key_of(request: WireRequest) -> str:
    """Return the AccessKey id that a request names, empty when it names none."""
    found = _CREDENTIAL.search(header_of(request, "authorization"))
    return found[1] if found else pairs_of(request).get("AccessKeyId", "")


def signature_of(request: WireRequest) -> str:
    """Return the signature that a request carries, empty when there is none."""
    found = _SIGNATURE.search(header_of(request, "authorization"))
    return found[1] if found else pairs_of(request).get("Signature", "")


def identity_of(endpoint: Endpoint, passage: Passage) -> Identity:
    """Return the identity that a request names, the one with all rights when nobody has the id."""
    found = endpoint.identities.lookup(access_key_of(passage.request))
    return found or endpoint.identities["full"].identity


def believe(endpoint: Endpoint, passage: Passage) -> None:
    """Take a request for what it says, unchecked."""
    request = passage.request
    pairs = request.query_pairs() + request.form_pairs()
    own = tuple(pair for pair in pairs if pair[0] not in COMMON_PARAMETERS)
    scheme = Scheme.V3 if header_of(request, "x-acs-action") else Scheme.RPC
    named = dict(pairs).get("Format", "").upper()
    passage.verified = Verified(
        scheme,
        identity_of(endpoint, passage),
        action_of(request),
        KMS_VERSION,
        "XML" if named == "XML" else "JSON",
        own,
    )
    passage.format = "XML" if named == "XML" else "JSON"


def do_all_the_same(endpoint: Endpoint, passage: Passage) -> None:
    """Carry a request out that is about to be refused."""
    with suppress(KmsError):
        believe(endpoint, passage)
        endpoint.parse(passage)
        endpoint.validate(passage)
        endpoint.dispatch(passage)


def on_failure(
    endpoint: Endpoint,
    kinds: Kinds,
    instead: Callable[[Passage, AuthFailure, KmsError], None],
) -> None:
    """Do something else when authentication fails for some reasons.

    Args:
        endpoint: Which one.
        kinds: The reasons.
        instead: Lets the request in by setting ``passage.verified``, or raises.
    """
    wanted = frozenset(kinds)
    original = endpoint.authenticate

    def authenticate(passage: Passage) -> None:
        try:
            original(passage)
        except KmsError as error:
            failure = failure_behind(error)
            if failure is None or failure.kind not in wanted:
                raise
            instead(passage, failure, error)

    endpoint.authenticate = authenticate


def let_in(endpoint: Endpoint, *kinds: FailureKind, when: When = lambda *_: True) -> None:
    """Let requests in whose authentication failed for some reasons."""

    def instead(passage: Passage, failure: AuthFailure, error: KmsError) -> None:
        if not when(passage, failure):
            raise error
        believe(endpoint, passage)

    on_failure(endpoint, kinds, instead)


def answer(
    endpoint: Endpoint,
    code: str,
    status: int,
    *kinds: FailureKind,
    when: When = lambda *_: True,
) -> None:
    """Answer failures of authentication with another code and status."""

    def instead(passage: Passage, failure: AuthFailure, error: KmsError) -> None:
        if when(passage, failure):
            raise KmsError(code, "The request is refused.", status)
        raise error

    on_failure(endpoint, kinds, instead)


def also_right(
    endpoint: Endpoint, change: Callable[[WireRequest], WireRequest | None], *kinds: FailureKind
) -> None:
    """Try a changed request where authentication fails, and let the original in if that is right.

    Args:
        endpoint: Which one.
        change: Returns the changed request, None when there is nothing to try.
        kinds: Reasons; a signature mismatch when left out.
    """
    original = endpoint.authenticate

    def instead(passage: Passage, _: AuthFailure, error: KmsError) -> None:
        kept = passage.request
        changed = change(kept)
        if changed is None:
            raise error
        passage.request = changed
        try:
            original(passage)
        finally:
            passage.request = kept

    on_failure(endpoint, kinds or (FailureKind.SIGNATURE_MISMATCH,), instead)
