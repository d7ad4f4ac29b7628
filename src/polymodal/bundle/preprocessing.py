"""The preprocessing of a bundle, as it was when its model was trained."""

from __future__ import annotations

from typing import Any

from polymodal.bundle import read, write
from polymodal.core.arguments import shown
from polymodal.core.errors import BundleError
from polymodal.core.fields import Fields
from polymodal.recipe import assemble
from polymodal.recipe.recipe import Recipe, from_dict

__all__ = ["preprocessing_of"]


def preprocessing_of(bundle: read.Bundle) -> tuple[Recipe, list[Any], Any]:
    """Returns the recipe of a bundle, and its inputs and target, restored.

    Raises:
        BundleError: a file of it is missing, or is not of this recipe.
    """
    with read.blamed(bundle.folder / write.MODEL):
        spec = Fields(bundle.spec)
        recipe = from_dict(spec.mapping("recipe"), '"recipe"')
        labels = spec.texts("labels", distinct=False)
        inputs, target = assemble.build_inputs(recipe), assemble.build_target(recipe)
    parts = [*((item.key, item.modality) for item in inputs), ("target", target)]
    for name, part in parts:
        path = bundle.folder / write.PREPROCESS / f"{name}.json"
        if name not in bundle.preprocess:
            raise BundleError(f"{path} is missing. Copy the whole bundle again.")
        with read.blamed(path):
            part.restore(bundle.preprocess[name])
    if list(target.labels) != labels:
        raise BundleError(
            f"{path} needs the labels of {write.MODEL}, in their order. Got "
            f"{shown(list(target.labels))}. Copy the whole bundle again."
        )
    return recipe, inputs, target
