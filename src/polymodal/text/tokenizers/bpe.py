"""Pieces of words, learned by merging frequent pairs of bytes."""

from __future__ import annotations

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from polymodal.text.tokenizers.library import PADDING, UNKNOWN, LibraryTokenizer

__all__ = ["BpeTokenizer"]


class BpeTokenizer(LibraryTokenizer):
    """Pieces of words learned from the train split. Built on bytes: no text is unknown.

    Args:
        max_vocabulary: int, different ids at most; the 256 bytes are always among them.
        min_count: int, pairs seen less often in train are not merged.

    Source: Sennrich, Haddow and Birch (2016), https://arxiv.org/abs/1508.07909; on bytes, as
    Radford et al. (2019).
    """

    def __init__(self, max_vocabulary: int = 4_000, min_count: int = 2):
        super().__init__(max_vocabulary, min_count)

    def _untrained(self) -> Tokenizer:
        tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        return tokenizer

    def _trainer(self) -> trainers.BpeTrainer:
        return trainers.BpeTrainer(
            vocab_size=self.max_vocabulary,
            min_frequency=self.min_count,
            special_tokens=[PADDING, UNKNOWN],
            show_progress=False,
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        )
