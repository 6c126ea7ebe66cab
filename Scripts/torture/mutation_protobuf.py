"""Messages of protocol buffers, right in their framing and wrong in what they say, or wrong in that too."""

from __future__ import annotations

import random

from .mutation import EXTREME_INTEGERS, mutated_bytes

# Empty messages that a file repeats take two or three bytes each, and far more in memory.
REPETITIONS = (1000, 100_000, 1_000_000)
# Numbers of fields that no message of ONNX has; the last one is the largest that there is.
UNKNOWN_FIELDS = (99, 1000, (1 << 29) - 1)


class Raw(bytes):
    """The bytes of a field, key included, that stand in the message as they are."""


def varint(number: int) -> bytes:
    result = bytearray()
    while number >= 128:
        result.append(number & 127 | 128)
        number >>= 7
    return bytes((*result, number))


def overlong(number: int, size: int) -> bytes:
    """The number in `size` bytes, more than it needs: up to ten are allowed."""
    data = varint(number)
    padding = size - len(data)
    return data if padding <= 0 else data[:-1] + bytes((data[-1] | 128, *[128] * (padding - 1), 0))


def read_varint(data: bytes, place: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[place]
        number |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return number, place
        if shift > 63:
            raise ValueError


def fields_of(data: bytes) -> list[list]:
    """The fields of a message: key, and a number, bytes or the fields of a group and of what can be a message."""
    fields, place = _fields_until(data, 0, None)
    if place != len(data):
        raise ValueError
    return fields


def _fields_until(data: bytes, place: int, end: int | None) -> tuple[list[list], int]:
    """The fields from `place` to the key `end`, or to the end of the data, and where they end."""
    fields: list[list] = []
    while place < len(data):
        key, place = read_varint(data, place)
        if key == end:
            return fields, place
        if key >> 3 == 0 or key >> 32:
            raise ValueError
        match key & 7:
            case 0:
                value, place = read_varint(data, place)
            case 1 | 5:
                size = 8 if key & 7 == 1 else 4
                value, place = data[place : place + size], place + size
            case 2:
                size, place = read_varint(data, place)
                value, place = data[place : place + size], place + size
                if len(value) != size:
                    raise ValueError
                # Text is no message, though some texts read as one.
                if value and not (value.isascii() and value.decode().isprintable()):
                    try:
                        value = fields_of(value)
                    except (ValueError, IndexError):
                        pass
            case 3:
                value, place = _fields_until(data, place, key + 1)
            case _:
                raise ValueError
        if place > len(data):
            raise ValueError
        fields.append([key, value])
    if end is not None:
        raise ValueError
    return fields, place


def message(fields: list[list]) -> bytes:
    """The bytes of a message."""
    result = bytearray()
    for key, value in fields:
        if isinstance(value, Raw):
            result += value
            continue
        result += varint(key)
        if isinstance(value, int):
            result += varint(value & (1 << 64) - 1)
        elif key & 7 == 3:
            result += message(value) + varint(key + 1)
        else:
            data = message(value) if isinstance(value, list) else value
            result += varint(len(data)) * (key & 7 == 2) + data
    return bytes(result)


def group(number: int, content: bytes = b"", depth: int = 1) -> Raw:
    """A group as old messages have it, or `depth` of them inside each other."""
    return Raw(varint(number << 3 | 3) * depth + content + varint(number << 3 | 4) * depth)


def _number(fields: list[list], generator: random.Random) -> int:
    """A number of a field: one of those that are there, any small one, or an unknown one."""
    present = [key >> 3 for key, value in fields if not isinstance(value, Raw)] or [1]
    return generator.choice((generator.choice(present), generator.randrange(1, 26), generator.choice(UNKNOWN_FIELDS)))


def well_framed(fields: list[list], generator: random.Random) -> Raw:
    """Bytes for among the fields that a reader can skip: groups, unknown fields, empty messages, overlong numbers."""
    number = _number(fields, generator)
    match generator.randrange(5):
        case 0:
            content = generator.choice((b"", varint(8) + varint(1), group(7), varint(7 << 3 | 2) + b"\x02ab"))
            return group(number, content, generator.choice((1, 1, 2, 50, 200, 100_000)))
        case 1:
            size = generator.choice((0, 1, 100_000, 1_000_000))
            return Raw(varint(generator.choice(UNKNOWN_FIELDS) << 3 | 2) + varint(size) + bytes(size))
        case 2 | 3:
            return Raw((varint(number << 3 | 2) + b"\x00") * generator.choice(REPETITIONS))
        case _:
            value = generator.choice(EXTREME_INTEGERS)
            # A key has at most 32 bits, and five bytes.
            key = overlong(number << 3, generator.choice((1, 5)))
            return Raw(key + overlong(value, generator.choice((len(varint(value)), 10))))


def badly_framed(fields: list[list], generator: random.Random) -> Raw:
    """Bytes that no reader can skip: groups and numbers that do not end, ends of no group, lengths beyond the file."""
    number = _number(fields, generator)
    match generator.randrange(6):
        case 0:
            return Raw(varint(number << 3 | 3) * generator.choice((1, 2, 100_000)))
        case 1:
            return Raw(varint(number << 3 | 4))
        case 2:
            return Raw(varint(number << 3 | 3) + varint(number + 1 << 3 | 4))
        case 3:
            length = generator.choice([number for number in EXTREME_INTEGERS if number > 1 << 20])
            return Raw(varint(generator.choice((number, *UNKNOWN_FIELDS)) << 3 | 2) + varint(length))
        case 4:
            return Raw(varint(number << 3) + b"\x80" * generator.choice((10, 11, 1000)) + b"\x01")
        case _:
            # Wire types that there are not, field 0, and a key of more than 32 bits.
            return Raw(
                generator.choice(
                    (varint(number << 3 | 6), varint(number << 3 | 7), b"\x02\x00", varint(1 << 40) + b"\x00")
                )
            )


def mutated_message(data: bytes, generator: random.Random) -> bytes:
    """An ONNX model with other numbers, texts or fields anywhere, whose lengths are right but for a few."""
    if generator.randrange(6) == 0:
        return mutated_bytes(data, generator)
    whole = fields_of(data)
    messages: list[list] = [whole]
    places: list[tuple[list, int]] = []

    def collect(fields: list[list]) -> None:
        for index, (_, value) in enumerate(fields):
            places.append((fields, index))
            if isinstance(value, list):
                messages.append(value)
                collect(value)

    collect(whole)
    if generator.randrange(4) == 0:
        fields = generator.choice((whole, generator.choice(messages)))
        make = generator.choice((well_framed, well_framed, badly_framed))
        fields.insert(generator.randrange(len(fields) + 1), [0, make(fields, generator)])
    else:
        _change_fields(places, generator)
    try:
        return message(whole)
    except RecursionError:
        return mutated_bytes(data, generator)


def _change_fields(places: list[tuple[list, int]], generator: random.Random) -> None:
    for _ in range(generator.choice((1, 1, 2, 4))):
        fields, index = generator.choice(places)
        if index >= len(fields):
            continue
        key, value = fields[index]
        match generator.randrange(4):
            case 0:
                del fields[index]
            case 1:
                fields.insert(index, [key, value])
            case _ if isinstance(value, int):
                fields[index] = [key, generator.choice(EXTREME_INTEGERS)]
            case _ if isinstance(value, bytes):
                fields[index] = [
                    key,
                    mutated_bytes(value, generator) if key & 7 == 2 else generator.randbytes(len(value)),
                ]
            case _:
                fields[index] = [key, generator.choice(places)[0]] if generator.randrange(8) == 0 else fields[index]
