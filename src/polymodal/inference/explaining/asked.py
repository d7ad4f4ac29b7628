"""One row as a model reads it, asked again with parts of it hidden."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from polymodal.core.contracts.batch import mask_key
from polymodal.core.errors import DataError
from polymodal.inference.explaining.parts import Hidden, Parts, parts_of
from polymodal.inference.hidden.patterns import nearness
from polymodal.inference.outputs import as_numpy
from polymodal.inference.trust import leaning
from polymodal.preprocess.collate import collate

__all__ = ["AskedRow"]

_BATCH, _FEW = 64, 8  # variants of a row that are asked together: two shapes to compile
_GRID = 8  # padded lengths are multiples of this many steps

Place = tuple[str, int]  # input, and number of the part in it


class AskedRow:
    """A row of a table whose parts can be hidden.

    Args:
        predictor: Answers of classes or numbers.
        samples: Samples of the table.
        row: int, from 0; the sequence where rows are grouped.

    Raises:
        DataError: the row cannot be read, or all its inputs are missing.
    """

    def __init__(self, predictor: Any, samples: Any, row: int):
        self._predictor = predictor
        self.parts: dict[str, Parts] = {}
        self._whole: dict[str, np.ndarray | None] = {}
        self.shown: dict[str, Any] = {}
        for item, source in zip(predictor.inputs, samples.sources, strict=True):
            cell, decoded = samples.cell(source, row), samples.decode(source, row)
            if decoded is None:
                self._whole[item.name] = None
                continue
            found = parts_of(item.modality, decoded, cell)
            self._whole[item.name] = item.modality.encode(decoded)
            if found is not None:
                self.parts[item.name] = found
                self.shown[item.name] = found.shown(decoded)
        if all(array is None for array in self._whole.values()):
            raise DataError(
                "has no input.", "Give at least one.", **samples.table.where(row), reason="no_input"
            )
        lengths = [
            len(array)
            for item in predictor.inputs
            if item.modality.has_time and (array := self._whole[item.name]) is not None
        ]
        self._length = max(lengths, default=1)
        self._steps = self._length if predictor.head.per_step else None
        self.answer = self._outputs([{}])[0]

    @property
    def target(self) -> str:
        """The target column."""
        return self._predictor.recipe.target

    @property
    def present(self) -> list[str]:
        """The inputs that the row has."""
        return [name for name, array in self._whole.items() if array is not None]

    @property
    def places(self) -> list[Place]:
        """All parts of all inputs."""
        return [(name, part) for name, parts in self.parts.items() for part in range(len(parts))]

    def near(self, gone: Sequence[Sequence[Place]]) -> np.ndarray:
        """Returns how near the answers without some parts are to that with all, one for each list:
        the probability of the class, or how little numbers differ, in standard deviations."""
        outputs = self._asked(gone)
        return np.array([self._nearness(output) for output in outputs])

    def changes(self, gone: Sequence[Sequence[Place]]) -> np.ndarray:
        """Returns whether the answer is another without some parts, one for each list."""
        return np.array([self._another(output) for output in self._asked(gone)])

    def without_inputs(self, names: Sequence[str]) -> bool:
        """Returns whether the answer is another without whole inputs."""
        return self._another(self._outputs([{name: Hidden(None) for name in names}])[0])

    def _another(self, output: np.ndarray) -> bool:
        task = self._predictor.task
        if not task.has_classes:
            return bool(np.abs(output - self.answer).max() > 0.5 * self._spread)
        if task.choice == "one of":
            return bool((output.argmax(axis=-1) != self.answer.argmax(axis=-1)).any())
        return bool(((output >= 0.5) != (self.answer >= 0.5)).any())

    @property
    def _spread(self) -> float:
        return float(getattr(self._predictor.target, "std", 1.0))

    def _nearness(self, output: np.ndarray) -> float:
        task = self._predictor.task
        if task.has_classes and task.choice == "one of":
            goal, outputs = np.atleast_1d(self.answer.argmax(axis=-1)), np.atleast_2d(output)
            return float(nearness(outputs, goal).mean())
        gap = np.abs(output - self.answer).mean()
        return -float(gap) / (1.0 if task.has_classes else self._spread)

    def _asked(self, gone: Sequence[Sequence[Place]]) -> list[np.ndarray]:
        variants = []
        for places in gone:
            by_input: dict[str, list[int]] = {}
            for name, part in places:
                by_input.setdefault(name, []).append(part)
            variants.append(
                {name: self.parts[name].without(parts) for name, parts in by_input.items()}
            )
        return self._outputs(variants)

    def _outputs(self, variants: list[dict[str, Hidden]]) -> list[np.ndarray]:
        """Returns what the model says of each variant of the row, in the target's own unit."""
        found = []
        for start in range(0, len(variants), _BATCH):
            part = variants[start : start + _BATCH]
            size = len(part)
            batch = self._batch(part + [{}] * ((_FEW if size <= _FEW else _BATCH) - size))
            found += list(self._answered(batch)[:size])
        return found

    def _answered(self, batch: dict[str, np.ndarray]) -> np.ndarray:
        """Returns numbers, or probabilities of which the highest is the answer that is chosen; of
        sequences those of the row's own steps."""
        predictor = self._predictor
        logits = as_numpy(predictor.model.predict_on_batch(batch))
        values = predictor.head.activate(np.asarray(logits, np.float32))
        if not predictor.task.has_classes:
            values = predictor.target.decode(values)
        else:
            masks = [batch[mask_key(item.key)] for item in predictor.inputs]
            there = [mask.reshape(len(mask), -1).any(axis=1) for mask in masks]
            values = leaning(predictor, values, np.stack(there, axis=-1))
        if self._steps is None:
            return np.asarray(values)
        return np.asarray(values)[:, : self._steps]

    def _batch(self, variants: list[dict[str, Hidden]]) -> dict[str, np.ndarray]:
        batch = {}
        for item in self._predictor.inputs:
            hidden = [
                variant.get(item.name) or Hidden(self._whole[item.name]) for variant in variants
            ]
            array, mask = collate(
                item.modality, [one.array for one in hidden], self._length_of(item)
            )
            for row, one in enumerate(hidden):
                if one.gone is not None:
                    mask[row, : len(one.gone)] &= ~one.gone[: mask.shape[1]]
            batch[item.key], batch[mask_key(item.key)] = array, mask
        return batch

    def _length_of(self, item: Any) -> int | None:
        """Returns the steps of an input: of all inputs alike where there is an output per step."""
        whole = self._whole[item.name]
        if self._steps is not None:
            length = self._steps
        elif item.modality.has_time and whole is not None:
            length = len(whole)
        else:
            return None
        return max(1, -(-length // _GRID)) * _GRID
