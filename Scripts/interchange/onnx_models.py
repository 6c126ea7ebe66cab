"""Models with recurrent operators, and what other engines compute with them.

    sweep/NAME.onnx, NAME.0.vectors             one RNN, LSTM or GRU each, over combinations of attributes and inputs
    torch/NAME.onnx, NAME.{0,1,2}.vectors, .npz what torch.onnx.export makes of models, at sizes that it did not see
    notes.txt                                   what ONNX Runtime does not run of the sweep, or computes otherwise

The sweep's numbers are those of onnx_recurrence. Wherever ONNX Runtime runs a model it must agree, but for two readings
of the operators' texts that are known (`is_known`). It runs no layout 1, and no RNN whose activations are in lower
case.
"""

import inspect
import itertools
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from . import onnx_recurrence
from .onnx_vectors import empty_folder, write_case

STEPS, BATCH, INPUTS, HIDDEN = 5, 3, 4, 6
LENGTHS = np.array([4, 5, 2], np.int32)


def generate(folder: Path) -> None:
    onnxruntime.set_default_logger_severity(4)
    generate_sweep(folder)
    generate_torch(empty_folder(folder / "torch"))


def check(folder: Path) -> int:
    """Nothing of ours is read here."""
    return 0


# The sweep.


def generate_sweep(folder: Path) -> None:
    place = empty_folder(folder / "sweep")
    notes = []
    for name, (operator, opset, attributes, optional) in combinations():
        inputs = make_inputs(operator, attributes, optional, seed=len(name))
        wanted = onnx_recurrence.run(operator, attributes, inputs)
        model = make_model(operator, opset, attributes, inputs, wanted)
        given = {key: value for key, value in inputs.items() if key not in ("W", "R", "B", "P")}
        outputs = {key: value.astype(np.float32) for key, value in wanted.items()}
        write_case(place, name, model, [(given, outputs)])
        if note := compare_runtime(model, given, outputs):
            notes.append(f"{name}: {note}")
            if note.startswith("differs") and not is_known(operator, name):
                raise AssertionError(f"ONNX Runtime and the operator's text disagree: {notes[-1]}")
    (folder / "notes.txt").write_text("\n".join(notes) + "\n")


def is_known(operator: str, name: str) -> bool:
    """Where ONNX Runtime reads the text otherwise.

    An LSTM's clip bounds what f and g are given but not h, although the text says "the input of activations"; and a
    ThresholdedRelu without alpha uses another default than the 1 of the operator of that name.
    """
    return operator == "LSTM" and name.endswith("-clip") or name.endswith("-ThresholdedRelu-default")


def combinations() -> Iterator[tuple[str, tuple[str, int, dict, tuple[str, ...]]]]:
    """Name, and (operator, opset, attributes, optional inputs)."""
    directions = ("forward", "reverse", "bidirectional")
    for operator, direction, layout in itertools.product(onnx_recurrence.GATES, directions, (0, 1)):
        count = 2 if direction == "bidirectional" else 1
        base = {"direction": direction, "layout": layout} if layout else {"direction": direction}
        states = ("initial_h", "initial_c") if operator == "LSTM" else ("initial_h",)
        peepholes = (("P",), ()) if operator == "LSTM" else ((),)
        for opset, ragged, started, bias, peephole in itertools.product(
            (14, 22) if layout else (7, 14, 22), (False, True), (False, True), (False, True), peepholes
        ):
            optional = ("sequence_lens",) * ragged + states * started + ("B",) * bias + peephole
            yield label(operator, direction, layout, opset, optional), (operator, opset, base, optional)
        everything = ("sequence_lens", "B", *states, *peepholes[0])
        for form, attributes in forms(operator, count):
            yield label(operator, direction, layout, form), (operator, 14, base | attributes, everything)


