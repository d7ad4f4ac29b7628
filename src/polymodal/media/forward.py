"""Sound files that are read from one place on, as their decoders need it."""

from __future__ import annotations

import io
import os
from pathlib import Path

import soundfile

__all__ = ["COUNTED", "LEAD_SECONDS", "ForwardFile"]

COUNTED = {"WAV", "WAVEX", "FLAC", "AIFF", "RF64"}  # headers state the length exactly
LEAD_SECONDS = 1.0  # decoded before a place: compressed sound is wrong just after a jump


class ForwardFile(soundfile.SoundFile):
    """A file that soundfile does not seek in after every read.

    A decoder of MP3 or Opus that was sent to a place lacks what came before it, so every block
    would start with an error.

    Args:
        source: bytes or Path, the content.
    """

    def __init__(self, source: bytes | Path):
        super().__init__(io.BytesIO(source) if isinstance(source, bytes) else os.fspath(source))

    def seekable(self) -> bool:
        """Returns False, which keeps soundfile from seeking."""
        return False

    def go_to(self, start: int) -> None:
        """Goes from the start of the file to a frame, such that what follows is decoded right."""
        if start:
            if self.format in COUNTED:
                lead = 0
            else:
                lead = min(start, round(LEAD_SECONDS * self.samplerate))
            self.seek(start - lead)
            self.read(lead)
