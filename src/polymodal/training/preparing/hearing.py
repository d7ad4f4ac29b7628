"""Inputs whose text a recogniser transcribes: what a person gave, made complete, and the tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from polymodal.bundle.part import digest_of
from polymodal.core.contracts.named_task import task_of
from polymodal.core.disk.paths import user_path
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import unknown
from polymodal.inference.hearing import hearing_of
from polymodal.pretrained.keys import RECOGNISER, spec_of
from polymodal.profile.profile import Profile, profile
from polymodal.recipe.heard import HEARD_BY, check_heard
from polymodal.tables.table import Table

__all__ = ["with_transcripts"]

_LISTENED = ("audio", "video")
_READ = ("text", "texts")


def with_transcripts(
    given: Mapping[str, Any], tables: Mapping[str, Table]
) -> tuple[dict[str, Any], dict[str, Table]]:
    """Returns what a person gave with each text that is transcribed under `heard_by`, and the
    tables with the transcripts in the empty cells of its column.

    `{text: {from: models/whisper-tiny.en}}` is short for it, where the folder holds a recogniser.

    Args:
        given: settings of a recipe.
        tables: {split: Table}.

    Raises:
        RecipeError: a folder without a recogniser, or a table without sound.
    """
    inputs = given.get("inputs")
    if not isinstance(inputs, Mapping):
        return dict(given), dict(tables)
    facts, found, heard = profile(tables["train"]), dict(inputs), {}
    for name, config in inputs.items():
        source = _source(name, config, facts)
        if source is not None:
            found[name] = _complete(name, config, source, facts, given)
            heard[name] = found[name]
    if not heard:
        return dict(given), dict(tables)
    fill = hearing_of(heard, None)
    if fill is None:
        return dict(given), dict(tables)
    return {**given, "inputs": found}, {split: fill(table) for split, table in tables.items()}


def _source(name: str, config: Any, facts: Profile) -> dict[str, Any] | None:
    """Returns the settings of `heard_by` as they are given, or None for another input."""
    if not isinstance(config, Mapping):
        return None
    check_heard(config, f"inputs.{name}")
    if config.get(HEARD_BY):
        return dict(config[HEARD_BY])
    encoder = config.get("encoder")
    words = encoder if isinstance(encoder, Mapping) else {}
    folder = config.get("from") or words.get("from")
    if not folder or not _is_recogniser(folder):
        return None
    column = config.get("column") or name
    if config.get("modality") is None and facts.is_media(column):
        return None  # whose encoder is used
    if config.get("modality") not in (None, *_READ):
        return None
    copies = {key: words[key] for key in ("sha256", "copy_weights") if key in words}
    return {"from": str(folder), **copies}


def _is_recogniser(folder: str | Path) -> bool:
    """Returns whether a folder holds an imported recogniser, or a run that transcribes."""
    spec = spec_of(user_path(folder))
    if RECOGNISER in spec:
        return True
    recipe = spec.get("recipe")
    task = recipe.get("task") if isinstance(recipe, Mapping) else None
    named = task.get("name") if isinstance(task, Mapping) else task
    return isinstance(named, str) and task_of(named).hears


def _complete(
    name: str,
    config: Mapping[str, Any],
    source: dict[str, Any],
    facts: Profile,
    given: Mapping[str, Any],
) -> dict[str, Any]:
    """Returns the settings of an input with all of `heard_by`."""
    folder = user_path(source["from"])
    if not _is_recogniser(folder):
        raise RecipeError(
            f"inputs.{name}.{HEARD_BY} needs the folder of a recogniser. Got "
            f"{folder}. Import one with polymodal import, or name a run that "
            "transcribes."
        )
    digest = digest_of(folder)
    if source.get("sha256", digest) != digest:
        raise RecipeError(
            f"inputs.{name}.{HEARD_BY} needs the weights of {folder} with sha256 "
            f"{source['sha256']}. Got {digest}. Give the folder as it was, or leave "
            "sha256 out."
        )
    sound = source.get("column") or _sound(name, facts)
    if sound not in facts.table.column_names:
        raise RecipeError(
            f"inputs.{name}.{HEARD_BY}.column: {unknown('column', sound, facts.table.column_names)}"
        )
    own = {key: value for key, value in config.items() if key not in ("from", HEARD_BY)}
    encoder = own.get("encoder")
    if isinstance(encoder, Mapping) and "from" in encoder:
        del own["encoder"]
    modality = "texts" if given.get("group") else "text"
    return {
        "modality": modality,
        **own,
        HEARD_BY: {**source, "from": str(folder), "column": sound, "sha256": digest},
    }


def _sound(name: str, facts: Profile) -> str:
    """Returns the only column of sound or video; sound goes first."""
    for modality in _LISTENED:
        found = [
            column
            for column in facts.table.column_names
            if facts.verdict(column).modality == modality
        ]
        if len(found) == 1:
            return found[0]
        if found:
            raise RecipeError(
                f"inputs.{name}.{HEARD_BY} needs one column to transcribe. Got "
                f"{', '.join(found)}. Write inputs.{name}.{HEARD_BY}.column."
            )
    raise RecipeError(
        f"inputs.{name}.{HEARD_BY} needs a column of sound or video in "
        f"{facts.table.name}. Got {', '.join(facts.table.column_names)}. Add one, or "
        "give the table's --media-root."
    )
