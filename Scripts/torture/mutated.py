"""Mutated files of every format, read under a limit on memory."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from . import good_files, mutation, mutation_files, mutation_json, mutation_protobuf
from .good_files import RESUMED, task
from .process import MEGABYTE, Ending, Limits, run
from .tally import Tally

# Beside 16 times the file, the memory that a run may have, and the address space beyond that: stacks of threads and what
# OpenBLAS reserves, neither of which is touched.
SPARE_MEMORY = 256 * MEGABYTE
SPARE_ADDRESSES = 4096 * MEGABYTE
# Files that one process of this campaign tries between two looks at the clock.
FILES_AT_ONCE = 20
# The longest part of a message that a row of the table quotes.
MAX_QUOTE = 140


@dataclass(frozen=True)
class Format:
    """A kind of file, a good one, and the commands that read it.

    FILE stands for the mutated one, which a command without this word finds in the place of the good one.
    """

    name: str
    seed: str
    mutate: Callable[[bytes, random.Random], bytes]
    commands: tuple[str, ...]

    @property
    def extension(self) -> str:
        """All of it: `.weights.h5`."""
        return "".join(Path(self.seed).suffixes)

    def command(self, template: str) -> list[str]:
        return template.replace("FILE", f"mutant{self.extension}").split()

    def place(self, template: str) -> str:
        """Where the command looks for the file."""
        return f"mutant{self.extension}" if "FILE" in template else self.seed


def checkpoint(name: str, seed: str, resumption: str) -> Format:
    """A checkpoint and the command that goes on from it."""
    return Format(
        name,
        seed,
        mutation_files.mutated_safetensors,
        ("inspect FILE", "inspect FILE --json", "report FILE --output page.html", f"{resumption} --resume"),
    )


def shown_model(kind: str) -> Format:
    """A model that applications write and the tool only shows."""
    return Format(
        f"{kind} (safetensors)",
        f"{kind}.safetensors",
        mutation_files.mutated_safetensors,
        ("inspect FILE", "inspect FILE --json"),
    )


FORMATS = (
    Format(
        "forecaster (safetensors)",
        "forecaster.safetensors",
        mutation_files.mutated_safetensors,
        ("inspect FILE", "predict FILE wave.csv", "evaluate FILE wave.csv", "report FILE --output page.html"),
    ),
    Format(
        "language model (safetensors)",
        "language.safetensors",
        mutation_files.mutated_safetensors,
        (
            "inspect FILE --json",
            "generate FILE --length 20",
            "evaluate FILE book.txt",
            "verify FILE vectors.npz",
            "convert FILE out.onnx",
        ),
    ),
    checkpoint("checkpoint", "kept/lstm.checkpoint.safetensors", f"{RESUMED} --checkpoints kept"),
    *(
        checkpoint(
            f"checkpoint, {kind}",
            f"{name}/{stage}.checkpoint.safetensors",
            task(name, f" --checkpoints {name}"),
        )
        for kind, name, stage in (
            ("encoder-decoder", "translation", "with-attention"),
            ("conditioned", "names", "lstm"),
            ("gaps", "missing-word", "lstm-both-sides"),
        )
    ),
    Format(
        "note beside checkpoints",
        "kept/recurrent-run.txt",
        mutation.mutated_text,
        (f"{RESUMED} --checkpoints kept --resume", f"{RESUMED} --checkpoints kept"),
    ),
    *(shown_model(kind) for kind in ("encoder-decoder", "conditioned-decoder", "gap-model")),
    Format(
        "PyTorch (safetensors)",
        "torch.safetensors",
        mutation_files.mutated_safetensors,
        (
            "inspect FILE --readout every-step",
            "convert FILE out.onnx --readout every-step",
            "inspect FILE",
            "verify FILE vectors.npz --readout every-step",
        ),
    ),
    Format(
        "Keras (.npz)",
        "keras.npz",
        mutation_files.mutated_archive,
        (
            "inspect FILE --readout every-step",
            "convert FILE out.safetensors --readout every-step",
            "inspect FILE --settings settings.json",
        ),
    ),
    Format(
        "Keras (safetensors)",
        "keras.safetensors",
        mutation_files.mutated_safetensors,
        ("inspect FILE --readout every-step", "convert FILE out.npz --settings settings.json"),
    ),
    Format(
        "Keras settings (JSON)",
        "settings.json",
        mutation_json.mutated_json,
        (
            "inspect keras.npz --settings FILE",
            "convert keras.safetensors out.safetensors --settings FILE",
            "verify keras.npz vectors.npz --settings FILE",
        ),
    ),
    Format(
        "Keras (.keras)",
        "model.keras",
        mutation_files.mutated_keras,
        ("inspect keras.npz --settings FILE", "inspect FILE", "convert FILE out.safetensors --max-unpacked 1MB"),
    ),
    Format(
        "Keras (.weights.h5)",
        "model.weights.h5",
        mutation.mutated_bytes,
        ("inspect FILE --readout every-step", "inspect FILE --settings settings.json"),
    ),
    Format(
        "vectors (.npz)",
        "vectors.npz",
        mutation_files.mutated_archive,
        ("verify language.safetensors FILE", "verify torch.safetensors FILE --readout every-step"),
    ),
    Format("vectors of a graph (.npz)", "graph.npz", mutation_files.mutated_archive, ("verify model.onnx FILE",)),
    Format(
        "ONNX",
        "model.onnx",
        mutation_protobuf.mutated_message,
        ("inspect FILE", "verify FILE graph.npz", "convert FILE out.safetensors"),
    ),
    Format(
        "ONNX, layers",
        "layers.onnx",
        mutation_protobuf.mutated_message,
        ("inspect FILE", "convert FILE out.safetensors"),
    ),
    *(
        Format(
            f"table ({kind.upper()})",
            f"wave.{kind}",
            mutation.mutated_text,
            (
                "predict forecaster.safetensors FILE",
                "evaluate forecaster.safetensors FILE",
                "train FILE --target level --horizon 2 --history 12 --hidden 5 --epochs 1 --output out.safetensors --quiet",
            ),
        )
        for kind in ("csv", "tsv")
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
    Format(
        "run log (JSON)",
        "log.json",
        mutation_json.mutated_log,
        ("report FILE --output page.html",),
    ),
    Format(
        "digits (.csv.gz)",
        "data/digits.csv.gz",
        mutation_files.mutated_gzip,
        (task("caption"), "fetch digits --list --data data"),
    ),
    Format("chorales (JSON)", "data/jsb-chorales-quarter.json", mutation_json.mutated_json, (task("music"),)),
    Format("names (text)", "data/names/Irish.txt", mutation.mutated_text, (task("names"),)),
    Format("reviews (text)", "data/sst2/train.txt", mutation.mutated_text, (task("sentiment"),)),
    Format(
        "pairs of sentences (text)",
        "data/multi30k/train.en",
        mutation.mutated_text,
        (task("translation"), task("missing-word")),
    ),
    Format("plays (text)", "data/tinyshakespeare.txt", mutation.mutated_text, (task("text"),)),
)
# Formats that no run can try.
NOT_RUN = {
    "tracks (whitespace table)": "not run: task trajectory alone reads them, after minutes of training on balls",
    "array (.npy)": "not run by itself: no command reads one outside an archive",
}


def try_file(rnn: Path, seeds: Path, kind: Format, template: str, data: bytes, folder: Path) -> Ending:
    """Runs a command on `data` in `folder`, which is made anew with all good files."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(seeds, folder)
    (folder / kind.place(template)).write_bytes(data)
    memory = 16 * len(data) + SPARE_MEMORY
    limits = Limits(resident=memory, address_space=memory + SPARE_ADDRESSES)
    return run([rnn, *kind.command(template)], folder, limits)


