"""Streams through a model from Python: ctypes and numpy, nothing to build.

    python3 stream.py librecurrent-c.so model.safetensors session.safetensors
"""
import ctypes
import sys
from ctypes import byref, c_char, c_int32, c_size_t, c_void_p

import numpy as np

library = ctypes.CDLL(sys.argv[1])
library.recurrent_last_error.restype = ctypes.c_char_p


class ModelInfo(ctypes.Structure):
    _fields_ = [("size", c_size_t)]
    _fields_ += [(name, c_int32) for name in (
        "reads_tokens", "predicts_every_step", "is_bidirectional", "has_scaling", "can_be_trained", "readout", "loss")]
    _fields_ += [(name, c_size_t) for name in (
        "input_size", "vocabulary_size", "output_size", "layers", "hidden_size", "parameter_count", "session_bytes")]
    _fields_ += [("identity", c_char * 24)]


class Sequences(ctypes.Structure):
    _fields_ = [("count", c_size_t), ("lengths", c_void_p), ("features", c_void_p), ("feature_count", c_size_t),
                ("tokens", c_void_p), ("token_count", c_size_t)]


def call(name, *arguments):
    """Calls a function that returns a status; arrays become a pointer and a count, texts bytes."""
    values = []
    for value in arguments:
        if isinstance(value, np.ndarray):
            values += [c_void_p(value.ctypes.data), c_size_t(value.size)]
        else:
            values.append(value.encode() if isinstance(value, str) else value)
    if getattr(library, "recurrent_" + name)(*values) != 0:
        raise RuntimeError(library.recurrent_last_error().decode())


class Handle:
    """What the library gave, freed with the object."""

    def __init__(self, kind, function, *arguments):
        self.kind, self._as_parameter_ = kind, c_void_p()
        call(function, *arguments, byref(self._as_parameter_))

    def __del__(self):
        call(self.kind + "_free", self._as_parameter_)


model = Handle("model", "model_load", sys.argv[2], None)
info = ModelInfo(size=ctypes.sizeof(ModelInfo))
call("model_describe", model, byref(info))
print(f"model {info.identity.decode()}: {info.input_size} inputs, {info.output_size} outputs")
workspace = Handle("workspace", "workspace_create", model)

lengths = np.array([4, 6, 2], dtype=np.uintp)
x = np.random.default_rng(1).uniform(-0.5, 0.5, (lengths.sum(), info.input_size)).astype(np.float32)
starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(int)

# A ragged batch, sequence after sequence.
batch = np.empty((len(x), info.output_size), dtype=np.float32)
sequences = Sequences(count=len(lengths), lengths=lengths.ctypes.data, features=x.ctypes.data, feature_count=x.size)
call("run", model, byref(sequences), batch)

# The first sequence step by step gives the same bits.
session, y = Handle("session", "session_open", model), np.empty(info.output_size, dtype=np.float32)
for t in range(int(lengths[0])):
    call("step", workspace, session, x[t], y)
    assert y.tobytes() == batch[t].tobytes()
print("step by step: the bits of the batch")

# A copy goes its own way; a file holds a session to the bit.
fork, equal = Handle("session", "session_copy", session), c_int32()
call("step", workspace, fork, x[0], y)
call("session_equal", session, fork, byref(equal))
assert not equal.value
call("session_write", session, sys.argv[3])
restored = Handle("session", "session_read", model, sys.argv[3])
call("session_equal", session, restored, byref(equal))
assert equal.value
print("a session read back is equal")

# Many sessions in a call, each where its sequence is.
sessions = [Handle("session", "session_open", model) for _ in lengths]
for t in range(int(lengths.max())):
    running = [b for b in range(len(lengths)) if t < lengths[b]]
    pointers = (c_void_p * len(running))(*(sessions[b]._as_parameter_.value for b in running))
    rows = np.empty((len(running), info.output_size), dtype=np.float32)
    features = np.ascontiguousarray(x[starts[running] + t])
    call("step_many", workspace, pointers, c_size_t(len(running)), features, rows)
    assert rows.tobytes() == batch[starts[running] + t].tobytes()
print("many at once: the bits of the batch")

# A mistake is an exception with a line of English.
try:
    call("step", workspace, session, x[0][:-1].copy(), y)
except RuntimeError as error:
    print("error:", error)
