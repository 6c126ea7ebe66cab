"""What Interchange exports as ONNX, accepted by the ONNX checker and computed alike by ONNX Runtime; and models of PyTorch
that are sequence models of ours, to be recognised as such.

    schema.onnx                                to be read and written again by the schema, as ours/schema.onnx
    ours/NAME.onnx, NAME.safetensors           an exported model, and batches with what we compute: 0.in.NAME, 0.out.NAME
    torch/NAME.onnx, NAME.{0,1,2}.vectors      a model to be recognised, with `logits` before the last activation
    torch/NAME.txt                             loss, readout, kind and number of layers that it is to be recognised with
"""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file
from torch import nn

from .onnx_models import export, exporters, runs_at_other_sizes
from .onnx_vectors import empty_folder, write_case

# Relative to the largest wanted number of a tensor.
TOLERANCE = 1e-5


def generate(folder: Path) -> None:
    (folder / "schema.onnx").write_bytes(schema_example().SerializeToString())
    generate_torch(empty_folder(folder / "torch"))


def check(folder: Path) -> int:
    ours = folder / "ours"
    read = onnx.load_model_from_string((ours / "schema.onnx").read_bytes())
    if read != schema_example():
        raise AssertionError("schema.onnx has changed by being read and written")
    models = sorted(ours.glob("*.onnx"))
    models.remove(ours / "schema.onnx")
    for path in models:
        check_model(path)
    return 1 + len(models)


def check_model(path: Path) -> None:
    """The checker accepts it, and ONNX Runtime computes what we computed, for every batch beside it."""
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    if not runtime_has_kernels(model):
        return
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = {role: [value.name for value in values] for role, values in
             [("in", session.get_inputs()), ("out", session.get_outputs())]}
    tensors = load_file(path.with_suffix(".safetensors"))
    batches = sorted({name.split(".")[0] for name in tensors})
    if len(batches) < 3:
        raise AssertionError(f"{path.name}: only {len(batches)} batches to compare")
    for batch in batches:
        given = {name: tensors[f"{batch}.in.{name}"] for name in names["in"]}
        for name, found in zip(names["out"], session.run(names["out"], given), strict=True):
            wanted = tensors[f"{batch}.out.{name}"]
            if found.shape != wanted.shape:
                raise AssertionError(f"{path.name}, batch {batch}, {name}: shape {found.shape}, wanted {wanted.shape}")
            if name == "predictions" and wanted.ndim == 3:
                past_the_end = np.arange(wanted.shape[1])[None, :] >= tensors[f"{batch}.lengths"][:, None]
                if not np.isfinite(found).all():
                    raise AssertionError(f"{path.name}, batch {batch}: predictions that are not finite")
                found = np.where(past_the_end[:, :, None], 0, found)
            difference = np.abs(found - wanted).max() / max(np.abs(wanted).max(), 1e-30)
            if not difference <= TOLERANCE:
                raise AssertionError(f"{path.name}, batch {batch}, {name}: differs by {difference:.3g}")


def runtime_has_kernels(model: onnx.ModelProto) -> bool:
    """ONNX Runtime has RNN, LSTM and GRU only for floats: of double ones it runs those without."""
    is_double = model.graph.output[0].type.tensor_type.elem_type == TensorProto.DOUBLE
    return not (is_double and any(node.op_type in ("RNN", "LSTM", "GRU") for node in model.graph.node))


def schema_example() -> onnx.ModelProto:
    """A model that does not run but has every field of the format, defaults included."""
    values = {
        TensorProto.FLOAT: [1.5, -2.0],
        TensorProto.INT32: [-1, 0],
        TensorProto.INT64: [-(1 << 62), 1],
        TensorProto.DOUBLE: [0.1, 2.0],
        TensorProto.UINT64: [(1 << 64) - 1, 0],
        TensorProto.STRING: [b"\xff", b""],
    }
    tensors = [helper.make_tensor(f"t{kind}", kind, [2], numbers) for kind, numbers in values.items()]
    tensors.append(numpy_helper.from_array(np.array([1, 2], np.float16), "raw"))
    outside = TensorProto(name="outside", data_type=TensorProto.FLOAT, dims=[2], data_location=TensorProto.EXTERNAL)
    for key, value in [("location", "weights.bin"), ("offset", "0")]:
        outside.external_data.add(key=key, value=value)
    tensors.append(outside)
    tensors.append(helper.make_tensor("scalar", TensorProto.FLOAT, [], [0.0]))
    body = helper.make_graph([helper.make_node("Identity", ["a"], ["b"])], "body", [], [])
    sparse = helper.make_sparse_tensor(tensors[0], tensors[2], [4])
    node = helper.make_node(
        "Example", ["x", "", "w"], ["y"], name="node", domain="elsewhere", a=0.0, b=0, c="", d=tensors[0], e=body,
        f=[0.5, 0.0], g=[0, -1], h=["", "text"], i=[tensors[1]], j=[body], k=sparse,
        l=helper.make_tensor_type_proto(TensorProto.FLOAT, [1]))
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3]),
        helper.make_tensor_sequence_value_info("s", TensorProto.FLOAT, None),
        helper.make_value_info("o", helper.make_optional_type_proto(helper.make_tensor_type_proto(1, [2]))),
    ]
    graph = helper.make_graph([node], "example", inputs, [], tensors, "text", sparse_initializer=[sparse])
    function = helper.make_function(
        "elsewhere", "Twice", ["x"], ["y"], [helper.make_node("Add", ["x", "x"], ["y"])], [helper.make_opsetid("", 17)])
    model = helper.make_model(
        graph, ir_version=8, producer_name="", functions=[function],
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("elsewhere", 1)])
    model.metadata_props.add(key="key", value="värde")
    model.training_info.add().algorithm.name = "none"
    return model


