"""The texts of a decoder that is trained from nothing: its tokenizer and our chat template."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from polymodal.text.dialogue.texts import Texts

__all__ = ["PLAIN", "TEMPLATE", "trained"]

BEGIN, END = "<|im_start|>", "<|im_end|>"
TEMPLATE = (
    "{% for message in messages %}"
    + BEGIN
    + "{{ message.role }}\n{{ message.content }}"
    + END
    + "\n{% endfor %}{% if add_generation_prompt %}"
    + BEGIN
    + "assistant\n{% endif %}"
)
# For a published decoder without a template: it has no tokens for the roles.
PLAIN = (
    "{% for message in messages %}{{ message.role | capitalize }}: {{ message.content }}\n"
    "{% endfor %}{% if add_generation_prompt %}Assistant:\n{% endif %}"
)
_ROLES = [f"{role}\n" for role in ("system", "user", "assistant")] * 2  # each one id
_HAN = Regex(r"\p{Han}")  # a script without spaces: each sign is a word, or sentences would be


def trained(texts: Iterable[str], max_vocabulary: int = 4000) -> Texts:
    """Returns Texts whose tokenizer is learned from texts, built on bytes: none is unknown.

    Args:
        texts: iterable of str, what is said in conversations.
        max_vocabulary: int, most ids; the 256 bytes are always among them.

    Example:

    >>> texts = trained(["a red ball", "a red box"])
    >>> texts.text(texts.reply("a red ball"))
    'a red ball'
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(_HAN, "isolated"),
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=max_vocabulary,
        min_frequency=2,
        show_progress=False,
        special_tokens=[BEGIN, END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
    )
    tokenizer.train_from_iterator(chain(texts, _ROLES), trainer)
    tokenizer.add_special_tokens([AddedToken(BEGIN, special=True), AddedToken(END, special=True)])
    return Texts(tokenizer.to_str(), [int(tokenizer.token_to_id(END) or 0)], {}, TEMPLATE)
