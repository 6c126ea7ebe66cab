"""Mutants come from the seed alone, and are wrong only where they are meant to be."""

import contextlib
import gzip
import io
import json
import random
import struct
import unittest
import zipfile
import zlib

from . import good_files, mutated, mutation, mutation_files, mutation_json, mutation_protobuf
from .mutation_json import Raw

HEADER = {
    "__metadata__": {"format": "x", "steps": "12", "architecture": '{"layers": [1, 2, 3], "cell": {"kind": "gru"}}'},
    "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
}
SAFETENSORS = mutation_files.with_header(json.dumps(HEADER).encode(), struct.pack("<2f", 1, 2))
ARRAY = mutation_files.npy("<f4", (2, 3), bytes(24))
ARCHIVE = mutation_files.archive({"a.npy": ARRAY})
JSON = json.dumps(
    {"a": [1, 2.5, -3e4], "b": {"c": "text", "d": None, "inner": '{"e": [4, 5]}'}, "rows": [[1, 2], [3, 4]]}
).encode()
KERAS = mutation_files.archive({"config.json": JSON, "model.weights.h5": b"weights of some kind"})
LOG = b"".join(
    json.dumps(event).encode() + b"\n" for event in (good_files.EPOCH, {"event": "result", "result": good_files.RESULT})
)
GZIP = gzip.compress(b"1,2,3\n4,5,6\n" * 20, mtime=0)
# Field 1 is a number, field 2 a text, field 3 a message with a number and four bytes.
MESSAGE = mutation_protobuf.message([[8, 300], [18, b"text"], [26, [[8, 7], [21, b"\x00\x00\x80\x3f"]]]])


def mutants(mutate, good: bytes, count: int) -> list[bytes]:
    return [mutate(good, random.Random(seed)) for seed in range(count)]


class MutationTests(unittest.TestCase):
    MUTATORS = (
        (mutation.mutated_bytes, b"some bytes, none of them special"),
        (mutation.mutated_text, b"time,level\n1,2.5\n2,-3e4\n"),
        (mutation_json.mutated_json, JSON),
        (mutation_json.mutated_log, LOG),
        (mutation_files.mutated_safetensors, SAFETENSORS),
        (mutation_files.mutated_array, ARRAY),
        (mutation_files.mutated_archive, ARCHIVE),
        (mutation_files.mutated_keras, KERAS),
        (mutation_files.mutated_gzip, GZIP),
        (mutation_protobuf.mutated_message, MESSAGE),
    )

    def test_the_same_seed_gives_the_same_mutants_which_differ_from_each_other(self) -> None:
        for mutate, good in self.MUTATORS:
            with self.subTest(mutate.__name__):
                first = mutants(mutate, good, 40)
                self.assertEqual(first, mutants(mutate, good, 40))
                self.assertGreater(len(set(first)), 20)

    def test_mutants_can_be_made_for_every_format(self) -> None:
        self.assertEqual(len({kind.name for kind in mutated.FORMATS}), len(mutated.FORMATS))
        made = {mutate for mutate, _ in self.MUTATORS}
        self.assertLessEqual({kind.mutate for kind in mutated.FORMATS}, made)

    def test_no_mutant_takes_more_than_some_megabytes(self) -> None:
        for mutate, good in self.MUTATORS:
            with self.subTest(mutate.__name__):
                # 2²⁴ zeros, which an archive may store as they are, are the largest addition.
                self.assertLess(max(map(len, mutants(mutate, good, 80))), 18 << 20)


class TextTests(unittest.TestCase):
    def test_extremes_hold_the_smallest_and_largest_numbers(self) -> None:
        for text in ("5e-324", "1e-323", "1e200", "-1e200", "1e308", "-0", "1e999", "NaN", "Infinity"):
            self.assertIn(text, mutation.EXTREMES)

    def test_one_number_of_a_text_changes_and_the_rest_stays(self) -> None:
        for mutant in mutants(mutation.mutated_numbers, b"a 1 b 2 c 3 d 4 e", 20):
            self.assertEqual(mutant[:2] + mutant[-2:], b"a  e")


