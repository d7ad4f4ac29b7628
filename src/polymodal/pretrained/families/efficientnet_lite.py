"""EfficientNet-Lite0, under the names of `efficientnet-lite-pytorch`."""

from __future__ import annotations

from typing import Any, ClassVar

from polymodal.pretrained.family import Family
from polymodal.pretrained.reading.config import Config

__all__ = ["EfficientnetLite"]


class EfficientnetLite(Family):
    """EfficientNet-Lite0: a small convolutional network for images.

    Source: Tan and Le, "EfficientNet", 2019.
    """

    encoder = "efficientnet_lite"
    modality = "image"
    title = "EfficientNet-Lite0"
    names: ClassVar = {
        "stem.convolution": "_conv_stem",
        "stem.norm": "_bn0",
        "blocks.*.widen.convolution": "_blocks.*._expand_conv",
        "blocks.*.widen.norm": "_blocks.*._bn0",
        "blocks.*.filter.depthwise": "_blocks.*._depthwise_conv",
        "blocks.*.filter.norm": "_blocks.*._bn1",
        "blocks.*.narrow.convolution": "_blocks.*._project_conv",
        "blocks.*.narrow.norm": "_blocks.*._bn2",
        "top.convolution": "_conv_head",
        "top.norm": "_bn1",
    }
    unused = ("_fc.",)

    @classmethod
    def settings(cls, config: Config) -> dict[str, Any]:
        config.only("variant", 0)
        return {"pooling": "mean", "keeps_statistics": True}
