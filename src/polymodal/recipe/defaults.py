"""Defaults that follow from what the data is: rows, sizes, lengths, modalities. Never from names.

The numbers were measured on the project's benchmarks; `docs/log.md` holds the runs, also those
that did not help.
"""

from __future__ import annotations

from typing import Any

_SEEN = 60_000  # rows that a model sees in all by default: epochs times rows
_EPOCHS = (5, 120)
_UPDATES = 600  # of the weights in a run, below which batches are made smaller
_SELDOM = 10  # epochs up to which a row is seen too seldom to need augmentation


def fusion_for(task: str, modalities: dict[str, str]) -> tuple[Any, str]:
    """Returns the fusion and the reason; no reason where there is nothing to fuse."""
    if task in ("sequence_labelling", "seq2seq"):
        return "stepwise_concat", "The target has steps, so the inputs are joined step by step."
    if len(modalities) == 1:
        return "concat", ""
    return ({"name": "gated", "pooling": "guided"},
            "Each input asks the others what to look at; gates weigh them and close for what is "
            "missing.")


def sequence_for(task: str, modalities: dict[str, str]) -> tuple[Any, str]:
    """Returns the sequence model over fused tokens, or None, and the reason."""
    if task == "sequence_labelling":
        return "recurrent", "Each step may depend on its neighbours."
    return None, ""


def dropout_for(epochs: int) -> float | None:
    """Returns the dropout of the whole model for a number of epochs; None for each part's own."""
    return 0.0 if epochs <= _SELDOM else None


def training_for(num_rows: int, modalities: dict[str, str], epochs: int | None) -> tuple[dict, str]:
    """Returns epochs, batch size, learning rate and the like for a number of rows, and why.

    Rows that are seen only a few times need no variants of themselves: augmentation, dropout and
    much hiding of inputs only slow the learning there, and so does a tight bound on gradients.

    Args:
        num_rows: int, rows of the train table.
        modalities: {input: modality}.
        epochs: int, what the user asked for, or None.
    """
    low, high = _EPOCHS
    epochs = epochs or min(high, max(low, round(_SEEN / max(1, num_rows))))
    seldom = epochs <= _SELDOM
    batch_size = 64 if num_rows >= 1500 else 32 if num_rows >= 400 else 16
    while batch_size > 16 and epochs * num_rows < _UPDATES * batch_size:
        batch_size //= 2
    settings: dict[str, Any] = {"epochs": epochs, "batch_size": batch_size, "learning_rate": 0.002}
    if seldom:
        settings |= {"augment": False, "clip_norm": 5.0}
    if len(modalities) > 1:
        settings["modality_dropout"] = 0.05 if seldom else 0.15
    return settings, (f"{epochs} epochs of batches of {batch_size}, as {num_rows} rows suggest"
                      + ", without augmentation and dropout" * seldom
                      + "; change it with --set training.epochs=...")