def forms(operator: str, directions: int) -> Iterator[tuple[str, dict]]:
    """Attributes that change what a step computes."""
    yield "clip", {"clip": 0.3}
    if operator == "LSTM":
        yield "coupled", {"input_forget": 1}
    if operator == "GRU":
        yield "after", {"linear_before_reset": 1}
        yield "after-clip", {"linear_before_reset": 1, "clip": 0.4}
    count = len(onnx_recurrence.DEFAULTS[operator])
    for name in onnx_recurrence.FUNCTIONS:
        # Unlike the defaults, and another function for the candidate where there is one.
        names = [name, "Tanh", name][:count] if name != "Tanh" else ["Sigmoid", "Sigmoid", "Tanh"][:count]
        if onnx_recurrence.ALPHA.get(name, 0) is not None:
            yield f"{name}-default", {"activations": names * directions}
        alphas = [0.3 + 0.1 * k for k in range(sum(each in onnx_recurrence.ALPHA for each in names * directions))]
        betas = [0.2 + 0.1 * k for k in range(sum(each in onnx_recurrence.BETA for each in names * directions))]
        given = {"activations": [each.lower() for each in names * directions]}
        given |= {"activation_alpha": alphas} if alphas else {}
        given |= {"activation_beta": betas} if betas else {}
        yield f"{name}-given", given
    if directions == 2:
        mixed = {"RNN": ["Relu", "Tanh"], "GRU": ["Sigmoid", "Tanh", "HardSigmoid", "Softsign"]}
        mixed["LSTM"] = ["Sigmoid", "Tanh", "Tanh", "HardSigmoid", "Softsign", "Elu"]
        yield "mixed", {"activations": mixed[operator]}


def label(*parts: object) -> str:
    words = [
        "-".join(part) if isinstance(part, tuple) else "batchfirst" if part == 1 else str(part)
        for part in parts
        if part not in (0, ())
    ]
    return "-".join(words)


def make_inputs(operator: str, attributes: dict, optional: tuple[str, ...], seed: int) -> dict[str, np.ndarray]:
    attributes.setdefault("hidden_size", HIDDEN)
    generator = np.random.default_rng(seed)
    directions = 2 if attributes["direction"] == "bidirectional" else 1
    gates = onnx_recurrence.GATES[operator]
    is_batch_first = attributes.get("layout", 0) == 1
    state = (BATCH, directions, HIDDEN) if is_batch_first else (directions, BATCH, HIDDEN)
    shapes = {
        "X": (BATCH, STEPS, INPUTS) if is_batch_first else (STEPS, BATCH, INPUTS),
        "W": (directions, gates * HIDDEN, INPUTS),
        "R": (directions, gates * HIDDEN, HIDDEN),
        "B": (directions, 2 * gates * HIDDEN),
        "initial_h": state,
        "initial_c": state,
        "P": (directions, 3 * HIDDEN),
    }
    # With functions that have no bound, large weights would make a recurrence explode, and rounding with it.
    scale = 0.15 if "activations" in attributes else 0.5
    numbers = {name: generator.normal(scale=scale, size=shape).astype(np.float32) for name, shape in shapes.items()}
    numbers["sequence_lens"] = LENGTHS
    return {name: numbers[name] for name in ("X", "W", "R", *optional)}


def make_model(operator, opset, attributes, inputs, outputs) -> onnx.ModelProto:
    order = ["X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"][: 8 if operator == "LSTM" else 6]
    names = [name if name in inputs else "" for name in order]
    while not names[-1]:
        names.pop()
    node = helper.make_node(operator, names, list(outputs), **attributes)
    weights = [numpy_helper.from_array(inputs[name], name) for name in ("W", "R", "B", "P") if name in inputs]

    def info(name: str, array: np.ndarray) -> onnx.ValueInfoProto:
        kind = TensorProto.INT32 if name == "sequence_lens" else TensorProto.FLOAT
        return helper.make_tensor_value_info(name, kind, array.shape)

    graph = helper.make_graph(
        [node],
        "sweep",
        [info(name, inputs[name]) for name in names if name in inputs and name not in ("W", "R", "B", "P")],
        [info(name, array) for name, array in outputs.items()],
        weights,
    )
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", opset)])
    onnx.checker.check_model(model, full_check=True)
    return model


def compare_runtime(model: onnx.ModelProto, given: dict, wanted: dict) -> str | None:
    """What ONNX Runtime would not run, or where it differs; None where it agrees."""
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        found = session.run(list(wanted), given)
    except Exception as error:  # noqa: BLE001 - its errors have no common class
        return f"refused: {' '.join(str(error).split())[:160]}"
    difference = max(np.abs(a - b).max() for a, b in zip(found, wanted.values()))
    return None if difference < 1e-5 else f"differs by {difference:.2g}"


# What PyTorch exports.


class Classifier(nn.Module):
    """A stacked bidirectional network whose last step is classified."""

    def __init__(self, kind: type[nn.RNNBase], **options) -> None:
        super().__init__()
        self.rnn = kind(5, 7, num_layers=2, bidirectional=True, batch_first=True, **options)
        self.head = nn.Linear(14, 3)

    def forward(self, x):
        outputs, _ = self.rnn(x)
        return torch.softmax(self.head(outputs[:, -1]), dim=-1)


