"""How an assistant cuts images in tiles, from its own `preprocessor_config.json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polymodal.pretrained.reading.config import Config
from polymodal.pretrained.reading.pixels import FILTERS, opened_processor

__all__ = ["tiles_of"]

_LANCZOS = 1
_WITHOUT_EFFECT = (
    "image_processor_type",
    "processor_class",
    "do_convert_rgb",
    "do_pad",
    "data_format",
    "input_data_format",
    "device",
    "disable_grouping",
    "return_tensors",
    "return_row_col_info",
    "size_divisor",
    "default_to_square",
    "video_sampling",
    "image_seq_length",
    "pad_size",
    "crop_size",
    "do_center_crop",
)


def tiles_of(checkpoint: Any) -> dict[str, Any]:
    """Returns the settings of the modality `tiled_image`.

    Raises:
        BundleError: there is no such file, or it asks for something that we do not implement.
    """
    config = opened_processor(checkpoint, _WITHOUT_EFFECT)
    scale = config.number("rescale_factor", 1e-6, 1.0, 1 / 255)
    mean = config.numbers("image_mean", 3, -10.0, 10.0)
    std = config.numbers("image_std", 3, 1e-6, 10.0)
    resample = FILTERS[config.one_of("resample", tuple(FILTERS), _LANCZOS)]
    side, longest = (_edge(config, name) for name in ("max_image_size", "size"))
    split = config.flag("do_image_splitting", True)
    config.finish()
    return {
        "size": side,
        "longest": longest,
        "split": split,
        "channels": 3,
        "mean": [value / scale for value in mean],
        "std": [value / scale for value in std],
        "resample": resample,
    }


def _edge(config: Config, name: str) -> int:
    value = config.any(name)
    edge = value.get("longest_edge") if isinstance(value, Mapping) else None
    if type(edge) is not int or not 1 <= edge <= 4096:
        config.refuse(name, 'a "longest_edge" from 1 to 4,096 pixels', value)
    return edge
