"""An imported recogniser: it transcribes recordings, and its encoder is a part by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from polymodal.bundle import read, weights, write
from polymodal.bundle.names import weight_names
from polymodal.core import arguments
from polymodal.core.errors import BundleError
from polymodal.core.fields import Fields
from polymodal.core.lookup import find
from polymodal.layers.watch import without_random_values
from polymodal.pretrained.keys import RECOGNISER, spec_of
from polymodal.pretrained.part import KEY, Part, assembled_from, encoder_names
from polymodal.pretrained.speech.listening import Listener
from polymodal.pretrained.speech.tokens import Tokens

__all__ = ["SpeechModel", "is_speech_model", "load_speech_model"]

_TOKENS = "tokens"  # the file of the tokenizer
_DECODER = "decoder."


@dataclass
class SpeechModel:
    """A recogniser with the weights and the tokens that it was published with.

    Args:
        part: Part, its encoder with the preprocessing of recordings.
        decoder: Keras layer, built.
        tokens: Tokens.
        settings: the decoder's name and constructor arguments.
        max_length: int, most ids of a prompt and its transcript.
    """

    part: Part
    decoder: Any
    tokens: Tokens
    settings: Mapping[str, Any]
    max_length: int
    _listener: Listener | None = field(default=None, repr=False)

    name: ClassVar[str] = "speech"  # where an encoder has what it encodes

    @property
    def origin(self) -> Mapping[str, Any]:
        """Family, licence, source and the sha256 of each file that was read."""
        return self.part.origin

    @property
    def dim(self) -> int:
        """Width of the tokens."""
        return self.part.dim

    @property
    def about(self) -> str:
        """What it does, as a clause."""
        spoken = "English"
        if self.tokens.languages:
            spoken = f"{len(self.tokens.languages)} languages"
        return f"transcribes {spoken}, and {self.part.about}"

    @property
    def num_parameters(self) -> int:
        """Number of weights."""
        return self.part.num_parameters + self.decoder.count_params()

    @property
    def listener(self) -> Listener:
        """What runs it; kept, with what was compiled."""
        if self._listener is None:
            self._listener = Listener(self.part.encoder, self.decoder, self.tokens, self.max_length)
        return self._listener

    def logits(self, frames: np.ndarray, ids: np.ndarray) -> np.ndarray:
        """Returns float32 logits (recordings, ids, outputs) after each id.

        Args:
            frames: float32 (recordings, frames, mels), of the longest length.
            ids: int32 (recordings, ids).
        """
        return self.listener.logits(self.listener.memory(frames), ids)

    def save(
        self, folder: str | Path, files: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        """Writes the model into a folder, with further JSON files of it.

        Args:
            folder: it must not hold another model.
            files: {name: JSON mapping}.
        """
        spec = {**self.part.spec(), RECOGNISER: {**self.settings, "max_length": self.max_length}}
        write.write(
            folder,
            spec,
            weights.values(self._variables()),
            {KEY: self.part.modality.state(), _TOKENS: self.tokens.state()},
            files=files,
        )

    def _variables(self) -> dict[str, Any]:
        return {
            **encoder_names(self.part),
            **{_DECODER + name: one for name, one in weight_names(self.decoder).items()},
        }


def is_speech_model(folder: str | Path) -> bool:
    """Returns whether a folder holds an imported recogniser, from its `model.json` alone."""
    return RECOGNISER in spec_of(folder)


def load_speech_model(folder: str | Path) -> SpeechModel:
    """Loads an imported recogniser. Nothing that it holds is executed.

    Raises:
        BundleError: it is damaged, foreign or no recogniser.
    """
    bundle = read.read(folder)
    if RECOGNISER not in bundle.spec:
        raise BundleError(
            f"{bundle.folder} needs to be an imported recogniser. Got something "
            "else. Give the folder that `polymodal import --out` wrote for one."
        )
    bundle.check_model()
    with read.blamed(bundle.folder / write.MODEL), without_random_values():
        settings = dict(Fields(bundle.spec).mapping(RECOGNISER))
        max_length = Fields(settings).whole("max_length", 8, 10**6)
        del settings["max_length"]
        tokens = Tokens.restored(bundle.preprocess[_TOKENS])
        part = assembled_from(bundle)
        decoder = built(settings, part.dim)
    model = SpeechModel(part, decoder, tokens, settings, max_length)
    bundle.load_weights(model._variables())
    return model


def built(settings: Mapping[str, Any], width: int) -> Any:
    """Returns a decoder that is built and has no weights yet.

    Args:
        settings: its name under "decoder", and its constructor arguments.
        width: int, of its memory.
    """
    own = {key: value for key, value in settings.items() if key != "decoder"}
    decoder = arguments.build(find("decoders", settings["decoder"]), own, "decoder")
    decoder.build((None, None), (None, None, width))
    return decoder
