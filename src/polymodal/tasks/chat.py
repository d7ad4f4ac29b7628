"""Chat: the answer in a conversation about images, sounds and what was said before."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from polymodal.core.contracts.target import Judged, Scores, Target
from polymodal.core.contracts.task import Predictions
from polymodal.core.errors import DataError, RecipeError
from polymodal.core.fields import Fields
from polymodal.evaluation.scores.replies import ReplyScores, right
from polymodal.tables.table import Table
from polymodal.tasks._texts import TextTask
from polymodal.text.dialogue.messages import KINDS, from_cell, text_of
from polymodal.text.dialogue.texts import Texts
from polymodal.text.dialogue.trained import trained

__all__ = ["Chat"]

_WORDS = "conversation"  # the input with what was said before
_RESERVED = 8  # ids of an answer that every model may write


class ReplyTarget(Target):
    """The ids of an answer, int32 (time,), ended by `end_id`. The loss sees nothing else.

    Args:
        max_vocabulary: int, ids of a tokenizer that is learned from train; one that comes with an
            imported decoder has its own.
        max_length: int, longer answers are cut there, the end included; the longest of train lowers
            it.
        num_ids: int, ids of an imported decoder, which may have more than its tokenizer.

    Example:

    >>> target = ReplyTarget()
    >>> target.fit(["a red ball", "no"])
    >>> target.decode(target.encode("a red ball"))
    'a red ball'
    """

    has_time = True
    dtype = np.int32
    shape = (None,)
    is_fed_back = True
    has_references = True

    comes_with_weights = True

    def __init__(
        self, max_vocabulary: int = 4000, max_length: int = 256, num_ids: int | None = None
    ):
        if max_vocabulary < 300 or max_length < 2:
            raise RecipeError(
                "ReplyTarget needs max_vocabulary from 300 and max_length from 2. "
                f"Got {max_vocabulary} and {max_length}. Raise them."
            )
        self.max_vocabulary, self.max_length, self.num_ids = max_vocabulary, max_length, num_ids
        self._texts: Texts | None = None
        self._read_along: tuple[Table, str] | None = None
        self._prompt: Any = None

    @property
    def texts(self) -> Texts:
        """The tokenizer and the chat template."""
        if self._texts is None:
            raise RecipeError("ReplyTarget needs a tokenizer. Got none. Call fit or restore first.")
        return self._texts

    @property
    def labels(self) -> list[str]:
        """Nothing: ids are pieces of words."""
        return []

    @property
    def num_outputs(self) -> int:
        """Number of ids."""
        return self.num_ids or self.texts.size

    @property
    def start_id(self) -> int:
        """The last id of every prompt."""
        return self.texts.start_id

    @property
    def end_id(self) -> int:
        """What ends an answer."""
        return self.texts.end_id

    def meets(self, table: Table, inputs: Mapping[str, Any]) -> None:
        """Takes the train table's conversations, which the tokenizer is learned from too, and the
        input that reads them, which gets that tokenizer."""
        item = inputs.get(_WORDS)
        if item is None:
            raise RecipeError(
                f"An assistant needs an input called {_WORDS}. Got "
                f"{', '.join(inputs)}. Give a table of conversations."
            )
        self._read_along = table, item.columns[0]
        self._prompt = item.modality

    def fit(self, values: Iterable[Any]) -> None:
        """Learns the tokenizer from questions and answers."""
        replies = [self.references(value)[0] for value in values]
        if self._texts is None:
            self._texts = trained((*replies, *self._said()), self.max_vocabulary)
        if self._prompt is not None:
            self._prompt.take(self._texts)
        longest = max((len(self._texts.reply(one)) for one in replies), default=1)
        self.max_length = min(self.max_length, max(_RESERVED, longest))

    def take(self, texts: Texts) -> None:
        """Takes the texts of an imported decoder."""
        self._texts = texts

    def _said(self) -> Iterator[str]:
        if self._read_along is None:
            return
        table, column = self._read_along
        for cell in table.values(column):
            try:
                yield from (text_of(one["content"]) for one in from_cell(cell))
            except DataError:
                continue  # the check of rows names it

    def references(self, value: Any) -> list[str]:
        """Returns the right answers of a cell: a text, or a list of texts.

        Raises:
            DataError: there is none.
        """
        texts = [value] if isinstance(value, str | int | float) else list(value)
        texts = [str(text).strip() for text in texts if text is not None and str(text).strip()]
        if not texts:
            raise DataError(
                "has no text.", "Leave the cell empty if there is no answer.", reason="empty_text"
            )
        return texts

    read = references

    def encode(self, value: Any) -> np.ndarray:
        """Returns the ids of the first answer and the end, int32 (time,)."""
        ids = self.texts.reply(self.references(value)[0])
        if len(ids) > self.max_length:
            ids = [*ids[: self.max_length - 1], self.end_id]
        return np.array(ids, np.int32)

    def truncated(self, value: Any) -> bool:
        """Returns whether `encode` cuts the answer."""
        return len(self.texts.reply(self.references(value)[0])) > self.max_length

    def previous(self, targets: np.ndarray) -> np.ndarray:
        """Returns what the decoder is fed: the last id of the prompt, then all but the last."""
        start = np.full_like(targets[:, :1], self.start_id)
        return np.concatenate([start, targets[:, :-1]], axis=1)  # (batch, time)

    def decode(self, encoded: Any) -> str:
        """Returns the text before the first end."""
        found = []
        for one in np.asarray(encoded).tolist():
            if one in self.texts.stop_ids:
                break
            found.append(one)
        return self.texts.text(found).strip()

    def given(self) -> dict[str, Any]:
        """Returns what a decoder has to know of the ids."""
        return {"start_id": self.start_id, "end_id": self.end_id, "max_length": self.max_length}

    def state(self) -> dict[str, Any]:
        """Returns tokenizer, template and the length of answers."""
        return {**self.texts.state(), "max_length": self.max_length}

    def restore(self, state: dict[str, Any]) -> None:
        """Takes what `state` returned."""
        self._texts = Texts.restored(state)
        self.max_length = Fields(state).whole("max_length", 1, 1_000_000)


class Chat(TextTask):
    """Answers in a conversation about images and sounds."""

    name = "chat"
    title = "conversation"
    headline = "exact_match"
    lower_is_better = frozenset({"perplexity"})
    reads_media = True
    asks_alone = False
    has_single_models = False
    hides_inputs = False  # nothing can be answered without the question
    command = "chat {run} --image photo.png"
    converses = True
    packs = _WORDS
    target = ReplyTarget
    target_column = "response"
    sliced_by = ("kind", "turn", "language", "form", "pattern")
    fusion = (
        "interleaved",
        "The tokens of images and sounds stand where the conversation has them.",
    )
    rows_seen = 160_000
    largest_batch = 32
    limits = ("It may state what is neither shown nor true.",)

    @property
    def head(self):
        """The class of the head; loads an engine."""
        from polymodal.model.heads.chat import ChatHead

        return ChatHead

    def own_inputs(self, columns: Collection[str]) -> dict[str, dict[str, Any]]:
        """Returns the conversation, and the media of the table."""
        words = {_WORDS: {"modality": _WORDS}} if _WORDS in columns else {}
        return words | {kind: {"modality": kind} for kind in KINDS if kind in columns}

    def input_settings(self, config: Mapping[str, Any], alone: bool) -> dict[str, Any]:
        """Mirrors no image: "the left one" would become false."""
        if config["modality"] == "image":
            return {"flip": False}
        return {}

    def batch_tokens(self, batch_size: int, steps: float) -> int | None:
        """Returns 0: batches have a fixed number of rows."""
        return 0

    def scores(self, rest: Predictions) -> Scores:
        """Returns exact match and the F1 of tokens."""
        return ReplyScores(rest)

    def row_errors(self, rest: Predictions) -> np.ndarray | None:
        """Returns 1 for each answer that is not exactly right."""
        return 1.0 - right(rest)

    def judged(self, rest: Predictions) -> Judged:
        """Returns which answers are right."""
        found = right(rest) > 0
        return Judged(found, np.zeros(len(rest)), [None] * len(rest))

    def shown(self, found: Predictions, place: int) -> Mapping[str, Any]:
        """Returns the right answer and what was said."""
        one = right(found.take(np.array([place])))[0]
        return {**super().shown(found, place), "right": bool(one)}

    def describes(self, target: str, labels: Sequence[str]) -> str:
        """Returns what a model does, in words."""
        return "answers in conversations"
