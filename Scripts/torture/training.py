"""The small training that campaigns disturb, and what it makes where nothing does."""

from __future__ import annotations

import hashlib
import math
import random
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from .process import Ending, Limits, Run

WORDS = [
    "the",
    "cat",
    "sat",
    "on",
    "a",
    "mat",
    "while",
    "two",
    "dogs",
    "slept",
    "near",
    "their",
    "warm",
    "old",
    "red",
    "house",
    "and",
    "some",
    "birds",
    "sang",
]


def write_data(folder: Path) -> None:
    """Writes `wave.csv`, a table with dates, a gap and a category, and `book.txt`."""
    rows = ["time,kind,level"]
    for row in range(160):
        level = "" if row == 80 else f"{20 + math.sin(row * math.pi / 6):.4f}"
        rows.append(f"2024-01-{1 + row // 24:02d} {row % 24:02d}:00,{'ab'[row % 2]},{level}")
    (folder / "wave.csv").write_text("\n".join(rows) + "\n")
    generator = random.Random(1)
    sentences = (" ".join(generator.choices(WORDS, k=9)).capitalize() + "." for _ in range(120))
    (folder / "book.txt").write_text("\n".join(sentences) + "\n")


@dataclass(frozen=True)
class Training:
    """The training: some 200 steps of a language model, whose step has work for two threads."""

    rnn: Path
    # The SHA-256 of its model.
    sum: str
    # That of the model that one thread makes: the head's products go through OpenBLAS, whose last bits may be others.
    sum_alone: str
    # How long it takes, in seconds.
    seconds: float

    OPTIONS = [
        "--level",
        "char",
        "--cell",
        "lstm",
        "--hidden",
        "64",
        "--layers",
        "1",
        "--epochs",
        "12",
        "--batch",
        "8",
        "--quiet",
    ]
    # A checkpoint after each step would make all of the time that of the disk.
    CHECKPOINTS = ["--checkpoint-seconds", "0.05"]
    # The number of threads is the same on every machine.
    ENVIRONMENT = {"RECURRENT_THREADS": "2"}

    @classmethod
    def measured(cls, rnn: Path, folder: Path) -> Training:
        """Runs it without a disturbance, on one thread and on two."""
        write_data(folder)
        sums = []
        for threads in ("1", "2"):
            began = monotonic()
            ending = cls(rnn, "", "", 0).run(folder, environment={"RECURRENT_THREADS": threads})
            if ending.status != 0:
                raise SystemExit(f"torture: the undisturbed training failed: {ending.error}")
            sums.append(sum_of(folder / "model.safetensors"))
        return cls(rnn, sums[1], sums[0], monotonic() - began)

    def command(self, *more: str, output: str = "model.safetensors") -> list[str]:
        """Its command line."""
        return [str(self.rnn), "train", "book.txt", "--output", output, *self.OPTIONS, *self.CHECKPOINTS, *more]

    def begin(self, folder: Path, *more: str, limits: Limits = Limits(processor=120), **options) -> Run:
        """Starts it in a folder that holds the data."""
        environment = self.ENVIRONMENT | options.pop("environment", {})
        return Run(self.command(*more, **options), folder, limits, environment)

    def run(self, folder: Path, *more: str, **options) -> Ending:
        """Runs it to its end."""
        return self.begin(folder, *more, **options).ending()


def sum_of(path: Path) -> str:
    """The SHA-256 of a file; empty where there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
