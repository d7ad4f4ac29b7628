"""One id for each word; each character is a word in scripts without spaces."""

from __future__ import annotations

from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

from polymodal.text.tokenizers.library import PADDING, UNKNOWN, LibraryTokenizer
from polymodal.text.words import PATTERN

__all__ = ["WordTokenizer"]


class WordTokenizer(LibraryTokenizer):
    """One id for each word of the train split; Chinese and the like go by character.

    Args:
        max_vocabulary: int, different ids at most.
        min_count: int, words seen less often in train are unknown.
    """

    def __init__(self, max_vocabulary: int = 20_000, min_count: int = 2):
        super().__init__(max_vocabulary, min_count)

    def _untrained(self) -> Tokenizer:
        tokenizer = Tokenizer(models.WordLevel(unk_token=UNKNOWN))
        tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(PATTERN), "removed", invert=True)
        return tokenizer

    def _trainer(self) -> trainers.WordLevelTrainer:
        return trainers.WordLevelTrainer(
            vocab_size=self.max_vocabulary,
            min_frequency=self.min_count,
            special_tokens=[PADDING, UNKNOWN],
            show_progress=False,
        )
