"""Trainings with little memory, few files, few processes, a wrong clock and busy neighbours: the same bits, or a word."""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import sleep

from . import tracing
from .kills import is_root
from .process import MEGABYTE, Ending, Limits, Run
from .tally import Tally
from .training import Training, sum_of, write_data

NOBODY = 65534
# A program for which there is no memory can only say so and stop; these are the ways in which Swift, the C library, OpenBLAS
# and the dynamic loader do.
OUT_OF_MEMORY = re.compile(
    r"failed to allocate|Could not allocate|[Mm]emory allocation|out of memory|cannot allocate memory|bad_alloc"
    # OpenBLAS stops the program by a signal where it gets no thread, before ours begins.
    r"|error while loading shared libraries|failed to map|no memory for|pthread_create failed",
    re.IGNORECASE,
)


def count_same_bits(
    tally: Tally, training: Training, folder: Path, ending: Ending, may_be_alone: bool = False
) -> None:
    """Counts a model that is the undisturbed one, or one of a single thread where there may be no memory for a second."""
    found = sum_of(folder / "model.safetensors")
    if found == training.sum or may_be_alone and found == training.sum_alone:
        tally.counts["same bits"] += 1
    else:
        tally.find("other bits than without a disturbance", ending)


def limited(tally: Tally, training: Training, limits: Limits) -> None:
    """A training under `limits`, and one without them that goes on from what it left."""
    limits = replace(limits, processor=120)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        write_data(folder)
        ending = training.begin(folder, limits=limits).ending()
        said_so = ending.status != 0 and OUT_OF_MEMORY.search(ending.error)
        if said_so:
            tally.counts["refused"] += 1
        elif not tally.count(ending):
            return
        if ending.status:
            # What the run left need not belong to the user who goes on.
            ending = training.begin(
                folder, "--resume", limits=replace(Limits(processor=120), user=limits.user)
            ).ending()
            if not tally.count(ending, (0,)):
                return
        count_same_bits(tally, training, folder, ending, may_be_alone=True)


def memory(training: Training, generator: random.Random) -> Tally:
    tally = Tally("limit on memory")
    for megabytes in (16, 64, 128, 192, 256, 384, 512, 1024, generator.randrange(64, 1024)):
        limited(tally, training, Limits(address_space=megabytes * MEGABYTE))
    return tally


def files(training: Training) -> Tally:
    tally = Tally("limit on open files")
    for count in (3, 4, 5, 6, 8, 16):
        limited(tally, training, Limits(files=count))
    return tally


def processes(training: Training) -> Tally:
    tally = Tally("limit on processes")
    with tempfile.TemporaryDirectory() as name:
        if is_root():
            # Limits on processes do not bind root, and what is root's may be out of another's reach.
            folder = Path(name)
            folder.chmod(0o755)
            copy = folder / "rnn"
            shutil.copy(training.rnn, copy)
            if Run([copy, "--version"], Path("/"), Limits(user=NOBODY)).ending().status:
                tally.skipped = "not run: another user cannot run the tool here"
                return tally
            training = replace(training, rnn=copy)
        for count in (0, 1, 2, 8):
            limited(tally, training, Limits(processes=count, user=NOBODY if is_root() else None))
    return tally


# MARK: - The clock


def clock(training: Training, generator: random.Random) -> Tally:
    """A wall clock that jumps back and forth."""
    tally = Tally("clock going back")
    compiler = shutil.which("clang") or shutil.which("cc")
    if not compiler:
        tally.skipped = "not run: needs a C compiler"
        return tally
    with tempfile.TemporaryDirectory() as name:
        outside = Path(name)
        library, file, folder = outside / "clock.so", outside / "clock", outside / "training"
        source = Path(__file__).with_name("shifted_clock.c")
        subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", library, source], check=True)
        folder.mkdir()
        write_data(folder)
        file.write_bytes(struct.pack("=qq", 0, 0))
        environment = {"LD_PRELOAD": str(library), "TORTURE_CLOCK": str(file)}
        begun = training.begin(folder, environment=environment)
        try:
            with file.open("r+b", buffering=0) as clock:
                while not begun.ends_within(0.01):
                    os.pwrite(clock.fileno(), struct.pack("=q", generator.choice(SHIFTS)), 0)
        finally:
            ending = begun.ending()
        if tally.count(ending, (0,)):
            if struct.unpack("=qq", file.read_bytes())[1] == 0:
                tally.find("the clock was never read, so nothing was tried", ending)
            count_same_bits(tally, training, folder, ending)
    return tally


