"""A good file of each format, which mutants are made from."""

from __future__ import annotations

import ast
import gzip
import json
import random
import struct
from pathlib import Path

from . import hdf5, mutation_files
from .process import Limits, run
from .training import WORDS, write_data

RESUMED = "train book.txt --output resumed.safetensors --level char --cell lstm --hidden 5 --epochs 2 --batch 4 --quiet"
LANGUAGES = (
    "Arabic", "Chinese", "Czech", "Dutch", "English", "French", "German", "Greek", "Irish", "Italian", "Japanese", "Korean",
    "Polish", "Portuguese", "Russian", "Scottish", "Spanish", "Vietnamese",
)  # fmt: skip

# MARK: - A run's log

POINTS = [{"x": 1, "y": 2.5}, {"x": 2, "y": 1.25}, {"x": 4, "y": 0.5}]
AXIS = {"label": "epoch", "unit": "s", "isLogarithmic": True}
LINE = {"name": "loss", "points": POINTS, "isReference": False}
BAND = {"name": "band", "lower": POINTS, "upper": POINTS}
HEAT_MAP = {
    "title": "h",
    "rowLabel": "r",
    "columnLabel": "c",
    "rows": ["a", "b"],
    "columns": ["d", "e", "f"],
    "values": [[0.5, 1, 4], [2, 3, 0.25]],
    "valueAxis": AXIS,
}
# A result with a picture of each kind.
RESULT = {
    "task": "memory",
    "scale": "quick",
    "seed": 1,
    "scores": [
        {"name": "loss", "value": 1.5, "unit": "nats", "bar": {"atMost": {"_0": 2}}},
        {"name": "accuracy", "value": 60, "unit": "%", "bar": {"atLeast": {"_0": 70}}, "comparison": "published: 75"},
    ],
    "examples": [{"title": "an example", "lines": ["a", "b"]}],
    "figures": [
        {"lineChart": {"_0": {"title": "c", "xAxis": AXIS, "yAxis": AXIS, "lines": [LINE], "bands": [BAND]}}},
        {"scene": {"_0": {"title": "s", "unit": "m", "paths": [{"role": "truth", "points": POINTS}]}}},
        {"heatMap": {"_0": HEAT_MAP}},
    ],
    "attachments": [],
    "files": ["a.mid"],
    "seconds": 3,
    "record": {"command": "rnn task memory --quick", "began": "2024-01-01T00:00:00Z", "machine": "any"},
}
EPOCH = {"event": "progress", "stage": "LSTM", "epoch": 1, "epochs": 2, "step": 4, "loss": 1.5, "validation_loss": 1.25}


def write_log(folder: Path) -> None:
    """Writes `log.json`, what `rnn task --json` prints."""
    events = (EPOCH, EPOCH | {"epoch": 2, "step": 8}, {"event": "result", "result": RESULT})
    (folder / "log.json").write_text("".join(json.dumps(event) + "\n" for event in events))


# MARK: - The data of tasks


def write_task_data(folder: Path) -> None:
    """Writes small files of the forms that the tasks learn from: enough for a run of a second or two."""
    generator = random.Random(2)
    for part in ("names", "sst2", "multi30k"):
        (folder / part).mkdir(parents=True)

    def sentence(count: int) -> str:
        return " ".join(generator.choices(WORDS, k=count))

    for language in LANGUAGES:
        names = ("".join(generator.choices("abcdeiouklmnrst", k=generator.randint(3, 7))) for _ in range(48))
        (folder / f"names/{language}.txt").write_text("".join(f"{name.capitalize()}\n" for name in names))
    for part, count in (("train", 600), ("dev", 30), ("test", 30)):
        lines = (f"{generator.randrange(2)} {sentence(6)}\n" for _ in range(count))
        (folder / f"sst2/{part}.txt").write_text("".join(lines))
    for part, count in (("train", 2200), ("val", 40), ("test_2016_flickr", 40)):
        for language in ("de", "en"):
            # A quick translation learns from sentences of up to nine words, a missing word from all.
            lines = (sentence(6 if number % 40 < 2 else 10) + "\n" for number in range(count))
            (folder / f"multi30k/{part}.{language}").write_text("".join(lines))

    def piece() -> list[list[int]]:
        return [sorted(generator.sample(range(50, 70), 3)) for _ in range(12)]

    pieces = {part: [piece() for _ in range(count)] for part, count in (("train", 20), ("valid", 3), ("test", 3))}
    (folder / "jsb-chorales-quarter.json").write_text(json.dumps(pieces))
    digits = ([generator.randrange(17) for _ in range(64)] + [number % 10] for number in range(100))
    table = "".join(",".join(map(str, digit)) + "\n" for digit in digits)
    (folder / "digits.csv.gz").write_bytes(gzip.compress(table.encode(), mtime=0))
    (folder / "tinyshakespeare.txt").write_text("".join(sentence(9).capitalize() + ".\n" for _ in range(1500)))


