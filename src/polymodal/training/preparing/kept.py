"""What frozen encoders give for each item, computed once and kept, in place of their inputs."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import functools
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from polymodal.core.arguments import parameters
from polymodal.core.errors import DataError
from polymodal.core.printed.counting import counted
from polymodal.core.printed.progress import bar, say
from polymodal.feed.samples import Samples, Source
from polymodal.layers.frames import num_pooled
from polymodal.model.by_step import by_step, can_read_by_step
from polymodal.preprocess.collate import collate
from polymodal.preprocess.modality import Modality
from polymodal.recipe.assemble import Input
from polymodal.recipe.starts import has_frozen_encoder
from polymodal.training.preparing.prepared import Prepared

__all__ = ["KeptTokens", "PooledTokens", "frozen_vectors", "keep_outputs"]

_CHUNK = 32  # items that an encoder takes at once
_MOST_STEPS = 2_000_000  # of the longest of them: samples of sound are many
_STEPS = 32  # lengths are rounded up to a multiple: engines compile for each length


class KeptTokens(Modality):
    """Tokens of an encoder, as its input; what is missing among steps is all NaN.

    Args:
        num_tokens: int, tokens of every item, or None where they differ.
        dim: int, width of a token.
        several: bool, whether a row has several items: (items, num_tokens, dim).
        num_parts: int, how many of those belong to one place.
    """

    cached = True
    has_gaps = True

    def __init__(self, num_tokens: int | None, dim: int, several: bool = False, num_parts: int = 1):
        self.num_tokens, self.dim, self.several = num_tokens, dim, several
        self.num_parts = num_parts
        self.has_time = several or num_tokens is None

    @property
    def shape(self) -> tuple[int | None, ...]:
        if self.several:
            return (None, self.num_tokens, self.dim)
        return (self.num_tokens, self.dim)

    def decode(self, cell: Any, root: Any = None) -> Any:
        raise DataError("is in none of the rows that were checked.", "Start the run again.")

    def encode(self, decoded: np.ndarray) -> np.ndarray:
        return decoded

    def length(self, decoded: np.ndarray) -> int:
        return len(decoded)

    def state(self) -> dict[str, Any]:
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Nothing is learned."""


class PooledTokens(KeptTokens):
    """The mean of the tokens that a frozen encoder gives for an item: a vector."""

    def __init__(self, tokens: KeptTokens):
        super().__init__(tokens.num_tokens, tokens.dim, tokens.several)
        self.has_time = self.has_gaps = False

    @property
    def shape(self) -> tuple[int | None, ...]:
        return (self.dim,)

    def encode(self, decoded: np.ndarray) -> np.ndarray:
        tokens = decoded.reshape(-1, self.dim)
        real = tokens[~np.isnan(tokens).any(axis=1)]
        if len(real):
            return real.mean(axis=0)
        return np.zeros(self.dim, np.float32)


def frozen_vectors(prepared: Prepared, model: Any) -> Prepared | None:
    """Returns the same rows of all splits with one vector for each item in place of what frozen
    encoders read, from what is kept where it is; None without such encoders, or where their
    outputs do not fit.

    Args:
        prepared: Prepared.
        model: Model, trained.
    """
    if not model.reads_unlabelled:
        prepared = prepared.labelled()  # the rows whose outputs are kept
    samples, inputs = dict(prepared.samples), list(prepared.inputs)
    for index, item in enumerate(prepared.inputs):
        if not has_frozen_encoder(prepared.recipe.inputs[item.name]):
            continue
        for split in samples:
            found = _Keeper(prepared, model, index, split).keep()
            if found is None:
                return None
            tokens, slots, pack = found
            pooled = PooledTokens(tokens)
            samples[split] = _with_tokens(samples[split], index, pooled, slots, pack)
            inputs[index] = dataclasses.replace(item, modality=pooled)
    if inputs == prepared.inputs:
        return None
    return dataclasses.replace(prepared, samples=samples, inputs=inputs)


