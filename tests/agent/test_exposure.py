"""Where a port of this machine is open: loopback only, or beyond."""

import ipaddress
import socket

import pytest

from conformance.client.agent import exposure
from conformance.run.verdict import NotTestable


def listening_on(family, address):
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.bind((address, 0))
        bound.listen()
    except OSError as error:
        bound.close()
        pytest.skip(f"{address} cannot be listened on here: {error.strerror}")
    return bound


def url_of(bound):
    return f"http://127.0.0.1:{bound.getsockname()[1]}"


def test_loopback_is_not_beyond():
    with listening_on(socket.AF_INET, "127.0.0.1") as bound:
        assert exposure.exposed(url_of(bound)) == []


def test_loopback_of_version_6_is_not_beyond():
    with listening_on(socket.AF_INET6, "::1") as bound:
        assert exposure.exposed(url_of(bound)) == []


@pytest.mark.parametrize(
    ("family", "address"), [(socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")]
)
def test_every_address_is_beyond(family, address):
    with listening_on(family, address) as bound:
        assert address in exposure.exposed(url_of(bound))


def test_who_gets_in_counts_where_no_table_is_told(monkeypatch):
    monkeypatch.setattr(exposure, "_TABLES", ())
    with listening_on(socket.AF_INET, "0.0.0.0") as bound:
        # 127.0.0.2 stands in for another address of this machine: a connection gets in there.
        monkeypatch.setattr(exposure, "_own_addresses", lambda: ["127.0.0.2"])
        assert exposure.exposed(url_of(bound)) == ["127.0.0.2"]
    with listening_on(socket.AF_INET, "127.0.0.1") as bound:
        assert exposure.exposed(url_of(bound)) == []


def test_nothing_is_said_where_nothing_can_be_known(monkeypatch):
    monkeypatch.setattr(exposure, "_TABLES", ())
    monkeypatch.setattr(exposure, "_own_addresses", list)
    with pytest.raises(NotTestable, match="no address but loopback"):
        exposure.exposed("http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("0100007F", "127.0.0.1"),
        ("00000000", "0.0.0.0"),
        ("00000000000000000000000001000000", "::1"),
        ("0000000000000000FFFF00000100007F", "127.0.0.1"),
    ],
)
def test_addresses_of_the_table(told, address):
    assert exposure._address(bytes.fromhex(told)) == ipaddress.ip_address(address)
