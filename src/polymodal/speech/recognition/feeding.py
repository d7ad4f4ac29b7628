"""Files of any length as batches of chunks, prepared ahead in a thread, with progress."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from polymodal.core.errors import DataError, cell_error
from polymodal.core.printed.progress import bar, say
from polymodal.media.audio import audio_length
from polymodal.media.cells import name_of
from polymodal.speech.recognition.hearing import Recogniser
from polymodal.speech.segmenting.activity import speech_regions
from polymodal.speech.segmenting.chunks import Chunk, cut_chunks
from polymodal.speech.segmenting.stream import stream_audio

__all__ = ["Batch", "End", "Piece", "Span", "clock", "feed"]

_OVERLAP_SECONDS = 3.0  # longer than words; of short chunks a quarter
_PAUSE_SECONDS = 0.5  # in a chunk, that it is cut at
_LEAST_SECONDS = 1.0  # of sound whose real-time factor says anything
_BATCHES = 4  # read at once, so that chunks of similar length meet in one

Span = tuple[float, float]  # start and end in seconds


class Piece(NamedTuple):
    """A chunk of a file.

    Args:
        file: int, index of the file.
        span: (start, end) in seconds.
        features: float32 (steps, num_mels).
        regions: tuple of the (start, end) in seconds where somebody speaks in it.
        seconds: float, of sound that no chunk before has, as chunks may overlap.
    """

    file: int
    span: Span
    features: np.ndarray
    regions: tuple[Span, ...]
    seconds: float


class End(NamedTuple):
    """The end of a file, with the error if it could not be read further."""

    file: int
    error: Exception | None = None


class Batch(NamedTuple):
    """Chunks of similar length, of one or several files, and the files that end with them."""

    pieces: tuple[Piece, ...]
    ends: tuple[End, ...]


def feed(
    recogniser: Recogniser, files: Sequence[Any], batch_size: int, root: Any = None
) -> Iterator[Batch]:
    """Yields the batches of all files; files end in order, their chunks come in any. Files are
    media cells, whose relative paths start from `root`.

    Short files share batches. One thread decodes, cuts and encodes what comes next while the model
    works, which fills the cores by itself.
    """
    batches, done = _batches(recogniser, files, batch_size, root), object()
    with ThreadPoolExecutor(1, "sound") as pool:
        waiting = pool.submit(next, batches, done)
        while isinstance(batch := waiting.result(), Batch):
            waiting = pool.submit(next, batches, done)
            yield batch


@contextmanager
def clock(files: Sequence[Any], root: Any = None) -> Iterator[Callable[[float], None]]:
    """Gives a function that takes the seconds done; prints the time at the end."""
    heard, start = 0.0, time.perf_counter()
    with bar(
        "Transcribing (seconds)", round(sum(_seconds(file, root) for file in files))
    ) as advance:

        def passed(seconds: float) -> None:
            nonlocal heard
            heard += seconds
            advance(round(heard) - round(heard - seconds))

        yield passed
    took = time.perf_counter() - start
    if heard >= _LEAST_SECONDS:
        say(f"{heard:,.1f} s of audio in {took:,.1f} s (real-time factor {took / heard:.4f}).")


def _seconds(file: Any, root: Any) -> float:
    try:
        return audio_length(file, root)[1]
    except DataError:
        return 0.0  # it is named when its turn comes


def _batches(
    recogniser: Recogniser, files: Sequence[Any], batch_size: int, root: Any
) -> Iterator[Batch]:
    items = itertools.chain.from_iterable(
        _items(recogniser, number, file, root) for number, file in enumerate(files)
    )
    while some := list(itertools.islice(items, _BATCHES * batch_size)):
        pieces = sorted(
            (item for item in some if isinstance(item, Piece)),
            key=lambda piece: len(piece.features),
        )
        ends = tuple(item for item in some if isinstance(item, End))
        for first in range(0, len(pieces), batch_size):
            yield Batch(tuple(pieces[first : first + batch_size]), ())
        yield Batch((), ends)


def _items(recogniser: Recogniser, number: int, file: Any, root: Any) -> Iterator[Piece | End]:
    rate, longest, covered = recogniser.sample_rate, recogniser.chunk_seconds, 0.0
    try:
        blocks = stream_audio(file, rate, root=root)
        chunks = cut_chunks(blocks, rate, longest, min(_OVERLAP_SECONDS, longest / 4))
        for chunk, regions in _utterances(chunks):
            start, end = span = chunk.start_seconds, chunk.end_seconds
            yield Piece(
                number, span, recogniser.encode(chunk.samples), regions, end - max(covered, start)
            )
            covered = end
        yield End(number)
    except Exception as error:  # decoders raise of every kind
        yield End(number, cell_error(error, path=name_of(file)).by_file())


def _utterances(chunks: Iterator[Chunk]) -> Iterator[tuple[Chunk, tuple[Span, ...]]]:
    """Yields chunks without long pauses, which a model trained on clips has never seen, with the
    regions of speech in each.

    They are not cut where they overlap, so that a chunk overlaps none but its neighbours.
    """
    covered = 0
    for chunk, following in itertools.pairwise(itertools.chain(chunks, [None])):
        if chunk is None:
            continue
        low, high = covered - chunk.start, following.start - chunk.start if following else np.inf
        rate, samples = chunk.sample_rate, chunk.samples
        regions = speech_regions(samples, rate, hang_seconds=0.05)
        pauses = [
            round((end + start) / 2 * rate)
            for (_, end), (start, _) in itertools.pairwise(regions)
            if start - end >= _PAUSE_SECONDS
        ]
        edges = [0, *(cut for cut in pauses if low <= cut <= high), len(samples)]
        for first, last in itertools.pairwise(edges):
            inside = tuple(
                (chunk.start_seconds + start, chunk.start_seconds + end)
                for start, end in regions
                if first < end * rate and start * rate < last
            )
            yield Chunk(samples[first:last], chunk.start + first, rate), inside
        covered = chunk.start + len(samples)
