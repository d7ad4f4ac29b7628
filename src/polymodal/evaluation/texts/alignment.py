"""Alignment of transcripts with references: units, and the errors of each utterance."""

from __future__ import annotations

from collections import Counter

import jiwer
import numpy as np

from polymodal.text.words import is_unspaced, split_words

__all__ = ["COUNTS", "align", "characters_of", "confused_words", "units_of"]

COUNTS = ("substitutions", "insertions", "deletions", "reference")  # columns of errors per row


def units_of(text: str) -> list[str]:
    """Returns the units that a word error rate counts: words, or characters without spaces.

    Example:

    >>> units_of("two cats 两只猫")
    ['two', 'cats', '两', '只', '猫']
    """
    return [unit for word in text.split() for unit in _parts(word)]


def characters_of(text: str) -> str:
    """Returns the text as a character error rate counts it.

    A space counts between words, and not next to a character of a script that is written without.

    Example:

    >>> characters_of("two cats 两只 猫")
    'two cats两只猫'
    """
    words = text.split()
    glued = [
        not i or is_unspaced(words[i - 1][-1]) or is_unspaced(word[0])
        for i, word in enumerate(words)
    ]
    return "".join(word if alone else f" {word}" for word, alone in zip(words, glued, strict=True))


def align(references: list[str], hypotheses: list[str]) -> tuple[np.ndarray, np.ndarray, Counter]:
    """Returns errors in words and in characters, both (n, 4) as COUNTS, and confused words.

    Args:
        references: n normalised texts.
        hypotheses: n normalised texts.

    Returns:
        words (n, 4) int, characters (n, 4) int, Counter of (said, heard) over substitutions.
    """
    words = jiwer.process_words(
        [" ".join(units_of(text)) for text in references],
        [" ".join(units_of(text)) for text in hypotheses],
    )
    chars = jiwer.process_characters(
        [characters_of(text) for text in references], [characters_of(text) for text in hypotheses]
    )
    return _errors(words), _errors(chars), confused_words(words)


def confused_words(found: jiwer.WordOutput) -> Counter:
    """Returns how often each (word of the reference, word of the hypothesis) was substituted."""
    pairs: Counter = Counter()
    for said, heard, chunks in zip(
        found.references, found.hypotheses, found.alignments, strict=True
    ):
        for chunk in chunks:
            if chunk.type == "substitute":
                pairs.update(
                    zip(
                        said[chunk.ref_start_idx : chunk.ref_end_idx],
                        heard[chunk.hyp_start_idx : chunk.hyp_end_idx],
                        strict=True,
                    )
                )
    return pairs


def _errors(found: jiwer.WordOutput | jiwer.CharacterOutput) -> np.ndarray:
    table = np.zeros((len(found.references), len(COUNTS)), np.int64)
    table[:, 3] = [len(units) for units in found.references]
    column = {"substitute": 0, "insert": 1, "delete": 2}
    for row, chunks in enumerate(found.alignments):
        for chunk in chunks:
            if chunk.type != "equal":
                size = max(
                    chunk.ref_end_idx - chunk.ref_start_idx, chunk.hyp_end_idx - chunk.hyp_start_idx
                )
                table[row, column[chunk.type]] += size
    return table


def _parts(word: str) -> list[str]:
    if word.isascii() or not any(is_unspaced(char) for char in word):
        return [word]
    return split_words(word)
