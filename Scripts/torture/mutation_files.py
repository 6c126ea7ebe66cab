"""Files of models and arrays, whose sums and lengths are right where what stands behind them is to be tried."""

from __future__ import annotations

import gzip
import io
import json
import random
import re
import struct
import zipfile

from .mutation import EXTREME_INTEGERS, mutated_bytes, mutated_numbers, mutated_text
from .mutation_json import mutated_json

EXTREME_FLOATS = (
    float("nan"), float("inf"), float("-inf"), 3e38, -3e38, 1e30, 1e-30, 1e-38, 1e-42, 1e-45, -1e-45, 0.0, -0.0,
)  # fmt: skip

# MARK: - safetensors


def header_of(data: bytes) -> tuple[dict, bytes]:
    """The header of a safetensors file, and what follows it."""
    length = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def with_header(header: bytes, rest: bytes) -> bytes:
    """A safetensors file with a header of the right length."""
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + rest


def safetensors(tensors: dict[str, tuple[str, list[int], bytes]], metadata: dict[str, str] | None = None) -> bytes:
    """A safetensors file of tensors: element type, shape and bytes by name."""
    header: dict[str, dict] = {"__metadata__": metadata} if metadata else {}
    rest = b""
    for name, (kind, shape, data) in tensors.items():
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [len(rest), len(rest) + len(data)]}
        rest += data
    return with_header(json.dumps(header).encode(), rest)


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
    match generator.randrange(8):
        case 0:
            return mutated_bytes(data, generator)
        case 1:
            return with_header(mutated_numbers(json.dumps(header).encode(), generator), rest)
        case 2:
            return with_header(mutated_bytes(json.dumps(header).encode(), generator), rest)
        case 3:
            return with_header(mutated_json(json.dumps(header).encode(), generator), rest)
        case 4:
            # Numbers of the tensors that are none, or far too large or small.
            rest = bytearray(rest)
            for _ in range(generator.choice((1, 3, 50))):
                place = generator.randrange(0, max(1, len(rest) - 3), 4)
                rest[place : place + 4] = struct.pack("<f", generator.choice(EXTREME_FLOATS))
            return with_sum(header, bytes(rest))
        case _:
            metadata = header.get("__metadata__", {})
            if not metadata:
                return mutated_bytes(data, generator)
            key = generator.choice(sorted(metadata))
            metadata[key] = mutated_metadata(metadata[key], generator)
            return with_sum(header, rest)


def mutated_metadata(text: str, generator: random.Random) -> str:
    """A text in the metadata, which most often is JSON."""
    if text[:1] in ("{", "[") and generator.randrange(4):
        mutant = mutated_json(text.encode(), generator)
    else:
        mutant = mutated_numbers(text.encode(), generator)
    return mutant.decode("utf-8", "replace")


def with_sum(header: dict, rest: bytes) -> bytes:
    """The file, with the right sum where it carries one: what is behind the sum is to be tried too."""
    if "sum" in header.get("__metadata__", {}):
        header["__metadata__"]["sum"] = checkpoint_sum(header, rest)
    return with_header(json.dumps(header, separators=(",", ":")).encode(), rest)


# MARK: - NumPy


def npy(kind: str, shape: tuple[int, ...], data: bytes) -> bytes:
    """An array in NumPy's format."""
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


# Headers that say another type or order, some of the same size.
NPY_KINDS = (
    b"'<f8'", b"'>f4'", b"'<f2'", b"'<i4'", b"'<i8'", b"'|O'", b"'<U9999999'", b"'|S0'", b"'<c16'", b"'|b1'", b"[('a','<f4')]",
)  # fmt: skip
NPY_SHAPES = (
    b"()", b"(0,)", b"(1,)", b"(0, 9223372036854775807)", b"(1,) * 9", b"(-1,)", b"(" + b"1, " * 64 + b")",
    b"(" + b"1, " * 5000 + b")", b"(4294967296, 4294967296)", b"(1.0,)", b"5", b"(" * 5000,
)  # fmt: skip


def mutated_array(data: bytes, generator: random.Random) -> bytes:
    """An .npy file with another header or other elements, or with next to nothing."""
    length = struct.unpack("<H", data[8:10])[0]
    header, rest = data[10 : 10 + length], data[10 + length :]
    match generator.randrange(8):
        case 0:
            return mutated_bytes(data, generator)
        case 1:
            header = mutated_numbers(header, generator)
        case 2:
            header = re.sub(rb"'[<>|][a-z]\d'", lambda _: generator.choice(NPY_KINDS), header)
        case 3:
            header = re.sub(rb"\([^)]*\)", lambda _: generator.choice(NPY_SHAPES), header)
            # With the elements that there were, or one, or none.
            rest = rest[: generator.choice((len(rest), 8, 4, 0))]
        case 4:
            return tiny_array(data, 10 + length, generator)
        case 5:
            # Versions 2 and 3 have longer lengths.
            claimed = generator.choice((len(header), len(header), 0, 1 << 16, (1 << 31) - 1, (1 << 32) - 1))
            return data[:6] + bytes((generator.choice((2, 3)), 0)) + struct.pack("<I", claimed) + header + rest
        case _:
            rest = _with_extreme_elements(header, rest, generator)
    header = header[:65_000]
    return data[:8] + struct.pack("<H", len(header)) + header + rest


