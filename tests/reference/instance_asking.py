"""Asks KMS Instance API of an endpoint as a client does: encoded, signed with a client key."""

import base64

import httpx
from asking import Asker

from conformance.spec.instance import instance_api
from conformance.wire.credentials import ClientKey
from conformance.wire.instance import API_NAME_HEADER, InstanceAuth
from conformance.wire.request import WireRequest, rebuilt

API = instance_api()
KEY_USER = "RbacPermission/Template/CryptoServiceKeyUser"
SECRET_USER = "RbacPermission/Template/CryptoServiceSecretUser"
PASSWORD = "Passw0rd-of-a-test"


class InstanceRefused(Exception):
    """A refusal: status, code, message."""

    def __init__(self, status, code, message):
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message


class InstanceAsker:
    """A client key of one instance, and the shared gateway beside it to make things with."""

    def __init__(self, settings=None):
        self.kms = Asker(settings)
        self.endpoint = self.kms.endpoint
        self.instance_id = self.endpoint.instance_id
        self.client_key = self.new_client_key(["key/*", "secret/*"])

    def new_client_key(self, resources, roles=(KEY_USER, SECRET_USER), instance=None, **validity):
        number = len(self.endpoint.account.access_policies)
        self.kms(
            "CreatePolicy",
            Name=f"policy-{number}",
            KmsInstance=instance or self.instance_id,
            Permissions=list(roles),
            Resources=list(resources),
        )
        self.kms(
            "CreateApplicationAccessPoint", Name=f"point-{number}", Policies=[f"policy-{number}"]
        )
        made = self.kms("CreateClientKey", AapName=f"point-{number}", Password=PASSWORD, **validity)
        document = {"KeyId": made["ClientKeyId"], "PrivateKeyData": made["PrivateKeyData"]}
        return ClientKey.from_document(document, PASSWORD)

    def key(self, spec="Aliyun_AES_256", **params):
        return self.kms.key(KeySpec=spec, DKMSInstanceId=self.instance_id, **params)

    def send(self, operation, body, auth=None, headers=()):
        request = httpx.Request(
            "POST",
            "https://instance.example/",
            headers=[(API_NAME_HEADER, operation), *headers],
            content=body,
        )
        auth = auth or InstanceAuth(self.client_key, clock=self.endpoint.clock.now)
        signed = next(auth.sync_auth_flow(request))
        return self.endpoint.handle(
            WireRequest.from_httpx(signed), "dedicated", gateway="dedicated", client_ip="127.0.0.1"
        )

    def ask(self, operation, auth=None, body=None, headers=(), **values):
        """Return the response and its message."""
        body = API.encode(operation, values) if body is None else body
        response = self.send(operation, body, auth, headers)
        message = f"{operation}Response" if response.status == 200 else "Error"
        assert not self.kms.failures, self.kms.failures
        return response, API.codec.decode(message, response.body)

    def __call__(self, operation, **values):
        response, answer = self.ask(operation, **values)
        if response.status != 200:
            assert answer["StatusCode"] == response.status
            raise InstanceRefused(response.status, answer["ErrorCode"], answer["ErrorMessage"])
        return answer

    def refused(self, operation, **values):
        """Return status and code of a call that must be refused."""
        try:
            self(operation, **values)
        except InstanceRefused as refusal:
            return refusal.status, refusal.code
        raise AssertionError(f"{operation} was not refused")


def edited(asker, change, key=None):
    """Return a signer that changes the request after it was signed."""

    class Edited(httpx.Auth):
        requires_request_body = True

        def auth_flow(self, request):
            auth = InstanceAuth(key or asker.client_key, clock=asker.endpoint.clock.now)
            yield change(auth.sign_request(request))

    return Edited()


def with_header(name, value):
    """Return what sets a header, or drops it for None."""

    def change(request):
        headers = request.headers.copy()
        if value is None:
            headers.pop(name, None)
        else:
            headers[name] = value
        return rebuilt(request, headers=headers)

    return change


def text(data):
    return base64.b64encode(data).decode()
