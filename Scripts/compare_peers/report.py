"""The results as text and as JSON."""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .workload import Workload

OURS = "ours"
OURS_DENSE = "ours, padded"


@dataclass
class Times:
    """The times of one engine, in seconds."""

    best: float
    median: float
    repetitions: int
    variant: str = ""


@dataclass
class Row:
    """A workload, the times of the engines on it, and why others were left out."""

    workload: Workload
    times: dict[str, Times] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    differences: dict[str, float] = field(default_factory=dict)

    @property
    def champion(self) -> str | None:
        """The fastest of the other engines."""
        peers = [name for name in self.times if name not in (OURS, OURS_DENSE)]
        return min(peers, key=lambda name: self.times[name].best, default=None)

    @property
    def ratio(self) -> float | None:
        """The champion's time over ours: above 1, ours is faster."""
        if self.champion is None or OURS not in self.times:
            return None
        return self.times[self.champion].best / self.times[OURS].best

    @property
    def over_ideal(self) -> float | None:
        """Our time on a ragged batch, over our time on the padded one times the share of it that exists."""
        if OURS not in self.times or OURS_DENSE not in self.times:
            return None
        return self.times[OURS].best / (self.workload.fill * self.times[OURS_DENSE].best)


def geometric_mean(values: Iterable[float]) -> float:
    """The geometric mean of numbers above 0, of which there is one at least."""
    logarithms = [math.log(value) for value in values]
    return math.exp(sum(logarithms) / len(logarithms))


def aligned(header: list[str], rows: list[list[str]], left: set[int]) -> str:
    """A table with columns as wide as what is in them, those in `left` flush left and the others right."""
    widths = [max(len(line[i]) for line in [header, *rows]) for i in range(len(header))]

    def text(line: list[str]) -> str:
        cells = (cell.ljust(widths[i]) if i in left else cell.rjust(widths[i]) for i, cell in enumerate(line))
        return " ".join(cells).rstrip()

    return "\n".join([text(header), " ".join("-" * width for width in widths), *map(text, rows)])


def microseconds(times: Times | None) -> str:
    """The best time, with as many digits as it deserves."""
    if times is None:
        return "–"
    value = times.best * 1e6
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"


def number(value: float | None) -> str:
    """A ratio, or a dash."""
    return "–" if value is None else f"{value:.2f}"


def table(rows: list[Row]) -> str:
    """One line a row. All rows are ragged or none is."""
    header = ["Cell", "Shape", "Ours µs", "Champion µs", "Champion", "Ratio"]
    is_ragged = any(OURS_DENSE in row.times for row in rows)
    if is_ragged:
        header += ["Fill", "Ours padded µs", "Over fill × padded"]
    lines = []
    for row in rows:
        champion = row.champion
        line = [
            row.workload.cell,
            row.workload.shape.name,
            microseconds(row.times.get(OURS)),
            microseconds(row.times.get(champion or "")),
            champion or "–",
            number(row.ratio),
        ]
        if is_ragged:
            line += [number(row.workload.fill), microseconds(row.times.get(OURS_DENSE)), number(row.over_ideal)]
        lines.append(line)
    return aligned(header, lines, {0, 1, 4})


def heading(pass_: str, threads: int) -> str:
    """The heading of a table."""
    what = "Inference" if pass_ == "inference" else "Training step (forward, backward, gradients of all weights)"
    return f"{what}, {threads} thread{'' if threads == 1 else 's'}"


def summary(rows: list[Row]) -> str:
    """The worst ratio and the geometric mean of each pass and number of threads, and of all."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        workload = row.workload
        groups.setdefault(
            f"{workload.pass_}, {workload.threads} thread{'' if workload.threads == 1 else 's'}", []
        ).append(row)
    if len(groups) > 1:
        groups["all"] = rows
    lines = []
    for name, members in groups.items():
        ratios = [(ratio, row) for row in members if (ratio := row.ratio) is not None]
        if not ratios:
            continue
        worst, where = min(ratios, key=lambda pair: pair[0])
        place = f"{where.workload.cell} {where.workload.shape.name}, {where.champion}"
        if name == "all":
            place = f"{where.workload}, {where.champion}"
        won = sum(ratio > 1 for ratio, _ in ratios)
        mean = geometric_mean(ratio for ratio, _ in ratios)
        lines.append([name, f"{won} of {len(ratios)}", number(mean), number(worst), place])
    if not lines:
        return "No other engine ran, so there is nothing to compare with."
    return aligned(["Ratio", "Above 1", "Geometric mean", "Worst", "Where"], lines, {0, 4})


def machine_lines(machine: dict[str, Any], versions: dict[str, str]) -> str:
    """The machine and the engines, one line each."""
    ceiling = machine.get("ceilingPerCore", {}).get("float", 0)
    lines = [
        ("Processor", machine.get("processor", "unknown")),
        ("Instructions", machine.get("instructionSet", "unknown")),
        ("Ceiling a core", f"float {ceiling:.0f} GFLOP/s (multiply-adds in registers, measured just now)"),
        ("Used by others", f"{machine.get('othersShare', 0):.0%} of the machine's cores while this ran"),
        *versions.items(),
    ]
    return "\n".join(f"{name:<15} {text}" for name, text in lines)


def as_json(
    rows: list[Row], machine: dict[str, Any], versions: dict[str, str], missing: dict[str, str]
) -> dict[str, Any]:
    """All of it, with times in seconds."""
    return {
        "machine": machine,
        "engines": versions,
        "missing": missing,
        "rows": [
            {
                "cell": row.workload.cell,
                "pass": row.workload.pass_,
                "shape": row.workload.shape.name,
                **row.workload.shape._asdict(),
                "threads": row.workload.threads,
                "lengths": list(row.workload.lengths) if row.workload.is_ragged else None,
                "fill": row.workload.fill,
                "operations": row.workload.operations,
                "times": {name: vars(times) for name, times in row.times.items()},
                "differences": row.differences,
                "leftOut": row.left_out,
                "champion": row.champion,
                "ratio": row.ratio,
                "overIdeal": row.over_ideal,
            }
            for row in rows
        ],
    }


def write_json(contents: dict[str, Any], path: str) -> None:
    """Writes the file at `path`, all of it or nothing: a reader sees the old file or the new one."""
    target = Path(path)
    descriptor, temporary = tempfile.mkstemp(dir=target.absolute().parent, prefix=f".{target.name}-")
    try:
        with os.fdopen(descriptor, "w") as file:
            json.dump(contents, file, indent=2, ensure_ascii=False)
            file.write("\n")
        os.chmod(temporary, 0o644)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
