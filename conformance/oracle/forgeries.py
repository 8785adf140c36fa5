"""Right signatures and ciphertexts, made wrong in one respect.

The defect classes are those of C2SP/wycheproof (BER encodings, numbers out of range, paddings,
points) as far as they can be made without the private key of the endpoint.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import replace

from conformance.oracle import der, sm2
from conformance.oracle.curves import SM2, Curve
from conformance.oracle.public_keys import RsaPublicKey
from conformance.oracle.rsa import Hash, mask, xor

Wrong = Mapping[str, bytes]
#: Of an OAEP block: where padding and message begin is told apart by this octet.
_SEPARATOR = b"\1"


def signature_numbers(r: int, s: int, curve: Curve) -> Wrong:
    """Return signatures whose numbers no verifier may accept, in right DER.

    That n - s serves as well as s is a property of ECDSA and no fault, so that it is left out.
    """
    n = curve.order
    numbers = {
        "r is 0": (0, s),
        "s is 0": (r, 0),
        "r and s are 0": (0, 0),
        "r is the order": (n, s),
        "s is the order": (r, n),
        "r is too large by the order": (r + n, s),
        "s is too large by the order": (r, s + n),
        "r and s are exchanged": (s, r),
        "r and s are 1": (1, 1),
        "s is the order less r": (r, n - r),
    }
    # A nonce that makes r equal to s makes the exchange a right signature.
    return {why: der.written(*pair) for why, pair in numbers.items() if pair != (r, s)}


def signature_encodings(r: int, s: int) -> Wrong:
    """Return the numbers of a right signature in encodings other than DER."""
    first, second = der.integer(r), der.integer(s)
    inner = first + second
    octets = max(32, (max(r, s).bit_length() + 7) // 8)
    padded = der.element(der.INTEGER, b"\0\0" + r.to_bytes(octets))
    return {
        "the length is in the long form": b"\x30\x81" + bytes([len(inner)]) + inner,
        "the length is indefinite": b"\x30\x80" + inner + b"\0\0",
        "r has zeros in front": der.element(der.SEQUENCE, padded + second),
        "the end is followed by a byte": der.written(r, s) + b"\0",
        "the end has a NULL more": der.element(der.SEQUENCE, inner + b"\5\0"),
        "r and s are raw": r.to_bytes(octets) + s.to_bytes(octets),
        "the sequence is a set": b"\x31" + der.written(r, s)[1:],
    }


def rsa_signatures(signature: bytes, key: RsaPublicKey) -> Wrong:
    """Return RSA signatures of a wrong length or out of range (RFC 8017, 8.1.2 and 8.2.2)."""
    number = int.from_bytes(signature)
    return {
        "the start has a zero more": b"\0" + signature,
        "the end has a zero more": signature + b"\0",
        "the last byte is missing": signature[:-1],
        "the number is too large by the modulus": (number + key.n).to_bytes(key.octets + 1),
        "the number is the modulus": key.n.to_bytes(key.octets),
        "the number is 0": bytes(key.octets),
        "the number is 1": (1).to_bytes(key.octets),
        "the number is the modulus less 1": (key.n - 1).to_bytes(key.octets),
        "the number is its opposite": (key.n - number).to_bytes(key.octets),
    }


def oaep_blocks(key: RsaPublicKey, plaintext: bytes, name: Hash) -> Wrong:
    """Return OAEP ciphertexts whose block is wrong in one respect (RFC 8017, 7.1.2), and others."""
    size = hashlib.new(name).digest_size
    label = hashlib.new(name).digest()
    filling = key.octets - len(plaintext) - 2 * size - 2
    tail = bytes(filling) + _SEPARATOR + plaintext
    flipped = label[:-1] + bytes([label[-1] ^ 1])
    blocks = {
        "the hash of the label is wrong": (b"\0", flipped + tail),
        "the label is not empty": (b"\0", hashlib.new(name, b"label").digest() + tail),
        "the hash of the label is 0": (b"\0", bytes(size) + tail),
        "the first octet is 1": (b"\1", label + tail),
        "the filling is not 0": (b"\0", label + b"\2" + tail[1:]),
        "nothing separates filling and message": (b"\0", label + bytes(filling + 1) + bytes(20)),
        "another octet separates filling and message": (
            b"\0",
            label + bytes(filling) + b"\2" + plaintext,
        ),
    }
    made = {why: _sealed(key, first, block, name) for why, (first, block) in blocks.items()}
    right = _sealed(key, b"\0", label + tail, name)
    numbers = {
        "the number is 0": 0,
        "the number is 1": 1,
        "the number is the modulus less 1": key.n - 1,
    }
    made |= {why: number.to_bytes(key.octets) for why, number in numbers.items()}
    made["a zero stands in front of it"] = b"\0" + right
    made["it is too large by the modulus"] = (int.from_bytes(right) + key.n).to_bytes(
        key.octets + 1
    )
    return made


def _sealed(key: RsaPublicKey, first: bytes, block: bytes, name: Hash) -> bytes:
    block = block[: key.octets - 1 - hashlib.new(name).digest_size]
    size = hashlib.new(name).digest_size
    block = block.ljust(key.octets - size - 1, b"\0")
    # An octet in front that is not 0 must leave the number below the modulus.
    while True:
        seed = os.urandom(size)
        masked = xor(block, mask(seed, len(block), name))
        encoded = int.from_bytes(first + xor(seed, mask(masked, size, name)) + masked)
        if encoded < key.n:
            return pow(encoded, key.e, key.n).to_bytes(key.octets)


def sm2_ciphertexts(sealed: sm2.Ciphertext, form: sm2.Form) -> Wrong:
    """Return SM2 ciphertexts with one part changed."""
    check, body = sealed.check, sealed.body
    changes = {
        "C3 is 0": replace(sealed, check=bytes(len(check))),
        "a bit of C3 is flipped": replace(sealed, check=_flipped(check)),
        "a bit of C2 is flipped": replace(sealed, body=_flipped(body)),
        "C2 is a byte short": replace(sealed, body=body[:-1]),
        "C2 is a byte long": replace(sealed, body=body + b"\0"),
        "C1 is off the curve": replace(sealed, y=(sealed.y + 1) % SM2.p),
        "C1 is (0, 0)": replace(sealed, x=0, y=0),
        "C1 is its opposite": replace(sealed, y=SM2.p - sealed.y),
        "C1 is the generator": replace(sealed, x=SM2.generator[0], y=SM2.generator[1]),
    }
    return {why: changed.written(form) for why, changed in changes.items()}


def _flipped(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])
