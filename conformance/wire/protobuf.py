"""Protocol buffers of KMS Instance API: messages made at run time from descriptions of fields.

Whoever knows the fields hands them in; this module knows the encoding alone. `MessageCodec` reads
and writes whole messages with the protobuf package. The functions below it write single fields as
bytes, well or badly formed, which is what a deliberately faulty sender needs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError, EncodeError, Message

from conformance.wire.failures import WireError

FieldType = Literal["string", "bytes", "int32", "bool"]
Values = Mapping[str, Any]

_PACKAGE = "kms.instance"
_Proto = descriptor_pb2.FieldDescriptorProto
_TYPES: Mapping[FieldType, "descriptor_pb2.FieldDescriptorProto.Type.ValueType"] = {
    "string": _Proto.TYPE_STRING,
    "bytes": _Proto.TYPE_BYTES,
    "int32": _Proto.TYPE_INT32,
    "bool": _Proto.TYPE_BOOL,
}
#: Wire types of proto3.
VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message: its name, number and type."""

    name: str
    number: int
    type: FieldType
    repeated: bool = False


class MessageCodec:
    """Reads and writes messages by name.

    Args:
        messages: The fields of each message.
    """

    def __init__(self, messages: Mapping[str, Iterable[Field]]) -> None:
        self.fields = {name: tuple(fields) for name, fields in messages.items()}
        file = descriptor_pb2.FileDescriptorProto(
            name="instance.proto", package=_PACKAGE, syntax="proto3"
        )
        for name, fields in self.fields.items():
            message = file.message_type.add(name=name)
            for field in fields:
                label = _Proto.LABEL_REPEATED if field.repeated else _Proto.LABEL_OPTIONAL
                message.field.add(
                    name=field.name, number=field.number, type=_TYPES[field.type], label=label
                )
        pool = descriptor_pool.DescriptorPool()
        pool.Add(file)
        self._classes: dict[str, type[Message]] = {
            name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))
            for name in self.fields
        }

    def encode(self, name: str, values: Values) -> bytes:
        """Write a message: fields in order of their numbers, none at its default.

        Raises:
            WireError: When a value does not fit its field, or there is no such field.
        """
        try:
            return self._classes[name](**values).SerializeToString(deterministic=True)
        except (TypeError, ValueError, EncodeError):
            raise WireError(f"the values do not make a {name}") from None

    def decode(self, name: str, data: bytes) -> dict[str, Any]:
        """Read a message; fields that are not there are at their default, unknown ones skipped.

        Raises:
            WireError: When the bytes are no message: truncated, badly formed, or text that is not
                UTF-8.
        """
        message = self._classes[name]()
        try:
            message.ParseFromString(data)
        except (DecodeError, UnicodeDecodeError):
            raise WireError(f"the bytes are no {name}") from None
        return {
            field.name: list(value) if field.repeated else value
            for field in self.fields[name]
            for value in [getattr(message, field.name)]
        }

    def present(self, name: str, data: bytes) -> frozenset[str]:
        """Return the names of the known fields that stand in a message, default or not.

        Raises:
            WireError: When the bytes are no message.
        """
        self.decode(name, data)
        numbers = {field.number: field.name for field in self.fields[name]}
        return frozenset(numbers[number] for number in field_numbers(data) if number in numbers)


def varint(value: int) -> bytes:
    """Return a non-negative number of at most 64 bits as a varint."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def tag(number: int, wire_type: int) -> bytes:
    """Return the tag in front of a field."""
    return varint(number << 3 | wire_type)


def field_bytes(number: int, value: bytes | int) -> bytes:
    """Return one field: bytes length-delimited, a number as varint (negative ones in 64 bits)."""
    if isinstance(value, int):
        return tag(number, VARINT) + varint(value % (1 << 64))
    return tag(number, LENGTH) + varint(len(value)) + value


def field_numbers(data: bytes) -> list[int]:
    """Return the numbers of the fields of a well-formed message, in the order in which they stand.

    Raises:
        WireError: When it is not well formed.
    """
    numbers, place = [], 0
    while place < len(data):
        key, place = _read_varint(data, place)
        numbers.append(key >> 3)
        match key & 7:
            case 0:
                _, place = _read_varint(data, place)
            case 1:
                place += 8
            case 2:
                length, place = _read_varint(data, place)
                place += length
            case 5:
                place += 4
            case _:
                raise WireError("the bytes are no message")
    if place != len(data):
        raise WireError("the bytes are no message")
    return numbers


def _read_varint(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    for index in range(10):
        if place + index >= len(data):
            break
        byte = data[place + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, place + index + 1
    raise WireError("the bytes are no message")
