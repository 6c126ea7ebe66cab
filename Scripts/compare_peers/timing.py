"""Several contenders timed in turn, so that changes in the speed of a shared machine affect all alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from statistics import median
from time import monotonic

# Runs `repetitions` times after `warmups` runs that do not count, and gives the seconds of each.
Run = Callable[[int, int], list[float]]


@dataclass
class Contender:
    """The times of one engine, and how to run it."""

    run: Run
    seconds: list[float] = field(default_factory=list)
    used: float = 0.0
    """The time it has had."""
    best: float = inf
    """Its fastest run."""

    def take(self, warmups: int, repetitions: int) -> None:
        """Runs it."""
        seconds = self.run(warmups, repetitions)
        self.seconds += seconds
        self.used += sum(seconds)
        self.best = min(self.best, *seconds)

    @property
    def median(self) -> float:
        """The middle run."""
        return median(self.seconds)


# Seconds of one contender's turn: long against the cost of waking its process and filling its caches again.
TURN = 0.05
# A rival this many times slower than the fastest one need not have the minimum number of runs.
HOPELESS = 1.5
# The limit on the weight of a slow rival's time. It keeps some turns, so that one disturbance of the machine does not
# decide which is the fastest.
MOST_WEIGHT = 10
LEAST, MOST = 3, 20_000


def interleave(contenders: dict[str, Contender], rivals: set[str], budget: float) -> dict[str, str]:
    """Times `contenders` in turn for about `budget` seconds in all, and gives the errors of those that failed.

    First each has one turn. Then the one with the least total time is next. Those named in
    `rivals` race for the first place among them, so the time of one that is k times slower than the fastest counts
    for k squared as much. Contenders that fail are removed from `contenders`.
    """
    errors: dict[str, str] = {}
    begin = monotonic()

    def take_turn(name: str) -> None:
        contender = contenders[name]
        try:
            if not contender.seconds:
                contender.take(0, 1)  # Shows how often it fits a turn.
            repetitions = max(1, min(MOST, int(TURN / contender.best)))
            # One run of a long pass is its own warm-up: little of what it works on fits a cache.
            contender.take(1 if repetitions > 2 else 0, repetitions)
        except Exception as error:  # noqa: BLE001  whatever an engine fails with, the others go on
            errors[name] = str(error)
            del contenders[name]

    for name in list(contenders):
        take_turn(name)
    while True:
        is_over = monotonic() - begin >= budget
        fastest = min((contenders[name].best for name in rivals & contenders.keys()), default=1.0)
        slowness = {name: contenders[name].best / fastest if name in rivals else 1.0 for name in contenders}
        waiting = {
            name: contender.used * min(slowness[name] ** 2, MOST_WEIGHT)
            for name, contender in contenders.items()
            if len(contender.seconds) < (LEAST if is_over else MOST) and not (is_over and slowness[name] > HOPELESS)
        }
        if not waiting:
            return errors
        take_turn(min(waiting, key=lambda name: waiting[name]))