def try_good_file(rnn: Path, seeds: Path, kind: Format) -> tuple[Tally, set[int]]:
    """Tries each command on the good file: a tally that says which of them refuse it, and the exit codes.

    Where all do, their refusal hides what mutants are to find.
    """
    tally = Tally(kind.name)
    statuses: set[int] = set()
    refusals: list[str] = []
    if not (seeds / kind.seed).is_file():
        tally.note("not run: there is no good file")
        return tally, statuses
    good = (seeds / kind.seed).read_bytes()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "files"
        for template in kind.commands:
            ending = try_file(rnn, seeds, kind, template, good, folder)
            if finding := ending.finding():
                tally.find(f"the good file: {finding}", ending, keep=folder)
                continue
            statuses.add(ending.status)
            if ending.status == 2:
                refusals.append(f"{template}: {ending.message[:MAX_QUOTE]}")
    if len(refusals) == len(kind.commands):
        tally.note(f"not run: the good file is refused: {refusals[0]}")
    elif refusals:
        tally.note(f"the good file is refused by {len(refusals)} of {len(kind.commands)} commands: {refusals[0]}")
    return tally, statuses


def try_files(rnn: Path, seeds: Path, kind: Format, seed: int, count: int) -> Tally:
    """Tries `count` mutated files; the same ones for the same seed."""
    generator = random.Random(f"{kind.name} {seed}")
    tally = Tally(kind.name)
    good = (seeds / kind.seed).read_bytes()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "files"
        for _ in range(count):
            mutant = kind.mutate(good, generator)
            template = generator.choice(kind.commands)
            tally.count(try_file(rnn, seeds, kind, template, mutant, folder), keep=folder)
    return tally


def campaign(rnn: Path, count: int | None, deadline: float, seed: int) -> list[Tally]:
    """Mutated files of all formats in turn: `count` in all, or as many as there is time for."""
    with tempfile.TemporaryDirectory() as name, ProcessPoolExecutor(max_workers=2) as workers:
        seeds = Path(name)
        good_files.make(rnn, seeds)
        tallies: dict[str, Tally] = {}
        # The formats to try, and those of them whose good file ends a command with success.
        kinds: list[Format] = []
        successful: set[str] = set()
        tries = [(kind, workers.submit(try_good_file, rnn, seeds, kind)) for kind in FORMATS]
        for kind, job in tries:
            tallies[kind.name], statuses = job.result()
            # A task ends with 1 where it misses a bar.
            if statuses & {0, 1}:
                kinds.append(kind)
            if 0 in statuses:
                successful.add(kind.name)
        done = 0
        while kinds and (done < count if count else monotonic() < deadline):
            # Each round has other files, the same ones in each run with this seed.
            size = min(FILES_AT_ONCE, -(-(count - done) // len(kinds))) if count else 4
            jobs = [workers.submit(try_files, rnn, seeds, kind, seed * 1_000_000 + done, size) for kind in kinds]
            for job in jobs:
                tally = job.result()
                tallies[tally.campaign].add(tally)
            done += len(jobs) * size
    for name in successful:
        if not tallies[name].counts["ok"]:
            tallies[name].note("no mutant was taken")
    return [*tallies.values(), *(Tally(name, skipped=reason) for name, reason in NOT_RUN.items())]
