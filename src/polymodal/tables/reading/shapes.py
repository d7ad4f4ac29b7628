"""The shapes of all cells of a text column: few, if it holds numbers or dates.

A shape is a cell with all digits replaced by one. All cells are read, a whole column at a time. One
example of each shape is enough to infer how the column is written.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as compute

from polymodal.tables.reading.numbers import NumberFormat
from polymodal.tables.table import Table

MOST_SHAPES = 500
_LONGEST = 64  # characters; a longer cell is not a number and no date
_ALIKE = (
    (r"^(\D*)0([.,'])", "\\1\x010\\2"),  # 0,234 has a decimal comma, 1,234 may have none
    (r"^(1[3-9]|2\d|3[01])([-/.]\d{1,2}[-/.])", "\x02\\1\\2"),  # a day, not a month
    (r"^(\d{1,2}[-/.])(1[3-9]|2\d|3[01])([-/.]\d{2})", "\\1\x02\\2\\3"),
    (r"\d", "0"),
    (r"0{5,}", "00000"),
)


def shapes(table: Table, column: str) -> Counter[str] | None:
    """Returns how many cells have each shape, named by one cell of it; empty cells are left out.

    Args:
        table: Table.
        column: str, a column of texts.

    Returns:
        Counter, or None where there are more than `MOST_SHAPES`, or cells that are no text.
    """
    examples: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for piece in table.pieces(column):
        if not (pa.types.is_string(piece.type) or pa.types.is_large_string(piece.type)):
            return None
        for shape, example, count in _of_piece(piece):
            counts[examples.setdefault(shape, example)] += count
        if len(counts) > MOST_SHAPES:
            return None
    return counts


def is_plain_instead(table: Table, column: str, numbers: NumberFormat) -> bool:
    """Returns whether a table holds plain numbers, such as 12.5, which another format that marks
    thousands by dots does not read."""
    texts = [text for text in shapes(table, column) or () if not numbers.is_missing(text)]
    return all(_reads(NumberFormat(), text) for text in texts) and not all(
        _reads(numbers, text) for text in texts
    )


def _reads(numbers: NumberFormat, text: str) -> bool:
    try:
        return numbers.read(text) is not None
    except ValueError:
        return False


def _alike(texts: pa.Array) -> pa.Array:
    """Returns the shapes of texts, the same for texts that are read alike."""
    found = compute.call_function(
        "utf8_slice_codeunits", [texts], compute.SliceOptions(0, _LONGEST)
    )
    for pattern, with_ in _ALIKE:
        found = compute.call_function(
            "replace_substring_regex", [found], compute.ReplaceSubstringOptions(pattern, with_)
        )
    return found


def _of_piece(piece: pa.Array) -> list[tuple[str, str, int]]:
    texts = compute.call_function("utf8_trim_whitespace", [piece.drop_null()])
    texts = texts.filter(compute.call_function("not_equal", [texts, pa.scalar("", texts.type)]))
    if not len(texts):
        return []
    plain = _plain_numbers(texts)
    if plain is not None:
        return plain
    alike = _alike(texts)
    coded = alike.dictionary_encode()
    codes = coded.indices.to_numpy(zero_copy_only=False)
    _, first, counts = np.unique(codes, return_index=True, return_counts=True)
    if len(first) > MOST_SHAPES:  # no need to name them all
        first, counts = first[: MOST_SHAPES + 1], counts[: MOST_SHAPES + 1]
    return [
        (alike[i].as_py(), texts[i].as_py(), int(n))
        for i, n in zip(first.tolist(), counts, strict=True)
    ]


def _plain_numbers(texts: pa.Array) -> list[tuple[str, str, int]] | None:
    """Returns the shapes of cells that are all plain finite numbers, the fast way; else None."""
    try:
        numbers = texts.cast(pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return None
    if not np.isfinite(numbers).all():
        return None
    largest = int(np.abs(numbers).argmax())  # says whether 1,234 would be 1234
    whole = compute.call_function(
        "match_substring_regex", [texts], compute.MatchSubstringOptions(r"^[-+]?\d{4,}$")
    )
    found = [("0", texts[0].as_py(), len(texts)), ("0.0", texts[largest].as_py(), 0)]
    first = whole.index(True).as_py()
    return found + ([("0000", texts[first].as_py(), 0)] if first >= 0 else [])
