"""The characters of a published recogniser that spells (CTC), from its own files."""

from __future__ import annotations

from typing import Any

from polymodal.core.arguments import shown
from polymodal.core.errors import BundleError
from polymodal.pretrained.reading.checkpoint import Checkpoint
from polymodal.pretrained.reading.config import Config
from polymodal.pretrained.reading.tokenizer import SETTINGS, special_token

__all__ = ["VOCABULARY", "read_symbols"]

VOCABULARY, _ADDED = "vocab.json", "added_tokens.json"
_KINDS = ("Wav2Vec2CTCTokenizer", "Wav2Vec2Tokenizer", "Wav2Vec2CTCTokenizerFast", None)


def read_symbols(checkpoint: Checkpoint, config: Config) -> tuple[list[str], int]:
    """Returns what each output writes, in the order of the outputs, and which of them is blank.

    Args:
        checkpoint: Checkpoint with a `vocab.json`.
        config: its config.json.

    Raises:
        BundleError: the files do not fit one another, or the tokenizer does what ours does not.
    """
    num_outputs = config.whole("vocab_size", 2, 2_000_000, 32)
    own = Config(checkpoint.folder / SETTINGS, checkpoint.mapping(SETTINGS))
    own.one_of("tokenizer_class", _KINDS)
    own.only("target_lang", None)
    own.only("replace_word_delimiter_char", " ")
    tokens = _tokens(checkpoint, num_outputs)
    blank = _blank(own, config, tokens)
    between = own.any("word_delimiter_token")
    if "word_delimiter_token" not in checkpoint.mapping(SETTINGS):
        between = "|"
    lowered = own.flag("do_lower_case", False)
    written = [_written(token, between, lowered) for token in tokens]
    kept = written[:blank] + written[blank + 1 :]
    if len(set(kept)) != len(kept):
        twice = next(one for one in kept if kept.count(one) > 1)
        raise BundleError(
            f"{checkpoint.folder / VOCABULARY} needs outputs that write different "
            f"characters. Got {shown(twice)} twice. Take it from its source again."
        )
    return written, blank


def _written(token: str, between: Any, lowered: bool) -> str:
    if token == between:
        return " "
    if lowered:
        return token.lower()
    return token


def _tokens(checkpoint: Checkpoint, num_outputs: int) -> list[str]:
    """Returns the token of each output."""
    path = checkpoint.folder / VOCABULARY
    known = {**checkpoint.mapping(VOCABULARY), **checkpoint.mapping(_ADDED)}
    if not all(type(number) is int for number in known.values()):
        raise BundleError(
            f"{path} needs one number for each token. Got something else. A "
            "vocabulary of several languages cannot be imported."
        )
    found: dict[int, str] = {}
    for token, number in known.items():
        if number in found:
            raise BundleError(
                f"{path} needs one token for each number. Got {shown(found[number])} "
                f"and {shown(token)} for {number}. Take it from its source again."
            )
        found[number] = token
    missing = [number for number in range(num_outputs) if number not in found]
    if missing:
        raise BundleError(
            f"{path} needs a token for each of the {num_outputs:,} outputs of "
            f"config.json. Got none for {missing[0]}. Check that both belong "
            "together."
        )
    return [found[number] for number in range(num_outputs)]


def _blank(own: Config, config: Config, tokens: list[str]) -> int:
    """Returns the output that writes nothing: the padding of both files."""
    token = special_token({"pad_token": own.any("pad_token")}, "pad_token") or "<pad>"
    blank = config.whole("pad_token_id", 0, len(tokens) - 1, 0)
    if tokens[blank] != token:
        config.refuse(
            "pad_token_id",
            f"the number of {shown(token)}, the padding of {SETTINGS}",
            blank,
            "Check that both belong together.",
        )
    return blank
