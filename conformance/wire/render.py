"""Answers of the KMS API written for the wire, as a server does.

Two error forms are documented: KMS's own with HttpStatus and the gateway's with HostId.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from conformance.wire.parameters import JSON, compact_json
from conformance.wire.xml_answers import write_xml

Root: TypeAlias = Literal["KMS", "response"]
ErrorForm: TypeAlias = Literal["kms", "gateway"]

JSON_TYPE = "application/json;charset=utf-8"
XML_TYPE = "text/xml;charset=utf-8"


def render_json(data: Mapping[str, JSON]) -> bytes:
    """Return compact JSON."""
    return compact_json(dict(data)).encode()


def render_xml(operation: str, data: Mapping[str, JSON], root: Root = "response") -> bytes:
    """Return a success as XML.

    Args:
        operation: The operation's name.
        data: Members, RequestId included.
        root: ``response`` for ``<Operation>Response`` as current pages show, ``KMS`` as pages up to
            2021 do.
    """
    return write_xml("KMS" if root == "KMS" else f"{operation}Response", data)


def error_members(
    form: ErrorForm,
    *,
    status: int,
    code: str,
    message: str,
    request_id: str,
    host_id: str = "",
    extra: Mapping[str, JSON] | None = None,
) -> dict[str, JSON]:
    """Return the members of an error in KMS's or in the gateway's form.

    Args:
        form: Which of the two.
        status: HTTP status, a member of KMS's form.
        code: Error code.
        message: For people.
        request_id: Of this answer.
        host_id: The host that was asked, a member of the gateway's form.
        extra: Further members, such as AccessDeniedDetail or Recommend.
    """
    own: dict[str, JSON] = {"HttpStatus": status} if form == "kms" else {"HostId": host_id}
    return {"RequestId": request_id, **own, "Code": code, "Message": message, **(extra or {})}


def render_error_json(members: Mapping[str, JSON]) -> bytes:
    """Return an error as JSON."""
    return render_json(members)


def render_error_xml(form: ErrorForm, members: Mapping[str, JSON]) -> bytes:
    """Return an error as XML, with root ``KMS`` or ``Error``."""
    return write_xml("KMS" if form == "kms" else "Error", members)
