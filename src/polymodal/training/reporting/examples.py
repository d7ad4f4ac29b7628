"""The rows that a report shows: what went in, the answer, and where a model looked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from polymodal.core.contracts.task import Predictions
from polymodal.core.errors import DataError
from polymodal.evaluation.report import (
    choose_examples,
)
from polymodal.evaluation.texts.word_confidence import right_words
from polymodal.inference.looking import looks, why_no_look
from polymodal.media.cells import open_cell
from polymodal.media.media_cell import cells_of
from polymodal.preprocess.modality import Modality
from polymodal.speech.recognition.clips import clip_words
from polymodal.tables.table import Table

_MOST_LOOKS = 8  # examples that show where each word looked
_LOOKS = (
    "Under the first images is the decoder's attention for each word (last block, mean over "
    "heads): bright regions had the most. Attention need not be why a word was chosen."
)
_MOST_BYTES = 2_000_000  # larger files are not copied into the report


def chosen_examples(predictor: Any, shown: Predictions, table: Table) -> list[dict[str, Any]]:
    if predictor.recipe.group:
        return []  # a row of such a table is one step of a sequence; it says little alone
    return [_example(predictor, shown, table, place) for place in choose_examples(shown)]


def _example(predictor: Any, shown: Predictions, table: Table, place: int) -> dict[str, Any]:
    row = int(shown.rows[place])
    inputs = {
        i.name: {
            "modality": predictor.recipe.inputs[i.name]["modality"],
            "value": _value(i.modality, i.columns, table, row),
        }
        for i in predictor.inputs
    }
    here = {"inputs": inputs, "row": row, "probability": None, "right": None}
    if shown.task.hears and shown.targets is not None:
        add_words(predictor, table, row, shown.targets[place][0], inputs)
    return here | dict(shown.task.shown(shown, place))


def add_words(
    predictor: Any, table: Table, row: int, reference: str, inputs: dict[str, dict[str, Any]]
) -> None:
    """Adds the recognised words and their times to the sounds, if available."""
    words = clip_words(predictor, table, row)
    if words is not None:
        judged = right_words([word.text for word in words], reference)
        inputs[predictor.inputs[0].name]["words"] = [
            {**vars(word), "right": right} for word, right in zip(words, judged, strict=True)
        ]


def add_looks(predictor: Any, table: Table, examples: list[dict[str, Any]]) -> str:
    """Adds the attention of each word to the images of the first examples; returns a note."""
    reason = ""
    if examples:
        reason = why_no_look(predictor)
    if reason:
        has_picture = any("image" in i.modality.files for i in predictor.inputs)
        return f"Attention over the image cannot be shown: {reason}." * has_picture
    chosen = examples[:_MOST_LOOKS]
    found = looks(predictor, table, [example["row"] for example in chosen])
    for example in chosen:
        for name, look in found.get(example["row"], {}).items():
            example["inputs"][name]["looks"] = [
                {"word": word, "weights": [[round(float(w), 5) for w in line] for line in weights]}
                for word, weights in zip(look.words, look.maps, strict=True)
            ]
    if found:
        return _LOOKS
    return ""


def _value(modality: Modality, columns: Sequence[str], table: Table, row: int) -> Any:
    """Returns what the report shows of one input: text, numbers, or the bytes of a file."""
    if modality.has_fields:
        return {c: table.cell(row, c) for c in columns}
    cell = table.cell(row, columns[0])
    if cell is None or not modality.files:
        return cell
    several = cells_of(cell)  # images of a conversation, or frames of a video
    if several[0] is cell:
        return _file(several[0], table.root)
    found = [_file(one, table.root) for one in several]
    if None in found:
        return None
    return found


def _file(cell: Any, root: Path) -> bytes | None:
    """Returns the bytes of a file; None where it cannot be read, or is too large to show."""
    try:
        data = open_cell(cell, root)[0]
        if isinstance(data, Path):
            data = data.read_bytes() if data.stat().st_size <= _MOST_BYTES else None
    except (DataError, OSError):
        return None
    if isinstance(data, bytes) and len(data) <= _MOST_BYTES:
        return data
    return None
