"""The few DER elements that an SM2 ciphertext consists of."""

_SEQUENCE = 0x30
_INTEGER = 0x02
_OCTET_STRING = 0x04
_LONG = 0x80


def _element(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < _LONG:
        return bytes([tag, length]) + content
    written = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes([tag, _LONG | len(written)]) + written + content


def sequence(*elements: bytes) -> bytes:
    """Return a SEQUENCE."""
    return _element(_SEQUENCE, b"".join(elements))


def unsigned(number: int) -> bytes:
    """Return an INTEGER of at least 0."""
    return _element(_INTEGER, number.to_bytes(number.bit_length() // 8 + 1))


def octets(data: bytes) -> bytes:
    """Return an OCTET STRING."""
    return _element(_OCTET_STRING, data)


class Elements:
    """Elements that follow each other.

    What is read must be written the only way that DER allows: each element is written anew and
    compared.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data

    def _take(self, tag: int) -> bytes:
        data = self._data
        if len(data) < 2 or data[0] != tag:
            raise ValueError("another element than expected")
        start, length = 2, data[1]
        if length >= _LONG:
            start += length - _LONG
            length = int.from_bytes(data[2:start])
        content = data[start : start + length]
        whole = data[: start + length]
        if _element(tag, content) != whole:
            raise ValueError("an element that is not DER")
        self._data = data[len(whole) :]
        return content

    def only_sequence(self) -> "Elements":
        """Return the elements of the SEQUENCE that is all there is."""
        inner = Elements(self._take(_SEQUENCE))
        self.end()
        return inner

    def unsigned(self) -> int:
        """Return the next element, an INTEGER of at least 0."""
        content = self._take(_INTEGER)
        number = int.from_bytes(content)
        if unsigned(number) != _element(_INTEGER, content):
            raise ValueError("an integer that is negative or not DER")
        return number

    def octets(self) -> bytes:
        """Return the next element, an OCTET STRING."""
        return self._take(_OCTET_STRING)

    def end(self) -> None:
        """Expect that nothing follows."""
        if self._data:
            raise ValueError("something follows")