class JSONTests(unittest.TestCase):
    def test_a_text_survives_reading_and_writing(self) -> None:
        self.assertEqual(json.loads(mutation_json.text_of(mutation_json.parsed(JSON))), json.loads(JSON))

    def test_numbers_keep_their_digits_and_names_may_occur_twice(self) -> None:
        text = '{"a": 1.50, "a": -0, "b": NaN}'
        self.assertEqual(mutation_json.text_of(mutation_json.parsed(text)), text)

    def test_most_mutants_are_json_of_other_values(self) -> None:
        valid = 0
        for mutant in mutants(mutation_json.mutated_json, JSON, 300):
            try:
                valid += json.loads(mutant) != json.loads(JSON)
            except (ValueError, RecursionError):
                pass
        self.assertGreater(valid, 150)

    def test_mutants_hold_each_kind_of_oddity(self) -> None:
        texts = mutants(mutation_json.mutated_json, JSON, 3000)
        for oddity in (
            b"NaN",
            b"Infinity",
            b"1e999",
            b"5e-324",
            b"-0,",
            b"[" * 100,
            b'{"a": ' * 50,
            b"[]",
            b"\\ud800",
            b"9" * 400,
        ):
            self.assertTrue(any(oddity in text for text in texts), oddity)
        self.assertTrue(any(text.count(b'"rows"') > 1 for text in texts), "a name that occurs twice")

    def test_lists_get_every_other_length(self) -> None:
        generator = random.Random(1)
        for elements in ([], [Raw("1")], [Raw("1"), Raw("2"), Raw("3")]):
            lengths = {len(mutation_json.with_another_length(elements, generator)) for _ in range(200)}
            count = len(elements)
            self.assertEqual(lengths, {0, 1, count - 1, count + 1, 2 * count, 1000} - {count, -1})

    def test_a_value_changes_its_type(self) -> None:
        kinds = {type(mutation_json.mutated_value(Raw("1"), random.Random(seed))) for seed in range(100)}
        self.assertEqual(kinds, {Raw})
        texts = {mutation_json.mutated_value(Raw("1"), random.Random(seed))[:1] for seed in range(400)}
        self.assertLessEqual({'"', "[", "{", "n", "t"}, texts)

    def test_json_in_a_string_is_mutated_as_json(self) -> None:
        inner = set()
        for seed in range(400):
            value = mutation_json.mutated_value('{"e": [4, 5]}', random.Random(seed))
            if not isinstance(value, Raw) and value.startswith("{"):
                inner.add(value)
        self.assertGreater(len(inner), 30)

    def test_nested_values_are_as_deep_as_asked_for(self) -> None:
        for seed in range(10):
            text = mutation_json.nested(63, random.Random(seed))
            self.assertEqual(text.count("[") + text.count("{"), 63)


class LogTests(unittest.TestCase):
    def test_stages_are_different_and_all_else_is_as_it_was(self) -> None:
        events = [json.loads(line) for line in mutation_json.of_many_stages(LOG.split(b"\n")[0], 100)]
        self.assertEqual(len({event.pop("stage") for event in events}), 100)
        wanted = {name: value for name, value in good_files.EPOCH.items() if name != "stage"}
        self.assertTrue(all(event == wanted for event in events))

    def test_there_are_logs_of_many_stages_of_long_lines_and_of_lists_that_do_not_fit(self) -> None:
        logs = mutants(mutation_json.mutated_log, LOG, 200)
        self.assertTrue(any(log.count(b'"stage ') == 100_000 for log in logs))
        self.assertTrue(any(1 << 20 < max(map(len, log.split(b"\n"))) < 5 << 20 for log in logs))

        def fits(log: bytes) -> bool:
            try:
                figure = json.loads(log.split(b"\n")[-2])["result"]["figures"][2]["heatMap"]["_0"]
                return [len(row) for row in figure["values"]] == [len(figure["columns"])] * len(figure["rows"])
            except (ValueError, LookupError, TypeError, RecursionError):
                return True

        self.assertGreater(sum(not fits(log) for log in logs), 5)


class SafetensorsTests(unittest.TestCase):
    def test_headers_have_the_right_length(self) -> None:
        header, rest = mutation_files.header_of(SAFETENSORS)
        self.assertEqual((header, rest), (HEADER, struct.pack("<2f", 1, 2)))
        self.assertEqual(len(SAFETENSORS) % 8, 0)
        self.assertEqual((len(ARRAY) - 24) % 64, 0)

    def test_tensors_lie_one_behind_the_other(self) -> None:
        data = mutation_files.safetensors({"a": ("F32", [1], b"aaaa"), "b": ("I8", [2], b"bb")}, {"format": "x"})
        header, rest = mutation_files.header_of(data)
        self.assertEqual((header["b"]["data_offsets"], rest), ([4, 6], b"aaaabb"))

    def test_json_in_metadata_is_mutated_as_json(self) -> None:
        text = HEADER["__metadata__"]["architecture"]
        lengths, kinds = set(), set()
        for seed in range(500):
            try:
                value = json.loads(mutation_files.mutated_metadata(text, random.Random(seed)))
                lengths.add(len(value["layers"]))
                kinds.add(type(value["cell"]))
            except (ValueError, LookupError, TypeError, RecursionError):
                pass
        self.assertLessEqual({0, 1, 2, 4, 6, 1000}, lengths)
        self.assertLessEqual({str, int, list, type(None)}, kinds)

    def test_mutated_metadata_stands_in_a_file_that_is_right(self) -> None:
        changed = 0
        for mutant in mutants(mutation_files.mutated_safetensors, SAFETENSORS, 200):
            try:
                header, rest = mutation_files.header_of(mutant)
                changed += header["a"] == HEADER["a"] and header["__metadata__"] != HEADER["__metadata__"]
            except (ValueError, LookupError, TypeError, RecursionError, struct.error):
                pass
        self.assertGreater(changed, 60)

    def test_a_sum_covers_metadata_names_shapes_and_numbers(self) -> None:
        sums = {mutation_files.checkpoint_sum(*mutation_files.header_of(SAFETENSORS))}
        for old, new in (
            (b'"12"', b'"13"'),
            (b'"a"', b'"b"'),
            (b"[2]", b"[3]"),
            (struct.pack("<f", 2), struct.pack("<f", 3)),
        ):
            sums.add(mutation_files.checkpoint_sum(*mutation_files.header_of(SAFETENSORS.replace(old, new))))
        self.assertEqual(len(sums), 5)


