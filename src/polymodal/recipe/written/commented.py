"""A recipe as it is written into a run's folder: with the reason of each choice as a comment."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence

from polymodal.core.printed.visible import visible
from polymodal.recipe.recipe import Recipe, columns_of, to_yaml

_WIDTH = 94
_REFUSED = re.compile("[\ufffe\uffff]")  # what no YAML may hold, not even in a comment
_NOT_READ = ("column ", "columns ")  # reasons that belong to no input


def commented(recipe: Recipe, reasons: Iterable[str]) -> str:
    """Returns a recipe as YAML with each reason above what it is for.

    Args:
        recipe: Recipe.
        reasons: sentences that start with what they are for, as `infer` gives them:
            "task: classification. ...", "input photo: image. ...", "column id: Ignored ...".

    Example:

    >>> recipe = Recipe("y", {"x": {"modality": "text"}}, training={"epochs": 3})
    >>> print(commented(recipe, ["input x: text. It has words.", "training: Few rows."]))
    task: classification
    target: y
    inputs:
      # text. It has words.
      x: {modality: text, encoder: rnn}
    fusion: concat
    dim: 128
    # Few rows.
    training:
      epochs: 3
    <BLANKLINE>
    """
    reasons = list(reasons)
    parts = []
    for key, value in recipe.to_dict().items():
        if key == "inputs":
            parts += ["inputs:\n", *_inputs(value, reasons)]
        else:
            parts += [_comment(_about(f"{key}: ", reasons)), to_yaml({key: value})]
    return "".join(parts)


def left_out(
    recipe: Recipe, columns: Iterable[str], reasons: Iterable[str], ignored: Sequence[str] = ()
) -> dict[str, str]:
    """Returns the columns of the train table that the model does not see, each with the reason.

    Args:
        recipe: Recipe.
        columns: names of the table's columns.
        reasons: sentences, as `infer` gives them.
        ignored: columns that the user left out.
    """
    read = {column for name, config in recipe.inputs.items() for column in columns_of(name, config)}
    reasons = list(reasons)
    found = {}
    for column in columns:
        if column in read or column in (recipe.target, recipe.group, recipe.order):
            continue
        why = [*_about(f"column {column}: ", reasons), *_about(f"input {column}: ", reasons)]
        if column in ignored:
            why = ["Ignored on request."]
        found[column] = why[0] if why else "Not named under inputs."
    return found


def _inputs(inputs: Mapping[str, Mapping], reasons: Sequence[str]) -> list[str]:
    parts = []
    for name, config in inputs.items():
        text = _comment(_about(f"input {name}: ", reasons)) + to_yaml({name: config})
        parts.append(textwrap.indent(text, "  "))
    known = tuple(f"input {name}: " for name in inputs)
    others = [
        reason
        for reason in reasons
        if reason.startswith(_NOT_READ)
        or (reason.startswith("input ") and not reason.startswith(known))
    ]
    return [*parts, textwrap.indent(_comment(others), "  ")]


def _about(prefix: str, reasons: Iterable[str]) -> list[str]:
    return [reason.removeprefix(prefix) for reason in reasons if reason.startswith(prefix)]


def _comment(sentences: Iterable[str]) -> str:
    """Returns sentences as lines of a YAML comment, whatever signs they hold."""
    shown = [_REFUSED.sub("?", visible(" ".join(sentence.split()))) for sentence in sentences]
    return "".join(
        f"# {line}\n"
        for sentence in shown
        for line in textwrap.wrap(sentence, _WIDTH, break_long_words=False, break_on_hyphens=False)
    )
