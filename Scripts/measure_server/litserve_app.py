"""python litserve_app.py MODEL PORT: a LitServe server that steps sessions of an ONNX model which rnn convert wrote."""

import sys

import litserve
import numpy as np
import onnxruntime


class Steps(litserve.LitAPI):
    """One step of each session in a batch: its states are kept here, between requests."""

    def setup(self, device):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.model = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
        self.states = {
            one.name: np.zeros((one.shape[0], one.shape[2]), np.float32) for one in self.model.get_inputs()[1:]
        }
        self.sessions = {}

    def decode_request(self, request):
        return request["session"], request["start"], np.asarray(request["data"], np.float32)

    def batch(self, inputs):
        return inputs

    def predict(self, batch):
        rows = batch if isinstance(batch, list) else [batch]
        states = [self.states if start else self.sessions[session] for session, start, _ in rows]
        feeds = {name: np.stack([state[name] for state in states], axis=1) for name in self.states}
        outputs, *after = self.model.run(
            None, {self.model.get_inputs()[0].name: np.stack([row for _, _, row in rows])[:, None]} | feeds
        )
        for b, (session, _, _) in enumerate(rows):
            self.sessions[session] = {name: state[:, b] for name, state in zip(self.states, after)}
        answers = [{"session": session, "data": output.tolist()} for (session, _, _), output in zip(rows, outputs)]
        return answers if isinstance(batch, list) else answers[0]

    def unbatch(self, output):
        return output

    def encode_response(self, output):
        return output


if __name__ == "__main__":
    api = Steps(max_batch_size=64, batch_timeout=0.001)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1, timeout=60, fast_queue=True)
    server.run(host="127.0.0.1", port=int(sys.argv[2]), generate_client_file=False, log_level="warning")
