"""A small search over recipes, within a time limit, scored once on rows that it never saw."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.core.contracts.named_task import task_of
from polymodal.core.contracts.task import Task
from polymodal.core.disk.files import check_writable, write_json
from polymodal.core.disk.lock import locked
from polymodal.core.errors import Interrupted, PolymodalError, TrainingError
from polymodal.core.printed.progress import quiet, say, warned_once
from polymodal.evaluation.words import value_text
from polymodal.inference.predictor import load
from polymodal.profile.profile import profile
from polymodal.questions.question import keep_question
from polymodal.questions.tune.board import Entry, described, is_inferred, write_board
from polymodal.questions.tune.pruning import Point, is_hopeless, point
from polymodal.questions.tune.rows import Rows, divide
from polymodal.questions.tune.scored import Result, read_result, result
from polymodal.questions.tune.selection import Selection, resamples, select
from polymodal.questions.tune.space import Space
from polymodal.questions.tune.study import Journal
from polymodal.questions.tune.tuned import Tuned
from polymodal.tables.reading.reading import readings_of
from polymodal.tables.table import read
from polymodal.training.choose import choose
from polymodal.training.preparing.elsewhere import from_elsewhere
from polymodal.training.preparing.grouping import group_of, kept_as_well
from polymodal.training.saved.ending import Ending
from polymodal.training.steps.history import duration
from polymodal.training.trial import Trial

__all__ = ["Tuned", "tune"]

_RESULT = "result.npz"
_FITS = 1.5  # times the time left, above which a candidate is not begun


class _Hopeless(Exception):
    """Leaves the training of a candidate that is worse than the best by more than chance."""


@warned_once()
def tune(
    data: Any,
    target: str | None = None,
    *,
    out: str | Path,
    minutes: float = 30.0,
    trials: int | None = None,
    val: Any = None,
    test: Any = None,
    given: Mapping[str, Any] | None = None,
    ignore: Sequence[str] = (),
    split_group: str | None = None,
    media_root: str | Path | None = None,
    seed: int = 0,
    skip_bad: bool = False,
    max_bad_share: float = 0.05,
) -> Tuned:
    """Searches for a better recipe than the inferred one, and scores the winner once.

    The inferred recipe comes first, then the choices of the article (convolutions, recurrent
    networks, concatenation, weighted sum), then what Optuna samples. Run it again on the same
    folder to search on; several processes may search in one folder at the same time.

    Args:
        data: Table, path or rows in memory.
        target: str, column to predict; else it is in `given`.
        out: folder of the search.
        minutes: float, time limit of this call.
        trials: int, candidates of all calls together, or None.
        val: the same as `data`, rows to compare candidates by; default: a fifth held out.
        test: the same, rows to score the winner on; default: a fifth held out.
        given: settings of a recipe, which no candidate changes.
        ignore: columns that are not inputs.
        split_group: column whose equal values stay on one side.
        media_root, skip_bad, max_bad_share: as for training.
        seed: int, of the division of rows.

    Raises:
        DataError, RecipeError: rows or settings that cannot be used.
        ResumeError: the folder holds another search.
        TrainingError: no candidate was finished.
        MissingDependencyError: Optuna is not installed.
    """
    ending = Ending(minutes)
    folder = check_writable(out, folder=True)
    wanted = dict(given or {})
    if target is not None:
        wanted["target"] = target
    wanted, tables = from_elsewhere(
        wanted,
        {
            name: read(table, media_root=media_root)
            for name, table in (("train", data), ("val", val), ("test", test))
            if table is not None
        },
    )
    readings = readings_of(wanted.get("columns"))
    known = {name: profile(table, readings) for name, table in tables.items()}
    group = group_of(known, wanted, ignore, None, split_group)
    also = kept_as_well(known, wanted, ignore, (None, split_group), group)
    rows = divide(known, wanted.get("target"), group, seed, also)
    with quiet():
        recipe, _, _, _ = choose(rows.searched, wanted, ignore, "none", split_group)
    keep_question(
        folder / "tune.json",
        {
            "table": rows.train.fingerprint,
            "validation table": rows.val.fingerprint,
            "test table": rows.unseen.fingerprint,
            "settings": wanted,
            "ignored columns": list(ignore),
            "group": group,
        },
        "--out",
    )
    how = {
        "ignore": list(ignore),
        "split_group": split_group,
        "skip_bad": skip_bad,
        "max_bad_share": max_bad_share,
    }
    search = Search(folder, rows, Space(recipe, wanted), task_of(recipe.task), how)
    search.run(ending, trials)
    return search.conclude()


class Search:
    """Trains candidates until the time is over.

    Args:
        folder: Path.
        rows: Rows.
        space: Space.
        task: Task.
        how: arguments of every Trial.
    """

    def __init__(self, folder: Path, rows: Rows, space: Space, task: Task, how: dict[str, Any]):
        self.folder, self.rows, self.space, self.task, self._how = folder, rows, space, task, how
        self.higher = task.higher_is_better(task.headline)
        self.journal = Journal(folder, self.higher, space.first())
        self._inside, self._outside = resamples(rows.unit, len(rows.unseen))

    def run(self, ending: Ending, trials: int | None) -> None:
        """Tries candidates while there is time, and fewer than `trials` are finished."""
        say(
            f"Searching for {duration(ending.left)} with {len(self.rows.train):,} rows, compared "
            f"on {len(self.rows.val):,}; {len(self.rows.unseen):,} rows stay unseen."
        )
        while not ending.is_over and (trials is None or self.journal.num_finished() < trials):
            trial = self.journal.ask()
            choices = self.space.suggest(trial)
            with locked(self.journal.place(trial.number)):
                self._try(trial, choices, ending)

    def _try(self, trial: Any, choices: dict[str, Any], ending: Ending) -> None:
        start, name = time.monotonic(), f"trial {trial.number} ({described(choices)})"
        curve: list[Point] = []
        try:
            one = self._candidate(trial, choices, ending, curve)
            seconds = one.seconds()
            if seconds > _FITS * ending.left and self._finished():
                self.journal.stop(trial, f"would take {duration(seconds)}")
                say(f"  {name}: skipped, it would take {duration(seconds)}")
                return
            one.train()
            found = self._scored(one, start)
        except _Hopeless:
            self.journal.stop(trial, "stopped early: worse than the best by more than chance")
            say(f"  {name}: stopped early after {duration(time.monotonic() - start)}")
            shutil.rmtree(self.journal.place(trial.number), ignore_errors=True)
            return
        except (Interrupted, KeyboardInterrupt) as stop:
            self.journal.again(trial, choices)
            if ending.is_over and isinstance(stop, Interrupted):
                return
            raise
        except (PolymodalError, ValueError) as error:
            self.journal.stop(trial, f"failed: {error}", failed=True)
            say(f"  {name}: failed: {error}")
            return
        trial.set_user_attr("curve", [list(one) for one in curve])
        self.journal.finish(trial, found.score)
        say(f"  {name}: {value_text(self.task.headline, found.score)} in {duration(found.seconds)}")

    def _candidate(
        self, trial: Any, choices: dict[str, Any], ending: Ending, curve: list[Point]
    ) -> Trial:
        best = self._best_curve()

        def watch(entry: dict[str, Any]) -> None:
            session = one.job.session
            now = point(
                entry["epoch"] / session.settings.planned_epochs,
                session.row_errors and session.row_errors(),
            )
            if now is not None:
                curve.append(now)
                if is_hopeless(now, best):
                    raise _Hopeless

        left = Ending(max(ending.left, 1.0) / 60)
        one = Trial(
            self.rows.searched,
            self.space.settings(choices),
            self.journal.place(trial.number),
            on_epoch=watch,
            ending=left,
            **self._how,
        )
        return one

    def _scored(self, one: Trial, start: float) -> Result:
        begun = time.monotonic()
        predictions = one.predict()
        per_row = (time.monotonic() - begun) / max(1, len(self.rows.val))
        weights = one.folder / "weights.safetensors"
        found = result(
            predictions,
            self._inside,
            self._outside,
            seconds=time.monotonic() - start,
            parameters=one.predictor.model.count_params(),
            megabytes=weights.stat().st_size / 1e6,
            row_milliseconds=1000 * per_row,
        )
        found.write(one.folder / _RESULT)
        return found

    def _finished(self) -> list[Any]:
        return [one for one in self.journal.candidates() if one.value is not None]

    def _best_curve(self) -> list[Point]:
        found = [one for one in self._finished() if one.user_attrs.get("curve")]
        if not found:
            return []
        best = max(found, key=lambda one: one.value if self.higher else -one.value)
        return [Point(*values) for values in best.user_attrs["curve"]]

    def conclude(self) -> Tuned:
        """Chooses the winner, writes the leaderboard, and scores the winner once if no other
        process searches.

        Raises:
            TrainingError: no candidate was finished.
        """
        entries, chosen = self._entries()
        done = [entry for entry in entries if entry.result is not None]
        if chosen is None:
            raise TrainingError(
                "tune needs time for at least one candidate. Got none finished. "
                "Give it more --minutes."
            )
        winner, unseen = done[chosen.best], None
        done.sort(key=lambda entry: -entry.score if self.higher else entry.score)
        ordered = [*done, *(entry for entry in entries if entry.result is None)]
        if not self.journal.others_run():
            with locked(self.folder):
                unseen = self._unseen(winner)
        found = Tuned(
            self.folder,
            self.task.headline,
            ordered,
            winner,
            chosen.expected,
            chosen.interval,
            unseen,
        )
        summary = found.to_json()
        del summary["candidates"]
        write_board(self.folder, ordered, summary)
        return found

    def _entries(self) -> tuple[list[Entry], Selection | None]:
        # the inferred recipe first, whose number differs where a process was killed in its training
        records = sorted(
            self.journal.candidates(), key=lambda one: (not is_inferred(one.params), one.number)
        )
        results = {
            one.number: read_result(self.journal.place(one.number) / _RESULT)
            for one in records
            if one.value is not None
        }
        known = {number: found for number, found in results.items() if found is not None}
        chosen = None
        if known:
            have = list(known.values())
            chosen = select(
                np.array([one.score for one in have]),
                np.stack([one.inside for one in have]),
                np.stack([one.outside for one in have]),
                self.higher,
            )
        ahead = {} if chosen is None else dict(zip(known, chosen.ahead.tolist(), strict=True))
        return [
            Entry(
                one.number,
                one.params,
                one.user_attrs.get("why", "finished"),
                results.get(one.number),
                ahead.get(one.number),
            )
            for one in records
        ], chosen

    def _unseen(self, winner: Entry) -> dict[str, Any]:
        """Copies the winner and scores it on the unseen rows, unless that was done before."""
        path, place = self.folder / "unseen.json", self.folder / "winner"
        before: dict[str, Any] = {}
        if path.exists():
            import json

            before = json.loads(path.read_text(encoding="utf-8"))
        if before.get("trial") == winner.trial and place.exists():
            return before
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(
            self.journal.place(winner.trial),
            place,
            ignore=shutil.ignore_patterns("checkpoints", ".*", _RESULT),
        )
        found, headline = self._on_unseen(place), self.task.headline
        value = {
            "trial": winner.trial,
            "score": found["metrics"][headline],
            "interval": found["intervals"].get(headline),
            "rows": found["rows"]["used"],
            "before": bool(before),
            "inferred": self._inferred(winner, found),
        }
        write_json(path, value)
        return value

    def _inferred(self, winner: Entry, found: dict[str, Any]) -> float | None:
        """Returns the score of the inferred recipe on the unseen rows, `found` if it has won, or
        None where it was not finished."""
        if not is_inferred(winner.choices):
            places = [
                self.journal.place(one.number)
                for one in self._finished()
                if is_inferred(one.params)
            ]
            if not places:
                return None
            found = self._on_unseen(places[0])
        return found["metrics"][self.task.headline]

    def _on_unseen(self, folder: Path) -> dict[str, Any]:
        with quiet():
            return load(folder).evaluate(self.rows.unseen, skip_bad=True, max_bad_share=1.0)
