"""The `training:` section of a recipe."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from polymodal.core.errors import RecipeError
from polymodal.evaluation.trust.decision import DECISIONS
from polymodal.training.imbalance.settings import imbalance_of

# What may differ on resume: `last_epoch` decides only how many of the same epochs are trained, the
# others leave the weights alone.
_FREE_TO_CHANGE = {
    "checkpoint_minutes",
    "checkpoint_steps",
    "last_epoch",
    "calibration",
    "decision",
}


@dataclass(frozen=True)
class Training:
    """How a model is trained. None means: chosen from the data, or not used.

    Args:
        epochs: int, ignores the training table, for which the learning rate is planned; None =
            chosen from the number of rows.
        last_epoch: int, epoch after which the run ends, on the learning rates that `epochs` plans;
            None = `epochs`. The recipe of a run that ended early has it.
        pretrain_epochs: int >= 1, the first of `epochs`, in which the objectives that need no
            target are trained alone, on all rows; None = none.
        batch_size: int, rows per step; None = chosen from the data.
        batch_tokens: int, most time steps (and positions of images) per step, padding included, of
            the input whose lengths differ most: batches of short rows are larger, batches of long
            rows smaller. None = for transcripts, those of `batch_size` rows of average length; for
            captions, where sorting by length saves padding, as many as `batch_size` rows need on
            average; otherwise always `batch_size` rows.
        rows_per_item: int >= 1, rows of a batch that share one image, sound or video, which is then
            encoded once; None = chosen from the data, 1 = each row is sampled by itself.
        pack: bool, read a conversation once for all its answers, and several in one sequence where
            that saves padding; False reads it once for each answer.
        learning_rate: float, peak after warm-up; None = chosen from the data.
        weight_decay: float >= 0, of AdamW; not applied to biases, norms and embeddings.
        warmup: float in 0..1, share of all steps in which the learning rate rises from 0.
        clip_norm: float > 0, largest global norm of the gradients; None = no clipping.
        early_stopping: bool, stop when validation errors are larger than in an earlier epoch by
            more than chance, several epochs in a row, and keep that epoch.
        patience: int, epochs without a better validation score before stopping; the epoch with the
            best score is kept. None = by `early_stopping`.
        accumulate: int >= 1, steps whose gradients make one update.
        precision: float32, mixed_bfloat16, or auto (by device, otherwise measured).
        jit: true, false, or auto (by engine, otherwise measured).
        augment: bool, augment the training samples (crops, noise, dropped words) in each epoch.
        modality_dropout: float in 0..1, share of a row's inputs that are hidden in training.
        label_smoothing: float in 0..1.
        pseudo_labels: float in 0..1, precision at which rows without a target get the answer of a
            first model as their label, before the run itself is trained; None = they get none.
        calibration: temperature (after training, probabilities are calibrated on validation rows
            where that lowers their log loss), or none.
        average: float in 0..1, decay of averaged weights (EMA), which are then scored and kept;
            None = off.
        imbalance: how training makes up for rare classes: none, balanced_sampling,
            effective_number, logit_adjustment or focal; or a mapping with its settings, such as
            `{method: focal, gamma: 2}`.
        decision: how answers are chosen from probabilities: auto (where the table is skewed, what
            is better on validation rows by more than chance, else the most probable),
            most_probable, logit_adjustment or thresholds.
        seed: int, of order, augmentation, dropout and initial weights.
        checkpoint_minutes: float > 0, longest time between two checkpoints. Each epoch ends with
            one, unless epochs are so short that writing would take a twentieth of the time.
        checkpoint_steps: int, also write a checkpoint every so many steps; None = by time only.

    Raises:
        RecipeError: a value is out of range.
    """

    epochs: int | None = None
    batch_size: int | None = None
    batch_tokens: int | None = None
    rows_per_item: int | None = None
    pack: bool = True
    learning_rate: float | None = None
    weight_decay: float = 0.01
    warmup: float = 0.05
    clip_norm: float | None = 1.0
    early_stopping: bool = True
    patience: int | None = None
    accumulate: int = 1
    precision: Literal["auto", "float32", "mixed_bfloat16"] = "auto"
    jit: bool | Literal["auto"] = "auto"
    augment: bool = True
    modality_dropout: float = 0.0
    label_smoothing: float = 0.0
    pseudo_labels: float | None = None
    calibration: Literal["temperature", "none"] = "temperature"
    average: float | None = None
    imbalance: str | dict | None = None
    decision: Literal["auto", "most_probable", "logit_adjustment", "thresholds"] = "auto"
    seed: int = 0
    checkpoint_minutes: float = 5.0
    checkpoint_steps: int | None = None
    last_epoch: int | None = None
    pretrain_epochs: int | None = None

    def __post_init__(self):
        for name in (
            "epochs",
            "batch_size",
            "batch_tokens",
            "rows_per_item",
            "patience",
            "accumulate",
            "checkpoint_steps",
            "last_epoch",
            "pretrain_epochs",
        ):
            self._need(name, "at least 1", lambda v: v >= 1)
        for name in ("learning_rate", "clip_norm", "checkpoint_minutes"):
            self._need(name, "a number above 0", lambda v: v > 0)
        for name in ("warmup", "modality_dropout", "label_smoothing"):
            self._need(name, "0 <= value < 1", lambda v: 0 <= v < 1)
        for name in ("learning_rate", "weight_decay"):
            self._need(name, "at most 1,000", lambda v: v <= 1000)
        self._need("seed", "0 to 4,294,967,295", lambda v: 0 <= v < 2**32)
        for name in ("average", "pseudo_labels"):
            self._need(name, "0 < value < 1", lambda v: 0 < v < 1)
        self._need("weight_decay", "0 or more", lambda v: v >= 0)
        self._need(
            "precision",
            "auto, float32 or mixed_bfloat16",
            lambda v: v in ("auto", "float32", "mixed_bfloat16"),
        )
        self._need("calibration", "temperature or none", lambda v: v in ("temperature", "none"))
        self._need("decision", f"one of {', '.join(DECISIONS)}", lambda v: v in DECISIONS)
        self._need(
            "pretrain_epochs",
            f"less than training.epochs, {self.epochs}",
            lambda v: self.epochs is None or v < self.epochs,
        )
        imbalance_of(self.imbalance)
        self._need("jit", "true, false or auto", lambda v: v is True or v is False or v == "auto")

    def _need(self, name: str, expected: str, fits: Any) -> None:
        value = getattr(self, name)
        if value is not None and not fits(value):
            raise RecipeError(
                f"training.{name} needs {expected}. Got {value!r}. "
                f"Change it, or leave it out for the default."
            )

    @property
    def planned_epochs(self) -> int:
        """The epochs that the learning rate is planned for.

        Raises:
            RecipeError: they are not chosen yet.
        """
        if self.epochs is None:
            raise RecipeError(
                "training.epochs needs a number. Got null. Set it, or let the recipe "
                "choose it from the data."
            )
        return self.epochs

    @property
    def num_epochs(self) -> int | None:
        """The most epochs that are trained: `last_epoch`, or all that are planned."""
        if self.epochs is None or self.last_epoch is None:
            return self.epochs
        return min(self.epochs, self.last_epoch)

    def filled(self, **chosen: Any) -> Training:
        """Returns the settings with `chosen` instead of those that are None."""
        missing = {n: v for n, v in chosen.items() if getattr(self, n) is None}
        return dataclasses.replace(self, **missing)

    def to_dict(self) -> dict[str, Any]:
        """Returns the settings as the `training:` mapping of a recipe."""
        return dataclasses.asdict(self)

    def fingerprint(self) -> dict[str, Any]:
        """Returns the settings that decide what the weights become."""
        return {n: v for n, v in self.to_dict().items() if n not in _FREE_TO_CHANGE}
