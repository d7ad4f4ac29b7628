"""Files of any length as batches of chunks, made ahead in a thread, with a clock over them."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from polymodal.core.errors import DataError
from polymodal.core.progress import bar, say
from polymodal.data.media.audio import audio_length
from polymodal.inference.recording.hearing import Recogniser
from polymodal.speech.activity import speech_regions
from polymodal.speech.chunks import Chunk, cut_chunks
from polymodal.speech.stream import stream_audio

__all__ = ["Batch", "Span", "clock", "feed"]

_OVERLAP_SECONDS = 3.0  # longer than words; of short chunks a quarter
_PAUSE_SECONDS = 0.5  # in a chunk, that it is cut at
_BATCHES = 4  # read at once, so that chunks of similar length meet in a batch

Span = tuple[float, float]  # start and end in seconds
_Chunks = Iterator[tuple[Span, np.ndarray]]


@dataclass(frozen=True)
class Batch:
    """Chunks of one file. One without chunks says that the file has ended, or why it failed.

    Args:
        file: int, place of the file among all.
        spans: tuple of (start, end) in seconds.
        features: tuple of float32 (steps, num_mels).
        error: DataError or OSError, where the file cannot be read any further.
    """

    file: int
    spans: tuple[Span, ...] = ()
    features: tuple[np.ndarray, ...] = ()
    error: Exception | None = None


def feed(recogniser: Recogniser, files: Sequence[str], batch_size: int) -> Iterator[Batch]:
    """Yields the batches of all files, in order of files but not of chunks.

    One thread decodes, cuts and encodes what comes next, also of the next file, while the model
    works. Running files side by side would only make them share the cores that a model fills.
    """
    items, done = _batches(recogniser, files, batch_size), object()
    with ThreadPoolExecutor(1, "sound") as pool:
        waiting = pool.submit(next, items, done)
        while isinstance(batch := waiting.result(), Batch):
            waiting = pool.submit(next, items, done)
            yield batch


@contextmanager
def clock(files: Sequence[str]) -> Iterator[Callable[[Sequence[Span]], None]]:
    """Gives a function that takes the spans that were heard; says in the end how long it took."""
    heard, start = 0.0, time.perf_counter()
    with bar("Listening (seconds)", round(sum(map(_seconds, files)))) as advance:

        def passed(spans: Sequence[Span]) -> None:
            nonlocal heard
            seconds = sum(end - begin for begin, end in spans)
            heard += seconds
            advance(round(heard) - round(heard - seconds))

        yield passed
    took = time.perf_counter() - start
    if heard:
        say(f"{heard:,.1f} s of sound in {took:,.1f} s: real-time factor {took / heard:.4f}.")


def _seconds(file: str) -> float:
    try:
        return audio_length(file)[1]
    except (DataError, OSError):
        return 0.0  # it is named when its turn comes


def _batches(recogniser: Recogniser, files: Sequence[str], batch_size: int) -> Iterator[Batch]:
    for number, file in enumerate(files):
        try:
            for spans, features in _grouped(_chunks(recogniser, file), batch_size):
                yield Batch(number, spans, features)
            yield Batch(number)
        except (DataError, OSError) as error:
            yield Batch(number, error=error)


def _chunks(recogniser: Recogniser, file: str) -> _Chunks:
    rate, longest = recogniser.sample_rate, recogniser.chunk_seconds
    blocks = stream_audio(file, rate)
    chunks = cut_chunks(blocks, rate, longest, min(_OVERLAP_SECONDS, longest / 4))
    for chunk in _utterances(chunks):
        yield (chunk.start_seconds, chunk.end_seconds), recogniser.encode(chunk.samples)


def _utterances(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """Yields chunks without long pauses, which a model that learned from clips has never heard.

    They are not cut where they overlap, so that a chunk overlaps none but its neighbours.
    """
    covered = 0
    for chunk, following in itertools.pairwise(itertools.chain(chunks, [None])):
        if chunk is None:
            continue
        low, high = covered - chunk.start, following.start - chunk.start if following else np.inf
        rate, samples = chunk.sample_rate, chunk.samples
        regions = speech_regions(samples, rate, hang_seconds=0.05)
        pauses = [round((end + start) / 2 * rate)
                  for (_, end), (start, _) in itertools.pairwise(regions)
                  if start - end >= _PAUSE_SECONDS]
        edges = [0, *(cut for cut in pauses if low <= cut <= high), len(samples)]
        for start, end in itertools.pairwise(edges):
            yield Chunk(samples[start:end], chunk.start + start, rate)
        covered = chunk.start + len(samples)


def _grouped(chunks: _Chunks, batch_size: int) -> Iterator[tuple]:
    """Yields (spans, features) of batches, chunks of similar length together."""
    while some := list(itertools.islice(chunks, _BATCHES * batch_size)):
        some.sort(key=lambda chunk: len(chunk[1]))
        for first in range(0, len(some), batch_size):
            yield tuple(zip(*some[first:first + batch_size], strict=True))
