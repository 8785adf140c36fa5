"""Keys and what hangs on them: versions, ciphertexts, signatures, MACs."""

from collections.abc import Mapping
from typing import Any

from conformance.client.resources.base import Bundle, Make, provides
from conformance.run.verdict import NotApplicable


def create_key(make: Make, **params: Any) -> Mapping[str, Any]:
    """Create a key with the run's mark and return its KeyMetadata.

    Raises:
        NotApplicable: When the target declines the key spec.
    """
    spec = params.get("KeySpec", "Aliyun_AES_256")
    exchange = make.attempt("CreateKey", {"Description": make.description, **params})
    code = exchange.code or ""
    if 400 <= exchange.status < 500 and code.startswith(("Unsupported", "Rejected.Unsupported")):
        raise NotApplicable(f"the target declines {spec} keys: {exchange.describe()}", [exchange])
    if not exchange.ok:
        from conformance.run.verdict import NotTestable

        raise NotTestable(
            f"a prerequisite failed: CreateKey ({spec}) answered {exchange.describe()}", [exchange]
        )
    metadata: Mapping[str, Any] = make.member(exchange, "KeyMetadata")
    return metadata


def key_bundle(metadata: Mapping[str, Any]) -> Bundle:
    """Return the attributes of a key from its KeyMetadata."""
    return {
        "id": metadata.get("KeyId"),
        "arn": metadata.get("Arn"),
        "spec": metadata.get("KeySpec"),
        "usage": metadata.get("KeyUsage"),
        "version": metadata.get("PrimaryKeyVersion"),
        "metadata": metadata,
    }


@provides("symmetric-key")
def symmetric_key(make: Make, params: Mapping[str, Any]) -> Bundle:
    """Return an enabled Aliyun_AES_256 key: id, arn, version, metadata."""
    return key_bundle(create_key(make))
