"""Texts of a language model: its tokenizer, where answers end, and conversations."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from tokenizers import Tokenizer

from polymodal.core.errors import BundleError, RecipeError
from polymodal.core.fields import Fields
from polymodal.core.printed.visible import one_line
from polymodal.text.dialogue.messages import KINDS, parts_of
from polymodal.text.dialogue.template import rendered

__all__ = ["Texts"]

_IMAGE = "image_token"  # among special tokens: what a template writes for an image
_PARTS = re.compile(r"""\[['"]type['"]\]|\.type\b|['"]type['"]""")  # of one that reads parts

_MARKS = [chr(code) for code in range(0xFDD0, 0xFDF0)]  # of no script: Unicode keeps them free


class Texts:
    """Turns texts and conversations into ids, and ids into texts.

    Args:
        tokenizer: str, JSON of the library `tokenizers`.
        stop_ids: list of ids that end an answer.
        special: {"bos_token": text, ...}, which a template may write.
        template: str, Jinja, or None for a model without conversations.

    Raises:
        BundleError: it is no tokenizer.
    """

    def __init__(
        self,
        tokenizer: str,
        stop_ids: Sequence[int],
        special: Mapping[str, str],
        template: str | None,
    ):
        self.tokenizer, self._plain = _read(tokenizer), _read(_without_added(tokenizer))
        self.stop_ids, self.special, self.template = list(stop_ids), dict(special), template
        self._added = sorted(
            (token.content for token in self.tokenizer.get_added_tokens_decoder().values()),
            key=len,
            reverse=True,
        )

    def ids(self, text: str) -> list[int]:
        """Returns the ids of a text. Special tokens in it count as such."""
        return self.tokenizer.encode(text).ids

    def conversation(self, messages: Sequence[Mapping[str, Any]]) -> list[int]:
        """Returns the ids of a conversation, up to where the model's answer begins.

        Special tokens in a message are ordinary text: only the template writes real ones. The
        place of an image, a sound or a video is a negative id: -1, -2, -3, as KINDS has them.

        Args:
            messages: list of {"role": "system", "user" or "assistant", "content": text, or a list
                of parts {"type": "text", "text": text} and {"type": "image"}}.

        Raises:
            RecipeError: the model has no template, or there are no messages.
            BundleError: the template does not take them.
        """
        if self.template is None:
            raise RecipeError(
                "A conversation needs a model with a chat template. Got one without. "
                "Pass a text to continue instead."
            )
        if not messages:
            raise RecipeError("A conversation needs at least one message. Got none. Pass one.")
        mark, *places = self._marks(messages)
        marked = [
            {**message, "content": self._flat(message.get("content"), mark, places)}
            for message in messages
        ]
        if self._takes_parts:
            text = rendered(self.template, [_as_parts(one, places) for one in marked], self.special)
        else:
            text = rendered(self.template, marked, self.special)
        if not any(one in text for one in (mark, *places, self.special.get(_IMAGE, mark))):
            return self.tokenizer.encode(text, add_special_tokens=False).ids
        return [
            one for piece in self._pieces(text, places) for one in self._ids_of(piece, mark, places)
        ]

    def reply(self, text: str) -> list[int]:
        """Returns the ids of an answer, ended. Special tokens in it are ordinary text."""
        return [*self._plain.encode(text, add_special_tokens=False).ids, self.end_id]

    @property
    def end_id(self) -> int:
        """The first id that ends an answer."""
        if not self.stop_ids:
            raise RecipeError(
                "An assistant needs a decoder whose answers end with a token. Got "
                "one without. Import a checkpoint that has an eos_token."
            )
        return self.stop_ids[0]

    @cached_property
    def start_id(self) -> int:
        """The last id of every prompt, after which an answer begins."""
        return self.conversation([{"role": "user", "content": "a"}])[-1]

    @property
    def size(self) -> int:
        """Number of ids."""
        return self.tokenizer.get_vocab_size()

    def text(self, ids: Sequence[int]) -> str:
        """Returns the text of ids, without special tokens."""
        return self.tokenizer.decode(list(ids), skip_special_tokens=True)

    def state(self) -> dict[str, Any]:
        """Returns a JSON mapping from which `restored` makes the same."""
        return {
            "tokenizer": self.tokenizer.to_str(),
            "stop_ids": self.stop_ids,
            "special": self.special,
            "template": self.template,
        }

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Texts:
        """Returns what `state` was called on.

        Raises:
            BundleError: it is something else.
        """
        fields = Fields(state)
        special = fields.mapping("special")
        stop_ids = [int(one) for one in fields.numbers("stop_ids")]
        return cls(
            fields.text("tokenizer"),
            stop_ids,
            {k: str(v) for k, v in special.items()},
            fields.text_or_none("template"),
        )

    @property
    def _takes_parts(self) -> bool:
        """Whether the template reads messages as parts, and writes the sign of an image itself."""
        return _IMAGE in self.special and bool(_PARTS.search(self.template or ""))

    def _marks(self, messages: Sequence[Mapping[str, Any]]) -> list[str]:
        """Returns characters that no message holds: one that breaks special tokens, and one for
        the place of each kind of media."""
        held = "".join(_held(message.get("content")) for message in messages)
        free = [mark for mark in _MARKS if mark not in held]
        if len(free) <= len(KINDS):
            raise RecipeError(
                "Messages need to be text. Got all of Unicode's noncharacters. Remove them."
            )
        return free[: 1 + len(KINDS)]

    def _flat(self, content: Any, mark: str, places: Sequence[str]) -> Any:
        """Returns a message as one text, special tokens broken by a mark and media as places."""
        if not isinstance(content, list):
            return self._marked(content, mark)
        own: dict[str, str] = dict(zip(KINDS, places, strict=True))
        return "".join(
            own.get(part["type"]) or self._marked(part["text"], mark) for part in parts_of(content)
        )

    def _marked(self, content: Any, mark: str) -> Any:
        """Returns a message whose special tokens are broken by a mark after their first letter."""
        if not isinstance(content, str):
            return content
        for token in self._added:
            content = content.replace(token, token[0] + mark + token[1:])
        return content

    def _pieces(self, text: str, places: Sequence[str]) -> list[str]:
        """Returns special tokens, places of media and what lies between them, in order."""
        pattern = "|".join(map(re.escape, [*self._added, *places]))
        return [piece for piece in re.split(f"({pattern})", text) if piece]

    def _ids_of(self, piece: str, mark: str, places: Sequence[str]) -> list[int]:
        if piece in places:
            return [-1 - places.index(piece)]
        if piece == self.special.get(_IMAGE):
            return [-1]
        if piece in self._added:
            return [int(self.tokenizer.token_to_id(piece) or 0)]
        return self._plain.encode(piece.replace(mark, ""), add_special_tokens=False).ids


def _as_parts(message: Mapping[str, Any], places: Sequence[str]) -> dict[str, Any]:
    """Returns a message, media as places in its text, as parts that a template goes through."""
    kinds = dict(zip(places, KINDS, strict=True))
    pieces = [piece for piece in re.split(f"([{''.join(places)}])", message["content"]) if piece]
    return {
        **message,
        "content": [
            {"type": kinds[piece]} if piece in kinds else {"type": "text", "text": piece}
            for piece in pieces
        ],
    }


def _held(content: Any) -> str:
    """Returns all words of a message."""
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in parts_of(content))
    return str(content)


def _read(tokenizer: str) -> Tokenizer:
    try:
        found = Tokenizer.from_str(tokenizer)
    except Exception as error:  # the library raises bare Exception
        raise BundleError(
            "A language model needs a tokenizer. Got none "
            f"({one_line(error)[:200]}). Take it from its source again."
        ) from None
    found.no_padding()
    found.no_truncation()
    return found


def _without_added(tokenizer: str) -> str:
    """Returns a tokenizer that knows no special tokens, so that it reads them as text."""
    content = json.loads(tokenizer)
    return json.dumps({**content, "added_tokens": [], "post_processor": None})
