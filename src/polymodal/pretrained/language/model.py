"""An imported language model: it continues texts and answers in conversations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import keras
import numpy as np

from polymodal.bundle import read, weights, write
from polymodal.bundle.names import weight_names
from polymodal.core import arguments
from polymodal.core.errors import BundleError, RecipeError
from polymodal.core.fields import Fields
from polymodal.core.lookup import find
from polymodal.layers.watch import without_random_values
from polymodal.model.generation.choice import Choice
from polymodal.model.generation.continued import ContinuedDecoder
from polymodal.pretrained.keys import LANGUAGE_MODEL, ORIGIN, spec_of
from polymodal.pretrained.language.writing import new_ids, pieces
from polymodal.pretrained.part import no_gradient
from polymodal.text.dialogue.texts import Texts

__all__ = ["LanguageModel", "is_language_model", "load_language_model"]

_TEXTS = "texts"  # the file of the tokenizer


@dataclass
class LanguageModel:
    """A language model with the weights and the tokenizer that it was published with.

    Args:
        decoder: Keras layer, built.
        texts: Texts.
        settings: the decoder's name and constructor arguments.
        max_length: int, most tokens of a prompt and its answer.
        origin: family, licence, source and the sha256 of each file that was read.
    """

    decoder: Any
    texts: Texts
    settings: Mapping[str, Any]
    max_length: int
    origin: Mapping[str, Any]
    _compiled: ContinuedDecoder | None = field(default=None, repr=False)

    name: ClassVar[str] = "language"  # where an encoder has what it encodes

    @property
    def dim(self) -> int:
        """Width of the tokens."""
        return self.decoder.dim

    @property
    def about(self) -> str:
        """What it does, as a clause."""
        return f"continues texts of up to {self.max_length:,} tokens"

    @property
    def num_parameters(self) -> int:
        """Number of weights."""
        return self.decoder.count_params()

    def logits(self, ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Returns float32 logits (texts, tokens, outputs) after each token.

        Args:
            ids: int32 (texts, tokens).
            mask: bool (texts, tokens), which of them are real.
        """
        with no_gradient():
            found = self.decoder.logits(
                keras.ops.convert_to_tensor(ids, "int32"), keras.ops.convert_to_tensor(mask, "bool")
            )
        return keras.ops.convert_to_numpy(found)

    def stream(
        self,
        prompt: str | Sequence[Mapping[str, str]],
        *,
        max_tokens: int = 256,
        stop: Sequence[str] = (),
        seed: int = 0,
        temperature: float | None = None,
        top_k: int = 0,
        top_p: float = 1.0,
    ) -> Iterator[str]:
        """Yields the text that follows a prompt, piece by piece.

        Args:
            prompt: str, a text to continue; or messages {"role", "content"} of a conversation,
                whose answer is written. Special tokens in messages are ordinary text.
            max_tokens: int, most tokens to write.
            stop: texts before which it ends.
            seed: int, of sampling.
            temperature: float; above 0, tokens are sampled. Default: greedy, or 1 with `top_k` or
                `top_p`.
            top_k: int, most likely tokens to sample from; 0 = all.
            top_p: float, total probability of the most likely tokens to sample from.

        Raises:
            RecipeError: a setting out of range, or a prompt that leaves no room.
        """
        choice = Choice(temperature=temperature, top_k=top_k, top_p=top_p)
        ids = self._prompt(prompt)
        room = self._room(ids, max_tokens)
        stop = [stop] if isinstance(stop, str) else [word for word in stop if word]
        return self._written(ids, room, choice, seed, stop)

    def write(self, prompt: str | Sequence[Mapping[str, str]], **options: Any) -> str:
        """Returns the text that follows a prompt; arguments are those of `stream`."""
        return "".join(self.stream(prompt, **options))

    def _written(
        self, ids: list[int], room: int, choice: Choice, seed: int, stop: Sequence[str]
    ) -> Iterator[str]:
        if self._compiled is None:
            self._compiled = ContinuedDecoder(self.decoder)
        found = new_ids(self._compiled, self.decoder.embed, ids, room, choice, seed)
        yield from pieces(self.texts, _without_gradient(found), stop)

    def _prompt(self, prompt: str | Sequence[Mapping[str, str]]) -> list[int]:
        if not isinstance(prompt, str):
            return self.texts.conversation(prompt)
        ids = self.texts.ids(prompt)
        if not ids:
            raise RecipeError("A prompt needs at least one token. Got none. Pass a text.")
        return ids

    def _room(self, ids: list[int], max_tokens: int) -> int:
        if max_tokens < 1:
            raise RecipeError(f"max_tokens needs to be at least 1. Got {max_tokens}. Pass 256.")
        if len(ids) >= self.max_length:
            raise RecipeError(
                f"This model needs a prompt of less than {self.max_length:,} tokens. "
                f"Got {len(ids):,}. Shorten it."
            )
        return min(max_tokens, self.max_length - len(ids))

    def save(
        self, folder: str | Path, files: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        """Writes the model into a folder, with further JSON files of it.

        Args:
            folder: it must not hold another model.
            files: {name: JSON mapping}.
        """
        settings = {**self.settings, "max_length": self.max_length}
        spec = {LANGUAGE_MODEL: settings, ORIGIN: dict(self.origin)}
        write.write(
            folder,
            spec,
            weights.values(weight_names(self.decoder)),
            {_TEXTS: self.texts.state()},
            files=files,
        )


def is_language_model(folder: str | Path) -> bool:
    """Returns whether a folder holds an imported language model, from its `model.json` alone."""
    return LANGUAGE_MODEL in spec_of(folder)


def load_language_model(folder: str | Path) -> LanguageModel:
    """Loads an imported language model. Nothing that it holds is executed.

    Raises:
        BundleError: it is damaged, foreign or no language model.
    """
    bundle = read.read(folder)
    if LANGUAGE_MODEL not in bundle.spec:
        raise BundleError(
            f"{bundle.folder} needs to be an imported language model. Got something "
            "else. Give the folder that `polymodal import --out` wrote for one."
        )
    bundle.check_model()
    with read.blamed(bundle.folder / write.MODEL), without_random_values():
        settings = dict(Fields(bundle.spec).mapping(LANGUAGE_MODEL))
        max_length = Fields(settings).whole("max_length", 1, 10**8)
        del settings["max_length"]
        texts = Texts.restored(bundle.preprocess[_TEXTS])
        decoder = built(settings)
    bundle.load_weights(weight_names(decoder))
    return LanguageModel(decoder, texts, settings, max_length, Fields(bundle.spec).mapping(ORIGIN))


def _without_gradient(ids: Iterator[int]) -> Iterator[int]:
    """Yields the same; PyTorch keeps nothing for a backward pass while one is made."""
    end = object()
    while True:
        with no_gradient():
            one = next(ids, end)
        if one is end:
            return
        yield one


def built(settings: Mapping[str, Any]) -> Any:
    """Returns a decoder that is built and has no weights yet.

    Args:
        settings: its name under "decoder", and its constructor arguments.
    """
    own = {key: value for key, value in settings.items() if key != "decoder"}
    decoder = arguments.build(find("decoders", settings["decoder"]), own, "decoder")
    decoder.build((None, None))
    return decoder
