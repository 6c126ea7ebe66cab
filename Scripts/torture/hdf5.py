"""Writes weights as Keras does, through libhdf5, which a build that reads them needs too."""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Mapping
from pathlib import Path

# From H5Fpublic.h, H5Ppublic.h and H5Spublic.h.
_TRUNCATE, _DEFAULT, _ALL = 2, 0, 0


def _library() -> ctypes.CDLL | None:
    """The library; `None` where there is none, or one from before version 1.10, whose identifiers are shorter."""
    name = ctypes.util.find_library("hdf5") or ctypes.util.find_library("hdf5_serial")
    if not name:
        return None
    library = ctypes.CDLL(name)
    version = (ctypes.c_uint * 3)()
    library.H5get_libversion(*(ctypes.byref(version, 4 * place) for place in range(3)))
    if tuple(version) < (1, 10, 0) or library.H5open() < 0:
        return None
    identifier, text = ctypes.c_int64, ctypes.c_char_p
    for function, arguments in (
        ("H5Fcreate", (text, ctypes.c_uint, identifier, identifier)),
        ("H5Screate_simple", (ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)),
        ("H5Pcreate", (identifier,)),
        ("H5Dcreate2", (identifier, text, identifier, identifier, identifier, identifier, identifier)),
    ):
        getattr(library, function).argtypes, getattr(library, function).restype = arguments, identifier
    library.H5Pset_create_intermediate_group.argtypes = (identifier, ctypes.c_uint)
    library.H5Dwrite.argtypes = (identifier, identifier, identifier, identifier, identifier, ctypes.c_void_p)
    for function in ("H5Dclose", "H5Sclose", "H5Pclose", "H5Fclose"):
        getattr(library, function).argtypes = (identifier,)
    return library


def write(path: Path, arrays: Mapping[str, tuple[tuple[int, ...], bytes]]) -> bool:
    """Writes arrays of 32-bit floating-point numbers by their paths in the file; `False` where there is no library."""
    library = _library()
    if not library:
        return False

    def checked(result: int) -> int:
        if result < 0:
            raise OSError(f"libhdf5 cannot write {path}")
        return result

    def constant(name: str) -> int:
        return ctypes.c_int64.in_dll(library, name).value

    number = constant("H5T_IEEE_F32LE_g")
    file = checked(library.H5Fcreate(str(path).encode(), _TRUNCATE, _DEFAULT, _DEFAULT))
    links = checked(library.H5Pcreate(constant("H5P_CLS_LINK_CREATE_ID_g")))
    checked(library.H5Pset_create_intermediate_group(links, 1))
    for name, (shape, data) in arrays.items():
        space = checked(library.H5Screate_simple(len(shape), (ctypes.c_uint64 * len(shape))(*shape), None))
        array = checked(library.H5Dcreate2(file, name.encode(), number, space, links, _DEFAULT, _DEFAULT))
        checked(library.H5Dwrite(array, number, _ALL, _ALL, _DEFAULT, data))
        checked(library.H5Dclose(array))
        checked(library.H5Sclose(space))
    checked(library.H5Pclose(links))
    checked(library.H5Fclose(file))
    return True
