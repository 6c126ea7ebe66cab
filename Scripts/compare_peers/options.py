"""The command line.

Run alone it checks the options and prints what Scripts/compare-peers.sh needs of
them: the virtual environment, then the names of the engines that are wanted.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from typing import NoReturn

from .workload import CELLS, PASSES, SHAPES, Shape

PEERS = ("torch", "onnxruntime", "openvino", "jax", "tensorflow")


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


@dataclass(frozen=True)
class Options:
    """What is to be compared."""

    cells: list[str]
    passes: list[str]
    shapes: list[Shape]
    threads: list[int]
    engines: list[str]
    ragged: bool
    seconds: float
    json: str | None
    venv: str | None


def _list(names: tuple[str, ...]):
    def read(text: str) -> list[str]:
        for name in (found := text.split(",")):
            if name not in names:
                raise argparse.ArgumentTypeError(f"“{name}” is none of {', '.join(names)}")
        return list(dict.fromkeys(found))

    return read


def _shape(text: str) -> Shape:
    if text in SHAPES:
        return SHAPES[text]
    sizes = text.split(",")
    if len(sizes) != 4 or not all(size.isascii() and size.isdigit() and 0 < int(size) <= 1 << 20 for size in sizes):
        raise argparse.ArgumentTypeError(f"“{text}” is neither T,B,I,H nor one of {', '.join(SHAPES)}")
    shape = Shape(*map(int, sizes))
    # Far above the largest named shape, and below what memory and 32-bit sizes hold.
    if max(shape.T * shape.B, 4 * shape.H) * max(shape.I, 4 * shape.H) > 1 << 30:
        raise argparse.ArgumentTypeError(f"“{text}” is too large")
    return shape


def _threads(text: str) -> list[int]:
    cores = len(os.sched_getaffinity(0))
    try:
        found = [int(number) for number in text.split(",")]
    except ValueError:
        found = [0]
    if not all(1 <= number <= cores for number in found):
        raise argparse.ArgumentTypeError(f"“{text}” is not a list of numbers from 1 to {cores}, the cores here")
    return list(dict.fromkeys(found))


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"“{text}” is not a number from 0.1 to 3600")
    return seconds


def parse(arguments: list[str]) -> Options:
    """The options in `arguments`; ends the process with code 2 and one line where they are wrong."""
    parser = Parser(
        prog="compare-peers.sh",
        allow_abbrev=False,
        description="Times this package's recurrent cells beside those of other engines on this machine, after "
        "checking that all computed the same. Each engine runs in a process of its own, on the same cores "
        "with the same number of threads; they take turns, and the best of many runs counts. The champion of a row "
        "is the fastest of the other engines, the ratio its time over ours: above 1, ours is faster.",
        epilog="Training is forward and backward with the gradients of all weights. The engines are installed, "
        "with the packages they need, into .build-peers/venv; together they take some gigabytes. One that "
        "cannot be installed is named and left out. Exit codes: 1 if ours computed something else than the "
        "reference or something failed, 2 for a mistake on the command line.",
    )
    parser.add_argument("--cells", type=_list(CELLS), default=list(CELLS), metavar="LIST", help=", ".join(CELLS))
    parser.add_argument("--passes", type=_list(PASSES), default=list(PASSES), metavar="LIST", help=", ".join(PASSES))
    parser.add_argument(
        "--shape",
        type=_shape,
        action="append",
        metavar="T,B,I,H",
        help=f"a shape instead of the usual ones, by its sizes or name: {', '.join(SHAPES)}; may be repeated",
    )
    cores = len(os.sched_getaffinity(0))
    usual = [1, 2] if cores > 1 else [1]
    parser.add_argument(
        "--threads", type=_threads, default=usual, metavar="LIST", help="numbers of threads (default: 1,2)"
    )
    parser.add_argument(
        "--engines", type=_list(PEERS), default=None, metavar="LIST", help=f"whom to compare with: {', '.join(PEERS)}"
    )
    parser.add_argument(
        "--ragged",
        action="store_true",
        help="sequences of 5 %% to 100 %% of T steps, packed and padded, here and in PyTorch",
    )
    parser.add_argument(
        "--seconds", type=_seconds, default=3.0, help="time for a row, beside preparation (default: %(default)s)"
    )
    parser.add_argument("--json", metavar="FILE", help="also write everything that was measured to this file")
    parser.add_argument("--venv", metavar="DIR", help="an existing virtual environment, which is used as it is")
    found = parser.parse_args(arguments)

    peers = found.engines or list(PEERS)
    if found.ragged:
        if found.engines and found.engines != ["torch"]:
            parser.error("--ragged compares with torch alone: the others have no packed sequences")
        peers = ["torch"]
    if found.json:
        folder = os.path.dirname(os.path.abspath(found.json))
        if os.path.isdir(found.json) or not os.access(folder, os.W_OK):
            parser.error(f"--json: {found.json} cannot be written")
    if found.venv and not os.access(os.path.join(found.venv, "bin", "python"), os.X_OK):
        parser.error(f"--venv: {found.venv} is no virtual environment: it has no bin/python")
    return Options(
        cells=found.cells,
        passes=found.passes,
        shapes=list(dict.fromkeys(found.shape)) if found.shape else list(SHAPES.values()),
        threads=found.threads,
        engines=peers,
        ragged=found.ragged,
        seconds=found.seconds,
        json=found.json,
        venv=found.venv,
    )


if __name__ == "__main__":
    wanted = parse(sys.argv[1:])
    print(wanted.venv or "")
    print(*wanted.engines)
