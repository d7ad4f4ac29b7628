"""Code stays readable: short files and functions, little in a line, decisions as statements."""

from __future__ import annotations

import ast
import io
import tokenize
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src" / "polymodal"
FILES = {path: path.read_text(encoding="utf-8") for path in sorted(SOURCE.rglob("*.py"))}
NO_CODE = {
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.COMMENT,
    tokenize.ENDMARKER,
}


@pytest.fixture(scope="module")
def nodes():
    return [node for text in FILES.values() for node in ast.walk(ast.parse(text))]


@pytest.fixture(scope="module")
def tokens():
    """The number of tokens of each line that holds code."""
    found = []
    for text in FILES.values():
        counts: dict[int, int] = {}
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type not in NO_CODE and not token.string.startswith(('"""', 'r"""')):
                counts[token.start[0]] = counts.get(token.start[0], 0) + 1
        found += counts.values()
    return found


def test_files_are_short():
    lengths = {str(path.relative_to(SOURCE)): text.count("\n") for path, text in FILES.items()}
    assert {name: length for name, length in lengths.items() if length > 400} == {}


def test_most_functions_are_short(nodes):
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    lengths = [node.end_lineno - node.lineno + 1 for node in nodes if isinstance(node, kinds)]
    assert np.percentile(lengths, 90) < 24


def test_lines_hold_little(tokens):
    assert np.mean(tokens) < 9


def test_decisions_are_statements(nodes, tokens):
    conditional = sum(isinstance(node, ast.IfExp) for node in nodes)
    assert conditional < 0.012 * len(tokens)


ONE_METHOD_A_FILE = {  # a layer, an encoder, a modality, a format, a family, a command
    "cli",
    "encoders",
    "layers",
    "preprocess",
    "pretrained/families",
    "tables/formats",
}


def test_folders_are_small():
    counts = Counter(
        str(path.parent.relative_to(SOURCE)) for path in FILES if path.name != "__init__.py"
    )
    large = {folder for folder, count in counts.items() if count > 15}
    assert large - ONE_METHOD_A_FILE == set()
