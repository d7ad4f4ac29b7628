"""The same inputs without parts that were trained elsewhere: what these parts are worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polymodal.core.printed.progress import say
from polymodal.media.cache import Cache
from polymodal.media.kept import KeptMedia
from polymodal.pretrained.keys import is_encoder, is_graph, spec_of
from polymodal.profile.profile import Profile
from polymodal.recipe.recipe import Recipe
from polymodal.training.choose import inferred
from polymodal.training.preparing.prepare import prepare
from polymodal.training.preparing.prepared import Prepared

__all__ = ["FOLDER", "JOB", "read_plainly", "without_imports"]

JOB = "a model from scratch"  # among the jobs of a run, next to those of single inputs
FOLDER = "from_scratch"  # below the run's folder, next to those of single inputs
_COLUMNS = ("column", "columns")  # settings that say what an input reads


def without_imports(given: Mapping[str, Any], recipe: Recipe) -> dict[str, Any] | None:
    """Returns what a person gave, for the same columns, without imported encoders; None where it
    has none.

    Args:
        given: settings of a recipe.
        recipe: Recipe that they became.
    """
    named = given.get("inputs") or {}
    imported = [name for name in recipe.inputs if _is_imported(named.get(name))]
    if not imported or JOB in recipe.inputs:
        return None
    inputs = {}
    for name, config in recipe.inputs.items():
        own = named.get(name)
        if own is None or name in imported:
            own = {key: config[key] for key in _COLUMNS if key in config}
            if name not in imported:
                own["modality"] = config["modality"]
        inputs[name] = own
    return {**given, "inputs": inputs}


def _is_imported(config: Any) -> bool:
    encoder = None
    if isinstance(config, Mapping):
        encoder = config.get("encoder")
    if not isinstance(encoder, Mapping) or not encoder.get("from"):
        return False
    spec = spec_of(encoder["from"])
    return is_encoder(spec) or is_graph(spec)


def read_plainly(
    given: dict[str, Any],
    facts: Mapping[str, Profile],
    cache: Cache | KeptMedia,
    skip_bad: bool,
    max_bad_share: float,
) -> Prepared:
    """Returns the same rows as they are read without imported encoders."""
    say("Preparing the same inputs without imported encoders, for comparison")
    recipe, _ = inferred(facts["train"], given)
    facts["train"].forget_cells()
    return prepare(recipe, facts, cache, skip_bad=skip_bad, max_bad_share=max_bad_share)
