#!/usr/bin/env python3
"""Writes what PyTorch computes, for the tests in Tests/ModelsTests to compare with.

    python3 -m venv .build/torch
    .build/torch/bin/pip install torch numpy safetensors
    .build/torch/bin/python Scripts/make-fixtures.py

Files: one `<cell>-layers<L>-<one|two>way.safetensors` per network, `losses.safetensors`
and `optimizers.safetensors`. Each names its PyTorch version and seed in its metadata.
The same version writes the same bytes on any x86-64 processor with AVX2; elsewhere the
last bits may differ.

Everything is computed in float64, from numbers that float32 holds exactly, so that a
test in either precision starts from the very same problem.

A network's file holds one set of parameters and four cases: `dense` (every sequence has
T steps) or `ragged` (`lengths.ragged`), from a `given` or the `zero` initial state.
Letters as in the whole package, with O = H, or the size of the projection:

    parameters.<torch name>          the shapes of torch.nn; weight_ph_l<k> is [3, H]
    inputs                           [T, B, I]
    lengths.ragged                   [B], int64
    initial.{hidden,cell}            [L*D, B, O], [L*D, B, H]
    lossWeights.outputs              [T, B, D*O]
    lossWeights.{hidden,cell}        as the states
    <case>.outputs                   [T, B, D*O], zero where a sequence has no step
    <case>.final{Hidden,Cell}        as the states
    <case>.gradient.inputs           [T, B, I], zero where a sequence has no step
    <case>.gradient.initial{Hidden,Cell}, <case>.gradient.<torch name>

The loss is the sum of lossWeights * (outputs that exist, final hidden, final cell).
`inputs` and `lossWeights.outputs` are not zero where the ragged sequences have no step:
reading there gives wrong results.
"""

import argparse
import itertools
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor, nn
from torch.nn.functional import (
    binary_cross_entropy_with_logits,
    cross_entropy,
    mse_loss,
)
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

SEED = 19970815
INPUT_SIZE, HIDDEN_SIZE, PROJECTION_SIZE = 3, 5, 2
BATCH, STEPS = 4, 7
# Unsorted, so that the caller's order is tested.
RAGGED_LENGTHS = (4, 7, 1, 6)

State = tuple[Tensor, ...]  # (hidden,) or, for an LSTM, (hidden, cell)
STATE_NAMES = ("hidden", "cell")
Step = Callable[[dict[str, Tensor], Tensor, State], State]


# Cells that torch.nn does not have


def peephole_lstm_step(weights: dict[str, Tensor], x: Tensor, state: State) -> State:
    """One step of the LSTM of Gers & Schmidhuber, "Recurrent nets that time and count"
    (2000): the gates see the cell. Rows of `weight_ph`: input, forget, output.
    """
    hidden, cell = state
    gates = (
        weights["weight_ih"] @ x
        + weights["bias_ih"]
        + weights["weight_hh"] @ hidden
        + weights["bias_hh"]
    )
    input_gate, forget_gate, candidate, output_gate = gates.chunk(4)
    input_peephole, forget_peephole, output_peephole = weights["weight_ph"]

    input_gate = torch.sigmoid(input_gate + input_peephole * cell)
    forget_gate = torch.sigmoid(forget_gate + forget_peephole * cell)
    cell = forget_gate * cell + input_gate * torch.tanh(candidate)
    output_gate = torch.sigmoid(output_gate + output_peephole * cell)
    hidden = output_gate * torch.tanh(cell)
    if "weight_hr" in weights:
        hidden = weights["weight_hr"] @ hidden
    return hidden, cell


