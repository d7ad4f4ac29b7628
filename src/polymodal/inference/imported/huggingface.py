"""Writes a tuned encoder, or an imported model, back in the layout of Hugging Face."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from polymodal.bundle import weights
from polymodal.bundle.names import weight_names
from polymodal.bundle.read import verify
from polymodal.bundle.starting import plain_weights
from polymodal.bundle.write import WEIGHTS
from polymodal.core.disk.files import check_new, sha256, write_folder
from polymodal.core.disk.paths import user_path
from polymodal.core.errors import BundleError, RecipeError
from polymodal.inference.predictor import load
from polymodal.pretrained.base import folder_with
from polymodal.pretrained.keys import LANGUAGE_MODEL, is_ctc, is_encoder, is_pair, spec_of
from polymodal.pretrained.language.model import is_language_model, load_language_model
from polymodal.pretrained.part import load_part
from polymodal.pretrained.reading.written_back import write_back
from polymodal.recipe.starts import starts_of

__all__ = ["export"]

LAYOUTS = ("huggingface",)


def export(
    run: str | Path, out: str | Path, to: str = "huggingface", input: str | None = None
) -> Path:
    """Writes the imported encoder of a run, as it was tuned, in the layout it was published in.

    Adapters are merged, and weights in few bits are written as whole ones.

    Args:
        run: folder of a run whose encoder was imported, or of an imported model.
        out: folder to write; it must not exist, or be empty.
        to: str, the layout: huggingface.
        input: str or None, the input whose encoder it is; None for the only imported one.

    Returns:
        The folder.

    Raises:
        BundleError: the import is not found, or kept nothing to write it back with.
        RecipeError: an unknown layout or input, or `out` is in use.

    Example:

    >>> import polymodal as pm
    >>> pm.export("runs/first", "hf")  # doctest: +SKIP
    """
    out = user_path(out)
    if to not in LAYOUTS:
        raise RecipeError(f'--to needs {", ".join(LAYOUTS)}. Got "{to}". Use one of these.')
    check_new(out)
    if _is_import(spec_of(run)):
        base, values, size = _of_import(user_path(run))
    else:
        base, values, size = _of_run(run, input)
    write_folder(out, lambda folder: write_back(base, folder, values, size))
    return out


def _is_import(spec: Mapping[str, Any]) -> bool:
    return is_encoder(spec) or is_ctc(spec) or is_pair(spec) or LANGUAGE_MODEL in spec


def _of_import(folder: Path) -> tuple[Path, Mapping[str, np.ndarray], Any]:
    verify(folder)
    if is_language_model(folder):
        return folder, weights.values(weight_names(load_language_model(folder).decoder)), None
    if is_pair(spec_of(folder)):
        return folder, weights.load(folder / WEIGHTS), None
    part = load_part(folder)
    return folder, weights.values(weight_names(part.encoder)), part.settings.get("size")


def _of_run(run: str | Path, name: str | None) -> tuple[Path, Mapping[str, np.ndarray], Any]:
    predictor = load(run)
    starts = {
        start.path[1]: start
        for start in starts_of(predictor.recipe)
        if start.path[0] == "encoders" and start.takes_all
    }
    if name is None and len(starts) == 1:
        name = next(iter(starts))
    if name not in starts:
        raise RecipeError(
            f"--input needs an input with an imported encoder: "
            f"{', '.join(starts) or 'this run has none'}. Got {name or 'none'}. Name "
            "one of these."
        )
    start = starts[name]
    base = _base(str(start.source), str(start.sha256), f"{user_path(run)}, input {name}")
    values = plain_weights(predictor.model.encoders[name])
    if is_pair(spec_of(base)):
        side = start.input or name
        return base, {f"encoders.{side}.{own}": value for own, value in values.items()}, None
    return base, values, predictor.recipe.inputs[name].get("size")


def _base(source: str, digest: str, who: str) -> Path:
    """Returns the folder of the import, found by the sha256 of its weights."""
    found = folder_with(digest)
    path = user_path(source)
    if found is None and (path / WEIGHTS).is_file() and sha256(path / WEIGHTS) == digest:
        found = path
    if found is None:
        raise BundleError(
            f"{who} needs the imported model that it started from, with sha256 "
            f"{digest}. Found it neither at {source} nor in POLYMODAL_MODELS. Put it "
            "back."
        )
    if not _is_import(spec_of(found)):
        raise BundleError(
            f"{who} needs an encoder that was imported. Got one of the run {found}. "
            "Export a run whose encoder comes from `polymodal import`."
        )
    verify(found)
    return found
