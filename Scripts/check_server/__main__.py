"""python -m check_server RNN FOLDER: checks `rnn serve` against what its clients rely on.

RNN is the tool, and FOLDER holds series.safetensors, a model of three features, other.safetensors, another one of
these, and text.safetensors, a model of tokens.
"""

import contextlib
import http.client
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from .server import PATIENCE, Server, wait_until

FEATURES = 3


def numbers(steps: int, batch: int | None = None, seed: int = 1) -> np.ndarray:
    shape = (steps, FEATURES) if batch is None else (batch, steps, FEATURES)
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def infer(client, model: str, data: np.ndarray, binary=True, **options) -> np.ndarray:
    datatype = {"float32": "FP32", "int32": "INT32", "int64": "INT64"}[data.dtype.name]
    tensor = triton.InferInput("INPUT", list(data.shape), datatype)
    tensor.set_data_from_numpy(data, binary_data=binary)
    output = triton.InferRequestedOutput("OUTPUT", binary_data=binary)
    return client.infer(model, [tensor], outputs=[output], **options).as_numpy("OUTPUT")


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()


def steps_of_session(client, model, data, session, first=True, last=True, binary=True):
    """Each row of `data` as a step of its own."""
    return [
        infer(
            client, model, data[i : i + 1], binary, sequence_id=session, sequence_start=first and i == 0,
            sequence_end=last and i == len(data) - 1,
        )
        for i in range(len(data))
    ]  # fmt: skip


class Raw:
    """Requests that no decent client sends."""

    def __init__(self, server: Server):
        self.server = server

    def __call__(self, method: str, path: str, body: bytes | None = None, **headers) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE)
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        result = (answer.status, answer.read())
        connection.close()
        return result

    def infer(self, request, binary: bytes = b"", model="series", **headers) -> tuple[int, str]:
        header = request if isinstance(request, bytes) else json.dumps(request).encode()
        if binary:
            headers["Inference_Header_Content_Length"] = str(len(header))
        status, body = self("POST", f"/v2/models/{model}/infer", header + binary, **headers)
        return status, json.loads(body).get("error", "")

    def send(self, data: bytes) -> bytes:
        """All that comes back, until the server closes the connection."""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=PATIENCE) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while part := connection.recv(65536):
                answer += part
            return answer


def tensor(shape, data=None, datatype="FP32", name="INPUT", **parameters) -> dict:
    result = {"name": name, "datatype": datatype, "shape": shape}
    if data is not None:
        result["data"] = data
    if parameters:
        result["parameters"] = parameters
    return result


def saved_steps(file: Path) -> int | None:
    """Steps of the session that a snapshot has; None where there is none yet."""
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return None
    length = struct.unpack("<Q", data[:8])[0]
    return int(json.loads(data[8 : 8 + length])["__metadata__"]["steps"])


def status_of(call) -> tuple[str | None, str]:
    try:
        call()
    except InferenceServerException as error:
        return error.status(), error.message()
    return None, ""


