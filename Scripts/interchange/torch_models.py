"""PyTorch's recurrent modules and small models of them: state dicts, inputs and outputs, and reading ours.

Each case is three files in FOLDER/torch_models, NAME.safetensors (the state dict), NAME.expected.safetensors (inputs and
outputs, time first, and what no tensor shows, in the metadata) and nothing else. Of ours the check reads
ours/NAME.safetensors, with strict=True, and compares PyTorch's outputs with ours/NAME.expected.safetensors.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

SEED = 20261124
INPUT_SIZE, HIDDEN_SIZE, PROJECTION_SIZE = 3, 5, 2
VOCABULARY_SIZE, EMBEDDING_SIZE, OUTPUT_SIZE = 11, 4, 6
BATCH, STEPS = 4, 7
TRAINING_STEPS = 5
TOLERANCE = {torch.float32: 1e-6, torch.float64: 1e-12}
DTYPES = {"float32": torch.float32, "float64": torch.float64}


@dataclass
class Case:
    """A recurrent module, alone or in a model."""

    cell: str  # rnn_tanh, rnn_relu, lstm, lstm_projected or gru
    layers: int = 1
    bidirectional: bool = False
    bias: bool = True
    model: str = "alone"  # alone, classifier (embedding, last state) or labeller (every step)
    dtype: str = "float32"
    head_bias: bool = True

    @property
    def name(self) -> str:
        parts = [self.model, self.cell, f"layers{self.layers}", "twoway" if self.bidirectional else "oneway"]
        parts += [] if self.bias else ["nobias"]
        parts += [] if self.head_bias else ["headnobias"]
        return "-".join([*parts, self.dtype])

    def recurrent(self, input_size: int) -> nn.Module:
        """The module alone."""
        sizes = {"num_layers": self.layers, "bidirectional": self.bidirectional, "bias": self.bias}
        match self.cell:
            case "rnn_tanh" | "rnn_relu":
                nonlinearity = self.cell.removeprefix("rnn_")
                return nn.RNN(input_size, HIDDEN_SIZE, nonlinearity=nonlinearity, **sizes)
            case "lstm":
                return nn.LSTM(input_size, HIDDEN_SIZE, **sizes)
            case "lstm_projected":
                return nn.LSTM(input_size, HIDDEN_SIZE, proj_size=PROJECTION_SIZE, **sizes)
            case "gru":
                return nn.GRU(input_size, HIDDEN_SIZE, **sizes)
        raise ValueError(self.cell)

    def module(self) -> nn.Module:
        """The module of this case, with the weights that PyTorch draws."""
        match self.model:
            case "alone":
                module = self.recurrent(INPUT_SIZE)
            case "classifier":
                module = Classifier(self)
            case _:
                module = Labeller(self)
        return module.to(DTYPES[self.dtype])


class Classifier(nn.Module):
    """Tokens to classes: the top layer's last state, both directions side by side."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY_SIZE, EMBEDDING_SIZE)
        self.encoder = case.recurrent(EMBEDDING_SIZE)
        self.classify = nn.Linear(output_size(case), OUTPUT_SIZE, bias=case.head_bias)
        self.directions = 2 if case.bidirectional else 1

    def forward(self, tokens: Tensor) -> Tensor:
        state = self.encoder(self.embed(tokens))[1]
        hidden = state[0] if isinstance(state, tuple) else state
        return self.classify(torch.cat(list(hidden[-self.directions :]), dim=-1))


