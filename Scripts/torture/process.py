"""Runs of a tool under limits, and how they ended."""

from __future__ import annotations

import fcntl
import os
import resource
import select
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

MEGABYTE = 1 << 20
# The longest that the start of a message may be which a report quotes.
MAX_MESSAGE = 4000


@dataclass(frozen=True)
class Limits:
    """The limits on a run; `None` for none."""

    # Processor time and time on the clock, in seconds. A run that needs more hangs; a busy machine takes none of the first.
    processor: int = 20
    clock: float = 300
    # The memory that is resident at any moment, in bytes. The system does not enforce it: it is read afterwards.
    resident: int | None = None
    # Address space in bytes, which the threads' stacks and OpenBLAS's buffers take a lot of without touching it.
    address_space: int | None = None
    files: int | None = None
    processes: int | None = None
    # The size of a file in bytes.
    file_size: int | None = None
    # Whom the run belongs to: limits on processes bind everybody but root.
    user: int | None = None

    def impose(self) -> None:
        """Imposes them on this process."""
        if self.user is not None and os.geteuid() == 0:
            os.setgroups([])
            os.setgid(self.user)
            os.setuid(self.user)
        for kind, limit in (
            (resource.RLIMIT_CPU, self.processor),
            (resource.RLIMIT_AS, self.address_space),
            (resource.RLIMIT_NOFILE, self.files),
            (resource.RLIMIT_NPROC, self.processes),
            (resource.RLIMIT_FSIZE, self.file_size),
        ):
            if limit is not None:
                # At the first limit on time there is a signal of its own, at the second no mercy.
                resource.setrlimit(kind, (limit, limit + (kind == resource.RLIMIT_CPU)))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@dataclass(frozen=True)
class Ending:
    """How a run ended."""

    command: list[str]
    # The exit code; below zero, the signal.
    status: int
    processor_seconds: float
    # The largest resident memory, in bytes.
    resident: int
    output: str
    error: str
    is_late: bool
    limits: Limits

    @property
    def message(self) -> str:
        """The first line of the error that says something."""
        return next((line for line in self.error.splitlines() if line.strip()), "")

    def finding(self, allowed: Sequence[int] = (0, 1, 2)) -> str | None:
        """What is wrong with the way it ended; `None` for nothing."""
        if self.is_late or self.status == -signal.SIGXCPU or self.processor_seconds > self.limits.processor:
            return f"hang: {self.processor_seconds:.0f} s of processor time"
        if self.limits.resident and self.resident > self.limits.resident:
            return f"overrun: {self.resident // MEGABYTE} MB, allowed {self.limits.resident // MEGABYTE} MB"
        if self.status not in allowed:
            how = f"signal {-self.status}" if self.status < 0 else f"exit code {self.status}"
            return f"crash: {how}: {self.message[:200]}"
        if self.status in (1, 2) and not (self.message or self.output.strip()):
            return f"exit code {self.status} without a word"
        return None


class Run:
    """A run that has begun."""

    def __init__(
        self,
        command: Sequence[str | Path],
        folder: Path,
        limits: Limits = Limits(),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.command = [str(word) for word in command]
        self.limits = limits
        self._output = tempfile.TemporaryFile()
        # A pipe, as a limit on the size of files would silence a file.
        self._error, error = os.pipe()
        fcntl.fcntl(self._error, fcntl.F_SETPIPE_SZ, MEGABYTE)
        # A stack trace takes seconds, and the message is enough.
        variables = os.environ | {"SWIFT_BACKTRACE": "enable=no"} | dict(environment or {})
        self._began = monotonic()
        self._process = subprocess.Popen(
            self.command,
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=error,
            preexec_fn=limits.impose,
        )
        os.close(error)
        self.identifier = self._process.pid
        self._handle = os.pidfd_open(self.identifier)

    def ends_within(self, seconds: float) -> bool:
        """Whether it ends in this time."""
        return bool(select.select([self._handle], [], [], max(0, seconds))[0])

    def send(self, number: int) -> None:
        """Sends a signal; nothing happens where the run is over."""
        if not self.ends_within(0):
            signal.pidfd_send_signal(self._handle, number)

    def ending(self) -> Ending:
        """Waits for the end, which is brought about where it takes too long."""
        is_late = not self.ends_within(self._began + self.limits.clock - monotonic())
        if is_late:
            self.send(signal.SIGKILL)
        _, status, usage = os.wait4(self.identifier, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        os.close(self._handle)
        return Ending(
            self.command,
            self._process.returncode,
            usage.ru_utime + usage.ru_stime,
            usage.ru_maxrss * 1024,
            self._text(self._output),
            self._text(os.fdopen(self._error, "rb")),
            is_late,
            self.limits,
        )

    @staticmethod
    def _text(file) -> str:
        if file.seekable():
            file.seek(0)
        text = file.read(MAX_MESSAGE).decode("utf-8", "replace")
        file.close()
        return text


def run(
    command: Sequence[str | Path],
    folder: Path,
    limits: Limits = Limits(),
    environment: Mapping[str, str] | None = None,
    meanwhile: Callable[[Run], None] | None = None,
) -> Ending:
    """Runs a command to its end, and calls `meanwhile` while it runs."""
    begun = Run(command, folder, limits, environment)
    if meanwhile:
        meanwhile(begun)
    return begun.ending()
