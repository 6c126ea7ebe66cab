"""OpenVINO: inference only, in float32 and for latency."""

from __future__ import annotations

import numpy as np
import openvino as ov

from .engine import Prepared, Unsupported
from .onnx_model import one_node_model
from .tensor_file import Array
from .workload import Workload


class Engine:
    """Runs on OpenVINO."""

    version = f"OpenVINO {ov.__version__.split('-')[0]}"

    def __init__(self, threads: int) -> None:
        self.core = ov.Core()
        self.settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": "1",
            "INFERENCE_NUM_THREADS": str(threads),
            # Processors with bfloat16 would use it unasked.
            "INFERENCE_PRECISION_HINT": "f32",
        }

    def prepare(self, workload: Workload, numbers: dict[str, Array]) -> Prepared:
        """A request for the one-node model, its input already in place."""
        if workload.pass_ == "training":
            raise Unsupported("OpenVINO has no training")
        if workload.is_ragged:
            raise Unsupported("OpenVINO pads")
        model = self.core.read_model(one_node_model(workload, numbers).SerializeToString())
        request = self.core.compile_model(model, "CPU", self.settings).create_infer_request()
        request.set_input_tensor(ov.Tensor(numbers["inputs"]))

        def infer() -> None:
            # Shared outputs are not copied.
            request.infer(share_outputs=True)

        return Prepared(infer, lambda _: {"outputs": np.array(request.get_output_tensor().data)[:, 0]})
