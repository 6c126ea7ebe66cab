"""How the parts with ONNX models store a case: NAME.onnx and, for each set of inputs, NAME.0.vectors, NAME.1.vectors,
and so on.

A file of vectors is a GraphProto that holds nothing but initializers, named `input:NAME` and `output:NAME`: a form that
has every type of ONNX. Where asked for, NAME.0.npz is the same for `rnn verify`, its arrays named as the model's inputs
and outputs.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

Arrays = Mapping[str, np.ndarray]


def write_case(
    folder: Path, name: str, model: onnx.ModelProto, vectors: list[tuple[Arrays, Arrays]], npz: bool = False
) -> None:
    """Writes a model and, for each set of inputs, what it must compute."""
    (folder / f"{name}.onnx").write_bytes(model.SerializeToString())
    for index, (inputs, outputs) in enumerate(vectors):
        graph = onnx.GraphProto(name=name)
        for kind, arrays in (("input", inputs), ("output", outputs)):
            for key, array in arrays.items():
                graph.initializer.append(numpy_helper.from_array(np.asarray(array, order="C"), f"{kind}:{key}"))
        (folder / f"{name}.{index}.vectors").write_bytes(graph.SerializeToString())
        if npz:
            np.savez(folder / f"{name}.{index}.npz", **inputs, **outputs)


def empty_folder(folder: Path) -> Path:
    """`folder`, without what an earlier run left there."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.iterdir():
        file.unlink()
    return folder
