"""Large pictures cut in tiles, with the whole picture behind them."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from polymodal.core.errors import RecipeError
from polymodal.media.image import MAX_PIXELS, read_image
from polymodal.media.media_cell import cells_of
from polymodal.preprocess.image import Image
from polymodal.preprocess.modality import check_range
from polymodal.preprocess.pixels.pictures import resize, standardise

__all__ = ["TiledImage"]

_LARGEST = 4096  # pixels of a side before it is cut


class TiledImage(Image):
    """A picture as tiles of one size, line by line, and the whole of it, as small, last.

    Its longer side is brought to `longest`, then both sides to whole tiles. Arrays have a place for
    each tile of the largest square, (tiles + 1, size, size, channels); those that a picture does
    not have are NaN. So where a tile is tells its line and column. Several pictures of a row come
    one after the other.

    Args:
        size: int, side of a tile in pixels.
        longest: int, pixels of the longer side.
        split: bool, whether there are tiles; without, the whole alone, stretched to a square.
        channels: 1 or 3.
        mean, std: list of float, of each channel, in pixel values of 0 to 255.
        resample: str, nearest, bilinear, bicubic or lanczos.
        max_pixels: int, larger pictures are refused before they are decoded.
        max_images: int, most pictures of a row; above 1, arrays are (pictures * (tiles + 1), size,
            size, channels).

    Source: Laurençon et al., "Building and better understanding vision-language models", 2024
    (Idefics3).

    Example:

    >>> tiled = TiledImage(size=2, longest=4, mean=[0.0] * 3, std=[1.0] * 3)
    >>> found = tiled.encode(np.zeros((2, 4, 3), np.uint8))
    >>> found.shape, np.isnan(found).any(axis=(1, 2, 3)).tolist()
    ((5, 2, 2, 3), [False, False, True, True, False])
    """

    encoder = "siglip_image"
    augmentation = ()
    has_gaps = True

    def __init__(
        self,
        size: int = 364,
        longest: int = 1456,
        split: bool = True,
        channels: int = 3,
        mean: list | None = None,
        std: list | None = None,
        resample: str = "lanczos",
        max_pixels: int = MAX_PIXELS,
        max_images: int = 1,
    ):
        check_range("TiledImage", "size", size, 1, _LARGEST)
        if not size <= longest <= _LARGEST:
            raise RecipeError(
                f"TiledImage needs longest from size={size} to {_LARGEST:,}. Got "
                f"{longest}. Change one of them."
            )
        middle, spread = [127.5] * channels, [64.0] * channels
        super().__init__(
            size,
            channels,
            0.0,
            0.0,
            0.0,
            False,
            max_pixels,
            mean or middle,
            std or spread,
            resample,
            max_images=max_images,
        )
        self.longest, self.split = longest, split
        self.grid = math.ceil(longest / size) if split else 0
        self.several = self.has_time = True
        self.num_parts = self.grid**2 + 1
        self.limit = self.num_parts * max_images

    @classmethod
    def suggest(cls, cells: Sequence[Any], root: str | os.PathLike | None = None) -> dict[str, Any]:
        most = max((len(cells_of(cell)) for cell in cells if cell is not None), default=1)
        if most > 1:
            return {"max_images": most}
        return {}

    @property
    def side(self) -> int:
        """Pixels of a side of a tile."""
        return (self.size or (1, 1))[0]

    @property
    def shape(self) -> tuple[int | None, ...]:
        count = self.num_parts if self.max_images == 1 else None
        return (count, self.side, self.side, self.channels)

    def decode(self, cell: Any, root: str | os.PathLike | None = None) -> np.ndarray:
        """Returns uint8 (height, width, channels), sides of whole tiles; where a row may have
        several pictures, (pictures * (tiles + 1), size, size, channels + 1), whose last channel is
        0 where there is no tile."""
        pictures = self._cells(cell)
        if self.max_images == 1:
            return self._whole(pictures[0], root)
        return np.concatenate([self._with_gaps(self._whole(one, root)) for one in pictures])

    def _whole(self, cell: Any, root: str | os.PathLike | None) -> np.ndarray:
        pixels = read_image(cell, root, self.max_pixels)
        if pixels.shape[2] != self.channels:
            pixels = np.repeat(pixels[..., :1], self.channels or 3, axis=-1)
        filter_name = self.resample or "lanczos"
        sides = _sides(pixels.shape[0], pixels.shape[1], self.longest)
        whole = resize(pixels, sides, filter_name)
        if self.split:
            return resize(whole, _in_tiles(*sides, self.side), filter_name)
        return resize(whole, self.size, filter_name)

    def decode_key(self) -> dict[str, Any]:
        return {**super().decode_key(), "longest": self.longest, "split": self.split}

    def fit(self, decoded: Iterable[np.ndarray]) -> None:
        """Nothing is learned."""

    def augment(self, decoded: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return decoded

    def augment_all(
        self, decoded: list[np.ndarray], rng: np.random.Generator, longest: int | None = None
    ) -> Any:
        return decoded

    def encode_all(self, decoded: Any) -> list[np.ndarray]:
        return [self.encode(one) for one in decoded]

    def encode(self, decoded: np.ndarray) -> np.ndarray:
        """Returns float32 (places, size, size, channels), NaN where there is no tile."""
        if self.max_images == 1:
            decoded = self._with_gaps(decoded)
        found = standardise(decoded[..., :-1], self._scale, self._offset)
        found[decoded[:, 0, 0, -1] == 0] = np.nan
        return found

    def length(self, decoded: np.ndarray) -> int:
        if self.max_images == 1:
            return self.num_parts
        return len(decoded)

    def _with_gaps(self, pixels: np.ndarray) -> np.ndarray:
        """Returns the tiles of one picture, (tiles + 1, size, size, channels + 1)."""
        side = self.side
        found = np.zeros((self.num_parts, side, side, (self.channels or 3) + 1), np.uint8)
        down, across = (length // side for length in pixels.shape[:2])
        if down * across > 1:
            for row in range(down):
                for column in range(across):
                    tile = pixels[
                        row * side : (row + 1) * side, column * side : (column + 1) * side
                    ]
                    found[row * self.grid + column, ..., :-1] = tile
                    found[row * self.grid + column, ..., -1] = 1
        found[-1, ..., :-1] = resize(pixels, self.size, self.resample or "lanczos")
        found[-1, ..., -1] = 1
        return found


def _sides(height: int, width: int, longest: int) -> tuple[int, int]:
    """Returns the sides of a picture whose longer one is `longest`, the other one even."""
    if width >= height:
        height = max(1, int(longest / (width / height)))
        return height + height % 2, longest
    width = max(1, int(longest * (width / height)))
    return longest, width + width % 2


def _in_tiles(height: int, width: int, side: int) -> tuple[int, int]:
    """Returns sides of whole tiles, the longer one rounded up first."""
    ratio = width / height
    if width >= height:
        width = math.ceil(width / side) * side
        height = math.ceil(int(width / ratio) / side) * side
    else:
        height = math.ceil(height / side) * side
        width = math.ceil(int(height * ratio) / side) * side
    return height, width
