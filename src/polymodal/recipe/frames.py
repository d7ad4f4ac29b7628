"""Videos for an imported encoder of images: as a few frames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polymodal.core.arguments import parameters
from polymodal.core.contracts.task import Task
from polymodal.core.lookup import find
from polymodal.profile.profile import Profile

__all__ = ["as_frames", "holds_videos", "reads_pictures"]

_IMAGE, _FRAMES, _VIDEO = "image", "frames", "video"


def reads_pictures(config: Mapping[str, Any]) -> bool:
    """Returns whether an input's encoder is that of another model, and reads images."""
    encoder = config.get("encoder")
    return (
        config.get("modality") == _IMAGE
        and isinstance(encoder, Mapping)
        and bool(encoder.get("from"))
    )


def holds_videos(facts: Profile, column: str, task: Task) -> bool:
    """Returns whether a column holds videos: as the task calls it, or by its cells."""
    if column not in facts.table.column_names:
        return False
    called = task.own_inputs([column]).get(column, {}).get("modality")
    return (called or facts.verdict(column).modality) == _VIDEO


def as_frames(config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns an input's settings with its videos read as frames."""
    image, frames = (set(parameters(find("preprocess", one))) for one in (_IMAGE, _FRAMES))
    kept = {key: value for key, value in config.items() if key not in image - frames}
    return {**kept, "modality": _FRAMES}
