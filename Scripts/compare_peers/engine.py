"""The interface of an engine to its process, and the choice among several ways to use one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Protocol

from .tensor_file import Array
from .workload import Workload


class Unsupported(Exception):
    """The engine has no such pass."""


@dataclass
class Prepared:
    """A pass that is ready to run."""

    run: Callable[[], Any]
    """Carries out the pass once, until all of its results are there."""
    results: Callable[[Any], dict[str, Array]]
    """Turns what `run` returned into outputs [T, B, H] and the weights' gradients, by PyTorch's names."""
    variant: str = ""
    """Which of several ways it is, where the engine has more than one."""


class Engine(Protocol):
    """The interface of the class in a file `engine_<name>.py`."""

    version: str

    def __init__(self, threads: int) -> None: ...

    def prepare(self, workload: Workload, numbers: dict[str, Array]) -> Prepared: ...


def fastest(candidates: list[Callable[[], Prepared]], seconds: float = 0.4) -> Prepared:
    """The fastest of several ways to compute the same, by the best of the runs that fit `seconds` each.

    Each is run once before. One that raises is no candidate, as long as another remains.
    """
    found: list[tuple[float, Prepared]] = []
    problems: list[Exception] = []
    for make in candidates:
        try:
            prepared = make()
            prepared.run()
        except Exception as error:  # noqa: BLE001  engines raise whatever they like
            problems.append(error)
            continue
        times: list[float] = []
        while sum(times) < seconds and len(times) < 200:
            times += timed(prepared.run, 1)
            if found and len(times) > 2 and min(times) > 2 * min(best for best, _ in found):
                break  # It will not be chosen.
        found.append((min(times), prepared))
    if not found:
        raise problems[0]
    return min(found, key=lambda pair: pair[0])[1]


def timed(run: Callable[[], Any], repetitions: int) -> list[float]:
    """The time of each of `repetitions` runs, in seconds."""
    times = []
    for _ in range(repetitions):
        start = perf_counter()
        run()
        times.append(perf_counter() - start)
    return times
