"""The process around one engine: answers the driver's requests, a JSON object a line.

    python -m compare_peers.worker torch

`Benchmarks/PeerWorker.swift` describes the requests; ours answers the same ones.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
from typing import Any, TextIO

from .engine import Engine, Prepared, Unsupported, timed
from .tensor_file import read_tensors, write_tensors
from .workload import Shape, Workload


def answer(request: dict[str, Any], engine: Engine, prepared: list[Prepared]) -> dict[str, Any]:
    """Does what a request says. `prepared` holds what the last preparation made."""
    match request["op"]:
        case "hello":
            return {"version": engine.version}
        case "prepare":
            prepared.clear()
            gc.collect()
            shape = Shape(*map(int, request["shape"].split(",")))
            workload = Workload(request["cell"], request["pass"], shape, request["threads"], tuple(request["lengths"]))
            try:
                prepared.append(engine.prepare(workload, read_tensors(request["file"])))
            except Unsupported as reason:
                return {"unsupported": str(reason)}
            gc.collect()
            return {"variant": prepared[0].variant}
        case "check":
            write_tensors(request["file"], prepared[0].results(prepared[0].run()))
            return {}
        case "run":
            timed(prepared[0].run, request["warmups"])
            return {"seconds": timed(prepared[0].run, request["repetitions"])}
        case other:
            return {"error": f"there is no request {other}"}


def serve(name: str, threads: int, requests: TextIO, replies: TextIO) -> None:
    """Answers requests until there are no more."""
    prepared: list[Prepared] = []
    try:
        engine: Engine | None = importlib.import_module(f".engine_{name}", __package__).Engine(threads)
    except Exception as error:  # noqa: BLE001
        engine, problem = None, one_line(error)
    gc.disable()  # A collection during a run would be timed with it.
    for line in requests:
        try:
            reply = answer(json.loads(line), engine, prepared) if engine else {"error": problem}
        except Exception as error:  # noqa: BLE001
            reply = {"error": one_line(error)}
        print(json.dumps(reply), file=replies, flush=True)


def one_line(error: Exception) -> str:
    """The first lines of an error, as one short line."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text if len(text) <= 300 else text[:299] + "…"


def main() -> None:
    """Serves the engine that the first argument names, with the threads that the environment allows."""
    # Engines print to standard output as they please; the answers need a descriptor of their own.
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    serve(sys.argv[1], int(os.environ["OMP_NUM_THREADS"]), sys.stdin, replies)


if __name__ == "__main__":
    main()
