"""Opening files with FFmpeg's libraries (PyAV) such that they can reach nothing but themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av

from polymodal.core.errors import DataError
from polymodal.media.stated.boxes import packed_header, starts_a_box
from polymodal.media.stated.mp3 import states_length
from polymodal.media.whole import (
    TOLERANCE_SECONDS,
    check_end,
    check_pages_of,
    cut_short,
    damaged,
    opened,
)

# A playlist inside a file may name other files or addresses. The content is handed over as an open
# file and no protocol is allowed, so that nothing else is ever opened.
_CLOSED = {"protocol_whitelist": "none"}
MAX_PIXELS = 16_000_000  # of a frame; 8K is 33 million
_NAMED = {"sound": "sound", "video": "a video"}
_GUESSED = {"mp3", "aac", "amr", "flac", "h264", "hevc", "mpegvideo", "m4v"}
_MOST_HEADER_BYTES = 1 << 25
# By how much the length that a header states may differ: browsers and cameras that cannot go back
# write it by the clock, but such formats also state the size of their parts.
_TOLERANCES = {
    "mov": TOLERANCE_SECONDS,
    "mp3": TOLERANCE_SECONDS,
    "matroska": 0.5,
    "avi": 0.5,
    "flv": 0.5,
    "asf": 0.5,
}


@contextmanager
def open_container(
    source: bytes | Path, shown: str, what: str, max_pixels: int = MAX_PIXELS
) -> Iterator[Any]:
    """Opens a file with sound or moving pictures and turns FFmpeg's errors into DataErrors.

    Args:
        source: bytes or Path, the content.
        shown: str, the name to show in messages.
        what: str, "sound" or "video": what is being looked for.
        max_pixels: int, larger frames are not decoded to find out what the file holds.
    """
    with opened(source) as stream:
        _check_packed(stream, shown, what)
        try:
            with av.open(
                stream,
                options={"max_pixels": str(max_pixels)},
                container_options=_CLOSED,
                metadata_errors="replace",
            ) as container:
                yield container
        except DataError:
            raise
        except Exception as error:  # PyAV raises many kinds on broken files
            raise unreadable(what, shown, str(getattr(error, "strerror", None) or error)) from None


def decoded(container: Any, stream: Any, source: bytes | Path, shown: str) -> Iterator[Any]:
    """Yields the frames of a stream in order; at the end of the file, checks that it is whole.

    Args:
        container: what `open_container` gave.
        stream: one of its streams.
        source: bytes or Path that it was opened from.
        shown: str, the name to show in messages.

    Raises:
        DataError: a frame is damaged, or the file ends before it states to end.
    """
    check_pages_of(source, shown)
    end = 0.0
    for packet in container.demux(stream):
        if packet.is_corrupt:  # or merely the last of a file that states no length
            check_end(source, shown)
        for frame in packet.decode():
            if frame.is_corrupt:
                check_end(source, shown)  # which says more
                raise damaged(shown, "a frame is not whole")
            end = _end_of(frame, stream, end)
            yield frame
    check_end(source, shown)
    stated = _stated_end(container, stream, source)
    if stated is not None and end < stated:
        raise cut_short(shown, f"it ends after {end:.2f} s, before it states to end")


def stated_seconds(container: Any, stream: Any) -> float:
    """Returns how long a stream is by what the file says; 0 where it says nothing, as recorders in
    browsers do, or where FFmpeg guesses by the first packets."""
    if _GUESSED & set(container.format.name.split(",")):
        return 0.0
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / 1e6


def measured_seconds(container: Any, stream: Any) -> float:
    """Returns how long a stream is by the times of its packets, which are read but not decoded."""
    start, end = None, 0.0
    for packet in container.demux(stream):
        if packet.pts is None or packet.time_base is None:
            continue
        place = float(packet.pts * packet.time_base)
        start = place if start is None else min(start, place)
        end = max(end, place + float((packet.duration or 0) * packet.time_base))
    if start is None:
        return 0.0
    return max(0.0, end - start)


def _check_packed(stream: Any, shown: str, what: str) -> None:
    head = stream.read(12)
    if starts_a_box(head) and (size := packed_header(stream)) > _MOST_HEADER_BYTES:
        raise unreadable(what, shown, f"its header unpacks to {size:,} bytes")
    stream.seek(0)


def unreadable(what: str, shown: str, cause: str) -> DataError:
    """Returns the error for a file that no decoder takes."""
    cause = cause.strip().rstrip(".: ")
    return DataError(
        f"is not {_NAMED[what]} that can be read ({cause}).",
        "Fix the file, or run with --skip-bad.",
        path=shown,
        reason=f"unreadable_{what}",
    )


def _end_of(frame: Any, stream: Any, before: float) -> float:
    """Returns when a frame ends, in seconds, from the stream's own zero."""
    if stream.type == "audio":
        length = frame.samples / frame.sample_rate
    elif frame.duration and frame.time_base:
        length = float(frame.duration * frame.time_base)
    else:
        length = 1 / float(stream.average_rate or 25)
    return max(before, (before if frame.time is None else frame.time) + length)


def _stated_end(container: Any, stream: Any, source: bytes | Path) -> float | None:
    """Returns when a stream ends at the earliest by what the file says, in seconds; None where it
    does not."""
    form = next((f for f in container.format.name.split(",") if f in _TOLERANCES), None)
    if form is None or (form == "mp3" and not _counts_frames(source)):
        return None
    if stream.duration and stream.time_base:
        stated = float((stream.duration + (stream.start_time or 0)) * stream.time_base)
    elif len(container.streams) == 1 and container.duration:  # else another may be the longest
        stated = container.duration / 1e6
    else:
        return None
    return stated - _TOLERANCES[form]


def _counts_frames(source: bytes | Path) -> bool:
    with opened(source) as content:
        return states_length(content)
