"""The tokenizer of a checkpoint, checked against its config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tokenizers import Tokenizer

from polymodal.core.arguments import shown
from polymodal.core.errors import BundleError
from polymodal.core.printed.visible import one_line
from polymodal.pretrained.family import Family
from polymodal.pretrained.reading import sentences, spelling
from polymodal.pretrained.reading.checkpoint import Checkpoint

__all__ = ["check_ids", "check_special", "read_tokenizer", "special_token", "state_of"]

FILE, SETTINGS = "tokenizer.json", "tokenizer_config.json"
_OPEN = 1_000_000  # the library writes 1e30 for "no limit"
SPECIAL = (
    "unk_token",
    "pad_token",
    "cls_token",
    "sep_token",
    "mask_token",
    "bos_token",
    "eos_token",
)
_REMAKE = (
    "Write it with transformers: AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)."
)


def state_of(
    checkpoint: Checkpoint,
    config: Mapping[str, Any],
    family: type[Family],
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Returns the state of the modality `text` with the tokenizer `pretrained`.

    Args:
        checkpoint: Checkpoint.
        config: its config.json.
        family: subclass of Family.
        settings: the encoder's arguments.

    Raises:
        BundleError: there is no tokenizer.json, or its ids or special tokens do not fit the model.
    """
    tokenizer = read_tokenizer(checkpoint)
    own = checkpoint.mapping(SETTINGS)
    check_ids(checkpoint, tokenizer, settings["vocabulary_size"])
    check_special(checkpoint, tokenizer, own)
    _check_id(checkpoint, tokenizer, special_token(own, "eos_token"), settings.get("end_id"))
    _check_side(checkpoint, own, settings)
    if family.padding_counts:
        _check_id(
            checkpoint, tokenizer, special_token(own, "pad_token"), config.get("pad_token_id")
        )
    _check_normaliser(checkpoint, own)
    spelling.apply(tokenizer, own)
    padding = None
    if family.padded:
        padding = _padding(checkpoint, tokenizer, own)
    return {
        "tokenizer": tokenizer.to_str(),
        "max_length": _limit(checkpoint, own, settings),
        "vocabulary_size": settings["vocabulary_size"],
        "padding": padding,
    }


def read_tokenizer(checkpoint: Checkpoint) -> Tokenizer:
    """Returns the tokenizer of a checkpoint, which neither pads nor cuts."""
    path = checkpoint.folder / FILE
    if not checkpoint.has(FILE):
        raise BundleError(f"{checkpoint.folder} needs {FILE}. It is missing. {_REMAKE}")
    checkpoint.mapping(FILE)  # bounded, and a mapping
    try:
        tokenizer = Tokenizer.from_str(checkpoint.text(FILE))
    except Exception as error:  # the library raises bare Exception
        raise BundleError(
            f"{path} is not a tokenizer ({one_line(error)[:200]}). Take it from its source again."
        ) from None
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def check_ids(checkpoint: Checkpoint, tokenizer: Tokenizer, vocabulary_size: int) -> None:
    """Checks that a model has all ids of a tokenizer."""
    ids = tokenizer.get_vocab(with_added_tokens=True)
    highest = max(ids.values(), default=0)
    if highest >= vocabulary_size:
        raise BundleError(
            f"{checkpoint.folder / FILE} needs ids below {vocabulary_size:,}, as "
            f"config.json says. Got {highest:,}. Check that both belong together."
        )


def check_special(checkpoint: Checkpoint, tokenizer: Tokenizer, own: Mapping[str, Any]) -> None:
    """Checks that the special tokens of its settings are in a tokenizer."""
    for kind in SPECIAL:
        token = special_token(own, kind)
        if token is not None and tokenizer.token_to_id(token) is None:
            raise BundleError(
                f'{checkpoint.folder / SETTINGS}: "{kind}" is {shown(token)}, which '
                f"{FILE} does not have. Check that both belong together."
            )


def _check_id(
    checkpoint: Checkpoint, tokenizer: Tokenizer, token: str | None, wanted: int | None
) -> None:
    """Checks that a special token has the id that the config gives it; either may be unknown."""
    if token is not None and wanted is not None and tokenizer.token_to_id(token) != wanted:
        raise BundleError(
            f"{checkpoint.folder / FILE} gives {shown(token)} the id "
            f"{tokenizer.token_to_id(token)}. config.json says {wanted}. Check that "
            "both belong together."
        )


def _check_side(
    checkpoint: Checkpoint, own: Mapping[str, Any], settings: Mapping[str, Any]
) -> None:
    counts_all = settings.get("padding_id") is None
    if own.get("padding_side", "right") != "right" and counts_all:
        raise BundleError(
            f'{checkpoint.folder / SETTINGS}: "padding_side" needs "right". Got '
            f"{shown(own['padding_side'])}. With positions counted from the start, "
            "answers would depend on what else is in a batch."
        )


def _padding(checkpoint: Checkpoint, tokenizer: Tokenizer, own: Mapping[str, Any]) -> int:
    """Returns the id that texts are padded with."""
    token = special_token(own, "pad_token")
    if token is None:
        raise BundleError(
            f'{checkpoint.folder / SETTINGS} needs "pad_token". It is missing. Copy '
            "the whole checkpoint."
        )
    return tokenizer.token_to_id(token)


def _check_normaliser(checkpoint: Checkpoint, own: Mapping[str, Any]) -> None:
    """Refuses settings that other readers of the folder would put above tokenizer.json."""
    normaliser = checkpoint.mapping(FILE).get("normalizer") or {}
    if normaliser.get("type") != "BertNormalizer":
        return
    for name, theirs in (
        ("do_lower_case", "lowercase"),
        ("strip_accents", "strip_accents"),
        ("tokenize_chinese_chars", "handle_chinese_chars"),
    ):
        if name in own and own[name] != normaliser.get(theirs):
            raise BundleError(
                f'{checkpoint.folder / SETTINGS}: "{name}" is {shown(own[name])}, '
                f'and "{theirs}" of {FILE} is {shown(normaliser.get(theirs))}. '
                f"{_REMAKE}"
            )


def _limit(checkpoint: Checkpoint, own: Mapping[str, Any], settings: Mapping[str, Any]) -> int:
    """Returns the tokens of one text that the checkpoint keeps."""
    first = settings.get("padding_id")
    positions = settings["num_positions"] - (0 if first is None else first + 1)
    found = [positions]
    stated = own.get("model_max_length")
    if isinstance(stated, int | float) and not isinstance(stated, bool) and stated < _OPEN:
        found.append(int(stated))
    if sentences.is_sentence_encoder(checkpoint):
        found.append(sentences.longest(checkpoint) or positions)
    return max(1, min(found))


def special_token(own: Mapping[str, Any], kind: str) -> str | None:
    """Returns a special token, which may be written as a mapping with its content."""
    value = own.get(kind)
    if isinstance(value, dict):
        value = value.get("content")
    if isinstance(value, str):
        return value
    return None
