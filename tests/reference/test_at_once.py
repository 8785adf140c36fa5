"""Answering without a task, bodies that come later, idle connections, and JSON by two encoders."""

import asyncio
import json

import pytest
from serving import read_all, site

from conformance.reference.json_body import json_body
from conformance.reference.protocol import Limits
from conformance.reference.starting import start_at_once

HEAD = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n"


@pytest.fixture(scope="module")
def served():
    with site(limits=Limits(idle_seconds=1)) as running:
        yield running


def test_what_waits_for_nothing_has_ended_when_it_was_started():
    seen = []

    async def work():
        seen.append("done")

    assert start_at_once(work()) is None
    assert seen == ["done"]


def test_what_waits_goes_on_as_a_task():
    seen = []

    async def work():
        seen.append("started")
        seen.append(await asyncio.sleep(0, "a turn"))
        seen.append(await asyncio.sleep(0.01, "a while"))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 0.01)
        seen.append("ended")

    async def main():
        rest = start_at_once(work())
        assert seen == ["started"]
        await asyncio.create_task(rest)

    asyncio.run(main())
    assert seen == ["started", "a turn", "a while", "ended"]


def test_a_task_of_what_is_left_can_be_cancelled_and_can_fail():
    seen = []

    async def work():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise ValueError from None

    async def main():
        task = asyncio.create_task(start_at_once(work()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(ValueError):
            await task

    asyncio.run(main())
    assert seen == ["cancelled"]


def test_a_body_that_comes_later_is_awaited(served):
    body = b"Action=ListKeys&Format=JSON"
    with served.connect() as connection:
        connection.sendall(HEAD + b"content-length: %d\r\n\r\n" % len(body))
        for byte in body:
            connection.sendall(bytes([byte]))
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"AccessKeyId" in answer


def test_expected_bodies_are_asked_for(served):
    with served.connect() as connection:
        connection.sendall(HEAD + b"expect: 100-continue\r\ncontent-length: 1\r\n\r\n")
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"a")
        assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("requests", [0, 1, 3])
def test_idle_connections_are_closed(served, requests):
    with served.connect(timeout=8) as connection:
        for _ in range(requests):
            connection.sendall(HEAD + b"content-length: 0\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")
        assert read_all(connection) == b""
    assert served.endpoint.witness.counts["timed_out"] == 0


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"a": 'quote " backslash \\ slash / tab \t line \r\n \b\f', "b": [1, True, None, {}]},
        {"a": "".join(map(chr, range(0x200))) + "\u2028\ufeff漢字😀"},
        {"a": 2**70, "b": -(2**63)},
        {"a": 0.5, "b": [[], {"c": ""}]},
    ],
)
def test_both_encoders_write_the_same_bytes(members):
    standard = json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode()
    assert json_body(members) == standard


def test_half_a_surrogate_pair_is_replaced_on_request_only():
    assert json_body({"a": "\ud800"}, errors="replace") == b'{"a":"?"}'
    with pytest.raises(UnicodeEncodeError):
        json_body({"a": "\ud800"})