# Models of PyTorch that are sequence models of ours.


class SequenceModel(nn.Module):
    """An embedding or features, a recurrent stack, and a linear head over every step or the final state."""

    def __init__(self, rnn: nn.RNNBase, readout: str, outputs: int | None, activation, tokens: int = 0) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens, rnn.input_size) if tokens else None
        self.rnn = rnn
        width = rnn.hidden_size * (2 if rnn.bidirectional else 1)
        self.head = nn.Linear(width, outputs) if outputs else None
        self.readout = readout
        self.activation = activation

    def logits(self, x):
        outputs, state = self.rnn(self.embedding(x) if self.embedding else x)
        hidden = state[0] if isinstance(state, tuple) else state
        if self.readout == "final":
            outputs = torch.cat((hidden[-2], hidden[-1]), dim=-1) if self.rnn.bidirectional else hidden[-1]
        elif self.readout == "last":
            outputs = outputs[:, -1]
        return self.head(outputs) if self.head else outputs

    def forward(self, x):
        logits = self.logits(x)
        return self.activation(logits) if self.activation else logits


def generate_torch(folder: Path) -> None:
    torch.manual_seed(8)
    softmax, log_softmax = nn.Softmax(dim=-1), nn.LogSoftmax(dim=-1)
    models = {
        "lstm-tokens": (
            SequenceModel(
                nn.LSTM(4, 6, num_layers=2, bidirectional=True, batch_first=True), "final", 3, softmax, tokens=9),
            "softmaxCrossEntropy finalState lstm 2"),
        "gru-timefirst": (
            SequenceModel(nn.GRU(4, 6, num_layers=2, bidirectional=True), "every", 3, log_softmax),
            "softmaxCrossEntropy everyStep gru 2"),
        "lstm-last": (
            SequenceModel(nn.LSTM(4, 6, batch_first=True), "last", 2, nn.Sigmoid()),
            "binaryCrossEntropy finalState lstm 1"),
        "gru-bare": (
            SequenceModel(nn.GRU(4, 6, bias=False, batch_first=True), "every", None, None),
            "meanSquaredError everyStep gru 1"),
        "rnn-relu": (
            SequenceModel(nn.RNN(4, 6, num_layers=3, nonlinearity="relu", batch_first=True), "every", 5, None),
            "meanSquaredError everyStep vanilla 3"),
    }
    batch, time = torch.export.Dim("batch", min=1), torch.export.Dim("time", min=1)
    for name, (model, description) in models.items():
        model.eval()
        is_batch_first, has_tokens = "timefirst" not in name, model.embedding is not None

        def make(b: int, t: int):
            shape = (b, t) if is_batch_first else (t, b)
            return torch.randint(0, 9, shape) if has_tokens else torch.randn(*shape, 4)

        dynamic = ({0: batch, 1: time} if is_batch_first else {0: time, 1: batch},)
        for exporter in exporters():
            # What the newer exporter takes apart into single steps has no recurrent operator.
            if exporter == "dynamo" and isinstance(model.rnn, nn.RNN):
                continue
            exported = export(model, (make(2, 4),), ["x"], ["y"], dynamic, exporter, folder)
            vectors = []
            for b, t in [(1, 3), (4, 9), (2, 1)]:
                given = make(b, t)
                with torch.no_grad():
                    vectors.append(({"x": given.numpy()}, {"logits": model.logits(given).numpy()}))
            if not runs_at_other_sizes(f"{name}-{exporter}", exported, (given for given, _ in vectors)):
                continue
            write_case(folder, f"{name}-{exporter}", exported, vectors)
            (folder / f"{name}-{exporter}.txt").write_text(description)