def gru_reset_before_step(weights: dict[str, Tensor], x: Tensor, state: State) -> State:
    """One step of the GRU of Cho et al. (2014), which resets the hidden state before
    the recurrent weights see it. torch.nn.GRU resets their product instead.
    """
    (hidden,) = state
    from_input = weights["weight_ih"] @ x + weights["bias_ih"]
    reset_input, update_input, candidate_input = from_input.chunk(3)
    reset_weight, update_weight, candidate_weight = weights["weight_hh"].chunk(3)
    reset_bias, update_bias, candidate_bias = weights["bias_hh"].chunk(3)

    reset = torch.sigmoid(reset_input + reset_weight @ hidden + reset_bias)
    update = torch.sigmoid(update_input + update_weight @ hidden + update_bias)
    candidate = torch.tanh(
        candidate_input + candidate_weight @ (reset * hidden) + candidate_bias
    )
    return ((1 - update) * candidate + update * hidden,)


# Networks: called with (inputs, lengths, state), they return (outputs, final state)


@dataclass(frozen=True)
class Cell:
    """A kind of cell: a torch.nn module, or its parameters with a step of our own."""

    module: type[nn.RNNBase]
    options: dict[str, str | int] = field(default_factory=dict)
    step: Step | None = None

    @property
    def state_names(self) -> tuple[str, ...]:
        return STATE_NAMES if self.module is nn.LSTM else STATE_NAMES[:1]

    @property
    def has_peepholes(self) -> bool:
        return self.step is peephole_lstm_step

    @property
    def projection_size(self) -> int:
        return int(self.options.get("proj_size", 0))


PROJECTED: dict[str, str | int] = {"proj_size": PROJECTION_SIZE}
CELLS = {
    "rnn-tanh": Cell(nn.RNN, {"nonlinearity": "tanh"}),
    "rnn-relu": Cell(nn.RNN, {"nonlinearity": "relu"}),
    "lstm": Cell(nn.LSTM),
    "lstm-projected": Cell(nn.LSTM, PROJECTED),
    "lstm-peephole": Cell(nn.LSTM, step=peephole_lstm_step),
    "lstm-peephole-projected": Cell(nn.LSTM, PROJECTED, peephole_lstm_step),
    "gru": Cell(nn.GRU),
    "gru-reset-before": Cell(nn.GRU, step=gru_reset_before_step),
}


@dataclass(frozen=True)
class Architecture:
    cell: Cell
    layers: int
    directions: int

    def torch_module(self) -> nn.RNNBase:
        return self.cell.module(
            INPUT_SIZE,
            HIDDEN_SIZE,
            num_layers=self.layers,
            bidirectional=self.directions == 2,
            dtype=torch.float64,
            **self.cell.options,
        )

    def suffixes(self) -> list[list[str]]:
        """PyTorch's suffix of parameter names, by layer and direction."""
        directions = ("", "_reverse")[: self.directions]
        return [
            [f"_l{layer}{way}" for way in directions] for layer in range(self.layers)
        ]

    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        shapes = {
            name: tuple(parameter.shape)
            for name, parameter in self.torch_module().named_parameters()
        }
        if self.cell.has_peepholes:
            for suffix in itertools.chain(*self.suffixes()):
                shapes[f"weight_ph{suffix}"] = (3, HIDDEN_SIZE)
        return shapes

    def network(self, parameters: dict[str, Tensor]) -> "Network":
        kind = HandWrittenNetwork if self.cell.step else TorchNetwork
        return kind(self, parameters)


class TorchNetwork:
    """A module of torch.nn."""

    def __init__(self, architecture: Architecture, parameters: dict[str, Tensor]):
        self.module = architecture.torch_module()
        self.module.load_state_dict(parameters)
        self.parameters = dict(self.module.named_parameters())

    def __call__(
        self, inputs: Tensor, lengths: Tensor, state: State
    ) -> tuple[Tensor, State]:
        # The state of an LSTM is a tuple, that of the other modules a tensor.
        given = state if len(state) == 2 else state[0]
        if bool((lengths == len(inputs)).all()):
            outputs, final = self.module(inputs, given)
        else:
            packed = pack_padded_sequence(inputs, lengths, enforce_sorted=False)
            packed_outputs, final = self.module(packed, given)
            outputs, _ = pad_packed_sequence(packed_outputs, total_length=len(inputs))
        return outputs, final if len(state) == 2 else (final,)


