"""The dedicated gateway of one instance: which of its two APIs a request is for.

KMS API goes through the stages of the endpoint; KMS Instance API answers everything else, and on
images older than 3.0.0 everything.
"""

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from conformance.reference.passage import Passage, Response
from conformance.wire.failures import AuthFailure, WireError
from conformance.wire.identity import Scheme
from conformance.wire.instance import API_NAME_HEADER, KEY_ID_HEADER, PROTOBUF
from conformance.wire.request import WireRequest
from conformance.wire.verify import recognise

if TYPE_CHECKING:
    from conformance.reference.endpoint import Endpoint


def choose_api(endpoint: "Endpoint", passage: Passage) -> None:
    """Tell whether KMS Instance API answers a request."""
    passage.instance_api = endpoint.settings.older_image or not _is_kms_api(passage.request)


def _is_kms_api(request: WireRequest) -> bool:
    headers = request.by_name
    if API_NAME_HEADER in headers or KEY_ID_HEADER in headers:
        return False
    if headers.get("content-type", "").startswith(PROTOBUF):
        return False
    try:
        if recognise(request) is not Scheme.NONE or "x-acs-action" in headers:
            return True
        return "Action" in dict(request.query_pairs() + request.form_pairs())
    except (AuthFailure, WireError):
        return True  # KMS API knows an answer to parameters that cannot be read


@cache
def _handler() -> Any:
    """Return the module of KMS Instance API, imported when it is first needed."""
    return import_module("conformance.reference.instance_api")


def is_slow(passage: Passage) -> bool:
    """Tell whether answering is work for a thread of its own."""
    return bool(_handler().is_slow(passage))


def instance_api(endpoint: "Endpoint", passage: Passage) -> Response:
    """Answer a request of KMS Instance API; the endpoint's lock is held."""
    response: Response = _handler().answer(endpoint, passage)
    return response
