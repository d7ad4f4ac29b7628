"""Karpathy's splits of COCO, Flickr8k and Flickr30k: one JSON file of pictures with sentences."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from polymodal.core.errors import DataError
from polymodal.tables.formats._json_items import json_items
from polymodal.tables.formats._media_folder import MediaFolder, find_media
from polymodal.tables.formats._rows import Orphans, stream_rows
from polymodal.tables.split_names import split_name

__all__ = ["read_karpathy"]

_FOLDERS = (
    "images",
    "Images",
    "Flicker8k_Dataset",
    "Flickr8k_Dataset",
    "flickr30k-images",
    "flickr30k_images",
    ".",
)


def read_karpathy(path: Path, media_root: Path | None = None) -> pa.RecordBatchReader:
    """Karpathy's `dataset_coco.json` and `dataset_flickr8k.json`: one row per picture.

    Columns are `image`, `captions` (a list of texts) and `split`; the part "restval" counts as
    train. Pictures are looked for in `images/`, `Images/`, `Flicker8k_Dataset/`,
    `flickr30k-images/` and the folder itself, first next to the file and then next to its folder; a
    picture's `filepath` (`val2014`) is a folder in there. Missing pictures are skipped and
    counted.

    Source: Karpathy and Fei-Fei 2015, "Deep Visual-Semantic Alignments", arXiv:1412.2306.
    """
    candidates = [f"{above}{folder}" for above in ("", "../") for folder in _FOLDERS]
    media = find_media(
        path, (name for name, _, _ in _pictures(path)), candidates, media_root=media_root
    )
    return stream_rows(
        _rows(path, media), image=pa.string(), captions=pa.list_(pa.string()), split=pa.string()
    )


def _pictures(path: Path) -> Iterator[tuple[str, list[str], str]]:
    """Yields (file, captions, split)."""
    number = 0
    for key, item in json_items(path):
        if key != "images":
            continue
        try:
            name = f"{item.get('filepath') or ''}/{item['filename']}".lstrip("/")
            captions = [sentence["raw"].strip() for sentence in item["sentences"]]
            part = str(item["split"])
        except (KeyError, TypeError, AttributeError) as error:
            raise DataError(
                f'needs "filename", "split" and "sentences" with "raw" in images[{number}]. '
                f"Got {type(error).__name__}: {error}.",
                "Fix that entry.",
                path=path.name,
                reason="bad_entry",
            ) from None
        yield name, [text for text in captions if text], part
        number += 1


def _rows(path: Path, media: MediaFolder) -> Iterator[dict[str, Any]]:
    orphans = Orphans(path.name)
    for name, captions, part in _pictures(path):
        image = media.cell(name)
        if image is None:
            orphans.add("pictures are missing and are skipped with their captions", name)
            continue
        if not captions:
            orphans.add("pictures have no captions", name)
        split = "train" if part == "restval" else split_name(part) or part
        yield {"image": image, "captions": captions or None, "split": split}
    orphans.warn()
