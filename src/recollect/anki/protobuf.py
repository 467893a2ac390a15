"""The wire format of Protocol Buffers, as far as Anki's small messages need it.

A message is a run of fields, each a key (number and wire type) and a value: 0 a varint, 1 eight
bytes, 2 bytes with their length, 5 four bytes. A field that comes twice is a list, or the last
counts. Source: "Encoding", the specification at protobuf.dev.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from recollect.errors import PackageError

__all__ = ["Message", "field", "parse"]

_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
_MASK = (1 << 64) - 1
_MOST_FIELDS = 1_000_000


class Message(dict[int, list[tuple[int, int | bytes]]]):
    """The fields of a message: number -> (wire type, value), in order of appearance."""

    def whole(self, number: int, default: int = 0) -> int:
        """A whole number (int32, int64, uint32, uint64, enum)."""
        found = [value for _, value in self.get(number, ()) if isinstance(value, int)]
        value = found[-1] if found else default
        return value - (1 << 64) if value >> 63 == 1 else value

    def flag(self, number: int) -> bool:
        """A truth value."""
        return self.whole(number) != 0

    def real(self, number: int, default: float = 0.0) -> float:
        """A float of four bytes."""
        found = self.reals(number)
        return found[-1] if found else default

    def reals(self, number: int) -> list[float]:
        """A list of floats of four bytes, packed or not."""
        packed = b"".join(
            value
            for kind, value in self.get(number, ())
            if isinstance(value, bytes) and kind in (_BYTES, _FOUR)
        )
        return [round(item[0], 6) for item in struct.iter_unpack("<f", packed[: len(packed) & ~3])]

    def raw(self, number: int) -> list[bytes]:
        """Bytes, or messages within this one."""
        fields = self.get(number, ())
        return [value for kind, value in fields if kind == _BYTES and isinstance(value, bytes)]

    def text(self, number: int) -> str:
        """A text; what is not UTF-8 is shown as U+FFFD."""
        return b"".join(self.raw(number)[-1:]).decode("utf-8", "replace")


def parse(data: bytes) -> Message:
    """The fields of a message.

    Raises:
        PackageError: no message: it ends too early, has a wire type that does not exist, or more
            than a million fields.
    """
    message, at, count = Message(), 0, 0
    while at < len(data):
        count += 1
        if count > _MOST_FIELDS:
            raise PackageError(f"a protobuf message of more than {_MOST_FIELDS} fields")
        key, at = _varint(data, at)
        kind, size = key & 7, 0
        value: int | bytes
        if kind == _VARINT:
            value, at = _varint(data, at)
        elif kind in (_EIGHT, _BYTES, _FOUR):
            size, at = _varint(data, at) if kind == _BYTES else ((8 if kind == _EIGHT else 4), at)
            value, at = data[at : at + size], at + size
        else:
            raise PackageError(f"a protobuf field of wire type {kind}, which does not exist")
        if at > len(data):
            raise PackageError("a protobuf message ends too early")
        message.setdefault(key >> 3, []).append((kind, value))
    return message


def field(
    number: int, value: int | float | str | bytes | Sequence[float], *, always: bool = False
) -> bytes:
    """A field as bytes; a float as four bytes, a list as packed floats.

    Args:
        number: of the field.
        value: nothing is written for 0 and what is empty, which are what a reader takes anyway.
        always: write a 0 all the same, where it is not the same as none.
    """
    if isinstance(value, float):
        return _key(number, _FOUR) + struct.pack("<f", value) if value else b""
    if isinstance(value, int):
        return _key(number, _VARINT) + _varint_bytes(value) if value or always else b""
    if isinstance(value, str):
        value = value.encode()
    elif not isinstance(value, bytes):
        value = struct.pack(f"<{len(value)}f", *value)
    return _key(number, _BYTES) + _varint_bytes(len(value)) + value if value else b""


def _key(number: int, kind: int) -> bytes:
    return _varint_bytes(number << 3 | kind)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            break
        byte, at = data[at], at + 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & _MASK, at
    raise PackageError("a protobuf number is damaged")


def _varint_bytes(value: int) -> bytes:
    value, out = value & _MASK, bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))
