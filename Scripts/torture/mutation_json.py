"""JSON whose values are not as they should be, and texts that are no JSON."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from .mutation import EXTREMES, mutated_bytes, mutated_text

# Numbers, most of them JSON's: what a decoder does with the others is of interest too.
NUMBERS = (
    *(text for text in EXTREMES if text and text[0] in "-0123456789"),
    "NaN", "-NaN", "Infinity", "-Infinity", "+1", "01", "1.", ".5", "0x10", "1e", "-", "0.1e-400", "9" * 400,
    "0." + "0" * 400 + "1", "1e" + "9" * 40,
)  # fmt: skip
OTHER_TYPES = (
    "null", "true", "false", "0", "-1", "1.5", "[]", "{}", '""', '"x"', '"nan"', '"infinity"', '"-infinity"', "[null]",
    "[[]]", '{"a": 1}', "[0, 1]",
)  # fmt: skip
# Strings as they stand in the text: lone surrogates, NUL, escapes and characters that JSON lacks, a terminal's commands.
STRINGS = (
    r'"\ud800"', r'"\udc00\ud800"', r'"\u0000"', r'"\x41"', r'"\u12"', '"\t"', '"\x00"', '"', "'x'", r'"\u001b[2J"', r'"\u202e"',
    '"' + "a" * 100_000 + '"', '"' + r"\u00e9" * 10_000 + '"', '"' + r"\\" * 50_001 + '"',
)  # fmt: skip
# Arrays or objects inside each other, within the limits of decoders and far beyond them.
DEPTHS = (63, 64, 65, 511, 512, 513, 5000, 100_000)
PIECE_SIZES = (1 << 20, 1 << 22)


class Raw(str):
    """A text that stands in the result as it is: every number, and what is no JSON."""


class Fields(list):
    """The fields of an object as lists of name and value: names may occur twice."""


Place = tuple[list, int]


def parsed(text: bytes | str):
    """The value of a text; throws ValueError where it is no JSON."""
    return json.loads(
        text,
        object_pairs_hook=lambda pairs: Fields([name, value] for name, value in pairs),
        parse_int=Raw,
        parse_float=Raw,
        parse_constant=Raw,
    )


def text_of(value) -> str:
    """The text of a value."""
    match value:
        case Raw():
            return value
        case Fields():
            return "{" + ", ".join(f"{json.dumps(name)}: {text_of(field)}" for name, field in value) + "}"
        case list():
            return "[" + ", ".join(map(text_of, value)) + "]"
        case _:
            return json.dumps(value)


def nested(depth: int, generator: random.Random) -> Raw:
    """Arrays or objects inside each other, closed or not."""
    opening, closing = generator.choice((("[", "]"), ('{"a": ', "}")))
    return Raw(opening * depth + "1" + closing * (depth if generator.randrange(3) else 0))


def with_another_length(elements: list, generator: random.Random) -> list:
    """As many elements as there should not be, which are those that were there."""
    count = len(elements)
    length = generator.choice(
        [number for number in (0, 1, count - 1, count + 1, 2 * count, 1000) if 0 <= number != count]
    )
    return [elements[index % count] if count else Raw("0") for index in range(length)]


def _mutated_list(elements: list, generator: random.Random):
    match generator.randrange(4):
        case 0 | 1:
            return with_another_length(elements, generator)
        case 2 if elements:
            result = list(elements)
            result[generator.randrange(len(result))] = Raw(generator.choice(OTHER_TYPES))
            return result
        case _:
            return [elements] if generator.randrange(2) else elements[::-1] + [elements]


def _mutated_fields(fields: Fields, generator: random.Random) -> Fields:
    result = Fields(list(pair) for pair in fields)
    if not result or generator.randrange(6) == 0:
        result += [[f"unknown {number}", Raw("0")] for number in range(generator.choice((1, 1000)))]
        return result
    index = generator.randrange(len(result))
    name, value = result[index]
    match generator.randrange(4):
        case 0:
            del result[index]
        case 1:
            # Twice, the other one before or behind it.
            result.insert(index + generator.randrange(2), [name, mutated_value(value, generator)])
        case 2:
            result[index][0] = generator.choice((name + " ", name.upper(), "", "a" * 10_000))
        case _:
            other = generator.randrange(len(result))
            result[index][1], result[other][1] = result[other][1], value
    return result


def _mutated_string(text: str, generator: random.Random):
    if text[:1] in ("{", "[") and generator.randrange(4):
        try:
            return mutated_json(text.encode(), generator, whole=False).decode("utf-8", "replace")
        except (ValueError, RecursionError):
            pass
    return generator.choice(
        (Raw(generator.choice(STRINGS)), "", text + "\0", text * 1000, text.upper() + "x", generator.choice(EXTREMES))
    )


def mutated_value(value, generator: random.Random):
    """Another value in the place of this one, most often of the same type."""
    match generator.randrange(8):
        case 0:
            return Raw(generator.choice(OTHER_TYPES))
        case 1 if generator.randrange(3) == 0:
            return nested(generator.choice(DEPTHS), generator)
    match value:
        case Raw():
            return Raw(generator.choice(NUMBERS))
        case Fields():
            return _mutated_fields(value, generator)
        case list():
            return _mutated_list(value, generator)
        case str():
            return _mutated_string(value, generator)
        case _:
            return Raw(generator.choice(OTHER_TYPES))


def places_of(root: list) -> dict[type, list[Place]]:
    """The places of all values in `root`, by type: as there are far more numbers than objects, a type is chosen first."""
    places: dict[type, list[Place]] = {}
    stack: list[Place] = [(root, 0)]
    while stack:
        container, index = stack.pop()
        value = container[index]
        places.setdefault(type(value), []).append((container, index))
        if isinstance(value, Fields):
            stack += [(pair, 1) for pair in value]
        elif isinstance(value, list):
            stack += [(value, place) for place in range(len(value))]
    return places


def mutated_json(data: bytes, generator: random.Random, whole: bool = True) -> bytes:
    """JSON with a few values changed: extreme numbers, lists of other lengths, other types, names that are there twice.

    With `whole` also text that is wrong as JSON.
    """
    if whole and generator.randrange(6) == 0:
        return _mutated_document(data, generator)
    root = [parsed(data)]
    for _ in range(generator.choice((1, 1, 1, 2, 4))):
        places = places_of(root)
        container, index = generator.choice(places[generator.choice(sorted(places, key=lambda kind: kind.__name__))])
        container[index] = mutated_value(container[index], generator)
    return text_of(root[0]).encode()


def _mutated_document(data: bytes, generator: random.Random) -> bytes:
    match generator.randrange(5):
        case 0:
            return mutated_bytes(data, generator)
        case 1:
            return mutated_text(data, generator)
        case 2:
            return generator.choice(
                (b"", b"NaN", b"-0", b"1e999", b"null", b'"x"', b"[]", b"{}", b"\xef\xbb\xbf" + data)
            )
        case 3:
            return data + generator.choice((data, b"x", b"\x00", b"//", b",", b" " * 1_000_000))
        case _:
            return (
                data.replace(b"}", b",}").replace(b"]", b",]") if generator.randrange(2) else data.replace(b'"', b"'")
            )


# MARK: - Logs


def _with_other_list(line: bytes, generator: random.Random) -> bytes:
    root = [parsed(line)]
    lists = places_of(root).get(list)
    if not lists:
        return mutated_json(line, generator)
    container, index = generator.choice(lists)
    container[index] = with_another_length(container[index], generator)
    return text_of(root[0]).encode()


def _of_some_megabytes(line: bytes, generator: random.Random) -> bytes:
    """The event with a string, a list or white space that takes so many bytes."""
    size = generator.choice(PIECE_SIZES)
    root = [parsed(line)]
    places = places_of(root)
    kinds = [kind for kind in (str, list) if places.get(kind)]
    if not kinds or generator.randrange(6) == 0:
        return b" " * size + line
    container, index = generator.choice(places[generator.choice(kinds)])
    value = container[index]
    if isinstance(value, list):
        elements = value or [Raw("0")]
        container[index] = elements * (size // len(text_of(elements)))
    else:
        piece = generator.choice(("a", "<&", "é", "\\", value or "x"))
        container[index] = piece * (size // (len(json.dumps(piece)) - 2))
    return text_of(root[0]).encode()


def of_many_stages(line: bytes, count: int) -> list[bytes]:
    """The progress in `line`, in `count` different stages."""
    fields = parsed(line)
    stage = next((pair for pair in fields if pair[0] == "stage"), None)
    if not stage:
        return []
    stage[1] = "stage @"
    text = text_of(fields)
    return [text.replace("stage @", f"stage {number}").encode() for number in range(count)]


def mutated_log(data: bytes, generator: random.Random) -> bytes:
    """A log with an event a line: events that are wrong, far too large, or far too many."""
    if generator.randrange(6) == 0:
        return mutated_text(data, generator)
    lines = data.split(b"\n")
    index = generator.choice([index for index, line in enumerate(lines) if line.strip()])
    change: Callable[[bytes, random.Random], bytes]
    match generator.randrange(12):
        case 0:
            progress = next((line for line in lines if b'"progress"' in line), lines[index])
            count = generator.choice((1000, 100_000))
            return b"\n".join(of_many_stages(progress, count) + lines)
        case 1:
            return b"\n".join(
                [lines[index]] * generator.choice((2, PIECE_SIZES[-1] // (len(lines[index]) + 1))) + lines
            )
        case 2:
            change = _of_some_megabytes
        case 3 | 4 | 5 | 6:
            change = _with_other_list
        case _:
            change = mutated_json
    lines[index] = change(lines[index], generator)
    return b"\n".join(lines)
