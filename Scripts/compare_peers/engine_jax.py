"""JAX: a compiled lax.scan, with the inputs' products in front of it or inside, whichever is faster.

The scan is not unrolled: four or ten steps at a time gained nothing forward (rt: RNN 325 us
to 341 and 343) and cost a lot backward (1.5 ms to 5.0 and 9.3).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .engine import Prepared, Unsupported, fastest
from .tensor_file import Array
from .workload import WEIGHTS, Workload

Weights = tuple[jax.Array, ...]


def step(cell: str, x: jax.Array, h: jax.Array, hidden: jax.Array, memory: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The states after a step, from both products with their biases and from the states before it."""
    if cell == "rnn":
        return jnp.tanh(x + h), memory
    if cell == "lstm":
        i, f, g, o = jnp.split(x + h, 4, axis=-1)
        memory = jax.nn.sigmoid(f) * memory + jax.nn.sigmoid(i) * jnp.tanh(g)
        return jax.nn.sigmoid(o) * jnp.tanh(memory), memory
    (xr, xz, xn), (hr, hz, hn) = jnp.split(x, 3, axis=-1), jnp.split(h, 3, axis=-1)
    z = jax.nn.sigmoid(xz + hz)
    n = jnp.tanh(xn + jax.nn.sigmoid(xr + hr) * hn)
    return n + z * (hidden - n), memory


def outputs_of(cell: str, hoisted: bool, weights: Weights, inputs: jax.Array) -> jax.Array:
    """Outputs [T, B, H]. The weights are transposed, [I, G*H] and [H, G*H], as is usual in JAX."""
    wx, wh, bx, bh = weights
    zeros = jnp.zeros((inputs.shape[1], wh.shape[0]), jnp.float32)
    memory = zeros if cell == "lstm" else zeros[:0]

    def advance(states: tuple[jax.Array, jax.Array], x: jax.Array) -> tuple[tuple[jax.Array, jax.Array], jax.Array]:
        projected = x if hoisted else x @ wx + bx
        states = step(cell, projected, states[0] @ wh + bh, *states)
        return states, states[0]

    return lax.scan(advance, (zeros, memory), inputs @ wx + bx if hoisted else inputs)[1]


class Engine:
    """Runs on JAX."""

    version = f"JAX {jax.__version__}"

    def __init__(self, threads: int) -> None:
        # A result that is waited for at once gains nothing from a hand-over to another thread.
        jax.config.update("jax_cpu_enable_async_dispatch", False)

    def prepare(self, workload: Workload, numbers: dict[str, Array]) -> Prepared:
        """The faster of the two ways, compiled."""
        if workload.is_ragged:
            raise Unsupported("JAX pads")
        weights = tuple(jnp.asarray(numbers[name].T) for name in WEIGHTS)
        inputs, d_outputs = jnp.asarray(numbers["inputs"]), jnp.asarray(numbers["dOutputs"])
        candidates: list[Callable[[], Prepared]] = [
            partial(self._compiled, workload, hoisted, weights, inputs, d_outputs) for hoisted in (True, False)
        ]
        return fastest(candidates)

    def _compiled(
        self, workload: Workload, hoisted: bool, weights: Weights, inputs: jax.Array, d_outputs: jax.Array
    ) -> Prepared:
        variant = "inputs' products before the scan" if hoisted else "inputs' products in the scan"
        forward = partial(outputs_of, workload.cell, hoisted)
        if workload.pass_ == "inference":
            infer = jax.jit(forward)
            return Prepared(
                lambda: infer(weights, inputs).block_until_ready(),
                lambda outputs: {"outputs": np.asarray(outputs)},
                variant,
            )

        def loss(weights: Weights, inputs: jax.Array, d_outputs: jax.Array) -> jax.Array:
            return jnp.sum(forward(weights, inputs) * d_outputs)

        train = jax.jit(jax.value_and_grad(loss))

        def results(found: tuple[jax.Array, Weights]) -> dict[str, Array]:
            named = {name: np.asarray(gradient).T for name, gradient in zip(WEIGHTS, found[1], strict=True)}
            return {"outputs": np.asarray(jax.jit(forward)(weights, inputs))} | named

        return Prepared(lambda: jax.block_until_ready(train(weights, inputs, d_outputs)), results, variant)