class HandWrittenNetwork:
    """A textbook network: every sequence alone, one step after the other."""

    def __init__(self, architecture: Architecture, parameters: dict[str, Tensor]):
        self.step = architecture.cell.step
        self.suffixes = architecture.suffixes()
        self.parameters = {
            name: value.clone().requires_grad_() for name, value in parameters.items()
        }

    def __call__(
        self, inputs: Tensor, lengths: Tensor, state: State
    ) -> tuple[Tensor, State]:
        outputs, finals = [], []
        for b, length in enumerate(lengths.tolist()):
            own_state = tuple(part[:, b] for part in state)
            own_outputs, final = self.run_sequence(inputs[:length, b], own_state)
            outputs.append(
                nn.functional.pad(own_outputs, (0, 0, 0, len(inputs) - length))
            )
            finals.append(final)
        final_state = tuple(
            torch.stack(parts, dim=1) for parts in zip(*finals, strict=True)
        )
        return torch.stack(outputs, dim=1), final_state

    def run_sequence(self, xs: Tensor, state: State) -> tuple[Tensor, State]:
        """All layers; `xs` is [T, I], each part of `state` is [L*D, size]."""
        finals = []
        for suffixes in self.suffixes:
            ways = []
            for suffix in suffixes:
                start = tuple(part[len(finals)] for part in state)
                hiddens, final = self.run_direction(suffix, xs, start)
                ways.append(hiddens)
                finals.append(final)
            xs = torch.cat(ways, dim=1)
        return xs, tuple(torch.stack(parts) for parts in zip(*finals, strict=True))

    def run_direction(
        self, suffix: str, xs: Tensor, state: State
    ) -> tuple[Tensor, State]:
        weights = {
            name.removesuffix(suffix): value
            for name, value in self.parameters.items()
            if name.endswith(suffix)
        }
        order = range(len(xs))
        hiddens = {}
        for t in reversed(order) if suffix.endswith("_reverse") else order:
            state = self.step(weights, xs[t], state)
            hiddens[t] = state[0]
        return torch.stack([hiddens[t] for t in order]), state


Network = TorchNetwork | HandWrittenNetwork


# Problems and their solutions


@dataclass(frozen=True)
class Problem:
    parameters: dict[str, Tensor]
    inputs: Tensor
    state: State
    output_loss_weights: Tensor
    state_loss_weights: State


class ExactRandom:
    """Random numbers that float32 holds exactly, as float64."""

    def __init__(self):
        self.generator = torch.Generator().manual_seed(SEED)

    def uniform(self, *shape: int, below: float = 1.0) -> Tensor:
        """Numbers between -below and below."""
        drawn = torch.rand(shape, generator=self.generator, dtype=torch.float32)
        return ((2 * drawn - 1) * below).double()

    def away_from_zero(self, *shape: int) -> Tensor:
        """Numbers of either sign with a magnitude between 0.1 and 0.5."""
        drawn = self.uniform(*shape, below=0.4)
        return (drawn + 0.1 * torch.where(drawn < 0, -1, 1)).float().double()


def draw_problem(architecture: Architecture) -> Problem:
    random = ExactRandom()
    cell = architecture.cell
    parameters = {
        name: random.away_from_zero(*shape)
        if name.startswith("bias")
        else random.uniform(*shape, below=0.7)
        for name, shape in architecture.parameter_shapes().items()
    }
    hidden_size = cell.projection_size or HIDDEN_SIZE
    blocks = architecture.layers * architecture.directions
    sizes = (hidden_size, HIDDEN_SIZE)[: len(cell.state_names)]
    return Problem(
        parameters,
        inputs=random.uniform(STEPS, BATCH, INPUT_SIZE, below=1.5),
        state=tuple(random.uniform(blocks, BATCH, size) for size in sizes),
        output_loss_weights=random.uniform(
            STEPS, BATCH, architecture.directions * hidden_size
        ),
        state_loss_weights=tuple(random.uniform(blocks, BATCH, size) for size in sizes),
    )


