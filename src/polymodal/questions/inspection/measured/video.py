"""What is measured of a video, once: its middle frame, its movement and its sound."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np

from polymodal.core.errors import DataError
from polymodal.media.identity import content_hash
from polymodal.media.video import read_video, video_info
from polymodal.questions.inspection.measured.image import measure_pixels
from polymodal.questions.inspection.measured.sound import measure_sound

_FRAMES, _RATE = 16, 2.0
_OF_SOUND = ("peak", "decibels", "near_peak", "active_seconds")


def measure_video(cell: Any, root: Any) -> dict[str, Any]:
    """Returns what is measured of the middle one of up to 16 frames, and movement and sound."""
    info = video_info(cell, root)
    frames = read_video(cell, root, frames_per_second=_RATE, max_frames=_FRAMES)
    found = measure_pixels(frames[len(frames) // 2])
    found |= {
        "hash": content_hash(frames),
        "seconds": info.seconds,
        "frames_per_second": info.frames_per_second,
        "movement": float("nan"),
        "brightest": float(np.percentile(frames, 99)),
        "has_sound": info.has_sound,
    }
    if len(frames) > 1:
        found["movement"] = float(np.abs(np.diff(frames.astype(np.int16), axis=0)).mean())
    if info.has_sound:
        with suppress(DataError):  # a track that cannot be read is no fault of the frames
            sound = measure_sound(cell, root)
            found |= {key: sound[key] for key in _OF_SOUND}
            found["sound_seconds"] = sound["seconds"]
    return found
