"""Runs the comparison: starts the engines, checks that they agree, times them in turn, prints the tables."""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from .options import Options, parse
from .process import OthersShare, Worker, WorkerError
from .reference import TOLERANCE, clear_padding, largest_difference, random_numbers, reference_results
from .report import OURS, OURS_DENSE, Row, Times, as_json, heading, machine_lines, summary, table, write_json
from .tensor_file import Array, read_tensors, write_tensors
from .timing import Contender, interleave
from .workload import Shape, Workload

# Long enough for a compiler of graphs on a busy machine; a process that hangs should still not stop the others.
START_TIMEOUT, TASK_TIMEOUT = 180.0, 300.0


class OursFailed(Exception):
    """Our own engine failed or disagrees with the reference."""


def main(arguments: list[str]) -> int:
    """Compares as `arguments` say, and gives the exit code."""
    options = parse(arguments)
    # So that a signal still ends the engines and removes the files.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="compare-peers-") as folder:
        try:
            return Comparison(options, Path(folder)).run()
        except OursFailed as problem:
            progress("")
            print(f"compare-peers.sh: ours {problem}", file=sys.stderr)
        except OSError as problem:
            progress("")
            print(f"compare-peers.sh: {problem}", file=sys.stderr)
        except KeyboardInterrupt:
            progress("")
            return 130
    return 1


def progress(text: str) -> None:
    """Shows progress on standard error: on a terminal in a line that is overwritten."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}")
    elif text:
        sys.stderr.write(text + "\n")
    sys.stderr.flush()


def note(text: str) -> None:
    """A line on standard error that is not overwritten."""
    progress("")
    print(text, file=sys.stderr, flush=True)


def ragged_lengths(shape: Shape) -> tuple[int, ...]:
    """Lengths uniform in 5 % to 100 % of T, the same every time, falling."""
    generator = random.Random(1)
    shortest = (shape.T + 19) // 20
    return tuple(sorted((generator.randint(shortest, shape.T) for _ in range(shape.B)), reverse=True))


@dataclass(frozen=True)
class Entrant:
    """One engine in one of its variants."""

    command: list[str]
    """Starts its process."""
    pads: bool = False
    """Whether it is given a ragged batch as a padded one."""


def entrants(options: Options) -> dict[str, Entrant]:
    """All entrants, by name."""
    ours = [os.environ.get("COMPARE_PEERS_OURS", ".build/release/Benchmarks"), "--worker"]
    peers = {name: [sys.executable, "-m", "compare_peers.worker", name] for name in options.engines}
    found = {OURS: Entrant(ours)} | {name: Entrant(command) for name, command in peers.items()}
    if options.ragged:
        # PyTorch's packed passes take up to twice the time of its padded ones, so padding is the faster way to use it.
        found[OURS_DENSE] = Entrant(ours, pads=True)
        found |= {f"{name}, padded": Entrant(command, pads=True) for name, command in peers.items()}
    return found


@dataclass
class Task:
    """A row's workload, with the inputs of all engines and the results they must give."""

    workload: Workload
    numbers: Path
    wanted: dict[str, Array]