def evaluate(
    network: Network, problem: Problem, lengths: Tensor
) -> tuple[Tensor, State, Tensor]:
    """The outputs, the final state, and the loss, whose graph reaches all that has a
    gradient.
    """
    outputs, final_state = network(problem.inputs, lengths, problem.state)
    exists = torch.arange(STEPS)[:, None] < lengths
    loss = (problem.output_loss_weights * outputs)[exists].sum()
    for weights, final in zip(problem.state_loss_weights, final_state, strict=True):
        loss = loss + (weights * final).sum()
    return outputs, final_state, loss


def solve(
    architecture: Architecture, problem: Problem, lengths: Tensor
) -> dict[str, Tensor]:
    """Results and gradients of one case, by key."""
    problem = replace(
        problem,
        inputs=problem.inputs.clone().requires_grad_(),
        state=tuple(part.clone().requires_grad_() for part in problem.state),
    )
    network = architecture.network(problem.parameters)
    outputs, final_state, loss = evaluate(network, problem, lengths)

    names = [name.capitalize() for name in architecture.cell.state_names]
    leaves = {"inputs": problem.inputs}
    leaves |= {
        f"initial{name}": part for name, part in zip(names, problem.state, strict=True)
    }
    leaves |= network.parameters
    gradients = torch.autograd.grad(loss, list(leaves.values()))

    solution = {"outputs": outputs}
    solution |= {
        f"final{name}": part for name, part in zip(names, final_state, strict=True)
    }
    solution |= {
        f"gradient.{name}": d for name, d in zip(leaves, gradients, strict=True)
    }
    return {name: value.detach() for name, value in solution.items()}


def solve_cases(architecture: Architecture, problem: Problem) -> dict[str, Tensor]:
    """The four cases of a problem, by key."""
    dense = torch.full((BATCH,), STEPS)
    ragged = torch.tensor(RAGGED_LENGTHS)
    from_zero = replace(
        problem, state=tuple(torch.zeros_like(part) for part in problem.state)
    )
    return {
        f"{shape}-{start}.{name}": value
        for shape, lengths in (("dense", dense), ("ragged", ragged))
        for start, case in (("given", problem), ("zero", from_zero))
        for name, value in solve(architecture, case, lengths).items()
    }


# Checks of the cells written here


def check_peephole_lstm(options: dict[str, str | int]):
    """Without peepholes it is torch.nn.LSTM."""
    ours = Architecture(Cell(nn.LSTM, options, peephole_lstm_step), 2, 2)
    theirs = Architecture(Cell(nn.LSTM, options), 2, 2)
    problem = draw_problem(theirs)
    blind = {
        name: torch.zeros(shape, dtype=torch.float64)
        for name, shape in ours.parameter_shapes().items()
        if name.startswith("weight_ph")
    }
    with_peepholes = replace(problem, parameters=problem.parameters | blind)
    found = solve_cases(ours, with_peepholes)
    wanted = solve_cases(theirs, problem)
    for name, value in wanted.items():
        torch.testing.assert_close(found[name], value, rtol=0, atol=1e-12)


def check_gru_reset_before():
    """Where the candidate's recurrent weights are diagonal and their bias zero, it does
    not matter which side of them is reset: it is torch.nn.GRU. (The gradients of those
    very parameters do differ; the finite differences answer for them.)
    """
    theirs = Architecture(CELLS["gru"], 2, 2)
    problem = draw_problem(theirs)
    for name, parameter in problem.parameters.items():
        candidate = parameter[-HIDDEN_SIZE:]
        if name.startswith("weight_hh"):
            candidate.copy_(candidate.diag().diag())
        elif name.startswith("bias_hh"):
            candidate.zero_()
    found = solve_cases(Architecture(CELLS["gru-reset-before"], 2, 2), problem)
    for name, value in solve_cases(theirs, problem).items():
        if "gradient.weight_hh" not in name and "gradient.bias_hh" not in name:
            torch.testing.assert_close(found[name], value, rtol=0, atol=1e-12)


