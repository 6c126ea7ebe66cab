"""Good files that Python writes have the form of those that other programs write."""

import struct
import tempfile
import unittest
from pathlib import Path

from . import good_files, hdf5, mutation_files


class GoodFileTests(unittest.TestCase):
    def test_settings_describe_a_chain_of_the_layers_whose_arrays_have_places(self) -> None:
        layers = good_files.keras_settings(33)["config"]["layers"]
        names = [layer["config"]["name"] for layer in layers[1:]]
        self.assertEqual(sorted(names), sorted({place.split("/")[0] for place in good_files.HDF5_PLACES}))
        for before, layer in zip(layers, layers[1:]):
            history = layer["inbound_nodes"][0]["args"][0]["config"]["keras_history"]
            self.assertEqual(history, [before["config"]["name"], 0, 0])

    def test_weights_in_hdf5_hold_their_numbers(self) -> None:
        numbers = struct.pack("<6f", 1, 2, 3, 4, 5, 6.5)
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "model.weights.h5"
            if not hdf5.write(
                path, {"layers/dense/vars/0": ((2, 3), numbers), "layers/dense/vars/1": ((1,), numbers[:4])}
            ):
                self.skipTest("there is no libhdf5")
            data = path.read_bytes()
        self.assertTrue(data.startswith(b"\x89HDF\r\n\x1a\n"))
        self.assertIn(numbers, data)

    def test_a_model_has_the_parameters_of_its_checkpoint_alone(self) -> None:
        tensors = {
            "parameters.a": ("F32", [1], b"aaaa"),
            "best.a": ("F32", [1], b"bbbb"),
            "parameters.b": ("F32", [1], b"cccc"),
        }
        model = good_files.model_of(mutation_files.safetensors(tensors, {"format": "x"}), "recurrent.gap-model")
        header, rest = mutation_files.header_of(model)
        self.assertEqual((header.keys(), rest), ({"__metadata__", "a", "b"}, b"aaaacccc"))
        self.assertEqual(header["__metadata__"]["format"], "recurrent.gap-model")


if __name__ == "__main__":
    unittest.main()
