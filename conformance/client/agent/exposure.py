"""Whether a port of this machine is open to others: where it is listened on, and who gets in."""

import ipaddress
import socket
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from conformance.run.verdict import NotTestable

_LISTENING = "0A"
_TIMEOUT = 2.0
#: Addresses for documentation: a datagram socket that is connected to one sends nothing.
_ELSEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))


def exposed(url: str) -> list[str]:
    """Return the addresses beyond loopback on which the port of a URL is open.

    Raises:
        NotTestable: When this machine has no other address and does not tell where it listens.
    """
    port = urlsplit(url).port or 80
    listening = _listening(port)
    own = _own_addresses()
    if listening is None and not own:
        raise NotTestable("this machine has no address but loopback, and no table of its sockets")
    found = {str(address) for address in listening or () if not address.is_loopback}
    return sorted(found | {address for address in own if _is_open(address, port)})


def _listening(port: int) -> "list[ipaddress.IPv4Address | ipaddress.IPv6Address] | None":
    """Return the addresses that a port is listened on, None where the system does not say."""
    rows = []
    for table in _TABLES:
        with suppress(OSError):
            rows += table.read_text(encoding="ascii").splitlines()[1:]
    if not rows:
        return None
    found = []
    for row in rows:
        fields = row.split()
        address, _, number = fields[1].partition(":")
        if fields[3] == _LISTENING and int(number, 16) == port:
            found.append(_address(bytes.fromhex(address)))
    return found


def _address(words: bytes) -> "ipaddress.IPv4Address | ipaddress.IPv6Address":
    """Read an address as the kernel prints it: words of four bytes, the last byte first."""
    packed = b"".join(words[at : at + 4][::-1] for at in range(0, len(words), 4))
    address = ipaddress.ip_address(packed)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _own_addresses() -> list[str]:
    """Return addresses of this machine beyond loopback, as far as they are easily found."""
    found = set()
    for family, elsewhere in _ELSEWHERE:
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((elsewhere, 9))
            found.add(str(probe.getsockname()[0]))
    with suppress(OSError):
        found |= {str(entry[4][0]) for entry in socket.getaddrinfo(socket.gethostname(), None)}
    return sorted(address for address in found if _is_beyond(address))


def _is_beyond(address: str) -> bool:
    known = ipaddress.ip_address(address.partition("%")[0])
    return not (known.is_loopback or known.is_link_local or known.is_unspecified)


def _is_open(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=_TIMEOUT).close()
    except OSError:
        return False
    return True
