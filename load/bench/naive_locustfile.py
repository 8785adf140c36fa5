"""Locust as its documentation shows it: a closed loop with constant throughput.

Here only to show what it does not see. The request is signed for each call, like ours.
"""

import os
from pathlib import Path

from locust import FastHttpUser, constant_throughput, task

from conformance.target import load_target
from load.options import Options
from load.place import Place
from load.signing import template

_TARGET = Path(os.environ["KMS_BENCH_TARGET"])
_PLACE = Place.of(load_target(_TARGET), Options(target=str(_TARGET), listener="http"))
_SIGN = template(
    "V3",
    _PLACE.target.identities["full"],
    _PLACE.address.authority,
    "DescribeRegions",
    [],
).sign


class NaiveUser(FastHttpUser):
    """Fifty requests a second, as long as the answers come."""

    host = _PLACE.address.url
    wait_time = constant_throughput(50)

    @task
    def call(self) -> None:
        """Send one request and wait for its answer."""
        head, _, body = _SIGN().partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        self.client.post(first.split(" ")[1], data=body.decode(), headers=headers, name="naive")
