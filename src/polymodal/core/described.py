"""What the arguments of a class mean, from its docstring: recipes have no second schema."""

from __future__ import annotations

import inspect
import re
from typing import Any

from polymodal.core.arguments import parameters

_ENTRY = re.compile(r"^(\w+(?:, \w+)*): (.*)$")


def described(factory: Any) -> dict[str, str]:
    """Returns what each argument means, from the Args section of the docstring.

    Args:
        factory: class or function, documented as in this package.

    Returns:
        dict of the name of each argument to its text, on one line and with its default, in the
        order of the signature. An argument without a text has "".
    """
    texts = _args_section(inspect.getdoc(factory) or "")
    found = {}
    for name, parameter in parameters(factory).items():
        text = texts.get(name, "")
        if parameter.default not in (parameter.empty, None):
            text = f"{text.rstrip('.')} (default: {parameter.default})".strip()
        found[name] = text
    return found


def _args_section(doc: str) -> dict[str, str]:
    """Returns the entries under "Args:", each joined to one line."""
    found: dict[str, str] = {}
    names: list[str] = []
    _, _, section = doc.partition("Args:\n")
    for line in section.splitlines():
        if not line.startswith("    "):
            break
        entry = _ENTRY.match(line[4:])
        if entry:
            names = entry[1].split(", ")
            found.update(dict.fromkeys(names, entry[2]))
        else:
            found.update({name: f"{found[name]} {line.strip()}" for name in names})
    return found
