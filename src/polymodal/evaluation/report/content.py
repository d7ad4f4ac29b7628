"""The contents of a report: plain data of a run, or read back from its folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from polymodal.core.contracts.task import Predictions, Task
from polymodal.core.errors import DataError
from polymodal.evaluation.evaluation import RunEvaluation, evaluate_run

__all__ = ["ReportContent"]


@dataclass
class ReportContent:
    """Everything a report shows. Only the first three are needed; absent parts are not shown.

    Args:
        title: str, what is predicted and from which data.
        predictions: {split: Predictions}, such as {"test": ..., "val": ...}; the report shows the
            first one in detail, so put the test part first.
        target: str, name of the target column.
        summary: list of str, sentences that say what was trained on what (`describe_run`).
        inputs: {name: description}, such as {"image": "column image, convnet, 28 pixels"}.
        metric: str, the metric shown where only one is; None means the task's own.
        singles: {input name: Predictions} on the first split, by models that saw one input alone.
        joint: Predictions on the first split by the model of all inputs, where that of one input
            is kept; None where it is the one that is shown.
        blind: Predictions on the first split of the majority or the mean (`blind_baseline`).
        slice_columns: {column: values per table row} of the first split.
        evaluated: RunEvaluation of these predictions, where it is at hand.
        examples: list of {"inputs": {name: {"modality", "value"}}, "target": str,
            "predicted": str, "probability": float or None, "right": bool or None, "row": int from
            0}. "value" is text, encoded bytes, a uint8 picture (height, width, channels), a list of
            pictures for frames, {column: value} for tabular, numbers, or None when missing.
            A sound as float samples needs "sample_rate" (hertz) next to it. "probabilities"
            ({label: probability}) is optional; the most likely three are shown.
        history: list of one mapping per epoch: "epoch" from 1, "loss" of train, "val_loss", and
            scores of validation ("accuracy"; with "val_accuracy" next to it, it is of train).
        best_epoch: int, the epoch whose weights were kept.
        ledger: dict, as `Ledger.to_json` gives it.
        word_calibration: dict, as `WordCalibration.to_json` gives it, of runs that transcribe.
        calibration: dict, as `Temperatures.to_json` gives it, of runs with classes.
        simple: dict, how simple models compare, as `evaluation.comparing.simple.simple_json` gives
            it.
        scratch: dict, how a model without pretrained parts compares, as
            `evaluation.comparing.from_scratch.scratch_json` gives it.
        overfitting: dict, how much better the model knows the rows of train, as
            `evaluation.overfitting.gap_json` gives it.
        conditions: dict, scores under conditions, as `inference.hidden.conditions` gives it.
        explanation: dict, what answers rest on, as `inference.explaining.page.shown` gives it.
        trust_notes: sentences on calibration and on sets of answers.
        attention_note: str, how to read the attention maps, or why there are none.
        linear: str, name of the linear model that is kept in place of the network, or "".
        left_out: {column: why it is not used}.
        recipe: str, the recipe as YAML.
        versions: {name: version} of Python, engine, packages, device.
        seeds: {name: seed}.
        command: str, command that repeats the run.
    """

    title: str
    predictions: Mapping[str, Predictions]
    target: str
    summary: Sequence[str] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    metric: str | None = None
    singles: Mapping[str, Predictions] = field(default_factory=dict)
    joint: Predictions | None = None
    blind: Predictions | None = None
    slice_columns: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    evaluated: RunEvaluation | None = None
    examples: Sequence[Mapping[str, Any]] = ()
    history: Sequence[Mapping[str, Any]] = ()
    best_epoch: int | None = None
    ledger: Mapping[str, Any] = field(default_factory=dict)
    word_calibration: Mapping[str, Any] | None = None
    calibration: Mapping[str, Any] | None = None
    simple: Mapping[str, Any] = field(default_factory=dict)
    scratch: Mapping[str, Any] = field(default_factory=dict)
    overfitting: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, Any] = field(default_factory=dict)
    explanation: Mapping[str, Any] = field(default_factory=dict)
    trust_notes: Sequence[str] = ()
    attention_note: str = ""
    linear: str = ""
    left_out: Mapping[str, str] = field(default_factory=dict)
    recipe: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    seeds: Mapping[str, Any] = field(default_factory=dict)
    command: str = ""
    _computed: RunEvaluation | None = field(default=None, init=False, repr=False)

    def __post_init__(self):
        if not self.predictions:
            raise DataError(
                "A report needs predictions of at least one split. Got none. Evaluate the run on "
                "a table that has the target.",
                reason="no_target",
            )

    @property
    def split(self) -> str:
        """The split that everything is shown for."""
        return next(iter(self.predictions))

    @property
    def shown(self) -> Predictions:
        """The predictions that everything is shown for."""
        return self.predictions[self.split]

    @property
    def evaluation(self) -> RunEvaluation:
        """What all these predictions are worth, computed once."""
        if self.evaluated is not None:
            return self.evaluated
        if self._computed is None:
            self._computed = evaluate_run(
                self.predictions,
                self.blind,
                self.singles,
                self.joint,
                {self.split: self.slice_columns},
                self.metric,
            )
        return self._computed

    @property
    def fused(self) -> Predictions:
        """The predictions of the model of all inputs."""
        if self.joint is None:
            return self.shown
        return self.joint

    @property
    def task(self) -> Task:
        """The task of the run."""
        return self.shown.task

    @property
    def headline(self) -> str:
        """The metric shown where only one is."""
        return self.metric or self.task.headline
