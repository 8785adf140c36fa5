"""KMS Instance API: its requests, signed anew for each sending, and calls beside the load."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from conformance.spec.instance import instance_api
from conformance.wire import instance as wire
from conformance.wire.credentials import ClientKey
from conformance.wire.failures import WireError
from conformance.wire.times import format_http_date
from load.connection import Address, Reply
from load.delivery import Delivery, patiently
from load.failures import NothingProven
from load.signing import AGENT, Moments

_DATE_MARK = "44617465204d61726b21"


class InstanceTemplate:
    """A request that is complete but for Date and the RSA signature over it.

    Args:
        client_key: Who signs.
        authority: Value of the Host header.
        call: Name of the operation.
        body: Its message.
    """

    def __init__(self, client_key: ClientKey, authority: str, call: str, body: bytes) -> None:
        headers = [
            (wire.API_NAME_HEADER, call),
            (wire.API_VERSION_HEADER, wire.API_VERSION),
            (wire.METHOD_HEADER, wire.SIGNATURE_METHOD),
            (wire.KEY_ID_HEADER, client_key.id),
        ]
        hashed = wire.content_hash(body)
        text = wire.string_to_sign("POST", hashed, wire.PROTOBUF, _DATE_MARK, headers)
        self._signed = text.split(_DATE_MARK)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        self._head = (
            f"POST / HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: {AGENT}\r\n"
            f"Accept: {wire.PROTOBUF}\r\nContent-Type: {wire.PROTOBUF}\r\n"
            f"Content-SHA256: {hashed}\r\n{lines}Content-Length: {len(body)}\r\nDate: "
        )
        self._body = body
        self._client_key = client_key
        self._moments = Moments(format_http_date)

    def sign(self) -> bytes:
        """Return the request as it goes to the wire, signed now."""
        date = self._moments.text()
        before, after = self._signed
        signature = wire.sign(f"{before}{date}{after}", self._client_key)
        head = f"{self._head}{date}\r\nAuthorization: Bearer {signature}\r\n\r\n"
        return head.encode() + self._body


class InstanceCaller:
    """A client of the dedicated gateway for calls beside the load, one after another.

    Args:
        address: Of the gateway.
        client_key: Signs the calls.
        timeout: Seconds for one call.
    """

    def __init__(self, address: Address, client_key: ClientKey, timeout: float) -> None:
        self._delivery = Delivery(address, timeout)
        self._client_key = client_key

    def call(self, operation: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of the answer to a call; throttling is waited out.

        Raises:
            Refused: On an error answer.
            NothingProven: When there is no answer, or one that is none.
        """
        body = encode(operation, values)
        reply = patiently(operation, lambda: self.send(operation, body), _code)
        try:
            fields = instance_api().codec.decode(f"{operation}Response", reply.body)
        except WireError:
            raise NothingProven(
                f"preparation failed: the answer to {operation} is no {operation}Response"
            ) from None
        return fields

    def send(self, operation: str, body: bytes) -> Reply:
        """Return the answer to a call, whatever it is."""
        authority = self._delivery.address.authority
        request = InstanceTemplate(self._client_key, authority, operation, body).sign()
        return self._delivery.send(operation, request)

    def close(self) -> None:
        """Close the connection."""
        self._delivery.close()


def encode(operation: str, values: Mapping[str, Any]) -> bytes:
    """Write a request.

    Raises:
        NothingProven: When a value, taken from an earlier answer, does not fit its field.
    """
    try:
        return instance_api().encode(operation, values)
    except WireError as problem:
        raise NothingProven(f"preparation failed: {operation}: {problem}") from None


def opening(sealed: Mapping[str, Any]) -> bytes:
    """Return the request of Decrypt for what Encrypt or GenerateDataKey answered."""
    names = ("KeyId", "CiphertextBlob", "Iv", "Algorithm")
    return encode("Decrypt", {name: sealed[name] for name in names if sealed.get(name)})


def plaintext_of(body: bytes) -> str:
    """Return the plaintext in an answer of Decrypt, in base64; empty where it is none.

    Raises:
        ValueError: When the body is no such answer.
    """
    try:
        return b64encode(instance_api().codec.decode("DecryptResponse", body)["Plaintext"]).decode()
    except WireError as problem:
        raise ValueError(str(problem)) from None


def _code(reply: Reply) -> str:
    try:
        return str(instance_api().codec.decode("Error", reply.body)["ErrorCode"])
    except WireError:
        return ""
