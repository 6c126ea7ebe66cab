"""A crash, a hang and too much memory are findings; an error message is none."""

import signal
import sys
import tempfile
import unittest
from pathlib import Path

from .process import MEGABYTE, Ending, Limits, run


def ran(program: str, limits: Limits = Limits()) -> Ending:
    with tempfile.TemporaryDirectory() as folder:
        return run([sys.executable, "-c", program], Path(folder), limits)


class ProcessTests(unittest.TestCase):
    def test_success_and_errors_with_a_line_are_no_findings(self) -> None:
        self.assertIsNone(ran("print('done')").finding())
        self.assertIsNone(ran("import sys; print('Error: bad input', file=sys.stderr); sys.exit(2)").finding())

    def test_an_error_without_a_word_is_a_finding(self) -> None:
        self.assertIn("without a word", ran("import sys; sys.exit(2)").finding() or "")

    def test_a_signal_and_another_exit_code_are_findings(self) -> None:
        self.assertIn(f"signal {int(signal.SIGABRT)}", ran("import os; os.abort()").finding() or "")
        self.assertIn("exit code 3", ran("import sys; sys.exit(3)").finding() or "")

    def test_too_much_processor_time_is_a_hang(self) -> None:
        self.assertIn("hang", ran("while True: pass", Limits(processor=1)).finding() or "")

    def test_waiting_for_ever_is_a_hang(self) -> None:
        self.assertIn("hang", ran("import time; time.sleep(1000)", Limits(clock=0.5)).finding() or "")

    def test_too_much_memory_is_an_overrun(self) -> None:
        program = "data = bytearray(200_000_000)\nfor i in range(0, len(data), 4096): data[i] = 1"
        self.assertIn("overrun", ran(program, Limits(resident=100 * MEGABYTE)).finding() or "")
        self.assertIsNone(ran(program, Limits(resident=400 * MEGABYTE)).finding())

    def test_limits_are_imposed(self) -> None:
        program = "import resource as r; print(r.getrlimit(r.RLIMIT_NOFILE)[0], r.getrlimit(r.RLIMIT_FSIZE)[0])"
        self.assertEqual(ran(program, Limits(files=9, file_size=1000)).output.split(), ["9", "1000"])

    def test_an_error_is_seen_where_files_may_not_grow(self) -> None:
        self.assertEqual(ran("import sys; sys.exit('a word')", Limits(file_size=0)).message, "a word")


if __name__ == "__main__":
    unittest.main()
