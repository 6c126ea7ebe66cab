"""PyTorch: torch.nn's own layers, and its PackedSequence for ragged batches."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from .engine import Prepared
from .tensor_file import Array
from .workload import WEIGHTS, Workload


class Engine:
    """Runs on PyTorch."""

    version = f"PyTorch {torch.__version__}"

    def __init__(self, threads: int) -> None:
        torch.set_num_threads(threads)
        torch.set_num_interop_threads(1)

    def prepare(self, workload: Workload, numbers: dict[str, Array]) -> Prepared:
        """The layer with the given weights, and the batch packed where it is ragged."""
        layers = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
        layer = layers[workload.cell](workload.shape.I, workload.shape.H)
        layer.load_state_dict({name: torch.from_numpy(numbers[name]) for name in WEIGHTS})
        weights = [layer.get_parameter(name) for name in WEIGHTS]
        lengths = torch.tensor(workload.lengths)

        def batch(name: str) -> Any:
            padded = torch.from_numpy(numbers[name])
            # The lengths fall, so that PyTorch need not reorder the state in the timed part.
            return pack_padded_sequence(padded, lengths) if workload.is_ragged else padded

        def padded(outputs: Any) -> Array:
            if isinstance(outputs, PackedSequence):
                outputs, _ = pad_packed_sequence(outputs, total_length=workload.shape.T)
            return outputs.detach().numpy()

        inputs = batch("inputs")
        if workload.pass_ == "inference":

            def infer() -> Any:
                with torch.inference_mode():
                    return layer(inputs)[0]

            return Prepared(infer, lambda outputs: {"outputs": padded(outputs)})

        d_outputs = batch("dOutputs")
        if workload.is_ragged:
            d_outputs = d_outputs.data

        def train() -> tuple[Any, tuple[torch.Tensor, ...]]:
            outputs = layer(inputs)[0]
            data = outputs.data if isinstance(outputs, PackedSequence) else outputs
            return outputs, torch.autograd.grad(data, weights, d_outputs)

        def results(found: tuple[Any, tuple[torch.Tensor, ...]]) -> dict[str, Array]:
            outputs, gradients = found
            named = {name: gradient.numpy() for name, gradient in zip(WEIGHTS, gradients, strict=True)}
            return {"outputs": padded(outputs)} | named

        return Prepared(train, results)
