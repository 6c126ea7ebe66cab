"""Arrays of every type in use as NumPy writes them, and what Swift wrote as NumPy reads it.

`expected.json` has the type, shape and bytes of each file, little-endian and the last index running
fastest; `refused.json` names the type that must be refused.
"""

import io
import json
import zipfile
from pathlib import Path

import numpy as np

TYPES = ("bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float16", "float32", "float64")
SHAPES = ((), (1,), (7,), (3, 5), (2, 3, 4), (1, 5, 1, 2), (0,), (2, 0, 3))
VERSIONS = ((1, 0), (2, 0), (3, 0))


def numbers(dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers of which no two neighbours are the same, the extremes of the type among them."""
    count = int(np.prod(shape))
    if dtype == np.bool_:
        values = np.arange(count) % 3 == 0
    elif dtype.kind == "f":
        limits = np.finfo(dtype)
        extremes = [limits.max, limits.min, limits.tiny, -0.0, np.inf, -np.inf, np.nan, limits.smallest_subnormal]
        values = np.resize(np.array(extremes + [0.1 * i - 1 for i in range(20)], dtype), count)
    else:
        limits = np.iinfo(dtype)
        values = np.resize(np.array([limits.max, limits.min, *range(1, 20)], dtype), count)
    return values.astype(dtype).reshape(shape)


def plain_bytes(array: np.ndarray) -> bytes:
    return array.astype(array.dtype.newbyteorder("<")).tobytes(order="C")


def arrays() -> dict[str, np.ndarray]:
    return {
        f"{name}-{'x'.join(map(str, shape)) or 'scalar'}": numbers(np.dtype(name), shape)
        for name in TYPES
        for shape in SHAPES
    }


def write(path: Path, array: np.ndarray, version: tuple[int, int]) -> None:
    with path.open("wb") as file:
        np.lib.format.write_array(file, array, version=version)


def described(array: np.ndarray) -> dict:
    return {"type": array.dtype.name, "shape": list(array.shape), "bytes": plain_bytes(array).hex()}


def generate(folder: Path) -> None:
    (folder / "ours").mkdir(exist_ok=True)
    expected = {}
    for index, (name, array) in enumerate(arrays().items()):
        for order in "CF":
            for mark, byte_order in (("<", "little"), (">", "big")):
                stored = np.asarray(array.astype(array.dtype.newbyteorder(mark)), order=order)
                file = f"{name}-{order}-{byte_order}.npy"
                write(folder / file, stored, VERSIONS[index % len(VERSIONS)])
                expected[file] = described(array)
    (folder / "expected.json").write_text(json.dumps(expected))

    np.savez(folder / "stored.npz", **arrays())
    np.savez_compressed(folder / "deflated.npz", **arrays())
    (folder / "streamed.npz").write_bytes(streamed(arrays()))
    (folder / "arrays.json").write_text(json.dumps({name: described(array) for name, array in arrays().items()}))

    refused = {
        "object.npy": np.array([None, "text"], dtype=object),
        "structured.npy": np.zeros(2, dtype=[("gate", "<f4"), ("index", "<i8")]),
        "text.npy": np.array(["forget"]),
        "bytes.npy": np.array([b"forget"]),
        "void.npy": np.zeros(2, dtype="V3"),
        "complex.npy": np.zeros(2, dtype=np.complex64),
        "date.npy": np.array(["2024-01-01"], dtype="datetime64[D]"),
        "span.npy": np.array([3], dtype="timedelta64[s]"),
        "extended.npy": np.zeros(2, dtype=np.longdouble),
    }
    for file, array in refused.items():
        np.save(folder / file, array, allow_pickle=True)
    descriptors = {file: np.lib.format.dtype_to_descr(array.dtype) for file, array in refused.items()}
    named = {file: found if isinstance(found, str) else repr(found)[:20] for file, found in descriptors.items()}
    (folder / "refused.json").write_text(json.dumps(named))


class Pipe(io.RawIOBase):
    """A file that cannot be sought in, so that the sizes of members follow their bytes."""

    def __init__(self) -> None:
        self.contents = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:
        self.contents += data
        return len(data)


def streamed(members: dict[str, np.ndarray]) -> bytes:
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in members.items():
            with archive.open(name + ".npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array)
    return bytes(pipe.contents)


def same(ours: np.ndarray, wanted: np.ndarray, name: str) -> None:
    if ours.dtype.newbyteorder("=") != wanted.dtype or ours.shape != wanted.shape:
        raise AssertionError(f"{name}: {ours.dtype} {ours.shape}, wanted {wanted.dtype} {wanted.shape}")
    if plain_bytes(ours) != plain_bytes(wanted):
        raise AssertionError(f"{name}: other numbers")


def check_array(folder: Path, name: str, wanted: np.ndarray) -> int:
    """Checks the files of one array. The one in C order and little-endian must be NumPy's to the byte."""
    count = 0
    for order in "CF":
        for byte_order in ("little", "big"):
            file = folder / f"{name}-{order}-{byte_order}.npy"
            ours = np.load(file)
            same(ours, wanted, file.name)
            stored = np.asarray(wanted.astype(wanted.dtype.newbyteorder("<" if byte_order == "little" else ">")), order=order)
            theirs = io.BytesIO()
            np.save(theirs, stored)
            if file.read_bytes() != theirs.getvalue():
                raise AssertionError(f"{file.name}: other bytes than numpy.save writes")
            count += 1
    return count


def check(folder: Path) -> int:
    ours = folder / "ours"
    count = sum(check_array(ours, name, array) for name, array in arrays().items())
    for file in ("stored.npz", "deflated.npz"):
        with np.load(ours / file) as archive:
            if archive.files != list(arrays()):
                raise AssertionError(f"{file}: other arrays or another order")
            for name, array in arrays().items():
                same(archive[name], array, f"{file}, {name}")
        if zipfile.ZipFile(ours / file).testzip() is not None:
            raise AssertionError(f"{file}: damaged")
        count += 1
    if (ours / "stored.npz").read_bytes() != (folder / "stored.npz").read_bytes():
        raise AssertionError("stored.npz: other bytes than numpy.savez writes")
    return count
