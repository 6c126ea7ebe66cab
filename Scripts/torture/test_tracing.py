"""Tests of tracing.py."""

import os
import subprocess
import sys
import unittest
from pathlib import Path

from . import tracing

# Two threads that wait.
WAITING = """
import threading
threads = [threading.Thread(target=threading.Event().wait, daemon=True) for _ in range(2)]
for thread in threads: thread.start()
print(*(thread.native_id for thread in threads), flush=True)
input()
"""


class TracingTests(unittest.TestCase):
    def test_one_thread_stops_and_the_others_do_not(self) -> None:
        program = subprocess.Popen(
            [sys.executable, "-c", WAITING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.addCleanup(lambda: (program.kill(), program.communicate()))
        first, second = (int(word) for word in program.stdout.readline().split())

        def is_stopped(thread: int) -> bool:
            status = Path(f"/proc/{program.pid}/task/{thread}/status").read_text()
            return "(tracing stop)" in status

        try:
            with tracing.stopped(first) as has_stopped:
                self.assertTrue(has_stopped)
                self.assertTrue(is_stopped(first))
                self.assertFalse(is_stopped(second))
        except PermissionError:
            self.skipTest("the system forbids tracing")
        self.assertFalse(is_stopped(first))
        self.assertEqual(program.communicate("go on\n")[0], "")
        self.assertEqual(program.returncode, 0)

    def test_a_thread_that_is_not_there(self) -> None:
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
        with tracing.stopped(child) as has_stopped:
            self.assertFalse(has_stopped)
