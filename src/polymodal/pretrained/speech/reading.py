"""Reads a published recogniser from a checkpoint in the layout of Hugging Face."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tokenizers import Tokenizer

from polymodal.core.errors import BundleError
from polymodal.core.printed.progress import warn
from polymodal.pretrained.family import Family
from polymodal.pretrained.part import Part
from polymodal.pretrained.reading import names, tokenizer
from polymodal.pretrained.reading.checkpoint import Checkpoint
from polymodal.pretrained.reading.config import Config
from polymodal.pretrained.speech.model import SpeechModel, built
from polymodal.pretrained.speech.tokens import Tokens

__all__ = ["read_speech_model"]

GENERATION = "generation_config.json"
_START, _END, _TIMELESS = "<|startoftranscript|>", "<|endoftext|>", "<|notimestamps|>"
_SILENT = ("<|nospeech|>", "<|nocaptions|>")
_LANGUAGE = re.compile(r"<\|([a-z]{2,3})\|>")
_MULTILINGUAL = 51_865  # outputs of the first multilingual model
_WITHOUT_EFFECT = (
    "_from_model_config",
    "return_timestamps",
    "language",
    "task",
    "prev_sot_token_id",
    "pad_token_id",
    "forced_decoder_ids",
    "task_to_id",
    "no_timestamps_token_id",
    "decoder_start_token_id",
    "_commit_hash",
    "renormalize_logits",
    "output_attentions",
    "output_hidden_states",
    "is_encoder_decoder",
    "median_filter_width",
)


def read_speech_model(
    checkpoint: Checkpoint, config: Config, family: type[Family], part: Part
) -> SpeechModel | Part:
    """Returns the recogniser that a checkpoint holds; its encoder where there is no tokenizer.

    Args:
        checkpoint: Checkpoint.
        config: its config.json, which the encoder's family has read.
        family: of the decoder.
        part: Part, the encoder.

    Raises:
        BundleError: tensors or tokens do not fit the config.
    """
    if not checkpoint.has(tokenizer.FILE):
        warn(
            f"{checkpoint.folder} has no {tokenizer.FILE}: only the encoder is imported. Copy the "
            "whole checkpoint to transcribe with it."
        )
        return part
    own = family.settings(config)
    settings = {"decoder": family.encoder, **own, "has_start": False}
    stated = Config(checkpoint.folder / GENERATION, checkpoint.mapping(GENERATION))
    if not checkpoint.has(GENERATION):
        stated = config
    max_length = stated.whole_or("max_length", 8, own["num_positions"], own["num_positions"])
    tokens = _tokens(checkpoint, stated, settings)
    if stated is not config:
        _check_rest(stated)
    decoder = built(settings, part.dim)
    names.load(decoder, checkpoint, family)
    return SpeechModel(part, decoder, tokens, settings, max_length)


def _tokens(checkpoint: Checkpoint, stated: Config, settings: Mapping[str, Any]) -> Tokens:
    found, num_outputs = tokenizer.read_tokenizer(checkpoint), settings["num_outputs"]
    tokenizer.check_ids(checkpoint, found, num_outputs)
    start, end, timeless = (_needed(checkpoint, found, one) for one in (_START, _END, _TIMELESS))
    if timeless + 1 >= num_outputs:
        stated.refuse("vocab_size", f"more than {timeless + 1:,} outputs, for times", num_outputs)
    return Tokens(
        found,
        start,
        end,
        timeless,
        found.token_to_id("<|transcribe|>"),
        found.token_to_id("<|translate|>"),
        next((one for name in _SILENT if (one := found.token_to_id(name)) is not None), None),
        stated.any("max_initial_timestamp_index"),
        _ids(stated, "suppress_tokens", num_outputs),
        _ids(stated, "begin_suppress_tokens", num_outputs),
        _languages(found, stated, num_outputs),
        _heads(stated, settings),
    )


def _needed(checkpoint: Checkpoint, found: Tokenizer, token: str) -> int:
    number = found.token_to_id(token)
    if number is None:
        raise BundleError(
            f'{checkpoint.folder / tokenizer.FILE} needs the token "{token}". It is '
            "missing. Take the file from its source again."
        )
    return number


def _ids(stated: Config, name: str, num_outputs: int) -> list[int]:
    value = stated.any(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(
        type(one) is int and 0 <= one < num_outputs for one in value
    ):
        stated.refuse(name, f"ids below {num_outputs:,}", value)
    return value


def _languages(found: Tokenizer, stated: Config, num_outputs: int) -> dict[str, int]:
    """Returns {code: id}; nothing for a model of English alone."""
    several = stated.any("is_multilingual")
    listed = stated.any("lang_to_id")
    if several is None:
        several = bool(listed) or num_outputs >= _MULTILINGUAL
    if not several:
        return {}
    names = listed or found.get_vocab(with_added_tokens=True)
    return {
        match[1]: number
        for name, number in sorted(names.items(), key=lambda pair: pair[1])
        if (match := _LANGUAGE.fullmatch(name))
    }


def _heads(stated: Config, settings: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Returns the heads whose attention follows the sound: by default those of the upper half."""
    value = stated.any("alignment_heads")
    layers, heads = settings["num_layers"], settings["num_heads"]
    if value is None:
        return [(layer, head) for layer in range(layers // 2, layers) for head in range(heads)]
    try:
        pairs = [(int(layer), int(head)) for layer, head in value]
    except (TypeError, ValueError):
        pairs = []
    if not pairs or not all(0 <= layer < layers and 0 <= head < heads for layer, head in pairs):
        stated.refuse(
            "alignment_heads", f"pairs of a block below {layers} and a head below {heads}", value
        )
    return pairs


def _check_rest(stated: Config) -> None:
    """Refuses settings of generation that would change the text."""
    for name in _WITHOUT_EFFECT:
        stated.passed_over(name)
    stated.only("num_beams", 1, None)
    stated.only("do_sample", False, None)
    stated.only("repetition_penalty", 1.0, 1, None)
    stated.only("no_repeat_ngram_size", 0, None)
    stated.only("length_penalty", 1.0, 1, None)
    stated.finish()
