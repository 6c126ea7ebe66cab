"""What is timed: a pass of a cell over a batch, and the numbers it computes with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

CELLS = ("rnn", "lstm", "gru")
PASSES = ("inference", "training")
GATES = {"rnn": 1, "lstm": 4, "gru": 3}
WEIGHTS = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")


class Shape(NamedTuple):
    """T steps of B sequences with I inputs, and H hidden units."""

    T: int
    B: int
    I: int  # noqa: E741  the package's letter
    H: int

    def __str__(self) -> str:
        return ",".join(map(str, self))

    @property
    def name(self) -> str:
        """Its name among the named shapes, or its sizes."""
        return next((name for name, shape in SHAPES.items() if shape == self), str(self))


# The shapes that the package's figures are given for, as in Benchmarks/Shape.swift.
SHAPES = {
    "step": Shape(1, 1, 64, 128),  # one streaming step
    "tiny": Shape(50, 4, 2, 32),  # the ball tracker
    "rt": Shape(100, 1, 128, 256),  # one request, low latency
    "b4": Shape(100, 4, 128, 256),  # small batch
    "mid": Shape(100, 32, 128, 256),  # usual training
    "b128": Shape(100, 128, 256, 256),  # large batch
    "big": Shape(50, 64, 256, 512),  # larger model
    "db1024": Shape(25, 32, 1024, 1024),  # weights larger than a core's cache
}


@dataclass(frozen=True)
class Workload:
    """A pass of a cell over a batch. Training gives the gradients of all weights and not of the inputs."""

    cell: str
    pass_: str
    shape: Shape
    threads: int
    lengths: tuple[int, ...]  # [B], falling

    @staticmethod
    def dense_lengths(shape: Shape) -> tuple[int, ...]:
        """Every sequence has T steps."""
        return (shape.T,) * shape.B

    @property
    def is_ragged(self) -> bool:
        """Whether a sequence is shorter than T."""
        return min(self.lengths) < self.shape.T

    @property
    def fill(self) -> float:
        """The share of the padded batch that exists."""
        return sum(self.lengths) / (self.shape.T * self.shape.B)

    @property
    def operations(self) -> int:
        """Floating-point operations of the products, a multiply-add counted as two."""
        rows, hidden = sum(self.lengths), self.shape.H
        forward = 2 * rows * GATES[self.cell] * hidden * (self.shape.I + hidden)
        return forward * (3 if self.pass_ == "training" else 1)

    def __str__(self) -> str:
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return f"{self.cell} {self.pass_} {self.shape.name}, {threads}"
