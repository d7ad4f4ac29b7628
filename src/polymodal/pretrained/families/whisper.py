"""Whisper, its encoder."""

from __future__ import annotations

from typing import Any, ClassVar

from polymodal.layers.activations import ACTIVATIONS
from polymodal.pretrained.config import Config
from polymodal.pretrained.family import Family

__all__ = ["Whisper"]

# Of the decoder, of generation, of heads that an encoder does not have, and of training.
_NOT_OF_THE_ENCODER = (
    "decoder_layers", "decoder_attention_heads", "decoder_ffn_dim", "decoder_layerdrop",
    "decoder_start_token_id", "max_target_positions", "max_length", "vocab_size", "pad_token_id",
    "suppress_tokens", "begin_suppress_tokens", "forced_decoder_ids", "median_filter_width",
    "scale_embedding", "is_encoder_decoder", "use_weighted_layer_sum", "classifier_proj_size",
    "encoder_layerdrop", "dropout", "attention_dropout", "activation_dropout", "init_std",
    "apply_spec_augment", "mask_time_prob", "mask_time_length", "mask_time_min_masks",
    "mask_feature_prob", "mask_feature_length", "mask_feature_min_masks", "num_hidden_layers",
    "alignment_heads", "lang_ids",
)


class Whisper(Family):
    """Whisper: the encoder of a speech recogniser, a token for each fiftieth of a second.

    Source: Radford et al., "Robust speech recognition via large-scale weak supervision", 2023.
    """

    encoder = "audio_transformer"
    modality = "audio"
    title = "Whisper"
    prefixes = ("model.",)
    names: ClassVar = {
        "first": "encoder.conv1",
        "second": "encoder.conv2",
        "positions": "encoder.embed_positions.weight",
        "norm": "encoder.layer_norm",
        "blocks.*.attention.query": "encoder.layers.*.self_attn.q_proj",
        "blocks.*.attention.key": "encoder.layers.*.self_attn.k_proj",
        "blocks.*.attention.value": "encoder.layers.*.self_attn.v_proj",
        "blocks.*.attention.output_projection": "encoder.layers.*.self_attn.out_proj",
        "blocks.*.attention_norm": "encoder.layers.*.self_attn_layer_norm",
        "blocks.*.widen": "encoder.layers.*.fc1",
        "blocks.*.narrow": "encoder.layers.*.fc2",
        "blocks.*.feedforward_norm": "encoder.layers.*.final_layer_norm",
    }
    unused = ("decoder.", "proj_out.")

    @classmethod
    def settings(cls, config: Config) -> dict[str, Any]:
        for name in _NOT_OF_THE_ENCODER:
            config.passed_over(name)
        return {
            "width": config.whole("d_model", 1, 16_384),
            "num_layers": config.whole("encoder_layers", 1, 200),
            "num_heads": config.whole("encoder_attention_heads", 1, 1_024),
            "hidden": config.whole("encoder_ffn_dim", 1, 131_072),
            "num_positions": config.whole("max_source_positions", 1, 100_000),
            "num_mels": config.whole("num_mel_bins", 1, 512),
            "activation": config.one_of("activation_function", ACTIVATIONS, "gelu"),
        }
