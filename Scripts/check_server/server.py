"""Servers on free ports of the loopback interface."""

import http.client
import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

import tritonclient.http

PATIENCE = 120
"""Seconds after which something counts as hung: no check passes or fails by being slow."""


def wait_until(condition, failure=lambda: "nothing happened"):
    """Waits for `condition()` to be true."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(failure())
        time.sleep(0.05)


class Server:
    """A process of `rnn serve`, which ends with the block that it is used in."""

    def __init__(self, rnn: Path, *arguments: str):
        self.process = subprocess.Popen(
            [rnn, "serve", *map(str, arguments), "--port", "0"], stderr=subprocess.PIPE, text=True
        )
        self.lines: list[str] = []
        self._listens = threading.Event()
        self.port = 0
        threading.Thread(target=self._read, daemon=True).start()
        if not self._listens.wait(PATIENCE):
            self.kill()
            raise AssertionError(f"the server does not listen: {self.lines}")

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))
            if found := re.fullmatch(r"listening on http://127\.0\.0\.1:(\d+)\n?", line):
                self.port = int(found[1])
                self._listens.set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def client(self, **options) -> tritonclient.http.InferenceServerClient:
        return tritonclient.http.InferenceServerClient(self.address, **options)

    def terminate(self) -> int:
        """Asks it to end, and waits for that; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self):
        """Ends it at once, as a power failure would."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def wait_for_line(self, text: str):
        wait_until(
            lambda: any(text in line for line in self.lines), lambda: f"no line with {text!r}: {self.lines}"
        )

    def _get(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def metrics(self) -> list[str]:
        return self._get("/metrics")[1].splitlines()

    def wait_for_metric(self, line: str):
        """Waits until /metrics has `line`."""
        wait_until(lambda: line in self.metrics(), lambda: f"no metric {line!r}: {self.metrics()}")

    def is_live(self) -> bool:
        """Whether it answers, which a short connection timeout may prevent on a busy machine."""
        try:
            return self._get("/v2/health/live")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    @property
    def descriptors(self) -> int:
        """Files and connections that it has open."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))
