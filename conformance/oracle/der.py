"""Strict DER: the few forms that public keys and signatures consist of."""

from dataclasses import dataclass

SEQUENCE = 0x30
INTEGER = 0x02
BIT_STRING = 0x03
NULL = 0x05
OCTET_STRING = 0x04
OBJECT_IDENTIFIER = 0x06
_LONG = 0x80


class DerError(ValueError):
    """What was read is not DER, or not what was expected."""


@dataclass
class Reader:
    """Reads elements one after the other."""

    data: bytes

    def take(self, tag: int) -> bytes:
        """Return the content of the next element.

        Raises:
            DerError: When it has another tag, or a length that is not written the shortest way.
        """
        if len(self.data) < 2 or self.data[0] != tag:
            raise DerError("another element than expected")
        length, start = self.data[1], 2
        if length >= 0x80:
            octets = length & 0x7F
            written = self.data[2 : 2 + octets]
            if not 1 <= octets <= 4 or len(written) != octets or written[0] == 0:
                raise DerError("a length that is not DER")
            length, start = int.from_bytes(written), 2 + octets
            if length < 0x80:
                raise DerError("a length that is not written the shortest way")
        content = self.data[start : start + length]
        if len(content) != length:
            raise DerError("less data than the length says")
        self.data = self.data[start + length :]
        return content

    def integer(self) -> int:
        """Return the next element as an integer of at least 0, written the shortest way."""
        content = self.take(INTEGER)
        if not content or content[0] >= 0x80:
            raise DerError("a negative or empty integer")
        if len(content) > 1 and content[0] == 0 and content[1] < 0x80:
            raise DerError("an integer that is not written the shortest way")
        return int.from_bytes(content)

    def sequence(self) -> "Reader":
        """Return a reader of the next element, a sequence."""
        return Reader(self.take(SEQUENCE))

    def identifier(self) -> str:
        """Return the next element, an object identifier, in dotted form."""
        content = self.take(OBJECT_IDENTIFIER)
        if not content or content[-1] >= 0x80:
            raise DerError("an object identifier that ends early")
        numbers: list[int] = []
        value, fresh = 0, True
        for octet in content:
            if fresh and octet == 0x80:
                raise DerError("an object identifier that is not written the shortest way")
            value, fresh = value << 7 | octet & 0x7F, octet < 0x80
            if fresh:
                numbers.append(value)
                value = 0
        first = min(numbers[0] // 40, 2)
        return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]]))

    def bits(self) -> bytes:
        """Return the next element, a bit string of whole octets."""
        content = self.take(BIT_STRING)
        if not content or content[0] != 0:
            raise DerError("a bit string that is not of whole octets")
        return content[1:]

    def octets(self) -> bytes:
        """Return the next element, an octet string."""
        return self.take(OCTET_STRING)

    def end(self) -> None:
        """Expect that nothing follows."""
        if self.data:
            raise DerError("something follows")


def element(tag: int, content: bytes) -> bytes:
    """Write an element."""
    length = len(content)
    if length < _LONG:
        return bytes([tag, length]) + content
    counted = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes([tag, _LONG | len(counted)]) + counted + content


def integer(number: int) -> bytes:
    """Write an integer of at least 0."""
    return element(INTEGER, number.to_bytes(number.bit_length() // 8 + 1))


def written(*values: int | bytes) -> bytes:
    """Write a sequence of integers and octet strings."""
    parts = (
        integer(value) if isinstance(value, int) else element(OCTET_STRING, value)
        for value in values
    )
    return element(SEQUENCE, b"".join(parts))
