"""Mutated files of every format, read under a limit on memory."""

from __future__ import annotations

import json
import random
import shutil
import struct
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from . import mutation
from .process import MEGABYTE, Limits, run
from .tally import Tally
from .training import write_data

# Beside 16 times the file, the memory that a run may have, and the address space beyond that: stacks of threads and what
# OpenBLAS reserves, neither of which is touched.
SPARE_MEMORY = 256 * MEGABYTE
SPARE_ADDRESSES = 4096 * MEGABYTE
# Files that one process of this campaign tries between two looks at the clock.
FILES_AT_ONCE = 20


@dataclass(frozen=True)
class Format:
    """A kind of file, a good one, and the commands that read it; FILE stands for the mutated one."""

    name: str
    seed: str
    mutate: Callable[[bytes, random.Random], bytes]
    commands: tuple[str, ...]


FORMATS = (
    Format(
        "forecaster (safetensors)",
        "forecaster.safetensors",
        mutation.mutated_safetensors,
        ("inspect FILE", "predict FILE wave.csv", "evaluate FILE wave.csv", "report FILE --output page.html"),
    ),
    Format(
        "language model (safetensors)",
        "language.safetensors",
        mutation.mutated_safetensors,
        (
            "inspect FILE --json",
            "generate FILE --length 20",
            "evaluate FILE book.txt",
            "verify FILE vectors.npz",
            "convert FILE out.onnx",
        ),
    ),
    Format(
        "checkpoint",
        "kept/lstm.checkpoint.safetensors",
        mutation.mutated_safetensors,
        ("inspect FILE", "report FILE --output page.html", "RESUME"),
    ),
    Format(
        "PyTorch (safetensors)",
        "torch.safetensors",
        mutation.mutated_safetensors,
        ("inspect FILE --readout every-step", "convert FILE out.onnx --readout every-step", "inspect FILE"),
    ),
    Format(
        "Keras (.npz)",
        "keras.npz",
        mutation.mutated_archive,
        ("inspect FILE --readout every-step", "convert FILE out.safetensors --readout every-step"),
    ),
    Format(
        "vectors (.npz)",
        "vectors.npz",
        mutation.mutated_archive,
        ("verify language.safetensors FILE",),
    ),
    Format("vectors of a graph (.npz)", "graph.npz", mutation.mutated_archive, ("verify model.onnx FILE",)),
    Format(
        "ONNX",
        "model.onnx",
        mutation.mutated_message,
        ("inspect FILE", "verify FILE graph.npz", "convert FILE out.safetensors"),
    ),
    Format("ONNX, layers", "layers.onnx", mutation.mutated_message, ("inspect FILE", "convert FILE out.safetensors")),
    Format(
        "table (CSV)",
        "wave.csv",
        mutation.mutated_text,
        (
            "predict forecaster.safetensors FILE",
            "evaluate forecaster.safetensors FILE",
            "train FILE --target level --horizon 2 --history 12 --hidden 5 --epochs 1 --output out.safetensors --quiet",
        ),
    ),
    Format(
        "text",
        "book.txt",
        mutation.mutated_text,
        (
            "evaluate language.safetensors FILE",
            "train FILE --level word --hidden 5 --epochs 1 --output out.safetensors --quiet",
        ),
    ),
    Format("run log (JSON)", "log.json", mutation.mutated_text, ("report FILE --output page.html",)),
)

RESUMED = "train book.txt --output resumed.safetensors --level char --cell lstm --hidden 5 --epochs 2 --batch 4 --quiet"

POINTS = [{"x": 1, "y": 2.5}, {"x": 2, "y": 1.25}, {"x": 4, "y": 0.5}]
AXIS = {"label": "epoch", "unit": "s", "isLogarithmic": True}
LINE = {"name": "loss", "points": POINTS, "isReference": False}
BAND = {"name": "band", "lower": POINTS, "upper": POINTS}
# A result with a picture of each kind.
RESULT = {
    "task": "memory",
    "scale": "quick",
    "seed": 1,
    "scores": [{"name": "loss", "value": 1.5, "unit": "nats", "bar": {"atMost": {"_0": 2}}}],
    "examples": [{"title": "an example", "lines": ["a", "b"]}],
    "figures": [
        {"lineChart": {"_0": {"title": "c", "xAxis": AXIS, "yAxis": AXIS, "lines": [LINE], "bands": [BAND]}}},
        {"scene": {"_0": {"title": "s", "unit": "m", "paths": [{"role": "truth", "points": POINTS}]}}},
        {
            "heatMap": {
                "_0": {
                    "title": "h",
                    "rowLabel": "r",
                    "columnLabel": "c",
                    "rows": ["a", "b"],
                    "columns": ["d"],
                    "values": [[0.5], [2]],
                    "valueAxis": AXIS,
                }
            }
        },
    ],
    "attachments": [],
    "files": [],
    "seconds": 3,
}
EPOCH = {"event": "progress", "stage": "LSTM", "epoch": 1, "epochs": 2, "step": 4, "loss": 1.5, "validation_loss": 1.25}


