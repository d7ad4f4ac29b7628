"""The image encoder of SigLIP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from polymodal.layers.activations import ACTIVATIONS
from polymodal.pretrained.families.clip_vision_model import block_names
from polymodal.pretrained.family import Family
from polymodal.pretrained.reading.config import Config

__all__ = ["SiglipVisionModel"]

_JOINED = ("query", "key", "value")  # in one tensor, in this order


def _third(place: int) -> Callable[[np.ndarray], np.ndarray]:
    """Returns the function that takes one of three parts of a tensor, a kernel's axes in ours."""
    return lambda values: np.split(values, 3)[place].T


class SiglipVisionModel(Family):
    """SigLIP's image encoder: no class token; a learned query attends to the patches.

    Source: Zhai et al., "Sigmoid loss for language image pre-training", 2023.
    """

    encoder = "siglip_image"
    modality = "image"
    title = "SigLIP, SigLIP 2, images"
    prefixes = ("vision_model.",)
    names: ClassVar = {
        "positions": "embeddings.position_embedding.weight",
        "patches": "embeddings.patch_embedding",
        "norm": "post_layernorm",
        "pool.probe": "head.probe",
        **{f"pool.attention.{one}.kernel": "head.attention.in_proj_weight" for one in _JOINED},
        **{f"pool.attention.{one}.bias": "head.attention.in_proj_bias" for one in _JOINED},
        "pool.attention.output_projection": "head.attention.out_proj",
        "pool.norm": "head.layernorm",
        "pool.widen": "head.mlp.fc1",
        "pool.narrow": "head.mlp.fc2",
        **block_names(""),
    }
    changes: ClassVar = {
        "pool.probe": lambda values: values[0],
        **{
            f"pool.attention.{one}.{kind}": _third(place)
            for place, one in enumerate(_JOINED)
            for kind in ("kernel", "bias")
        },
    }
    undoes_changes = True
    unused = ("embeddings.position_ids", "text_model.", "logit_")

    @classmethod
    def settings(cls, config: Config) -> dict[str, Any]:
        config.only("num_channels", 3)
        for unused in ("attention_dropout", "initializer_factor", "projection_dim"):
            config.passed_over(unused)
        pooling = "none"
        if config.flag("vision_use_head", True):
            pooling = "probe"
        return {
            "width": config.whole("hidden_size", 1, 16_384, 768),
            "num_layers": config.whole("num_hidden_layers", 1, 200, 12),
            "num_heads": config.whole("num_attention_heads", 1, 1_024, 12),
            "hidden": config.whole("intermediate_size", 1, 131_072, 3072),
            "patch_size": config.side("patch_size", 16),
            "image_size": config.side("image_size", 224),
            "activation": config.one_of("hidden_act", ACTIVATIONS, "gelu_pytorch_tanh"),
            "epsilon": config.number("layer_norm_eps", 0.0, 0.1, 1e-6),
            "pooling": pooling,
        }
