"""Writes a bundle: the folder that a run leaves, and the only thing that prediction reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.bundle import weights as tensors
from polymodal.core.disk.files import sha256, write_json
from polymodal.speech.language.ngram import FILE

VERSION = 3  # raised when the same weights would give other outputs
MANIFEST = "manifest.json"
MODEL = "model.json"
WEIGHTS = "weights.safetensors"
PREPROCESS = "preprocess"
METRICS = "metrics.json"
CONFIDENCE = "confidence.json"  # calibration of word confidence; some tasks only
CALIBRATION = "calibration.json"  # what probabilities are calibrated with
CONFORMAL = "conformal.json"  # what sets of answers are made with
DECISION = "answers.json"  # how answers are chosen from probabilities
TRUST = (CALIBRATION, CONFORMAL, DECISION)
LANGUAGE = FILE  # the language model of train's transcripts, if decoding uses it
FILES, CONTENT = "files", "sha256"  # in model.json: of the files of this model, and of the rest
BASELINES = "baselines"
LINEAR = "linear"  # in model.json: what a linear model is made of
_WORKING = {"checkpoints", "cache", "tensorboard", BASELINES}  # of the run, not of the bundle


def write(
    folder: str | Path,
    spec: Mapping[str, Any],
    weights: Mapping[str, np.ndarray],
    preprocess: Mapping[str, Mapping[str, Any]],
    metrics: Mapping[str, Any] | None = None,
    files: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Writes `model.json`, the weights, the preprocessing and the metrics, then the manifest.

    Args:
        folder: the run's folder; other files in it stay and enter the manifest.
        spec: JSON mapping from which the caller can build the model again. A `version` is added.
        weights: `{name: array}`, as `bundle.weights.values(weight_names(model))` gives it.
        preprocess: `{name: JSON mapping}`, one file each under `preprocess/`.
        metrics: JSON mapping, or None to write no `metrics.json`.
        files: `{name: JSON mapping}` of further files next to `model.json`.
    """
    folder = Path(folder)
    (folder / PREPROCESS).mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).unlink(missing_ok=True)  # no manifest while files change
    tensors.save(folder / WEIGHTS, weights)
    for name, state in preprocess.items():
        write_json(folder / PREPROCESS / f"{name}.json", state)
    if metrics is not None:
        write_json(folder / METRICS, metrics)
    for name, content in (files or {}).items():
        write_json(folder / name, content)
    parts = [WEIGHTS, *(f"{PREPROCESS}/{name}.json" for name in preprocess)]
    _write_model(folder, spec, {name: sha256(folder / name) for name in parts})
    seal(folder)


def add_part(folder: str | Path, name: str, value: Mapping[str, Any]) -> None:
    """Writes a further JSON file that outputs depend on, and records its hash in `model.json`.

    Args:
        folder: the run's folder, with its bundle. Call `seal` when all are written.
        name: CONFIDENCE, CALIBRATION, CONFORMAL, DECISION or LANGUAGE.
        value: JSON mapping.
    """
    folder = Path(folder)
    write_json(folder / name, value)
    if not (folder / MODEL).is_file():
        return  # it will be written with the rest
    content = json.loads((folder / MODEL).read_text(encoding="utf-8"))
    spec = {key: content[key] for key in content if key not in ("version", FILES, CONTENT)}
    _write_model(folder, spec, {**content.get(FILES, {}), name: sha256(folder / name)})


def remove_part(folder: str | Path, name: str) -> None:
    """Removes a file that `add_part` wrote for an earlier model of the folder, if there is one."""
    (Path(folder) / name).unlink(missing_ok=True)


def content_digest(content: Mapping[str, Any]) -> str:
    """Returns the sha256 of the content of `model.json` without the digest itself."""
    plain = {key: value for key, value in content.items() if key != CONTENT}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def _write_model(folder: Path, spec: Mapping[str, Any], files: Mapping[str, str]) -> None:
    """Writes `model.json` with the sha256 of the files that belong to it, and its own.

    The manifest is rewritten for each report. These hashes stay as long as the weights, so a file
    of another run is detected even if the folder was sealed again.
    """
    content = {"version": VERSION, **spec, FILES: dict(files)}
    write_json(folder / MODEL, {**content, CONTENT: content_digest(content)})


def seal(folder: str | Path) -> None:
    """Writes `manifest.json`: version and sha256 of each file of the bundle.

    Call it again after adding or changing a file, such as the report.
    """
    folder = Path(folder)
    files = {name: sha256(folder / name) for name in _files(folder)}
    write_json(folder / MANIFEST, {"version": VERSION, "files": files})


def single_folder(folder: str | Path, key: str) -> Path:
    """Returns the folder of a single input's run, below the run's folder.

    Args:
        folder: the run's folder.
        key: the input's key, such as "input_0": a name from a table could lead elsewhere. The
            run's own `recipe.yaml` has the name.
    """
    return Path(folder) / BASELINES / key


def _files(folder: Path) -> list[str]:
    """Returns the files of the bundle, without hidden ones and the run's working folders."""
    found = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in name.parts)
        if hidden or name.parts[0] in _WORKING or name.as_posix() == MANIFEST:
            continue
        if path.is_file() and not path.is_symlink():
            found.append(name.as_posix())
    return found
