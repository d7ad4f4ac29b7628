"""How much data there is for a task, and the settings of a recipe that depend on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from polymodal.core.advice import set_option
from polymodal.core.contracts.task import Task
from polymodal.core.lookup import find, stated
from polymodal.profile.profile import Profile
from polymodal.profile.sharing import repeats
from polymodal.recipe.defaults import (
    few_sequences,
    input_for,
    is_plain,
    objectives_for,
    seldom_by,
    size_for,
    training_for,
    training_reason,
)
from polymodal.recipe.recipe import OBJECTIVES, checked_objectives, columns_of
from polymodal.tables.group import Sequences
from polymodal.tables.table import Table


def modalities_of(inputs: Mapping[str, Any]) -> dict[str, str]:
    """Returns the modality of each input of a recipe."""
    return {name: config["modality"] for name, config in inputs.items()}


class Size:
    """How much there is to learn from.

    Args:
        facts: Profile of the train table.
        task: Task.
        inputs: {name: settings}, modality and columns among them.
        num_rows: int, rows, or sequences, that are learned from; None for all.
    """

    def __init__(
        self, facts: Profile, task: Task, inputs: Mapping[str, Any], num_rows: int | None = None
    ):
        table = facts.table
        self.num_rows = len(table) if num_rows is None else num_rows
        self.table, self.task, self.modalities = table, task, modalities_of(inputs)
        self.num_steps = _num_steps(table)
        self.plain = is_plain(task, self.modalities.values(), self.num_rows)
        self.frozen = not self.plain and _frozen(inputs)
        self.rare = few_sequences(self.num_rows, self.num_steps) and _rare(facts, inputs)
        self.times = _times(facts, inputs)

    def suit(self, inputs: dict[str, Any], named: Mapping[str, Any], reasons: list[str]) -> None:
        """Adds settings to the inputs, but for those that the user made, and says why."""
        for name, config in inputs.items():
            suited = input_for(self.task, config, self.rare, len(inputs) == 1, self.plain)
            suited = {k: v for k, v in suited.items() if k not in named.get(name, {})}
            inputs[name] = config | suited
            reasons.extend(_why_suited(name, suited))

    def train(self, values: dict[str, Any], reasons: list[str]) -> dict[str, Any]:
        """Chooses the settings of training and objectives, and says why.

        Returns:
            settings of the model as a whole, which those that the user made go before.
        """
        wanted, num_rows = values.get("training") or {}, self.num_rows
        chosen = training_for(
            self.task,
            num_rows,
            self.num_steps,
            self.modalities,
            wanted.get("epochs"),
            self.times,
            self.rare,
            self.frozen,
        )
        values["training"] = chosen | wanted
        said = chosen | {k: v for k, v in wanted.items() if v is not None}
        values["objectives"] = _objectives(
            objectives_for(self.task, list(self.modalities.values()), num_rows, chosen["epochs"]),
            values.get("objectives"),
        )
        why = training_reason(num_rows, said, values["objectives"], _unit(self.table))
        reasons.append(f"training: {why}")
        sized, reason = size_for(num_rows, self.num_steps, chosen["epochs"], self.plain)
        reasons.extend(
            f"{key}: {value}. {reason}" for key, value in sized.items() if key not in values
        )
        return sized


def _why_suited(name: str, suited: Mapping[str, Any]) -> Iterator[str]:
    """Yields sentences on the settings of an input that suit the task and the data."""
    if "centred" in suited:
        undone = set_option("inputs", name, "centred", value="false")
        yield (
            f"input {name}: Mean-normalised and augmented (speaker warp, room "
            f"echo, noise, silence). To turn normalisation off: {undone}."
        )
    if "dropout" in suited:
        yield (
            f"input {name}: Most of its words are rare, so training drops "
            f"{100 * suited['dropout']:.0f} % of them at random (dropout)."
        )


def _objectives(chosen: dict[str, dict], given: Any) -> dict[str, Any]:
    """Returns the settings of objectives: those chosen, with what the user set of them or added;
    one that an added one takes the place of is left out."""
    wanted = checked_objectives(given)
    replaced = {stated(OBJECTIVES, name).get("replaces") for name in wanted}
    kept = {
        name: settings
        for name, settings in chosen.items()
        if name in wanted or name not in replaced
    }
    return kept | {name: {**kept.get(name, {}), **settings} for name, settings in wanted.items()}


def _unit(table: Table) -> str:
    if isinstance(table, Sequences):
        return "sequences"
    return "rows"


def _num_steps(table: Table) -> int:
    """Returns how many labels there are: one for each row, or each step of grouped rows."""
    if isinstance(table, Sequences):
        return sum(map(len, table.members))
    return len(table)


def _times(facts: Profile, inputs: Mapping[str, Any]) -> float:
    """Returns the mean number of rows per media file, of the input with the most."""
    if isinstance(facts.table, Sequences):
        return 1.0
    media = [
        columns_of(name, config)[0]
        for name, config in inputs.items()
        if find("preprocess", config["modality"]).cached
    ]
    return max([1.0, *(repeats(facts.items(column)[0]) for column in media)])


def _frozen(inputs: Mapping[str, Any]) -> bool:
    """Returns whether nothing but columns and vectors of frozen encoders is learned from."""
    encoders = [
        config.get("encoder")
        for config in inputs.values()
        if not find("preprocess", config["modality"]).has_fields
    ]
    return bool(encoders) and all(
        isinstance(one, Mapping)
        and one.get("from")
        and not one.get("lora")
        and one.get("freeze") in (True, "auto")
        for one in encoders
    )


def _rare(facts: Profile, inputs: Mapping[str, Any]) -> bool:
    """Returns whether all inputs are texts of steps with rare words."""
    return all(
        config["modality"] == "texts"
        and seldom_by(facts.texts(config.get("column", name))) is not None
        for name, config in inputs.items()
    )
