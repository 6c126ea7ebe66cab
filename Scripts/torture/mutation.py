"""Bytes and texts made from good ones, each wrong in another way. Formats have modules of their own."""

from __future__ import annotations

import random
import re

EXTREMES = (
    "0", "1", "-1", "2", "99", "65536", "1000000000", "2147483647", "2147483648", "4294967296", "1099511627776",
    "4611686018427387904", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "18446744073709551615",
    "1e308", "-1e308", "1e999", "1e-999", "nan", "NaN", "Infinity", "-inf", "0.5", "1e25", "", "null", "[]", "\"x\"", "true",
    "5e-324", "-5e-324", "1e-323", "1e-45", "1e38", "1e39", "1e154", "1e200", "-1e200", "1.7976931348623157e308", "-0", "-0.0",
)  # fmt: skip
EXTREME_INTEGERS = (
    0, 1, 2, 3, 127, 128, 255, 65535, 1 << 20, 1 << 24, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, 1 << 40, 1 << 62,
    (1 << 63) - 1, 1 << 63, (1 << 64) - 2, (1 << 64) - 1,
)  # fmt: skip
# What is put between two bytes of a text.
PIECES = (
    b",", b"\t", b";", b" ", b'"', b"\x00", b"\xff\xfe", "\ufeff".encode(), b"\x1b[2J", b"\r", b"e" * 5000, b"," * 5000,
    b"\t" * 5000, b" " * 5000, b"\n" * 5000,
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
            piece = generator.choice(PIECES)
            return data[:place] + piece * generator.choice((1, 2, 100)) + data[place:]
        case 2 | 3:
            return mutated_numbers(data, generator)
        case _:
            return mutated_bytes(data, generator)
