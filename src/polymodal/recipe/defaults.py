"""Defaults that follow from what the data is: rows, sizes, lengths, modalities. Never from names.

The numbers were measured on the project's benchmarks; `docs/log.md` holds the runs, also those
that did not help.
"""

from __future__ import annotations

from typing import Any

_SEEN = 60_000  # rows that a model sees in all by default: epochs times rows
_EPOCHS = (8, 120)


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


def training_for(num_rows: int, modalities: dict[str, str], grouped: bool) -> tuple[dict, str]:
    """Returns epochs, batch size and learning rate for a number of rows, and the reason."""
    low, high = _EPOCHS
    epochs = min(high, max(low, round(_SEEN / max(1, num_rows))))
    batch_size = 64 if num_rows >= 1500 else 32 if num_rows >= 400 else 16
    settings = {"epochs": epochs, "batch_size": batch_size, "learning_rate": 0.002}
    if len(modalities) > 1:
        settings["modality_dropout"] = 0.15
    return settings, (f"{epochs} epochs of batches of {batch_size}, as {num_rows} rows suggest; "
                      "change it with --set training.epochs=...")
