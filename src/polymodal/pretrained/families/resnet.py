"""ResNet, under the names of transformers."""

from __future__ import annotations

from typing import Any, ClassVar

from polymodal.layers.activations import ACTIVATIONS
from polymodal.pretrained.family import Family
from polymodal.pretrained.reading.config import Config

__all__ = ["Resnet"]


def _named(ours: str, theirs: str) -> dict[str, str]:
    return {
        f"{ours}.convolution": f"{theirs}.convolution",
        f"{ours}.norm": f"{theirs}.normalization",
    }


_BLOCK, _THEIRS = "stages.*.blocks.*", "encoder.stages.*.layers.*"


class Resnet(Family):
    """ResNet: a residual network for images, of 18 to 152 layers.

    Source: He et al., "Deep residual learning for image recognition", 2015.
    """

    encoder = "resnet"
    modality = "image"
    title = "ResNet"
    prefixes = ("resnet.",)
    names: ClassVar = {
        **_named("stem", "embedder.embedder"),
        **_named(f"{_BLOCK}.first", f"{_THEIRS}.layer.0"),
        **_named(f"{_BLOCK}.second", f"{_THEIRS}.layer.1"),
        **_named(f"{_BLOCK}.third", f"{_THEIRS}.layer.2"),
        **_named(f"{_BLOCK}.shortcut", f"{_THEIRS}.shortcut"),
    }
    unused = ("classifier.",)

    @classmethod
    def settings(cls, config: Config) -> dict[str, Any]:
        config.only("num_channels", 3)
        for unused in ("out_features", "out_indices", "stage_names"):  # of a detector behind it
            config.passed_over(unused)
        depths = config.wholes("depths", 1, 1_000, [3, 4, 6, 3])
        return {
            "stem": config.whole("embedding_size", 1, 16_384, 64),
            "widths": config.wholes("hidden_sizes", 1, 65_536, [256, 512, 1024, 2048], len(depths)),
            "depths": depths,
            "block": config.one_of("layer_type", ("basic", "bottleneck"), "bottleneck"),
            "activation": config.one_of("hidden_act", ACTIVATIONS, "relu"),
            "halves_first": config.flag("downsample_in_first_stage", False),
            "stride_in_front": config.flag("downsample_in_bottleneck", False),
            "pooling": "mean",
            "keeps_statistics": True,
        }