def check_finite_difference(architecture: Architecture):
    """The derivative in a random direction of all parameters at once is the gradient
    times that direction.
    """
    problem = draw_problem(architecture)
    lengths = torch.tensor(RAGGED_LENGTHS)
    random = ExactRandom()
    direction = {
        name: random.uniform(*value.shape) for name, value in problem.parameters.items()
    }

    def loss(distance: float) -> float:
        parameters = {
            name: value + distance * direction[name]
            for name, value in problem.parameters.items()
        }
        return evaluate(architecture.network(parameters), problem, lengths)[-1].item()

    solution = solve(architecture, problem, lengths)
    derivative = sum(
        (solution[f"gradient.{name}"] * part).sum().item()
        for name, part in direction.items()
    )
    step = 1e-5
    difference = (loss(step) - loss(-step)) / (2 * step)
    # The truncation error is of the order step^2 = 1e-10.
    if abs(difference - derivative) > 1e-7:
        raise AssertionError(
            f"{architecture}: gradient {derivative}, slope {difference}"
        )


def check_hand_written_cells():
    check_peephole_lstm({})
    check_peephole_lstm(PROJECTED)
    check_gru_reset_before()
    for cell in CELLS.values():
        if cell.step:
            check_finite_difference(Architecture(cell, 2, 2))


# Files


def save(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str | int]):
    """Writes a safetensors file whose bytes depend on its contents alone; the library
    shuffles the metadata anew in every process.
    """
    metadata = {
        "script": f"Scripts/{Path(__file__).name}",
        # Without the build's label (+cpu, +cu…): all of this runs on the processor.
        "torch": torch.__version__.split("+")[0],
        "seed": SEED,
    } | metadata
    payload = safetensors.torch.save(
        {name: value.contiguous() for name, value in tensors.items()},
        {name: str(value) for name, value in metadata.items()},
    )
    header_end = 8 + int.from_bytes(payload[:8], "little")
    header = json.loads(payload[8:header_end])
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the tensors start at a multiple of 8 bytes
    path.write_bytes(len(text).to_bytes(8, "little") + text + payload[header_end:])


def make_network_fixture(directory: Path, name: str, architecture: Architecture):
    cell = architecture.cell
    problem = draw_problem(architecture)
    tensors = {
        "inputs": problem.inputs,
        "lengths.ragged": torch.tensor(RAGGED_LENGTHS),
        "lossWeights.outputs": problem.output_loss_weights,
    }
    tensors |= {f"parameters.{key}": value for key, value in problem.parameters.items()}
    for key, part, weights in zip(
        cell.state_names, problem.state, problem.state_loss_weights, strict=True
    ):
        tensors[f"initial.{key}"] = part
        tensors[f"lossWeights.{key}"] = weights
    tensors |= solve_cases(architecture, problem)

    ways = {1: "one", 2: "two"}[architecture.directions]
    save(
        directory / f"{name}-layers{architecture.layers}-{ways}way.safetensors",
        tensors,
        {
            "cell": name,
            "layers": architecture.layers,
            "directions": architecture.directions,
            "inputSize": INPUT_SIZE,
            "hiddenSize": HIDDEN_SIZE,
            "projectionSize": cell.projection_size,
        },
    )