# By how many seconds the clock is wrong: hours, months and half a century either way, and before 1970.
SHIFTS = (0, -3600, 3600, -40 * 86_400, 30 * 86_400, -50 * 365 * 86_400, 50 * 365 * 86_400, -60 * 365 * 86_400)


# MARK: - Neighbours


@contextlib.contextmanager
def spinning(count: int, nice: int) -> Iterator[None]:
    """Programs that want all of a core."""
    programs = [
        subprocess.Popen([sys.executable, "-c", f"import os\nos.nice({nice})\nwhile True: pass"]) for _ in range(count)
    ]
    try:
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


@contextlib.contextmanager
def quota(share: float) -> Iterator[Path | None]:
    """A control group that gets this share of one core; `None` where this user may not make one."""
    group = Path("/sys/fs/cgroup") / f"recurrent-torture-{os.getpid()}"
    try:
        group.mkdir()
        (group / "cpu.max").write_text(f"{int(share * 50_000)} 50000")
    except OSError:
        with contextlib.suppress(OSError):
            group.rmdir()
        yield None
        return
    try:
        yield group
    finally:
        with contextlib.suppress(OSError):
            group.rmdir()


class Neighbours:
    """Disturbs a training without ending it."""

    def __init__(self, training: Training, generator: random.Random) -> None:
        self.training = training
        self.generator = generator

    def undisturbed_by(self, tally: Tally, disturb) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_data(folder)
            begun = self.training.begin(folder, limits=Limits(processor=120, clock=600))
            disturb(begun)
            ending = begun.ending()
            if tally.count(ending, (0,)):
                count_same_bits(tally, self.training, folder, ending)

    def stop_and_continue(self, begun: Run) -> None:
        while not begun.ends_within(self.generator.uniform(0.001, 0.1)):
            begun.send(signal.SIGSTOP)
            begun.ends_within(self.generator.uniform(0.001, 0.05))
            begun.send(signal.SIGCONT)

    def move_threads(self, begun: Run) -> None:
        """Puts single threads on other cores, alone or all on one, and changes their priorities."""
        cores = sorted(os.sched_getaffinity(0))
        while not begun.ends_within(self.generator.uniform(0.005, 0.05)):
            with contextlib.suppress(OSError):
                for thread in os.listdir(f"/proc/{begun.identifier}/task"):
                    with contextlib.suppress(OSError):
                        os.sched_setaffinity(int(thread), {self.generator.choice(cores)})
                        os.setpriority(os.PRIO_PROCESS, int(thread), self.generator.choice((0, 5, 19)))

    def stop_threads(self, begun: Run) -> None:
        """Stops one thread at a time, while the others go on."""
        while not begun.ends_within(self.generator.uniform(0.001, 0.02)):
            with contextlib.suppress(FileNotFoundError):
                thread = int(self.generator.choice(os.listdir(f"/proc/{begun.identifier}/task")))
                with tracing.stopped(thread):
                    sleep(self.generator.uniform(0.001, 0.05))

    def campaign(self) -> Tally:
        tally = Tally("neighbours")
        cores = len(os.sched_getaffinity(0))
        self.undisturbed_by(tally, self.stop_and_continue)
        try:
            self.undisturbed_by(tally, self.stop_threads)
        except PermissionError:
            tally.skipped = "no single threads: the system forbids tracing. "
        self.undisturbed_by(tally, self.move_threads)
        for count, nice in ((cores, 0), (2 * cores + 1, 10)):
            with spinning(count, nice):
                self.undisturbed_by(tally, lambda begun: None)
                self.undisturbed_by(tally, self.move_threads)
        with quota(0.6) as group:
            if group:
                self.undisturbed_by(tally, lambda begun: (group / "cgroup.procs").write_text(str(begun.identifier)))
            else:
                tally.skipped += "no quota: needs to make a control group"
        return tally
