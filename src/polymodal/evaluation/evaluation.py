"""What predictions are worth, computed once: files, report, card and command line read it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from polymodal.core.contracts.task import Predictions, Scores
from polymodal.evaluation.comparing.compare import Comparison, compare
from polymodal.evaluation.decisions import known
from polymodal.evaluation.resampling.intervals import scored
from polymodal.evaluation.slices import PRESENT, slices

__all__ = ["Evaluation", "RunEvaluation", "evaluate", "evaluate_run"]

_FEWEST = 5  # rows; fewer may get one answer by chance


@dataclass(frozen=True)
class Evaluation:
    """Scores of a model on a table, with everything that is said about them.

    Args:
        predictions: Predictions, scored rows only.
        scores: what `task.scores` gave for them.
        found: {"metrics": {metric: value}, "intervals": {metric: [low, high] or None}}, and of
            rows in groups "group" and "num_groups".
        slices: {column: {value: {"n", "metrics", "intervals"}}}.
        notes: {metric: what a reader needs to know to compare it}.
        same_answer: str, says that a model gives one answer for all rows; else "".
        details: further parts of the JSON that are the task's own.
    """

    predictions: Predictions
    scores: Scores
    found: Mapping[str, Any]
    slices: Mapping[str, Mapping[str, Mapping[str, Any]]]
    notes: Mapping[str, str]
    same_answer: str
    details: Mapping[str, Any]

    @property
    def metrics(self) -> Mapping[str, float]:
        """The scores."""
        return self.found["metrics"]

    @property
    def intervals(self) -> Mapping[str, list[float] | None]:
        """The 95 % interval of each score that has one."""
        return self.found["intervals"]

    @property
    def num_rows(self) -> int:
        """Number of scored table rows; steps of a row count as one."""
        return len({int(row) for row in self.predictions.rows})

    def to_json(self) -> dict[str, Any]:
        """Returns what `polymodal evaluate --json` prints and `metrics.json` holds.

        Returns:
            {"task", "rows": {"read", "used", "dropped": {reason: n}}, "metrics", "intervals",
            "slices"}, plain values only, None for what is not a finite number. "used" counts table
            rows, not steps. Where inputs were cut, "rows" has "truncated": {reason: n}. Where rows
            come in groups, there are "group", the column, and "num_groups"; of fewer than ten the
            intervals are None. Then come "notes" and "same_answer" where there are any, and what
            is the task's own, such as "transcripts".
        """
        said, rows = (
            self.predictions,
            {
                "read": int(self.predictions.num_rows),
                "used": self.num_rows,
                "dropped": _counts(self.predictions.dropped),
            },
        )
        if said.truncated:
            rows["truncated"] = _counts(said.truncated)
        optional = {"notes": dict(self.notes), "same_answer": self.same_answer}
        return finite(
            {
                "task": said.task.name,
                "rows": rows,
                **self.found,
                "slices": self.slices,
                **{name: value for name, value in optional.items() if value},
                **self.details,
            }
        )


@dataclass(frozen=True)
class RunEvaluation:
    """Everything that a run is worth.

    Args:
        splits: {split: Evaluation}, the one to show first.
        blind: Evaluation of the majority or the mean on the shown split, or None.
        singles: {input: Evaluation} of models of one input alone, on the rows of the shown split.
        joint: Evaluation of the model of all inputs, where that of one is kept; else None.
        comparisons: {input: Comparison} of the model of all inputs with that of the one.
    """

    splits: Mapping[str, Evaluation]
    blind: Evaluation | None = None
    singles: Mapping[str, Evaluation] = field(default_factory=dict)
    joint: Evaluation | None = None
    comparisons: Mapping[str, Comparison] = field(default_factory=dict)

    @property
    def shown(self) -> Evaluation:
        """The evaluation that everything is shown for."""
        return next(iter(self.splits.values()))

    @property
    def fused(self) -> Evaluation:
        """That of the model of all inputs."""
        if self.joint is None:
            return self.shown
        return self.joint

    def of_one_input(
        self,
        predictions: Mapping[str, Predictions],
        blind: Predictions,
        columns: Mapping[str, Mapping[str, Sequence[Any]]],
    ) -> RunEvaluation:
        """Returns the evaluation of a run that keeps the model of one input, this one being that
        of all inputs.

        Args:
            predictions: {split: Predictions} of the model that is kept.
            blind: Predictions of its baseline on the shown split.
            columns: {split: {column: values}} to cut the scores of a split by.
        """
        own = {split: evaluate(one, columns.get(split)) for split, one in predictions.items()}
        joint = replace(self.shown, slices={PRESENT: self.shown.slices[PRESENT]})
        return replace(self, splits=own, blind=evaluate(blind), joint=joint)

    def to_json(self, kept: str = "") -> dict[str, Any]:
        """Returns what `metrics.json` holds.

        Args:
            kept: str, the input whose model is kept in place of that of all, or "".
        """
        found: dict[str, Any] = {
            "splits": {split: one.to_json() for split, one in self.splits.items()},
            "baseline": None if self.blind is None else self.blind.to_json(),
            "singles": {
                name: {**one.to_json(), "difference": self.comparisons[name].to_json()}
                for name, one in self.singles.items()
            },
        }
        if kept and self.joint is not None:
            found |= {"kept": kept, "joint": self.joint.to_json()}
        return found


def evaluate(
    predictions: Predictions, columns: Mapping[str, Sequence[Any]] | None = None, seed: int = 0
) -> Evaluation:
    """Scores predictions, with intervals, and by parts of the table.

    Args:
        predictions: Predictions on the table that was evaluated.
        columns: {name: values per row of the table} to cut the scores by.
        seed: int, key of the bootstrap draws.

    Raises:
        DataError: no row has a target.
    """
    rest = known(predictions)
    scores, same = rest.task.scores(rest), ""
    if len(rest) >= _FEWEST:
        same = rest.task.same_answer(rest)
    return Evaluation(
        rest,
        scores,
        scored(rest, scores, seed),
        slices(rest, columns, seed, scores),
        rest.task.notes(rest),
        same,
        rest.task.details(scores),
    )


def evaluate_run(
    predictions: Mapping[str, Predictions],
    blind: Predictions | None = None,
    singles: Mapping[str, Predictions] | None = None,
    joint: Predictions | None = None,
    columns: Mapping[str, Mapping[str, Sequence[Any]]] | None = None,
    metric: str | None = None,
) -> RunEvaluation:
    """Evaluates all predictions of a run.

    Args:
        predictions: {split: Predictions}, the one to show first.
        blind: Predictions of the baseline on the shown split.
        singles: {input: Predictions} of models of one input alone on the shown split.
        joint: Predictions of the model of all inputs, where that of one is kept.
        columns: {split: {column: values}} to cut the scores of a split by.
        metric: str, the metric to compare models in; None means the task's own.
    """
    singles, columns = singles or {}, columns or {}
    splits = {split: evaluate(one, columns.get(split)) for split, one in predictions.items()}
    whole = None if joint is None else evaluate(joint)
    alone = {name: evaluate(one) for name, one in singles.items()}
    fused = next(iter(splits.values())) if whole is None else whole
    return RunEvaluation(
        splits,
        None if blind is None else evaluate(blind),
        alone,
        whole,
        {
            name: compare(
                fused.predictions, one.predictions, metric, scores=(fused.scores, one.scores)
            )
            for name, one in alone.items()
        },
    )


def finite(value: Any) -> Any:
    """Returns plain values with None for every number that is not finite: JSON has none."""
    if isinstance(value, Mapping):
        return {str(name): finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [finite(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _counts(found: Mapping[Any, Any]) -> dict[str, int]:
    return {str(reason): int(count) for reason, count in found.items()}
