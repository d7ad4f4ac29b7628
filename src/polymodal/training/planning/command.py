"""The command that trains a run again, from what it was started with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from polymodal.core import plugins
from polymodal.core.advice import option
from polymodal.core.disk.paths import user_path
from polymodal.tables.table import Table

_USUAL = "tensorflow"  # the engine where nobody chooses one


def again(
    tables: Mapping[str, Table],
    folder: Path,
    *,
    ignore: Sequence[str] = (),
    split: str | None = None,
    split_group: str | None = None,
    slice_columns: Sequence[str] = (),
    baselines: bool = True,
    keep: str = "joint",
    skip_bad: bool = False,
    max_bad_share: float = 0.05,
    engine: str = _USUAL,
) -> str:
    """Returns the command that repeats a run in a folder next to it, or why there is none.

    Args:
        tables: {split: Table} as they were given, before rows were held out.
        folder: the run's folder, with its whole recipe.
        ignore, split, split_group, slice_columns, baselines, keep, skip_bad, max_bad_share: as
            `train` in `polymodal.training.run` got them.
        engine: str, what it was trained on.

    Example:

    >>> from polymodal.tables.table import read
    >>> again({"train": read({"word": ["one"]})}, Path("runs/a"))
    'No command can: the train table was in memory. Pass it to fit with runs/a/recipe.yaml again.'
    """
    unknown = [name for name, table in tables.items() if table.source is None]
    if unknown:
        return (
            f"No command can: the {' and '.join(unknown)} table was in memory. "
            f"Pass it to fit with {folder}/recipe.yaml again."
        )
    sources = [
        ("data" if name == "train" else name.split()[0], table.source)
        for name, table in tables.items()
    ]
    options = [
        *sources,
        ("media-root", _media_root(tables)),
        ("recipe", f"{folder}/recipe.yaml"),
        *(("ignore", column) for column in ignore),
        ("split", split),
        ("split-group", split_group),
        *(("slice", column) for column in slice_columns),
        ("plugins", plugins.folder()),
        ("keep", keep if keep != "joint" else None),
        ("max-bad-share", max_bad_share if max_bad_share != 0.05 else None),
        ("engine", engine if engine != _USUAL else None),
        ("out", f"{folder}-again"),
    ]
    words = [option(f"--{name}", str(value)) for name, value in options if value is not None]
    flags = ["--no-baselines"] * (not baselines) + ["--skip-bad"] * skip_bad
    return " ".join(["polymodal train", *words, *flags])


def _media_root(tables: Mapping[str, Table]) -> Path | None:
    """Returns the folder that media paths start from, where it is not each table's own."""
    for table in tables.values():
        path = user_path(str(table.source))
        if table.root != (path if path.is_dir() else path.parent):
            return table.root
    return None
