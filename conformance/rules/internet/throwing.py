"""Has the switch stand as a rule needs it: as the target file tells, or thrown for a while.

The service has the switch in its console alone, so that a target file says how it stands. The
embedded endpoint lets the suite throw it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

import httpx

from conformance.client.building import Scheme
from conformance.client.exchange import Exchange
from conformance.rules.gateway.requests import way
from conformance.run.context import Kms
from conformance.run.verdict import NotApplicable, NotTestable
from conformance.spec import Operation

State = Literal["on", "off"]

#: What a target must have: an address on the Internet, and keys of an instance.
NEEDS = ("listener:internet", "resource:instance", "scheme:V3")


@contextmanager
def switched(kms: Kms, state: State) -> Iterator[None]:
    """Go on with the switch on or off, and leave it as it was.

    Raises:
        NotApplicable: When it does not stand so and the suite may not throw it.
        NotTestable: When the control surface does not answer.
    """
    told = kms.target.gateways["shared"].internet_switch
    if kms.target.control is None:
        if told != state:
            stands = f"the switch is {told}" if told else "the target file does not say how it is"
            raise NotApplicable(f"this takes the Internet switch {state}; {stands}")
        yield
        return
    try:
        with httpx.Client(base_url=kms.target.control, trust_env=False, timeout=5) as client:
            before: dict[str, bool] = client.get("/internet").raise_for_status().json()
            wanted = dict.fromkeys(before, state == "on")
            client.post("/internet", json=wanted).raise_for_status()
            try:
                yield
            finally:
                client.post("/internet", json=before).raise_for_status()
    except httpx.HTTPError as error:
        raise NotTestable(f"the control surface does not work: {type(error).__name__}") from None


def ask(
    kms: Kms,
    operation: Operation,
    params: Mapping[str, Any],
    listener: str | None = "internet",
    scheme: Scheme = "V3",
) -> Exchange:
    """Call an operation on a side of the shared gateway; the VPC side where none is named."""
    method, placement = way(operation)
    return kms.call(
        operation.name,
        params,
        scheme=scheme,
        method=method,
        placement=placement,
        listener=listener,
    )
