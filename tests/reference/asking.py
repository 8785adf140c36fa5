"""Asks an endpoint as a client does: encoded, signed with V3, through `Endpoint.handle`."""

import json
from datetime import timedelta

import httpx

from conformance.reference.endpoint import Endpoint
from conformance.spec import catalogue
from conformance.wire.acs3 import Acs3Auth
from conformance.wire.encoding import encode_query
from conformance.wire.request import WireRequest


class Refused(Exception):
    """A refusal: its code and status."""

    def __init__(self, status, code, message):
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message


class Asker:
    """One client of one endpoint; every answer is held against its response schema."""

    def __init__(self, settings=None):
        self.endpoint = Endpoint(settings)
        self.failures = []
        self.endpoint.witness.note_internal_error = self.failures.append

    @property
    def account(self):
        return self.endpoint.account

    def advance(self, **amount):
        self.endpoint.clock.advance(timedelta(**amount).total_seconds())

    def __call__(self, operation, /, identity="full", **params):
        response = self.send(operation, identity, params)
        body = json.loads(response.body)
        if response.status != 200:
            assert body["Code"] != "InternalFailure", (operation, self.failures)
            raise Refused(response.status, body["Code"], body["Message"])
        spec = catalogue().operations[operation]
        problems = [problem.message for problem in spec.response_validator.iter_errors(body)]
        assert not problems, (operation, problems)
        return body

    def send(self, operation, identity, params):
        known = self.endpoint.operations[operation]
        pairs = [("Action", operation), ("Version", "2016-01-20"), *known.codec.encode(params)]
        method = "POST" if "POST" in known.methods else "GET"
        request = httpx.Request(method, f"https://kms.example/?{encode_query(pairs)}")
        credential = self.endpoint.identities[identity].credential
        auth = Acs3Auth(credential, clock=self.endpoint.clock.now)
        signed = auth.sign_request(request)
        return self.endpoint.handle(WireRequest.from_httpx(signed), "https")

    def refused(self, operation, /, **params):
        """Return the status and code of a call that must be refused."""
        try:
            answer = self(operation, **params)
        except Refused as refusal:
            return refusal.status, refusal.code
        raise AssertionError(f"{operation} was not refused: {sorted(answer)}")

    def key(self, **params):
        """Make a key and return its id."""
        return self("CreateKey", **params)["KeyMetadata"]["KeyId"]

    def describe(self, key_id):
        return self("DescribeKey", KeyId=key_id)["KeyMetadata"]

    def versions(self, key_id):
        rows = self("ListKeyVersions", KeyId=key_id)["KeyVersions"]["KeyVersion"]
        return [row["KeyVersionId"] for row in rows]