# MARK: - Keras


def keras_layer(class_name: str, name: str, source: str | None = None, **settings) -> dict:
    """A layer as `model.to_json()` describes it, in a functional model."""
    tensor = {"class_name": "__keras_tensor__", "config": {"shape": [None, None, 5], "keras_history": [source, 0, 0]}}
    return {
        "module": "keras.layers",
        "class_name": class_name,
        "config": {"name": name, "trainable": True, "dtype": "float32", **settings},
        "registered_name": None,
        "name": name,
        "inbound_nodes": [{"args": [tensor], "kwargs": {}}] if source else [],
    }


GRU = {
    "units": 5, "activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": True, "return_sequences": True,
    "return_state": False, "go_backwards": False, "stateful": False, "dropout": 0.0, "recurrent_dropout": 0.0, "seed": None,
    "reset_after": True,
}  # fmt: skip


def keras_settings(vocabulary: int) -> dict:
    """The settings of the model in `keras.npz`."""
    layers = [
        keras_layer("InputLayer", "input_layer", batch_shape=[None, None], sparse=False),
        keras_layer("Embedding", "embedding", "input_layer", input_dim=vocabulary, output_dim=64, mask_zero=False),
        keras_layer("GRU", "gru", "embedding", **GRU),
        keras_layer("GRU", "gru_1", "gru", **GRU),
        keras_layer("Dense", "dense", "gru_1", units=vocabulary, activation="linear", use_bias=True),
    ]
    config = {"name": "model", "trainable": True, "layers": layers, "input_layers": [["input_layer", 0, 0]]}
    return {
        "module": "keras.src.models.functional",
        "class_name": "Functional",
        "config": config,
        "compile_config": None,
    }


# The place of an array in a `.weights.h5`, by its place in an archive.
HDF5_PLACES = {
    "embedding/embeddings": "embedding/vars/0", "dense/kernel": "dense/vars/0", "dense/bias": "dense/vars/1",
    **{
        f"{layer}/gru_cell/{name}": f"{layer}/cell/vars/{place}"
        for layer in ("gru", "gru_1") for place, name in enumerate(("kernel", "recurrent_kernel", "bias"))
    },
}  # fmt: skip


def write_keras(folder: Path) -> None:
    """Writes what Keras would of the model in `keras.npz`: settings, safetensors, and with libhdf5 `.weights.h5`."""
    arrays = {}
    for name, data in mutation_files.members_of((folder / "keras.npz").read_bytes()).items():
        header_end = 10 + struct.unpack("<H", data[8:10])[0]
        shape = ast.literal_eval(data[10:header_end].decode())["shape"]
        arrays[name.removesuffix(".npy")] = (shape, data[header_end:])
    settings = json.dumps(keras_settings(arrays["embedding/embeddings"][0][0])).encode()
    (folder / "settings.json").write_bytes(settings)
    tensors = {name: ("F32", list(shape), data) for name, (shape, data) in arrays.items()}
    (folder / "keras.safetensors").write_bytes(mutation_files.safetensors(tensors))
    weights = folder / "model.weights.h5"
    has_weights = hdf5.write(weights, {f"layers/{HDF5_PLACES[name]}": array for name, array in arrays.items()})
    # As settings of other weights the file needs none of its own.
    members = {
        "metadata.json": b'{"keras_version": "3.8.0"}',
        "config.json": settings,
        "model.weights.h5": weights.read_bytes() if has_weights else b"\x89HDF\r\n\x1a\n",
    }
    (folder / "model.keras").write_bytes(mutation_files.archive(members))


