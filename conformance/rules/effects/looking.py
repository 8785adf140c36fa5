"""Looks at things after a call, with patience away from loopback, where changes may lag."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from conformance.client.exchange import Exchange
from conformance.run.context import Kms

#: Seconds that a change may take to show on a target that is not on this machine.
_PATIENCE = 5.0
_PAUSE = 0.5


def done(kms: Kms, operation: str, params: Mapping[str, Any]) -> Exchange:
    """Send a call that must succeed."""
    return kms.expect_success(kms.call(operation, params))


def expect_shown(
    kms: Kms, look: Callable[[], Exchange], shown: Callable[[Exchange], object], message: str
) -> Exchange:
    """Look until what is expected shows; Violation with the last look when it does not."""
    end = time.monotonic() + (0 if kms.target.loopback else _PATIENCE)
    while True:
        exchange = look()
        if exchange.ok and shown(exchange):
            return exchange
        if time.monotonic() >= end:
            kms.violated(f"{message}, found {_found(exchange)}", exchange)
        time.sleep(_PAUSE)


def _found(exchange: Exchange) -> str:
    return "something else" if exchange.ok else exchange.describe()


def key_metadata(exchange: Exchange) -> Mapping[str, Any]:
    """Return KeyMetadata of an answer."""
    value = exchange.data.get("KeyMetadata")
    return value if isinstance(value, Mapping) else {}


def expect_key(kms: Kms, key_id: str, **members: Any) -> Mapping[str, Any]:
    """Describe a key and compare members; return its metadata.

    A member whose wish is None must be absent or empty.
    """

    def fits(exchange: Exchange) -> bool:
        metadata = key_metadata(exchange)
        return all((metadata.get(n) or None) == wish for n, wish in members.items())

    wish = ", ".join(f"{name} {value!r}" for name, value in members.items())
    look = expect_shown(
        kms,
        lambda: kms.call("DescribeKey", {"KeyId": key_id}),
        fits,
        f"DescribeKey shows {wish}",
    )
    return key_metadata(look)


def new_key(kms: Kms, **params: Any) -> str:
    """Create a key with the run's mark and return its id."""
    request = {"Description": f"{kms.marker} conformance test, may be deleted", **params}
    created = done(kms, "CreateKey", request)
    key_id = key_metadata(created).get("KeyId")
    kms.expect(isinstance(key_id, str), "CreateKey answers the KeyId", created)
    return str(key_id)


def new_secret(kms: Kms, **params: Any) -> tuple[str, str]:
    """Create a Generic secret with one version, v1; return its name and value."""
    name = kms.fresh_name("secret")
    value = f"value-{kms.random.getrandbits(96):024x}"
    request = {"SecretName": name, "SecretData": value, "VersionId": "v1", **params}
    done(kms, "CreateSecret", request)
    return name, value


def gone(kms: Kms, exchange: Exchange, code: str) -> None:
    """Expect the refusal that tells that a thing is not there."""
    kms.expect_refused(exchange, codes=[code], statuses=[404], why="what was deleted is gone")
