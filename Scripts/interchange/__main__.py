"""Has other engines compute the expected results of Tests/InterchangeTests, and has them read what those tests wrote.

    python -m interchange generate FOLDER [PART ...]
    python -m interchange check FOLDER [PART ...]

Each part is a module beside this one with two functions: `generate(folder)` fills FOLDER/PART, `check(folder)` reads
FOLDER/PART/ours, raises where another engine disagrees and returns how many files it checked.
"""

import importlib
import sys
from pathlib import Path

PARTS = ("numpy_files", "torch_models", "keras_models", "onnx_nodes", "onnx_models", "onnx_export")


def main(arguments: list[str]) -> None:
    if len(arguments) < 2 or arguments[0] not in ("generate", "check"):
        sys.exit(__doc__)
    action, folder = arguments[0], Path(arguments[1])
    for part in arguments[2:] or PARTS:
        module = importlib.import_module(f"interchange.{part}")
        place = folder / part
        place.mkdir(parents=True, exist_ok=True)
        if action == "generate":
            module.generate(place)
            print(f"{part}: generated")
        else:
            print(f"{part}: {module.check(place)} files of ours read by the other engine")


if __name__ == "__main__":
    main(sys.argv[1:])
