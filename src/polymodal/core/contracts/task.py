"""The contract of a task: one object that owns everything about one kind of question.

A task is one file, `tasks/<name>.py`, with one class. No other file asks for its name: floors below
take the task, or its target, as an argument of these types.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import numpy as np

from polymodal.core.contracts.target import THRESHOLD, Answer, Head, Judged, Scores, Target

__all__ = ["Predictions", "Task"]


class Task(Protocol):
    """One kind of question to a model. Objects have no state and take no arguments.

    Attributes:
        name: str, the name of the task's file.
        title: str, how a report calls it.
        headline: str, the metric shown where only one is.
        balanced: str, the metric that is the headline where classes are skewed, which a setting
            `headline` of the task chooses; "" where there is no other.
        lower_is_better: names of its metrics of which less is better.
        is_text: bool, whether answers are texts; `Predictions.outputs` then holds texts and
            `targets` lists of right texts.
        is_written: bool, whether answers are generated texts, which a spreadsheet must not run.
        has_classes: bool, whether answers are classes with probabilities.
        hears: bool, whether answers are transcripts of sound, with times.
        stepwise: bool, whether the inputs are read step by step.
        fusion: (fusion, reason) for several inputs where the usual one does not serve, or None.
        sequence: (sequence model or None, reason).
        rows_seen: int, rows that a model sees in total by default, epochs times rows; None as
            usual.
        largest_batch: int, rows of a batch by default; None as usual.
        always_augments: bool, whether rows are augmented even if each is seen only a few times.
        asks_alone: bool, whether a single input can be trained alone, with one answer per row.
        command: str, what to type next, behind `polymodal`, to use a run.
        shares_items: bool, whether a batch may hold several rows of one image and encode it once.
        form: str, what the cells of a target hold that the task fits, one of
            `profile.target_form.FORMS`; "" where it is only chosen by name.
        compares_inputs: bool, whether groups of inputs are compared and no column is predicted.
        by_labels: str, name of the task that a model can answer without training for it, by
            comparing inputs with texts of labels; "" for none.
        reads_media: bool, whether rows with the same image or sound ask about the same thing, so
            that they stay on one side of a split.
        converses: bool, whether a run answers in conversations.
        packs: str, the input whose ids an answer continues, so that training may read several rows
            in one sequence; "" for none.
        sliced_by: columns that scores are cut by where a table has them and nobody names any.
        target_column: str, the column that is predicted where nobody names one; "" for none.
        has_single_models: bool, whether a model of each input alone is worth a comparison.
        hides_inputs: bool, whether training may hide any one of several inputs.
        has_numbers: bool, whether answers are numbers.
        lists_classes: bool, whether a report lists each class; where answers are classes.
        shows_attention: bool, whether a report shows where each word looked.
        choice: str, how many labels an answer has: "one of" or "any of".
        keeps_together: bool, whether rows of one speaker, or else of one recording or conversation,
            stay on one side of a split.
        blind_name: str, what the baseline does.
        limits: sentences for the model card.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    headline: ClassVar[str] = "accuracy"
    balanced: ClassVar[str] = ""
    lower_is_better: ClassVar[frozenset[str]] = frozenset()
    is_text: ClassVar[bool] = False
    is_written: ClassVar[bool] = False
    has_classes: ClassVar[bool] = False
    hears: ClassVar[bool] = False
    stepwise: ClassVar[bool] = False
    fusion: ClassVar[tuple[Any, str] | None] = None
    sequence: ClassVar[tuple[Any, str]] = (None, "")
    rows_seen: ClassVar[int | None] = None
    largest_batch: ClassVar[int | None] = None
    always_augments: ClassVar[bool] = False
    asks_alone: ClassVar[bool] = True
    command: ClassVar[str] = "predict {run} --data new.csv --out predictions.csv"
    shares_items: ClassVar[bool] = True
    form: ClassVar[str] = ""
    compares_inputs: ClassVar[bool] = False
    by_labels: ClassVar[str] = ""
    reads_media: ClassVar[bool] = False
    converses: ClassVar[bool] = False
    packs: ClassVar[str] = ""
    sliced_by: ClassVar[tuple[str, ...]] = ()
    target_column: ClassVar[str] = ""
    has_single_models: ClassVar[bool] = True
    hides_inputs: ClassVar[bool] = True
    has_numbers: ClassVar[bool] = False
    lists_classes: ClassVar[bool] = True
    shows_attention: ClassVar[bool] = False
    choice: ClassVar[str] = "one of"
    keeps_together: ClassVar[bool] = False
    blind_name: ClassVar[str] = "the baseline of train"
    limits: ClassVar[tuple[str, ...]] = ()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    # -- which of its kinds -----------------------------------------------------------------------

    def suited(self, settings: Mapping[str, Any]) -> Task:
        """Returns the task as the settings of a recipe make it: itself where there is one kind.

        Raises:
            RecipeError: there is no such kind.
        """
        return self

    @property
    def kind(self) -> Mapping[str, str]:
        """The settings that `suited` reads, as they make this kind; empty where there is one."""
        return {}

    def kind_for(
        self, numbers: Sequence[float] | None, grouped: bool, settings: Mapping[str, Any]
    ) -> tuple[dict[str, str], str]:
        """Returns the settings that `suited` reads, as a target suggests them, and the reason.

        Args:
            numbers: those in a sample of the target's cells or steps; None where others are there.
            grouped: bool, whether rows are steps of sequences.
            settings: of the recipe, which go before.
        """
        return {}, ""

    # -- what a model needs -----------------------------------------------------------------------

    @property
    def target(self) -> type[Target]:
        """The class that reads the target column; its arguments are settings of the task."""
        ...

    @property
    def head(self) -> type[Head]:
        """The class of the head; its arguments are settings of the task. Loads an engine."""
        ...

    def to_predictions(
        self, values: np.ndarray, targets: np.ndarray | None, target: Target
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Returns activated outputs and what the loss saw as `Predictions` hold them."""
        return values, targets

    def train_targets(self, encoded: np.ndarray, target: Target) -> np.ndarray:
        """Returns encoded targets (rows, ...) of train as `Predictions.targets` hold them."""
        return encoded

    # -- defaults of a recipe ---------------------------------------------------------------------

    @property
    def one_answer(self) -> bool:
        """Whether a row has one answer that is not a text."""
        return not (self.stepwise or self.is_text)

    def fits_inputs(self, form: str, modalities: Collection[str], several: bool) -> str:
        """Returns why the task fits a target and inputs better than the one that fits the target
        alone, or "".

        Args:
            form: str, what the target's cells hold.
            modalities: of the inputs.
            several: bool, whether a row has several right answers.
        """
        return ""

    def settings(self, modalities: Collection[str]) -> dict[str, Any]:
        """Returns settings of the task that follow from the modalities of the inputs."""
        return {}

    def input_names(self, settings: Mapping[str, Any]) -> list[str]:
        """Returns the inputs that the task's settings name; none where all columns may be read."""
        return []

    def own_inputs(self, columns: Collection[str]) -> dict[str, dict[str, Any]]:
        """Returns {input: settings} of the only inputs that the task reads of a table with such
        columns; none where all columns may be read."""
        return {}

    def objectives(self, modalities: Collection[str]) -> dict[str, dict[str, Any]]:
        """Returns the auxiliary losses that help the task, with their settings, by their names in
        `model.objectives`."""
        return {}

    def input_settings(self, config: Mapping[str, Any], alone: bool) -> dict[str, Any]:
        """Returns settings of an input that replace the usual ones.

        Args:
            config: settings that a sample of the cells suggests, or the user gave.
            alone: bool, whether there is no other input.
        """
        return {}

    def distracts(self, modality: str, modalities: Collection[str]) -> bool:
        """Returns whether an input should not be read next to the others."""
        return False

    def batch_tokens(self, batch_size: int, steps: float) -> int | None:
        """Returns how many time steps a batch of training holds; 0 for a fixed number of rows,
        None as usual.

        Args:
            batch_size: int, rows.
            steps: float, of an average row.
        """
        return None

    # -- scores -----------------------------------------------------------------------------------

    def scores(self, rest: Predictions) -> Scores:
        """Returns what gives the metrics for weights: one form for scores and for intervals.

        Each row is counted once, here.

        Args:
            rest: Predictions, scored rows only.
        """
        ...

    def higher_is_better(self, metric: str) -> bool:
        """Returns whether a larger value of a metric is better."""
        return metric not in self.lower_is_better

    def row_errors(self, rest: Predictions) -> np.ndarray | None:
        """Returns (n,) float64, the error of each output, in units that a person would count; None
        if single outputs have no meaningful error.

        Args:
            rest: Predictions, scored rows only.
        """
        ...

    def same_answer(self, rest: Predictions) -> str:
        """Returns a sentence if all rows get one answer but not all targets are equal, else ""."""
        return ""

    def baseline(self, predictions: Predictions, train_targets: Any) -> np.ndarray:
        """Returns the outputs of a model that sees no input, shaped as `predictions.outputs`.

        Args:
            predictions: Predictions of a model, for rows and labels.
            train_targets: what `train_targets` returned, or the texts of train.
        """
        ...

    def notes(self, rest: Predictions) -> dict[str, str]:
        """Returns {metric: what a comparison with it needs}."""
        return {}

    def details(self, scores: Scores) -> dict[str, Any]:
        """Returns further parts of an evaluation's JSON: {key: plain value}.

        Args:
            scores: what `scores` gave.
        """
        return {}

    def judged(self, rest: Predictions) -> Judged:
        """Returns what examples are chosen by; as it is, they are chosen at random.

        Args:
            rest: Predictions, scored rows only, one output for each row.
        """
        return Judged(np.ones(len(rest), bool), np.zeros(len(rest)), [None] * len(rest))

    # -- sentences --------------------------------------------------------------------------------

    def describes(self, target: str, labels: Sequence[str]) -> str:
        """Returns what a model does: "predicts price, a number, for each row"."""
        ...

    # -- answers ----------------------------------------------------------------------------------

    def answer(self, found: Predictions, places: Sequence[int], target: Target) -> Answer:
        """Returns the answer to one row of a table.

        Args:
            found: Predictions of the table.
            places: indices of the row's outputs, one per step.
            target: Target of the model.
        """
        ...

    def in_cell(self, prediction: Any, target: Target) -> Any:
        """Returns a prediction as a cell of a CSV or TSV file holds it.

        Args:
            prediction: of an `Answer`.
            target: Target of the model.
        """
        return prediction

    def shown(self, found: Predictions, place: int) -> Mapping[str, Any]:
        """Returns an example for a report: {"target", "predicted": texts for a person}, and where
        they are known "right": bool, "probability": float, "probabilities": {label: p}."""
        ...


@dataclass
class Predictions:
    """Outputs of a task for the rows it could read, flat over steps for sequence tasks.

    Args:
        task: Task, which knows what outputs and targets mean.
        labels: list of str, names of the classes, in the order of the outputs' last axis.
        rows: (n,) int, index of the table's row that each output belongs to, from 0.
        outputs: (n, classes) probabilities; (n,) numbers in the target's own unit for regression;
            (n,) texts, dtype object, for tasks whose answer is a text.
        targets: (n,) class indices; (n, classes) bool for multilabel; (n,) float for regression;
            (n,) lists of right texts, dtype object, where the answer is a text; None when the
            table has no target. Rows without a target are not in `scored`.
        scored: (n,) bool, True where a target is known.
        modalities: list of str, names of the inputs, in the order of `present`'s last axis.
        present: (n, modalities) bool, False where that input was missing.
        groups: (n,) int, sequence or group of each output, for intervals by group; or None.
        group_column: str, column whose equal values make the groups, such as "speaker"; "" where
            a group is a table row with all its steps.
        chosen: (n,) class indices, or (n, classes) bool of label sets, the answers where they are
            not those of the highest probability (`evaluation.trust.decision`); else None.
        steps: (n,) int, step inside the sequence, for sequence tasks; or None.
        errors: {row: message} for rows that could not be read.
        dropped: {reason: count} of rows that gave no prediction or are not scored.
        num_rows: int, rows read from the table.
        words: (n,) lists of (word, confidence 0 to 1 as the model states it), dtype object, of
            transcripts; or None.
        truncated: {reason: count} of inputs and targets of which only a part was read.
        normalisation: str, applied to transcripts and references before comparison; see
            `evaluation.texts.normalisation`.
    """

    task: Task
    labels: list[str]
    rows: np.ndarray
    outputs: np.ndarray
    targets: np.ndarray | None
    scored: np.ndarray
    modalities: list[str]
    present: np.ndarray
    groups: np.ndarray | None = None
    steps: np.ndarray | None = None
    errors: dict[int, str] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    num_rows: int = 0
    words: np.ndarray | None = None
    truncated: dict[str, int] = field(default_factory=dict)
    normalisation: str = "basic"
    group_column: str = ""
    chosen: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def is_text(self) -> bool:
        """Whether outputs are texts, and targets lists of texts."""
        return self.task.is_text

    @property
    def answers(self) -> np.ndarray:
        """The answers of a task with classes: (n,) class indices, or (n, classes) bool."""
        if self.chosen is not None:
            return self.chosen
        if self.task.choice == "any of":
            return self.outputs >= THRESHOLD
        return self.outputs.argmax(axis=-1)

    def take(self, where: np.ndarray) -> Predictions:
        """Returns the predictions that `where` (bool or indices over n) selects."""
        pick = lambda array: None if array is None else array[where]
        return Predictions(
            self.task,
            self.labels,
            self.rows[where],
            self.outputs[where],
            pick(self.targets),
            self.scored[where],
            self.modalities,
            self.present[where],
            pick(self.groups),
            pick(self.steps),
            self.errors,
            self.dropped,
            self.num_rows,
            pick(self.words),
            self.truncated,
            self.normalisation,
            self.group_column,
            pick(self.chosen),
        )
