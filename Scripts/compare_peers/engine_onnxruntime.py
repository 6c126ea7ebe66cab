"""ONNX Runtime: inference only, with inputs and outputs bound to memory beforehand."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort

from .engine import Prepared, Unsupported
from .onnx_model import one_node_model
from .tensor_file import Array
from .workload import Workload


class Engine:
    """Runs on ONNX Runtime."""

    version = f"ONNX Runtime {ort.__version__}"

    def __init__(self, threads: int) -> None:
        self.options = ort.SessionOptions()
        self.options.intra_op_num_threads = threads
        self.options.inter_op_num_threads = 1
        self.options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL

    def prepare(self, workload: Workload, numbers: dict[str, Array]) -> Prepared:
        """A session of the one-node model."""
        if workload.pass_ == "training":
            raise Unsupported("ONNX Runtime has no training here")
        if workload.is_ragged:
            raise Unsupported("ONNX Runtime pads")
        model = one_node_model(workload, numbers).SerializeToString()
        session = ort.InferenceSession(model, self.options, providers=["CPUExecutionProvider"])
        steps, batch, _, hidden = workload.shape
        inputs = ort.OrtValue.ortvalue_from_numpy(numbers["inputs"])
        outputs = ort.OrtValue.ortvalue_from_numpy(np.empty((steps, 1, batch, hidden), np.float32))
        binding = session.io_binding()
        binding.bind_ortvalue_input("X", inputs)
        binding.bind_ortvalue_output("Y", outputs)
        return Prepared(
            lambda: session.run_with_iobinding(binding),
            lambda _: {"outputs": outputs.numpy()[:, 0]},
        )