class Labeller(nn.Module):
    """Features to numbers at every step."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.rnn = case.recurrent(INPUT_SIZE)
        self.out = nn.Linear(output_size(case), OUTPUT_SIZE, bias=case.head_bias)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.out(self.rnn(inputs)[0])


def output_size(case: Case) -> int:
    size = PROJECTION_SIZE if case.cell == "lstm_projected" else HIDDEN_SIZE
    return size * (2 if case.bidirectional else 1)


def all_cases() -> list[Case]:
    cases = [
        Case(cell, layers, bidirectional, bias, dtype=dtype)
        for cell in ("rnn_tanh", "rnn_relu", "lstm", "lstm_projected", "gru")
        for layers in (1, 2, 3)
        for bidirectional in (False, True)
        for bias in (True, False)
        for dtype in DTYPES
    ]
    for dtype in DTYPES:
        cases += [
            Case("gru", 1, model="classifier", dtype=dtype),
            Case("gru", 2, True, model="classifier", dtype=dtype, head_bias=False),
            Case("rnn_relu", 1, True, model="classifier", dtype=dtype),
            Case("lstm", 1, model="labeller", dtype=dtype),
            Case("lstm", 2, True, model="labeller", dtype=dtype),
            Case("lstm_projected", 2, model="labeller", dtype=dtype, head_bias=False),
        ]
    return cases


def draw_inputs(case: Case, generator: torch.Generator) -> Tensor:
    if case.model == "classifier":
        return torch.randint(0, VOCABULARY_SIZE, (STEPS, BATCH), generator=generator)
    return torch.randn(STEPS, BATCH, INPUT_SIZE, generator=generator, dtype=torch.float64).to(DTYPES[case.dtype])


def outputs_of(module: nn.Module, inputs: Tensor) -> dict[str, Tensor]:
    """What a module gives: outputs, and the final state where it is a recurrent module alone."""
    result = module(inputs)
    if isinstance(result, Tensor):
        return {"outputs": result}
    outputs, state = result
    hidden, *cell = state if isinstance(state, tuple) else (state,)
    return {"outputs": outputs, "hidden": hidden} | ({"cell": cell[0]} if cell else {})


def train(module: nn.Module, inputs: Tensor) -> None:
    """A few steps towards random targets: the weights are no longer the initial ones."""
    optimizer = torch.optim.Adam(module.parameters(), lr=0.02)
    targets = torch.randn_like(outputs_of(module, inputs)["outputs"])
    for _ in range(TRAINING_STEPS):
        optimizer.zero_grad()
        nn.functional.mse_loss(outputs_of(module, inputs)["outputs"], targets).backward()
        optimizer.step()


def generate(folder: Path) -> None:
    for index, case in enumerate(all_cases()):
        torch.manual_seed(SEED + index)
        generator = torch.Generator().manual_seed(SEED + index)
        module = case.module()
        inputs = draw_inputs(case, generator)
        if case.layers != 3:
            train(module, inputs)
        with torch.no_grad():
            outputs = outputs_of(module, inputs)
        save_file(module.state_dict(), folder / f"{case.name}.safetensors")
        contents = {"inputs": inputs} | {name: value.contiguous() for name, value in outputs.items()}
        metadata = {"model": case.model, "cell": case.cell, "dtype": case.dtype, "torch": torch.__version__}
        save_file(contents, folder / f"{case.name}.expected.safetensors", metadata=metadata)
    halved(folder)


def halved(folder: Path) -> None:
    """A state dict in three types at once, as people keep them to save space."""
    torch.manual_seed(SEED)
    module = Labeller(Case("lstm"))
    types = {"rnn": torch.float16, "out.weight": torch.bfloat16}
    state = {
        name: value.to(next((kind for start, kind in types.items() if name.startswith(start)), torch.float32))
        for name, value in module.state_dict().items()
    }
    module.load_state_dict({name: value.float() for name, value in state.items()})
    inputs = draw_inputs(Case("lstm"), torch.Generator().manual_seed(SEED))
    with torch.no_grad():
        outputs = module(inputs)
    save_file(state, folder / "mixed.safetensors")
    metadata = {"model": "labeller", "cell": "lstm", "dtype": "float32", "torch": torch.__version__}
    save_file({"inputs": inputs, "outputs": outputs}, folder / "mixed.expected.safetensors", metadata=metadata)


def check(folder: Path) -> int:
    checked = 0
    largest = 0.0
    for case in all_cases():
        path = folder / "ours" / f"{case.name}.safetensors"
        if not path.exists():
            continue
        module = case.module()
        module.load_state_dict(load_file(path), strict=True)
        expected = load_file(folder / "ours" / f"{case.name}.expected.safetensors")
        with torch.no_grad():
            outputs = outputs_of(module, expected["inputs"])
        for name, value in outputs.items():
            difference = (value - expected[name].reshape(value.shape)).abs().max() / value.abs().max()
            largest = max(largest, float(difference) if case.dtype == "float32" else 0.0)
            if not difference <= TOLERANCE[DTYPES[case.dtype]]:
                raise AssertionError(f"{case.name}, {name}: differs by {difference:.2e} of the largest")
        checked += 1
    if checked == 0:
        raise AssertionError(f"nothing of ours in {folder / 'ours'}")
    print(f"torch_models: at most {largest:.1e} of the largest output in float32")
    return checked
