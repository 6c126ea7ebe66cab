#!/usr/bin/env python3
"""Writes what sacrebleu computes, for Tests/TasksTests/Scores/BLEUTests.swift.

    python3 -m venv .build/sacrebleu
    .build/sacrebleu/bin/pip install sacrebleu==2.6.0
    .build/sacrebleu/bin/python Scripts/make-bleu-fixture.py

Each case is a corpus of random sentences, of which the translations are references with
words changed, left out and exchanged; some match in nothing, some are too short for
4-grams, one is empty.
"""

import json
import random
from pathlib import Path

import sacrebleu
from sacrebleu.metrics import BLEU

SEED = 20161130


def corrupted(words: list[str], rate: float, vocabulary: list[str]) -> list[str]:
    result = []
    for word in words:
        draw = random.random()
        if draw < rate / 3:
            continue
        result.append(random.choice(vocabulary) if draw < rate else word)
    if len(result) > 1 and random.random() < rate:
        i = random.randrange(len(result) - 1)
        result[i], result[i + 1] = result[i + 1], result[i]
    return result


def case(name: str, sentences: int, lengths: tuple[int, int], rate: float) -> dict:
    vocabulary = ["a", "the", "man", "dog", "is", "in", ".", ",", "&quot;", "läuft", "@-@"]
    references = [
        random.choices(vocabulary, k=random.randint(*lengths)) for _ in range(sentences)
    ]
    translations = [corrupted(words, rate, vocabulary) for words in references]
    if rate == 1:
        translations = [["zebra"] * len(words) for words in references]
    score = BLEU(tokenize="none", force=True).corpus_score(
        [" ".join(words) for words in translations],
        [[" ".join(words) for words in references]],
    )
    return {
        "name": name,
        "translations": translations,
        "references": references,
        "score": score.score,
        "precisions": score.precisions,
        "brevityPenalty": score.bp,
    }


def main():
    random.seed(SEED)
    cases = [
        case("good", 12, (5, 14), 0.1),
        case("poor", 9, (4, 11), 0.6),
        case("one sentence", 1, (9, 9), 0.3),
        case("one short sentence", 1, (3, 3), 0.0),
        case("exact", 4, (6, 8), 0.0),
        case("nothing matches", 3, (5, 7), 1),
        case("few 4-grams match", 2, (5, 6), 0.75),
    ]
    path = Path(__file__).resolve().parent.parent / "Tests/TasksTests/Fixtures/bleu.json"
    path.parent.mkdir(exist_ok=True)
    contents = {"sacrebleu": sacrebleu.__version__, "seed": SEED, "cases": cases}
    path.write_text(json.dumps(contents, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
