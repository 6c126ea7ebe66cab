"""Mutants come from the seed alone, and are wrong only where they are meant to be."""

import io
import json
import random
import struct
import unittest
import zipfile

from . import mutation

HEADER = {"__metadata__": {"format": "x", "steps": "12"}, "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
SAFETENSORS = mutation.with_header(json.dumps(HEADER).encode(), struct.pack("<2f", 1, 2))
ARRAY = mutation.npy("<f4", (2, 3), bytes(24))
ARCHIVE = mutation.archive({"a.npy": ARRAY})
# Field 1 is a number, field 2 a text, field 3 a message with a number and four bytes.
MESSAGE = mutation.message([[8, 300], [18, b"text"], [26, [[8, 7], [21, b"\x00\x00\x80\x3f"]]]])


class MutationTests(unittest.TestCase):
    MUTATORS = (
        (mutation.mutated_bytes, b"some bytes, none of them special"),
        (mutation.mutated_text, b"time,level\n1,2.5\n2,-3e4\n"),
        (mutation.mutated_safetensors, SAFETENSORS),
        (mutation.mutated_archive, ARCHIVE),
        (mutation.mutated_message, MESSAGE),
    )

    def test_the_same_seed_gives_the_same_mutants_which_differ_from_each_other(self) -> None:
        for mutate, good in self.MUTATORS:
            first, second = ([mutate(good, random.Random(seed)) for seed in range(50)] for _ in range(2))
            if mutate is not mutation.mutated_archive:  # An archive holds the time.
                self.assertEqual(first, second)
            self.assertGreater(len(set(first)), 25, mutate)

    def test_messages_survive_reading_and_writing(self) -> None:
        fields = mutation.fields_of(MESSAGE)
        self.assertEqual(fields[0], [8, 300])
        self.assertEqual(fields[2][1][0], [8, 7])
        self.assertEqual(mutation.message(fields), MESSAGE)
        with self.assertRaises((ValueError, IndexError)):
            mutation.fields_of(MESSAGE[:-2])

    def test_headers_have_the_right_length(self) -> None:
        header, rest = mutation.header_of(SAFETENSORS)
        self.assertEqual((header, rest), (HEADER, struct.pack("<2f", 1, 2)))
        self.assertEqual(len(SAFETENSORS) % 8, 0)
        self.assertEqual((len(ARRAY) - 24) % 64, 0)

    def test_arrays_in_archives_have_the_right_sums(self) -> None:
        with zipfile.ZipFile(io.BytesIO(ARCHIVE)) as archive:
            self.assertIsNone(archive.testzip())
            self.assertEqual(archive.read("a.npy"), ARRAY)

    def test_a_sum_covers_metadata_names_shapes_and_numbers(self) -> None:
        sums = {mutation.checkpoint_sum(*mutation.header_of(SAFETENSORS))}
        for old, new in (
            (b'"12"', b'"13"'),
            (b'"a"', b'"b"'),
            (b"[2]", b"[3]"),
            (struct.pack("<f", 2), struct.pack("<f", 3)),
        ):
            sums.add(mutation.checkpoint_sum(*mutation.header_of(SAFETENSORS.replace(old, new))))
        self.assertEqual(len(sums), 5)


if __name__ == "__main__":
    unittest.main()
