"""Endpoints that the rules have never seen: few operations, one scheme, another address, slow, late.

with foreign(folder, offer="few operations") as (target, deviations): ...
"""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import deviation
import server
from core import OPERATIONS, TOKENS, USERS, Refused
from deviation import Patch, everywhere, method
from otherwise_signatures import freshness

NAMES = {
    "full": "full",
    "reader": "read-only",
    "nobody": "none",
    "off": "disabled",
    "role": "sts",
    "expired": "expired-sts",
}
FEW = ("CreateKey", "DescribeKey", "ListKeys", "ScheduleKeyDeletion", "Encrypt", "Decrypt")


@dataclass(frozen=True, slots=True)
class Offer:
    """What a target file says, and what the endpoint does.

    Attributes:
        identities: Kinds of callers in the file.
        operations: Operations in the file, None for no word about them.
        without: What the file declares absent.
        path: What follows the address.
        host: Host name in the address.
        patches: What the endpoint does otherwise.
    """

    identities: tuple[str, ...] = tuple(NAMES.values())
    operations: tuple[str, ...] | None = None
    without: tuple[str, ...] = ()
    path: str = ""
    host: str = "127.0.0.1"
    patches: tuple[Patch, ...] = field(default=())


def written(folder: Path, url: str, offer: Offer) -> Path:
    """Write the target file of an offer."""
    url = url.replace("127.0.0.1", offer.host) + offer.path
    lines = ["[target]", 'name = "foreign"', 'region = "cn-hangzhou"']
    lines += ["[gateways.shared]", f"http = {json.dumps(url)}"]
    if offer.operations is not None or offer.without:
        lines.append("[offers]")
    if offer.operations is not None:
        lines.append(f"operations = {json.dumps(sorted(offer.operations))}")
    if offer.without:
        lines.append(f"without = {json.dumps(offer.without)}")
    for identifier, (secret, *_) in USERS.items():
        kind = NAMES[identifier.rpartition("-")[2]]
        if kind in offer.identities:
            lines += [f"[identities.{kind}]", f'access_key_id = "{identifier}"']
            lines.append(f'access_key_secret = "{secret}"')
            if identifier in TOKENS:
                lines.append(f'security_token = "{TOKENS[identifier]}"')
    path = folder / "foreign.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


def refused(name: str) -> Patch:
    """Let a scheme be unknown."""

    def by(*_: Any) -> Any:
        raise Refused(400, "InvalidSignatureMethod", "This scheme is not offered.")

    return everywhere(name, lambda _: by)


def waiting(seconds: float) -> Patch:
    def change(original: Any) -> Any:
        def send(handler: Any, *arguments: Any) -> None:
            time.sleep(seconds)
            original(handler, *arguments)

        return send

    return method(server.Handler, "send", change)


def only(*operations: str) -> Patch:
    kept = {name: OPERATIONS[name] for name in operations}
    return lambda stack: stack.enter_context(mock.patch.dict(OPERATIONS, kept, clear=True))


def late(minutes: float) -> Patch:
    def dated(original: Any) -> Any:
        return lambda handler, at=None: original(handler, (at or time.time()) + 60 * minutes)

    return deviation.together(
        freshness(15, minutes),
        everywhere("now", lambda f: lambda: f() + timedelta(minutes=minutes)),
        method(server.Handler, "date_time_string", dated),
    )


LACKING = (
    "listener:https",
    "spec:EC_SM2",
    "spec:Aliyun_SM4",
    "spec:Aliyun_AES_128",
    "spec:Aliyun_AES_192",
    "spec:RSA_4096",
    "resource:instance",
    "resource:managed-secret",
    "resource:managed-data-key",
    "resource:external-key",
)
NOBODY = tuple(f"identity:{kind}" for kind in NAMES.values() if kind != "full")
OFFERS = {
    "few, undeclared": Offer(identities=("full",), patches=(only(*FEW),)),
    "few, named": Offer(identities=("full",), operations=FEW, patches=(only(*FEW),)),
    "few, declared": Offer(
        identities=("full",),
        operations=FEW,
        without=(*LACKING, "origin:EXTERNAL", *NOBODY),
        patches=(only(*FEW),),
    ),
    "two minutes late": Offer(operations=tuple(OPERATIONS), without=LACKING, patches=(late(-2),)),
    "two minutes early": Offer(operations=tuple(OPERATIONS), without=LACKING, patches=(late(2),)),
    "slow": Offer(operations=FEW, without=LACKING, patches=(only(*FEW), waiting(0.3))),
    "RPC-1.0 only": Offer(
        operations=tuple(OPERATIONS), without=(*LACKING, "scheme:V3"), patches=(refused("by_v3"),)
    ),
    "V3 only": Offer(
        operations=tuple(OPERATIONS),
        without=(*LACKING, "scheme:RPC-1.0"),
        patches=(refused("by_rpc"),),
    ),
    "V3 only, undeclared": Offer(
        operations=FEW, without=LACKING, patches=(only(*FEW), refused("by_rpc"))
    ),
    "path": Offer(operations=FEW, without=LACKING, path="/kms/v1/", patches=(only(*FEW),)),
    "host name": Offer(operations=FEW, without=LACKING, host="localhost", patches=(only(*FEW),)),
}


@contextmanager
def foreign(folder: Path, name: str) -> Iterator[Path]:
    """Serve an offer; yields its target file."""
    offer = OFFERS[name]
    with ExitStack() as stack:
        for patch in offer.patches:
            patch(stack)
        with server.running() as url:
            yield written(folder, url, offer)
