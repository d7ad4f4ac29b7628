"""An assistant: a trained run that answers in conversations, piece by piece."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from polymodal.bundle.write import METRICS
from polymodal.core.contracts.batch import mask_key
from polymodal.core.disk.paths import user_path
from polymodal.core.errors import DataError, RecipeError
from polymodal.core.printed.counting import counted
from polymodal.core.printed.progress import warn
from polymodal.core.seeds import generator
from polymodal.feed.check import check
from polymodal.feed.ledger import Ledger
from polymodal.inference.predictor import Predictor
from polymodal.layers.engines.compiled import compiled
from polymodal.media.kept import for_predictions
from polymodal.model.generation.choice import Choice
from polymodal.model.generation.continued import ContinuedDecoder
from polymodal.pretrained.language.writing import pieces
from polymodal.pretrained.part import no_gradient
from polymodal.tables.conversations import Said, row_before, said
from polymodal.tables.table import read
from polymodal.text.dialogue.messages import KINDS, from_cell

__all__ = ["Answering", "is_assistant", "is_untrained"]

_WORDS = "conversation"
_WHOLE = "The conversation"  # in messages
_KNOWN = 8  # encoded inputs that are kept


def is_assistant(predictor: Predictor) -> bool:
    """Returns whether a run answers in conversations."""
    return predictor.task.converses


def is_untrained(folder: str | Path) -> bool:
    """Returns whether a folder holds an assistant that was assembled and not trained."""
    return not (user_path(folder) / METRICS).exists()


class Answering:
    """Answers in conversations with a trained run.

    Args:
        predictor: Predictor of a run whose task answers in conversations.

    Raises:
        RecipeError: a run of another task.
    """

    def __init__(self, predictor: Predictor):
        if not is_assistant(predictor):
            raise RecipeError(
                "A conversation needs a run that answers in conversations. Got one "
                f"that {predictor.task.describes(predictor.recipe.target, [])}. "
                "Train one with --task and the name of that task."
            )
        self.predictor = predictor
        self.kinds = tuple(kind for kind in KINDS if kind in predictor.recipe.inputs)
        self._compiled: ContinuedDecoder | None = None
        self._encoders: dict[str, Any] = {}
        self._fuse: Any = None
        self._known: dict[tuple, tuple[Any, Any]] = {}  # encoded inputs of the last turns

    def stream(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        max_tokens: int | None = None,
        stop: Sequence[str] = (),
        seed: int = 0,
        temperature: float | None = None,
        top_k: int = 0,
        top_p: float = 1.0,
        repetition_penalty: float = 1.0,
        media_root: str | Path | None = None,
    ) -> Iterator[str]:
        """Yields the answer to a conversation, piece by piece.

        Args:
            messages: list of {"role", "content"}, as OpenAI writes them: content is a text, or a
                list of parts such as {"type": "text", "text"} and {"type": "image", "image": path}.
                Special tokens in them are ordinary text.
            max_tokens: int, most tokens of the answer; None for those of the longest in training.
            stop: texts before which it ends.
            seed: int, of sampling.
            temperature: float; above 0, tokens are sampled. Default: greedy.
            top_k: int, most likely tokens to sample from; 0 = all.
            top_p: float, total probability of the most likely tokens to sample from.
            repetition_penalty: float, from 1; penalty for repeated tokens.
            media_root: folder that relative paths start from; None is the working folder.

        Raises:
            DataError: something that is no message, or media that cannot be read.
            RecipeError: a setting out of range, or media that the run does not take.
        """
        if max_tokens is not None and max_tokens < 1:
            raise RecipeError(f"max_tokens needs to be at least 1. Got {max_tokens}. Pass 64.")
        choice = Choice(
            temperature=temperature, top_k=top_k, top_p=top_p, repetition_penalty=repetition_penalty
        )
        inputs = self._inputs(messages, media_root)
        stop = [stop] if isinstance(stop, str) else [word for word in stop if word]
        num_steps = max_tokens or self.predictor.head.max_length
        return self._stripped(inputs, num_steps, choice, seed, stop)

    def answer(self, messages: Sequence[Mapping[str, Any]], **options: Any) -> str:
        """Returns the answer to a conversation; arguments are those of `stream`."""
        return "".join(self.stream(messages, **options))

    def _stripped(
        self,
        inputs: dict[str, np.ndarray],
        num_steps: int,
        choice: Choice,
        seed: int,
        stop: Sequence[str],
    ) -> Iterator[str]:
        """Yields the pieces without spaces at the ends of the answer."""
        held, begun = "", False
        for piece in pieces(
            self.predictor.target.texts, self._ids(inputs, num_steps, choice, seed), stop
        ):
            text = held + piece if begun else piece.lstrip()
            begun = begun or bool(text)
            solid = text.rstrip()
            held = text[len(solid) :]
            if solid:
                yield solid

    def _ids(
        self, inputs: dict[str, np.ndarray], num_steps: int, choice: Choice, seed: int
    ) -> Iterator[int]:
        """Yields the ids of the answer, one after the other."""
        head, decoder = self.predictor.head, self.predictor.model.head
        if self._compiled is None:
            self._compiled = ContinuedDecoder(decoder)
            self._compile()
        noise = _noise(num_steps, choice, seed)
        with no_gradient():
            memory, mask = self._fuse(
                {item.name: self._stream(item, inputs) for item in self.predictor.inputs}
            )
            start = keras.ops.convert_to_tensor(np.array([head.start_id], np.int32))
            found = self._compiled.steps(memory, mask, start, num_steps, choice, noise)
        while True:
            with no_gradient():
                one = next(found, None)
            if one is None:
                return
            yield one

    def _compile(self) -> None:
        model = self.predictor.model
        self._encoders = {
            item.name: compiled(
                partial(model.stream_of, item.name),
                [
                    *model.encoders[item.name].variables,
                    *getattr(model.projections.get(item.name), "variables", ()),
                ],
            )
            for item in self.predictor.inputs
        }
        self._fuse = compiled(model.fuse, model.fusion.variables)

    def _stream(self, item: Any, inputs: dict[str, np.ndarray]) -> tuple[Any, Any]:
        """Returns an encoded input; an image or sound of the turns before is not encoded again."""
        values, mask = inputs[item.key], inputs[mask_key(item.key)]
        key = item.name, values.shape, hashlib.sha256(values.tobytes() + mask.tobytes()).digest()
        if key not in self._known:
            while len(self._known) >= _KNOWN:
                del self._known[next(iter(self._known))]
            self._known[key] = self._encoders[item.name](
                *map(keras.ops.convert_to_tensor, (values, mask))
            )
        return self._known[key]

    def _inputs(
        self, messages: Sequence[Mapping[str, Any]], media_root: str | Path | None
    ) -> dict[str, np.ndarray]:
        """Returns a batch of one row, made as `predict` makes it."""
        found = [
            said(one, f"message {place}", _WHOLE) for place, one in enumerate(messages, start=1)
        ]
        if not any(one.role == "user" for one in found):
            raise DataError(
                "needs a message of a user. Got none.",
                'Pass [{"role": "user", "content": "..."}].',
                path=_WHOLE,
                reason="no_question",
            )
        row = row_before(found, self._most_images)
        self._tell_left_out(found)
        unknown = [kind for kind in KINDS if kind in row and kind not in self.kinds]
        if unknown:
            takes = " and ".join(self.kinds) or "text alone"
            raise RecipeError(
                f"This run takes {takes}. Got {' and '.join(unknown)}. Leave it out, "
                "or train with such rows."
            )
        self._tell_trimmed(row[_WORDS])
        table = read(
            {
                column: [row.get(item.name)]
                for item in self.predictor.inputs
                for column in item.columns
            },
            name=_WHOLE,
            media_root=media_root,
        )
        samples = self.predictor.samples(table, False, for_predictions())
        checked = check(samples, Ledger(), skip_bad=True, max_bad_share=1.0, allow_empty=True)
        for error in checked.errors.values():
            raise error.by_file()  # it came by itself, and not in a table
        batch, _, _ = self.predictor.loader(samples, checked).batch(0, 0)
        keys = [item.key for item in self.predictor.inputs]
        return {name: batch[name] for key in keys for name in (key, mask_key(key))}

    @property
    def _most_images(self) -> int:
        """How many images are read before an answer."""
        return max(
            [
                1,
                *(
                    item.modality.max_images
                    for item in self.predictor.inputs
                    if item.modality.several
                ),
            ]
        )

    def _tell_left_out(self, found: Sequence[Said]) -> None:
        images = sum(kind == "image" for one in found for kind, _ in one.media)
        if images > self._most_images:
            warn(
                f"this run reads {counted(self._most_images, 'image')} before an answer, so the "
                f"first {images - self._most_images} of {images} are left out. Train with "
                "conversations that have more."
            )

    def _tell_trimmed(self, cell: str) -> None:
        (modality,) = (item.modality for item in self.predictor.inputs if item.name == _WORDS)
        _, left_out = modality.kept(from_cell(cell))
        if left_out:
            warn(
                f"the conversation is longer than the {modality.limit:,} tokens that this run "
                f"reads, so its oldest {left_out} messages are left out."
            )


def _noise(num_steps: int, choice: Choice, seed: int) -> Any:
    """Returns what ids are drawn by, (1, 1, num_steps); None where the likeliest is taken."""
    if not choice.temperature:
        return None
    drawn = generator(seed).random((1, 1, num_steps), np.float32)
    return keras.ops.convert_to_tensor(drawn)
