"""Where a published model is: a folder in one of several layouts, or a file."""

from __future__ import annotations

from pathlib import Path

from polymodal.core.disk.paths import user_path
from polymodal.pretrained.language.gguf_file import GgufCheckpoint
from polymodal.pretrained.reading.checkpoint import Checkpoint
from polymodal.pretrained.speech.ctranslate2_file import CTranslate2Checkpoint, is_ctranslate2

__all__ = ["opened"]


def opened(source: str | Path) -> Checkpoint:
    """Returns the checkpoint in a folder of Hugging Face's layout or of CTranslate2, or in a file
    that ends in .gguf."""
    path = user_path(source)
    if path.suffix.lower() == ".gguf":
        return GgufCheckpoint(path)
    if is_ctranslate2(path):
        return CTranslate2Checkpoint(path)
    return Checkpoint(path)