class Checks:
    def __init__(self, rnn: Path, folder: Path):
        self.rnn = rnn
        self.folder = folder
        self.series = folder / "series.safetensors"
        self.other = folder / "other.safetensors"
        self.text = folder / "text.safetensors"

    def serve(self, *arguments) -> Server:
        return Server(self.rnn, *arguments)

    # What the protocol is.

    def health_and_metadata(self):
        with self.serve(self.series, self.text) as server:
            client = server.client()
            assert client.is_server_live() and client.is_server_ready()
            assert client.is_model_ready("series") and client.is_model_ready("text", "1")
            assert not client.is_model_ready("nothing") and not client.is_model_ready("series", "7")
            assert "sequence" in client.get_server_metadata()["extensions"]
            metadata = client.get_model_metadata("series")
            assert metadata["inputs"] == [{"name": "INPUT", "datatype": "FP32", "shape": [-1, -1, FEATURES]}]
            assert client.get_model_metadata("text")["inputs"][0]["datatype"] == "INT32"
            assert status_of(lambda: client.get_model_metadata("nothing"))[0] == "404"

    def json_and_binary_give_the_same_bits(self):
        with self.serve(self.series, self.text) as server:
            client = server.client()
            for data in [numbers(7), numbers(5, batch=2), numbers(1)]:
                assert same_bits(infer(client, "series", data), infer(client, "series", data, binary=False))
            for kind in [np.int32, np.int64]:
                tokens = np.array([[3, 1, 4, 1, 5], [9, 2, 6, 5, 3]], kind)
                out = infer(client, "text", tokens)
                assert out.shape[:2] == (2, 5)
                assert same_bits(out, infer(client, "text", tokens, binary=False))
                assert same_bits(out[0], infer(client, "text", tokens[0]))
            answer = client.infer("series", [self._input(numbers(3))], request_id="the 7th")
            assert answer.get_response()["id"] == "the 7th"

    @staticmethod
    def _input(data):
        result = triton.InferInput("INPUT", list(data.shape), "FP32")
        result.set_data_from_numpy(data)
        return result

    def a_batch_gives_the_bits_of_each_sequence(self):
        with self.serve(self.series) as server:
            client = server.client()
            data = numbers(11, batch=5)
            out = infer(client, "series", data)
            for b in range(5):
                assert same_bits(out[b : b + 1], infer(client, "series", data[b]))

    def steps_of_a_session_give_the_bits_of_the_sequence(self):
        with self.serve(self.series, self.text) as server:
            client = server.client()
            data = numbers(9)
            for session in [17, "a text / with ünusual characters"]:
                for binary in [True, False]:
                    outputs = steps_of_session(client, "series", data, session, binary=binary)
                    for t in range(len(data)):
                        assert same_bits(outputs[t], infer(client, "series", data[: t + 1])), t
            tokens = np.array([3, 1, 4, 1, 5, 9, 2, 6], np.int32)
            outputs = np.concatenate(steps_of_session(client, "text", tokens, 5))
            assert same_bits(outputs, infer(client, "text", tokens))
            # Several steps in a request.
            first = infer(client, "text", tokens[:3], sequence_id=6, sequence_start=True)
            rest = infer(client, "text", tokens[3:], sequence_id=6, sequence_end=True)
            assert same_bits(np.concatenate([first, rest]), outputs)

    def a_start_begins_again_and_an_end_ends(self):
        with self.serve(self.series, self.text) as server:
            client = server.client()
            data = numbers(4)
            first = steps_of_session(client, "series", data, 3, last=False)
            again = steps_of_session(client, "series", data, 3)
            assert all(map(same_bits, first, again))
            status, message = status_of(lambda: infer(client, "series", data[:1], sequence_id=3))
            assert status == "400" and "no session" in message
            # The same id is another session of another model.
            infer(client, "series", data[:1], sequence_id=3, sequence_start=True)
            assert status_of(lambda: infer(client, "text", np.array([1], np.int32), sequence_id=3))[0] == "400"

    def a_request_that_fails_leaves_its_session(self):
        with self.serve(self.series, "--max-tensor", 300) as server:
            client = server.client()
            data = numbers(3)
            infer(client, "series", data[:1], sequence_id=1, sequence_start=True)
            before = Raw(server)("GET", "/v2/models/series/sessions/1")
            wrong = [tensor([1, 2], [1, 2]), tensor([1, 3], [1, 2]), tensor([1, 3], [1, 2, "3"]), tensor([2, 1, 3], [0] * 6)]
            for start in [False, True]:
                for one in wrong:
                    parameters = {"sequence_id": 1, "sequence_start": start, "sequence_end": True}
                    assert Raw(server).infer({"inputs": [one], "parameters": parameters})[0] == 400
            assert Raw(server)("GET", "/v2/models/series/sessions/1") == before
            assert status_of(lambda: infer(client, "series", numbers(101), sequence_id=1))[0] == "413"

    # What is refused.

    def wrong_requests_get_their_status(self):
        with self.serve(self.series, self.text, "--max-body", "20kB", "--max-tensor", 3000) as server:
            raw = Raw(server)
            good = tensor([1, 3], [1, 2, 3])
            assert raw.infer({"inputs": [good]})[0] == 200
            wrong = [
                (400, b""),
                (400, b"{"),
                (400, b"[]"),
                (400, b"nonsense"),
                (400, b"\xff\xfe"),
                (400, b'{"inputs":' + b"[" * 5000),
                (400, b'{"a":' * 3000 + b"1" + b"}" * 3000),
                (400, json.dumps({"inputs": [good]}).encode() + b"x"),
                (400, b'{"id":"\\ud800","inputs":[]}'),
                (400, {}),
                (400, {"inputs": []}),
                (400, {"inputs": {}}),
                (400, {"inputs": [3]}),
                (400, {"inputs": [good, good]}),
                (400, {"inputs": [{}]}),
                (400, {"inputs": [tensor([1, 3], [1, 2, 3], name="OTHER")]}),
                (400, {"inputs": [tensor([1, 3], [1, 2, 3], datatype="FP64")]}),
                (400, {"inputs": [tensor([1, 3], [1, 2, 3], datatype="BYTES")]}),
                (400, {"inputs": [tensor([1, 3])]}),
                (400, {"inputs": [tensor([1, 3], [1, 2])]}),
                (400, {"inputs": [tensor([1, 3], [1, 2, 3, 4])]}),
                (400, {"inputs": [tensor([1, 3], [1, 2, None])]}),
                (400, {"inputs": [tensor([1, 3], [1, 2, "x"])]}),
                (400, {"inputs": [tensor([1, 3], "abc")]}),
                (400, b'{"inputs":[{"name":"INPUT","datatype":"FP32","shape":[1,3],"data":[1,2,NaN]}]}'),
                (400, b'{"inputs":[{"name":"INPUT","datatype":"FP32","shape":[1,3],"data":[1,2,1e99]}]}'),
                (400, b'{"inputs":[{"name":"INPUT","datatype":"FP32","shape":[1,3],"data":[1,2,03]}]}'),
                (400, {"inputs": [tensor([3], [1, 2, 3])]}),
                (400, {"inputs": [tensor([1, 4], [1, 2, 3, 4])]}),
                (400, {"inputs": [tensor([0, 3], [])]}),
                (400, {"inputs": [tensor([0, 1, 3], [])]}),
                (400, {"inputs": [tensor([1, -3], [1, 2, 3])]}),
                (400, {"inputs": [tensor([-1, -3], [1, 2, 3])]}),
                (400, {"inputs": [tensor([1.5, 3], [1, 2, 3])]}),
                (400, {"inputs": [tensor([1] * 100 + [3], [1, 2, 3])]}),
                (413, {"inputs": [tensor([2**62, 8], [])]}),
                (413, {"inputs": [tensor([2**40, 3], [])]}),
                (400, {"inputs": [tensor([2**70, 3], [])]}),
                (413, {"inputs": [tensor([1001, 3], [])]}),
                (400, {"inputs": [good], "outputs": [{"name": "OTHER"}]}),
                (400, {"inputs": [good], "outputs": [{}]}),
                (400, {"inputs": [good], "outputs": [{"name": "OUTPUT", "parameters": {"classification": 2}}]}),
                (400, {"inputs": [tensor([1, 3], shared_memory_region="r")]}),
                (400, {"inputs": [tensor([1, 3], binary_data_size=12)]}),
                (400, {"inputs": [tensor([1, 3], binary_data_size=-12)]}),
                (400, {"inputs": [tensor([1, 3], [1, 2, 3], binary_data_size=12)]}),
                (400, {"inputs": [good], "parameters": {"sequence_id": -1, "sequence_start": True}}),
                (400, {"inputs": [good], "parameters": {"sequence_id": 1.5, "sequence_start": True}}),
                (400, {"inputs": [good], "parameters": {"sequence_id": "x" * 129, "sequence_start": True}}),
                (400, {"inputs": [good], "parameters": {"sequence_id": 5, "sequence_start": 1}}),
                (400, {"inputs": [good], "parameters": {"sequence_start": True}}),
                (400, {"inputs": [good], "parameters": {"sequence_id": 5}}),
                (400, {"inputs": [good], "parameters": 5}),
            ]
            for status, request in wrong:
                found, message = raw.infer(request)
                assert found == status and message, (status, request, found, message)
            for status, token in [(400, -1), (400, 28_000), (400, 2**31), (400, 2**70), (400, 1.5)]:
                found, message = raw.infer({"inputs": [tensor([1], [token], "INT64")]}, model="text")
                assert found == status and message, (token, found, message)

            request = {"inputs": [tensor([1, 3], binary_data_size=12)]}
            length = len(json.dumps(request))
            data = struct.pack("<3f", 1, 2, 3)
            for lengths, status in [(length, 200), (length - 1, 400), (length + 1, 400), (10**6, 400), (0, 400)]:
                found, body = raw(
                    "POST", "/v2/models/series/infer", json.dumps(request).encode() + data,
                    Inference_Header_Content_Length=str(lengths),
                )  # fmt: skip
                assert found == status, (lengths, found, body)
            for text in ["-1", "x", "1e3", "9" * 30, ""]:
                found, _ = raw("POST", "/v2/models/series/infer", b"{}", Inference_Header_Content_Length=text)
                assert found == 400, (text, found)
            for bad in [data[:-1], data + b"x", struct.pack("<3f", 1, float("nan"), 3)]:
                assert raw.infer(request, bad)[0] == 400
            assert raw("POST", "/v2/models/series/infer", b"x", Content_Encoding="gzip")[0] == 415
            assert raw("POST", "/v2/models/series/infer", b" " * 20_001)[0] == 413
            chunked = b"".join(b"1000\r\n" + b" " * 4096 + b"\r\n" for _ in range(8)) + b"0\r\n\r\n"
            head = b"POST /v2/models/series/infer HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            assert raw.send(head + chunked).startswith(b"HTTP/1.1 413 ")

            for path in ["/", "/v3", "/v2/models", "/v2/models/series/other", "/v2/health", "/v2/models/%ff", "/v2/%"]:
                assert raw("GET", path)[0] == 404, path
            assert raw("GET", "/v2/models/series/versions/2")[0] == 404
            assert raw("GET", "/v2/models/..%2f..%2fetc")[0] == 404
            assert raw("GET", "/v2/models/series/infer")[0] == 405
            assert raw("POST", "/v2")[0] == 405
            assert raw("HEAD", "/v2") == (200, b"")
            for garbage in [b"\x16\x03\x01\x02\x00\x01", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"A" * 200_000 + b"\r\n\r\n"]:
                assert not raw.send(garbage).startswith(b"HTTP/1.1 200")
            assert server.process.poll() is None and raw.infer({"inputs": [good]})[0] == 200

    def limits_on_sessions_and_time(self):
        with self.serve(self.series, "--max-sessions", 3) as server:
            client = server.client()
            for session in range(1, 4):
                infer(client, "series", numbers(1), sequence_id=session, sequence_start=True)
            status, message = status_of(
                lambda: infer(client, "series", numbers(1), sequence_id=4, sequence_start=True)
            )
            assert status == "503" and "3 sessions" in message
            infer(client, "series", numbers(1), sequence_id=3, sequence_end=True)
            infer(client, "series", numbers(1), sequence_id=4, sequence_start=True)
        with self.serve(self.series, "--idle-timeout", 1) as server:
            client = server.client()
            infer(client, "series", numbers(1), sequence_id=1, sequence_start=True)
            server.wait_for_line("sessions ended that nobody used")
            assert status_of(lambda: infer(client, "series", numbers(1), sequence_id=1))[0] == "400"

    def a_session_that_is_in_use_is_not_used_twice(self):
        # A step waits for a second one.
        with self.serve(self.series, "--max-batch", 2, "--max-wait", 60_000) as server:
            data = numbers(1)
            answers = []

            def run():
                answers.append(infer(server.client(), "series", data, sequence_id=1, sequence_start=True))

            thread = threading.Thread(target=run)
            thread.start()
            server.wait_for_metric('rnn_queued_steps{model="series"} 1')
            client = server.client()
            for start in [False, True]:
                call = lambda: infer(client, "series", data, sequence_id=1, sequence_start=start)
                assert status_of(call)[0] == "409"
            other = infer(client, "series", data, sequence_id=2, sequence_start=True)
            thread.join()
            assert len(answers) == 1 and same_bits(answers[0], other)

    def overload_is_refused(self):
        # The queue is full before a batch is, so the steps in it wait until the server is killed.
        with self.serve(self.series, "--max-queue", 2, "--max-batch", 3, "--max-wait", 60_000) as server:
            data = numbers(1)

            def run(session):
                with contextlib.suppress(Exception):
                    infer(server.client(), "series", data, sequence_id=session, sequence_start=True)

            threads = [threading.Thread(target=run, args=[i + 1]) for i in range(2)]
            for thread in threads:
                thread.start()
            server.wait_for_metric('rnn_queued_steps{model="series"} 2')
            client = server.client()
            status, message = status_of(lambda: infer(client, "series", data, sequence_id=3, sequence_start=True))
            assert status == "503" and "2 steps wait" in message, (status, message)
            # Nothing is left of what was refused, and whole sequences are served.
            server.wait_for_metric('rnn_sessions{model="series"} 2')
            infer(client, "series", data)
            server.kill()
            for thread in threads:
                thread.join()

    def a_token_is_asked_for(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "token")
            path.write_text("a-Secret.42\n")
            with self.serve(self.series, "--token-file", path) as server:
                client = server.client()
                assert client.is_server_live() and client.is_server_ready()
                for header in [None, "a-Secret.42", "Bearer a-Secret.4", "Bearer a-Secret.42x", "Basic a-Secret.42", "Bearer "]:
                    headers = {"Authorization": header} if header else {}
                    status, _ = status_of(lambda: client.get_server_metadata(headers=headers))
                    assert status == "401", header
                    status, _ = status_of(lambda: infer(client, "series", numbers(1), headers=headers))
                    assert status == "401", header
                headers = {"Authorization": "Bearer a-Secret.42"}
                assert client.get_server_metadata(headers=headers)["name"]
                infer(client, "series", numbers(1), headers=headers)
                assert Raw(server)("GET", "/metrics")[0] == 401

    def slow_and_half_open_connections_end(self):
        with self.serve(self.series, "--connection-timeout", 1) as server:
            head = b"POST /v2/models/series/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
            sockets = []
            for data in [b"", b"POST /v2", head, head + b"{"] * 50:
                connection = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
                connection.sendall(data)
                sockets.append(connection)
            for connection in sockets:
                try:
                    while connection.recv(65536):
                        pass
                except ConnectionResetError:
                    pass
                connection.close()
            # A byte now and then does not help.
            with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
                connection.sendall(head)
                begin = time.monotonic()
                try:
                    while time.monotonic() - begin < PATIENCE:
                        connection.sendall(b" ")
                        time.sleep(0.3)
                except (BrokenPipeError, ConnectionResetError):
                    pass
                assert time.monotonic() - begin < PATIENCE
            wait_until(server.is_live)

    def connections_whose_peer_reads_nothing_end(self):
        with self.serve(self.series, "--connection-timeout", 2) as server:
            before = server.descriptors
            connections = []
            for _ in range(20):
                connection = socket.socket()
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                connection.connect(("127.0.0.1", server.port))
                connection.setblocking(False)
                try:
                    connection.send(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 3000)
                except BlockingIOError:
                    pass
                connections.append(connection)
            # The answers to a body that never ends.
            endless = socket.create_connection(("127.0.0.1", server.port), timeout=1)
            endless.sendall(b"GET /v2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            # On a busy machine the first may end before the last begin.
            end = time.monotonic() + 5
            while server.descriptors < before + 21 and time.monotonic() < end:
                time.sleep(0.01)
            end = time.monotonic() + PATIENCE
            while server.descriptors > before and time.monotonic() < end:
                try:
                    endless.sendall(b"1\r\n \r\n")
                except OSError:
                    pass
                time.sleep(0.1)
            assert server.descriptors <= before, (server.descriptors, before)
            wait_until(server.is_live)

    # What lasts.

    def a_session_moves_to_another_server(self):
        data = numbers(8)
        with self.serve(self.series, self.other) as first, self.serve(self.series, self.other) as second:
            whole = steps_of_session(first.client(), "series", data, 9)
            steps_of_session(first.client(), "series", data[:5], "moves", last=False)
            status, exported = Raw(first)("GET", "/v2/models/series/sessions/moves")
            assert status == 200
            first.kill()
            raw = Raw(second)
            assert raw("PUT", "/v2/models/series/sessions/moves", exported)[0] == 200
            rest = steps_of_session(second.client(), "series", data[5:], "moves", first=False, last=False)
            assert all(map(same_bits, rest, whole[5:]))
            assert raw("PUT", "/v2/models/other/sessions/moves", exported)[0] == 400
            assert raw("PUT", "/v2/models/series/sessions/x", b"nonsense")[0] == 400
            for length in range(0, len(exported), 7):
                assert raw("PUT", "/v2/models/series/sessions/x", exported[:length])[0] == 400
            assert raw("GET", "/v2/models/series/sessions/x")[0] == 404
            assert raw("DELETE", "/v2/models/series/sessions/moves")[0] == 200
            assert raw("DELETE", "/v2/models/series/sessions/moves")[0] == 404

    def a_session_goes_on_in_other_programs(self):
        """From the library for C in one process through a server to the library in another."""
        library = os.environ.get("RECURRENT_LIBRARY")
        if not library:
            return "without --library there is no library for C"
        data = numbers(10)
        with self.serve(self.series) as server, tempfile.TemporaryDirectory() as folder:
            client, raw, session = server.client(), Raw(server), Path(folder, "session.safetensors")
            whole = steps_of_session(client, "series", data, 1)

            def in_library(rows: slice):
                steps, outputs = Path(folder, "steps.npy"), Path(folder, "outputs.npy")
                np.save(steps, data[rows])
                command = [sys.executable, "-m", "check_server.library", library, str(self.series), str(steps)]
                subprocess.run([*command, str(outputs), str(whole[0].size), str(session)], check=True)
                for output, wanted in zip(np.load(outputs), whole[rows]):
                    assert same_bits(output, wanted.reshape(-1))

            in_library(slice(0, 3))
            assert raw("PUT", "/v2/models/series/sessions/travels", session.read_bytes())[0] == 200
            rest = steps_of_session(client, "series", data[3:6], "travels", first=False, last=False)
            assert all(map(same_bits, rest, whole[3:6]))
            session.write_bytes(raw("GET", "/v2/models/series/sessions/travels")[1])
            in_library(slice(6, 10))

    def sessions_outlive_sigterm(self):
        data = numbers(8)
        with tempfile.TemporaryDirectory() as folder:
            ids = [1, 2**64 - 1, "a/../b", "x" * 128, "ü" * 64, "Id", "id"]
            with self.serve(self.series, "--snapshots", folder) as server:
                whole = steps_of_session(server.client(), "series", data, 77)
                for session in ids:
                    steps_of_session(server.client(), "series", data[:5], session, last=False)
                assert server.terminate() == 0
            assert len(list(Path(folder, "series").iterdir())) == len(ids)
            # One that is under way, as it waits for a second step, is answered.
            waits = ["--max-batch", 2, "--max-wait", 3000]
            with self.serve(self.series, "--snapshots", folder, *waits) as server:
                answers = []

                def run():
                    answers.append(infer(server.client(), "series", data[:1], sequence_id="slow", sequence_start=True))

                thread = threading.Thread(target=run)
                thread.start()
                server.wait_for_metric('rnn_sessions{model="series"} %d' % (len(ids) + 1))
                assert server.terminate() == 0
                thread.join()
                assert len(answers) == 1 and same_bits(answers[0], whole[0])
            assert len(list(Path(folder, "series").iterdir())) == len(ids) + 1
            with self.serve(self.series, "--snapshots", folder) as server:
                for session in ids:
                    rest = steps_of_session(server.client(), "series", data[5:], session, first=False)
                    assert all(map(same_bits, rest, whole[5:])), session
                status, message = status_of(lambda: infer(server.client(), "series", data[:1], sequence_id=77))
                assert status == "400", message
                assert server.terminate() == 0
            assert len(list(Path(folder, "series").iterdir())) == 1
            # Sessions of a model are none of another.
            with self.serve(f"series={self.other}", "--snapshots", folder) as server:
                assert status_of(lambda: infer(server.client(), "series", data[:1], sequence_id="slow"))[0] == "400"

    def kill_loses_only_what_came_after_the_snapshot(self):
        data = numbers(40)
        with tempfile.TemporaryDirectory() as folder:
            with self.serve(self.series) as server:
                whole = [out for out in steps_of_session(server.client(), "series", data, 1)]
            for _ in range(3):
                with self.serve(self.series, "--snapshots", folder, "--snapshot-interval", "0.2") as server:
                    client = server.client()
                    steps_of_session(client, "series", data[:5], 1, last=False)
                    file = Path(folder, "series", "id-1.safetensors")
                    wait_until(lambda: saved_steps(file) == 5)
                    # Snapshots are taken meanwhile, however many.
                    for known in range(5, 30):
                        steps_of_session(client, "series", data[known : known + 1], 1, first=False, last=False)
                        time.sleep(0.05)
                    server.kill()
                steps = saved_steps(file)
                assert steps is not None and 5 <= steps <= 30, steps
                with self.serve(self.series, "--snapshots", folder) as server:
                    rest = steps_of_session(server.client(), "series", data[steps:], 1, first=False)
                    assert all(map(same_bits, rest, whole[steps:]))
                    assert server.terminate() == 0

    def a_new_file_takes_the_models_place(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "series.safetensors")
            shutil.copy(self.series, path)
            data = numbers(6)
            with self.serve(path) as server:
                client = server.client()
                old = steps_of_session(client, "series", data, 1)
                steps_of_session(client, "series", data[:3], 2, last=False)
                # A file that is damaged changes nothing.
                path.write_bytes(b"nonsense")
                server.wait_for_line("version 1 stays")
                assert same_bits(infer(client, "series", data), old[-1])
                new_path = Path(folder, "new")
                shutil.copy(self.other, new_path)
                new_path.rename(path)
                server.wait_for_line("version 2")
                new = steps_of_session(client, "series", data, 3)
                assert not same_bits(new[-1], old[-1])
                rest = steps_of_session(client, "series", data[3:], 2, first=False)
                assert all(map(same_bits, rest, old[3:]))
                assert client.get_model_metadata("series")["versions"] == ["2"]

    def many_sessions_at_once_give_the_bits_that_they_give_alone(self):
        with self.serve(self.series) as server:
            count, steps = 64, 12
            data = [numbers(steps, seed=i) for i in range(count)]
            alone = [steps_of_session(server.client(), "series", rows, i + 1) for i, rows in enumerate(data)]
            results: list = [None] * count

            def run(i):
                results[i] = steps_of_session(server.client(), "series", data[i], i + 1)

            threads = [threading.Thread(target=run, args=[i]) for i in range(count)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            for one, other in zip(results, alone):
                assert all(map(same_bits, one, other))

    def metrics_count(self):
        with self.serve(self.series) as server:
            client = server.client()
            infer(client, "series", numbers(1), sequence_id=1, sequence_start=True)
            infer(client, "series", numbers(4), sequence_id=2, sequence_start=True)
            Raw(server)("GET", "/nothing")
            for line in [
                'rnn_requests_total{kind="infer",model="series",status="200"} 2',
                'rnn_requests_total{kind="other",model="",status="404"} 1',
                'rnn_sessions{model="series"} 2',
                'rnn_queued_steps{model="series"} 0',
                'rnn_batch_steps_count{model="series"} 5',
                'rnn_batch_steps_sum{model="series"} 5',
                'rnn_queue_seconds_count{model="series"} 5',
                'rnn_step_seconds_count{model="series"} 5',
            ]:
                server.wait_for_metric(line)


def main():
    rnn, folder = map(Path, sys.argv[1:3])
    checks = Checks(rnn, folder)
    names = sys.argv[3:] or [name for name in vars(Checks) if not name.startswith("_") and name != "serve"]
    skipped = 0
    for name in names:
        begin = time.monotonic()
        if reason := getattr(checks, name)():
            skipped += 1
            print(f"skipped: {name.replace('_', ' ')}: {reason}", flush=True)
            continue
        print(f"passed: {name.replace('_', ' ')} ({time.monotonic() - begin:.1f} s)", flush=True)
    print(f"{len(names) - skipped} checks passed, {skipped} skipped")


main()
