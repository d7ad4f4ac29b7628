"""YAML as recipes use it: mappings, lists and plain values of bounded size, each key once."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import yaml

from polymodal.core.disk.paths import user_path
from polymodal.core.errors import RecipeError
from polymodal.core.printed.visible import one_line

__all__ = ["NAMES", "parse", "read_yaml"]

NAMES = {
    "target",
    "group",
    "order",
    "column",
    "columns",
    "numbers",
    "categories",
    "dates",
}  # of columns
MAX_BYTES = 1 << 20  # the names of 20,000 columns take about a fifth
MAX_DEPTH = 16
MAX_VALUES = 100_000  # with everything that an alias stands for
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_PLAIN = {_TAG + kind for kind in ("null", "bool", "int", "float", "str")}
_MERGE, _TIME = _TAG + "merge", _TAG + "timestamp"


def read_yaml(path: str | Path) -> Any:
    """Returns what a YAML file holds, as plain values.

    Raises:
        RecipeError: it is absent, too large, not UTF-8, or not what `parse` takes.
    """
    path = user_path(path)
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise RecipeError(f"There is no recipe {path}. Give the path of a YAML file.") from None
    except OSError as error:
        raise RecipeError(
            f"{path} cannot be read: {error.strerror}. Give the path of a YAML file."
        ) from None
    if len(content) > MAX_BYTES:
        raise RecipeError(
            f"{path} needs at most {MAX_BYTES:,} bytes. It has more. Give the path of a recipe."
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecipeError(
            f"{path} needs to be text in UTF-8. Got the byte "
            f"0x{content[error.start]:02x} at position {error.start + 1}. Save it as "
            "UTF-8."
        ) from None
    return parse(text, str(path))


def parse(text: str, where: str, as_names: bool = False) -> Any:
    """Returns the value that a YAML text holds: no tags, no cycles, each key once, finite numbers.

    Args:
        text: str.
        where: str, shown in errors: the path of a file, or "--set target".
        as_names: bool, plain words are names of columns, also such as 3, yes or 2023-01-01.

    Raises:
        RecipeError: it is none; the message is one line and has the line of the text.
    """
    try:
        _check_depth(text, where)
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            return _Builder(loader, where).value(node, as_names)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise RecipeError(
            f"{where} needs to be YAML. Got an error: {_problem(error)}. Correct it, "
            "or put texts with special characters in quotes."
        ) from None


class _Builder:
    """Builds plain values from the nodes of one text, counting them."""

    def __init__(self, loader: Any, where: str):
        self._loader, self._where = loader, where
        self._count, self._inside = 0, set()

    def value(self, node: yaml.Node, as_names: bool = False) -> Any:
        self._count += 1
        if self._count > MAX_VALUES:
            self._refuse(
                node,
                f"at most {MAX_VALUES:,} values",
                "more",
                "Write fewer, and fewer aliases of aliases.",
            )
        if id(node) in self._inside:
            self._refuse(node, "finite values", "a value that contains itself", "Remove the alias.")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, as_names)
        self._inside.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            found = [self.value(item, as_names) for item in node.value]
        else:
            found = self._mapping(node)
        self._inside.discard(id(node))
        return found

    def _mapping(self, node: yaml.Node) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key, held in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._refuse(key, "texts as keys", f"a {key.id}", "Write name: value.")
            name = key.value
            if key.tag == _MERGE:
                for other in held.value if isinstance(held, yaml.SequenceNode) else [held]:
                    value = self.value(other)
                    if not isinstance(value, dict):
                        self._refuse(key, "a mapping after <<", "another value", "Remove it.")
                    merged = {**value, **merged}
                continue
            if name in own:
                self._refuse(key, f'the key "{one_line(name)}" once', "it twice", "Remove one.")
            own[name] = self.value(held, name in NAMES)
        return {**merged, **own}

    def _scalar(self, node: yaml.ScalarNode, as_names: bool) -> Any:
        if node.tag == _TIME or (as_names and node.tag in _PLAIN and node.tag != _TAG + "null"):
            return node.value
        if node.tag not in _PLAIN:
            self._refuse(node, "plain values", f"the tag {node.tag}", "Remove it.")
        try:
            value = self._loader.construct_object(node)
        except ValueError:  # such as a whole number of 5,000 digits
            self._refuse(node, "numbers of a usual size", f"{node.value[:40]}...", "Correct it.")
        if isinstance(value, float) and not math.isfinite(value):
            self._refuse(node, "finite numbers", node.value, "Correct it, or leave it out.")
        return value

    def _refuse(self, node: yaml.Node, needed: str, found: str, fix: str) -> None:
        line = ""
        if node.start_mark.line:
            line = f" line {node.start_mark.line + 1}"
        raise RecipeError(f"{self._where}{line} needs {needed}. Got {found}. {fix}")


def _check_depth(text: str, where: str) -> None:
    """Refuses deep nesting from the events alone, as composing and building nodes recurses."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            depth += 1
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise RecipeError(
                f"{where} needs values nested at most {MAX_DEPTH} levels deep. "
                "Got more. Write it flatter."
            )


def _problem(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    if mark is None:
        place = ""
    else:
        place = f" in line {mark.line + 1}, column {mark.column + 1}"
    return one_line(" ".join(str(problem).split())) + place
