"""Opening files with FFmpeg's libraries (PyAV) such that they can reach nothing but themselves."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av

from polymodal.core.errors import DataError

# A playlist inside a file may name other files or addresses. The content is handed over as an open
# file and no protocol is allowed, so that nothing else is ever opened.
_CLOSED = {"protocol_whitelist": "none"}


@contextmanager
def open_container(source: bytes | Path, shown: str, what: str) -> Iterator:
    """Opens a file with sound or moving pictures and turns FFmpeg's errors into DataErrors.

    Args:
        source: bytes or Path, the content.
        shown: str, the name to show in messages.
        what: str, "sound" or "video": what is being looked for.
    """
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as stream:
        try:
            with av.open(stream, container_options=_CLOSED) as container:
                yield container
        except DataError:
            raise
        except Exception as error:  # PyAV raises many kinds on broken files
            raise unreadable(what, shown, str(getattr(error, "strerror", None) or error)) from None


def unreadable(what: str, shown: str, cause: str) -> DataError:
    """Returns the error for a file that no decoder takes."""
    cause = cause.strip().rstrip(".: ")
    return DataError(f"is no {what} that can be read ({cause}).",
                     "Fix the file, or run with --skip-bad.", path=shown,
                     reason=f"unreadable_{what}")
