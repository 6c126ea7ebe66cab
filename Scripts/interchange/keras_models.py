"""Keras models: `.keras`, `.weights.h5`, `.npz` and safetensors files, predictions of them, and reading ours.

Each case is NAME.keras, NAME.weights.h5, NAME.npz, NAME.safetensors (the last two by w.path) and NAME.vectors.npz with
`inputs`, `[B × T × I]` or tokens `[B × T]`, and `predictions`, before the head's activation. Of ours the check reads
ours/NAME.npz, whose names are those of w.path, and compares Keras's predictions with ours/NAME.vectors.npz.

Runs on KERAS_BACKEND=torch: no tensorflow is needed.
"""

import os
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import numpy as np
import safetensors.numpy
from keras import layers

SEED = 20261124
INPUT_SIZE, HIDDEN_SIZE = 3, 5
VOCABULARY_SIZE, EMBEDDING_SIZE, OUTPUT_SIZE = 11, 4, 6
BATCH, STEPS = 4, 7
TRAINING_STEPS = 5
TOLERANCE = 1e-5


@dataclass
class Case:
    """A model of recurrent layers of one kind."""

    cell: str  # rnn_tanh, rnn_relu, lstm, gru_after or gru_before
    depth: int = 1
    bidirectional: bool = False
    bias: bool = True
    tokens: bool = False
    every_step: bool = False
    activation: str = "linear"
    functional: bool = False
    trained: bool = True

    @property
    def name(self) -> str:
        parts = [self.cell, f"layers{self.depth}", "twoway" if self.bidirectional else "oneway"]
        parts += [] if self.bias else ["nobias"]
        parts += ["tokens" if self.tokens else "features", "everystep" if self.every_step else "laststate"]
        return "-".join([*parts, self.activation, "functional" if self.functional else "sequential"])

    def recurrent(self, index: int) -> layers.Layer:
        sequences = self.every_step or index + 1 < self.depth
        common = {"return_sequences": sequences, "use_bias": self.bias}
        if not self.bidirectional:
            common["name"] = f"memory_{index}"
        match self.cell:
            case "rnn_tanh" | "rnn_relu":
                layer = layers.SimpleRNN(HIDDEN_SIZE, activation=self.cell.removeprefix("rnn_"), **common)
            case "lstm":
                layer = layers.LSTM(HIDDEN_SIZE, **common)
            case _:
                layer = layers.GRU(HIDDEN_SIZE, reset_after=self.cell == "gru_after", **common)
        if not self.bidirectional:
            return layer
        layer.name = f"memory_{index}"
        return layers.Bidirectional(layer, name=f"both_{index}")

    def model(self) -> keras.Model:
        keras.backend.clear_session()
        shape, dtype = ((None,), "int32") if self.tokens else ((None, INPUT_SIZE), "float32")
        first = [layers.Embedding(VOCABULARY_SIZE, EMBEDDING_SIZE, name="table")] if self.tokens else []
        recurrent = [self.recurrent(index) for index in range(self.depth)]
        head = layers.Dense(OUTPUT_SIZE, activation=self.activation, name="out")
        inputs = keras.Input(shape, dtype=dtype)
        if not self.functional:
            return keras.Sequential([inputs, *first, *recurrent, head], name="net")
        outputs = inputs
        for layer in [*first, *recurrent, head]:
            outputs = layer(outputs)
        return keras.Model(inputs, outputs)


def all_cases() -> list[Case]:
    cases = [
        Case(cell, count, bidirectional, bias, tokens=count == 2, every_step=not bidirectional, functional=count == 2)
        for cell in ("rnn_tanh", "rnn_relu", "lstm", "gru_after", "gru_before")
        for count in (1, 2)
        for bidirectional in (False, True)
        for bias in (True, False)
    ]
    for cell in ("lstm", "gru_after", "gru_before"):
        cases += [
            Case(cell, 3, True, every_step=True),
            Case(cell, 1, activation="softmax", tokens=True),
            Case(cell, 2, True, activation="sigmoid", functional=True, trained=False),
        ]
    return cases


def logits(model: keras.Model, inputs: np.ndarray) -> np.ndarray:
    """Predictions before the head's activation."""
    head = model.layers[-1]
    activation, head.activation = head.activation, keras.activations.linear
    predictions = keras.ops.convert_to_numpy(model(inputs))
    head.activation = activation
    return predictions


def train(case: Case, model: keras.Model, inputs: np.ndarray, random: np.random.Generator) -> None:
    """A few steps, after which no bias is zero."""
    shape = (BATCH, STEPS, OUTPUT_SIZE) if case.every_step else (BATCH, OUTPUT_SIZE)
    targets = random.random(shape, dtype=np.float32)
    model.compile(keras.optimizers.Adam(0.02), "mean_squared_error")
    model.fit(inputs, targets, epochs=TRAINING_STEPS, batch_size=BATCH, verbose=0)


def generate(folder: Path) -> None:
    for index, case in enumerate(all_cases()):
        keras.utils.set_random_seed(SEED + index)
        random = np.random.default_rng(SEED + index)
        model = case.model()
        if case.tokens:
            inputs = random.integers(0, VOCABULARY_SIZE, (BATCH, STEPS), dtype=np.int32)
        else:
            inputs = random.standard_normal((BATCH, STEPS, INPUT_SIZE), dtype=np.float32)
        if case.trained:
            train(case, model, inputs, random)
        model.save(folder / f"{case.name}.keras")
        model.save_weights(folder / f"{case.name}.weights.h5")
        # safetensors writes the memory of an array, whatever its strides, and an orthogonal matrix is stored
        # transposed.
        arrays = {w.path: np.ascontiguousarray(keras.ops.convert_to_numpy(w)) for w in model.weights}
        np.savez(folder / f"{case.name}.npz", **arrays)
        safetensors.numpy.save_file(arrays, folder / f"{case.name}.safetensors")
        np.savez(folder / f"{case.name}.vectors.npz", inputs=inputs, predictions=logits(model, inputs))


def check(folder: Path) -> int:
    checked = 0
    largest = 0.0
    for case in all_cases():
        path = folder / "ours" / f"{case.name}.npz"
        if not path.exists():
            continue
        model = case.model()
        arrays = np.load(path)
        # Every variable has an array and every array a variable.
        if sorted(arrays.files) != sorted(w.path for w in model.weights):
            raise AssertionError(f"{case.name}: {sorted(arrays.files)} for {sorted(w.path for w in model.weights)}")
        for w in model.weights:
            w.assign(arrays[w.path])
        vectors = np.load(folder / "ours" / f"{case.name}.vectors.npz")
        found, wanted = logits(model, vectors["inputs"]), vectors["predictions"]
        difference = np.abs(found - wanted.reshape(found.shape)).max() / np.abs(found).max()
        largest = max(largest, float(difference))
        if not difference <= TOLERANCE:
            raise AssertionError(f"{case.name}: differs by {difference:.2e} of the largest prediction")
        checked += 1
    if checked == 0:
        raise AssertionError(f"nothing of ours in {folder / 'ours'}")
    print(f"keras_models: at most {largest:.1e} of the largest prediction")
    return checked
