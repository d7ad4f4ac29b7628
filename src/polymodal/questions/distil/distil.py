"""A smaller model that answers as a larger one does, and what it costs."""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from polymodal.bundle import weights
from polymodal.bundle.names import weight_names
from polymodal.core.contracts.task import Task
from polymodal.core.disk.files import check_new, check_writable, write_json
from polymodal.core.disk.paths import user_path
from polymodal.core.errors import RecipeError, TrainingError
from polymodal.core.lookup import unknown
from polymodal.core.printed.progress import quiet, say, waiting
from polymodal.evaluation.comparing.compare import Comparison, compare
from polymodal.evaluation.words import gap_interval, readable, value_text
from polymodal.inference.hearing import heard_here
from polymodal.inference.predictor import Predictor, load
from polymodal.questions.distil.cost import BATCH, Budget, Cost, costs_of, parse_budget
from polymodal.questions.distil.pruned import pruned
from polymodal.questions.distil.student import student_of
from polymodal.questions.distil.taught import TEMPERATURE, WEIGHT, Taught, answers_of
from polymodal.recipe.heard import heard_texts
from polymodal.tables.table import Table, read
from polymodal.training.choose import choose
from polymodal.training.planning.asked import begun, reopen
from polymodal.training.preparing.elsewhere import from_elsewhere
from polymodal.training.steps.history import duration
from polymodal.training.trial import Trial

__all__ = ["Distilled", "Point", "chosen", "distil"]

_BUDGET_SIZES = (0.5, 0.25, 0.1)
_FRESH, _PRUNE = "fresh", "prune"
_WAYS = (_FRESH, _PRUNE)
_SHORTER = 0.5  # of the run's epochs, for a model that starts with its weights


@dataclass(frozen=True)
class Point:
    """A model of some size.

    Args:
        name: str, "teacher" or the share of its size.
        score: float, headline on the scored rows.
        cost: Cost.
        difference: Comparison of the teacher with it; None for the teacher itself.
        folder: Path of its bundle.
    """

    name: str
    score: float
    cost: Cost
    difference: Comparison | None
    folder: Path

    def to_json(self) -> dict[str, Any]:
        """Returns plain values."""
        return {
            "name": self.name,
            "score": self.score,
            **asdict(self.cost),
            "folder": str(self.folder),
            "difference": None if self.difference is None else self.difference.to_json(),
        }


@dataclass(frozen=True)
class Distilled:
    """Smaller models of one run.

    Args:
        folder: Path of the chosen model's bundle.
        metric: str, headline of the task.
        split: str, the rows that were scored.
        points: list of Point, the teacher first.
        chosen: Point.
    """

    folder: Path
    metric: str
    split: str
    points: Sequence[Point]
    chosen: Point

    def rows(self) -> list[tuple[str, ...]]:
        """Returns the table of scores and costs as texts, heads first."""
        return [
            (
                "model",
                readable(self.metric),
                "worse than the teacher by",
                "parameters",
                "MB",
                f"ms/row (batch {BATCH})",
            ),
            *map(self._row, self.points),
        ]

    def _row(self, point: Point) -> tuple[str, ...]:
        lost = ""
        if point.difference is not None and point.difference.interval is not None:
            ends = point.difference.interval
            if not point.difference.higher_is_better:
                ends = [-end for end in reversed(ends)]
            lost = gap_interval(self.metric, ends)
        return (
            point.name,
            value_text(self.metric, point.score),
            lost,
            f"{point.cost.parameters:,}",
            f"{point.cost.megabytes:.2f}",
            f"{point.cost.row_milliseconds:.3f}",
        )

    def to_json(self) -> dict[str, Any]:
        """Returns plain values."""
        return {
            "folder": str(self.folder),
            "metric": self.metric,
            "split": self.split,
            "models": [point.to_json() for point in self.points],
            "chosen": self.chosen.name,
        }


