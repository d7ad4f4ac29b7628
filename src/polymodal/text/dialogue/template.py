"""Chat templates of published language models, rendered in Jinja's sandbox."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NoReturn

from jinja2 import Template, TemplateError
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from polymodal.core.errors import BundleError, RecipeError
from polymodal.core.printed.visible import one_line

__all__ = ["rendered"]

ROLES = ("system", "user", "assistant", "tool")
_MOST_LETTERS = 100_000  # of a template


def rendered(
    template: str, messages: Sequence[Mapping[str, str]], special: Mapping[str, str]
) -> str:
    """Returns a conversation as the model reads it, up to where its answer begins.

    Args:
        template: str, Jinja. It cannot reach anything but its arguments.
        messages: list of {"role", "content"}.
        special: {"bos_token": text, ...}, for the template to write.

    Raises:
        BundleError: the template is damaged, or does something that a template may not.
        RecipeError: a message has no role or content.
    """
    if len(template) > _MOST_LETTERS:
        raise BundleError(
            f"A chat template needs at most {_MOST_LETTERS:,} letters. Got "
            f"{len(template):,}. Take the checkpoint from its source again."
        )
    given = [_checked(message) for message in messages]
    try:
        return _compiled(template).render(messages=given, add_generation_prompt=True, **special)
    except (
        TemplateError,
        TypeError,
        ValueError,
        ArithmeticError,
        LookupError,
        RecursionError,
    ) as error:
        raise BundleError(
            f"The chat template does not take this conversation "
            f"({one_line(error)[:200]}). Change the roles of the messages, or take "
            "the checkpoint from its source again."
        ) from None


def _checked(message: Mapping[str, Any]) -> dict[str, Any]:
    role, content = message.get("role"), message.get("content")
    if role not in ROLES or not isinstance(content, str | list):
        raise RecipeError(
            f'A message needs "role", one of {", ".join(ROLES)}, and "content", a '
            f"text. Got {role!r} and {type(content).__name__}. Pass both."
        )
    return {"role": role, "content": content}


@lru_cache(maxsize=8)
def _compiled(template: str) -> Template:
    return _environment().from_string(template)


@lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
    found = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
    )
    found.filters["tojson"] = _to_json
    found.globals["raise_exception"] = _refuse
    found.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
    return found


def _to_json(value: Any, ensure_ascii: bool = False, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent)


def _refuse(message: str) -> NoReturn:
    raise TemplateError(message)
