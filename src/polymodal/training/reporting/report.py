"""Collects the contents of a report, keeps them in the run's folder, and writes the report."""

from __future__ import annotations

import base64
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import keras
import numpy as np

from polymodal.bundle.read import blamed, read_json, verify
from polymodal.bundle.write import seal
from polymodal.core.contracts.task import Predictions
from polymodal.core.disk.files import write_json
from polymodal.core.disk.lock import locked
from polymodal.core.disk.paths import user_path
from polymodal.core.engine import ENGINES
from polymodal.core.errors import BundleError
from polymodal.core.printed.progress import say
from polymodal.evaluation.evaluation import RunEvaluation
from polymodal.evaluation.report import (
    ReportContent,
    describe_run,
    far_above,
    fusion_verdict,
    write_model_card,
    write_report,
)
from polymodal.evaluation.store import read_predictions, write_predictions
from polymodal.pretrained.keys import ORIGIN, spec_of
from polymodal.recipe.recipe import encoder_name
from polymodal.tables.table import Table
from polymodal.training.reporting.examples import add_looks, chosen_examples

_FOLDER = "evaluation"  # predictions and examples that the report is written from
_WRITTEN = ("report.html", "plots")
_JOINT = "joint.npz"
_APART = {"predictions", "singles", "joint", "blind", "examples", "evaluated", "metric"}
_PLAIN = tuple(
    one.name for one in fields(ReportContent) if one.init and one.name not in _APART
)  # what is kept as JSON


@dataclass
class RunRecord:
    """The results of a run.

    Args:
        prepared: Prepared.
        trained: Trained.
        found: {split: Predictions}, the one to show first.
        singles: {input: Predictions} on the rows of the shown split that the model answers.
        blind: Predictions of the majority or mean baseline on the shown split.
        table: Table of the shown split.
        columns: {column: values} to slice by.
        command: str, command that repeats the run.
        evaluated: RunEvaluation of these predictions.
        trust_notes: sentences on calibration and on sets of answers.
        joint: Predictions of the model of all inputs on the shown split, where that of one input is
            kept; else None.
        simple: how simple models compare with the network, as `simple_json` gives it.
        scratch: how a model without pretrained parts compares, as `scratch_json` gives it.
        overfitting: how much better the model knows the rows of train, as `gap_json` gives it.
        linear: str, name of the linear model that is kept in place of the network, or "".
        conditions: scores under conditions, as `inference.hidden.conditions` gives them.
        decided: str, which rows decided what is kept, or "".
        explanation: what answers rest on, as `inference.explaining.page.shown` gives it.
    """

    prepared: Any
    trained: Any
    found: Mapping[str, Predictions]
    singles: Mapping[str, Predictions]
    blind: Predictions
    table: Table
    columns: Mapping[str, Sequence[Any]]
    command: str
    evaluated: RunEvaluation
    trust_notes: Sequence[str] = ()
    joint: Predictions | None = None
    simple: Mapping[str, Any] = field(default_factory=dict)
    scratch: Mapping[str, Any] = field(default_factory=dict)
    overfitting: Mapping[str, Any] = field(default_factory=dict)
    linear: str = ""
    conditions: Mapping[str, Any] = field(default_factory=dict)
    decided: str = ""
    explanation: Mapping[str, Any] = field(default_factory=dict)


def write_all(folder: Path, record: RunRecord) -> str:
    """Writes report, plots, model card and their data; returns the verdict in words."""
    content = _content(record)
    _store(folder, content)
    write_report(folder, content)
    write_model_card(folder, content)
    write_json(folder / "ledger.json", record.prepared.ledger.to_json())
    return fusion_verdict(content.evaluation, content.split).sentence


def rewrite(folder: str | Path) -> Path:
    """Rewrites a run's report from its stored data, and returns its path.

    Raises:
        BundleError: the folder holds no finished run.
        LockedError: another process uses the folder.
    """
    folder = user_path(folder)
    kept = folder / _FOLDER / "report.json"
    if not kept.is_file():
        raise BundleError(
            f"{folder} needs to be a finished run. Found no {_FOLDER}/report.json. "
            "Give the folder that `polymodal train --out` wrote, or finish it."
        )
    with locked(folder):
        verify(folder, but=_WRITTEN)  # what is sealed again below is what the run left
        with blamed(kept):
            path = write_report(folder, _load(folder, read_json(kept)))
        seal(folder)
    return path


