"""Pictures: decoding, size, channels, augmentation and normalisation."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import numpy as np

from polymodal.core.errors import DataError, RecipeError
from polymodal.core.fields import Fields
from polymodal.media.image import MAX_PIXELS, image_size, read_image
from polymodal.media.media_cell import cells_of
from polymodal.preprocess.modality import FIT_SAMPLES, Modality, check_range
from polymodal.preprocess.numbers.statistics import Moments, mean_and_std
from polymodal.preprocess.pixels.pictures import (
    FILTERS,
    TINY,
    as_size,
    cut_from,
    is_grey,
    resize,
    set_channels,
    standardise,
    suggest_size,
    vary,
)

__all__ = ["Image"]


class Image(Modality):
    """Pictures at one size, each channel standardised by the train split.

    Args:
        size: int or [height, width] in pixels; None takes it from the train split: the common size,
            or a shorter side of 64 for larger pictures.
        channels: 1 or 3; None is 1 when the train pictures are grey.
        shift: float 0..1, augmentation: largest shift, as a share of the sides.
        crop: float 0..1, augmentation: largest share of the sides that is cropped.
        colour: float 0..1, augmentation: change in brightness, contrast and saturation.
        flip: bool, augmentation: mirror left to right; None does so for colour pictures above 32
            pixels. Switch it off if left and right matter, as in text about the picture.
        max_pixels: int, larger pictures are refused before they are decoded.
        mean, std: float, or a list of one for each channel, in pixel values of 0 to 255: what is
            subtracted and divided by, instead of what the train split has. Give both or none.
        resample: str, nearest, bilinear, bicubic or lanczos: how pictures get their size. None is
            bilinear, from a JPEG decoded at a size close to it, which is faster.
        centre: bool, whether pictures keep the ratio of their sides and are cut to the middle,
            rather than stretched.
        max_images: int, most pictures of a row; above 1, arrays are (pictures, height, width,
            channels).
        short_side: int, pixels that the shorter side is brought to before the middle of `size` is
            cut out, as some published encoders ask.

    Example:

    >>> image = Image(size=2, channels=1)
    >>> image.fit([np.zeros((2, 2, 1), np.uint8), np.full((2, 2, 1), 2, np.uint8)])
    >>> image.encode(np.full((2, 2, 1), 2, np.uint8))[:, :, 0].tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """

    encoder = "convnet"
    files = ("image",)
    cached = True
    augmentation = ("shift", "crop", "colour", "flip")
    extent = ("max_images",)

    def __init__(
        self,
        size: int | list | None = None,
        channels: int | None = None,
        shift: float = 0.1,
        crop: float = 0.1,
        colour: float = 0.2,
        flip: bool | None = None,
        max_pixels: int = MAX_PIXELS,
        mean: float | list | None = None,
        std: float | list | None = None,
        resample: str | None = None,
        centre: bool = False,
        short_side: int | None = None,
        max_images: int = 1,
    ):
        if channels not in (None, 1, 3):
            raise RecipeError(f"Image needs channels of 1 or 3. Got {channels}.")
        for name, value in (("shift", shift), ("crop", crop), ("colour", colour)):
            check_range("Image", name, value, 0, 0.9)
        check_range("Image", "max_images", max_images, 1, 1000)
        self.max_images, self.several, self.has_time = max_images, max_images > 1, max_images > 1
        self.size = as_size("Image", size)
        if self.several and self.size is None:
            raise RecipeError(
                f"Image needs a size where rows have several. Got {size}. Give one, such as 64."
            )
        self.channels = channels
        self.shift, self.crop, self.colour, self.flip = shift, crop, colour, flip
        self.max_pixels = max_pixels
        if resample not in (None, *FILTERS):
            raise RecipeError(f"Image needs resample of {', '.join(FILTERS)}. Got {resample}.")
        self.resample, self.centre, self.short_side = resample, centre, short_side
        if short_side is not None and (self.size is None or short_side < max(self.size)):
            raise RecipeError(
                "Image needs a size of at most short_side. Got "
                f"short_side={short_side}, size={size}. Give both."
            )
        self._set(np.full(channels or 1, 127.5, np.float32), np.full(channels or 1, 64, np.float32))
        self._given = _scale_of(channels, mean, std)
        if self._given is not None:
            self._set(*self._given)

    @classmethod
    def suggest(cls, cells: Sequence[Any], root: str | os.PathLike | None = None) -> dict[str, Any]:
        sizes, grey, most = [], [], 1
        for cell in cells:
            try:
                parts = [] if cell is None else cells_of(cell)
                most = max(most, len(parts))
                for part in parts:
                    sizes.append(image_size(part, root))
                    grey.append(is_grey(read_image(part, root, at_least=(64, 64))))
            except DataError:
                continue
        if not grey:
            return {}
        size = suggest_size(sizes)
        tiny = min(as_size("Image", size) or ()) <= TINY
        found = {"size": size, "channels": 1 if all(grey) else 3}
        if most > 1:
            found["max_images"] = most
        if tiny:
            return {**found, "crop": 0.0, "flip": False}
        return found

    @classmethod
    def among(cls, others: Sequence[str]) -> dict[str, Any]:
        return {"flip": False} if "text" in others else {}  # "the left one" would become false

    @property
    def shape(self) -> tuple[int | None, ...]:
        one = (*(self.size or (None, None)), self.channels)
        if self.several:
            return (None, *one)
        return one

    def decode(self, cell: Any, root: str | os.PathLike | None = None) -> np.ndarray:
        """Returns uint8 (height, width, channels) at the size in use; with several of a row,
        (pictures, height, width, channels)."""
        found = [self._decoded(part, root) for part in self._cells(cell)]
        if self.several:
            return np.stack(found)
        return found[0]

    def _cells(self, cell: Any) -> list[Any]:
        """Returns the single pictures of a cell."""
        parts = cells_of(cell)
        if len(parts) > self.max_images:
            raise DataError(
                f"holds {len(parts)} images, of which at most {self.max_images} are read.",
                f"Set inputs.image.max_images to {len(parts)} in training, or leave images out.",
                reason="too_many_images",
            )
        return parts

    def length(self, decoded: np.ndarray) -> int:
        if self.several:
            return len(decoded)
        return 1

    def _decoded(self, cell: Any, root: str | os.PathLike | None) -> np.ndarray:
        whole = self.resample is not None or self.centre or self.short_side is not None
        return self.sized(
            read_image(cell, root, self.max_pixels, at_least=None if whole else self.size)
        )

    def sized(self, pixels: np.ndarray) -> np.ndarray:
        """Returns a picture at the size and with the channels in use."""
        if self.short_side is not None and self.size is not None:
            pixels = cut_from(pixels, self.size, self.short_side, self.resample or "bilinear")
        return self._fitted(pixels)

    def decode_key(self) -> dict[str, Any]:
        key = {
            **super().decode_key(),
            "size": self.size,
            "channels": self.channels,
            "max_pixels": self.max_pixels,
        }
        if self.resample is not None or self.centre:
            key |= {"resample": self.resample, "centre": self.centre}
        if self.short_side is not None:
            key |= {"resample": self.resample, "short_side": self.short_side}
        if self.several:
            key["max_images"] = self.max_images
        return key

    def fit(self, decoded: Iterable[np.ndarray]) -> None:
        sizes: Counter = Counter()
        grey, colour = Moments(), Moments()
        all_grey = True
        if self.several:
            decoded = (one for row in decoded for one in row)
        for pixels in islice(decoded, FIT_SAMPLES):
            sizes[pixels.shape[:2]] += 1
            all_grey = all_grey and is_grey(pixels)
            colour.add(set_channels(pixels, 3))
            grey.add(set_channels(pixels, 1))
        if self.size is None and sizes:
            self.size = as_size("Image", suggest_size(list(sizes.elements())))
        if self.channels is None:
            self.channels = 1 if all_grey else 3
        found = (grey if self.channels == 1 else colour).result(self.channels)
        self._set(*(self._given or found))

    def augment(self, decoded: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return self.augment_all([decoded], rng)[0]

    def augment_all(
        self, decoded: list[np.ndarray], rng: np.random.Generator, longest: int | None = None
    ) -> Any:
        if self.several:
            alone = [one for row in decoded for one in row]
            return _by_row(self._augmented(alone, rng, longest), decoded)
        return self._augmented(decoded, rng, longest)

    def _augmented(
        self, decoded: list[np.ndarray], rng: np.random.Generator, longest: int | None
    ) -> Any:
        if not decoded or len({pixels.shape for pixels in decoded}) > 1:
            return super().augment_all(decoded, rng)
        height, width, channels = decoded[0].shape
        flip = self.flip
        if flip is None:
            flip = min(height, width) > TINY and channels == 3
        clips = np.stack(decoded)[:, None]  # one frame each
        return vary(clips, rng, self.shift, self.crop, self.colour, flip)[:, 0]

    def encode(self, decoded: np.ndarray) -> np.ndarray:
        return self.encode_all([decoded])[0]

    def encode_all(self, decoded: Any) -> Any:
        if self.several:
            alone = [one for row in decoded for one in row]
            return _by_row(self._encoded(alone), decoded)
        return self._encoded(decoded)

    def _encoded(self, decoded: Any) -> Any:
        fitted = [self._fitted(pixels) for pixels in decoded]
        if fitted:
            return standardise(np.stack(fitted), self._scale, self._offset)
        return []

    def state(self) -> dict[str, Any]:
        return {
            "size": list(self.size) if self.size else None,
            "channels": self.channels,
            "mean": self.mean.tolist(),
            "std": self.std.tolist(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        fields = Fields(state)
        self.size = as_size("Image", state.get("size"))
        self.channels = fields.whole_or_none("channels", 1, 4)
        self._set(*mean_and_std(fields, self.channels or len(self.mean)))

    def _fitted(self, pixels: np.ndarray) -> np.ndarray:
        return set_channels(
            resize(pixels, self.size, self.resample or "bilinear", self.centre), self.channels
        )

    def _set(self, mean: np.ndarray, std: np.ndarray) -> None:
        self.mean, self.std = mean, std
        self._scale, self._offset = 1.0 / std, -mean / std


def _by_row(pictures: Any, rows: Sequence[Any]) -> list[np.ndarray]:
    """Returns pictures, one after the other, as those of each row."""
    ends = np.cumsum([len(row) for row in rows])
    return [
        np.stack(list(pictures[end - len(row) : end])) for end, row in zip(ends, rows, strict=True)
    ]


def _scale_of(channels: int | None, mean: Any, std: Any) -> tuple[np.ndarray, np.ndarray] | None:
    """Returns (mean, std) of each channel as a recipe gives them, or None where it does not."""
    if mean is None and std is None:
        return None
    count = channels or 1
    pair = [value if isinstance(value, list) else [value] * count for value in (mean, std)]
    if channels is None or any(len(value) != count or None in value for value in pair):
        raise RecipeError(
            f"Image needs channels, mean and std together, one number or {count}. "
            f"Got channels={channels}, mean={mean}, std={std}. Give all three."
        )
    found = [np.array(value, np.float32) for value in pair]
    if not (np.isfinite(found).all() and (found[1] > 0).all()):
        raise RecipeError(
            f"Image needs finite mean and std, std above 0. Got mean={mean}, "
            f"std={std}. Give those of the pixels, 0 to 255."
        )
    return found[0], found[1]
