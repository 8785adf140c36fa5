"""Single mistakes, as changes to a request, to a credential, or to the computation of a signature.

The tables of this package name and combine them.
"""

import base64
import copy
import functools
import hmac
import string
import uuid
from datetime import timedelta

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa

from conformance.wire import acs3
from conformance.wire.acs3 import Acs3Auth
from conformance.wire.acs_canonical import Authorization
from conformance.wire.credentials import AccessKey, ClientKey, Credential, StsToken
from conformance.wire.encoding import canonical_query
from conformance.wire.failures import WireError
from conformance.wire.instance import HASH_HEADER
from conformance.wire.request import FORM, WireRequest, rebuilt
from conformance.wire.rpc import COMMON_PARAMETERS, Pairs, string_to_sign, with_pairs
from conformance.wire.tamper import signers
from conformance.wire.tamper.signers import Signer, map_pairs, with_header

#: A token that no service issued.
UNKNOWN_TOKEN = "FakeSecurityTokenThatWasNeverIssued"  # noqa: S105 - invented

# --- requests -------------------------------------------------------------------------------------


def own_parameter(request: httpx.Request) -> tuple[str, str]:
    """Return the first parameter of the operation itself.

    Raises:
        WireError: When the request has none.
    """
    wire = WireRequest.from_httpx(request)
    for name, value in wire.query_pairs() + wire.form_pairs():
        if name not in COMMON_PARAMETERS and name != "RegionId":
            return name, value
    raise WireError("this mutation needs a request with a parameter of the operation")


def change_value(request: httpx.Request) -> httpx.Request:
    """Make the value of a parameter another."""
    name, _ = own_parameter(request)
    return _change(request, name, lambda value: f"{value}x")


def rename_parameter(request: httpx.Request) -> httpx.Request:
    """Give a parameter another name."""
    name, _ = own_parameter(request)
    return map_pairs(
        request, lambda pairs: [(f"{key}x" if key == name else key, value) for key, value in pairs]
    )


def leave_out_parameter(request: httpx.Request) -> httpx.Request:
    """Drop a parameter."""
    name, _ = own_parameter(request)
    return _change(request, name, lambda _: None)


def add_parameter(request: httpx.Request) -> httpx.Request:
    """Add a parameter."""
    return add_pair(request, "Added", "x")


def change_action(request: httpx.Request) -> httpx.Request:
    """Ask for another operation."""
    return _change(request, "Action", lambda value: f"{value}x")


def add_pair(request: httpx.Request, name: str, value: str) -> httpx.Request:
    """Append a pair to the query."""
    wire = WireRequest.from_httpx(request)
    return with_pairs(request, [*wire.query_pairs(), (name, value)], wire.form_pairs())


def append_token(request: httpx.Request) -> httpx.Request:
    """Add a security token as RPC-1.0 carries it."""
    return add_pair(request, "SecurityToken", UNKNOWN_TOKEN)


def leave_out(request: httpx.Request, *names: str) -> httpx.Request:
    """Drop parameters by name."""
    return map_pairs(request, lambda pairs: [pair for pair in pairs if pair[0] not in names])


def append_to_form(request: httpx.Request, extra: str) -> httpx.Request:
    """Append something to the form as it is."""
    headers = request.headers.copy()
    headers["content-type"] = FORM
    content = request.content.decode()
    return rebuilt(request, headers=headers, content=f"{content}&{extra}" if content else extra)


def double_parameter(request: httpx.Request) -> httpx.Request:
    """Send a parameter a second time, with another value, in the form."""
    name, value = own_parameter(request)
    return append_to_form(request, f"{name}={value}x")


def swap_method(request: httpx.Request) -> httpx.Request:
    """Make a GET a POST and the other way round."""
    return rebuilt(request, method="GET" if request.method == "POST" else "POST")


def change_host(request: httpx.Request) -> httpx.Request:
    """Address another host."""
    return with_header(request, "host", "kms.elsewhere.example")


def change_body(request: httpx.Request) -> httpx.Request:
    """Append a byte to the body."""
    return rebuilt(request, content=request.content + b"x")


def empty_authorization(request: httpx.Request) -> httpx.Request:
    """Leave of the Authorization header no more than algorithm and credential."""
    parts = Authorization.parse(request.headers["authorization"])
    return with_header(request, "authorization", f"{parts.algorithm} Credential={parts.credential}")


def _change(request: httpx.Request, name: str, change: signers.Edit) -> httpx.Request:
    return map_pairs(request, lambda pairs: signers.change_pair(pairs, name, change))


# --- credentials ----------------------------------------------------------------------------------


def unknown_id(credential: Credential) -> Credential:
    """Return the credential under an id that looks right and that nobody has."""
    if isinstance(credential, ClientKey):
        return with_id(credential, f"KAAP.{uuid.uuid4()}")
    prefix = "STS.N" if isinstance(credential, StsToken) else "LTAI5t"
    return with_id(credential, prefix + uuid.uuid4().hex[:18])


