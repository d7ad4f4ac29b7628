"""The library in ten lines: choose a task, fit a table, evaluate, predict, save, load."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from polymodal.core.disk.paths import user_path
from polymodal.core.engine import start
from polymodal.core.errors import PolymodalError
from polymodal.core.printed.progress import say
from polymodal.tables.table import read

_COLUMNS = ("group", "order")  # settings of a recipe that name a column


class Estimator:
    """A model for one target column, fitted to a table.

    Args:
        target: str, the column to predict.
        ignore: names of columns that are no inputs.
        recipe: further settings of a recipe: inputs, fusion, sequence, dim, group, order, training,
            and task for settings of the task itself, such as {"decoder": "recurrent_attention"} of
            a Captioner. The rest is inferred from the data, and printed.

    Example: see the page of `polymodal`.
    """

    task: str | None = None

    def __init__(self, target: str, *, ignore: Sequence[str] = (), **recipe: Any):
        if self.task:
            asked = recipe.setdefault("task", self.task)
            if isinstance(asked, Mapping):
                recipe["task"] = {"name": self.task, **asked}
        self._given = {"target": _name(target), **{
            key: _name(value) if key in _COLUMNS else value for key, value in recipe.items()}}
        self._ignore = [_name(column) for column in ignore]
        self._run: Any = None
        self._predictor: Any = None
        self._temporary: Any = None
        self._forecast: Any = None

    def fit(self, train: Any, *, val: Any = None, test: Any = None, out: str | Path | None = None,
            dry_run: bool = False, **options: Any) -> Estimator:
        """Trains on a table and returns the estimator.

        Args:
            train: Table, path, or rows in memory: what `polymodal.read` takes.
            val: the same, for validation; by default, a part of `train` is held out.
            test: the same, scored once at the end.
            out: folder of the run, which can be resumed; by default, a temporary one.
            dry_run: bool, print the recipe and the expected time, and stop before the first epoch;
                `forecast` has them then, and nothing is written.
            options: `baselines`, `keep`, `skip_bad`, `max_bad_share`, `split`, `split_group`,
                `slice_columns`, `max_minutes` and `keep_checkpoints` of
                `polymodal.training.run.train`.

        Raises:
            DataError, RecipeError, ResumeError: as `polymodal train`.
        """
        start()
        from polymodal.training import run as runs

        tables = {name: read(value) for name, value in
                  (("train", train), ("val", val), ("test", test)) if value is not None}
        if out is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="polymodal-")
            out = Path(self._temporary.name) / "run"
        options = {"baselines": options.get("keep", "joint") != "joint", **options}
        if dry_run:
            found = runs.dry_run(tables, self._given, out, ignore=self._ignore, **options)
            self._forecast = {"recipe": found.recipe, **found.forecast.to_json()}
            say(f"{found.recipe}\n{found.forecast.sentence()}")
            return self
        self._run = runs.train(tables, self._given, out, ignore=self._ignore, **options)
        self._forecast = self._run.forecast
        self._predictor = self._run.predictor
        return self

    @property
    def metrics(self) -> dict[str, Any]:
        """{split: scores with intervals} of the last fit."""
        return self._fitted(self._run).metrics

    @property
    def forecast(self) -> dict[str, Any]:
        """{"seconds": expected, "parts": {name: seconds}} of the last fit or dry run; with
        "actual_seconds" after a fit, with "recipe" after a dry run."""
        return self._fitted(self._forecast)

    @property
    def folder(self) -> Path:
        """Folder of the last fit."""
        return self._fitted(self._run).folder

    @property
    def recipe(self) -> Any:
        """The complete Recipe, with everything that was inferred."""
        return self._fitted(self._predictor).recipe

    def evaluate(self, table: Any, **options: Any) -> dict[str, Any]:
        """Returns task, rows, metrics, intervals and slices, as `polymodal evaluate --json`.

        Args:
            table: Table, path, or rows in memory, with the target.
            options: `slice_columns`, `media_root`, `skip_bad`, `max_bad_share`; sets=0.9 for sets
                of answers that hold the true one of 90 % of the rows, sets_by="speaker" for sets
                made by the values of a column; decoding options, as for `generate` and
                `transcribe`: beam=5, language_model="lm.arpa".
        """
        return self._fitted(self._predictor).evaluate(table, **options)

    def predict(self, rows: Any, **options: Any) -> list[dict[str, Any]]:
        """Returns one answer for each row, in order.

        Args:
            rows: Table, path, or rows in memory; the target is not needed. An input that a row
                lacks is missing.
            options: as for `evaluate`, without `slice_columns`.

        Returns:
            list of {"prediction", "probabilities": {label: p} or None, "error": str or None}; with
            `sets` also "set": [label, ...], or [low, high] of numbers.

        Raises:
            RecipeError: a row in memory has a key that neither the model nor its training table
                knows, or the rows have none of the inputs.
        """
        from polymodal.inference.files import lines
        from polymodal.inference.given_rows import checked_rows
        from polymodal.inference.trust import sets_of

        predictor = self._fitted(self._predictor)
        if isinstance(rows, list | tuple) and not rows:
            return []
        table = read(checked_rows(predictor, rows), media_root=options.pop("media_root", None))
        level, by = options.pop("sets", None), options.pop("sets_by", None)
        found = predictor.predict(table, **options)
        sets = None if level is None else sets_of(predictor, found, table, level, by)
        return list(lines(predictor, table, found, sets))

    def explain(self, table: Any, **options: Any) -> Any:
        """Says which inputs and parts of them the answers for rows rest on.

        Args:
            table: Table, path, or rows in memory; with the target, shares are of what each input
                adds to the right answer.
            options: rows=[3, 7], numbers of the rows to explain one by one, from 1; against=train,
                a table in which to look for rows that are alike; media_root.

        Returns:
            `polymodal.questions.explain.explanation.Explanation`, with `to_json()`.

        Raises:
            RecipeError: a run that writes texts or compares inputs, or a row that is not there.
            DataError: rows that cannot be read.
        """
        start()
        from polymodal.questions.explain.explanation import explain

        return explain(self._fitted(self._predictor), table, **options)

    def save(self, folder: str | Path) -> Path:
        """Copies the bundle into a folder, which must not exist, and returns its path."""
        source, folder = self._fitted(self._run).folder, user_path(folder)
        if folder.exists():
            raise PolymodalError(f"save needs a folder that does not exist. Got {folder}. "
                                 "Choose another, or remove it.")
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns(
            "checkpoints", "baselines", ".*"))
        return folder

    def _fitted(self, value: Any) -> Any:
        if value is None:
            raise PolymodalError(f"{type(self).__name__} needs to be fitted first. "
                                 "Call fit(train), or polymodal.load(folder).")
        return value


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


class Captioner(Estimator):
    """Generates a text about images, video or any other inputs of a row."""

    task = "caption"

    def generate(self, rows: Any, **choice: Any) -> list[dict[str, Any]]:
        """Returns the generated texts for each row, in order.

        Args:
            rows: Table, path, or rows in memory; the target is not needed.
            choice: decoding options: beam, num, temperature, top_k, top_p,
                repetition_penalty, length_penalty, allowed, seed; jit=True compiles the loop with
                XLA on TensorFlow too, which takes seconds once and makes large decoders faster.

        Returns:
            list of {"results": [{"text", "score", "tokens"}], "error": str or None}.

        Raises:
            RecipeError: a choice out of range.
        """
        from polymodal.inference.given_rows import checked_rows
        from polymodal.inference.writing import generate

        predictor = self._fitted(self._predictor)
        if isinstance(rows, list | tuple) and not rows:
            return []
        return generate(predictor, read(checked_rows(predictor, rows)), **choice)


class Retriever(Estimator):
    """Finds what belongs together, such as the image to a caption.

    Args:
        query: names of the inputs that ask.
        answer: names of the inputs that are looked for.
        ignore, recipe: as for every estimator.
    """

    task = "retrieval"

    def __init__(self, query: Sequence[str] = (), answer: Sequence[str] = (), *,
                 ignore: Sequence[str] = (), **recipe: Any):
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

        return [vars(one) for one in search(self._fitted(self._predictor), query, table,
                                            **options)]

    def zero_shot(self, labels: Sequence[str], prompts: Sequence[str] = ("a photo of a {}.",),
                  target: str = "") -> Classifier:
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
        from polymodal.inference.zero_shot import ZeroShot

        found = ZeroShot(self._fitted(self._predictor), labels, prompts, target)
        return cast(Classifier, _estimator(found, self._run))


class Assistant(Estimator):
    """Answers in conversations about images and sounds.

    Args:
        base: folder of an assistant to start from, as `polymodal assemble` wrote it; its encoders
            and decoder stay frozen unless `task` has lora.
        ignore, recipe: as for every estimator.
    """

    task = "chat"

    def __init__(self, *, base: str | Path | None = None, ignore: Sequence[str] = (),
                 **recipe: Any):
        super().__init__("", ignore=ignore, **recipe)
        if base is not None:
            from polymodal.training.assembled import with_base

            self._given = with_base(self._given, base)

    def chat(self, messages: Sequence[Mapping[str, Any]], **options: Any) -> str:
        """Returns the answer to a conversation.

        Args:
            messages: list of {"role": "system", "user" or "assistant", "content"}, as OpenAI
                writes them; content is a text, or a list of parts such as {"type": "text", "text"}
                and {"type": "image", "image": path}.
            options: max_tokens, stop, seed, temperature, top_k, top_p, repetition_penalty,
                media_root.

        Raises:
            DataError: something that is no message, or media that cannot be read.
            RecipeError: a setting out of range, or media that the model does not take.
        """
        return self._answering.answer(messages, **options)

    def stream(self, messages: Sequence[Mapping[str, Any]], **options: Any) -> Iterator[str]:
        """Yields the answer to a conversation, piece by piece; arguments are those of `chat`."""
        return self._answering.stream(messages, **options)

    @property
    def _answering(self) -> Any:
        from polymodal.inference.answering import Answering

        predictor = self._fitted(self._predictor)
        if self._spoken is None or self._spoken.predictor is not predictor:
            self._spoken = Answering(predictor)
        return self._spoken

    _spoken: Any = None


class Transcriber(Estimator):
    """Transcribes recordings."""

    task = "transcribe"

    def transcribe(self, files: Sequence[str | Path] | str | Path,
                   **choice: Any) -> list[dict[str, Any]]:
        """Returns a transcript with times for each file, of any length.

        Args:
            files: sound or video files, or one.
            choice: beam, language_model (an ARPA file), hot_words, language_weight, word_bonus,
                batch_size; of an imported recogniser beam, language, translate, words, batch_size.

        Returns:
            list of {"file", "text", "seconds", "words", "segments", "beam", "language_model",
            "hot_words", "calibrated", "error": str or None}.

        Raises:
            RecipeError: a choice unknown or out of range, or a run with other inputs than sound.
        """
        from polymodal.inference.loading import transcripts

        return [one.as_json() for one in
                transcripts(self._fitted(self._predictor), files, **choice)]

    def stream(self, blocks: Iterable[Any], sample_rate: int | None = None,
               **settings: Any) -> Iterator[Any]:
        """Yields transcripts of sound that comes in block by block, as from a microphone.

        A result has `text`, `words` with their times, and `is_final`. A partial one covers the
        unfinished chunk, and a better one follows. The final ones together are the transcript.

        Args:
            blocks: iterable of float of -1 to 1 or int16, (samples,) or (samples, channels).
            sample_rate: int, hertz of the blocks; None for that of the model.
            settings: update_seconds=0.5, new sound after which a chunk is decoded again;
                pause_seconds=0.6, silence that makes a result final; beam, language_model,
                hot_words.

        Raises:
            RecipeError: a choice out of range, or a run with other inputs than sound.
            DataError: a block is not sound.
        """
        from polymodal.speech.recognition.live import stream

        return stream(self._fitted(self._predictor), blocks, sample_rate, **settings)

    def align(self, file: str | Path, text: str) -> dict[str, Any]:
        """Aligns a known text with a file: returns the times of its words, as `transcribe` does.

        Raises:
            DataError: the file cannot be read, or the text is too long for it.
        """
        from polymodal.speech.recognition.known_text import align_text

        return align_text(self._fitted(self._predictor), file, text).as_json()


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
    return _estimator(found, SimpleNamespace(folder=user_path(folder),
                                             metrics=found.metrics.get("splits", {})))


def finish(folder: str | Path, *, train: Any = None, val: Any = None, test: Any = None,
           baselines: bool | None = None, keep_checkpoints: bool = False) -> Estimator:
    """Completes a stopped run, and returns it as an estimator.

    It ends at the last whole epoch, and is scored and reported as after training.

    Args:
        folder: folder of the run, the `out` of a stopped `fit`.
        train, val, test: the tables that it was started with, if they were in memory or have moved.
        baselines: bool, also train each input alone; None = as the run was started.
        keep_checkpoints: bool, keep the checkpoints.

    Raises:
        TrainingError: the folder holds no run, or one without a whole epoch.
        DataError, ResumeError: a table is gone, or has changed.
    """
    start()
    from polymodal.training.finish import finish as end

    tables = {name: read(value) for name, value in
              (("train", train), ("val", val), ("test", test)) if value is not None}
    run = end(folder, tables, baselines=baselines, keep_checkpoints=keep_checkpoints)
    return _estimator(run.predictor, run)


def _estimator(predictor: Any, run: Any) -> Estimator:
    classes = {c.task: c for c in Estimator.__subclasses__()}
    kind = classes.get(predictor.task.name, Estimator)
    estimator = kind.__new__(kind)
    Estimator.__init__(estimator, predictor.recipe.target)
    estimator._predictor, estimator._run = predictor, run
    return estimator


def _name(column: Any) -> Any:
    """Returns the name of a column as a text: pandas numbers columns that have no names."""
    if isinstance(column, int):
        return str(column)
    return column


__all__ = ["Assistant", "Captioner", "Classifier", "Estimator", "MultilabelClassifier", "Regressor",
           "Retriever", "SentimentAnalyser", "Seq2Seq", "SequenceLabeller", "Transcriber",
           "finish", "load"]
