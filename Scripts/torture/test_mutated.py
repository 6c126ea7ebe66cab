"""The campaign says which formats it did not try, and why."""

import tempfile
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from . import good_files, mutated
from .tally import Tally, table

BY_NAME = {kind.name: kind for kind in mutated.FORMATS}


@contextmanager
def tool(script: str) -> Iterator[tuple[Path, Path]]:
    """A tool in the place of rnn, and a folder with good files of two formats."""
    with tempfile.TemporaryDirectory() as name:
        rnn = Path(name) / "rnn"
        rnn.write_text(f"#!/bin/sh\n{script}\n")
        rnn.chmod(0o755)
        seeds = Path(name) / "seeds"
        seeds.mkdir()
        (seeds / "log.json").write_text('{"event": "progress"}\n')
        (seeds / "book.txt").write_text("Some words.\n")
        yield rnn, seeds


class MutatedTests(unittest.TestCase):
    def test_a_format_names_the_place_of_its_mutant(self) -> None:
        keras = BY_NAME["Keras (.weights.h5)"]
        self.assertEqual(keras.command("inspect FILE"), ["inspect", "mutant.weights.h5"])
        self.assertEqual(keras.place("inspect FILE"), "mutant.weights.h5")
        self.assertEqual(BY_NAME["checkpoint"].place("train --resume"), "kept/lstm.checkpoint.safetensors")
        self.assertFalse(set(BY_NAME) & set(mutated.NOT_RUN))

    def test_a_tool_that_takes_the_good_file(self) -> None:
        with tool('echo "$1"') as (rnn, seeds):
            tally, statuses = mutated.try_good_file(rnn, seeds, BY_NAME["run log (JSON)"])
        self.assertEqual((tally.skipped, statuses), ("", {0}))

    def test_a_tool_that_refuses_the_good_file_in_one_of_two_commands(self) -> None:
        with tool('[ "$1" = train ] || { echo "Error: this build reads none" >&2; exit 2; }') as (rnn, seeds):
            tally, statuses = mutated.try_good_file(rnn, seeds, BY_NAME["text"])
        self.assertEqual(statuses, {0, 2})
        self.assertIn("refused by 1 of 2 commands: evaluate", tally.skipped)

    def test_a_crash_on_the_good_file_is_a_finding(self) -> None:
        with tool("kill -SEGV $$") as (rnn, seeds), mock.patch.object(Tally, "findings_folder", seeds.parent / "kept"):
            tally, statuses = mutated.try_good_file(rnn, seeds, BY_NAME["run log (JSON)"])
        self.assertEqual((len(tally.findings), statuses), (1, set()))
        self.assertIn("the good file: crash", tally.findings[0].text)

    def campaign(self, script: str) -> dict[str, Tally]:
        with tool(script) as (rnn, seeds):

            def make(rnn: Path, folder: Path) -> None:
                for file in seeds.iterdir():
                    (folder / file.name).write_bytes(file.read_bytes())

            with mock.patch.object(good_files, "make", make):
                return {tally.campaign: tally for tally in mutated.campaign(rnn, 8, 0, seed=1)}

    def test_a_campaign_without_a_good_file_ends_and_says_so(self) -> None:
        tallies = self.campaign('echo "Error: none of mine" >&2; exit 2')
        self.assertEqual(tallies.keys(), BY_NAME.keys() | mutated.NOT_RUN.keys())
        self.assertEqual({tally.runs for tally in tallies.values()}, {0})
        self.assertTrue(all(tally.skipped.startswith("not run") for tally in tallies.values()))
        self.assertIn(
            "the good file is refused: report FILE --output page.html: Error: none of mine",
            tallies["run log (JSON)"].skipped,
        )
        self.assertIn("there is no good file", tallies["ONNX"].skipped)

    def test_a_campaign_of_mutants_that_are_all_refused_says_so(self) -> None:
        tallies = self.campaign("""[ "$(cat "$2")" = '{"event": "progress"}' ] && exit 0; echo no >&2; exit 2""")
        tally = tallies["run log (JSON)"]
        self.assertEqual((tally.counts, tally.skipped), ({"refused": 8}, "no mutant was taken"))

    def test_a_row_without_runs_and_without_a_reason_is_loud(self) -> None:
        text = table([Tally("a"), Tally("b", skipped="not run: no disk"), Tally("c")])
        self.assertEqual([line.endswith("NOTHING WAS RUN") for line in text.splitlines()], [False, True, False, True])


if __name__ == "__main__":
    unittest.main()