def with_id(credential: Credential, access_key_id: str) -> Credential:
    """Return the credential under another id."""
    if isinstance(credential, ClientKey):
        return ClientKey(access_key_id, credential.private_key)
    if isinstance(credential, StsToken):
        return StsToken(access_key_id, credential.secret, credential.token)
    return AccessKey(access_key_id, credential.secret)


def with_secret(credential: Credential, secret: str) -> Credential:
    """Return the credential with another secret."""
    if isinstance(credential, ClientKey):
        raise WireError("a client key has no secret")
    if isinstance(credential, StsToken):
        return StsToken(credential.id, secret, credential.token)
    return AccessKey(credential.id, secret)


def with_token(credential: Credential, token: str | None) -> Credential:
    """Return the access key with another token, or without one."""
    secret = secret_of(credential)
    return (
        AccessKey(credential.id, secret)
        if token is None
        else StsToken(credential.id, secret, token)
    )


def secret_of(credential: Credential) -> str:
    """Return the secret of an access key."""
    if isinstance(credential, ClientKey):
        raise WireError("a client key has no secret")
    return credential.secret


def other_secret(credential: Credential) -> Credential:
    """Return the credential with a secret or private key that is not its own."""
    if isinstance(credential, ClientKey):
        return ClientKey(credential.id, _other_private_key())
    return with_secret(credential, f"{credential.secret[::-1]}x")


@functools.cache
def _other_private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


# --- characters -----------------------------------------------------------------------------------

_HEXADECIMAL = "0123456789abcdef"
_BASE64 = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"


def change_character(text: str, part: float) -> str:
    """Return a signature or token with one other character.

    Hexadecimal stays hexadecimal and base64 stays base64. The highest bit of the character changes,
    because the lowest ones of the last character of base64 may mean nothing.

    Args:
        text: In hexadecimal or in base64.
        part: Where: 0 is the first character, 1 the last one that is no padding.
    """
    significant = text.rstrip("=")
    place = round(part * (len(significant) - 1))
    alphabet = _HEXADECIMAL if set(significant) <= set(_HEXADECIMAL) else _BASE64
    # What is not in the alphabet counts as its last character: base64 for addresses has - and _.
    old = alphabet.find(significant[place]) % len(alphabet)
    new = alphabet[old ^ (len(alphabet) // 2)]
    return text[:place] + new + text[place + 1 :]


# --- signatures -----------------------------------------------------------------------------------


def mac(text: str, key: str, name: str = "sha1") -> str:
    """Return an HMAC in base64."""
    return base64.b64encode(hmac.digest(key.encode(), text.encode(), name)).decode()


def key_without_ampersand(method: str, pairs: Pairs, secret: str) -> str:
    """Sign with the bare secret."""
    return mac(string_to_sign(method, pairs), secret)


def encoded_once(method: str, pairs: Pairs, secret: str) -> str:
    """Leave out the second percent-encoding."""
    query = canonical_query(pair for pair in pairs if pair[0] != "Signature")
    return mac(f"{method}&%2F&{query}", f"{secret}&")


def lower_case_escapes(method: str, pairs: Pairs, secret: str) -> str:
    """Write the escapes of the first encoding in lower case; every Timestamp has some."""
    parts = string_to_sign(method, pairs).split("%25")
    lowered = [parts[0], *(part[:2].lower() + part[2:] for part in parts[1:])]
    return mac("%25".join(lowered), f"{secret}&")


def hmac_sha256(method: str, pairs: Pairs, secret: str) -> str:
    """Sign rightly, with the algorithm that RPC-1.0 does not have."""
    return mac(string_to_sign(method, pairs), f"{secret}&", "sha256")


def unknown_algorithm(signer: Signer) -> Signer:
    """Sign V3 under the name of an algorithm that does not exist."""
    other = copy.copy(signer)
    if isinstance(other, Acs3Auth):
        other.algorithm = "ACS3-HMAC-SHA1024"
        other.hashes = {**acs3.HASHES, other.algorithm: "sha256"}
    return other


def unsigned_headers(signer: Signer, *names: str) -> Signer:
    """Send headers that SignedHeaders does not name."""
    other = copy.copy(signer)
    if isinstance(other, Acs3Auth):
        other.unsigned = frozenset(names)
    return other


def lower_case_hash(signer: Signer) -> Signer:
    """Instance API: sign over the content hash in lower case."""
    return signers.with_common(signer, HASH_HEADER, str.lower)


def slow_clock(signer: Signer) -> Signer:
    """Sign for a time a second earlier."""
    return signers.shifted(signer, timedelta(seconds=-1))
