"""Calibrates a trained model on its validation rows, and keeps what sets of answers need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.bundle.write import (
    CALIBRATION,
    CONFIDENCE,
    CONFORMAL,
    DECISION,
    TRUST,
    add_part,
    remove_part,
    seal,
)
from polymodal.core.contracts.task import Predictions
from polymodal.evaluation.evaluation import finite
from polymodal.evaluation.texts.word_confidence import fit_word_calibration, word_claims
from polymodal.evaluation.trust.conformal import conformal_of
from polymodal.evaluation.trust.fit_decision import decision_words
from polymodal.evaluation.trust.fit_temperature import LEAST_ROWS, fit_temperatures
from polymodal.evaluation.trust.temperature import Temperatures
from polymodal.evaluation.trust.words import (
    before_and_after,
    calibration_words,
    new_group_words,
    set_words,
    sets_json,
)
from polymodal.inference.answers import Answers
from polymodal.inference.hidden.blanking import predict_hidden
from polymodal.inference.hidden.patterns import hidden_patterns
from polymodal.profile.profile import profile
from polymodal.tables.reading.labels import value_key
from polymodal.tables.table import Table
from polymodal.training.imbalance.deciding import decision_after, decision_alone, decision_before

__all__ = ["make_trusted", "trust_of", "write_trust"]

_MOST_HIDDEN = 2_000  # validation rows whose inputs are hidden
_SPLIT = "val"
_LEVEL = 0.9  # of the sets that a report tells of


def make_trusted(
    predictor: Answers,
    tables: Mapping[str, Table],
    found: Mapping[str, Predictions],
    out: Path,
    cache: Any = None,
    slice_columns: Sequence[str] = (),
    prepared: Any = None,
) -> dict[str, Predictions]:
    """Returns predictions with calibrated probabilities, and the answers that are chosen from them,
    after what that takes was fitted to validation rows and written into the bundle.

    Args:
        predictor: Answers, which then has both.
        tables: {split: Table}; "train" too.
        found: {split: Predictions} as the model states them.
        out: folder of the bundle.
        cache: Cache or KeptMedia with the tables' media, or None.
        slice_columns: columns by whose values sets of answers can be made.
        prepared: Prepared of the model's training, or of the network that a linear model is kept
            in place of, for how often its classes come.
    """
    for name in TRUST:
        remove_part(out, name)
    predictor.temperatures = predictor.conformal = predictor.decision = None
    val, task = found.get(_SPLIT), predictor.task
    decides = task.has_classes and not predictor.head.autoregressive and prepared is not None
    if decides and predictor.is_network:  # nothing else was trained to make up for rare classes
        predictor.decision = decision_before(prepared)
        if predictor.decision is not None:
            found = {split: predictor.decision.natural(one) for split, one in found.items()}
            val = found.get(_SPLIT)
    if val is None or not val.scored.any():
        if decides:
            predictor.decision = decision_alone(prepared, predictor.decision)
        if predictor.decision is not None:
            write_trust(predictor, out)
            found = {split: predictor.decision(one) for split, one in found.items()}
        return dict(found)
    if task.hears:
        predictor.calibration = fit_word_calibration(word_claims(val), _SPLIT)
        add_part(out, CONFIDENCE, predictor.calibration.to_json())
        seal(out)
    if not (task.has_classes or task.has_numbers):
        return dict(found)
    if task.has_classes and predictor.recipe.training.get("calibration") != "none":
        predictor.temperatures = _temperatures(predictor, tables, val, cache)
    if predictor.temperatures is not None:
        found = {split: predictor.temperatures(one) for split, one in found.items()}
    if decides:
        predictor.decision = decision_after(prepared, found[_SPLIT], predictor.decision, _SPLIT)
        if predictor.decision is not None:
            found = {split: predictor.decision(one) for split, one in found.items()}
    columns = _columns(predictor, tables[_SPLIT], slice_columns)
    predictor.conformal = conformal_of(found[_SPLIT], columns, _SPLIT)
    write_trust(predictor, out)
    return dict(found)


def write_trust(predictor: Answers, out: Path) -> None:
    """Writes what a predictor calibrates and makes sets with into its bundle."""
    for name, part in (
        (CALIBRATION, predictor.temperatures),
        (CONFORMAL, predictor.conformal),
        (DECISION, predictor.decision),
    ):
        if part is None:
            remove_part(out, name)
        else:
            add_part(out, name, part.to_json())
    seal(out)


def trust_of(
    predictor: Answers, tables: Mapping[str, Table], found: Mapping[str, Predictions]
) -> dict[str, Any]:
    """Returns what calibration and sets are worth on the split that is shown first.

    Returns:
        {"calibration": what `Temperatures.to_json` gives, with "shown": {metric: [before, after]}
        of the split, or None; "decision": what `Decision.to_json` gives, or None; "sets": what
        `sets_json` gives, or None; "notes": sentences}.
    """
    split, shown = next(iter(found.items()))
    temperatures, conformal = predictor.temperatures, predictor.conformal
    value: dict[str, Any] = {
        "calibration": None,
        "sets": None,
        "notes": calibration_words(temperatures, shown, split),
    }
    if temperatures is not None:
        value["calibration"] = {
            **temperatures.to_json(),
            "shown": before_and_after(temperatures, shown),
        }
    value["decision"] = predictor.decision and predictor.decision.to_json()
    value["notes"] += decision_words(predictor.decision)
    if conformal is not None:
        value["sets"] = sets_json(conformal.sets(shown, _LEVEL), shown)
        value["notes"].append(set_words(value["sets"], split, shown.task.has_classes, _SPLIT))
        value["notes"] += _new_groups(predictor, tables, split)
    return finite(value)


def _new_groups(predictor: Answers, tables: Mapping[str, Table], split: str) -> list[str]:
    """Returns a sentence on the first column of groups, such as speakers, that train has not all
    of."""
    train, shown = tables["train"], tables[split]
    columns = dict.fromkeys([predictor.trained_on.group_column, *profile(train).who_columns()])
    said = [
        new_group_words(column, list(shown.values(column)), list(train.values(column)), split)
        for column in columns
        if column in train.column_names and column in shown.column_names
    ]
    return [sentence for sentence in said if sentence][:1]


def _temperatures(
    predictor: Answers, tables: Mapping[str, Table], val: Predictions, cache: Any
) -> Temperatures | None:
    """Returns temperatures fitted on rows of groups that train lacks, where there are groups and
    enough such rows; else on all."""
    views, group = [val], ""
    if not predictor.head.autoregressive:
        hidden = _hidden(predictor, tables[_SPLIT], val, cache)
        if predictor.decision is not None:
            hidden = [predictor.decision.natural(one) for one in hidden]
        views += hidden
    column = predictor.trained_on.group_column
    if column in tables[_SPLIT].column_names and column in tables["train"].column_names:
        apart = _apart(tables, column)
        if apart[val.rows].sum() >= LEAST_ROWS:
            views = [view.take(apart[view.rows]) for view in views]
            group = column
    return fit_temperatures(views, _SPLIT, group)


def _hidden(predictor: Answers, table: Table, val: Predictions, cache: Any) -> list[Predictions]:
    """Returns predictions of rows with inputs hidden that they have."""
    names = [item.name for item in predictor.inputs]
    patterns = hidden_patterns(names)
    found = predict_hidden(predictor, table, patterns, cache=cache, most_rows=_MOST_HIDDEN)
    has = np.zeros((val.num_rows, len(names)), bool)
    has[val.rows] = val.present
    hidden = [[names.index(name) for name in pattern] for pattern in patterns]
    return [
        one.take(np.asarray(has[one.rows][:, columns].all(axis=1)))
        for one, columns in zip(found, hidden, strict=True)
    ]


def _apart(tables: Mapping[str, Table], column: str) -> np.ndarray:
    """Returns (rows,) bool, which validation rows are of a group that train has none of."""
    seen = {value_key(value) for value in tables["train"].values(column)}
    return np.array([value_key(value) not in seen for value in tables[_SPLIT].values(column)])


def _columns(
    predictor: Answers, table: Table, slice_columns: Sequence[str]
) -> dict[str, list[Any]]:
    """Returns {column: cells} by whose values sets can be made: slices, groups, speakers."""
    names = dict.fromkeys(
        [*slice_columns, predictor.trained_on.group_column, *profile(table).who_columns()]
    )
    return {name: list(table.values(name)) for name in names if name in table.column_names}
