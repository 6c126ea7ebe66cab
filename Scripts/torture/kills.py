"""Trainings that are killed, or lose their disk, at random moments, and go on to the same bits."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from .process import Limits, Run
from .tally import Tally
from .training import Training, sum_of, write_data

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
# Interruptions of one training before it is left alone.
MAX_INTERRUPTIONS = 4
# What a run that failed says: how to go on, or that it has not begun, or that nobody can read it.
HINTS = ("--resume", "cannot be locked", "recurrent-run.txt: cannot be written", "standard output")


def is_root() -> bool:
    return os.geteuid() == 0


@contextlib.contextmanager
def temporary_disk(megabytes: float) -> Iterator[Path | None]:
    """A file system in memory; `None` where this user may not mount one."""
    with tempfile.TemporaryDirectory() as name:
        options = f"size={int(megabytes * 1024)}k"
        mount = ["mount", "-t", "tmpfs", "-o", options, "torture", name]
        if not is_root() or subprocess.run(mount, capture_output=True).returncode:
            yield None
            return
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", "--lazy", name], check=False)


class Kills:
    """Disturbs a training, resumes it and compares what it made."""

    def __init__(self, training: Training, generator: random.Random) -> None:
        self.training = training
        self.generator = generator

    # MARK: - Disturbances, each of which lets the training go on afterwards

    def kill(self, begun: Run, folder: Path) -> Callable[[], None]:
        begun.send(self.generator.choice(SIGNALS))
        return lambda: None

    def limit_file_size(self, begun: Run, folder: Path) -> Callable[[], None]:
        with contextlib.suppress(ProcessLookupError):
            limit = self.generator.choice((0, 1, 1000, 20_000))
            resource.prlimit(begun.identifier, resource.RLIMIT_FSIZE, (limit, limit))
        return lambda: None

    def fill_disk(self, begun: Run, folder: Path) -> Callable[[], None]:
        ballast = folder / "ballast"
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        return lambda: ballast.unlink(missing_ok=True)

    def make_read_only(self, begun: Run, folder: Path) -> Callable[[], None]:
        if is_root():
            # The system refuses while a file is being written.
            for _ in range(100):
                if not subprocess.run(["mount", "-o", "remount,ro", str(folder)], capture_output=True).returncode:
                    break
            return lambda: subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)
        folder.chmod(0o555)
        return lambda: folder.chmod(0o755)

    # MARK: - Runs

    def disturbed(self, tally: Tally, folder: Path, disturb: Callable[[Run, Path], Callable[[], None]]) -> None:
        """One training with up to `MAX_INTERRUPTIONS` disturbances, and then to its end."""
        write_data(folder)
        allowed = (0, 1, 2, *(-number for number in SIGNALS)) if disturb == self.kill else (0, 1, 2)
        arguments: tuple[str, ...] = ()
        for _ in range(self.generator.randint(1, MAX_INTERRUPTIONS)):
            begun = self.training.begin(folder, *arguments)
            # Most often in the middle, and sometimes after the end.
            mend = None
            if not begun.ends_within(self.generator.uniform(0, 1.1) * self.training.seconds):
                mend = disturb(begun, folder)
            ending = begun.ending()
            if mend:
                mend()
            if not tally.count(ending, allowed, folder):
                return
            if ending.status == 1 and not any(word in ending.error for word in HINTS):
                tally.find(f"does not say how to go on: {ending.message}", ending, folder)
                return
            arguments = ("--resume",)
            if ending.status == 0:
                break
        if ending.status != 0:
            mend = None
            ending = self.training.run(folder, *arguments)
            if not tally.count(ending, (0,), folder):
                return
        if sum_of(folder / "model.safetensors") != self.training.sum:
            tally.find("other bits than without a disturbance", ending, folder)
        elif (left := leftovers(folder)) and not (disturb == self.make_read_only and mend):
            # From a disk that became read-only in its last moment a run cannot remove anything.
            tally.find(f"left behind: {', '.join(sorted(left))}", ending, folder)
        else:
            tally.counts["same bits"] += 1

    def in_folder(self, tally: Tally, disturb: Callable[[Run, Path], Callable[[], None]]) -> None:
        with tempfile.TemporaryDirectory() as name:
            self.disturbed(tally, Path(name), disturb)

    def on_disk(self, tally: Tally, megabytes: float, disturb: Callable[[Run, Path], Callable[[], None]]) -> None:
        with temporary_disk(megabytes) as folder:
            if folder:
                self.disturbed(tally, folder, disturb)
            else:
                tally.skipped = "not run: needs to mount a tmpfs"


def leftovers(folder: Path) -> set[str]:
    """What is in the folder beside the data and the model."""
    return {path.name for path in folder.iterdir()} - {"wave.csv", "book.txt", "model.safetensors"}


def outputs(training: Training) -> Tally:
    """Outputs that are no plain new file: refused before the training, or replaced as they should be."""
    tally = Tally("output is no plain file")
    for kind in ("folder", "pipe", "device", "broken link", "link", "long name", "missing folder"):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_data(folder)
            output = folder / "model.safetensors"
            target = folder / "target.safetensors"
            wanted = 2
            match kind:
                case "folder":
                    output.mkdir()
                case "pipe":
                    os.mkfifo(output)
                case "device":
                    output = Path("/dev/full")
                case "broken link":
                    output.symlink_to(target.name)
                    wanted = 0
                case "link":
                    target.write_bytes(b"old")
                    output.symlink_to(target.name)
                    wanted = 0
                case "long name":
                    output = folder / ("n" * 255)
                case "missing folder":
                    output = folder / "missing" / "model.safetensors"
            ending = training.run(folder, output=str(output), limits=Limits(processor=120, clock=120))
            if not tally.count(ending, keep=folder):
                continue
            if ending.status != wanted:
                tally.find(f"{kind}: exit code {ending.status}, wanted {wanted}: {ending.message}", ending)
            elif kind in ("link", "broken link"):
                if not output.is_symlink() or sum_of(target) != training.sum:
                    tally.find(f"{kind}: its target was not replaced", ending)
                else:
                    tally.counts["same bits"] += 1
    return tally


def read_only_folder(training: Training) -> Tally:
    """A folder that nothing may be written to, from the start."""
    tally = Tally("read-only folder")
    with temporary_disk(2) as disk, tempfile.TemporaryDirectory() as name:
        folder = disk or Path(name)
        if not disk and is_root():
            tally.skipped = "not run: root writes to any folder, and cannot mount here"
            return tally
        write_data(folder)
        if disk:
            subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        else:
            folder.chmod(0o555)
        ending = training.run(folder)
        if tally.count(ending) and ending.status != 2:
            tally.find(f"exit code {ending.status}, wanted 2", ending)
        folder.chmod(0o755) if not disk else None
    return tally
