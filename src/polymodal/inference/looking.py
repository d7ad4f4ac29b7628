"""Attention maps: where a decoder attended in an image for each word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from keras import ops

from polymodal.core.contracts.batch import mask_key, select_inputs, with_masks
from polymodal.feed.check import check
from polymodal.feed.ledger import Ledger
from polymodal.tables.table import Table

__all__ = ["Look", "looks", "why_no_look"]


class Look(NamedTuple):
    """The attention of a decoder over the image of one row.

    Args:
        words: list of str, the n words of the text.
        maps: float32 (n, down, across), attention weights of the image's positions. A map sums to
            less than 1 if other inputs got attention too.
    """

    words: list[str]
    maps: np.ndarray


def why_no_look(predictor: Any) -> str:
    """Returns why a run has no attention maps over its images; "" if it has.

    A decoder's memory has the positions of an image if the encoder keeps a grid, the fusion keeps
    every token, and no recurrence mixes positions.
    """
    model, recipe = predictor.model, predictor.recipe
    pictures = _pictures(predictor)
    if not pictures:
        return "it has no picture"
    if not hasattr(model.head, "attention_weights"):
        return "its decoder has no attention over positions"
    if all(model.encoders[name].grid is None for name in pictures):
        return "its encoder keeps no image positions"
    if not model.sequence_keeps_places:
        return f"its sequence model, {recipe.sequence['name']}, mixes positions"
    if not model.fusion_keeps_places:
        name = recipe.fusion["name"].replace("_", " ")
        return f"{name} fusion merges several inputs, or all positions"
    return ""


def looks(predictor: Any, table: Table, rows: Sequence[int]) -> dict[int, dict[str, Look]]:
    """Returns {row: {input: Look}} for rows of a table that hold a picture that can be read.

    Args:
        predictor: Predictor of a task that writes, for which `why_no_look` finds no reason.
        table: Table.
        rows: sequence of int, from 0.

    The texts are decoded greedily, as in an evaluation.
    """
    samples = predictor.samples(table.select(list(rows)), False)
    checked = check(samples, Ledger(), skip_bad=True, max_bad_share=1.0, allow_empty=True)
    if not len(checked):
        return {}
    loader, found = predictor.loader(samples, checked), {}
    for step, (inputs, _, _) in enumerate(loader.epoch(0, 0)):
        ids, weights, places = _weights(predictor, inputs)
        for at, place in enumerate(loader.rows_of(0, step)):
            if place >= 0:
                found[int(rows[place])] = {
                    name: _look(predictor, ids[at], weights[at, :, where], grid)
                    for name, (where, grid) in places.items()
                    if np.any(inputs[mask_key(predictor.model.keys[name])][at])
                }
    return found


def _pictures(predictor: Any) -> list[str]:
    return [i.name for i in predictor.inputs if "image" in i.modality.files]


def _weights(predictor: Any, inputs: dict[str, Any]) -> tuple:
    """Returns ids (batch, steps), weights (batch, steps, time), and the grid of each image."""
    model, head = predictor.model, predictor.head
    ids = head.generate(model, inputs, batch_size=len(next(iter(inputs.values())))).ids
    start = np.full((len(ids), 1), head.start_id, ids.dtype)
    previous = np.concatenate([start, ids[:, :-1]], axis=1).astype(np.int32)
    known = {
        key: ops.convert_to_tensor(array)
        for key, array in select_inputs(inputs, with_masks(model.keys.values())).items()
    }
    memory, mask = model.encode(known, training=False)
    weights = model.head.attention_weights(ops.convert_to_tensor(previous), memory, mask)
    weights = np.asarray(ops.convert_to_numpy(weights), np.float32)
    return ids, weights, _places(predictor, known, weights.shape[-1])


def _places(predictor: Any, known: dict[str, Any], time: int) -> dict[str, tuple]:
    """Returns {image: (its slice of the memory, (down, across))}; tokens are sorted by name."""
    model, first, found = predictor.model, 0, {}
    for name in sorted(model.keys):
        key, encoder = model.keys[name], model.encoders[name]
        length = encoder(known[key], known[mask_key(key)], training=False)[0].shape[1]
        grid = encoder.grid
        if name in _pictures(predictor) and grid and grid[0] * grid[1] == length:
            found[name] = slice(first, first + length), grid
        first += length
    return found if first == time else {}  # else the memory has other tokens


def _look(predictor: Any, ids: np.ndarray, weights: np.ndarray, grid: tuple[int, int]) -> Look:
    ended = np.flatnonzero(ids == predictor.head.end_id)
    length = int(ended[0]) if len(ended) else len(ids)
    return Look(
        [predictor.target.labels[int(i)] for i in ids[:length]],
        weights[:length].reshape(length, *grid),
    )
