"""python -m check_server.library LIBRARY MODEL STEPS.npy OUTPUTS.npy O SESSION: takes steps of O outputs through the library
for C.

It goes on with the session in the file SESSION, or with a new one where there is no such file, and writes it back. A process of
its own, so that nothing but the file connects it with others.
"""

import ctypes
import sys
from ctypes import byref, c_size_t, c_void_p
from pathlib import Path

import numpy as np


def main():
    library_path, model_path, steps_path, outputs_path, output_size, session_path = sys.argv[1:]
    library = ctypes.CDLL(library_path)
    library.recurrent_last_error.restype = ctypes.c_char_p

    def call(name, *arguments):
        if getattr(library, "recurrent_" + name)(*arguments):
            raise RuntimeError(library.recurrent_last_error().decode())

    model, workspace, session = c_void_p(), c_void_p(), c_void_p()
    call("model_load", model_path.encode(), None, byref(model))
    call("workspace_create", model, byref(workspace))
    if Path(session_path).exists():
        call("session_read", model, session_path.encode(), byref(session))
    else:
        call("session_open", model, byref(session))
    steps = np.load(steps_path)
    outputs = np.zeros((len(steps), int(output_size)), np.float32)
    for row, output in zip(steps, outputs):
        call(
            "step", workspace, session, c_void_p(row.ctypes.data), c_size_t(row.size), c_void_p(output.ctypes.data),
            c_size_t(output.size),
        )  # fmt: skip
    call("session_write", session, session_path.encode())
    np.save(outputs_path, outputs)


main()