class TokenModel(nn.Module):
    """An embedding, a GRU, and logits at every step beside the final state."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(11, 6)
        self.rnn = nn.GRU(6, 8, batch_first=True)
        self.head = nn.Linear(8, 11)

    def forward(self, tokens):
        outputs, state = self.rnn(self.embedding(tokens))
        return torch.log_softmax(self.head(outputs), dim=-1), state


class StatefulLSTM(nn.Module):
    """An LSTM that is given its state and gives it back, time first, without biases."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(4, 6, num_layers=2, bias=False)

    def forward(self, x, hidden, cell):
        outputs, (hidden, cell) = self.rnn(x, (hidden, cell))
        return torch.relu(outputs.mean(dim=0)), hidden, cell


def generate_torch(folder: Path) -> None:
    torch.manual_seed(5)
    batch, time = torch.export.Dim("batch", min=1), torch.export.Dim("time", min=1)
    sequences = lambda b, t: (torch.randn(b, t, 5),)  # noqa: E731
    tokens = lambda b, t: (torch.randint(0, 11, (b, t)),)  # noqa: E731
    stateful = lambda b, t: (torch.randn(t, b, 4), torch.randn(2, b, 6), torch.randn(2, b, 6))  # noqa: E731
    along = ({0: batch, 1: time},)
    models = {
        "lstm-classifier": (Classifier(nn.LSTM), sequences, ["x"], ["y"], along),
        "gru-classifier": (Classifier(nn.GRU), sequences, ["x"], ["y"], along),
        "rnn-classifier": (Classifier(nn.RNN, nonlinearity="relu"), sequences, ["x"], ["y"], along),
        "gru-tokens": (TokenModel(), tokens, ["tokens"], ["logits", "state"], along),
        "lstm-stateful": (
            StatefulLSTM(), stateful, ["x", "h", "c"], ["y", "h_n", "c_n"],
            ({0: time, 1: batch}, {1: batch}, {1: batch}),
        ),
    }
    for name, (model, make, inputs, outputs, dynamic) in models.items():
        model.eval()
        for exporter in exporters():
            # What the newer exporter takes apart into single steps has the number of steps that it saw.
            is_unrolled = exporter == "dynamo" and name == "rnn-classifier"
            sizes = [(1, 4), (3, 4)] if is_unrolled else [(1, 3), (4, 9), (2, 1)]
            exported = export(model, make(2, 4), inputs, outputs, dynamic, exporter, folder)
            vectors = []
            for b, t in sizes:
                given = make(b, t)
                with torch.no_grad():
                    found = model(*given)
                found = found if isinstance(found, tuple) else (found,)
                arrays = ([tensor.numpy() for tensor in tensors] for tensors in (given, found))
                vectors.append(tuple(dict(zip(names, each)) for names, each in zip((inputs, outputs), arrays)))
            if runs_at_other_sizes(f"{name}-{exporter}", exported, (given for given, _ in vectors)):
                write_case(folder, f"{name}-{exporter}", exported, vectors, npz=True)


def runs_at_other_sizes(name: str, exported: onnx.ModelProto, inputs: Iterable[Mapping[str, np.ndarray]]) -> bool:
    """Whether ONNX Runtime runs a model at sizes other than those it was exported with. Some versions of PyTorch's newer
    exporter write the example's number of steps into a Reshape (2.13: stacked networks with the time first)."""
    session = onnxruntime.InferenceSession(exported.SerializeToString(), providers=["CPUExecutionProvider"])
    try:
        for given in inputs:
            session.run(None, dict(given))
    except Exception as error:  # noqa: BLE001 - its errors have no common class
        print(f"{name} is left out, ONNX Runtime does not run it either: {' '.join(str(error).split())[:160]}")
        return False
    return True


def exporters() -> list[str]:
    """The exporter that newer versions prefer, and the older one as long as it exists."""
    return ["dynamo", "script"] if "dynamo" in inspect.signature(torch.onnx.export).parameters else ["script"]


def export(model, example, inputs, outputs, dynamic, exporter: str, folder: Path) -> onnx.ModelProto:
    path = folder / "exported.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if exporter == "dynamo":
            torch.onnx.export(
                model, example, path, dynamo=True, dynamic_shapes=dynamic, input_names=inputs, output_names=outputs,
                external_data=False, verbose=False)
        else:
            axes = {name: {axis: dim.__name__ for axis, dim in dims.items()} for name, dims in zip(inputs, dynamic)}
            torch.onnx.export(
                model, example, path, dynamo=False, dynamic_axes=axes, input_names=inputs, output_names=outputs)
    result = onnx.load(path)
    path.unlink()
    return result
