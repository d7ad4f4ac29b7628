"""Common Voice: tab-separated tables next to a folder of clips."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from polymodal.core.errors import DataError
from polymodal.tables.formats._lines import bad_line, numbered_lines
from polymodal.tables.formats._media_folder import MediaFolder, find_media
from polymodal.tables.formats._rows import Orphans, stream_rows
from polymodal.tables.split_names import split_name

__all__ = ["read_common_voice"]

_PARTS = ("train.tsv", "dev.tsv", "test.tsv")
_NEEDED = ("client_id", "path", "sentence")
_ACCENTS = ("accents", "accent")  # the name that newer releases use, and older ones
_OMITTED = ".mp3"  # by the first releases
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')


def read_common_voice(path: Path, media_root: Path | None = None) -> pa.RecordBatchReader:
    """Common Voice folder with `clips/`, or one of its tables (`other.tsv`): one row per clip.

    Columns are `audio`, `transcript`, `speaker` and `accent`. A folder gives its `train.tsv`,
    `dev.tsv` and `test.tsv` with the column `split`. Missing clips are skipped and
    counted, empty sentences are counted. Sentences are read as they are; only those that were
    quoted for the sake of quotes inside them are unquoted.

    Source: Ardila et al. 2020, "Common Voice", arXiv:1912.06670.
    """
    columns: dict[str, pa.DataType] = dict.fromkeys(
        ("audio", "transcript", "speaker", "accent"), pa.string()
    )
    tables: dict[Path, str | None] = {path: None}
    if path.is_dir():
        tables = {
            path / name: split_name(name[: -len(".tsv")])
            for name in _PARTS
            if (path / name).is_file()
        }
        columns["split"] = pa.string()
    names = (
        clip["path"] + ending
        for table in tables
        for clip in _clips(table)
        for ending in ("", _OMITTED)
    )
    media = find_media(path, names, ["clips"], "clips", media_root)
    return stream_rows(_rows(path.name, tables, media), **columns)


def _clips(path: Path) -> Iterator[dict[str, str]]:
    """Yields {column: cell} of each line."""
    lines = numbered_lines(path)
    names = next(lines, (1, ""))[1].split("\t")
    lacking = [name for name in _NEEDED if name not in names]
    if lacking:
        raise DataError(
            f"needs the columns {', '.join(_NEEDED)}. It lacks {', '.join(lacking)}.",
            "Name a table of clips, such as train.tsv.",
            path=path.name,
            reason="header",
        )
    for number, line in lines:
        cells = line.split("\t")
        if len(cells) != len(names):
            raise bad_line(
                path.name,
                number,
                f"{len(names)} cells, as many as the header,",
                line,
                "Remove tabs and line breaks from the texts of that line.",
            )
        yield dict(zip(names, cells, strict=True))


def _rows(
    shown: str, tables: dict[Path, str | None], media: MediaFolder
) -> Iterator[dict[str, Any]]:
    orphans = Orphans(shown)
    for table, split in tables.items():
        for clip in _clips(table):
            audio = media.cell(clip["path"]) or media.cell(clip["path"] + _OMITTED)
            sentence = _plain(clip["sentence"])
            if audio is None:
                orphans.add("clips are missing and are skipped", clip["path"])
                continue
            if not sentence:
                orphans.add("clips have no sentence", clip["path"])
            accent = next((clip[name] for name in _ACCENTS if clip.get(name)), None)
            yield {
                "audio": audio,
                "transcript": sentence or None,
                "speaker": clip["client_id"],
                "accent": accent,
                "split": split,
            }
    orphans.warn()


def _plain(cell: str) -> str:
    """Returns a sentence without the quotes that the writer of the table added to it."""
    quoted = _QUOTED.fullmatch(cell)
    if quoted and '""' in quoted[1]:
        cell = quoted[1].replace('""', '"')
    return cell.strip()