class Comparison:
    """One comparison, from the first process to the last table."""

    def __init__(self, options: Options, folder: Path) -> None:
        self.options = options
        self.folder = folder
        self.machine: dict[str, Any] = {}
        self.versions: dict[str, str] = {}
        self.missing: dict[str, str] = {}
        self.rows: list[Row] = []
        self.references: dict[tuple[str, Shape], dict[str, Array]] = {}

    def run(self) -> int:
        """All rows, then the summary."""
        others = OthersShare()
        for threads in self.options.threads:
            with self._workers(threads) as workers:
                for pass_ in self.options.passes:
                    rows = [self._row(task, workers) for task in self._tasks(pass_, threads)]
                    progress("")
                    print(f"{heading(pass_, threads)}\n\n{table(rows)}\n", flush=True)
        print(summary(self.rows), end="\n\n")
        self.machine["othersShare"] = others.share()
        print(machine_lines(self.machine, self.versions))
        for name, reason in self.missing.items():
            print(f"{name:<15} left out: {reason}")
        for row in self.rows:
            for name, reason in row.left_out.items():
                print(f"{name:<15} left out of {row.workload}: {reason}")
        if self.options.json:
            write_json(as_json(self.rows, self.machine, self.versions, self.missing), self.options.json)
        return 0

    @contextmanager
    def _workers(self, threads: int) -> Iterator[dict[str, Worker]]:
        """The processes of all engines that start, with `threads` threads each."""
        workers: dict[str, Worker] = {}
        try:
            for name, entrant in entrants(self.options).items():
                if name in self.missing:
                    continue
                progress(f"starting {name}")
                try:
                    workers[name] = Worker(entrant.command, threads, str(self.folder))
                    reply = workers[name].request("hello", START_TIMEOUT)
                except WorkerError as problem:
                    if name in (OURS, OURS_DENSE):
                        raise OursFailed(str(problem)) from problem
                    note(f"{name} is left out: {problem}")
                    self.missing[name] = str(problem)
                    if worker := workers.pop(name, None):
                        worker.close()
                    continue
                if not entrant.pads:
                    self.versions[name] = reply["version"]
                if name == OURS and not self.machine:
                    # The process that answers runs on a part of the cores.
                    self.machine = reply["machine"] | {"threads": len(os.sched_getaffinity(0))}
            yield workers
        finally:
            for worker in workers.values():
                worker.close()

    def _tasks(self, pass_: str, threads: int) -> Iterator[Task]:
        """One task for each cell and shape; its files are gone when the next is asked for."""
        for cell in self.options.cells:
            for shape in self.options.shapes:
                lengths = ragged_lengths(shape) if self.options.ragged else Workload.dense_lengths(shape)
                workload = Workload(cell, pass_, shape, threads, lengths)
                progress(f"{len(self.rows) + 1}/{self._row_count} {workload}: reference")
                numbers = random_numbers(cell, shape)
                # The loss knows no padding, so that padded passes give the same gradients.
                clear_padding(numbers["dOutputs"], lengths)
                path = self.folder / "numbers"
                write_tensors(path, numbers)
                yield Task(workload, path, self._wanted(workload, numbers))
                path.unlink()

    def _wanted(self, workload: Workload, numbers: dict[str, Array]) -> dict[str, Array]:
        """The reference, computed once for all passes and threads."""
        key = (workload.cell, workload.shape)
        if key not in self.references:
            whole = replace(workload, pass_="training" if "training" in self.options.passes else workload.pass_)
            self.references[key] = reference_results(whole, numbers)
        found = self.references[key]
        return found if workload.pass_ == "training" else {"outputs": found["outputs"]}

    @property
    def _row_count(self) -> int:
        options = self.options
        return len(options.threads) * len(options.passes) * len(options.cells) * len(options.shapes)

    def _row(self, task: Task, workers: dict[str, Worker]) -> Row:
        """Prepares, checks and times one workload on all engines."""
        row = Row(task.workload)
        self.rows.append(row)
        where = f"{len(self.rows)}/{self._row_count} {task.workload}"
        contenders: dict[str, Contender] = {}
        variants: dict[str, str] = {}
        for name, worker in list(workers.items()):
            progress(f"{where}: {name}")
            try:
                reply = self._prepare(name, worker, task)
                if "unsupported" in reply:
                    continue
                variants[name] = reply.get("variant", "")
                self._check(name, worker, task, row)
            except WorkerError as problem:
                self._leave_out(name, str(problem), row, workers)
                continue
            contenders[name] = Contender(partial(_run, worker))

        progress(f"{where}: timing")
        rivals = contenders.keys() - {OURS, OURS_DENSE}
        for name, reason in interleave(contenders, rivals, self.options.seconds).items():
            self._leave_out(name, reason, row, workers)
        for name, contender in contenders.items():
            row.times[name] = Times(contender.best, contender.median, len(contender.seconds), variants[name])
        return row

    def _prepare(self, name: str, worker: Worker, task: Task) -> dict[str, Any]:
        workload = task.workload
        pads = entrants(self.options)[name].pads
        lengths = Workload.dense_lengths(workload.shape) if pads else workload.lengths
        return worker.request(
            "prepare",
            TASK_TIMEOUT,
            cell=workload.cell,
            **{"pass": workload.pass_},
            shape=str(workload.shape),
            threads=workload.threads,
            lengths=lengths,
            file=str(task.numbers),
        )

    def _check(self, name: str, worker: Worker, task: Task, row: Row) -> None:
        """Compares what an engine computes with the reference, and raises where they differ."""
        path = self.folder / "results"
        worker.request("check", TASK_TIMEOUT, file=str(path))
        found = read_tensors(path)
        if "outputs" in found:
            # A padded pass computes steps that no sequence has.
            clear_padding(found["outputs"], task.workload.lengths)
        difference, tensor = largest_difference(found, task.wanted)
        path.unlink()
        row.differences[name] = difference
        if difference > TOLERANCE:
            raise WorkerError(f"its {tensor} differ from the reference by {difference:.1e} of the largest number")

    def _leave_out(self, name: str, reason: str, row: Row, workers: dict[str, Worker]) -> None:
        """Records that an engine has no time in a row, and drops it where its process has ended."""
        if name in (OURS, OURS_DENSE):
            raise OursFailed(f"failed at {row.workload}: {reason}")
        note(f"{name} is left out of {row.workload}: {reason}")
        row.left_out[name] = reason
        if not workers[name].is_running:
            workers.pop(name).close()


def _run(worker: Worker, warmups: int, repetitions: int) -> list[float]:
    reply = worker.request("run", TASK_TIMEOUT, warmups=warmups, repetitions=repetitions)
    return [float(seconds) for seconds in reply["seconds"]]
