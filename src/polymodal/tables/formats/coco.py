"""COCO captions: one JSON file of picture records and of annotations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from polymodal.core.errors import DataError
from polymodal.core.printed.visible import brief
from polymodal.tables.formats._json_items import json_items
from polymodal.tables.formats._media_folder import MediaFolder, find_media
from polymodal.tables.formats._rows import Orphans, stream_rows

__all__ = ["read_coco"]

_KIND = re.compile(r"^(captions|image_info|instances|annotations)_")


def read_coco(path: Path, media_root: Path | None = None) -> pa.RecordBatchReader:
    """COCO captions JSON (`captions_train2017.json`): one row per picture, with its captions.

    Columns are `image`, `captions` (a list of texts) and `image_id`. For
    `annotations/captions_train2017.json` the pictures are looked for in `train2017/`,
    `images/train2017/`, `images/` and the folder itself, first next to the file and then next to
    its folder. Captions without a picture are skipped, pictures without captions have an empty
    cell; both are counted.

    Source: Chen et al. 2015, "Microsoft COCO Captions", arXiv:1504.00325.
    """
    orphans = Orphans(path.name)
    names, captions = _collect(path, orphans)
    media = find_media(path, names.values(), _candidates(path.stem), media_root=media_root)
    return stream_rows(
        _rows(names, captions, media, orphans),
        image=pa.string(),
        captions=pa.list_(pa.string()),
        image_id=pa.int64(),
    )


def _candidates(stem: str) -> list[str]:
    part = _KIND.sub("", stem)
    return [
        f"{above}{folder}"
        for above in ("", "../")
        for folder in (part, f"images/{part}", "images", ".")
    ]


def _collect(path: Path, orphans: Orphans) -> tuple[dict[int, str], dict[int, list[str]]]:
    """Returns {picture: name of its file} and {picture: captions}."""
    names: dict[int, str] = {}
    captions: dict[int, list[str]] = {}
    num_annotations = 0
    for key, item in json_items(path):
        if key == "images":
            picture = _number(item, "id", path, f"images[{len(names)}]")
            if picture in names or not isinstance(item.get("file_name"), str):
                raise _bad(path, f"images[{len(names)}]", "an id of its own and a file_name", item)
            names[picture] = item["file_name"]
        elif key == "annotations":
            place = f"annotations[{num_annotations}]"
            num_annotations += 1
            picture, text = _number(item, "image_id", path, place), item.get("caption")
            if isinstance(text, str) and text.strip():
                captions.setdefault(picture, []).append(text.strip())
            else:
                orphans.add("annotations have no caption and are skipped", place)
    if num_annotations and not captions:
        raise DataError(
            "needs annotations with captions. Got other annotations, such as boxes.",
            "Name the file whose name starts with captions_.",
            path=path.name,
            reason="no_captions",
        )
    return names, captions


def _number(item: Any, key: str, path: Path, place: str) -> int:
    value = None
    if isinstance(item, dict):
        value = item.get(key)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _bad(path, place, f'a whole number "{key}"', item)
    return value


def _bad(path: Path, place: str, expected: str, item: Any) -> DataError:
    shown = brief(item)
    return DataError(
        f"needs {expected} in {place}. Got {shown}.",
        "Fix that entry.",
        path=path.name,
        reason="bad_entry",
    )


def _rows(
    names: dict[int, str], captions: dict[int, list[str]], media: MediaFolder, orphans: Orphans
) -> Iterator[dict[str, Any]]:
    for picture, name in names.items():
        texts, image = captions.pop(picture, None), media.cell(name)
        if image is None:
            orphans.add("pictures are missing and are skipped with their captions", name)
            continue
        if texts is None:
            orphans.add("pictures have no captions", name)
        yield {"image": image, "captions": texts, "image_id": picture}
    for picture, texts in captions.items():
        for text in texts:
            orphans.add(
                "captions belong to no picture and are skipped", f"{text!r} of image_id {picture}"
            )
    orphans.warn()