def distil(
    run: str | Path,
    *,
    out: str | Path,
    sizes: Sequence[float] = (),
    budget: str | None = None,
    how: str = _FRESH,
    data: Any = None,
    val: Any = None,
    test: Any = None,
    media_root: str | Path | None = None,
    on_epoch: Any = None,
) -> Distilled:
    """Trains smaller models on the labels and on the answers of a run.

    Args:
        run: folder of the run that teaches.
        out: folder for the smaller model, or, of several sizes, for one folder of each.
        sizes: shares of the teacher's parameters, each above 0 and at most 1. Default: a quarter,
            or for a budget a half, a quarter and a tenth.
        budget: str, such as "50MB" of weights or "5ms" a row: the best model that fits is chosen.
        how: str, "fresh" for new weights, or "prune" to start with the most important units of the
            run and train for half as many epochs.
        data, val, test: tables in place of those that the run was trained with.
        media_root: folder that media paths of these start from.
        on_epoch: function called with each epoch's entry of the history.

    Returns:
        Distilled: `folder`, `points`, `to_json()`.

    Raises:
        RecipeError: a task without one answer for each row, or a size that no model has.
        TrainingError: no table is known, or nothing fits the budget.
    """
    if how not in _WAYS:
        raise RecipeError(f"--how: {unknown('start', how, _WAYS)}")
    folder, limit = user_path(run), Budget() if budget is None else parse_budget(budget)
    sizes = list(sizes) or (list(_BUDGET_SIZES) if budget else [0.25])
    out = check_new(check_writable(out, folder=True))
    teacher = load(folder)
    given = {
        name: read(table, media_root=media_root)
        for name, table in (("train", data), ("val", val), ("test", test))
        if table is not None
    }
    tables, options = _tables(folder, teacher, given)
    split = "test" if "test" in tables else "val"
    lesson = _Lesson(folder, teacher, tables, split, options, on_epoch, how == _PRUNE)
    places = {}
    for size in sizes:
        places[f"{size:g}"] = out if len(sizes) == 1 else out / f"size-{size:g}"
        lesson.teach(size, places[f"{size:g}"])
    points = lesson.points()
    best = chosen(points[1:], limit, teacher.task, budget)
    found = Distilled(places[best.name], teacher.task.headline, split, points, best)
    write_json(out / "distil.json", found.to_json())
    return found


def _tables(
    folder: Path, teacher: Predictor, given: Mapping[str, Table]
) -> tuple[dict[str, Table], dict[str, Any]]:
    """Returns the tables that the run was trained with, divided as then."""
    try:
        asked = begun(folder)["asked"]
    except TrainingError:
        asked = {}
    options = dict(asked.get("options", {}))
    if given.get("train") is None and not asked:
        raise TrainingError(
            f"distil needs the table that {folder} was trained on. Got none, and "
            "the folder does not name it. Give it with --data."
        )
    tables = reopen(asked, given, folder) if asked else dict(given)
    tables |= given
    wanted, tables = from_elsewhere(_wanted(folder, teacher, asked), tables)
    with quiet():
        _, _, facts, _ = choose(
            tables,
            wanted,
            options.get("ignore", ()),
            options.get("split"),
            options.get("split_group"),
            int(teacher.recipe.training.get("seed", 0)),
        )
    how = {
        name: options[name]
        for name in ("ignore", "split_group", "skip_bad", "max_bad_share")
        if name in options
    }
    found = {name: part.table for name, part in facts.items()}
    found.setdefault("val", found.get("test", found["train"]))
    return found, how


