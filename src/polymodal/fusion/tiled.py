"""Fusion for assistants that read an image in tiles, with words between the tiles."""

from __future__ import annotations

import numpy as np
from keras import ops

from polymodal.core.errors import RecipeError
from polymodal.fusion.interleaved import InterleavedFusion, about

__all__ = ["TiledFusion"]


class TiledFusion(InterleavedFusion):
    """Puts the tiles of an image where the conversation has its place, each behind a word that
    tells its line and column, and the whole image behind them.

    Args:
        dim, projector, shuffle, normalise: as for InterleavedFusion.
        grid: int, most tiles down and across; 0 for the whole image alone.
        border_id: int, the word before each tile and behind the last one.
        whole_id: int, the word before the whole image.
        tile_ids: list of int, the word of each tile, line by line.
        line_ids: list of int, the words behind a line of tiles.
        gap_ids: list of int, those behind the last line.

    Call arguments:
        streams: as for InterleavedFusion; "image" has tokens (batch, images * (tiles + 1), time,
            any dim), and a mask that is False for tiles that an image does not have.

    Raises:
        RecipeError: not one word for each tile.

    Source: Laurençon et al., "Building and better understanding vision-language models", 2024
    (Idefics3).
    """

    def __init__(
        self,
        dim: int,
        projector: str = "linear",
        shuffle: int = 1,
        normalise: bool = False,
        grid: int = 0,
        border_id: int = 0,
        whole_id: int = 0,
        tile_ids: list[int] | None = None,
        line_ids: list[int] | None = None,
        gap_ids: list[int] | None = None,
        **kwargs,
    ):
        super().__init__(dim, projector, shuffle, normalise, **kwargs)
        tile_ids = list(tile_ids or [])
        if len(tile_ids) != grid**2:
            raise RecipeError(
                f"TiledFusion needs {grid**2} tile_ids for grid={grid}. Got "
                f"{len(tile_ids)}. Give one for each tile."
            )
        self.grid, self.num_slots = grid, grid**2 + 1
        self.before = [
            *([border_id, one] for one in tile_ids),
            [*(gap_ids or []), border_id, whole_id],
        ]
        self.behind = [*([list(line_ids or [])] * grid**2), [border_id]]
        self.num_gaps = len(gap_ids or [])

    def _slots(self, kind, stream):
        tokens, mask = super()._slots(kind, stream)
        known = mask.shape[1]
        if kind != "image" or (known is not None and known % self.num_slots == 0):
            return tokens, mask
        more = self.num_slots - 1  # a batch may have been padded to any length
        whole = (ops.shape(mask)[1] + more) // self.num_slots * self.num_slots
        tokens = ops.pad(tokens, ((0, 0), (0, more), (0, 0), (0, 0)))
        mask = ops.pad(ops.cast(mask, "int32"), ((0, 0), (0, more), (0, 0))) > 0
        return tokens[:, :whole], mask[:, :whole]

    def _places_of(self, kind, here, mask):
        if kind != "image":
            return super()._places_of(kind, here, mask)
        images = ops.reshape(mask, (-1, ops.shape(mask)[1] // self.num_slots, self.num_slots))
        places = super()._places_of(kind, here, ops.any(images, axis=-1))  # (batch, images)
        return ops.repeat(places, self.num_slots, axis=1)

    def _projected(self, kind, stream, places, talks):
        tokens, mask = super()._projected(kind, stream, places, talks)
        if kind != "image":
            return tokens, mask
        slots, total = self.num_slots, ops.shape(places)[1]
        each = stream[0].shape[2] // self.shuffle**2
        split = lambda one: ops.reshape(one, (-1, slots, each, *one.shape[2:]))
        tokens, mask = split(tokens), split(mask)  # (batch * images, slots, time, ...)
        there = ops.any(mask, axis=-1)
        ids, real = self._words(self.before, there, ends=False)
        more_ids, more = self._words(self.behind, there, ends=True)
        parts = [self._as_tokens(ids, tokens), tokens, self._as_tokens(more_ids, tokens)]
        tokens = ops.concatenate(parts, axis=2)
        mask = ops.concatenate([real, mask, more], axis=2)
        total *= tokens.shape[2]
        return (ops.reshape(tokens, (-1, total, 3 + self.dim)), ops.reshape(mask, (-1, total)))

    def _words(self, words, there, ends):
        """Returns ids (slots, most) and which of them are real, (images, slots, most).

        Args:
            words: list of ids for each slot.
            there: bool (images, slots), which tiles an image has.
            ends: bool, whether they are those behind a tile.
        """
        most = max(map(len, words))
        ids, real = np.zeros((2, len(words), most), "int32")
        for slot, own in enumerate(words):
            ids[slot, : len(own)], real[slot, : len(own)] = own, 1
        mask = ops.logical_and(there[..., None], ops.convert_to_tensor(real > 0)[None])
        if not self.grid:
            return ids, mask
        tiles = ops.reshape(there[:, :-1], (-1, self.grid, self.grid))
        if ends:  # the last of a line that another follows
            right = ops.pad(tiles[:, :, 1:], ((0, 0), (0, 0), (0, 1)))
            below = ops.pad(tiles[:, 1:, :1], ((0, 0), (0, 1), (0, 0)))
            ended = ops.logical_and(ops.logical_and(tiles, ops.logical_not(right)), below)
            ended = ops.pad(
                ops.reshape(ended, (-1, self.grid**2)), ((0, 0), (0, 1)), constant_values=True
            )
            return ids, ops.logical_and(mask, ended[..., None])
        gaps = np.zeros((1, len(words), most), bool)
        gaps[0, -1, : self.num_gaps] = True
        cut = ops.any(there[:, :-1], axis=1)[:, None, None]
        return ids, ops.logical_and(
            mask, ops.logical_or(cut, ops.logical_not(ops.convert_to_tensor(gaps)))
        )

    def _as_tokens(self, ids, tokens):
        """Returns words as tokens (images, slots, words, 3 + dim), of the conversation and at the
        place of the tiles."""
        beside = tokens[:, :, :1, 1]  # the number of the conversation
        place = tokens[:, :, :1, 2]
        ids = ops.convert_to_tensor(ids.astype("float32"))[None] + ops.zeros_like(beside)
        known = about(ids, beside + ops.zeros_like(ids), place + ops.zeros_like(ids))
        return ops.pad(known, ((0, 0), (0, 0), (0, 0), (0, self.dim)))
