"""Tests of the float64 reference and of the files of numbers. They need numpy and are skipped without it."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

try:
    import numpy as np
except ImportError as error:
    raise unittest.SkipTest("numpy is missing") from error

from .reference import clear_padding, largest_difference, random_numbers, reference_results
from .tensor_file import read_tensors, write_tensors
from .workload import CELLS, GATES, WEIGHTS, Shape, Workload

SHAPE = Shape(7, 4, 3, 5)


class ReferenceTests(unittest.TestCase):
    def test_gradients_match_finite_differences(self) -> None:
        for cell in CELLS:
            for lengths in ((7, 7, 7, 7), (7, 5, 5, 1)):
                workload = Workload(cell, "training", SHAPE, 1, lengths)
                numbers = {name: value.astype(np.float64) for name, value in random_numbers(cell, SHAPE).items()}
                gradients = reference_results(workload, numbers)
                for name in WEIGHTS:
                    with self.subTest(cell=cell, lengths=lengths, name=name):
                        place = np.unravel_index(np.abs(gradients[name]).argmax(), gradients[name].shape)
                        slope = self.slope(workload, numbers, name, place)
                        self.assertAlmostEqual(slope / float(gradients[name][place]), 1, delta=1e-2)

    def slope(self, workload, numbers, name, place) -> float:
        def loss(change: float) -> float:
            changed = dict(numbers)
            changed[name] = numbers[name].copy()
            changed[name][place] += change
            return float((reference_results(workload, changed)["outputs"] * numbers["dOutputs"]).sum())

        # Outputs are rounded to float32, so the step cannot be much smaller.
        return (loss(1e-2) - loss(-1e-2)) / 2e-2

    def test_no_gate_of_a_single_step_is_mistaken_for_another(self) -> None:
        shape = Shape(1, 1, 1, 1)
        for cell, expected in (
            # Each gate alone, with sigmoid(0) = 1/2 where no bias acts: input, forget, candidate, output.
            ("lstm", (0, 0, 0.5 * np.tanh(0.5 * np.tanh(1)), 0)),
            # Reset, update, candidate.
            ("gru", (0, 0, 0.5 * np.tanh(1))),
        ):
            for gate, wanted in enumerate(expected):
                numbers = {name: np.zeros_like(value) for name, value in random_numbers(cell, shape).items()}
                numbers["bias_ih_l0"][gate] = 1
                self.assertEqual(len(numbers["bias_ih_l0"]), GATES[cell])
                outputs = reference_results(Workload(cell, "inference", shape, 1, (1,)), numbers)["outputs"]
                self.assertAlmostEqual(float(outputs[0, 0, 0]), float(wanted), places=6)

    def test_a_ragged_sequence_is_as_if_alone(self) -> None:
        numbers = random_numbers("gru", SHAPE)
        together = reference_results(Workload("gru", "inference", SHAPE, 1, (7, 5, 5, 1)), numbers)["outputs"]
        dense = reference_results(Workload("gru", "inference", SHAPE, 1, (7,) * 4), numbers)["outputs"]
        np.testing.assert_array_equal(together[:5, 1], dense[:5, 1])
        self.assertFalse(together[5:, 1].any())

    def test_differences_are_relative_to_the_largest_number(self) -> None:
        wanted = {"a": np.array([1.0, -4.0], np.float32), "b": np.ones(3, np.float32)}
        found = {"a": np.array([1.1, -4.0], np.float32), "b": np.ones(3, np.float32)}
        difference, name = largest_difference(found, wanted)
        self.assertEqual(name, "a")
        self.assertAlmostEqual(difference, 0.025, places=4)
        for bad in ({"a": found["a"]}, found | {"b": np.ones(2, np.float32)}, found | {"b": wanted["b"] * np.nan}):
            self.assertEqual(largest_difference(bad, wanted), (float("inf"), "b"))

    def test_what_should_be_zero_must_be_nearly_zero(self) -> None:
        wanted = {"a": np.zeros(2, np.float32)}
        self.assertEqual(largest_difference(wanted, wanted), (0.0, "outputs"))
        self.assertEqual(largest_difference({"a": np.array([0, 0.5], np.float32)}, wanted), (0.5, "a"))

    def test_padding_is_cleared_beyond_the_lengths(self) -> None:
        padded = np.ones((3, 2, 1), np.float32)
        clear_padding(padded, (3, 1))
        self.assertEqual(padded[:, :, 0].tolist(), [[1, 1], [1, 0], [1, 0]])

    def test_written_tensors_are_read_back(self) -> None:
        numbers = random_numbers("lstm", SHAPE)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "numbers"
            write_tensors(path, numbers)
            found = read_tensors(path)
        self.assertEqual(list(found), list(numbers))
        for name, value in numbers.items():
            np.testing.assert_array_equal(found[name], value)


if __name__ == "__main__":
    unittest.main()