def _wanted(folder: Path, teacher: Predictor, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the settings that the run was trained with, its recognisers where they are now."""
    whole = teacher.recipe.to_dict()
    found = dict(asked.get("given") or whole)
    here = heard_here(whole["inputs"], folder)
    heard = {text.name: here[text.name] for text in heard_texts(whole["inputs"])}
    if heard:
        found["inputs"] = {**(found.get("inputs") or {}), **heard}
    return found


class _Lesson:
    """What a teacher says of its rows, and the training of students on it."""

    def __init__(
        self,
        folder: Path,
        teacher: Predictor,
        tables: Mapping[str, Table],
        split: str,
        how: dict[str, Any],
        on_epoch: Any,
        prunes: bool,
    ):
        self.teacher, self.tables, self.split, self._folder = teacher, tables, split, folder
        self._start = _start(teacher) if prunes else None
        self._how, self._on_epoch = how, on_epoch
        with waiting("Reading the answers of the teacher"), quiet():
            self._said = teacher.predict(tables["train"])
            self._scored = teacher.predict(tables[split], scored=True)
        self._models = [("teacher", teacher, self._scored, folder)]

    def points(self) -> list[Point]:
        """Returns the points of all models, timed in turn."""
        costs = costs_of(
            [predictor for _, predictor, _, _ in self._models], self.tables[self.split]
        )
        found = []
        for (name, _, said, folder), cost in zip(self._models, costs, strict=True):
            gap = compare(self._scored, said)
            found.append(Point(name, gap.second, cost, None if name == "teacher" else gap, folder))
        return found

    def teach(self, size: float, out: Path) -> None:
        """Trains a student and writes its bundle."""
        settings, count = student_of(self.teacher, size)
        settings = {name: value for name, value in settings.items() if value is not None}
        settings["inputs"] = heard_here(settings["inputs"], self._folder)
        if self._start is not None:
            _shorten(settings["training"])
        answers = answers_of(self.teacher.task, self._said, self.teacher.target)
        tables = {"train": self.tables["train"], "val": self.tables["val"]}
        with tempfile.TemporaryDirectory(prefix="polymodal-") as made:
            trial = Trial(
                tables,
                settings,
                Path(made) / "run",
                on_epoch=self._on_epoch,
                teach=lambda samples: Taught(samples, answers),
                loss=_loss(self.teacher),
                start=self._start,
                **self._how,
            )
            say(
                f"Training a student with {count:,} parameters ({size:g} of the teacher's), at "
                f"most {duration(trial.seconds())}."
            )
            trial.train()
            shutil.copytree(
                trial.folder,
                out,
                dirs_exist_ok=True,
                ignore=shutil.ignore_patterns("checkpoints", ".*"),
            )
        predictions = trial.predict(self.tables[self.split])
        self._models.append((f"{size:g}", trial.predictor, predictions, out))


def _shorten(training: dict[str, Any]) -> None:
    """Changes the settings of a training to those of a model that knows most already."""
    training["epochs"] = max(1, math.ceil(_SHORTER * training["epochs"]))
    training.pop("pretrain_epochs", None)


def _start(teacher: Predictor) -> Callable[[Any], None]:
    """Returns what gives a narrower model the most important units of the teacher."""
    values = weights.values(weight_names(teacher.model))

    def start(model: Any) -> None:
        names = weight_names(model)
        shapes = {name: tuple(variable.shape) for name, variable in names.items()}
        found = pruned(values, shapes)
        weights.assign({name: names[name] for name in found}, found)

    return start


def _loss(teacher: Predictor) -> Callable[[Any], Any] | None:
    """Returns what makes the loss of a student; None where the task's own takes its targets."""
    from polymodal.layers.distillation_loss import DistillationLoss

    if teacher.target.shape != () or not teacher.target.labels:
        return None
    return lambda own: DistillationLoss(own, TEMPERATURE, WEIGHT)


def chosen(students: Sequence[Point], limit: Budget, task: Task, budget: str | None) -> Point:
    """Returns the student with the best score of those within the limit.

    Raises:
        RecipeError: none is.
    """
    fitting = [point for point in students if limit.holds(point.cost)]
    if not fitting:
        least = min(students, key=lambda point: point.cost.megabytes).cost
        raise RecipeError(
            f"--budget {budget} needs a smaller model than those trained. Got at "
            f"least {least.megabytes:.2f} MB and {least.row_milliseconds:.3f} ms a "
            "row. Try a smaller --size."
        )
    sign = 1 if task.higher_is_better(task.headline) else -1
    return max(fitting, key=lambda point: sign * point.score)
