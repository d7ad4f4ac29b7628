"""What a tokenizer's class does to a text before its tokenizer.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tokenizers import Regex, Tokenizer, normalizers

__all__ = ["apply"]

_PUNCTUATION = r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]"""


def apply(tokenizer: Tokenizer, own: Mapping[str, Any]) -> None:
    """Lets a tokenizer spell texts as its class in `tokenizer_config.json` does.

    SigLIP removes capitals and punctuation, SigLIP 2 capitals, outside of tokenizer.json. Where
    tokenizer.json does so too, nothing changes.

    Args:
        tokenizer: of the library; changed.
        own: what `tokenizer_config.json` holds.
    """
    kind = str(own.get("tokenizer_class", "")).removesuffix("Fast")
    if kind == "SiglipTokenizer":
        _before(
            tokenizer,
            [
                normalizers.Replace(Regex(_PUNCTUATION), ""),
                normalizers.Replace(Regex(r"\s+"), " "),
                normalizers.Strip(),
            ],
            bool(own.get("do_lower_case", True)),
        )
    if kind == "Siglip2Tokenizer":
        _before(tokenizer, [], True)


def _before(tokenizer: Tokenizer, steps: list[Any], lowercase: bool) -> None:
    if lowercase:
        steps = [normalizers.Lowercase(), *steps]
    if tokenizer.normalizer is not None:
        steps = [*steps, tokenizer.normalizer]
    if steps:
        tokenizer.normalizer = normalizers.Sequence(steps)
