"""Published data sets in small: real files in the layout in which they are handed out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from media_files import tone, write_sound


def write_json(path: Path, value: Any) -> Path:
    """Writes JSON and the folders above it."""
    return write_lines(path, json.dumps(value))


def write_lines(path: Path, *lines: str) -> Path:
    """Writes lines of text and the folders above them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def write_pictures(folder: Path, *names: str) -> Path:
    """Writes small pictures, each in a grey of its own."""
    for grey, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = None if path.suffix in (".png", ".jpg") else "JPEG"
        Image.fromarray(np.full((4, 6, 3), 10 * grey, np.uint8)).save(path, kind)
    return folder


def write_tones(folder: Path, *names: str, seconds: float = 0.2) -> Path:
    """Writes short tones, each with a pitch of its own."""
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_sound(path, tone(seconds, hertz=300.0 + 100 * number))
    return folder
