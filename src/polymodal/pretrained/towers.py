"""The towers of a checkpoint that holds a pair, such as CLIP: one of them, or both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polymodal.core.arguments import shown
from polymodal.core.errors import RecipeError
from polymodal.pretrained.family import Family
from polymodal.pretrained.reading.config import Config

__all__ = ["tower_of", "towers_of"]

# Of texts that a model generates, which older libraries wrote for every model.
_OF_GENERATION = (
    "bad_words_ids",
    "begin_suppress_tokens",
    "cross_attention_hidden_size",
    "decoder_start_token_id",
    "diversity_penalty",
    "do_sample",
    "early_stopping",
    "encoder_no_repeat_ngram_size",
    "exponential_decay_length_penalty",
    "forced_bos_token_id",
    "forced_eos_token_id",
    "is_encoder_decoder",
    "length_penalty",
    "max_length",
    "min_length",
    "no_repeat_ngram_size",
    "num_beam_groups",
    "num_beams",
    "num_return_sequences",
    "output_attentions",
    "output_hidden_states",
    "output_scores",
    "prefix",
    "remove_invalid_values",
    "repetition_penalty",
    "return_dict_in_generate",
    "sep_token_id",
    "suppress_tokens",
    "task_specific_params",
    "temperature",
    "tf_legacy_loss",
    "tie_encoder_decoder",
    "tokenizer_class",
    "top_k",
    "top_p",
    "torchscript",
    "typical_p",
    "use_bfloat16",
)
_OF_FILES = ("_attn_implementation_autoset", "_commit_hash")
_PARTS = {"image": "vision_config", "text": "text_config"}


def tower_of(
    config: Config, values: Mapping[str, Any], family: type[Family], tower: str | None
) -> tuple[type[Family], Config]:
    """Returns the family of a tower, and its config.

    Args:
        config: of the whole checkpoint; every setting of it is read.
        values: what it holds.
        family: subclass of Family, with towers.
        tower: str or None, which one: image or text.

    Raises:
        RecipeError: no such tower, or none chosen.
        BundleError: the config is not that of a pair.
    """
    if tower is None or tower not in family.towers:
        raise RecipeError(
            f"{config.path} is of {family.title}, with a tower for image and one for "
            f"text. --tower needs one of {', '.join(family.towers)}. Got "
            f"{shown(tower)}. Write --tower image."
        )
    return towers_of(config, values, family)[tower]


def towers_of(
    config: Config, values: Mapping[str, Any], family: type[Family]
) -> dict[str, tuple[type[Family], Config]]:
    """Returns {modality: (family, config)} of both towers; arguments are those of `tower_of`.

    Raises:
        BundleError: the config is not that of a pair.
    """
    for name in _OF_FILES:
        config.passed_over(name)
    own = family.whole(config)
    for part in _PARTS.values():
        for name in (part, f"{part}_dict"):
            if not isinstance(config.any(name), Mapping | None):
                config.refuse(name, "a mapping", config.any(name))
    config.finish()
    return {
        tower: (family.towers[tower], _nested(config, values, tower, own.get(tower, {})))
        for tower in _PARTS
    }


def _nested(
    config: Config, values: Mapping[str, Any], tower: str, own: Mapping[str, Any]
) -> Config:
    """Returns the config of one tower, with what the whole adds to it."""
    chosen = _PARTS[tower]
    # Where both are given, the library takes the second alone.
    nested = values.get(f"{chosen}_dict") or values.get(chosen) or {}
    found = Config(f"{config.path}, {chosen}", {**nested, **own})
    for name in (*_OF_FILES, *_OF_GENERATION):
        found.passed_over(name)
    found.only("is_decoder", False)
    found.only("add_cross_attention", False)
    found.only("chunk_size_feed_forward", 0)
    found.only("pruned_heads", {}, None)
    return found
