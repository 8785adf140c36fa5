"""Policies of keys and secrets. Only those of a KMS instance have one, named default."""

import json
from typing import Any

from conformance.reference.call import Call, handles, seam
from conformance.reference.model import Key, PolicyDocument, Secret
from conformance.reference.services.finding import (
    find_key,
    not_found,
    require_state,
    unsupported,
)
from conformance.reference.services.secret_life import find_secret, require_live


def default_policy(call: Call) -> PolicyDocument:
    """Return the policy of a resource that was never given one: its account may do everything."""
    return {
        "Version": "1",
        "Statement": [
            {
                "Sid": "kms-default-policy",
                "Effect": "Allow",
                "Principal": {"RAM": [f"acs:ram::{call.account.uid}:*"]},
                "Action": ["kms:*"],
                "Resource": ["*"],
            }
        ],
    }


def _require_instance(thing: Key | Secret) -> None:
    """Refuse a resource outside an instance; the code is inferred."""
    if thing.instance_id is None:
        raise unsupported("Only keys and secrets of a KMS instance have a policy.")


def _require_default_name(call: Call) -> None:
    if call.params.get("PolicyName", "default") != "default":
        raise not_found("policy")


def _key(call: Call) -> Key:
    key = find_key(call)
    require_state(call, key)
    _require_default_name(call)
    _require_instance(key)
    return key


def _secret(call: Call) -> Secret:
    secret = find_secret(call)
    require_live(call, secret)
    _require_default_name(call)
    _require_instance(secret)
    return secret


@seam
def stored_policy(call: Call) -> PolicyDocument:
    """Return the document to keep: the whole one that was given, in place of the former."""
    document: PolicyDocument = call.params["Policy"]
    return document


def _set(call: Call, thing: Key | Secret) -> None:
    thing.policy = call.endpoint.seams.stored_policy(call)
    call.account.has_policies = True


def _shown(call: Call, thing: Key | Secret) -> dict[str, Any]:
    return {"Policy": json.dumps(thing.policy or default_policy(call))}


@handles("SetKeyPolicy")
def set_key_policy(call: Call) -> dict[str, Any]:
    """Replace the policy of a key."""
    _set(call, _key(call))
    return {}


@handles("GetKeyPolicy")
def get_key_policy(call: Call) -> dict[str, Any]:
    """Show the policy of a key."""
    return _shown(call, _key(call))


@handles("SetSecretPolicy")
def set_secret_policy(call: Call) -> dict[str, Any]:
    """Replace the policy of a secret."""
    _set(call, _secret(call))
    return {}


@handles("GetSecretPolicy")
def get_secret_policy(call: Call) -> dict[str, Any]:
    """Show the policy of a secret."""
    return _shown(call, _secret(call))
