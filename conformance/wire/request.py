"""A request as it crosses the wire, the same value on both sides."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import httpx

from conformance.wire.encoding import decode_pairs

#: Media type of a form whose pairs are parameters.
FORM = "application/x-www-form-urlencoded"


# Not frozen for the same reason as `Verified`: made for every request, changed by nobody.
@dataclass(slots=True)
class WireRequest:
    """One HTTP request.

    Attributes:
        method: As sent.
        path: As sent, still encoded.
        query_string: What follows ``?``, still encoded.
        headers: Names in lower case, values as sent, in order, repeated where repeated.
        body: The bytes after removal of any transfer coding.
        host: The Host header, port included where it was sent.
        secure: Whether it came over TLS.
    """

    method: str
    path: str
    query_string: bytes = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)
    host: str
    secure: bool = True
    #: Headers by name, of a repeated one the last: every stage asks for some.
    by_name: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.by_name = dict(self.headers)

    @classmethod
    def build(
        cls,
        method: str,
        target: str,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        *,
        secure: bool = True,
    ) -> "WireRequest":
        """Make a request from a request target such as ``/?Action=ListKeys``."""
        path, _, query = target.partition("?")
        lowered = tuple((name.lower(), value) for name, value in headers)
        host = next((value for name, value in lowered if name == "host"), "")
        return cls(method, path, query.encode(), lowered, body, host, secure)

    @classmethod
    def from_httpx(cls, request: httpx.Request) -> "WireRequest":
        """Read what httpx is about to send; the body must have been read."""
        headers = tuple(
            (name.decode("ascii").lower(), value.decode("latin-1"))
            for name, value in request.headers.raw
        )
        path = request.url.raw_path.partition(b"?")[0].decode("ascii")
        return cls(
            request.method,
            path,
            request.url.query,
            headers,
            request.content,
            request.headers.get("host", ""),
            request.url.scheme == "https",
        )

    def header(self, name: str) -> str | None:
        """Return the first value of a header given in lower case, or None."""
        named = self.by_name
        if len(named) == len(self.headers):
            return named.get(name)
        return next((value for key, value in self.headers if key == name), None)

    def has_form(self) -> bool:
        """Tell whether the body is a urlencoded form, whose pairs are parameters."""
        if not self.body:
            return False
        content_type = self.header("content-type") or ""
        return content_type == FORM or content_type.partition(";")[0].strip().lower() == FORM

    def query_pairs(self) -> list[tuple[str, str]]:
        """Decode the query; WireError when it cannot be."""
        return decode_pairs(self.query_string) if self.query_string else []

    def form_pairs(self) -> list[tuple[str, str]]:
        """Decode the form, empty when the body is none; WireError when it cannot be."""
        return decode_pairs(self.body) if self.has_form() else []


def rebuilt(
    request: httpx.Request,
    *,
    method: str | None = None,
    query: str | None = None,
    headers: httpx.Headers | None = None,
    content: bytes | str | None = None,
) -> httpx.Request:
    """Return a copy of a request with other parts; Content-Length follows the content.

    Args:
        request: Its body must have been read.
        method: Replaces the method.
        query: Replaces the encoded query, empty for none.
        headers: Replaces all headers.
        content: Replaces the body.
    """
    headers = (request.headers if headers is None else headers).copy()
    body = request.content if content is None else content
    body = body.encode() if isinstance(body, str) else body
    method = request.method if method is None else method
    headers.pop("transfer-encoding", None)
    if body or method == "POST":
        headers["content-length"] = str(len(body))
    else:
        headers.pop("content-length", None)
    url = request.url
    if query is not None:
        url = url.copy_with(query=query.encode() or None)
    return httpx.Request(method, url, headers=headers, content=body, extensions=request.extensions)
