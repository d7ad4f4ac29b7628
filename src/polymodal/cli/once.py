"""An option for one value is refused if it is given twice with different values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from typer.core import TyperCommand

from polymodal.core.errors import RecipeError

_FIXES = {
    "target": "A run predicts one column. For several labels in a row, make one column of "
    "lists, or of labels with | between them, and choose --task multilabel."
}
_FIX = "Keep one of them."


class Command(TyperCommand):
    """A command whose options take one value each, unless they may be repeated."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuses an option given twice with different values, then parses as usual."""
        check_once(self.params, args)
        return super().parse_args(ctx, args)


def check_once(params: Sequence[Any], arguments: Sequence[str]) -> None:
    """Raises RecipeError where an option for one value is given two.

    Args:
        params: parameters of a command.
        arguments: list of str, what was typed after its name.
    """
    single = {
        name: param
        for param in params
        if param.param_type_name == "option" and not param.multiple
        for name in (*param.opts, *param.secondary_opts)
    }
    seen: dict[str, str] = {}
    for name, value in _given(params, arguments):
        if name not in single:
            continue
        param = single[name]
        if seen.setdefault(param.name, value) != value:
            raise RecipeError(
                f'{name} needs to be given once. Got "{seen[param.name]}" and "{value}". '
                f"{_FIXES.get(param.name, _FIX)}"
            )


def _given(params: Sequence[Any], arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yields each option and its value; that of a flag is its own name."""
    takes = {
        name: not param.is_flag
        for param in params
        if param.param_type_name == "option"
        for name in (*param.opts, *param.secondary_opts)
    }
    words = iter(arguments)
    for word in words:
        if word == "--":
            return
        name, equals, value = word.partition("=")
        if name not in takes:
            continue
        if not takes[name]:
            yield name, name
        else:
            yield name, value if equals else next(words, "")
