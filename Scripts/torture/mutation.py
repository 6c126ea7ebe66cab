"""Files made from good ones, each wrong in another way."""

from __future__ import annotations

import io
import json
import random
import re
import struct
import zipfile

EXTREMES = (
    "0", "1", "-1", "2", "99", "65536", "1000000000", "2147483647", "2147483648", "4294967296", "1099511627776",
    "4611686018427387904", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "18446744073709551615",
    "1e308", "-1e308", "1e999", "1e-999", "nan", "NaN", "Infinity", "-inf", "0.5", "1e25", "", "null", "[]", "\"x\"", "true",
)  # fmt: skip
EXTREME_INTEGERS = (
    0, 1, 2, 3, 127, 128, 255, 65535, 1 << 20, 1 << 24, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, 1 << 40, 1 << 62,
    (1 << 63) - 1, 1 << 63, (1 << 64) - 2, (1 << 64) - 1,
)  # fmt: skip
NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")


def mutated_bytes(data: bytes, generator: random.Random) -> bytes:
    """`data` with a few bytes changed, removed, repeated or moved."""
    result = bytearray(data)
    for _ in range(generator.choice((1, 1, 1, 2, 4, 16))):
        place = generator.randrange(len(result) + 1)
        length = min(len(result) - place, generator.choice((1, 2, 4, 8, 64, 1024)))
        match generator.randrange(8):
            case 0:
                del result[place:]
            case 1:
                del result[place : place + length]
            case 2:
                result[place:place] = result[place : place + length]
            case 3:
                result[place:place] = generator.randbytes(length)
            case 4:
                number = generator.choice(EXTREME_INTEGERS)
                size = generator.choice((1, 2, 4, 8))
                result[place : place + size] = (number & ((1 << 8 * size) - 1)).to_bytes(size, "little")
            case 5 if place < len(result):
                result[place] ^= 1 << generator.randrange(8)
            case 6 if place < len(result):
                result[place] = generator.choice((0, 9, 10, 13, 32, 34, 44, 48, 57, 91, 93, 123, 125, 127, 128, 255))
            case _:
                other = generator.randrange(len(result) + 1)
                result[place : place + length] = result[other : other + length]
    return bytes(result)


def mutated_numbers(text: bytes, generator: random.Random) -> bytes:
    """`text` with a few of its numbers replaced by extreme ones."""
    numbers = list(NUMBER.finditer(text))
    if not numbers:
        return mutated_bytes(text, generator)
    for match in sorted(
        generator.sample(numbers, min(len(numbers), generator.choice((1, 1, 2, 5)))), key=lambda m: -m.start()
    ):
        text = text[: match.start()] + generator.choice(EXTREMES).encode() + text[match.end() :]
    return text


def mutated_text(data: bytes, generator: random.Random) -> bytes:
    """Text, or a table, with numbers, bytes, lines or fields that are not as they should be."""
    match generator.randrange(5):
        case 0:
            lines = data.split(b"\n")
            generator.shuffle(lines)
            return b"\n".join(lines[: generator.randrange(len(lines) + 1)])
        case 1:
            place = generator.randrange(len(data) + 1)
            piece = generator.choice(
                (b",", b'"', b"\x00", b"\xff\xfe", "\ufeff".encode(), b"\x1b[2J", b"e" * 5000, b"," * 5000, b"\r")
            )
            return data[:place] + piece * generator.choice((1, 2, 100)) + data[place:]
        case 2 | 3:
            return mutated_numbers(data, generator)
        case _:
            return mutated_bytes(data, generator)


# MARK: - safetensors


def header_of(data: bytes) -> tuple[dict, bytes]:
    """The header of a safetensors file, and what follows it."""
    length = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def with_header(header: bytes, rest: bytes) -> bytes:
    """A safetensors file with a header of the right length."""
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + rest


def checkpoint_sum(header: dict, rest: bytes) -> str:
    """The sum that a checkpoint carries: Sources/Models/Files/SafetensorsSum.swift."""
    state, mask = 0xCBF29CE484222325, (1 << 64) - 1

    def add(data: bytes) -> None:
        nonlocal state
        for word in (len(data), *(int.from_bytes(data[i : i + 8], "little") for i in range(0, len(data), 8))):
            state = (state ^ word) * 0x9E3779B97F4A7C15 & mask
            state ^= state >> 32

    for key, value in sorted(header.get("__metadata__", {}).items()):
        if key != "sum":
            add(key.encode())
            add(value.encode())
    for name, entry in sorted(header.items()):
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            add(name.encode())
            add(f"{entry['dtype']} [{', '.join(map(str, entry['shape']))}]".encode())
            add(rest[begin:end])
    return f"{state:016x}"


