"""What every estimator does: fit a table, evaluate, predict, explain, save."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

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
        self._given = {
            "target": _name(target),
            **{key: _name(value) if key in _COLUMNS else value for key, value in recipe.items()},
        }
        self._ignore = [_name(column) for column in ignore]
        self._run: Any = None
        self._predictor: Any = None
        self._temporary: Any = None
        self._forecast: Any = None

    def fit(
        self,
        train: Any,
        *,
        val: Any = None,
        test: Any = None,
        unlabelled: Any = None,
        out: str | Path | None = None,
        dry_run: bool = False,
        **options: Any,
    ) -> Estimator:
        """Trains on a table and returns the estimator.

        Args:
            train: Table, path, or rows in memory: what `polymodal.read` takes.
            val: the same, for validation; by default, a part of `train` is held out.
            test: the same, scored once at the end.
            unlabelled: the same, or a list of such: rows without the target, which join those of
                `train` where an objective or `training.pseudo_labels` learns from them.
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
        from polymodal.training.preparing.added import read_unlabelled

        tables = {
            name: read(value)
            for name, value in (("train", train), ("val", val), ("test", test))
            if value is not None
        }
        tables |= read_unlabelled(unlabelled)
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
            `polymodal.inference.explaining.explanation.Explanation`, with `to_json()`.

        Raises:
            RecipeError: a run that writes texts or compares inputs, or a row that is not there.
            DataError: rows that cannot be read.
        """
        start()
        from polymodal.inference.explaining.explanation import explain

        return explain(self._fitted(self._predictor), table, **options)

    def save(self, folder: str | Path) -> Path:
        """Copies the bundle into a folder, which must not exist, and returns its path."""
        source, folder = self._fitted(self._run).folder, user_path(folder)
        if folder.exists():
            raise PolymodalError(
                f"save needs a folder that does not exist. Got {folder}. "
                "Choose another, or remove it."
            )
        shutil.copytree(
            source, folder, ignore=shutil.ignore_patterns("checkpoints", "baselines", ".*")
        )
        return folder

    def _fitted(self, value: Any) -> Any:
        if value is None:
            raise PolymodalError(
                f"{type(self).__name__} needs to be fitted first. "
                "Call fit(train), or polymodal.load(folder)."
            )
        return value


def _name(column: Any) -> Any:
    """Returns the name of a column as a text: pandas numbers columns that have no names."""
    if isinstance(column, int):
        return str(column)
    return column
