"""Writes a data set made of scenes as a user would have one: tables and folders of media."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from polymodal.core.disk.files import write_atomic, write_json
from polymodal.core.disk.paths import user_path
from polymodal.core.errors import RecipeError
from polymodal.core.lookup import describe as describe_package
from polymodal.core.lookup import find
from polymodal.scenes.parts import PARTS, Part

VERSION = 3  # raised when equal arguments would write other data than before
_MARKER = "scenes.json"
_PACKAGE = "scenes.tasks"
_WITH_LISTS = ("captions", "assistant")  # tasks whose rows CSV cannot hold


class Columns(NamedTuple):
    """The columns that a task reads, the one it predicts, and those kept for slices only."""

    inputs: tuple[str, ...]
    target: str
    ignore: tuple[str, ...]


_COLUMNS = {
    "classification": Columns(("image", "audio"), "label", ("voice", "object", "pattern", "clue")),
    "vqa": Columns(("image", "question"), "answer", ("question_chinese", "kind", "pattern")),
    "captions": Columns(("image",), "caption", ("caption_chinese", "captions", "captions_chinese")),
    "speech": Columns(("audio",), "transcript", ("language", "voice", "pattern")),
    "chinese": Columns(("text",), "label", ("pattern",)),
    "assistant": Columns(
        ("conversation", "image", "audio"),
        "response",
        ("turn", "kind", "pattern", "language", "form"),
    ),
    "regression": Columns(("image", "clue"), "share", ("pattern",)),
    "multilabel": Columns(("image",), "labels", ("objects",)),
}


def columns(task: str) -> Columns:
    """Returns which columns of a task's tables are inputs, target, or kept for slices only.

    Example:

    >>> columns("classification").target
    'label'
    """
    find(_PACKAGE, task)  # raises with the nearest name
    return _COLUMNS[task]


def write(
    folder: str | Path,
    task: str = "classification",
    num_train: int = 2400,
    num_val: int = 300,
    num_test: int = 600,
    seed: int = 0,
) -> dict[str, Path]:
    """Writes `train`, `val` and `test` tables with their pictures and sounds.

    The data are a pure function of the arguments. A folder that already holds the same data is
    left as it is.

    Args:
        folder: path of the data set, made if needed.
        task: str, a name that `describe()` lists.
        num_train, num_val, num_test: int, rows of each part; 0 leaves the part out.
        seed: int.

    Returns:
        dict: path of each part's table: CSV, or JSON lines where rows hold lists.

    Raises:
        RecipeError: unknown task, a negative number, or a folder that holds something else.
    """
    folder = user_path(folder)
    make_row = find(_PACKAGE, task)
    counts = dict(zip(PARTS, (num_train, num_val, num_test), strict=True))
    settings = {"version": VERSION, "task": task, "rows": counts, "seed": seed}
    _check_counts(counts)
    ending = "csv"
    if task in _WITH_LISTS:
        ending = "jsonl"
    tables = {name: folder / f"{name}.{ending}" for name, count in counts.items() if count}
    if _is_written(folder, settings):
        return tables
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        part = Part(folder, name, seed)
        _write_table(table, (make_row(part, row) for row in range(counts[name])))
    write_json(folder / _MARKER, settings)
    return tables


def describe() -> str:
    """Returns a short text: the tasks, what each gives and asks, and what test holds out."""
    lines = [f"  {name}: {line}" for name, line in describe_package(_PACKAGE).items()]
    return "\n".join(
        [
            "Scenes: pictures of three to five coloured shapes,"
            " and sentences and speech about them.",
            *lines,
            "Test has shapes in colours and patterns, sentences and voices that train never has.",
        ]
    )


def _check_counts(counts: dict[str, int]) -> None:
    if min(counts.values()) < 0 or not any(counts.values()):
        raise RecipeError(
            "scenes.write needs numbers of rows that are not negative, and one above 0. "
            f"Got {counts}. Ask for some rows."
        )


def _is_written(folder: Path, settings: dict) -> bool:
    """True when the folder holds exactly these data; False when it is empty or absent."""
    marker = folder / _MARKER
    if marker.exists() and json.loads(marker.read_text(encoding="utf-8")) == settings:
        return True
    if folder.exists() and any(folder.iterdir()):
        raise RecipeError(
            f"scenes.write needs an empty folder. Got {folder}, which has something else or "
            "an unfinished data set. Name another folder, or remove this one."
        )
    return False


def _write_table(path: Path, rows: Iterable[dict]) -> None:
    rows = list(rows)
    if path.suffix == ".jsonl":
        write_atomic(path, "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows))
        return
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
