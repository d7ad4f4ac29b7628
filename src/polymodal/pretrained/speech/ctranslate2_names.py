"""The tensors of Whisper in CTranslate2's file, by the names of Hugging Face."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

__all__ = ["Source", "tensors_of"]

_SIDES = ("encoder", "decoder")
_OWN = ("q_proj", "k_proj", "v_proj")  # of self-attention, in one tensor


@dataclass(frozen=True)
class Source:
    """Where a tensor is.

    Args:
        name: str, in the file.
        rows: (first, end) of it, or None for all.
    """

    name: str
    rows: tuple[int, int] | None = None


def _side(side: str, shapes: Mapping[str, tuple[int, ...]], width: int) -> dict[str, Source]:
    found = {f"{side}.embed_positions.weight": Source(f"{side}/position_encodings/encodings")}
    found |= _norm(f"{side}.layer_norm", f"{side}/layer_norm")
    layer = 0
    while f"{side}/layer_{layer}/ffn/linear_0/weight" in shapes:
        found.update(_layer(side, layer, width))
        layer += 1
    return found


def tensors_of(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Source]:
    """Returns {name of Hugging Face: Source}.

    Args:
        shapes: {name: shape} of the file.

    Raises:
        KeyError: a tensor is missing.
    """
    width = shapes["decoder/embeddings/weight"][1]
    found = {"decoder.embed_tokens.weight": Source("decoder/embeddings/weight")}
    for conv in ("conv1", "conv2"):
        for kind in ("weight", "bias"):
            found[f"encoder.{conv}.{kind}"] = Source(f"encoder/{conv}/{kind}")
    for side in _SIDES:
        found |= _side(side, shapes, width)
    for source in found.values():
        shapes[source.name]
    return found


def _layer(side: str, layer: int, width: int) -> Iterator[tuple[str, Source]]:
    theirs, own = f"{side}.layers.{layer}", f"{side}/layer_{layer}"
    yield from _linear(f"{theirs}.fc1", f"{own}/ffn/linear_0")
    yield from _linear(f"{theirs}.fc2", f"{own}/ffn/linear_1")
    yield from _norm(f"{theirs}.final_layer_norm", f"{own}/ffn/layer_norm").items()
    attention = f"{own}/self_attention"
    yield from _norm(f"{theirs}.self_attn_layer_norm", f"{attention}/layer_norm").items()
    for place, name in enumerate(_OWN):
        yield from _linear(f"{theirs}.self_attn.{name}", f"{attention}/linear_0", place, width)
    yield from _linear(f"{theirs}.self_attn.out_proj", f"{attention}/linear_1")
    if side == "encoder":
        return
    attention = f"{own}/attention"
    yield from _norm(f"{theirs}.encoder_attn_layer_norm", f"{attention}/layer_norm").items()
    yield from _linear(f"{theirs}.encoder_attn.q_proj", f"{attention}/linear_0")
    for place, name in enumerate(_OWN[1:]):
        yield from _linear(f"{theirs}.encoder_attn.{name}", f"{attention}/linear_1", place, width)
    yield from _linear(f"{theirs}.encoder_attn.out_proj", f"{attention}/linear_2")


def _linear(
    theirs: str, own: str, place: int | None = None, width: int = 0
) -> Iterator[tuple[str, Source]]:
    """Yields weight and bias; keys have no bias, and what the file has for it is 0."""
    rows = None
    if place is not None:
        rows = (place * width, (place + 1) * width)
    yield f"{theirs}.weight", Source(f"{own}/weight", rows)
    if not theirs.endswith("k_proj"):
        yield f"{theirs}.bias", Source(f"{own}/bias", rows)


def _norm(theirs: str, own: str) -> dict[str, Source]:
    return {f"{theirs}.weight": Source(f"{own}/gamma"), f"{theirs}.bias": Source(f"{own}/beta")}