# MARK: - Vectors


def write_vectors(folder: Path) -> None:
    """Writes `vectors.npz` for a model of ours and `graph.npz` for an ONNX model."""
    vectors = {
        "tokens.npy": mutation_files.npy("<i8", (2, 3), struct.pack("<6q", 1, 2, 3, 4, 5, 6)),
        "lengths.npy": mutation_files.npy("<i8", (2,), struct.pack("<2q", 3, 2)),
        "h_n.npy": mutation_files.npy("<f4", (1, 2, 5), struct.pack("<10f", *range(10))),
    }
    (folder / "vectors.npz").write_bytes(mutation_files.archive(vectors))
    # An ONNX model takes no lengths unless asked for, and must be given its states.
    vectors["h_0.npy"] = vectors["c_0.npy"] = vectors["h_n.npy"]
    del vectors["lengths.npy"]
    (folder / "graph.npz").write_bytes(mutation_files.archive(vectors))


# MARK: - All of them


def model_of(checkpoint: bytes, name: str) -> bytes:
    """A file of the kind of model `name`, as an application writes it, with the parameters of a checkpoint."""
    header, rest = mutation_files.header_of(checkpoint)
    tensors = {}
    for tensor, entry in header.items():
        if tensor.startswith("parameters."):
            begin, end = entry["data_offsets"]
            tensors[tensor.removeprefix("parameters.")] = (entry["dtype"], entry["shape"], rest[begin:end])
    metadata = {
        "format": name, "format_version": "1", "scalar_type": "F32", "preprocessing": '{"notes": {"by": "{\\"a\\": [1, 2]}"}}',
        "architecture": '{"decoder": {"contextSize": 18, "dropout": 0.1}, "contextSize": 18}',
    }  # fmt: skip
    return mutation_files.safetensors(tensors, metadata)


def task(name: str, more: str = "") -> str:
    """The command of a quick task on the small data."""
    return f"task {name} --quick --data data --output out --quiet{more}"


def make(rnn: Path, folder: Path) -> None:
    """Fills `folder` with a good file of each format; what the tool cannot make is left out."""
    write_data(folder)
    write_log(folder)
    write_task_data(folder / "data")
    (folder / "out").mkdir()
    table = (folder / "wave.csv").read_text()
    (folder / "wave.tsv").write_text(table.replace(",", "\t"))
    commands = (
        "train wave.csv --target level --horizon 2 --history 12 --hidden 5 --epochs 2 --output forecaster.safetensors --quiet",
        RESUMED.replace("resumed", "language") + " --checkpoints kept",
        "train book.txt --output gru.safetensors --level char --cell gru --hidden 5 --layers 2 --epochs 1 --quiet",
        "convert language.safetensors torch.safetensors --for pytorch",
        "convert gru.safetensors keras.npz",
        "convert language.safetensors model.onnx",
        "convert gru.safetensors layers.onnx --lengths --no-states",
        *(task(name, f" --checkpoints {name}") for name in ("translation", "names", "missing-word")),
    )
    for command in commands:
        ending = run([rnn, *command.split()], folder, Limits(processor=120))
        # A task on so little data misses its bars.
        if ending.status not in ((0, 1) if command.startswith("task") else (0,)):
            raise SystemExit(f"torture: cannot make the good files: rnn {command}: {ending.error}")
    write_vectors(folder)
    write_keras(folder)
    for name, stage, kind in (
        ("translation", "with-attention", "encoder-decoder"),
        ("names", "lstm", "conditioned-decoder"),
        ("missing-word", "lstm-both-sides", "gap-model"),
    ):
        checkpoint = (folder / name / f"{stage}.checkpoint.safetensors").read_bytes()
        (folder / f"{kind}.safetensors").write_bytes(model_of(checkpoint, f"recurrent.{kind}"))
