"""Words and n-grams of a caption, as all scores of captions count them."""

from __future__ import annotations

import re
from collections import Counter

from polymodal.evaluation.texts.characters import unified, without_signs
from polymodal.text.words import is_unspaced, split_words

__all__ = ["MOST_WORDS", "caption_words", "word_runs"]

MOST_WORDS = 4  # longest run that BLEU and CIDEr count

# Kept inside words only: isn't, t-shirt, 3.5.
_LONELY = re.compile(r"(?<!\w)['-]|['-](?!\w)|(?<![0-9])\.|\.(?![0-9])")
_ENDING = re.compile(r"(?<=\w)(n't|'(?:s|re|ve|ll|d|m))(?=\s|$)")


def caption_words(text: str) -> list[str]:
    """Returns the words of a caption: lower case, without punctuation.

    As in the Penn Treebank step of the COCO scorer, n't and 's are words of their own and hyphens
    inside words stay; its rarer rules (cannot, gonna, brackets) are left out, and no Java is
    needed. Scripts without spaces give single characters.

    Example:

    >>> caption_words("A man's dog isn't on the T-shirt.")
    ['a', 'man', "'s", 'dog', 'is', "n't", 'on', 'the', 't-shirt']
    >>> caption_words("两只猫。")
    ['两', '只', '猫']
    """
    plain = without_signs(unified(text), "'-.", _LONELY)
    words = _ENDING.sub(r" \1", plain).split()
    if plain.isascii():
        return words
    return [part for word in words for part in _parts(word)]


def word_runs(words: list[str]) -> list[Counter[str]]:
    """Returns how often each n-gram of one to four words occurs, one Counter per length."""
    return [
        Counter([" ".join(words[i : i + size]) for i in range(len(words) - size + 1)])
        if size > 1
        else Counter(words)
        for size in range(1, MOST_WORDS + 1)
    ]


def _parts(word: str) -> list[str]:
    if not any(is_unspaced(char) for char in word):
        return [word]
    return [part for part in split_words(word) if part[0].isalnum()]
