"""New key material of every key spec that the endpoint offers."""

import os
import threading
from collections import deque
from collections.abc import Mapping
from types import MappingProxyType

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from conformance.reference.services.algorithms import PrivateKey
from conformance.reference.services.tables import key_specs
from conformance.reference.sm.sm2 import new_private_key

#: RSA moduli by key spec, in bits.
_RSA_BITS: Mapping[str, int] = MappingProxyType(
    {"RSA_2048": 2048, "RSA_3072": 3072, "RSA_4096": 4096}
)
_CURVES: Mapping[str, type[ec.EllipticCurve]] = MappingProxyType(
    {"EC_P256": ec.SECP256R1, "EC_P256K": ec.SECP256K1}
)


#: Keys kept ready by size; few, because making them takes from the calls that are going on.
_AHEAD: Mapping[int, int] = MappingProxyType({2048: 2, 3072: 0, 4096: 1})


class RsaPool:
    """RSA keys made ahead, because one RSA_4096 key takes from half a second to two.

    Nothing is made before the first key of a size is taken; from then on one thread, which does not
    hold the interpreter's lock meanwhile, keeps some of that size ready and ends when it has
    nothing to do. Each key is handed out once.
    """

    def __init__(self) -> None:
        self._ready: dict[int, deque[rsa.RSAPrivateKey]] = {}
        self._is_filling = False
        self._lock = threading.Lock()

    def take(self, bits: int) -> rsa.RSAPrivateKey:
        """Return a key that nobody else has."""
        with self._lock:
            ready = self._ready.setdefault(bits, deque())
            key = ready.popleft() if ready else None
        if key is None:
            key = new_rsa_key(bits)
        self._refill()
        return key

    def _refill(self) -> None:
        with self._lock:
            if self._is_filling or self._wanted() is None:
                return
            self._is_filling = True
        threading.Thread(target=self._fill, name="rsa-keys", daemon=True).start()

    def _wanted(self) -> int | None:
        sizes = (bits for bits, ready in self._ready.items() if len(ready) < _AHEAD[bits])
        return min(sizes, default=None)

    def _fill(self) -> None:
        while True:
            with self._lock:
                bits = self._wanted()
                if bits is None:
                    self._is_filling = False
                    return
            key = new_rsa_key(bits)
            with self._lock:
                self._ready[bits].append(key)


def new_rsa_key(bits: int) -> rsa.RSAPrivateKey:
    """Make an RSA key with the usual exponent."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


#: Shared by all endpoints of the process.
RSA_KEYS = RsaPool()


def offered(spec: str) -> bool:
    """Tell whether the endpoint has real cryptography for a key spec."""
    return spec in key_specs()


def new_material(spec: str) -> bytes | PrivateKey:
    """Make material for a key spec that is offered: bytes, or a private key."""
    if spec in _RSA_BITS:
        return RSA_KEYS.take(_RSA_BITS[spec])
    if spec in _CURVES:
        return ec.generate_private_key(_CURVES[spec]())
    if spec == "EC_SM2":
        return new_private_key()
    return os.urandom(int(key_specs()[spec]["keyBytes"]))
