"""Runs the campaigns; Scripts/torture.sh has built what they run."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from . import engine, mutated, surroundings
from .kills import Kills, outputs, read_only_folder
from .tally import Tally, table
from .training import Training

CAMPAIGNS = ("kills", "mutations", "limits", "clock", "neighbours", "memory", "sizes")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="torture.sh", description="Disturbs trainings and readers of files; see Scripts/torture.sh."
    )
    parser.add_argument(
        "--minutes", type=float, default=2, help="time for kills, and for mutations; the others run once (default 2)"
    )
    parser.add_argument("--mutations", type=int, metavar="N", help="try N mutated files, however long it takes")
    parser.add_argument("--seed", type=int, default=1, help="decides everything that is random (default 1)")
    parser.add_argument(
        "--only", nargs="+", choices=CAMPAIGNS, default=CAMPAIGNS, metavar="CAMPAIGN", help=f"of {', '.join(CAMPAIGNS)}"
    )
    parser.add_argument("--tools", type=Path, required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not 0 < options.minutes <= 10_000 or options.mutations is not None and options.mutations < 1:
        parser.error("--minutes and --mutations take numbers above zero")
    return options


def kills(training: Training, seed: int, deadline: float) -> list[Tally]:
    """All disturbances in turn until the deadline, each at least once."""
    campaign = Kills(training, random.Random(f"kills {seed}"))
    killed, limited = Tally("kills"), Tally("file may not grow")
    full, read_only = Tally("disk full"), Tally("disk becomes read-only")
    while True:
        campaign.in_folder(killed, campaign.kill)
        campaign.in_folder(limited, campaign.limit_file_size)
        campaign.on_disk(full, 2, campaign.fill_disk)
        campaign.on_disk(read_only, 2, campaign.make_read_only)
        if monotonic() >= deadline:
            return [killed, limited, full, read_only, outputs(training), read_only_folder(training)]


def main() -> int:
    options = arguments()
    rnn, probe = (options.tools.resolve() / name for name in ("rnn", "EngineProbe"))
    Tally.findings_folder = Path.cwd() / Tally.findings_folder
    tallies: list[Tally] = []

    def add(name: str, campaign: Callable[[], Tally | list[Tally]]) -> None:
        if name not in options.only:
            return
        began = monotonic()
        found = campaign()
        rows = found if isinstance(found, list) else [found]
        tallies.extend(rows)
        # The counts of an hour are not lost with a run that is ended before its last campaign.
        print(f"{name}: {monotonic() - began:.0f} s\n{table(rows)}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory() as folder:
        training = Training.measured(rnn, Path(folder))
    generator = random.Random(f"surroundings {options.seed}")

    def deadline() -> float:
        return monotonic() + 60 * options.minutes

    add("kills", lambda: kills(training, options.seed, deadline()))
    add("mutations", lambda: mutated.campaign(rnn, options.mutations, deadline(), options.seed))
    add(
        "limits",
        lambda: [
            surroundings.memory(training, generator),
            surroundings.files(training),
            surroundings.processes(training),
        ],
    )
    add("clock", lambda: surroundings.clock(training, generator))
    add("neighbours", surroundings.Neighbours(training, generator).campaign)
    add("memory", lambda: engine.memory(probe))
    add("sizes", lambda: engine.sizes(probe))

    print(table(tallies))
    findings = [finding for tally in tallies for finding in tally.findings]
    for finding in findings:
        print(f"\n{finding}")
    if not any(tally.runs for tally in tallies):
        print("torture: nothing was run", file=sys.stderr)
        return 1
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
