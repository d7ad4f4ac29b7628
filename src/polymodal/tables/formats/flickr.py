"""Flickr8k and Flickr30k: one caption per line."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

from polymodal.tables.formats._lines import bad_line, numbered_lines
from polymodal.tables.formats._media_folder import MediaFolder, find_media
from polymodal.tables.formats._rows import Orphans, stream_rows

__all__ = ["read_flickr"]

_TOKEN = re.compile(r"(?P<name>[^\t]+)#\d+\t(?P<caption>.*)")
NUMBERED_HEAD = re.compile(r"image_name\s*\|\s*comment_number\s*\|\s*comment\s*")
_BARS = re.compile(r"(?P<name>[^|]+)\|\s*\d+\s*(\||(?<=\s))(?P<caption>.*)")
_FOLDERS = (
    "images",
    "Images",
    "Flicker8k_Dataset",
    "Flickr8k_Dataset",
    "flickr30k-images",
    "flickr30k_images",
    ".",
)


Lines = Iterator[tuple[int, str]]  # number and text


def read_flickr(path: Path, media_root: Path | None = None) -> pa.RecordBatchReader:
    """Flickr8k's `Flickr8k.token.txt`, Flickr30k's `results_20130124.token`: one row per picture.

    Columns are `image` and `captions` (a list of texts). Lines are `name.jpg#0`, a tab and a
    caption; or, below a line `image,caption` in a `.txt` file or one called `captions.csv`, a name,
    a comma and a caption (other `.csv` files like that are ordinary tables); or, below
    `image_name| comment_number| comment`, as in Flickr30k's `results.csv`, a name, a number and a
    caption between bars, of which the second may be missing. Pictures are looked for in `images/`,
    `Images/`, `Flicker8k_Dataset/`, `flickr30k-images/` and the folder itself, first next to the
    file and then next to its folder. Captions without their picture are skipped and counted.

    Source: Young et al. 2014, "From image descriptions to visual denotations", TACL 2.
    """
    captions: dict[str, list[str]] = {}
    orphans = Orphans(path.name)
    for name, caption in _captions(path):
        texts = captions.setdefault(name, [])
        if caption:
            texts.append(caption)
        else:
            orphans.add("captions are empty and are skipped", name)
    candidates = [f"{above}{folder}" for above in ("", "../") for folder in _FOLDERS]
    media = find_media(path, captions, candidates, media_root=media_root)
    return stream_rows(
        _rows(captions, media, orphans), image=pa.string(), captions=pa.list_(pa.string())
    )


def _captions(path: Path) -> Iterator[tuple[str, str]]:
    """Yields (name of the picture, caption) for each line."""
    lines = numbered_lines(path)
    first = next(lines, (1, ""))
    if NUMBERED_HEAD.fullmatch(first[1]):
        yield from _numbered(path.name, lines)
        return
    if first[1].strip() == "image,caption":
        yield from _comma_separated(path.name, lines)
        return
    for number, line in chain([first], lines):
        found = _TOKEN.fullmatch(line)
        if not found:
            raise bad_line(
                path.name, number, "name.jpg#0, a tab and a caption", line, "Fix that line."
            )
        yield found["name"].strip(), found["caption"].strip()


def _numbered(shown: str, lines: Lines) -> Iterator[tuple[str, str]]:
    """Lines of a name, a number and a caption; in a published one the second bar is missing."""
    for number, line in lines:
        found = _BARS.fullmatch(line)
        if not found:
            raise bad_line(
                shown,
                number,
                "a name, a number and a caption between bars (|)",
                line,
                "Fix that line.",
            )
        yield found["name"].strip(), found["caption"].strip()


def _comma_separated(shown: str, lines: Lines) -> Iterator[tuple[str, str]]:
    """Lines in which only some captions with commas are quoted."""
    for number, line in lines:
        name, comma, caption = line.partition(",")
        if not comma:
            raise bad_line(shown, number, "a name, a comma and a caption", line, "Fix that line.")
        if caption.startswith('"'):
            caption = ",".join(next(csv.reader([caption])))
        yield name.strip(), caption.strip()


def _rows(
    captions: dict[str, list[str]], media: MediaFolder, orphans: Orphans
) -> Iterator[dict[str, Any]]:
    for name, texts in captions.items():
        image = media.cell(name)
        if image is None:
            orphans.add("pictures are missing and are skipped with their captions", name)
        else:
            yield {"image": image, "captions": texts or None}
    orphans.warn()
