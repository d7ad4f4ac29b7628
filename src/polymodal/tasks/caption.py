"""Captioning: a text about images, video or any other inputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from polymodal.core.contracts.target import Scores
from polymodal.core.contracts.task import Predictions
from polymodal.core.errors import DataError, RecipeError
from polymodal.core.fields import Fields
from polymodal.preprocess.targets.symbols import SymbolsTarget
from polymodal.profile.target_form import TEXTS
from polymodal.tasks._texts import TextTask

__all__ = ["Caption"]

_COUNTED = 20_000  # rows in which words are counted
_MOST_SPOTS = 512  # words that a model learns to spot
_RARE, _COMMON = 0.002, 0.95  # shares of rows beyond which a word is not worth spotting
_SEEN = 5  # rows that a word must occur in to be spotted


class CaptionTarget(SymbolsTarget):
    """The words of a caption as indices, int32 (time,), ended by `end_id`.

    A cell is a text, or a list of reference texts. Training samples several of them at once; scores
    compare with all.

    Args:
        split: str, how a caption becomes symbols: word or character. Characters of scripts without
            spaces are words.
        lowercase: bool, whether to lowercase.
        max_symbols: int, words that are kept, the most frequent ones.
        max_length: int, longer captions are cut there, the end included; the longest of train
            lowers it.
        at_once: int, captions of a row per training step, concatenated in one sequence; at most as
            many as a row of train has.

    Example:

    >>> target = CaptionTarget()
    >>> target.fit([["a red ball", "a ball, red"], "one ball"])
    >>> target.references(["A red ball", "a ball, red"])
    ['A red ball', 'a ball, red']
    >>> target.decode(target.encode("a ball, red"))
    'a ball, red'
    """

    has_references = True
    is_sampled = True

    def __init__(
        self,
        split: Literal["word", "character"] = "word",
        lowercase: bool = True,
        max_symbols: int = 10_000,
        max_length: int = 64,
        at_once: int = 5,
    ):
        super().__init__(False, split, lowercase, max_symbols, max_length)
        if at_once < 1:
            raise RecipeError(
                f"CaptionTarget needs at_once from 1. Got {at_once}. Use 1 to learn "
                "from one caption of a row in a step."
            )
        self.at_once = at_once
        self.spots: list[dict[str, Any]] = []

    def fit(self, values: Iterable[Any]) -> None:
        """Learns the words of the train split, and which of them are frequent.

        Raises:
            DataError: there is no word.
        """
        found, sizes = Counter(), [1]
        super().fit(self._counted(values, found, sizes))
        self.at_once = min(self.at_once, max(sizes))
        rows = min(len(sizes) - 1, _COUNTED)
        worth = [
            (word, n)
            for word, n in found.items()
            if max(_SEEN, _RARE * rows) <= n <= _COMMON * rows
        ]
        worth.sort(key=lambda pair: (-pair[1], pair[0]))
        ids = {word: self._index.spelled(word) for word, _ in worth}
        self.spots = [
            {"id": ids[word], "share": n / rows} for word, n in worth if ids[word] is not None
        ][:_MOST_SPOTS]

    def _counted(self, values: Iterable[Any], found: Counter, sizes: list[int]) -> Iterator[str]:
        """Yields all texts, and counts in how many rows each word occurs."""
        for value in values:
            texts = self.references(value)
            sizes.append(len(texts))
            if len(sizes) <= _COUNTED + 1:
                found.update({word for text in texts for word in self._symbols(text)})
            yield from texts

    def references(self, value: Any) -> list[str]:
        """Returns the texts of a cell, unchanged.

        Raises:
            DataError: the cell holds no text, or something else.
        """
        if isinstance(value, list | tuple | np.ndarray):
            texts = list(value)
        else:
            texts = [value]
        texts = [text for text in texts if text is not None]
        for text in texts:
            _check_text(text)
        texts = [text for text in texts if text.strip()]
        if not texts:
            raise DataError(
                "has no text.", "Leave the cell empty if there is no caption.", reason="empty_text"
            )
        return texts

    def read(self, value: Any) -> list[str]:
        """Returns what `fit` needs of a cell: its texts."""
        return self.references(value)

    def is_empty(self, value: Any) -> bool:
        """Returns whether the cell is a list without a text: `[]`, `["", " "]`."""
        return isinstance(value, list | tuple | np.ndarray) and not any(
            not isinstance(text, str) or text.strip() for text in value if text is not None
        )

    def encode(self, value: Any, rng: np.random.Generator | None = None) -> np.ndarray:
        """Returns the indices of the first caption; with `rng` of `at_once` sampled captions,
        concatenated."""
        if rng is None:
            return super().encode(self.references(value)[0])
        return self.encode_several(value, rng)

    def encode_several(self, value: Any, rng: np.random.Generator | None = None) -> np.ndarray:
        """Returns `at_once` captions, concatenated; without `rng` the first ones."""
        texts = self.references(value)
        if rng is not None:
            texts = [texts[i] for i in rng.permutation(len(texts))]
        return np.concatenate(
            [super(CaptionTarget, self).encode(text) for text in texts[: self.at_once]]
        )

    def previous(self, targets: np.ndarray) -> np.ndarray:
        """Returns the decoder's inputs in training; another caption starts after each end."""
        fed = super().previous(targets)
        return np.where(fed == self.end_id, np.int32(self.start_id), fed)

    def given(self) -> dict[str, Any]:
        """Returns what a decoder has to know of the words, and which are to be spotted."""
        return {**super().given(), "spots": self.spots}

    def state(self) -> dict[str, Any]:
        """Returns the words, and what is to be spotted."""
        return {**super().state(), "spots": self.spots}

    def restore(self, state: dict[str, Any]) -> None:
        """Takes what `state` returned."""
        super().restore(state)
        spots = Fields({"spots": state.get("spots", [])}).items("spots")
        self.spots = [
            {"id": spot.whole("id", 0, len(self.labels) - 1), "share": spot.number("share")}
            for spot in spots
        ]

    def longest(self, value: Any) -> int:
        """Returns the largest total length of `at_once` captions of a cell."""
        steps = [len(super(CaptionTarget, self).encode(text)) for text in self.references(value)]
        return sum(sorted(steps)[-self.at_once :])

    def truncated(self, value: Any) -> bool:
        """Returns whether a caption of the cell is cut."""
        return any(super(CaptionTarget, self).truncated(text) for text in self.references(value))


