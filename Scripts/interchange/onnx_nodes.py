"""The node tests that the onnx package makes, as files: all of RNN, LSTM and GRU, and those of the operators that
models combine with them.

    recurrent/NAME.onnx, NAME.0.vectors     a model of one RNN, LSTM or GRU
    operators/NAME.onnx, NAME.0.vectors     a model of one of the other operators
"""

import warnings
from pathlib import Path

import numpy as np
import onnx
from onnx.backend.test.case.node import collect_testcases

from .onnx_vectors import empty_folder, write_case

RECURRENT = ("RNN", "LSTM", "GRU")

# What Interchange computes beside them.
OPERATORS = (
    "Abs Add And ArgMax ArgMin Cast Ceil Clip Concat Constant ConstantOfShape Div Dropout Elu Equal Erf Exp "
    "Expand Flatten Floor Gather Gemm Greater GreaterOrEqual HardSigmoid Identity LayerNormalization LeakyRelu "
    "Less LessOrEqual Log LogSoftmax MatMul Max Mean Min Mul Neg Not Or Pow Range Reciprocal ReduceMax ReduceMean "
    "ReduceMin ReduceSum Relu Reshape ReverseSequence Shape Sigmoid Size Slice Softmax Softplus Softsign Split "
    "Sqrt Squeeze Sub Sum Tanh Tile Transpose Unsqueeze Where Xor"
).split()


def generate(folder: Path) -> None:
    with warnings.catch_warnings():
        # The package itself computes overflows and divisions by zero, on purpose.
        warnings.simplefilter("ignore")
        cases = collect_testcases(None)
    places = {kind: empty_folder(folder / kind) for kind in ("recurrent", "operators")}
    for case in cases:
        # A name ends so where an operator is taken apart into others.
        if len(case.model.graph.node) != 1 or case.name.endswith("_expanded"):
            continue
        operator = case.model.graph.node[0].op_type
        kind = "recurrent" if operator in RECURRENT else "operators" if operator in OPERATORS else None
        vectors = [named(case.model, *data) for data in case.data_sets]
        if kind and all(vectors):
            write_case(places[kind], case.name, case.model, vectors)


def named(model: onnx.ModelProto, inputs: list, outputs: list) -> tuple[dict, dict] | None:
    """Arrays by the names of the model's inputs and outputs; None where one is no array."""
    result = (
        {value.name: array for value, array in zip(model.graph.input, inputs)},
        {value.name: array for value, array in zip(model.graph.output, outputs)},
    )
    are_arrays = all(isinstance(array, (np.ndarray, np.generic)) for arrays in result for array in arrays.values())
    return tuple({key: np.asarray(array) for key, array in arrays.items()} for arrays in result) if are_arrays else None


def check(folder: Path) -> int:
    """Nothing of ours is read here."""
    return 0
