"""Aligns streams of tokens to one time axis, so that they can be fused step by step."""

from __future__ import annotations

from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.layers.masks import hide
from polymodal.layers.masks import lengths as real_lengths

__all__ = ["align", "check_alignment"]

ALIGNMENTS = ("steps", "stretch")


def align(streams, mode="steps", axis=None):
    """Aligns every stream to one time axis.

    Args:
        streams: {name: (tokens (batch, time, dim), mask (batch, time))}, times may differ.
        mode: "steps" keeps step i at step i, repeats streams of a single step, and treats steps
            after the end of a shorter stream as missing. "stretch" maps the real length of
            each stream of a row onto the row's length: steps are repeated or averaged, in
            proportion to how much they overlap, and masked ones count nothing.
        axis: str, name of the stream that gives the time axis, or None for the longest. Where the
            named stream is missing in a row, the longest one present replaces it.

    Returns:
        {name: (tokens (batch, steps, dim), mask (batch, steps))}
    """
    sizes = {name: ops.shape(mask)[1] for name, (_, mask) in streams.items()}
    steps = sizes[axis] if axis else _largest(list(sizes.values()))
    if mode == "steps":
        return {name: _same_steps(*streams[name], sizes[name], steps) for name in streams}
    lengths = {name: real_lengths(mask) for name, (_, mask) in streams.items()}
    target = _row_lengths(lengths, steps, axis)
    return {name: _stretch(*streams[name], lengths[name], target, steps) for name in streams}


def check_alignment(who, mode, axis, names=None):
    """Raises RecipeError when `mode` is unknown, or `axis` is none of the streams' `names`."""
    if mode not in ALIGNMENTS:
        raise RecipeError(
            f'{who} needs align to be one of {", ".join(ALIGNMENTS)}. Got "{mode}". '
            "Use steps where step i of all inputs belongs together, else stretch."
        )
    if axis is not None and names is not None and axis not in names:
        raise RecipeError(
            f'{who} needs axis to name one of the inputs {", ".join(names)}. Got "{axis}". '
            "Leave it out to use the longest."
        )


def _largest(sizes):
    if not any(ops.is_tensor(size) for size in sizes):
        return max(sizes)  # numbers stay numbers: engines that compile need it
    largest = sizes[0]
    for size in sizes[1:]:
        largest = ops.maximum(largest, size)
    return largest


def _row_lengths(lengths, steps, axis):
    longest = lengths[next(iter(lengths))]
    for length in lengths.values():
        longest = ops.maximum(longest, length)
    if axis:
        longest = ops.where(lengths[axis] > 0, lengths[axis], ops.minimum(longest, steps))
    return longest  # (batch,)


def _same_steps(tokens, mask, size, steps):
    if size is steps or (not ops.is_tensor(size) and not ops.is_tensor(steps) and size == steps):
        return tokens, mask
    wanted = ops.arange(steps, dtype="int32")
    source = ops.minimum(wanted, ops.cast(size, "int32") - 1)
    tokens, mask = ops.take(tokens, source, axis=1), ops.take(mask, source, axis=1)
    if ops.is_tensor(size) or size != 1:  # a single step holds for all
        mask = ops.logical_and(mask, (wanted < size)[None])
    return tokens, mask


def _stretch(tokens, mask, length, target, steps):
    wanted = ops.cast(ops.arange(steps, dtype="int32"), "float32")[None, :, None]
    ratio = ops.cast(length, "float32") / ops.cast(ops.maximum(target, 1), "float32")
    start = wanted * ratio[:, None, None]  # (batch, steps, 1), in steps of the source
    end = (wanted + 1) * ratio[:, None, None]
    step = ops.cumsum(ops.ones_like(mask, dtype="float32"), axis=1)[:, None] - 1
    overlap = ops.maximum(ops.minimum(end, step + 1) - ops.maximum(start, step), 0.0)
    overlap = overlap * ops.cast(mask, "float32")[:, None]  # (batch, steps, time)
    total = ops.sum(overlap, axis=-1)
    inside = wanted[..., 0] < ops.cast(target, "float32")[:, None]
    real = ops.logical_and(total > 1e-4, inside)  # rounding leaves overlaps of about 1e-6
    weights = ops.where(real[..., None], overlap / ops.maximum(total, 1e-4)[..., None], 0.0)
    return ops.matmul(ops.cast(weights, tokens.dtype), hide(tokens, mask)), real
