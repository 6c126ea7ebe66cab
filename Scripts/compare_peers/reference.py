"""The inputs of every engine, and the reference results in float64.

The equations are PyTorch's: gates in the order i f g o and r z n, two biases, and a GRU
that resets after the product (Keras: reset_after=True, ONNX: linear_before_reset=1).
Sequences are sorted by falling length, so those that still run are a prefix.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .tensor_file import Array
from .workload import GATES, Shape, Workload

Double = NDArray[np.float64]

# The limit on the difference between a result and the reference, over the largest magnitude in it.
# Engines that compute in float32 stay below 1e-5 on all named shapes. The next lower
# precisions that an engine might use, TF32 and bfloat16, have units of 5e-4 and 4e-3.
TOLERANCE = 1e-4


def random_numbers(cell: str, shape: Shape, seed: int = 1) -> dict[str, Array]:
    """Weights as PyTorch draws them, inputs [T, B, I] and the loss's gradient for the outputs [T, B, H]."""
    steps, batch, inputs, hidden = shape
    rows, bound = GATES[cell] * hidden, hidden**-0.5
    generator = np.random.default_rng(seed)

    def uniform(*size: int, bound: float = 1.0) -> Array:
        return generator.uniform(-bound, bound, size).astype(np.float32)

    return {
        "weight_ih_l0": uniform(rows, inputs, bound=bound),
        "weight_hh_l0": uniform(rows, hidden, bound=bound),
        "bias_ih_l0": uniform(rows, bound=bound),
        "bias_hh_l0": uniform(rows, bound=bound),
        "inputs": uniform(steps, batch, inputs),
        "dOutputs": uniform(steps, batch, hidden),
    }


def clear_padding(padded: Array, lengths: Sequence[int]) -> None:
    """Sets to zero what lies beyond the sequences' lengths in `padded`, [T, B, ...]."""
    for b, length in enumerate(lengths):
        padded[length:, b] = 0


def sigmoid(x: Double) -> Double:
    return 1 / (1 + np.exp(-x))


def reference_results(workload: Workload, numbers: Mapping[str, NDArray[Any]]) -> dict[str, Array]:
    """Outputs [T, B, H], zero where a sequence has no step, and in training the gradients of all weights.

    The gradients are those of sum(outputs * dOutputs), by backpropagation through time.
    """
    weights = {name: value.astype(np.float64) for name, value in numbers.items()}
    steps, batch, _, hidden = workload.shape
    running = [sum(length > t for length in workload.lengths) for t in range(steps)]
    steps_of: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
        "rnn": (_rnn, _d_rnn),
        "lstm": (_lstm, _d_lstm),
        "gru": (_gru, _d_gru),
    }
    forward, backward = steps_of[workload.cell]

    wx, wh, bx, bh = (weights[name] for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"))
    projected = weights["inputs"] @ wx.T + bx
    state = np.zeros((2, batch, hidden))  # hidden and, for an LSTM, cell state
    outputs = np.zeros((steps, batch, hidden))
    tape = []
    for t, n in enumerate(running):
        before = state[:, :n].copy()
        saved, state[:, :n] = forward(projected[t, :n], before[0] @ wh.T + bh, before)
        outputs[t, :n] = state[0, :n]
        tape.append((before, saved))
    results = {"outputs": outputs}

    if workload.pass_ == "training":
        d_state = np.zeros_like(state)
        # The reset gate of a GRU acts between the two products, so their gradients differ.
        d_projected, d_recurrent = np.zeros_like(projected), np.zeros_like(projected)
        hidden_before = np.zeros((steps, batch, hidden))
        for t, n in reversed(list(enumerate(running))):
            before, saved = tape[t]
            hidden_before[t, :n] = before[0]
            d_state[0, :n] += weights["dOutputs"][t, :n]
            d_projected[t, :n], d_recurrent[t, :n], d_before = backward(d_state[:, :n], before, saved)
            d_before[0] += d_recurrent[t, :n] @ wh
            d_state[:, :n] = d_before
        results |= {
            "weight_ih_l0": np.tensordot(d_projected, weights["inputs"], ((0, 1), (0, 1))),
            "weight_hh_l0": np.tensordot(d_recurrent, hidden_before, ((0, 1), (0, 1))),
            "bias_ih_l0": d_projected.sum((0, 1)),
            "bias_hh_l0": d_recurrent.sum((0, 1)),
        }
    return {name: value.astype(np.float32) for name, value in results.items()}


def largest_difference(found: dict[str, Array], wanted: dict[str, Array]) -> tuple[float, str]:
    """The largest difference over the largest magnitude of the tensor it is in, and that tensor's name.

    Infinite where a tensor is missing, has another shape or holds what is not a number.
    """
    worst = (0.0, "outputs")
    for name, reference in wanted.items():
        result = found.get(name)
        if result is None or result.shape != reference.shape or not np.isfinite(result).all():
            return (float("inf"), name)
        # The recurrent weights of a single step from the zero state have no gradient.
        largest = float(np.abs(reference).max()) or 1.0
        difference = float(np.abs(result - reference).max()) / largest
        worst = max(worst, (difference, name))
    return worst


# One step each. Forward: both products of the gates -> what backward needs, and the state after the step.
# Backward: the gradient for the state after the step -> those for both products, and for the state before it
# without the part that went through the recurrent product.


def _rnn(x: Double, h: Double, before: Double) -> tuple[Double, Double]:
    after = np.tanh(x + h)
    return after, np.stack([after, before[1]])


def _d_rnn(d_after: Double, before: Double, after: Double) -> tuple[Double, Double, Double]:
    d_gate = d_after[0] * (1 - after**2)
    return d_gate, d_gate, np.zeros_like(before)


def _lstm(x: Double, h: Double, before: Double) -> tuple[tuple[Double, ...], Double]:
    i, f, g, o = np.split(x + h, 4, axis=1)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    cell = f * before[1] + i * g
    squashed = np.tanh(cell)
    return (i, f, g, o, squashed), np.stack([o * squashed, cell])


def _d_lstm(d_after: Double, before: Double, saved: tuple[Double, ...]) -> tuple[Double, Double, Double]:
    i, f, g, o, squashed = saved
    d_cell = d_after[1] + d_after[0] * o * (1 - squashed**2)
    d_gates = np.concatenate(
        [
            d_cell * g * i * (1 - i),
            d_cell * before[1] * f * (1 - f),
            d_cell * i * (1 - g**2),
            d_after[0] * squashed * o * (1 - o),
        ],
        axis=1,
    )
    return d_gates, d_gates, np.stack([np.zeros_like(d_cell), d_cell * f])


def _gru(x: Double, h: Double, before: Double) -> tuple[tuple[Double, ...], Double]:
    (xr, xz, xn), (hr, hz, hn) = np.split(x, 3, axis=1), np.split(h, 3, axis=1)
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    n = np.tanh(xn + r * hn)
    return (r, z, n, hn), np.stack([(1 - z) * n + z * before[0], before[1]])


def _d_gru(d_after: Double, before: Double, saved: tuple[Double, ...]) -> tuple[Double, Double, Double]:
    r, z, n, hn = saved
    d_n = d_after[0] * (1 - z) * (1 - n**2)
    d_z = d_after[0] * (before[0] - n) * z * (1 - z)
    d_r = d_n * hn * r * (1 - r)
    d_projected = np.concatenate([d_r, d_z, d_n], axis=1)
    d_recurrent = np.concatenate([d_r, d_z, d_n * r], axis=1)
    return d_projected, d_recurrent, np.stack([d_after[0] * z, np.zeros_like(d_n)])
