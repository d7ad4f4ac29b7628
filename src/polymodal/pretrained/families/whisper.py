"""Whisper: its encoder, and its decoder."""

from __future__ import annotations

from typing import Any, ClassVar

from polymodal.layers.activations import ACTIVATIONS
from polymodal.pretrained.family import Family
from polymodal.pretrained.reading.config import Config

__all__ = ["Whisper"]

# Of the decoder, of generation, of heads that an encoder does not have, and of training.
_NOT_OF_THE_ENCODER = (
    "decoder_layers",
    "decoder_attention_heads",
    "decoder_ffn_dim",
    "decoder_layerdrop",
    "decoder_start_token_id",
    "max_target_positions",
    "max_length",
    "vocab_size",
    "pad_token_id",
    "suppress_tokens",
    "begin_suppress_tokens",
    "forced_decoder_ids",
    "median_filter_width",
    "scale_embedding",
    "is_encoder_decoder",
    "use_weighted_layer_sum",
    "classifier_proj_size",
    "encoder_layerdrop",
    "dropout",
    "attention_dropout",
    "activation_dropout",
    "init_std",
    "apply_spec_augment",
    "mask_time_prob",
    "mask_time_length",
    "mask_time_min_masks",
    "mask_feature_prob",
    "mask_feature_length",
    "mask_feature_min_masks",
    "num_hidden_layers",
    "alignment_heads",
    "lang_ids",
)


_OF_THE_DECODER = {
    "embedding": "decoder.embed_tokens.weight",
    "positions": "decoder.embed_positions.weight",
    "final_norm": "decoder.layer_norm",
    "blocks.*.widen": "decoder.layers.*.fc1",
    "blocks.*.narrow": "decoder.layers.*.fc2",
    "blocks.*.feedforward_norm": "decoder.layers.*.final_layer_norm",
}
for _ours, _theirs in (("own", "self_attn"), ("memory", "encoder_attn")):
    _OF_THE_DECODER[f"blocks.*.{_ours}_norm"] = f"decoder.layers.*.{_theirs}_layer_norm"
    for _layer, _name in (("query", "q"), ("key", "k"), ("value", "v")):
        _OF_THE_DECODER[f"blocks.*.{_ours}.{_layer}"] = f"decoder.layers.*.{_theirs}.{_name}_proj"
    _OF_THE_DECODER[f"blocks.*.{_ours}.output_projection"] = f"decoder.layers.*.{_theirs}.out_proj"


class _Decoder(Family):
    """The decoder of Whisper."""

    encoder = "positional_transformer"
    modality = "audio"
    title = "Whisper's decoder"
    prefixes = ("model.",)
    names: ClassVar = _OF_THE_DECODER
    unused = ("encoder.", "proj_out.")  # the last layer is the table of embeddings

    @classmethod
    def settings(cls, config: Config) -> dict[str, Any]:
        config.only("tie_word_embeddings", True)
        return {
            "dim": config.whole("d_model", 1, 16_384),
            "num_outputs": config.whole("vocab_size", 1, 2_000_000),
            "num_layers": config.whole("decoder_layers", 1, 200),
            "num_heads": config.whole("decoder_attention_heads", 1, 1_024),
            "hidden": config.whole("decoder_ffn_dim", 1, 131_072),
            "num_positions": config.whole("max_target_positions", 8, 100_000),
            "activation": config.one_of("activation_function", ACTIVATIONS, "gelu"),
        }


class Whisper(Family):
    """Whisper: a speech recogniser, whose encoder gives a token for each fiftieth of a second.

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
    decoder = _Decoder

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
