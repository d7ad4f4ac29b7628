"""Several streams in one model: each group of inputs becomes its own vector."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import keras
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.parts import Fusion
from polymodal.layers.pooling import Pool

__all__ = ["Towers", "check_groups"]


def check_groups(groups: Mapping[str, Sequence[str]], inputs: Iterable[str]) -> None:
    """Raises RecipeError unless each input is in exactly one group.

    Args:
        groups: {group: names of its inputs}, as a task names them.
        inputs: names of all inputs of the model.
    """
    named = [name for members in groups.values() for name in members]
    if sorted(named) != sorted(inputs) or not all(groups.values()):
        held = ", ".join(f"{group}: {list(members)}" for group, members in groups.items())
        raise RecipeError(
            f"The task needs each input in exactly one of its groups. Got {held}; "
            f"the inputs are {sorted(inputs)}. Name each once, or ignore its column."
        )


class Towers(Fusion):
    """Fuses each group of inputs by itself, as retrieval compares them: a fusion of groups.

    A model takes it instead of a fusion. What follows reads one token for each group, in the order
    of `groups`; a group of which a row has no input is a masked token of zeros.

    Args:
        dim: int, width of the vectors.
        groups: {group: names of its inputs}.
        fusions: {group: fusion layer}.
        sequences: {group: sequence layer} over a group's fused tokens; empty for none.

    Call arguments:
        streams: {name: (tokens (batch, time, dim), mask (batch, time))}.

    Returns:
        (tokens (batch, groups, dim), mask (batch, groups)).

    Raises:
        RecipeError: a group without a fusion.
    """

    def __init__(
        self,
        dim: int,
        groups: Mapping[str, Sequence[str]],
        fusions: Mapping[str, keras.layers.Layer],
        sequences: Mapping[str, keras.layers.Layer] | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if set(fusions) != set(groups):
            raise RecipeError(
                f"Towers needs a fusion for each group. Got groups {sorted(groups)} "
                f"and fusions {sorted(fusions)}. Give both the same names."
            )
        self.members = {group: tuple(names) for group, names in groups.items()}
        self.fusions, self.sequences = dict(fusions), dict(sequences or {})
        self.pools = {
            group: Pool(dim, self._pooling(group), dtype=self.dtype_policy) for group in groups
        }

    def _pooling(self, group):
        """Returns how a group's tokens become one: a fusion without time gives one already."""
        timed = self.fusions[group].stepwise or group in self.sequences
        if timed:
            return "attention"
        return "mean"

    def build(self, streams_shape):
        self.built = True  # its parts are built when they are first called

    def call(self, streams, training=None):
        towers = [self._tower(group, streams, training) for group in self.members]
        vectors, present = zip(*towers, strict=True)
        return ops.stack(vectors, axis=1), ops.stack(present, axis=1)

    def _tower(self, group, streams, training):
        """Returns a group's vector (batch, dim), and which rows (batch,) have any of it."""
        own = {name: streams[name] for name in self.members[group]}
        tokens, mask = self.fusions[group](own, training=training)
        if group in self.sequences:
            tokens, mask = self.sequences[group](tokens, mask, training=training)
        return self.pools[group](tokens, mask), ops.any(mask, axis=1)
