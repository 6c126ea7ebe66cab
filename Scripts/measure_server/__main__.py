"""python -m measure_server RNN MODEL FOLDER [SECONDS] [MINUTES]: requests per second and latencies under load.

RNN is the tool, and MODEL a model of three features whose head reads the state of the last step. FOLDER receives the
ONNX model and what wrk reads. SECONDS is how long each is measured, and MINUTES how long rnn serve is loaded then,
with its memory.
"""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

CONNECTIONS = (1, 64, 1000)
STEPS = 50


def wrk(port: int, path: str, kind: str, steps: Path, connections: int, seconds: float) -> dict:
    script = Path(__file__).with_name("load.lua")
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--timeout", "30s", "-s", script]
    result = subprocess.run(
        [*command, f"http://127.0.0.1:{port}{path}", "--", kind, steps], capture_output=True, text=True, check=True
    )
    if result.stderr:
        print(result.stderr.strip(), file=sys.stderr)
    return json.loads(result.stdout.splitlines()[-1])


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(port: int, seconds: float = 60):
    end = time.monotonic() + seconds
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def resident_megabytes(process: int) -> float:
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def write_steps(port: int, path: Path):
    """What wrk sends, and the outputs of whole sequences, which each step must give to the last digit."""
    rows = np.random.default_rng(1).standard_normal((STEPS, 3)).round(4)
    lines = []
    for count in range(1, STEPS + 1):
        body = {"inputs": [{"name": "INPUT", "datatype": "FP32", "shape": [count, 3], "data": rows[:count].tolist()}]}
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("POST", "/v2/models/model/infer", json.dumps(body))
        answer = connection.getresponse().read().decode()
        lines += [json.dumps(rows[count - 1].tolist(), separators=(",", ":")), re.search(r'"data":(\[[^]]*\])', answer)[1]]
    path.write_text("".join(line + "\n" for line in lines))


def show(name: str, connections: int, result: dict):
    print(
        f"{name:<10} {connections:>5} sessions  {result['requests_per_second']:>7} requests/s  "
        f"p50 {result['p50_ms']:>8.2f} ms  p99 {result['p99_ms']:>8.2f} ms  refused {result['refused']}  "
        f"wrong {result['wrong']}  timeouts {result['timeouts']}",
        flush=True,
    )


def main():
    rnn, model, folder = map(Path, sys.argv[1:4])
    seconds = float(sys.argv[4]) if len(sys.argv) > 4 else 10
    minutes = float(sys.argv[5]) if len(sys.argv) > 5 else 0
    folder.mkdir(parents=True, exist_ok=True)
    onnx = folder / "model.onnx"
    subprocess.run([rnn, "convert", model, onnx], check=True, capture_output=True)
    steps = folder / "steps.txt"

    port = free_port()
    server = subprocess.Popen([rnn, "serve", f"model={model}", "--port", str(port), "--quiet"])
    ours = {}
    try:
        wait_for(port)
        write_steps(port, steps)
        wrk(port, "/v2/models/model/infer", "v2", steps, 64, 2)
        for connections in CONNECTIONS:
            ours[connections] = wrk(port, "/v2/models/model/infer", "v2", steps, connections, seconds)
            show("rnn serve", connections, ours[connections])
        parts = 10
        for part in range(parts if minutes > 0 else 0):
            result = wrk(port, "/v2/models/model/infer", "v2", steps, 1000, minutes * 60 / parts)
            memory = resident_megabytes(server.pid)
            print(f"after {minutes * (part + 1) / parts:.1f} minutes: {memory:.1f} MB resident, wrong {result['wrong']}, "
                  f"refused {result['refused']}, {result['requests']} requests", flush=True)  # fmt: skip
    finally:
        server.terminate()
        server.wait()

    port = free_port()
    # It has processes of its own, which its end does not end.
    command = [sys.executable, Path(__file__).with_name("litserve_app.py"), onnx, str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_for(port)
        time.sleep(3)
        wrk(port, "/predict", "litserve", steps, 16, 3)
        for connections in CONNECTIONS:
            result = wrk(port, "/predict", "litserve", steps, connections, seconds)
            show("LitServe", connections, result)
            ratio = ours[connections]["requests_per_second"] / max(1, result["requests_per_second"])
            print(f"           {ratio:.1f} times the requests, p99 {ours[connections]['p99_ms']:.2f} beside {result['p99_ms']:.2f} ms")
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


main()
