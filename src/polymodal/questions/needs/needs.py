"""How much data a table needs: learning curves of its own rows, continued."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.core.contracts.named_task import task_of
from polymodal.core.contracts.task import Predictions, Task
from polymodal.core.disk.files import check_writable, file_name
from polymodal.core.disk.lock import locked
from polymodal.core.printed.counting import counted
from polymodal.core.printed.progress import quiet, say, warned_once
from polymodal.profile.profile import Profile, profile
from polymodal.questions.needs.answer import Needs
from polymodal.questions.needs.extrapolate import Curve
from polymodal.questions.needs.kept import Kept
from polymodal.questions.needs.plan import Plan, Step
from polymodal.questions.needs.proxy import Proxy
from polymodal.questions.needs.score import Scored, best_value, scored
from polymodal.questions.needs.starved import filled, starved
from polymodal.splits.split import parts
from polymodal.tables.reading.reading import readings_of
from polymodal.tables.table import read
from polymodal.training.choose import choose
from polymodal.training.preparing.elsewhere import from_elsewhere
from polymodal.training.preparing.grouping import group_of, kept_as_well
from polymodal.training.preparing.prepare import prepare
from polymodal.training.preparing.unlabelled import uses_unlabelled
from polymodal.training.steps.history import duration
from polymodal.training.trial import Trial

__all__ = ["needs"]

_SEEDS, _PROXY_SEEDS = 3, 8
_SIZES, _PROXY_SIZES = 6, 8
_MISSING = 0.05  # share of rows without an input, from which it is worth a sentence


@dataclass
class _Question:
    """What is asked, with the tables profiled."""

    given: dict[str, Any]
    ignore: list[str]
    facts: Profile
    val: Profile | None
    group: str | None
    also: list[str]
    named_group: str | None
    skip_bad: bool
    max_bad_share: float


@warned_once()
def needs(
    data: Any,
    target: str | None = None,
    *,
    goal: float | None = None,
    proxy: bool = False,
    val: Any = None,
    given: Mapping[str, Any] | None = None,
    ignore: Sequence[str] = (),
    split: str | None = None,
    split_group: str | None = None,
    num_seeds: int | None = None,
    num_sizes: int | None = None,
    runs: str | Path | None = None,
    media_root: str | Path | None = None,
    skip_bad: bool = False,
    max_bad_share: float = 0.05,
) -> Needs:
    """Trains on growing parts of a table, and says what more rows would bring.

    Args:
        data: Table, path or rows in memory.
        target: str, column to predict; else it is in `given`.
        goal: float, score of the task's headline metric for which rows are wanted, or None.
        proxy: bool, train a simple scikit-learn model on simple features instead, in seconds.
        val: the same as `data`, rows to score; by default each seed holds out a fifth.
        given: settings of a recipe; the rest is inferred for each number of rows.
        ignore: columns that are not inputs.
        split: name of a column that says train, val or test. Default: the only one there is.
        split_group: column whose equal values stay on one side.
        num_seeds, num_sizes: int, trainings of each size, and sizes; None = 3 and 6, of the
            proxy 8 and 8.
        runs: folder that keeps the trainings, so that a stopped call goes on. Default:
            runs/needs-<table>-<target>.
        media_root, skip_bad, max_bad_share: as for training.

    Returns:
        Needs: `sentences()` for a person, `to_json()`, `curve`, `extrapolation`.

    Raises:
        DataError: too few rows, or rows that cannot be used.
        RecipeError: settings that cannot be used, or a task without a proxy.
        ResumeError: the folder holds trainings of another question.
        Interrupted: a signal or Ctrl-C came; the same call goes on.
    """
    asked = _asked(
        data, target, val, given, ignore, split, split_group, media_root, skip_bad, max_bad_share
    )
    name = f"needs-{'proxy-' * proxy}{Path(asked.facts.table.name).stem}-{target}"
    folder = check_writable(runs or Path("runs") / file_name(name), folder=True)
    count, sizes = (
        num_seeds or (_SEEDS, _PROXY_SEEDS)[proxy],
        num_sizes or (_SIZES, _PROXY_SIZES)[proxy],
    )
    with locked(folder):
        if proxy:
            return _by_proxy(asked, folder, count, sizes, goal)
        return _by_training(asked, folder, count, sizes, goal)


def _asked(
    data: Any,
    target: str | None,
    val: Any,
    given: Mapping[str, Any] | None,
    ignore: Sequence[str],
    split: str | None,
    split_group: str | None,
    media_root: Any,
    skip_bad: bool,
    max_bad_share: float,
) -> _Question:
    wanted = dict(given or {})
    if target is not None:
        wanted["target"] = target
    wanted, tables = from_elsewhere(
        wanted,
        {
            name: read(table, media_root=media_root)
            for name, table in (("train", data), ("val", val))
            if table is not None
        },
    )
    readings = readings_of(wanted.get("columns"))
    facts = profile(tables["train"], readings)
    held = profile(tables["val"], readings) if "val" in tables else None
    column = split or (facts.split_column(wanted.get("target")) if held is None else None)
    if column is not None:
        found = parts(facts, "column", column=column)
        facts = found["train"]
        held = held or found.get("val") or found.get("test")
    known = {"train": facts} if held is None else {"train": facts, "val": held}
    group = group_of(known, wanted, ignore, None, split_group)
    also = kept_as_well(known, wanted, ignore, (None, split_group), group)
    return _Question(
        wanted, list(ignore), facts, held, group, also, split_group, skip_bad, max_bad_share
    )


def _by_proxy(
    asked: _Question, folder: Path, num_seeds: int, num_sizes: int, goal: float | None
) -> Needs:
    tables = {"train": asked.facts.table}
    if asked.val is not None:
        tables["val"] = asked.val.table
    with quiet():
        recipe, _, facts, _ = choose(
            _with_val(tables), asked.given, asked.ignore, "none", asked.named_group
        )
        facts = {name: facts[name] for name in tables}
        prepared = prepare(
            recipe, facts, skip_bad=asked.skip_bad, max_bad_share=asked.max_bad_share
        )
    model = Proxy(prepared.task, prepared.samples, prepared.checked)
    plan = Plan(
        asked.facts,
        asked.given.get("target"),
        asked.group,
        asked.also,
        num_sizes=num_sizes,
        num_seeds=num_seeds,
        val=asked.val,
        usable=prepared.checked["train"].rows,
    )
    kept = Kept(folder, _question(asked, plan, "proxy"))
    steps = plan.steps()
    seconds = model.choose(next(step for step in steps if step.size == plan.sizes[-1]))
    say(
        f"Expected time: {duration(seconds * len(steps) / 2)} for {len(steps)} trainings: "
        f"{model.name} on simple features."
    )
    run = lambda step: (model.run(step), model.held(step))
    found = _measured(steps, kept, plan.weights(), run)
    answer = _answer(
        asked,
        prepared.task,
        plan,
        found,
        goal,
        f"a quick proxy ({model.name} on simple features, no network)",
    )
    doubled = None
    if not answer.no_answer:
        last = answer.curve.sizes[-1]
        doubled = answer.extrapolation.expected(last) - answer.extrapolation.expected(2 * last)
    answer.inputs = filled(_missing(model, steps, prepared.checked["train"].present), doubled)
    return answer


def _missing(
    model: Proxy, steps: Sequence[Step], present: np.ndarray
) -> dict[str, tuple[float, float]]:
    """Returns {input that rows lack: (share of them, mean gain of a row that has it)}: the largest
    training of each seed is scored with the input and with the input hidden."""
    found = {}
    largest = [step for step in steps if step.size == max(one.size for one in steps)]
    for place, name in enumerate(model.inputs):
        share = float(1 - present[:, place].mean())
        if len(model.inputs) > 1 and share >= _MISSING:
            gains = [model.hidden_costs(step, name) for step in largest]
            found[name] = (share, float(np.mean(gains)))
    return found


def _by_training(
    asked: _Question, folder: Path, num_seeds: int, num_sizes: int, goal: float | None
) -> Needs:
    plan = Plan(
        asked.facts,
        asked.given.get("target"),
        asked.group,
        asked.also,
        num_sizes=num_sizes,
        num_seeds=num_seeds,
        val=asked.val,
        usable=_labelled(asked),
    )
    kept = Kept(folder, _question(asked, plan, "training"))
    steps = plan.steps()
    with quiet():
        recipe, _, _, _ = choose(
            _with_val({"train": asked.facts.table}),
            asked.given,
            asked.ignore,
            "none",
            asked.named_group,
        )
    given = {"task": recipe.task["name"], **asked.given}

    def trial(step: Step) -> Trial:
        training = {**(given.get("training") or {}), "seed": step.seed}
        held = asked.facts.table if asked.val is None else asked.val.table
        tables = {"train": asked.facts.table.select(step.train), "val": held.select(step.held)}
        return Trial(
            tables,
            {**given, "training": training},
            kept.place(step),
            ignore=asked.ignore,
            split_group=asked.named_group,
            skip_bad=asked.skip_bad,
            max_bad_share=asked.max_bad_share,
        )

    def run(step: Step) -> tuple[Predictions, np.ndarray]:
        one = timed.pop(step.name, None) or trial(step)
        one.train()
        return one.predict(), step.held

    left = [step for step in steps if kept.get(step) is None]
    timed = {}
    if left:  # the largest is timed, so it is trained first
        longest = max(left, key=lambda step: step.size)
        timed[longest.name] = trial(longest)
        say(
            f"Expected time, at most: {duration(timed[longest.name].seconds() * len(left))} for "
            f"{counted(len(left), 'training')}."
        )
        _run_now(longest, kept, plan.weights(), run)
    found = _measured(steps, kept, plan.weights(), run)
    return _answer(
        asked,
        task_of(recipe.task),
        plan,
        found,
        goal,
        "the recipe inferred for each number of rows",
    )


def _labelled(asked: _Question) -> np.ndarray | None:
    """Returns the rows with a target, or None where all are used: steps of sequences."""
    target = asked.given.get("target")
    if not target or asked.given.get("group") or uses_unlabelled(asked.given):
        return None
    return np.flatnonzero([value is not None for value in asked.facts.table.values(target)])


def _with_val(tables: dict[str, Any]) -> dict[str, Any]:
    """Returns tables with some to score on: `choose` refuses a run without any."""
    return {"val": tables["train"], **tables}


def _question(asked: _Question, plan: Plan, way: str) -> dict[str, Any]:
    return {
        "table": asked.facts.table.fingerprint,
        "validation table": None if asked.val is None else asked.val.table.fingerprint,
        "settings": asked.given,
        "ignored columns": asked.ignore,
        "group": "+".join([asked.group or "", *asked.also]) or None,
        "sizes": plan.sizes,
        "model": way,
    }


def _measured(
    steps: Iterable[Step],
    kept: Kept,
    weights: np.ndarray,
    run: Callable[[Step], tuple[Predictions, np.ndarray]],
) -> list[Scored]:
    """Returns the scores of all trainings; those that are not kept are done now."""
    return [kept.get(step) or _run_now(step, kept, weights, run) for step in steps]


def _run_now(
    step: Step,
    kept: Kept,
    weights: np.ndarray,
    run: Callable[[Step], tuple[Predictions, np.ndarray]],
) -> Scored:
    """Trains, scores and keeps one step."""
    start = time.monotonic()
    predictions, held = run(step)
    found = kept.put(step, scored(predictions, held, weights, time.monotonic() - start))
    say(
        f"  {counted(step.size, 'row')}, seed {step.seed}: {found.value:.4f} "
        f"({duration(found.seconds)})"
    )
    return found


def _answer(
    asked: _Question,
    task: Task,
    plan: Plan,
    found: Sequence[Scored],
    goal: float | None,
    model: str,
) -> Needs:
    best = best_value(task)
    shape = (plan.num_seeds, len(plan.sizes))
    values = np.array([one.value for one in found]).reshape(shape)
    draws = np.stack([one.draws for one in found]).reshape(*shape, -1)
    if best is not None:
        values, draws = best - values, best - draws
    blind = float(np.mean([one.blind for one in found]))
    if best is not None:
        blind = best - blind
    answer = Needs(
        task.headline,
        Curve(np.array(plan.sizes), values, draws, blind),
        best,
        len(asked.facts),
        model,
        goal,
        seconds=sum(one.seconds for one in found),
    )
    rows = [
        list(found[start : start + len(plan.sizes)])
        for start in range(0, len(found), len(plan.sizes))
    ]
    held = asked.facts if asked.val is None else asked.val
    columns = list(held.who_columns())
    if task.has_classes and asked.given.get("target"):
        columns.insert(0, asked.given["target"])
    answer.starved = [
        sentence
        for column in columns
        for sentence in starved(rows, plan.sizes, column, list(held.table.values(column)))
    ]
    return answer
