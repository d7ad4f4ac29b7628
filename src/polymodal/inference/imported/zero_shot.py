"""Zero-shot classification: the label whose text is nearest, by a model that compares inputs."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.core.contracts.named_task import task_named
from polymodal.core.contracts.task import Predictions
from polymodal.core.errors import DataError, RecipeError
from polymodal.inference.answers import as_table
from polymodal.inference.imported.own_columns import reading
from polymodal.inference.predictor import Predictor
from polymodal.tables.table import Table, read

__all__ = ["PROMPT", "ZeroShot"]

PROMPT = "a photo of a {}."
_HOLE = "{}"  # of a prompt, where the label goes
_TARGET = "label"  # what predictions are called where no column is named
_TINY = 1e-12


class ZeroShot(Predictor):
    """Classifies the rows of a table by labels that no training has seen.

    Each label becomes a text by every prompt; the vectors of its texts are averaged. A row gets
    the label whose vector is nearest to its own. CLIP's probabilities add up to one; SigLIP's say
    of each label by itself how well it fits.

    Args:
        pair: Predictor of a run, or an imported model, that compares texts with something.
        labels: list of str, at least two.
        prompts: texts with {} where the label goes.
        target: str, column with the true label, for scores; "" for none.

    Raises:
        RecipeError: the model compares no texts, or a label or prompt that cannot be.

    Example:

    >>> from polymodal.inference.predictor import load
    >>> model = ZeroShot(load("models/clip"), ["dog", "cat"])  # doctest: +SKIP
    >>> model.predict("photos.csv").outputs.shape  # doctest: +SKIP
    (2, 2)

    Source: Radford et al., "Learning transferable visual models from natural language supervision",
    2021, section 3.1.
    """

    def __init__(
        self,
        pair: Predictor,
        labels: Sequence[str],
        prompts: Sequence[str] = (PROMPT,),
        target: str = "",
    ):
        self.side = _side_of_texts(pair)
        labels, prompts = list(labels), list(prompts)
        _check(labels, prompts)
        super().__init__(
            pair.recipe,
            pair.inputs,
            pair.target,
            pair.model,
            pair.head,
            pair.metrics,
            trained_on=pair.trained_on,
        )
        self.pair = pair
        self.recipe = copy.copy(pair.recipe)
        self.recipe.target = target or _TARGET
        self.task = task_named(pair.task.by_labels)
        self.target = self.task.target()
        self.target.restore({"labels": labels})
        self.vectors = self._of_labels(labels, prompts)

    def predict(
        self,
        table: Any,
        *,
        media_root: str | Path | None = None,
        scored: bool = False,
        skip_bad: bool = True,
        max_bad_share: float = 1.0,
        cache: Any = None,
        **choice: Any,
    ) -> Predictions:
        """Returns the probabilities of all labels for every readable row; see
        `Predictor.predict`."""
        table = as_table(table, media_root)
        others = [name for name in self.recipe.inputs if name != self._text.name]
        pair = reading(self.pair, table, others)
        self.inputs = [item for item in pair.inputs if item.name in others]
        hidden = table.with_column(self._text.columns[0], np.full(len(table), None))
        found = pair.predict(
            hidden, skip_bad=skip_bad, max_bad_share=max_bad_share, cache=cache, **choice
        )
        found = found.take(np.flatnonzero(found.outputs[:, 1 - self.side].any(axis=-1)))
        near = found.outputs[:, 1 - self.side] @ self.vectors.T  # (rows, labels)
        outputs = self.head.probabilities(self.model.head.logits(near))
        found = replace(found, task=self.task, labels=list(self.target.labels), outputs=outputs)
        if scored:
            self._read_targets(found, table, skip_bad)
        return found

    def evaluate(self, table: Any, **options: Any) -> dict[str, Any]:
        """Returns scores with intervals; see `Predictor.evaluate`. Labels are compared with whole
        rows, so that there are no scores of rows with an input hidden."""
        return super().evaluate(table, **{**options, "conditions": False})

    @property
    def _text(self) -> Any:
        """The input that reads the labels' texts."""
        name = list(self.head.groups.values())[self.side][0]
        return next(item for item in self.pair.inputs if item.name == name)

    def _of_labels(self, labels: Sequence[str], prompts: Sequence[str]) -> np.ndarray:
        """Returns a vector of length one for each label, float32 (labels, dim)."""
        texts = [prompt.replace(_HOLE, label) for label in labels for prompt in prompts]
        found = self.pair.predict(read({self._text.columns[0]: texts}, name="--labels"))
        vectors = found.outputs[:, self.side].reshape(len(labels), len(prompts), -1).mean(axis=1)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), _TINY)

    def _read_targets(self, found: Predictions, table: Table, skip_bad: bool) -> None:
        """Enters the true labels of a table.

        Raises:
            DataError: a row has another label, and `skip_bad` is off.
        """
        places = {label: place for place, label in enumerate(self.target.labels)}
        found.targets = np.zeros(len(found), np.int32)
        found.scored = np.zeros(len(found), bool)
        for index, row in enumerate(found.rows):
            cell = table.cell(int(row), self.recipe.target)
            if cell is None:
                found.dropped["no_target"] = found.dropped.get("no_target", 0) + 1
                continue
            label = self.target.read(cell)
            if label in places:
                found.targets[index], found.scored[index] = places[label], True
            elif skip_bad:
                found.dropped["unknown_label"] = found.dropped.get("unknown_label", 0) + 1
            else:
                raise DataError(
                    f'holds "{label}", which is none of the labels.',
                    "Add it to --labels, or run with --skip-bad.",
                    table=table.name,
                    row=table.row_number(int(row)),
                    column=self.recipe.target,
                    reason="unknown_label",
                )


def _side_of_texts(pair: Predictor) -> int:
    """Returns which side of the comparison reads one text."""
    if not pair.task.by_labels:
        raise RecipeError(
            "--labels needs a model that compares texts with images or others, such "
            f"as an imported CLIP. Got a run with task: {pair.task.name}. Leave "
            "--labels out."
        )
    by_name = {item.name: item for item in pair.inputs}
    for side, names in enumerate(pair.head.groups.values()):
        if len(names) == 1 and by_name[names[0]].modality.is_text:
            return side
    raise RecipeError(
        "--labels needs a model one side of which is a text alone. Got "
        f"{dict(pair.head.groups)}. Leave --labels out."
    )


def _check(labels: Sequence[str], prompts: Sequence[str]) -> None:
    if len(set(labels)) < max(2, len(labels)) or not all(label.strip() for label in labels):
        raise RecipeError(
            "--labels needs at least two different labels. Got "
            f"{', '.join(labels) or 'none'}. Write --labels dog,cat."
        )
    for prompt in prompts:
        if _HOLE not in prompt:
            raise RecipeError(
                f'--prompt needs {_HOLE} where the label goes. Got "{prompt}". '
                f'Write --prompt "{PROMPT}".'
            )
    if not prompts:
        raise RecipeError(f'--prompt needs a text. Got none. Write --prompt "{PROMPT}".')
