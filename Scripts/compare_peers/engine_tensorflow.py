"""TensorFlow: a Keras layer, or a loop of one's own with and without XLA, whichever is fastest."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .engine import Prepared, Unsupported, fastest
from .tensor_file import Array
from .workload import GATES, WEIGHTS, Workload

# The index of PyTorch's gate block for each of Keras's: i f c o, and z r h of r z n.
ORDER = {"rnn": (0,), "lstm": (0, 1, 2, 3), "gru": (1, 0, 2)}


def step(cell: str, x: Any, h: Any, hidden: Any, memory: Any) -> tuple[Any, Any]:
    """The states after a step, from both products with their biases and from the states before it."""
    if cell == "rnn":
        return tf.tanh(x + h), memory
    if cell == "lstm":
        i, f, g, o = tf.split(x + h, 4, axis=-1)
        memory = tf.sigmoid(f) * memory + tf.sigmoid(i) * tf.tanh(g)
        return tf.sigmoid(o) * tf.tanh(memory), memory
    (xr, xz, xn), (hr, hz, hn) = tf.split(x, 3, axis=-1), tf.split(h, 3, axis=-1)
    z = tf.sigmoid(xz + hz)
    n = tf.tanh(xn + tf.sigmoid(xr + hr) * hn)
    return n + z * (hidden - n), memory


def looped(cell: str, weights: list[Any], inputs: Any) -> Any:
    """Outputs [T, B, H] by a while loop behind one product for all inputs."""
    wx, wh, bx, bh = weights
    steps, batch, features = inputs.shape
    width = wx.shape[1]
    projected = tf.reshape(tf.matmul(tf.reshape(inputs, (-1, features)), wx) + bx, (steps, batch, width))
    rows = tf.TensorArray(tf.float32, steps, element_shape=(batch, width)).unstack(projected)
    zeros = tf.zeros((batch, wh.shape[0]))

    def advance(t: Any, hidden: Any, memory: Any, outputs: Any) -> tuple[Any, ...]:
        states = step(cell, rows.read(t), tf.matmul(hidden, wh) + bh, hidden, memory)
        return t + 1, *states, outputs.write(t, states[0])

    outputs = tf.TensorArray(tf.float32, steps, element_shape=zeros.shape)
    # Without the number of iterations XLA cannot go backward through the loop.
    return tf.while_loop(lambda t, *_: t < steps, advance, (0, zeros, zeros, outputs), maximum_iterations=steps)[
        -1
    ].stack()


class Engine:
    """Runs on TensorFlow."""

    version = f"TensorFlow {tf.__version__}, Keras {keras.__version__}"

    def __init__(self, threads: int) -> None:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)

    def prepare(self, workload: Workload, numbers: dict[str, Array]) -> Prepared:
        """The fastest of the three ways, traced and compiled."""
        if workload.is_ragged:
            raise Unsupported("TensorFlow pads")
        candidates: list[Callable[[], Prepared]] = [
            partial(self._looped, workload, numbers, True),
            partial(self._looped, workload, numbers, False),
            partial(self._keras, workload, numbers),
        ]
        return fastest(candidates)

    def _looped(self, workload: Workload, numbers: dict[str, Array], compiled: bool) -> Prepared:
        variables = [tf.Variable(numbers[name].T) for name in WEIGHTS]

        def named(gradients: list[Any]) -> dict[str, Array]:
            return {name: value.numpy().T for name, value in zip(WEIGHTS, gradients, strict=True)}

        forward = partial(looped, workload.cell, variables)
        variant = "while loop, XLA" if compiled else "while loop"
        return self._traced(workload, numbers, forward, variables, named, False, compiled, variant)

    def _keras(self, workload: Workload, numbers: dict[str, Array]) -> Prepared:
        layers = {"rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}
        layer = layers[workload.cell](workload.shape.H, return_sequences=True)
        layer.build((workload.shape.B, workload.shape.T, workload.shape.I))
        order = ORDER[workload.cell]

        def reordered(value: Array, order: tuple[int, ...]) -> Array:
            return np.concatenate([np.split(value, GATES[workload.cell])[gate] for gate in order])

        wx, wh, bx, bh = (reordered(numbers[name], order) for name in WEIGHTS)
        # A GRU that resets after the product keeps both biases; the others add them beforehand.
        layer.set_weights([wx.T, wh.T, np.stack([bx, bh]) if workload.cell == "gru" else bx + bh])

        def named(gradients: list[Any]) -> dict[str, Array]:
            d_wx, d_wh, d_bias = (value.numpy() for value in gradients)
            d_biases = d_bias if workload.cell == "gru" else (d_bias, d_bias)
            back = tuple(int(place) for place in np.argsort(order))
            values = (d_wx.T, d_wh.T, *d_biases)
            return {name: reordered(value, back) for name, value in zip(WEIGHTS, values, strict=True)}

        variables = [variable.value for variable in layer.trainable_variables]
        return self._traced(workload, numbers, layer, variables, named, True, False, "Keras layer")

    def _traced(
        self,
        workload: Workload,
        numbers: dict[str, Array],
        forward: Callable[[Any], Any],
        variables: list[Any],
        named: Callable[[list[Any]], dict[str, Array]],
        batch_major: bool,
        compiled: bool,
        variant: str,
    ) -> Prepared:
        def batch(name: str) -> Any:
            return tf.constant(numbers[name].swapaxes(0, 1) if batch_major else numbers[name])

        def time_major(outputs: Any) -> Array:
            return outputs.numpy().swapaxes(0, 1) if batch_major else outputs.numpy()

        inputs, d_outputs = batch("inputs"), batch("dOutputs")
        if workload.pass_ == "inference":
            infer = tf.function(forward, jit_compile=compiled).get_concrete_function(inputs)
            return Prepared(lambda: infer(inputs), lambda outputs: {"outputs": time_major(outputs)}, variant)

        @tf.function(jit_compile=compiled)
        def train(inputs: Any, d_outputs: Any) -> tuple[Any, list[Any]]:
            with tf.GradientTape() as tape:
                outputs = forward(inputs)
            return outputs, tape.gradient(outputs, variables, d_outputs)

        concrete = train.get_concrete_function(inputs, d_outputs)
        return Prepared(
            lambda: concrete(inputs, d_outputs),
            lambda found: {"outputs": time_major(found[0])} | named(found[1]),
            variant,
        )
