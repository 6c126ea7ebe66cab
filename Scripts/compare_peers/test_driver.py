"""Tests of what needs no other engine and no numpy: python3 -m unittest discover -s Scripts -t Scripts."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
import unittest
from pathlib import Path
from time import monotonic

from .options import PEERS, parse
from .process import OthersShare, Worker, WorkerError, cores_for, environment_for
from .report import OURS, OURS_DENSE, Row, Times, aligned, as_json, geometric_mean, summary, table, write_json
from .timing import Contender, interleave
from .workload import SHAPES, Shape, Workload

# Answers each line by what its "answer" says, or does what its "op" says.
ECHO = """
import json, sys, time
for line in sys.stdin:
    request = json.loads(line)
    if request["op"] == "die": sys.exit("out of ideas")
    if request["op"] == "sleep": time.sleep(60)
    print(json.dumps(request["answer"]), flush=True)
"""


def row(ours: float, peers: dict[str, float], cell: str = "lstm", **times: float) -> Row:
    workload = Workload(cell, "inference", SHAPES["tiny"], 1, (50, 50, 50, 50))
    return Row(workload, {name: Times(best, best, 3) for name, best in ({OURS: ours} | peers | times).items()})


class WorkloadTests(unittest.TestCase):
    def test_operations_are_those_of_the_products(self) -> None:
        for cell, gates in (("rnn", 1), ("lstm", 4), ("gru", 3)):
            workload = Workload(cell, "inference", Shape(7, 2, 3, 5), 1, (7, 4))
            self.assertEqual(workload.operations, 2 * 11 * gates * 5 * (3 + 5))
            training = Workload(cell, "training", Shape(7, 2, 3, 5), 1, (7, 4))
            self.assertEqual(training.operations, 3 * workload.operations)

    def test_fill_is_the_share_that_exists(self) -> None:
        workload = Workload("gru", "inference", Shape(8, 2, 3, 5), 1, (8, 4))
        self.assertEqual(workload.fill, 0.75)
        self.assertTrue(workload.is_ragged)


class ReportTests(unittest.TestCase):
    def test_geometric_mean(self) -> None:
        self.assertAlmostEqual(geometric_mean([0.5, 2, 8]), 2)

    def test_the_champion_is_the_fastest_of_the_others(self) -> None:
        found = row(2e-5, {"torch": 4e-5, "jax": 3e-5})
        self.assertEqual(found.champion, "jax")
        self.assertAlmostEqual(found.ratio or 0, 1.5)
        self.assertIsNone(row(2e-5, {}).ratio)

    def test_our_padded_time_is_no_rival(self) -> None:
        found = row(2e-5, {"torch": 4e-5, OURS_DENSE: 1e-5})
        self.assertEqual(found.champion, "torch")
        self.assertAlmostEqual(found.over_ideal or 0, 2)

    def test_columns_are_as_wide_as_what_is_in_them(self) -> None:
        self.assertEqual(
            aligned(["Cell", "µs"], [["a", "12345"], ["bcdefg", "1"]], {0}),
            "Cell      µs\n------ -----\na      12345\nbcdefg     1",
        )

    def test_a_row_names_shape_times_and_champion(self) -> None:
        self.assertEqual(
            table([row(2e-5, {"jax": 3.14e-4})]).splitlines()[2].split(),
            ["lstm", "tiny", "20.0", "314", "jax", "15.70"],
        )
        self.assertEqual(table([row(2e-5, {})]).splitlines()[2].split(), ["lstm", "tiny", "20.0", "–", "–", "–"])

    def test_the_summary_has_worst_and_mean(self) -> None:
        line = summary([row(2e-5, {"jax": 1e-5}), row(2e-5, {"torch": 16e-5}, "gru")]).splitlines()[2]
        self.assertEqual(line, "inference, 1 thread  1 of 2           2.00  0.50 lstm tiny, jax")
        self.assertIn("nothing to compare", summary([row(2e-5, {})]))

    def test_the_file_is_replaced_whole(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "r.json"
            path.write_text("old")
            with self.assertRaises(TypeError):
                write_json({"a": object()}, str(path))
            self.assertEqual(path.read_text(), "old")
            write_json(as_json([row(2e-5, {"jax": 3e-5})], {}, {}, {}), str(path))
            self.assertIn('"champion": "jax"', path.read_text())
            self.assertEqual(os.listdir(folder), ["r.json"])


class TimingTests(unittest.TestCase):
    def setUp(self) -> None:
        self.turns: list[tuple[str, float]] = []

    def contender(self, name: str, seconds: float) -> Contender:
        """One that always takes `seconds`, without taking them."""

        def run(_: int, repetitions: int) -> list[float]:
            self.turns.append((name, seconds * repetitions))
            return [seconds] * repetitions

        return Contender(run)

    def test_all_have_the_least_number_of_runs_but_hopeless_ones(self) -> None:
        seconds = {"ours": 0.3, "fast": 0.1, "near": 0.14, "slow": 0.16}
        contenders = {name: self.contender(name, each) for name, each in seconds.items()}
        self.assertEqual(interleave(contenders, {"fast", "near", "slow"}, 0), {})
        self.assertEqual(
            {name: len(contender.seconds) for name, contender in contenders.items()},
            {"ours": 3, "fast": 3, "near": 3, "slow": 2},
        )
        self.assertEqual(contenders["fast"].best, 0.1)

    def test_the_time_of_a_slow_rival_counts_for_more(self) -> None:
        seconds = {"ours": 0.01, "fast": 0.001, "slow": 0.002}
        contenders = {name: self.contender(name, each) for name, each in seconds.items()}
        interleave(contenders, {"fast", "slow"}, 3600)
        used = {name: sum(time for who, time in self.turns[:100] if who == name) for name in seconds}
        self.assertAlmostEqual(used["ours"] / used["fast"], 1, delta=0.1)
        self.assertAlmostEqual(used["fast"] / used["slow"], 4, delta=0.5)

    def test_failures_are_named_and_the_others_go_on(self) -> None:
        def fail(warmups: int, repetitions: int) -> list[float]:
            raise WorkerError("is gone")

        contenders = {"ours": self.contender("ours", 0.03), "bad": Contender(fail)}
        self.assertEqual(interleave(contenders, {"bad"}, 0), {"bad": "is gone"})
        self.assertEqual(list(contenders), ["ours"])


class ProcessorTimeTests(unittest.TestCase):
    def test_own_work_is_not_that_of_others(self) -> None:
        watch = OthersShare()
        end = monotonic() + 0.05
        while monotonic() < end:
            pass
        self.assertGreaterEqual(watch.share(), 0)
        self.assertLessEqual(watch.share(), 1)


class WorkerTests(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.worker = Worker([sys.executable, "-c", ECHO], 1, folder.name)
        self.addCleanup(self.worker.close)

    def test_it_answers_and_is_stopped_in_between(self) -> None:
        self.assertEqual(self.worker.request("say", 20, answer={"a": 1}), {"a": 1})
        deadline = monotonic() + 20
        while self.state() != "T":
            self.assertLess(monotonic(), deadline)
        self.assertEqual(self.worker.request("say", 20, answer={"a": 2}), {"a": 2})
        self.assertEqual(os.sched_getaffinity(self.worker.process_id), cores_for(1))

    def state(self) -> str:
        """R, S, T: what the system says of the process. A signal takes a moment to arrive."""
        return Path(f"/proc/{self.worker.process_id}/stat").read_text().rpartition(") ")[2][0]

    def test_errors_are_raised(self) -> None:
        with self.assertRaisesRegex(WorkerError, "no such cell"):
            self.worker.request("say", 20, answer={"error": "no such cell"})
        self.assertTrue(self.worker.is_running)

    def test_the_last_words_of_a_dead_process_are_reported(self) -> None:
        with self.assertRaisesRegex(WorkerError, "out of ideas"):
            self.worker.request("die", 20)
        with self.assertRaises(WorkerError):
            self.worker.request("say", 20, answer={})

    def test_a_late_answer_ends_the_process(self) -> None:
        with self.assertRaisesRegex(WorkerError, "in time"):
            self.worker.request("sleep", 0.2)
        self.assertFalse(self.worker.is_running)

    def test_threads_are_the_same_for_all(self) -> None:
        self.assertEqual(len(cores_for(1)), 1)
        variables = environment_for(2)
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "RECURRENT_THREADS")
        self.assertEqual({variables[name] for name in names}, {"2"})


class OptionsTests(unittest.TestCase):
    def test_every_option_is_read(self) -> None:
        options = parse(
            "--cells gru,lstm --passes training --shape 7,2,3,5 --shape tiny --threads 1 --engines jax,torch "
            "--seconds 2.5".split()
        )
        self.assertEqual((options.cells, options.passes, options.threads), (["gru", "lstm"], ["training"], [1]))
        self.assertEqual(options.shapes, [Shape(7, 2, 3, 5), SHAPES["tiny"]])
        self.assertEqual((options.engines, options.seconds), (["jax", "torch"], 2.5))
        self.assertEqual((parse([]).engines, parse(["--ragged"]).engines), (list(PEERS), ["torch"]))

    def test_mistakes_end_with_code_2_and_one_line(self) -> None:
        for arguments in (
            "--cells lstm,",
            "--passes both",
            "--shape 1,2,3",
            "--shape 1,2,3,0",
            "--shape 1000000,1000000,1,1",
            "--threads 0",
            "--threads 100000",
            "--threads x",
            "--engines mlx",
            "--ragged --engines jax",
            "--seconds nan",
            "--json /no/such/folder/r.json",
            "--venv /no/such/folder",
            "extra",
        ):
            with self.subTest(arguments), contextlib.redirect_stderr(io.StringIO()) as said:
                with self.assertRaises(SystemExit) as ended:
                    parse(arguments.split())
                self.assertEqual(ended.exception.code, 2)
                self.assertEqual(said.getvalue().count("\n"), 1)


if __name__ == "__main__":
    unittest.main()
