"""Runs the examples in the docstrings."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import polymodal

ROOT = Path(polymodal.__file__).parent
MODULES = sorted(
    ".".join(("polymodal", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
    for path in ROOT.rglob("*.py")
    if ">>>" in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_of_docstrings_hold(module, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    found = doctest.testmod(importlib.import_module(module), optionflags=options)
    assert found.attempted > 0
    assert found.failed == 0
