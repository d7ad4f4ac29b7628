"""The contract of an objective: an auxiliary loss, trained next to the task's own."""

from __future__ import annotations

from typing import Any, Protocol

__all__ = ["Hidden", "Objective", "Streams"]

Streams = dict[str, tuple[Any, Any]]  # {input: (tokens (batch, time, dim), mask (batch, time))}
Hidden = dict[str, tuple[Any, Any, Any]]  # {input: (values, mask, which of its parts are hidden)}


class Objective(Protocol):
    """Owns its layers, its part of the loss and its keys of a batch.

    An objective is one file, `model/objectives/<name>.py`, and trained where a recipe names it. A
    model knows none by name. It asks each of them in turn, in the order of the recipe: `fits` when
    it is made, `attach` before its first call and `make` in it; then in training `inputs`, `hide`,
    `views`, `read` and `split`, and `loss` where one of them found something.

    Attributes:
        batch_keys: names of what it reads of a batch besides the model's inputs, if it is there.
        weight: float, what its loss is multiplied by.
        built: bool, whether its variables are made.
        reads_unlabelled: bool, whether it learns from rows without a target too. These are real,
            but have weight 0.
        replaces: str, objective that a recipe leaves out where it has this one; "" for none.
    """

    batch_keys: tuple[str, ...]
    weight: float
    built: bool
    reads_unlabelled: bool
    replaces: str

    def fits(self, model: Any) -> bool:
        """Returns whether a model has what it needs; one that does not is trained without it.

        Args:
            model: Model, with its encoders, head and the objectives before this one.
        """
        ...

    def attach(self, model: Any) -> None:
        """Changes what it needs of a model whose encoders are built and whose head is not."""

    def make(self, inputs: dict[str, Any], streams: Streams, tokens: Any, mask: Any) -> None:
        """Makes its variables, where it is not built.

        Args:
            inputs: {input: values}.
            streams: the encoded inputs.
            tokens, mask: what they were fused to.
        """

    def hide(self, inputs: dict[str, tuple[Any, Any]]) -> Hidden:
        """Returns inputs with parts hidden, which the model encodes besides; {} for none.

        Args:
            inputs: {input: (values, mask)} of those whose encoders are trained.
        """
        ...

    def restore(self, streams: Streams, hidden: Hidden, inputs: dict[str, tuple[Any, Any]]) -> Any:
        """Returns what it finds in the tokens of what `hide` returned.

        Args:
            streams: `hidden`, encoded as in use.
            hidden, inputs: what `hide` returned and got.
        """

    def inputs(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Returns what is encoded in training: a batch whose inputs may be changed.

        Args:
            batch: {key: array}, inputs and masks.
        """
        ...

    def views(self, streams: Streams, batch: dict[str, Any]) -> Streams:
        """Returns what is fused: the encoded inputs, rows perhaps repeated with parts hidden.

        Args:
            streams: the encoded inputs.
            batch: {key: array}, those of `batch_keys` that the batch has.
        """
        ...

    def read(self, tokens: Any, mask: Any) -> Any:
        """Returns what it finds in fused tokens (batch, time, dim); None for nothing."""

    def split(self, streams: Streams, outputs: Any) -> tuple[Any, Any]:
        """Returns the head's outputs for the rows themselves, and what it finds in them or None.

        Args:
            streams: as `views` got them.
            outputs: what the head made of `views`.
        """
        ...

    def loss(self, targets: Any, found: Any, weights: Any, loss: Any) -> Any:
        """Returns its loss, a sum over rows, before `weight`.

        Args:
            targets: as the task's loss sees them.
            found: what `split` found, else what `restore` did, else what `read` did.
            weights: float (batch,) or (batch, steps), or None.
            loss: the task's own loss, a function of targets, logits and `sample_weight`.
        """
        ...
