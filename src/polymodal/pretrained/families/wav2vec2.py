"""wav2vec 2.0, as encoder of sound and with a layer that spells what is said (CTC)."""

from __future__ import annotations

from typing import Any, ClassVar

from polymodal.layers.activations import ACTIVATIONS
from polymodal.pretrained.family import Family
from polymodal.pretrained.reading.config import Config

__all__ = ["Wav2vec2"]

# Of training, of heads and adapters that an encoder does not have; of CTC, read with its layer.
_NOT_OF_THE_ENCODER = (
    "activation_dropout",
    "attention_dropout",
    "hidden_dropout",
    "feat_proj_dropout",
    "feat_quantizer_dropout",
    "final_dropout",
    "layerdrop",
    "apply_spec_augment",
    "mask_time_prob",
    "mask_time_length",
    "mask_time_min_masks",
    "mask_feature_prob",
    "mask_feature_length",
    "mask_feature_min_masks",
    "mask_channel_length",
    "mask_channel_min_space",
    "mask_channel_other",
    "mask_channel_prob",
    "mask_channel_selection",
    "mask_time_min_space",
    "mask_time_other",
    "mask_time_selection",
    "num_codevectors_per_group",
    "num_codevector_groups",
    "contrastive_logits_temperature",
    "num_negatives",
    "codevector_dim",
    "proj_codevector_dim",
    "diversity_loss_weight",
    "freeze_feat_extract_train",
    "no_mask_channel_overlap",
    "no_mask_time_overlap",
    "ctc_loss_reduction",
    "ctc_zero_infinity",
    "use_weighted_layer_sum",
    "classifier_proj_size",
    "tdnn_dim",
    "tdnn_kernel",
    "tdnn_dilation",
    "xvector_output_dim",
    "adapter_kernel_size",
    "adapter_stride",
    "num_adapter_layers",
    "output_hidden_size",
    "vocab_size",
    "pad_token_id",
    "tokenizer_class",
)
_CONVOLUTION = "encoder.pos_conv_embed.conv"


class Wav2vec2(Family):
    """wav2vec 2.0: a transformer that reads samples, and spells where it was trained to.

    Source: Baevski et al., "wav2vec 2.0: a framework for self-supervised learning of speech
    representations", 2020.
    """

    encoder = "wave_transformer"
    modality = "audio"
    title = "wav2vec 2.0"
    prefixes = ("wav2vec2.",)
    names: ClassVar = {
        "filters.convolutions.*": "feature_extractor.conv_layers.*.conv",
        "filters.norms.*": "feature_extractor.conv_layers.*.layer_norm",
        "frame_norm": "feature_projection.layer_norm",
        "project": "feature_projection.projection",
        "positions.kernel": f"{_CONVOLUTION}.parametrizations.weight.original1",
        "positions.gain": f"{_CONVOLUTION}.parametrizations.weight.original0",
        "positions.bias": f"{_CONVOLUTION}.bias",
        "norm": "encoder.layer_norm",
        "layer_weights": "layer_weights",
        "speaker.project": "projector",
        "speaker.frames.*": "tdnn.*.kernel",
        "speaker.vector": "feature_extractor",
        "blocks.*.attention.query": "encoder.layers.*.attention.q_proj",
        "blocks.*.attention.key": "encoder.layers.*.attention.k_proj",
        "blocks.*.attention.value": "encoder.layers.*.attention.v_proj",
        "blocks.*.attention.output_projection": "encoder.layers.*.attention.out_proj",
        "blocks.*.attention_norm": "encoder.layers.*.layer_norm",
        "blocks.*.widen": "encoder.layers.*.feed_forward.intermediate_dense",
        "blocks.*.narrow": "encoder.layers.*.feed_forward.output_dense",
        "blocks.*.feedforward_norm": "encoder.layers.*.final_layer_norm",
    }
    unused = (
        "masked_spec_embed",
        "lm_head.",
        "quantizer.",
        "project_hid.",
        "project_q.",
        "projector.",
        "classifier.",
        "layer_weights",
        "label_embs_concat",
        "final_proj.",
        "objective.",
    )
    spells = True

    @classmethod
    def settings(cls, config: Config) -> dict[str, Any]:
        for name in _NOT_OF_THE_ENCODER:
            config.passed_over(name)
        config.only("add_adapter", False)
        config.only("adapter_attn_dim", None)
        width = config.whole("hidden_size", 1, 16_384, 768)
        return {
            "width": width,
            "num_layers": config.whole("num_hidden_layers", 1, 200, 12),
            "num_heads": _divisor(config, "num_attention_heads", width, 12),
            "hidden": config.whole("intermediate_size", 1, 131_072, 3072),
            "filters": _filters(config),
            "filter_norm": config.one_of("feat_extract_norm", ("group", "layer"), "group"),
            "filter_bias": config.flag("conv_bias", False),
            "filter_activation": config.one_of("feat_extract_activation", ACTIVATIONS, "gelu"),
            "activation": config.one_of("hidden_act", ACTIVATIONS, "gelu"),
            "epsilon": config.number("layer_norm_eps", 0.0, 0.1, 1e-5),
            "norm_first": config.flag("do_stable_layer_norm", False),
            "position_kernel": config.whole("num_conv_pos_embeddings", 1, 65_536, 128),
            "position_groups": _divisor(config, "num_conv_pos_embedding_groups", width, 16),
            **_speaker(config),
            **cls.own_settings(config),
        }

    @classmethod
    def own_settings(cls, config: Config) -> dict[str, Any]:
        """Returns the arguments in which the relatives of wav2vec 2.0 differ."""
        return {}


def _speaker(config: Config) -> dict[str, Any]:
    """Returns the layers of an x-vector, where the checkpoint is of one."""
    if not any("ForXVector" in str(name) for name in config.any("architectures") or []):
        return {}
    channels = config.wholes("tdnn_dim", 1, 65_536, [512, 512, 512, 512, 1500])
    kernels = config.wholes("tdnn_kernel", 1, 65_536, [5, 3, 3, 1, 1], len(channels))
    dilations = config.wholes("tdnn_dilation", 1, 65_536, [1, 2, 3, 1, 1], len(channels))
    return {
        "speaker": [list(one) for one in zip(channels, kernels, dilations, strict=True)],
        "speaker_width": config.whole("xvector_output_dim", 1, 65_536, 512),
        "mixes_layers": config.flag("use_weighted_layer_sum", False),
    }


def _divisor(config: Config, name: str, width: int, usual: int) -> int:
    """Returns a whole number that divides the width."""
    value = config.whole(name, 1, 16_384, usual)
    if width % value:
        config.refuse(name, f"a number that divides the width {width}", value)
    return value


def _filters(config: Config) -> list[list[int]]:
    """Returns [channels, kernel, stride] of each convolution."""
    channels = config.wholes("conv_dim", 1, 65_536, [512] * 7)
    kernels = config.wholes("conv_kernel", 1, 65_536, [10, 3, 3, 3, 3, 2, 2], len(channels))
    strides = config.wholes("conv_stride", 1, 65_536, [5, 2, 2, 2, 2, 2, 2], len(channels))
    config.only("num_feat_extract_layers", len(channels))
    return [list(one) for one in zip(channels, kernels, strides, strict=True)]