def keep_outputs(prepared: Prepared, model: Any) -> tuple[Prepared, frozenset[str]]:
    """Computes what the frozen encoders of a model give, and keeps it where media are kept.

    Args:
        prepared: Prepared.
        model: Model, built, with the weights that its parts start from.

    Returns:
        The same rows with tokens in place of those inputs, and the names of these inputs. An input
        whose tokens do not fit stays as it is, and is encoded in each epoch.
    """
    samples, checked, names = dict(prepared.samples), dict(prepared.checked), set()
    for index, item in enumerate(prepared.inputs):
        if not has_frozen_encoder(prepared.recipe.inputs[item.name]):
            continue
        splits = [split for split in samples if split != "test"]
        kept = [_Keeper(prepared, model, index, split).keep() for split in splits]
        found = {split: one for split, one in zip(splits, kept, strict=True) if one is not None}
        if len(found) < len(splits):
            say(
                f"The outputs of the frozen encoder of {item.name} do not fit the cache, so they "
                "are computed in each epoch."
            )
            continue
        for split, (tokens, slots, pack) in found.items():
            samples[split] = _with_tokens(samples[split], index, tokens, slots, pack)
            checked[split] = _with_lengths(checked[split], index, tokens, slots, pack)
        names.add(item.name)
        number = sum(len(np.unique(slots[slots >= 0])) for _, slots, _ in found.values())
        say(
            f"The outputs of the frozen encoder of {item.name} are kept for "
            f"{counted(number, 'item')}, which are not augmented."
        )
    return dataclasses.replace(prepared, samples=samples, checked=checked), frozenset(names)


