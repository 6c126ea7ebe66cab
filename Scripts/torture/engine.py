"""Sizes that no program means, and memory that must not grow: Tests/EngineProbe, a call in a process."""

from __future__ import annotations

import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from .process import MEGABYTE, Ending, Limits, run
from .surroundings import OUT_OF_MEMORY
from .tally import Tally

SIZES = ("0", "1", "-1", "2147483648", str(2**63 - 1))
# What a call may have: what asks for more is refused, with a message of the memory's if not one of ours.
LIMITS = Limits(address_space=4096 * MEGABYTE)


def try_size(probe: Path, name: str, size: str) -> tuple[str | None, Ending]:
    """Calls the function `name` with `size`; what is wrong with the way that ended."""
    with tempfile.TemporaryDirectory() as folder:
        ending = run([probe, "size", name, size], Path(folder), LIMITS)
    # A programmer's mistake stops the program with a message.
    has_message = "atal error: " in ending.error or OUT_OF_MEMORY.search(ending.error)
    return (None if ending.status < 0 and has_message and not ending.is_late else ending.finding()), ending


def sizes(probe: Path) -> Tally:
    """Every function that takes a size, with each of `SIZES`."""
    tally = Tally("sizes")
    names = run([probe, "list"], Path("/")).output.split()
    with ProcessPoolExecutor(max_workers=2) as workers:
        calls = [workers.submit(try_size, probe, name, size) for name in names for size in SIZES]
        for call in calls:
            finding, ending = call.result()
            if finding:
                tally.find(finding, ending)
            else:
                tally.counts["ok" if ending.status == 0 else "refused"] += 1
    return tally


def memory(probe: Path) -> Tally:
    """Many trainings and many steps in one process, whose memory is that after the first."""
    tally = Tally("memory of 1000 models")
    for what, count in (("trainings", 1000), ("steps", 1_000_000)):
        ending = run([probe, what, str(count)], Path("/"), Limits(processor=600, clock=1800))
        tally.count(ending, (0,))
    return tally
