"""The library in ten lines: choose a task, fit a table, evaluate, predict, save, load."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from polymodal.core.disk.paths import user_path
from polymodal.core.engine import start
from polymodal.estimators.estimator import Estimator
from polymodal.estimators.texts import Assistant, Captioner, Transcriber
from polymodal.tables.table import read


class Classifier(Estimator):
    """Predicts one of several classes for each row."""

    task = "classification"


class MultilabelClassifier(Estimator):
    """Predicts any number of labels for each row."""

    task = "multilabel"


class Regressor(Estimator):
    """Predicts a number for each row."""

    task = "regression"


class SentimentAnalyser(Estimator):
    """Predicts sentiment or emotion as classes, or as an intensity from -3 to 3.

    `group` and `order` make conversations, whose utterances are read in context.
    """

    task = "sentiment"


class SequenceLabeller(Estimator):
    """Predicts a class for each step of a sequence; `group` and `order` make sequences."""

    task = "sequence_labelling"


class Seq2Seq(Estimator):
    """Generates a sequence, feeding back each output: `O_i = f(G_i, O_{i-1})`."""

    task = "seq2seq"


class Retriever(Estimator):
    """Finds what belongs together, such as the image to a caption.

    Args:
        query: names of the inputs that ask.
        answer: names of the inputs that are looked for.
        ignore, recipe: as for every estimator.
    """

    task = "retrieval"

    def __init__(
        self,
        query: Sequence[str] = (),
        answer: Sequence[str] = (),
        *,
        ignore: Sequence[str] = (),
        **recipe: Any,
    ):
        if query or answer:
            asked = recipe.get("task") or {}
            recipe["task"] = {"query": list(query), "answer": list(answer), **asked}
        super().__init__("", ignore=ignore, **recipe)

    def search(self, query: Any, table: Any, **options: Any) -> list[dict[str, Any]]:
        """Returns the rows of a table that are nearest to a query, the best first.

        Args:
            query: a cell of the column that asks, such as a text, or {column: cell}.
            table: Table, path, or rows in memory.
            options: num=10 rows; by="answer" finds queries by an answer; media_root.

        Returns:
            list of {"row", from 1, "score", -1 to 1, "cells": {column: cell}}.
        """
        from polymodal.inference.search import search

        return [vars(one) for one in search(self._fitted(self._predictor), query, table, **options)]

    def zero_shot(
        self,
        labels: Sequence[str],
        prompts: Sequence[str] = ("a photo of a {}.",),
        target: str = "",
    ) -> Classifier:
        """Returns a classifier by labels that no training has seen, from how texts compare.

        Args:
            labels: list of str, at least two.
            prompts: texts with {} where the label goes; their vectors are averaged.
            target: str, column with the true label, for `evaluate`.

        Raises:
            RecipeError: the model compares no texts, or a label or prompt that cannot be.

        Example:

        >>> import polymodal as pm
        >>> dogs = pm.load("models/clip").zero_shot(["dog", "cat"])  # doctest: +SKIP
        >>> dogs.predict([{"image": "a.png"}])[0]["prediction"]  # doctest: +SKIP
        'dog'
        """
        from polymodal.inference.imported.zero_shot import ZeroShot

        found = ZeroShot(self._fitted(self._predictor), labels, prompts, target)
        return cast(Classifier, _estimator(found, self._run))


def load(folder: str | Path) -> Estimator:
    """Loads a run, or an imported recogniser, as an estimator. Nothing in it is executed.

    A linear model that --keep better kept needs no engine, and none is loaded for it.

    Raises:
        BundleError: the folder holds no run, or a damaged one.
    """
    from types import SimpleNamespace

    from polymodal.inference.linear.predictor import is_linear
    from polymodal.inference.loading import load as loaded

    if not is_linear(user_path(folder)):
        start()
    found = loaded(folder)
    return _estimator(
        found, SimpleNamespace(folder=user_path(folder), metrics=found.metrics.get("splits", {}))
    )


def finish(
    folder: str | Path,
    *,
    train: Any = None,
    val: Any = None,
    test: Any = None,
    unlabelled: Any = None,
    baselines: bool | None = None,
    keep_checkpoints: bool = False,
) -> Estimator:
    """Completes a stopped run, and returns it as an estimator.

    It ends at the last whole epoch, and is scored and reported as after training.

    Args:
        folder: folder of the run, the `out` of a stopped `fit`.
        train, val, test, unlabelled: the tables that it was started with, if they were in memory or
            have moved.
        baselines: bool, also train each input alone; None = as the run was started.
        keep_checkpoints: bool, keep the checkpoints.

    Raises:
        TrainingError: the folder holds no run, or one without a whole epoch.
        DataError, ResumeError: a table is gone, or has changed.
    """
    start()
    from polymodal.training.finish import finish as end
    from polymodal.training.preparing.added import read_unlabelled

    tables = {
        name: read(value)
        for name, value in (("train", train), ("val", val), ("test", test))
        if value is not None
    }
    tables |= read_unlabelled(unlabelled)
    run = end(folder, tables, baselines=baselines, keep_checkpoints=keep_checkpoints)
    return _estimator(run.predictor, run)


def _estimator(predictor: Any, run: Any) -> Estimator:
    classes = {c.task: c for c in Estimator.__subclasses__()}
    kind = classes.get(predictor.task.name, Estimator)
    estimator = kind.__new__(kind)
    Estimator.__init__(estimator, predictor.recipe.target)
    estimator._predictor, estimator._run = predictor, run
    return estimator


__all__ = [
    "Assistant",
    "Captioner",
    "Classifier",
    "Estimator",
    "MultilabelClassifier",
    "Regressor",
    "Retriever",
    "SentimentAnalyser",
    "Seq2Seq",
    "SequenceLabeller",
    "Transcriber",
    "finish",
    "load",
]