def make_seeds(rnn: Path, folder: Path) -> list[str]:
    """Fills `folder` with a good file of each format; returns those that the tool could not make."""
    write_data(folder)
    events = (EPOCH, {"event": "result", "result": RESULT})
    (folder / "log.json").write_text("".join(json.dumps(event) + "\n" for event in events))
    commands = (
        "train wave.csv --target level --horizon 2 --history 12 --hidden 5 --epochs 2 --output forecaster.safetensors --quiet",
        RESUMED.replace("resumed", "language") + " --checkpoints kept",
        "train book.txt --output gru.safetensors --level char --cell gru --hidden 5 --layers 2 --epochs 1 --quiet",
        "convert language.safetensors torch.safetensors --for pytorch",
        "convert gru.safetensors keras.npz",
        "convert language.safetensors model.onnx",
        "convert gru.safetensors layers.onnx --lengths --no-states",
    )
    for command in commands:
        ending = run([rnn, *command.split()], folder)
        if ending.status != 0:
            raise SystemExit(f"torture: cannot make the good files: rnn {command}: {ending.error}")
    vectors = {
        "tokens.npy": mutation.npy("<i8", (2, 3), struct.pack("<6q", 1, 2, 3, 4, 5, 6)),
        "lengths.npy": mutation.npy("<i8", (2,), struct.pack("<2q", 3, 2)),
        "h_n.npy": mutation.npy("<f4", (1, 2, 5), struct.pack("<10f", *range(10))),
    }
    (folder / "vectors.npz").write_bytes(mutation.archive(vectors))
    # An ONNX model takes no lengths unless asked for, and must be given its states.
    vectors["h_0.npy"] = vectors["c_0.npy"] = vectors["h_n.npy"]
    del vectors["lengths.npy"]
    (folder / "graph.npz").write_bytes(mutation.archive(vectors))
    return [kind.seed for kind in FORMATS if not (folder / kind.seed).is_file()]


def try_files(rnn: Path, seeds: Path, kind: Format, seed: int, count: int) -> Tally:
    """Tries `count` mutated files; the same ones for the same seed."""
    generator = random.Random(f"{kind.name} {seed}")
    tally = Tally(kind.name)
    good = (seeds / kind.seed).read_bytes()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "files"
        for _ in range(count):
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(seeds, folder)
            mutant = kind.mutate(good, generator)
            command = generator.choice(kind.commands)
            file = "mutant" + Path(kind.seed).suffix
            if command == "RESUME":
                file = kind.seed
                command = f"{RESUMED} --checkpoints kept --resume"
            (folder / file).write_bytes(mutant)
            memory = 16 * len(mutant) + SPARE_MEMORY
            limits = Limits(resident=memory, address_space=memory + SPARE_ADDRESSES)
            tally.count(run([rnn, *command.replace("FILE", file).split()], folder, limits), keep=folder)
    return tally


def campaign(rnn: Path, count: int | None, deadline: float, seed: int) -> list[Tally]:
    """Mutated files of all formats in turn: `count` in all, or as many as there is time for."""
    tallies = {kind.name: Tally(kind.name) for kind in FORMATS}
    with tempfile.TemporaryDirectory() as name, ProcessPoolExecutor(max_workers=2) as workers:
        seeds = Path(name)
        missing = make_seeds(rnn, seeds)
        kinds = [kind for kind in FORMATS if kind.seed not in missing]
        for kind in FORMATS:
            if kind.seed in missing:
                tallies[kind.name].skipped = "not run: there is no good file"
        done = 0
        while done < count if count else monotonic() < deadline:
            # Each round has other files, the same ones in each run with this seed.
            jobs = [
                workers.submit(try_files, rnn, seeds, kind, seed * 1_000_000 + done, FILES_AT_ONCE if count else 4)
                for kind in kinds
            ]
            for job in jobs:
                tally = job.result()
                tallies[tally.campaign].add(tally)
            done += len(jobs) * (FILES_AT_ONCE if count else 4)
    return list(tallies.values())
