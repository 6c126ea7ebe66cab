"""Reads and writes safetensors files of float32 arrays, in which numbers are exchanged.

The format is a header's length in 8 bytes, a JSON header, and the raw numbers. Our Swift
side has a reader of its own; a package just for these few lines would be one more thing
to install.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def write_tensors(path: str | Path, tensors: dict[str, Array]) -> None:
    """Writes `tensors` to the file at `path`."""
    header, data, start = {}, [], 0
    for name, tensor in tensors.items():
        raw = np.ascontiguousarray(tensor, dtype="<f4").tobytes()
        offsets = [start, start + len(raw)]
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": offsets}
        data.append(raw)
        start += len(raw)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    Path(path).write_bytes(len(text).to_bytes(8, "little") + text + b"".join(data))


def read_tensors(path: str | Path) -> dict[str, Array]:
    """The tensors in the file at `path`, all of which must be float32."""
    raw = Path(path).read_bytes()
    begin = 8 + int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:begin])
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if entry["dtype"] != "F32":
            raise ValueError(f"{path}: {name} is {entry['dtype']}, wanted F32")
        start, end = (begin + offset for offset in entry["data_offsets"])
        tensors[name] = np.frombuffer(raw[start:end], dtype="<f4").reshape(entry["shape"]).copy()
    return tensors
