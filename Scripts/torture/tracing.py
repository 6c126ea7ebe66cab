"""Stops single threads of a child, which SIGSTOP cannot: it stops all of its process."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterator
from time import monotonic, sleep

# From <sys/ptrace.h> and <sys/wait.h>.
_SEIZE, _INTERRUPT, _DETACH = 0x4206, 0x4207, 17
_ANY_CHILD = 0x40000000
# How long a thread may take to stop, in seconds; one that sleeps in the system stops at once.
_MAX_WAIT = 1.0

_library = ctypes.CDLL(None, use_errno=True)
_library.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_library.ptrace.restype = ctypes.c_long


def _trace(request: int, thread: int) -> None:
    if _library.ptrace(request, thread, None, None) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _has_stopped(thread: int) -> bool:
    """Waits until a thread stops; an end is left to whoever waits for the process."""
    limit = monotonic() + _MAX_WAIT
    while monotonic() < limit:
        if os.waitid(os.P_PID, thread, os.WSTOPPED | os.WNOHANG | _ANY_CHILD):
            return True
        sleep(0.0005)
    return False


@contextlib.contextmanager
def stopped(thread: int) -> Iterator[bool]:
    """Keeps one thread of a child from running. Yields whether it stopped: it may have ended before.

    Raises PermissionError where the system forbids tracing.
    """
    try:
        _trace(_SEIZE, thread)
    except ProcessLookupError:
        yield False
        return
    try:
        _trace(_INTERRUPT, thread)
        has_stopped = _has_stopped(thread)
    except (ProcessLookupError, ChildProcessError):
        yield False
        return
    yield has_stopped
    with contextlib.suppress(ProcessLookupError):
        _trace(_DETACH, thread)