def make_loss_fixtures(directory: Path):
    """`<loss>.{predictions|logits,targets}`, `<loss>.loss` [1] (the mean over all
    elements, or over the rows that are not masked), its `<loss>.gradient`, and in
    `<loss>.unreduced` the terms of the mean, which hides all others beside one of 1e4.
    """
    random = ExactRandom()
    huge = 1e4

    logits = random.uniform(6, 5, below=3)
    logits[2, :2] = torch.tensor([huge, -huge])  # certain and right
    logits[3, :2] = torch.tensor([huge, -huge])  # certain and wrong
    logits[4] = -huge  # a uniform distribution
    logits[5, 3] = huge  # certain and masked
    classes = torch.tensor([3, -1, 0, 1, 2, -1])

    binary_logits = random.uniform(6, 2, below=3)
    binary_logits[2] = torch.tensor([huge, -huge])  # certain and right
    binary_logits[3] = torch.tensor([huge, -huge])  # certain and wrong
    binary_logits[4, 0] = 0
    binary_targets = torch.tensor(
        [[0, 1], [0.25, 0.75], [1, 0], [0, 1], [1, 0], [1, 1]], dtype=torch.float64
    )

    problems = {
        "mse": (
            mse_loss,
            "predictions",
            random.uniform(6, 3, below=2),
            random.uniform(6, 3, below=2),
            {},
        ),
        "crossEntropy": (
            cross_entropy,
            "logits",
            logits,
            classes,
            {"ignore_index": -1},
        ),
        "binaryCrossEntropy": (
            binary_cross_entropy_with_logits,
            "logits",
            binary_logits,
            binary_targets,
            {},
        ),
    }
    tensors = {}
    for name, (function, inputs_name, inputs, targets, options) in problems.items():
        leaf = inputs.clone().requires_grad_()
        loss = function(leaf, targets, reduction="mean", **options)
        (gradient,) = torch.autograd.grad(loss, [leaf])
        tensors |= {
            f"{name}.{inputs_name}": inputs,
            f"{name}.targets": targets,
            f"{name}.loss": loss.detach().reshape(1),
            f"{name}.gradient": gradient,
            f"{name}.unreduced": function(inputs, targets, reduction="none", **options),
        }
    save(directory / "losses.safetensors", tensors, {"reduction": "mean"})


def make_optimizer_fixtures(directory: Path):
    """`gradients` [5, 7] and, per optimizer, `<name>.parameters` [6, 7]: the start and
    what each step makes of it. The settings are in the metadata.
    """
    random = ExactRandom()
    start = random.uniform(7)
    # From large to far below epsilon and zero, where the place of epsilon shows.
    scales = torch.tensor([1, 1, 100, 1e-2, 1e-4, 1e-8, 0], dtype=torch.float64)
    gradients = (random.uniform(5, 7) * scales).float().double()

    adam = {"lr": 0.01, "betas": (0.9, 0.999), "eps": 1e-8}
    optimizers = {
        "sgd": (torch.optim.SGD, {"lr": 0.1}),
        "sgdMomentum": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9}),
        "rmsProp": (torch.optim.RMSprop, {"lr": 0.01, "alpha": 0.99, "eps": 1e-8}),
        "adam": (torch.optim.Adam, adam),
        "adamW": (torch.optim.AdamW, adam | {"weight_decay": 0.1}),
    }
    tensors = {"gradients": gradients}
    for name, (kind, options) in optimizers.items():
        parameter = nn.Parameter(start.clone())
        optimizer = kind([parameter], **options)
        rows = [start]
        for gradient in gradients:
            parameter.grad = gradient.clone()
            optimizer.step()
            rows.append(parameter.detach().clone())
        tensors[f"{name}.parameters"] = torch.stack(rows)
    settings = {
        name: json.dumps({"kind": kind.__name__} | options)
        for name, (kind, options) in optimizers.items()
    }
    save(directory / "optimizers.safetensors", tensors, settings)


def use_common_instructions():
    """Has every x86-64 processor with AVX2 round alike, by PyTorch's loops for AVX2 and
    MKL's reproducible code. Both are chosen at their first use, which is after this.
    """
    os.environ["ATEN_CPU_CAPABILITY"] = "avx2"
    os.environ["MKL_CBWR"] = "COMPATIBLE"
    torch.set_num_threads(1)


def main():
    fixtures = Path(__file__).resolve().parent.parent / "Tests/ModelsTests/Fixtures"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--output",
        type=Path,
        default=fixtures,
        metavar="DIR",
        help="where the files go",
    )
    directory = parser.parse_args().output
    directory.mkdir(parents=True, exist_ok=True)

    use_common_instructions()
    check_hand_written_cells()
    for name, cell in CELLS.items():
        for layers in (1, 2):
            for directions in (1, 2):
                architecture = Architecture(cell, layers, directions)
                make_network_fixture(directory, name, architecture)
    make_loss_fixtures(directory)
    make_optimizer_fixtures(directory)


if __name__ == "__main__":
    main()