def mutated_safetensors(data: bytes, generator: random.Random) -> bytes:
    """A model or checkpoint with other numbers, names and metadata in its header, or other bytes anywhere."""
    header, rest = header_of(data)
    match generator.randrange(5):
        case 0:
            return mutated_bytes(data, generator)
        case 1:
            return with_header(mutated_numbers(json.dumps(header).encode(), generator), rest)
        case 2:
            return with_header(mutated_bytes(json.dumps(header).encode(), generator), rest)
        case 3:
            # Numbers of the tensors that are none, or far too large.
            rest = bytearray(rest)
            for _ in range(generator.choice((1, 3, 50))):
                place = generator.randrange(0, max(1, len(rest) - 3), 4)
                rest[place : place + 4] = struct.pack(
                    "<f", generator.choice((float("nan"), float("inf"), 3e38, -3e38, 1e-45))
                )
            return with_sum(header, bytes(rest))
        case _:
            metadata = header.get("__metadata__", {})
            if not metadata:
                return mutated_bytes(data, generator)
            key = generator.choice(sorted(metadata))
            metadata[key] = mutated_numbers(metadata[key].encode(), generator).decode("utf-8", "replace")
            return with_sum(header, rest)


def with_sum(header: dict, rest: bytes) -> bytes:
    """The file, with the right sum where it carries one: what is behind the sum is to be tried too."""
    if "sum" in header.get("__metadata__", {}):
        header["__metadata__"]["sum"] = checkpoint_sum(header, rest)
    return with_header(json.dumps(header, separators=(",", ":")).encode(), rest)


# MARK: - Archives


def npy(kind: str, shape: tuple[int, ...], data: bytes) -> bytes:
    """An array in NumPy's format."""
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def archive(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as target:
        for name, data in members.items():
            target.writestr(name, data)
    return file.getvalue()


def mutated_array(data: bytes, generator: random.Random) -> bytes:
    """An .npy file with another header or other elements."""
    length = struct.unpack("<H", data[8:10])[0]
    header, rest = data[10 : 10 + length], data[10 + length :]
    match generator.randrange(3):
        case 0:
            return mutated_bytes(data, generator)
        case 1:
            header = mutated_numbers(header, generator)
        case _:
            kinds = (
                b"'<f8'",
                b"'>f4'",
                b"'<i8'",
                b"'|O'",
                b"'<U9999999'",
                b"'|S0'",
                b"'<c16'",
                b"'|b1'",
                b"[('a','<f4')]",
            )
            header = re.sub(rb"'[<>|][a-z]\d'", lambda _: generator.choice(kinds), header)
    header = header[:65_000]
    return data[:8] + struct.pack("<H", len(header)) + header + rest


def mutated_archive(data: bytes, generator: random.Random) -> bytes:
    """An .npz file, wrong in a member, with sums that are right, or in the archive itself."""
    if generator.randrange(3) == 0:
        return mutated_bytes(data, generator)
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        members = {name: source.read(name) for name in source.namelist()}
    name = generator.choice(sorted(members))
    if generator.randrange(12) == 0:
        members[name] = members[name] + bytes(generator.choice((1 << 20, 1 << 24)))
    else:
        members[name] = mutated_array(members[name], generator)
    return archive(members, generator.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))


# MARK: - Protocol buffers


def varint(number: int) -> bytes:
    result = bytearray()
    while number >= 128:
        result.append(number & 127 | 128)
        number >>= 7
    return bytes((*result, number))


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
    """The fields of a message: key, and a number, bytes or the fields of what can be a message."""
    fields, place = [], 0
    while place < len(data):
        key, place = read_varint(data, place)
        if key >> 3 == 0:
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
            case _:
                raise ValueError
        if place > len(data):
            raise ValueError
        fields.append([key, value])
    return fields


def message(fields: list[list]) -> bytes:
    """The bytes of a message."""
    result = b""
    for key, value in fields:
        result += varint(key)
        if isinstance(value, int):
            result += varint(value & (1 << 64) - 1)
        else:
            data = message(value) if isinstance(value, list) else value
            result += varint(len(data)) * (key & 7 == 2) + data
    return result


def mutated_message(data: bytes, generator: random.Random) -> bytes:
    """An ONNX model with other numbers, texts or fields anywhere, whose lengths are right."""
    if generator.randrange(5) == 0:
        return mutated_bytes(data, generator)
    places: list[tuple[list, int]] = []

    def collect(fields: list[list]) -> None:
        for index, (_, value) in enumerate(fields):
            places.append((fields, index))
            if isinstance(value, list):
                collect(value)

    whole = fields_of(data)
    collect(whole)
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
    try:
        return message(whole)
    except RecursionError:
        return mutated_bytes(data, generator)
