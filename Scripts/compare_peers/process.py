"""The processes of the engines: started with the same threads on the same cores, stopped while others run."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Any


class WorkerError(Exception):
    """A request that failed, or an engine whose process has ended."""


def cores_for(threads: int) -> set[int]:
    """As many of the cores that this process may use, no two on one physical core where that can be had."""
    chosen: list[int] = []
    doubles: list[int] = []
    seen: set[str] = set()
    # The last ones first: the first core is where a machine's interrupts tend to go.
    for core in sorted(os.sched_getaffinity(0), reverse=True):
        siblings = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list")
        group = siblings.read_text() if siblings.exists() else str(core)
        (doubles if group in seen else chosen).append(core)
        seen.add(group)
    return set((chosen + doubles)[:threads])


def environment_for(threads: int) -> dict[str, str]:
    """The environment variables that set the number of threads and hide graphics processors."""
    number = str(threads)
    pools = ("OMP", "OPENBLAS", "MKL", "RECURRENT")
    variables = {f"{pool}_{'' if pool == 'RECURRENT' else 'NUM_'}THREADS": number for pool in pools}
    variables |= {
        "TF_NUM_INTRAOP_THREADS": number,
        "TF_NUM_INTEROP_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "JAX_PLATFORMS": "cpu",
        "CUDA_VISIBLE_DEVICES": "",
        "XLA_FLAGS": f"--xla_cpu_multi_thread_eigen={'true' if threads > 1 else 'false'}",
        # Other libraries may read these variables too, so they are set for all alike.
        "NUMEXPR_NUM_THREADS": number,
    }
    return os.environ | variables


class OthersShare:
    """How much of the machine's processor time other processes, and other guests of its host, have used since."""

    def __init__(self) -> None:
        self._busy, self._all = self._read()

    def share(self) -> float:
        """0 to 1. Complete once all processes that were started here have ended."""
        busy, all_ = self._read()
        return min(1.0, max(0.0, (busy - self._busy) / max(all_ - self._all, 1e-9)))

    @staticmethod
    def _read() -> tuple[float, float]:
        """Seconds that others have used, and seconds there were, on all cores."""
        try:
            fields = [int(field) for field in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
        except (OSError, ValueError):
            return 0.0, 0.0
        user, nice, system, idle, io_wait, interrupt, soft_interrupt, stolen = fields
        ticks = os.sysconf("SC_CLK_TCK")
        own = os.times()
        mine = own.user + own.system + own.children_user + own.children_system
        busy = user + nice + system + interrupt + soft_interrupt + stolen
        return busy / ticks - mine, (busy + idle + io_wait) / ticks


_libc = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def _end_with_parent() -> None:
    """Lets the system end this process with the one that started it; a stopped one would not notice."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Worker:
    """One engine's process, which runs only while it is asked something.

    Between requests it is stopped by a signal. Its threads may spin while it works, which is fastest, and
    take no time from the others while it does not.
    """

    def __init__(self, command: Sequence[str], threads: int, log_folder: str) -> None:
        # A file and not a pipe, which would fill up: it is not read while the engine writes.
        self._log = tempfile.TemporaryFile(dir=log_folder)
        affinity = os.sched_getaffinity(0)
        os.sched_setaffinity(0, cores_for(threads))  # The child inherits it from its first instruction on.
        try:
            self._process: Any = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                env=environment_for(threads),
                preexec_fn=_end_with_parent,
            )
        except OSError as error:
            raise WorkerError(f"cannot be started: {error}") from error
        finally:
            os.sched_setaffinity(0, affinity)
        self._pending = b""

    def request(self, operation: str, timeout: float, **arguments: Any) -> dict[str, Any]:
        """The answer to a request; raises where that is an error, late, or does not come at all."""
        self._signal(signal.SIGCONT)
        try:
            message = json.dumps({"op": operation} | arguments) + "\n"
            self._process.stdin.write(message.encode())
            self._process.stdin.flush()
            answer: dict[str, Any] = json.loads(self._line(monotonic() + timeout))
        except (OSError, ValueError) as error:
            raise WorkerError(f"is gone: {self._last_words() or error}") from error
        finally:
            self._signal(signal.SIGSTOP)
        if "error" in answer:
            raise WorkerError(answer["error"])
        return answer

    @property
    def process_id(self) -> int:
        """The system's number of the process."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the process can still be asked something."""
        return self._process.poll() is None

    def close(self) -> None:
        """Ends the process."""
        if self.is_running:
            self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._log):
            # What was never written to a process that is gone is an error again when its pipe is closed.
            with contextlib.suppress(OSError):
                stream.close()

    def _signal(self, number: signal.Signals) -> None:
        if self.is_running:
            self._process.send_signal(number)

    def _line(self, deadline: float) -> bytes:
        while b"\n" not in self._pending:
            if not select.select([self._process.stdout], [], [], max(0.0, deadline - monotonic()))[0]:
                self.close()
                raise WorkerError("did not answer in time")
            more = os.read(self._process.stdout.fileno(), 1 << 16)
            if not more:
                raise OSError("it ended without an answer")
            self._pending += more
        line, _, self._pending = self._pending.partition(b"\n")
        return line

    def _last_words(self) -> str:
        if self._log.closed:
            return ""
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return lines[-1][:300] if lines else ""