def _content(record: RunRecord) -> ReportContent:
    prepared, result = record.prepared, record.trained.result
    recipe, predictor = prepared.recipe, record.trained.predictor
    shown = next(iter(record.found.values()))
    inputs = {
        i.name: _describe(recipe.inputs[i.name], i.columns, bool(record.linear))
        for i in prepared.inputs
    }
    engine = _engine()
    examples = chosen_examples(predictor, shown, record.table)
    note = ""
    if shown.task.shows_attention:
        note = add_looks(predictor, record.table, examples)
    summary = describe_run(
        shown,
        recipe.target,
        inputs,
        prepared.count_rows(),
        recipe.fusion["name"],
        len(result.history),
        result.seconds,
        engine,
        prepared.count_sequences(),
        record.joint.modalities if record.joint else (),
        record.linear,
        record.decided,
    )
    summary += [record.trained.reading] * bool(record.trained.reading)
    summary += [*prepared.told_rows(), *prepared.hidden]
    far = far_above(
        record.evaluated.splits,
        any(map(_is_vector, prepared.inputs)),
    )
    if far:
        summary.append(far)
        say(far)
    return ReportContent(
        title=_title(recipe.target or shown.task.title, prepared),
        predictions=dict(record.found),
        target=recipe.target,
        summary=summary,
        inputs=inputs,
        singles=dict(record.singles),
        joint=record.joint,
        blind=record.blind,
        slice_columns=dict(record.columns),
        evaluated=record.evaluated,
        examples=examples,
        history=result.history,
        best_epoch=result.best_epoch,
        ledger=prepared.ledger.to_json(),
        word_calibration=predictor.calibration and predictor.calibration.to_json(),
        calibration=predictor.temperatures and predictor.temperatures.to_json(),
        trust_notes=list(record.trust_notes),
        simple=dict(record.simple),
        scratch=dict(record.scratch),
        overfitting=dict(record.overfitting),
        conditions=dict(record.conditions),
        explanation=dict(record.explanation),
        attention_note=note,
        linear=record.linear,
        recipe=prepared.written_recipe,
        left_out=dict(prepared.left_out),
        versions=_versions(engine),
        seeds={"training": recipe.training.get("seed", 0)},
        command=record.command,
    )


def _is_vector(item: Any) -> bool:
    """Returns whether an input is a vector, or one for each step, which another model may have
    made."""
    modality = item.modality
    return not (modality.is_text or modality.has_fields or modality.files)


def _describe(config: Mapping[str, Any], columns: Sequence[str], linear: bool) -> str:
    word = "column"
    if len(columns) > 1:
        word = "columns"
    if linear:
        return f"{config['modality']} from {word} {', '.join(columns)}, as simple features"
    return (
        f"{config['modality']} from {word} {', '.join(columns)}, "
        f"encoded by {encoder_name(config)}{_start(config)}"
    )


def _start(config: Mapping[str, Any]) -> str:
    """Returns where an encoder's weights are from, with the licence of an imported one."""
    encoder = config["encoder"]
    if not isinstance(encoder, Mapping) or not encoder.get("from"):
        return ""
    origin = spec_of(encoder["from"]).get(ORIGIN)
    if not isinstance(origin, Mapping):
        return f", starting from {encoder['from']}"
    licence = origin.get("licence") or "not stated"
    return f", starting from {origin.get('source')} ({origin.get('family')}, licence: {licence})"


def _engine() -> str:
    name = keras.backend.backend()
    return f"{name} {__import__(ENGINES[name]).__version__}"


def _versions(engine: str) -> dict[str, str]:
    from importlib.metadata import version

    return {
        "polymodal": version("polymodal"),
        "engine": engine,
        "keras": keras.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _title(what: str, prepared: Any) -> str:
    """Returns the title of a report: what is predicted, and from which data."""
    return f"{what} from {prepared.samples['train'].table.name}"


def _store(folder: Path, content: ReportContent) -> None:
    kept = folder / _FOLDER
    kept.mkdir(parents=True, exist_ok=True)
    for split, found in content.predictions.items():
        write_predictions(kept / f"{split}.npz", found)
    if content.joint is not None:
        write_predictions(kept / _JOINT, content.joint)
    for name, found in [*content.singles.items(), ("", content.blind)]:
        write_predictions(kept / _alone(list(content.singles), name), found)
    plain = {name: getattr(content, name) for name in _PLAIN}
    plain |= {
        "splits": list(content.predictions),
        "singles": list(content.singles),
        "has_joint": content.joint is not None,
        "examples": [_encoded(e) for e in content.examples],
    }
    write_json(kept / "report.json", json.loads(json.dumps(plain, default=str)))


def _load(folder: Path, plain: dict[str, Any]) -> ReportContent:
    kept = folder / _FOLDER
    splits, singles = plain.pop("splits"), plain.pop("singles")
    examples = [_decoded(e) for e in plain.pop("examples")]
    content = ReportContent(
        predictions={s: read_predictions(kept / f"{s}.npz") for s in splits},
        examples=examples,
        **{name: plain[name] for name in _PLAIN if name in plain},
    )
    content.blind = read_predictions(kept / _alone(singles, ""))
    content.singles = {n: read_predictions(kept / _alone(singles, n)) for n in singles}
    if plain.get("has_joint"):
        content.joint = read_predictions(kept / _JOINT)
    return content


def _alone(names: list[str], name: str) -> str:
    """Returns a file name: inputs may be named anything, so they are numbered."""
    return f"alone-{names.index(name) if name else 'blind'}.npz"


def _encoded(example: Mapping[str, Any]) -> dict[str, Any]:
    inputs = {}
    for name, value in example["inputs"].items():
        content = value["value"]
        if isinstance(content, bytes):
            held = {"base64": base64.b64encode(content).decode()}
        else:
            held = content
        inputs[name] = {**value, "value": held}
    return {**example, "inputs": inputs}


def _decoded(example: dict[str, Any]) -> dict[str, Any]:
    for value in example["inputs"].values():
        held = value["value"]
        if isinstance(held, dict) and list(held) == ["base64"]:
            value["value"] = base64.b64decode(held["base64"])
    return example
