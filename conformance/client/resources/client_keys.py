"""Client keys of application access points, with policy, network rule and validity as asked for."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from conformance.client.resources.base import Bundle, Lazy, Make, provides, text_of
from conformance.run.verdict import NotTestable
from conformance.wire.credentials import ClientKey
from conformance.wire.failures import WireError
from conformance.wire.times import format_iso

_ROLES = "RbacPermission/Template/"
#: What a client key may do unless told otherwise, by scope.
_PERMISSIONS: Mapping[str, tuple[str, ...]] = {
    "instance": ("CryptoServiceKeyUser", "CryptoServiceSecretUser"),
    "shared": ("SecretUser",),
}
_RESOURCES: Mapping[str, tuple[str, ...]] = {
    "instance": ("key/*", "secret/*"),
    "shared": ("secret/*",),
}
#: The identity of target files that has these rights.
_IDENTITIES: Mapping[str, str] = {"instance": "client-key", "shared": "client-key-shared"}
_NETWORKS: Mapping[str, str] = {"instance": "Private", "shared": "Public"}
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
_LOOPBACK = ("127.0.0.0/8",)
_EVERYWHERE = ("0.0.0.0/0",)


_BY = ("Scope", "KmsInstance", "Permissions", "Resources", "Addresses", "Validity", "Beside")


@provides("client-key", by=_BY)
def client_key(make: Make, params: Mapping[str, Any]) -> Bundle:
    """Return a client key, of an access point of its own unless told otherwise.

    Without Scope it is for calls about client keys and has any policy. With it (``instance`` or
    ``shared``) it is to be used: ``credential`` signs, and these say what for:

    - Permissions: names of roles, such as ``SecretUser``.
    - Resources: as policies write them, ``key/*``.
    - Addresses: networks that are let in; those that the suite may call from by default.
    - Validity: seconds from now to its begin and its end; five years by default.
    - KmsInstance: the instance of the scope ``instance``, if not the one of the target.
    - Beside: the access point of another client key, of which it shares all of the above but
      Validity; an access point has three client keys at most.
    """
    scope = text_of(params, "Scope", _IDENTITIES)
    if scope is None:
        return _any_client_key(make)
    plain = not params.keys() & {"Permissions", "Resources", "Addresses", "KmsInstance", "Beside"}
    if not make.creating:
        known = make.target.client_keys.get(_IDENTITIES[scope])
        if known is None or not plain or "Validity" in params:
            raise make.missing("client-key")
        return {"id": known.id, "credential": known}
    if "Beside" in params:
        beside = _create(make, str(params["Beside"]), _validity(params.get("Validity")))
        return Lazy(beside, credential=lambda: _opened(beside))
    rule = _network_rule(make, scope, params.get("Addresses"))
    policy = _policy(make, scope, rule, params)
    point = make.name("access-point")
    request = {
        "Name": point,
        "AuthenticationMethod": "ClientKey",
        "Policies": [policy],
        "Description": make.description,
    }
    make.call("CreateApplicationAccessPoint", request)
    made = _create(make, point, _validity(params.get("Validity")))
    made |= {"policy": policy, "network-rule": rule}
    return Lazy(made, credential=lambda: _opened(made))


def _any_client_key(make: Make) -> Bundle:
    ready = make.ready_made("client-key")
    if ready is not None and not make.fresh:
        return {"id": ready}
    if not make.creating:
        raise make.missing("client-key")
    return _create(make, make.provide("access-point", fresh=True)["name"], {})


def _network_rule(make: Make, scope: str, addresses: Sequence[str] | None) -> str | None:
    """Return the name of a new network rule, None where it is not asked for and not offered.

    The page of CreateNetworkRule lists Private only; rules of public networks may be left to the
    console, and a policy without any rule serves as well.
    """
    everyone: tuple[str, ...] = _EVERYWHERE if scope == "shared" else _PRIVATE
    if make.target.loopback:
        everyone += _LOOPBACK
    name = make.name("network-rule")
    request = {
        "Name": name,
        "Type": _NETWORKS[scope],
        "SourcePrivateIp": list(addresses or everyone),
        "Description": make.description,
    }
    if addresses:
        make.call("CreateNetworkRule", request)
        return name
    return name if make.attempt("CreateNetworkRule", request).ok else None


def _policy(make: Make, scope: str, rule: str | None, params: Mapping[str, Any]) -> str:
    name = make.name("access-policy")
    roles = params.get("Permissions", _PERMISSIONS[scope])
    request: dict[str, Any] = {
        "Name": name,
        "Permissions": [f"{_ROLES}{role}" for role in roles],
        "Resources": list(params.get("Resources", _RESOURCES[scope])),
        "KmsInstance": "shared"
        if scope == "shared"
        else params.get("KmsInstance", make.instance_id),
        "Description": make.description,
    }
    if rule is not None:
        request["AccessControlRules"] = {"NetworkRules": [rule]}
    if scope == "shared" and "Permissions" not in params:
        # The page of CreatePolicy lists the roles for instances only.
        if make.attempt("CreatePolicy", request).ok:
            return name
        request["Permissions"] = [f"{_ROLES}CryptoServiceSecretUser"]
    make.call("CreatePolicy", request)
    return name


def _validity(seconds: tuple[int, int] | None) -> Mapping[str, str]:
    if seconds is None:
        return {}
    begin, end = (format_iso(datetime.now(UTC) + timedelta(seconds=each)) for each in seconds)
    return {"NotBefore": begin, "NotAfter": end}


def _create(make: Make, point: str, validity: Mapping[str, str]) -> dict[str, Any]:
    password = f"Aa1-{make.random.getrandbits(64):016x}"
    exchange = make.call("CreateClientKey", {"AapName": point, "Password": password, **validity})
    return {
        "id": make.member(exchange, "ClientKeyId"),
        "access-point": point,
        "password": password,
        "private-key-data": exchange.data.get("PrivateKeyData"),
    }


def _opened(made: Mapping[str, Any]) -> ClientKey:
    """Return the credential in the file of a client key."""
    document = {"KeyId": made["id"], "PrivateKeyData": made["private-key-data"]}
    try:
        return ClientKey.from_document(document, made["password"])
    except WireError as problem:
        raise NotTestable(f"a prerequisite failed: {problem}") from None