class ArchiveTests(unittest.TestCase):
    def test_arrays_in_archives_have_the_right_sums(self) -> None:
        with zipfile.ZipFile(io.BytesIO(ARCHIVE)) as archive:
            self.assertIsNone(archive.testzip())
            self.assertEqual(archive.read("a.npy"), ARRAY)

    def test_arrays_are_cut_to_their_header_and_to_less(self) -> None:
        lengths = {len(mutation_files.tiny_array(ARRAY, 128, random.Random(seed))) for seed in range(300)}
        self.assertEqual(lengths, {0, 1, 5, 6, 7, 8, 9, 10, 11, 127, 128, 129})

    def test_elements_become_extreme_under_a_header_that_is_right(self) -> None:
        tokens = mutation_files.npy("<i8", (3,), struct.pack("<3q", 1, 2, 3))
        for good, form in ((ARRAY, "<6f"), (tokens, "<3q")):
            size = struct.calcsize(form)
            same = [
                mutant for mutant in mutants(mutation_files.mutated_array, good, 300) if mutant[:-size] == good[:-size]
            ]
            numbers = {
                number for mutant in same if len(mutant) == len(good) for number in struct.unpack(form, mutant[-size:])
            }
            self.assertGreater(len(numbers), 6)

    def test_settings_of_keras_change_in_archives_that_are_right(self) -> None:
        settings = set()
        for mutant in mutants(mutation_files.mutated_keras, KERAS, 100):
            with contextlib.suppress(zipfile.BadZipFile, zlib.error, ValueError, OSError, EOFError, RuntimeError):
                settings.add(mutation_files.members_of(mutant).get("config.json"))
        self.assertGreater(len(settings), 30)

    def test_gzip_files_of_other_texts_have_the_right_sum(self) -> None:
        texts = set()
        for mutant in mutants(mutation_files.mutated_gzip, GZIP, 60):
            with contextlib.suppress(OSError, EOFError, zlib.error):
                texts.add(gzip.decompress(mutant))
        self.assertGreater(len(texts), 20)


class MessageTests(unittest.TestCase):
    def test_messages_survive_reading_and_writing(self) -> None:
        fields = mutation_protobuf.fields_of(MESSAGE)
        self.assertEqual(fields[0], [8, 300])
        self.assertEqual(fields[2][1][0], [8, 7])
        self.assertEqual(mutation_protobuf.message(fields), MESSAGE)
        with self.assertRaises((ValueError, IndexError)):
            mutation_protobuf.fields_of(MESSAGE[:-2])

    def test_groups_are_read_and_written(self) -> None:
        data = MESSAGE + mutation_protobuf.group(5, MESSAGE, depth=2)
        fields = mutation_protobuf.fields_of(data)
        self.assertEqual(mutation_protobuf.message(fields), data)
        self.assertEqual([key for key, _ in fields[3][1]], [5 << 3 | 3])
        for wrong in (data[:-1], data[:-1] + b"\x34", b"\x2c"):
            with self.assertRaises(ValueError):
                mutation_protobuf.fields_of(wrong)

    def test_overlong_numbers_are_the_same_numbers(self) -> None:
        for number, size in ((0, 1), (0, 10), (1, 2), (300, 2), (300, 5), ((1 << 64) - 1, 10)):
            data = mutation_protobuf.overlong(number, size)
            self.assertEqual((mutation_protobuf.read_varint(data, 0), len(data)), ((number, size), size))

    def test_bytes_that_are_put_among_the_fields_can_be_skipped_where_they_should(self) -> None:
        fields = mutation_protobuf.fields_of(MESSAGE)
        added = [mutation_protobuf.well_framed(fields, random.Random(seed)) for seed in range(300)]
        for data in added:
            # Groups too deep for this reader's stack, and a million messages, are for faster ones.
            if len(data) < 1000:
                self.assertGreaterEqual(len(mutation_protobuf.fields_of(data)), 1)
        self.assertTrue(
            any(data.count(b"\x1a\x00") == 1_000_000 or data.count(b"\x0a\x00") == 1_000_000 for data in added)
        )
        self.assertLess(max(map(len, added)), 8 << 20)

    def test_bytes_that_no_reader_can_skip(self) -> None:
        fields = mutation_protobuf.fields_of(MESSAGE)
        for seed in range(150):
            data = mutation_protobuf.badly_framed(fields, random.Random(seed))
            with self.assertRaises((ValueError, IndexError, RecursionError)):
                mutation_protobuf.fields_of(data)


if __name__ == "__main__":
    unittest.main()
