"""How a checkpoint's images are prepared, from its own `preprocessor_config.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polymodal.core.errors import BundleError
from polymodal.pretrained.reading.checkpoint import Checkpoint
from polymodal.pretrained.reading.config import Config

__all__ = ["FILE", "FILTERS", "opened_processor", "settings_of"]

FILE = "preprocessor_config.json"
FILTERS = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic"}
_USUAL = {"CLIPImageProcessor": 3, "SiglipImageProcessor": 3, "BitImageProcessor": 3}  # unstated
_WITHOUT_EFFECT = (
    "image_processor_type",
    "feature_extractor_type",
    "processor_class",
    "data_format",
    "input_data_format",
    "device",
    "disable_grouping",
    "return_tensors",
    "image_seq_length",
    "default_to_square",
    "do_convert_rgb",
)  # ours are always RGB
_STRETCHED_FROM = 384  # pixels, from which ConvNext's processor stretches and cuts nothing
_NEVER_VARIED = {"shift": 0.0, "crop": 0.0, "colour": 0.0, "flip": False}


def opened_processor(checkpoint: Checkpoint, without_effect: Sequence[str]) -> Config:
    """Returns the settings of an image processor that resizes, rescales and normalises.

    Args:
        checkpoint: Checkpoint.
        without_effect: names of settings that change nothing here.

    Raises:
        BundleError: there is no such file, or it leaves one of the three out.
    """
    path = checkpoint.folder / FILE
    if not path.is_file():
        raise BundleError(
            f"{checkpoint.folder} needs {FILE}. It is missing. Copy the whole checkpoint."
        )
    config = Config(path, checkpoint.mapping(FILE))
    for flag in ("do_resize", "do_rescale", "do_normalize"):
        config.only(flag, True)
    for name in without_effect:
        config.passed_over(name)
    return config


def settings_of(checkpoint: Checkpoint) -> dict[str, Any]:
    """Returns the settings of the modality `image`.

    Raises:
        BundleError: there is no such file, or it asks for something that we do not implement.
    """
    config = opened_processor(checkpoint, _WITHOUT_EFFECT)
    values = checkpoint.mapping(FILE)
    config.only("do_pad", False, None)
    config.only("pad_size", None)
    scale = config.number("rescale_factor", 1e-6, 1.0, 1 / 255)
    mean = config.numbers("image_mean", 3, -10.0, 10.0)
    std = config.numbers("image_std", 3, 1e-6, 10.0)
    usual = _USUAL.get(_kind(values), 2)
    resample = FILTERS[config.one_of("resample", tuple(FILTERS), usual)]
    sizes = _sizes(config, values)
    config.finish()
    return {
        "channels": 3,
        "mean": [value / scale for value in mean],
        "std": [value / scale for value in std],
        "resample": resample,
        **sizes,
        **_NEVER_VARIED,
    }


def _sizes(config: Config, values: Mapping[str, Any]) -> dict[str, Any]:
    size = _two_sides(config, "size")
    if _kind(values).startswith("ConvNext"):
        return _by_share(config, size)
    if not config.flag("do_center_crop", False):
        config.passed_over("crop_size")
        if isinstance(size, int):
            config.refuse("size", "height and width, where images are not cropped", values["size"])
        return {"size": size}
    crop = _two_sides(config, "crop_size")
    if not isinstance(size, int) or isinstance(crop, int) or size < max(crop):
        config.refuse(
            "size", 'a "shortest_edge" of at least the sides of crop_size', values.get("size")
        )
    return {"size": crop, "short_side": size}


def _by_share(config: Config, size: Any) -> dict[str, Any]:
    """Returns the sizes of the processor that states which share of an image is kept."""
    config.passed_over("do_center_crop")
    config.passed_over("crop_size")
    share = config.number("crop_pct", 0.1, 1.0, 224 / 256)
    if not isinstance(size, int):
        config.refuse("size", "a shortest_edge", size)
    if size >= _STRETCHED_FROM:
        return {"size": [size, size]}
    return {"size": [size, size], "short_side": int(size / share)}


def _kind(values: Mapping[str, Any]) -> str:
    """Returns the class of the processor, under its newer name."""
    name = str(values.get("image_processor_type") or values.get("feature_extractor_type"))
    return name.removesuffix("Fast").replace("FeatureExtractor", "ImageProcessor")


def _two_sides(config: Config, name: str) -> Any:
    """Returns [height, width], or the shortest edge as a number."""
    value = config.any(name)
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 4096:
        if name == "size":
            return value
        return [value, value]
    if isinstance(value, Mapping):
        known = {key: side for key, side in value.items() if side is not None}
        if set(known) == {"shortest_edge"} and _is_side(known["shortest_edge"]):
            return known["shortest_edge"]
        if set(known) == {"height", "width"} and all(map(_is_side, known.values())):
            return [known["height"], known["width"]]
    config.refuse(name, "height and width, or a shortest_edge, in pixels", value)


def _is_side(value: Any) -> bool:
    return type(value) is int and 1 <= value <= 4096
