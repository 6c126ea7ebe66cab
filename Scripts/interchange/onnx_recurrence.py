"""RNN, LSTM and GRU as the texts of the operators write them, in NumPy and double precision: the oracle for what no
engine computes, and a second reference beside ONNX Runtime for what it does."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

GATES = {"RNN": 1, "LSTM": 4, "GRU": 3}
DEFAULTS = {"RNN": ["Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"]}
# The numbers that a function takes, and their defaults, as in the operator of the same name. Affine
# and ScaledTanh are no operators any more, so theirs must be given.
ALPHA = {"Affine": None, "LeakyRelu": 0.01, "ThresholdedRelu": 1.0, "ScaledTanh": None, "HardSigmoid": 0.2, "Elu": 1.0}
BETA = {"Affine": None, "ScaledTanh": None, "HardSigmoid": 0.5}

FUNCTIONS: dict[str, Callable] = {
    "Relu": lambda x, a, b: np.maximum(x, 0),
    "Tanh": lambda x, a, b: np.tanh(x),
    "Sigmoid": lambda x, a, b: 1 / (1 + np.exp(-x)),
    "Affine": lambda x, a, b: a * x + b,
    "LeakyRelu": lambda x, a, b: np.where(x >= 0, x, a * x),
    "ThresholdedRelu": lambda x, a, b: np.where(x >= a, x, 0),
    "ScaledTanh": lambda x, a, b: a * np.tanh(b * x),
    "HardSigmoid": lambda x, a, b: np.minimum(np.maximum(a * x + b, 0), 1),
    "Elu": lambda x, a, b: np.where(x >= 0, x, a * (np.exp(x) - 1)),
    "Softsign": lambda x, a, b: x / (1 + np.abs(x)),
    "Softplus": lambda x, a, b: np.logaddexp(0, x),
}


def activations(operator: str, attributes: Mapping, directions: int) -> list[Callable]:
    """The functions of all directions, with their numbers, clipped where the operator clips."""
    names = attributes.get("activations") or DEFAULTS[operator] * directions
    alphas, betas = list(attributes.get("activation_alpha", [])), list(attributes.get("activation_beta", []))
    clip = attributes.get("clip")
    result = []
    for name in names:
        name = next(known for known in FUNCTIONS if known.lower() == name.lower())
        # Those that take a number consume the next one.
        alpha = (alphas.pop(0) if alphas else ALPHA[name]) if name in ALPHA else None
        beta = (betas.pop(0) if betas else BETA[name]) if name in BETA else None

        def function(x: np.ndarray, f=FUNCTIONS[name], alpha=alpha, beta=beta) -> np.ndarray:
            return f(x if clip is None else np.clip(x, -clip, clip), alpha, beta)

        result.append(function)
    return result


def run(operator: str, attributes: Mapping, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Y, Y_h and, for an LSTM, Y_c."""
    inputs = {name: value.astype(np.float64) for name, value in inputs.items()}
    is_batch_first = attributes.get("layout", 0) == 1
    x = inputs["X"].swapaxes(0, 1) if is_batch_first else inputs["X"]
    steps, batch, _ = x.shape
    hidden_size = attributes["hidden_size"]
    kinds = {"forward": [1], "reverse": [-1], "bidirectional": [1, -1]}[attributes.get("direction", "forward")]
    lengths = inputs.get("sequence_lens", np.full(batch, steps)).astype(int)

    def initial(name: str) -> np.ndarray:
        if name not in inputs:
            return np.zeros((len(kinds), batch, hidden_size))
        return inputs[name].swapaxes(0, 1) if is_batch_first else inputs[name]

    initial_h, initial_c = initial("initial_h"), initial("initial_c")
    functions = activations(operator, attributes, len(kinds))
    per_direction = len(DEFAULTS[operator])
    y = np.zeros((steps, len(kinds), batch, hidden_size))
    y_h, y_c = initial_h.copy(), initial_c.copy()
    for d, kind in enumerate(kinds):
        step = stepper(operator, attributes, inputs, d, functions[d * per_direction : (d + 1) * per_direction])
        for b in range(batch):
            h, c = initial_h[d, b], initial_c[d, b]
            for t in range(lengths[b])[::kind]:
                h, c = step(x[t, b], h, c)
                y[t, d, b] = h
            y_h[d, b], y_c[d, b] = h, c
    if is_batch_first:
        y, y_h, y_c = y.transpose(2, 0, 1, 3), y_h.swapaxes(0, 1), y_c.swapaxes(0, 1)
    return {"Y": y, "Y_h": y_h} | ({"Y_c": y_c} if operator == "LSTM" else {})


def stepper(
    operator: str, attributes: Mapping, inputs: Mapping[str, np.ndarray], d: int, functions: Sequence[Callable]
) -> Callable:
    """(x, h, c) -> (h, c) of direction `d`."""
    gates = GATES[operator]
    w, r = np.split(inputs["W"][d], gates), np.split(inputs["R"][d], gates)
    hidden_size = r[0].shape[1]
    bias = inputs["B"][d] if "B" in inputs else np.zeros(2 * gates * hidden_size)
    wb, rb = (np.split(half, gates) for half in np.split(bias, 2))
    p = np.split(inputs["P"][d], 3) if "P" in inputs else np.zeros((3, hidden_size))

    def rnn(x, h, c):
        return functions[0](w[0] @ x + r[0] @ h + wb[0] + rb[0]), c

    def lstm(x, h, c):
        f, g, out = functions
        i = f(w[0] @ x + r[0] @ h + p[0] * c + wb[0] + rb[0])
        forget = f(w[2] @ x + r[2] @ h + p[2] * c + wb[2] + rb[2])
        if attributes.get("input_forget"):
            forget = 1 - i
        candidate = g(w[3] @ x + r[3] @ h + wb[3] + rb[3])
        c = forget * c + i * candidate
        o = f(w[1] @ x + r[1] @ h + p[1] * c + wb[1] + rb[1])
        return o * out(c), c

    def gru(x, h, c):
        f, g = functions
        z = f(w[0] @ x + r[0] @ h + wb[0] + rb[0])
        reset = f(w[1] @ x + r[1] @ h + wb[1] + rb[1])
        if attributes.get("linear_before_reset"):
            candidate = g(w[2] @ x + reset * (r[2] @ h + rb[2]) + wb[2])
        else:
            candidate = g(w[2] @ x + r[2] @ (reset * h) + rb[2] + wb[2])
        return (1 - z) * candidate + z * h, c

    return {"RNN": rnn, "LSTM": lstm, "GRU": gru}[operator]
