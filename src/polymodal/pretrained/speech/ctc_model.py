"""An imported recogniser that spells what is said, frame by frame (CTC)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from polymodal.bundle import read, weights, write
from polymodal.bundle.weights import load
from polymodal.core import lookup
from polymodal.core.contracts.named_task import task_named
from polymodal.core.errors import BundleError
from polymodal.core.fields import Fields
from polymodal.core.printed.progress import warn
from polymodal.layers.watch import without_random_values
from polymodal.pretrained.family import Family
from polymodal.pretrained.keys import ORIGIN, is_ctc
from polymodal.pretrained.part import KEY, Part, assembled_from, encoder_names
from polymodal.pretrained.reading.checkpoint import Checkpoint
from polymodal.pretrained.reading.config import Config
from polymodal.pretrained.speech.spelling import VOCABULARY, read_symbols

__all__ = ["CtcModel", "has_ctc", "load_ctc_model", "read_ctc_model"]

_KERNEL, _BIAS = "lm_head.weight", "lm_head.bias"
_OURS = ("head.logits.kernel", "head.logits.bias")
TARGET = "transcript"  # the column that it is said to predict


@dataclass
class CtcModel:
    """An encoder with the layer that says which character each of its tokens is.

    In a folder it is a bundle of the task that transcribes, which `polymodal.load` loads.

    Args:
        part: Part, its encoder with the preprocessing of recordings.
        kernel: float32 (width, outputs), blank last.
        bias: float32 (outputs,).
        symbols: what each output but blank writes.
    """

    part: Part
    kernel: np.ndarray
    bias: np.ndarray
    symbols: Sequence[str]

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
        return f"transcribes in {len(self.symbols)} characters, and {self.part.about}"

    @property
    def num_parameters(self) -> int:
        """Number of weights."""
        return self.part.num_parameters + self.kernel.size + self.bias.size

    def logits(self, cells: Sequence[Any], root: str | Path | None = None) -> list[np.ndarray]:
        """Returns float32 (tokens, outputs) of each recording, blank last.

        Args:
            cells: paths or bytes of sound.
            root: folder that relative paths start from.
        """
        tokens, mask = self.part.tokens(cells, root)
        found = tokens @ self.kernel + self.bias
        return [row[real] for row, real in zip(found, mask, strict=True)]

    def spec(self) -> dict[str, Any]:
        """Returns what `model.json` holds, in the form of a run that transcribes."""
        task = {"name": _hearing_task(), "lowercase": False, "plain": True}
        recipe = {
            "task": task,
            "target": TARGET,
            "inputs": {self.part.name: dict(self.part.settings)},
            "fusion": "single",
            "dim": self.dim,
            "dropout": 0.0,
        }
        return {"recipe": recipe, "labels": list(self.symbols), ORIGIN: dict(self.origin)}

    def save(
        self, folder: str | Path, files: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        """Writes the model into a folder, with further JSON files of it.

        Args:
            folder: it must not hold another model.
            files: {name: JSON mapping}.
        """
        tensors = weights.values(encoder_names(self.part))
        tensors |= dict(zip(_OURS, (self.kernel, self.bias), strict=True))
        states = {KEY: self.part.modality.state(), "target": {"labels": list(self.symbols)}}
        write.write(folder, self.spec(), tensors, states, files=files)


def has_ctc(checkpoint: Checkpoint, family: type[Family]) -> bool:
    """Returns whether a checkpoint holds a layer that spells."""
    return family.spells and _KERNEL in checkpoint.names


def read_ctc_model(checkpoint: Checkpoint, config: Config, part: Part) -> CtcModel | Part:
    """Returns the recogniser that a checkpoint holds; its encoder where there is no vocabulary.

    Args:
        checkpoint: Checkpoint.
        config: its config.json, which the encoder's family has read.
        part: Part, the encoder.

    Raises:
        BundleError: tensors or characters do not fit the config.
    """
    if not checkpoint.has(VOCABULARY):
        warn(
            f"{checkpoint.folder} has no {VOCABULARY}: only the encoder is imported. Copy the "
            "whole checkpoint to transcribe with it."
        )
        return part
    symbols, blank = read_symbols(checkpoint, config)
    shapes = {_KERNEL: (len(symbols), part.dim), _BIAS: (len(symbols),)}
    for name, shape in shapes.items():
        if name not in checkpoint.names or checkpoint.shape(name) != shape:
            got = checkpoint.shape(name) if name in checkpoint.names else "none"
            raise BundleError(
                f'{checkpoint.folder}: tensor "{name}" needs the shape {shape} that '
                f"config.json asks for. Got {got}. Check that config.json belongs "
                "to these weights."
            )
    order = [place for place in range(len(symbols)) if place != blank]
    kernel, bias = (checkpoint.array(name)[[*order, blank]] for name in (_KERNEL, _BIAS))
    return CtcModel(part, np.ascontiguousarray(kernel.T), bias, [symbols[i] for i in order])


def load_ctc_model(folder: str | Path) -> CtcModel:
    """Loads an imported recogniser that spells. Nothing that it holds is executed.

    Raises:
        BundleError: it is damaged, foreign or no such recogniser.
    """
    bundle = read.read(folder)
    if not is_ctc(bundle.spec):
        raise BundleError(
            f"{bundle.folder} needs to be an imported recogniser such as wav2vec "
            "2.0. Got something else. Give the folder that `polymodal import --out` "
            "wrote for one."
        )
    bundle.check_model()
    with read.blamed(bundle.folder / write.MODEL), without_random_values():
        part = assembled_from(bundle)
        symbols = Fields(bundle.spec).texts("labels")
    bundle.load_weights(encoder_names(part), others=True)
    found = load(bundle.folder / write.WEIGHTS)
    kernel, bias = (found[name] for name in _OURS)
    return CtcModel(part, kernel, bias, symbols)


def _hearing_task() -> str:
    """Returns the name of the task whose answers are transcripts of sound."""
    return next(name for name in lookup.names("tasks") if task_named(name).hears)
