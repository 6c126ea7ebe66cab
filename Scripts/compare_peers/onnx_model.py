"""An ONNX model of one node, for the engines that read those."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .tensor_file import Array
from .workload import GATES, Workload

# The index of PyTorch's gate block for each of ONNX's: i o f c of i f g o, and z r h of r z n.
ORDER = {"rnn": (0,), "lstm": (0, 3, 1, 2), "gru": (1, 0, 2)}


def one_node_model(workload: Workload, numbers: dict[str, Array]) -> onnx.ModelProto:
    """The cell as one node with constant weights: inputs X [T, B, I], outputs Y [T, 1, B, H]."""
    steps, batch, inputs, hidden = workload.shape
    order = ORDER[workload.cell]

    def reordered(name: str) -> Array:
        blocks = np.split(numbers[name], GATES[workload.cell])
        return np.concatenate([blocks[gate] for gate in order])

    constants = {
        "W": reordered("weight_ih_l0")[None],
        "R": reordered("weight_hh_l0")[None],
        "B": np.concatenate([reordered("bias_ih_l0"), reordered("bias_hh_l0")])[None],
    }
    attributes: dict[str, Any] = {"hidden_size": hidden} | (
        {"linear_before_reset": 1} if workload.cell == "gru" else {}
    )
    node = helper.make_node(workload.cell.upper(), ["X", *constants], ["Y"], **attributes)
    graph = helper.make_graph(
        [node],
        workload.cell,
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, [steps, batch, inputs])],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, [steps, 1, batch, hidden])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    # Versions that engines of several years ago read too.
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
