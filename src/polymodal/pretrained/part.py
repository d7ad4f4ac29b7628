"""An imported part: one encoder with its preprocessing, in a folder like a bundle's."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from polymodal.bundle import read, weights, write
from polymodal.bundle.names import weight_names
from polymodal.core import arguments
from polymodal.core.errors import BundleError
from polymodal.core.fields import Fields
from polymodal.core.lookup import find
from polymodal.layers.engines.compiled import compiled
from polymodal.layers.watch import without_random_values
from polymodal.preprocess.collate import collate
from polymodal.preprocess.modality import Modality
from polymodal.pretrained.keys import ORIGIN, RECOGNISER, is_ctc, is_encoder, spec_of

__all__ = ["Part", "is_part", "load_part", "no_gradient"]

_MOST_STEPS = 2_000_000  # of the longest input in a batch: samples of sound are many
_MANY_BATCHES = 8  # beyond which compiling takes less time than it saves
KEY = "input_0"  # of the part's only input, as in a run with one input


@dataclass
class Part:
    """An encoder with the weights and the preprocessing that it was published with.

    Args:
        name: str, what it encodes: "text" or "image".
        modality: Modality, restored.
        encoder: Keras layer, built.
        settings: the input's settings in a recipe.
        origin: family, licence, source and the sha256 of each file that was read.
    """

    name: str
    modality: Modality
    encoder: Any
    settings: Mapping[str, Any]
    origin: Mapping[str, Any]
    _compiled: Any = field(default=None, init=False, repr=False, compare=False)

    @property
    def about(self) -> str:
        """What it does, as a clause."""
        return f"encodes {self.name} as vectors of {self.dim} numbers"

    @property
    def num_parameters(self) -> int:
        """Number of weights."""
        return self.encoder.count_params()

    @property
    def dim(self) -> int:
        """Width of the tokens."""
        return self.encoder.width

    def encode(
        self, cells: Sequence[Any], root: str | Path | None = None, batch_size: int = 32
    ) -> np.ndarray:
        """Returns one vector for each cell, float32 (cells, dim).

        Args:
            cells: list of texts, or of images as paths or bytes.
            root: folder that relative paths start from.
            batch_size: int, cells at once; of long recordings fewer.

        What the encoder does not pool is averaged over its real tokens. Texts of about one length
        are encoded together, as padding takes time too.
        """
        found = np.zeros((len(cells), self.dim), np.float32)
        batch_size = max(1, min(batch_size, _MOST_STEPS // (self.modality.limit or 1)))
        call = self.encoder
        if len(cells) > _MANY_BATCHES * batch_size:
            call = self._program()
        order = np.arange(len(cells))
        if self.modality.is_text:
            order = np.argsort([len(str(cell)) for cell in cells], kind="stable")
        for first in range(0, len(cells), batch_size):
            rows = order[first : first + batch_size]
            tokens, mask = self._called(call, [cells[row] for row in rows], root)
            weight = mask[..., None].astype(np.float32)
            found[rows] = (tokens * weight).sum(1) / np.maximum(weight.sum(1), 1)
        return found

    def tokens(
        self, cells: Sequence[Any], root: str | Path | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns tokens (cells, time, dim) and their mask (cells, time) for one batch."""
        return self._called(self.encoder, cells, root)

    def _program(self) -> Any:
        """Returns the encoder compiled for all shapes; that takes a second or two, once."""
        if self._compiled is None:
            self._compiled = compiled(
                lambda inputs, mask: self.encoder(inputs, mask),
                self.encoder.variables,
                any_shape=True,
            )
        return self._compiled

    def _called(
        self, call: Any, cells: Sequence[Any], root: str | Path | None
    ) -> tuple[np.ndarray, np.ndarray]:
        decoded = [self.modality.decode(cell, root) for cell in cells]
        inputs, mask = collate(self.modality, list(self.modality.encode_all(decoded)))
        with no_gradient():
            tokens, mask = call(inputs, mask)
        return keras.ops.convert_to_numpy(tokens), keras.ops.convert_to_numpy(mask)

    def spec(self) -> dict[str, Any]:
        """Returns what `model.json` holds, in the form of a run with this input alone."""
        return {
            "recipe": {"inputs": {self.name: dict(self.settings)}, "dim": self.dim},
            ORIGIN: dict(self.origin),
        }

    def save(
        self, folder: str | Path, files: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        """Writes the part into a folder, with further JSON files of it.

        Args:
            folder: it must not hold another part.
            files: {name: JSON mapping}.
        """
        write.write(
            folder,
            self.spec(),
            weights.values(encoder_names(self)),
            {KEY: self.modality.state()},
            files=files,
        )


def is_part(folder: str | Path) -> bool:
    """Returns whether a folder holds an imported part, from its `model.json` alone."""
    return is_encoder(spec_of(folder))


def load_part(folder: str | Path) -> Part:
    """Loads an imported part. Nothing that it holds is executed.

    Raises:
        BundleError: it is damaged, foreign or no imported part.
    """
    bundle = read.read(folder)
    path = bundle.folder / write.MODEL
    if not is_encoder(bundle.spec) and not is_ctc(bundle.spec):
        raise BundleError(
            f"{bundle.folder} needs to be an imported encoder. Got a run, or a "
            "whole model. Give the folder that `polymodal import --out` wrote for "
            "an encoder."
        )
    with read.blamed(path), without_random_values():
        part = assembled_from(bundle)
    bundle.check_model()
    whole = RECOGNISER in bundle.spec or is_ctc(bundle.spec)
    bundle.load_weights(encoder_names(part), others=whole)
    return part


def encoder_names(part: Part) -> dict[str, Any]:
    """Returns {name in a bundle: variable} of a part's encoder."""
    return {
        f"encoders.{part.name}.{own}": variable
        for own, variable in weight_names(part.encoder).items()
    }


def assembled_from(bundle: read.Bundle) -> Part:
    """Returns the part of an imported model, whose encoder has no weights yet."""
    recipe = Fields(bundle.spec).mapping("recipe")
    ((name, settings),) = Fields(recipe).mapping("inputs").items()
    return assembled(name, settings, bundle.preprocess[KEY], Fields(bundle.spec).mapping(ORIGIN))


def assembled(
    name: str,
    settings: Mapping[str, Any],
    state: Mapping[str, Any] | None,
    origin: Mapping[str, Any],
) -> Part:
    """Returns a part whose encoder is built and has no weights yet.

    Args:
        name: str, of the input.
        settings: of the input in a recipe.
        state: of its modality, or None where its settings say all.
        origin: where it is from.
    """
    modality_class = find("preprocess", settings["modality"])
    encoder_class = find("encoders", settings["encoder"])
    of_modality = arguments.parameters(modality_class)
    chosen = {k: v for k, v in settings.items() if k not in ("modality", "encoder")}
    modality = arguments.build(
        modality_class, {k: v for k, v in chosen.items() if k in of_modality}, f"inputs.{name}"
    )
    if state is not None:
        modality.restore(dict(state))
    given = {"vocabulary_size": getattr(modality, "vocabulary_size", None)}
    known = arguments.parameters(encoder_class)
    encoder = arguments.build(
        encoder_class,
        {k: v for k, v in chosen.items() if k not in of_modality},
        f"inputs.{name}",
        **{k: v for k, v in given.items() if k in known and v is not None},
    )
    of_one = modality.shape
    if modality.several:
        of_one = of_one[1:]
    encoder.build((None, *of_one))
    return Part(name, modality, encoder, settings, origin)


def no_gradient() -> Any:
    """Returns a context in which PyTorch keeps nothing for a backward pass."""
    if keras.backend.backend() != "torch":
        return contextlib.nullcontext()
    import torch

    return torch.no_grad()
