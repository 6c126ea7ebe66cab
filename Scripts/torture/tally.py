"""The counts of a campaign, and its findings."""

from __future__ import annotations

import shlex
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from .process import Ending


@dataclass
class Finding:
    """A run that ended as none may."""

    campaign: str
    text: str
    command: str
    # A folder with the files that the run read; `None` where its command says all.
    folder: Path | None = None

    def __str__(self) -> str:
        place = f"\n    in {self.folder}" if self.folder else ""
        return f"{self.campaign}: {self.text}\n    {self.command}{place}"


@dataclass
class Tally:
    """How the runs of one campaign, or of one row of it, ended."""

    campaign: str
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    # Why nothing was run, or a part was not, and what else a reader of the counts must know.
    skipped: str = ""

    def count(self, ending: Ending, allowed: tuple[int, ...] = (0, 1, 2), keep: Path | None = None) -> bool:
        """Counts a run, and says whether it ended as it may. What it read is kept from the folder `keep` if not."""
        finding = ending.finding(allowed)
        if finding:
            self.find(finding, ending, keep)
        else:
            self.counts["ok" if ending.status == 0 else "refused" if ending.status > 0 else "killed"] += 1
        return finding is None

    def find(self, text: str, ending: Ending | None = None, keep: Path | None = None) -> None:
        """Notes a finding."""
        command = shlex.join(ending.command) if ending else ""
        folder = self._kept(keep) if keep else None
        self.findings.append(Finding(self.campaign, text, command, folder))

    def _kept(self, folder: Path) -> Path:
        """A copy of `folder`, which nobody removes."""
        number = 1
        while (copy := Tally.findings_folder / f"{self.campaign.replace(' ', '-')}-{number}").exists():
            number += 1
        shutil.copytree(
            folder, copy, symlinks=True, ignore=lambda where, names: [n for n in names if (Path(where) / n).is_fifo()]
        )
        return copy

    def add(self, other: Tally) -> None:
        """Adds the runs of another part of the same campaign."""
        self.counts += other.counts
        self.findings += other.findings

    def note(self, text: str) -> None:
        """Adds to what the table says beside the counts."""
        self.skipped = f"{self.skipped}; {text}" if self.skipped else text

    @property
    def runs(self) -> int:
        """The runs that were counted."""
        return self.counts["ok"] + self.counts["refused"] + self.counts["killed"] + len(self.findings)

    # Where findings are kept, of which there may be some from earlier runs.
    findings_folder = Path(".build-torture/findings")


def table(tallies: list[Tally]) -> str:
    """The table of all campaigns."""
    lines = [f"{'campaign':<32}{'runs':>8}{'ok':>8}{'refused':>9}{'killed':>8}{'same bits':>11}{'FINDINGS':>10}"]
    for tally in tallies:
        counts = tally.counts
        lines.append(
            f"{tally.campaign:<32}{tally.runs:>8}{counts['ok']:>8}{counts['refused']:>9}{counts['killed']:>8}"
            f"{counts['same bits'] or '–':>11}{len(tally.findings):>10}"
            + (f"  {text}" if (text := tally.skipped or ("" if tally.runs else "NOTHING WAS RUN")) else "")
        )
    return "\n".join(lines)