class Caption(TextTask):
    """Generates a text about the inputs, word by word."""

    name = "caption"
    title = "caption"
    headline = "cider_d"
    shows_attention = True
    reads_media = True
    command = "caption {run} photo.png"
    target = CaptionTarget
    fusion = ("attention", "The decoder attends to the tokens of all inputs in one sequence.")
    rows_seen = 160_000  # word meanings are learned late
    largest_batch = 32  # each row has several texts

    @property
    def head(self):
        """The class of the head; loads an engine."""
        from polymodal.model.heads.captions import CaptionHead

        return CaptionHead

    def objectives(self, modalities: Collection[str]) -> dict[str, dict[str, Any]]:
        """Spots words, and grounds the decoder if there is a single image to look at."""
        found: dict[str, dict[str, Any]] = {"word_spotting": {"weight": 0.2}}
        if list(modalities).count("image") == 1:
            found["grounding"] = {"weight": 1.0}
        return found

    def fits_inputs(self, form: str, modalities: Collection[str], several: bool) -> str:
        """Returns why a free text about these inputs is one of these answers, or ""."""
        heard = "audio" in modalities and not several  # then it is the transcript
        if form != TEXTS or heard or not {"image", "video", "audio"} & set(modalities):
            return ""
        return "The target is free text about images, video or audio."

    def input_settings(self, config: Mapping[str, Any], alone: bool) -> dict[str, Any]:
        """Mirrors no image: "the left one" would become false."""
        if config["modality"] == "image":
            return {"flip": False}
        return {}

    def batch_tokens(self, batch_size: int, steps: float) -> int | None:
        """Returns 0: batches have a fixed number of rows."""
        return 0

    def scores(self, rest: Predictions) -> Scores:
        """Returns CIDEr-D, BLEU and ROUGE-L."""
        from polymodal.evaluation.scores.captions import CaptionScores  # sacrebleu takes a while

        return CaptionScores(rest)

    def notes(self, rest: Predictions) -> dict[str, str]:
        """Returns where the document frequencies of CIDEr-D come from."""
        if len(rest.outputs) == 1:
            return {"cider_d": "needs two rows or more for document frequencies"}
        return {"cider_d": f"document frequencies of these {len(rest.outputs):,} rows' references"}

    def describes(self, target: str, labels: Sequence[str]) -> str:
        """Returns what a model does, in words."""
        return f"generates {target}, a text, for each row"


def _check_text(text: Any) -> None:
    if not isinstance(text, str):
        raise DataError(
            f"needs a text or a list of texts. Got {type(text).__name__}.",
            "Write the caption as text.",
            reason="not_a_text",
        )