class _Keeper:
    """Computes and keeps the tokens of one input for the checked rows of one split."""

    def __init__(self, prepared: Prepared, model: Any, index: int, split: str):
        self.item: Input = prepared.inputs[index]
        self.samples: Samples = prepared.samples[split]
        self.source: Source = self.samples.sources[index]
        checked = prepared.checked[split]
        self.rows = checked.rows[checked.present[:, index]]
        self.lengths = checked.lengths[checked.present[:, index], index]
        self.fusion, self.encoder = model.fusion, model.encoders[self.item.name]
        name = self.item.name
        self.pooled = functools.partial(model.pooled, name)
        self.pools = (
            name not in model.projections
            and model.fusion.pools_first(name)
            and not self.item.modality.several
        )
        self.width = prepared.recipe.dim
        if name in model.projections:
            self.width = int(model.projections[name].kernel.shape[0])
        elif "dim" not in parameters(type(self.encoder)):  # a fusion that takes any width
            self.width = int(self.encoder.width)

    def keep(self) -> tuple[KeptTokens, np.ndarray, Any] | None:
        """Returns the kind of tokens, the item of each row, and the pack; None if it is full."""
        slots, first = self._slots()
        cache = self.samples.cache
        if cache is None:
            return None
        key = self._key(slots)
        pack = cache.open(key)
        if pack is None or not _is_whole(pack, first):
            with cache.writer(key, len(slots)) as writer:
                for slot, tokens in self._tokens(first):
                    writer.add(slot, tokens)
            pack = cache.open(key)
        if pack is None or not _is_whole(pack, first):
            return None
        modality = self.item.modality
        return (
            KeptTokens(self._num_tokens(), self.width, modality.several, modality.num_parts),
            slots,
            pack,
        )

    def _slots(self) -> tuple[np.ndarray, dict[int, tuple[int, int]]]:
        """Returns the item of each row of the table, and {item: (row, length)} of those used."""
        items = self.samples.items(self.source)
        slots = np.full(len(self.samples), -1, "int32")
        slots[self.rows] = self.rows if items is None else items[self.rows]
        used: dict[int, tuple[int, int]] = {}
        for row, length in zip(self.rows.tolist(), self.lengths.tolist(), strict=True):
            used.setdefault(int(slots[row]), (row, length))
        return slots, used

    def _tokens(self, used: dict[int, tuple[int, int]]) -> Iterator[tuple[int, np.ndarray]]:
        order = sorted(used, key=lambda slot: (used[slot][1], slot))
        with bar(f"Encoding {self.item.name}", len(order)) as advance:
            longest = max((length for _, length in used.values()), default=1)
            size = max(1, min(_CHUNK, _MOST_STEPS // max(1, longest)))
            for start in range(0, len(order), size):
                chunk = order[start : start + size]
                yield from zip(chunk, self._encoded([used[slot] for slot in chunk]), strict=True)
                advance(len(chunk))

    def _encoded(self, chosen: list[tuple[int, int]]) -> Iterator[np.ndarray]:
        """Yields the tokens of some rows, without the padding at their end."""
        modality = self.item.modality
        decoded = [self.samples.decode(self.source, row) for row, _ in chosen]
        longest = max(length for _, length in chosen)
        length = max(longest, min(-(-longest // _STEPS) * _STEPS, modality.limit or longest))
        encoded = list(modality.encode_all(decoded))
        if modality.several:
            yield from self._of_each(encoded)
            return
        inputs, mask = collate(modality, encoded, length)
        with _no_gradient():
            if can_read_by_step(self.encoder, inputs) and mask.any():
                tokens = by_step(self.encoder, inputs, mask)
            else:
                tokens, mask = self.encoder(inputs, mask, training=False)
            if self.pools:
                tokens, mask = self.fusion.pooled(self.item.name, tokens, mask)
        tokens = np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(tokens, "float32")))
        if self._num_tokens() is not None:
            yield from tokens
            return
        for one, real in zip(tokens, np.asarray(keras.ops.convert_to_numpy(mask)), strict=True):
            count = max(1, int(np.flatnonzero(real).max(initial=-1)) + 1)
            yield np.where(real[:count, None], one[:count], np.float32(np.nan))

    def _of_each(self, encoded: list[np.ndarray]) -> Iterator[np.ndarray]:
        """Yields (items, tokens, dim) of rows with several items."""
        for row in encoded:
            there = ~np.isnan(row).reshape(len(row), -1).all(axis=1)
            with _no_gradient():
                tokens, _ = self.pooled(
                    *self.encoder(row[there], np.ones(there.sum(), bool), training=False)
                )
            tokens = np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(tokens, "float32")))
            whole = np.full((len(row), *tokens.shape[1:]), np.nan, np.float32)
            whole[there] = tokens
            yield whole

    def _num_tokens(self) -> int | None:
        if self.pools:
            return 1
        most, count = self.item.modality.frame_tokens, self.encoder.num_tokens
        if most is None or count is None:
            return count
        return num_pooled(count, self.encoder.grid, most)

    def _key(self, slots: np.ndarray) -> str:
        """Returns a hash of all that the tokens depend on: weights, cells, how they are read."""
        digest = hashlib.sha256(
            json.dumps(
                {
                    "version": 2,
                    "engine": keras.backend.backend(),
                    "policy": self.encoder.dtype_policy.name,
                    "encoder": self.item.encoder,
                    "settings": self.item.encoder_settings,
                    "pooled": self.pools and self.fusion.get_config(),
                    "frame_tokens": self.item.modality.frame_tokens,
                    "kind": self.item.modality.decode_key(),
                    "state": self.item.modality.state(),
                    "cells": self.samples.content_of(self.source),
                },
                sort_keys=True,
                default=str,
            ).encode()
        )
        digest.update(slots.tobytes())
        for weight in self.encoder.weights:
            digest.update(np.asarray(keras.ops.convert_to_numpy(weight)).tobytes())
        return f"tokens-{digest.hexdigest()[:40]}"


def _is_whole(pack: Any, used: dict[int, Any]) -> bool:
    return all(pack.get(slot) is not None for slot in used)


def _with_tokens(
    samples: Samples, index: int, tokens: KeptTokens, slots: np.ndarray, pack: Any
) -> Samples:
    """Returns the same rows with tokens in place of an input."""
    source = dataclasses.replace(samples.sources[index], modality=tokens)
    return samples.instead(index, source, slots, pack)


def _with_lengths(
    checked: Any, index: int, tokens: KeptTokens, slots: np.ndarray, pack: Any
) -> Any:
    """Returns the checked rows with the numbers of tokens as the lengths of an input."""
    if not tokens.has_time:
        return dataclasses.replace(
            checked, lengths=_put(checked.lengths, index, checked.present[:, index])
        )
    lengths = {slot: len(pack.get(int(slot))) for slot in np.unique(slots[slots >= 0])}
    each = [lengths.get(int(slot), 0) for slot in slots[checked.rows]]
    return dataclasses.replace(checked, lengths=_put(checked.lengths, index, each))


def _put(lengths: np.ndarray, index: int, column: Any) -> np.ndarray:
    changed = copy.copy(lengths)
    changed[:, index] = column
    return changed


def _no_gradient() -> Any:
    """Returns a context in which PyTorch keeps nothing for a backward pass."""
    if keras.backend.backend() != "torch":
        return contextlib.nullcontext()
    import torch

    return torch.no_grad()
