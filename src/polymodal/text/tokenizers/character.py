"""One id for each character."""

from __future__ import annotations

from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

from polymodal.text.tokenizers.library import PADDING, UNKNOWN, LibraryTokenizer

__all__ = ["CharacterTokenizer"]


class CharacterTokenizer(LibraryTokenizer):
    """One id for each character of the train split, spaces included.

    Args:
        max_vocabulary: int, different ids at most.
        min_count: int, characters seen less often in train are unknown.
    """

    max_length = 1024

    def __init__(self, max_vocabulary: int = 8_000, min_count: int = 2):
        super().__init__(max_vocabulary, min_count)

    def _untrained(self) -> Tokenizer:
        tokenizer = Tokenizer(models.WordLevel(unk_token=UNKNOWN))
        tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
        return tokenizer

    def _trainer(self) -> trainers.WordLevelTrainer:
        return trainers.WordLevelTrainer(
            vocab_size=self.max_vocabulary,
            min_frequency=self.min_count,
            special_tokens=[PADDING, UNKNOWN],
            show_progress=False,
        )