def tiny_array(data: bytes, header_end: int, generator: random.Random) -> bytes:
    """A header alone, a part of it, or hardly that."""
    return data[
        : generator.choice((0, 1, 5, 6, 7, 8, 9, 10, 11, header_end - 1, header_end, header_end, header_end + 1))
    ]


def _with_extreme_elements(header: bytes, rest: bytes, generator: random.Random) -> bytes:
    size = 8 if b"8'" in header else 4
    result = bytearray(rest)
    for _ in range(generator.choice((1, 3, 50))):
        place = generator.randrange(0, max(1, len(result) - size + 1), size)
        if b"i" in header.split(b"'descr':")[-1][:8]:
            number = generator.choice(EXTREME_INTEGERS)
            element = (generator.choice((number, -number)) & (1 << 8 * size) - 1).to_bytes(size, "little")
        else:
            element = struct.pack("<d" if size == 8 else "<f", generator.choice(EXTREME_FLOATS))
        result[place : place + size] = element
    return bytes(result[: len(rest)])


# MARK: - Archives


def archive(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP archive, the same one whenever it is made."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as target:
        for name, data in members.items():
            target.writestr(zipfile.ZipInfo(name), data, compression)
    return file.getvalue()


def members_of(data: bytes) -> dict[str, bytes]:
    """The members of a ZIP archive."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        return {name: source.read(name) for name in source.namelist()}


def _mutated_members(members: dict[str, bytes], generator: random.Random) -> dict[str, bytes]:
    """Other members than there were, or names that no member should have."""
    name = generator.choice(sorted(members))
    match generator.randrange(6):
        case 0:
            del members[name]
        case 1:
            members[name] += bytes(generator.choice((1 << 20, 1 << 24)))
        case 2:
            members |= {f"more {number}.npy": b"" for number in range(generator.choice((1, 1000, 20_000)))}
        case 3:
            members = {}
        case 4:
            members[generator.choice(("../x", "/x", "a" * 60_000, "\x1b[2J", "é.npy", "", "x/", ".npy"))] = members.pop(
                name
            )
        case _:
            other = generator.choice(sorted(members))
            members[name], members[other] = members[other], members[name]
    return members


def mutated_archive(data: bytes, generator: random.Random) -> bytes:
    """An .npz file, wrong in a member, with sums that are right, or in the archive itself."""
    if generator.randrange(4) == 0:
        return mutated_bytes(data, generator)
    members = members_of(data)
    if generator.randrange(5) == 0:
        members = _mutated_members(members, generator)
    else:
        name = generator.choice(sorted(members))
        members[name] = mutated_array(members[name], generator)
    return archive(members, generator.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))


def mutated_keras(data: bytes, generator: random.Random) -> bytes:
    """A .keras file, wrong in its settings or weights, or in the archive itself."""
    if generator.randrange(5) == 0:
        return mutated_bytes(data, generator)
    members = members_of(data)
    match generator.randrange(5):
        case 0:
            members = _mutated_members(members, generator)
        case 1:
            members["model.weights.h5"] = mutated_bytes(members["model.weights.h5"], generator)
        case _:
            members["config.json"] = mutated_json(members["config.json"], generator)
    return archive(members, generator.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))


# MARK: - gzip

# What is behind the first ten bytes of a member by its flags: a checksum of the header, more fields, a name, a comment.
GZIP_FLAGS = {2: b"\x00\x00", 4: b"\xff\xff" + b"x" * 100, 8: b"name" * 10_000, 16: b"comment"}


def mutated_gzip(data: bytes, generator: random.Random) -> bytes:
    """A gzip file of another text, with the right sum, or one that is wrong as gzip."""
    text = gzip.decompress(data)
    match generator.randrange(8):
        case 0:
            return mutated_bytes(data, generator)
        case 1:
            # More behind the first member: another, half of one, what is none.
            return data + generator.choice((data, data[: len(data) // 2], data[:10], b"\x00", b"x" * 1000))
        case 2:
            filling = generator.choice((b"0", b",", b"\n", b"\x00")) * (1 << generator.choice((20, 24, 26)))
            return gzip.compress(text + filling, mtime=0)
        case 3:
            # The sum, or the length, of another text.
            number = struct.pack("<I", generator.choice(EXTREME_INTEGERS) & (1 << 32) - 1)
            return data[:-8] + (number + data[-4:] if generator.randrange(2) else data[-8:-4] + number)
        case 4:
            flag = generator.choice(sorted(GZIP_FLAGS))
            return (
                data[:3] + bytes((flag,)) + data[4:10] + GZIP_FLAGS[flag] + generator.choice((b"\x00", b"")) + data[10:]
            )
        case _:
            return gzip.compress(mutated_text(text, generator), generator.choice((0, 6)), mtime=0)
