"""Live transcription, such as from a microphone: partial and final results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from polymodal.core.errors import RecipeError
from polymodal.media.audio import resampled
from polymodal.speech.recognition.hearing import Recogniser
from polymodal.speech.recognition.predictor import SpeechPredictor
from polymodal.speech.segmenting.activity import speech_regions
from polymodal.speech.segmenting.chunks import cut_chunks
from polymodal.speech.segmenting.merge import merge_words
from polymodal.speech.segmenting.stream import as_mono
from polymodal.speech.transcripts.transcript import Word, join_words
from polymodal.speech.transcripts.words import spoken

__all__ = ["Heard", "stream"]

_LEAST_SECONDS = 0.2  # of silence that is kept before speech
_ALONE_SECONDS = 2.0  # of sound that may be a word without any pause around it


@dataclass(frozen=True)
class Heard:
    """A result for sound that is still coming in.

    Args:
        words: tuple of Word, times from the start of the sound.
        is_final: bool; False if a later result replaces this one.
    """

    words: tuple[Word, ...]
    is_final: bool

    @property
    def text(self) -> str:
        """The words as one line."""
        return join_words(word.text for word in self.words)


def stream(
    predictor: SpeechPredictor,
    blocks: Iterable[Any],
    sample_rate: int | None = None,
    update_seconds: float = 0.5,
    pause_seconds: float = 0.6,
    **reading: Any,
) -> Iterator[Heard]:
    """Yields transcripts of sound that comes in block by block.

    A partial result covers the unfinished chunk. A final one comes when a pause closes the chunk,
    and is never replaced: the final results together are the transcript. Any encoder works, also a
    bidirectional one, because the unfinished chunk is decoded again at every update. That work is
    bounded: a chunk is at most as long as the model's clips. It is then cut with an overlap, and
    the words before the overlap are final.

    Args:
        predictor: Predictor of a run whose task is transcribe and whose only input is sound.
        blocks: iterable of sound as a microphone gives it, of any sizes: float of -1 to 1 or whole
            numbers of 16 or 32 bits, (samples,) or (samples, channels).
        sample_rate: int, hertz of the blocks; None for that of the model.
        update_seconds: float, new sound after which the unfinished chunk is read again.
        pause_seconds: float, silence that closes a chunk.
        reading: keyword arguments of `Reading`: beam, language_model, hot_words.

    Returns:
        Iterator of Heard.

    Raises:
        RecipeError: the run does something else, or a time or rate is not above 0.
        DataError: a block is not sound.
    """
    if sample_rate is not None and sample_rate <= 0:
        raise RecipeError(
            f"stream needs sample_rate above 0. Got {sample_rate}. Pass the hertz of "
            "the microphone."
        )
    if update_seconds <= 0 or pause_seconds <= 0:
        raise RecipeError(
            "stream needs update_seconds and pause_seconds above 0. Got "
            f"{update_seconds} and {pause_seconds}. Use 0.5 and 0.6."
        )
    recogniser = Recogniser(predictor, **reading)
    sound = resampled(
        map(as_mono, blocks), sample_rate or recogniser.sample_rate, recogniser.sample_rate
    )
    return _Live(recogniser, pause_seconds).listen(sound, update_seconds)


class _Live:
    """The unfinished chunk: its samples, and the words of the previous one that it overlaps."""

    def __init__(self, recogniser: Recogniser, pause_seconds: float):
        self.recogniser, self.pause_seconds = recogniser, pause_seconds
        self.rate = recogniser.sample_rate
        self.size = round(recogniser.chunk_seconds * self.rate)
        self.held, self.start = np.zeros(0, np.float32), 0
        self.kept: list[Word] = []  # not final, from before `start` up to `covered`
        self.covered = 0.0
        self.spoke = 0.0  # when somebody last did, before `start`

    def listen(self, blocks: Iterable[np.ndarray], update_seconds: float) -> Iterator[Heard]:
        step, shown = max(1, min(round(update_seconds * self.rate), self.size // 2)), ""
        for samples in _sized(blocks, step):
            self.held = np.concatenate([self.held, samples], dtype=np.float32)
            final = self._closed()
            if final:
                shown = ""
                yield Heard(tuple(final), True)
            if len(self.held):
                partial = Heard(tuple(self._words(self.held, self._regions(self.held))), False)
                if partial.text != shown:
                    shown = partial.text
                    yield partial
        if final := self._words(self.held, self._regions(self.held), last=True):
            yield Heard(tuple(final), True)

    def _closed(self) -> list[Word]:
        """Removes the finished part and returns its words."""
        regions = speech_regions(self.held, self.rate, hang_seconds=0.05)
        seconds = len(self.held) / self.rate
        if not regions:
            return self._forget(seconds)
        following = [start for start, _ in regions[1:]]
        for (_, end), start in zip(regions, [*following, seconds], strict=True):
            if start - end >= self.pause_seconds:
                return self._cut(round((end + self.pause_seconds / 2) * self.rate))
        if len(self.held) > self.size:
            return self._full()
        return []

    def _forget(self, seconds: float) -> list[Word]:
        """Drops sound without speech, except for a little before speech."""
        if seconds < self.pause_seconds or self._may_be_all():
            return []
        return self._cut(max(0, len(self.held) - round(_LEAST_SECONDS * self.rate)))

    def _full(self) -> list[Word]:
        """Cuts at a pause if there is one, else with an overlap, whose words are not final yet."""
        longest = self.recogniser.chunk_seconds
        chunks = cut_chunks([self.held], self.rate, longest, longest / 4)
        first, second = next(chunks), next(chunks)
        if second.start == len(first.samples):
            return self._cut(second.start)
        words = self._let_go(first.samples)
        self.covered = (self.start + len(first.samples)) / self.rate
        self.held, self.start = self.held[second.start :], self.start + second.start
        overlap = self.start / self.rate
        self.kept = [word for word in words if word.end_seconds > overlap]
        return [word for word in words if word.end_seconds <= overlap]

    def _cut(self, place: int) -> list[Word]:
        words = self._let_go(self.held[:place])
        self.held, self.start, self.kept = self.held[place:], self.start + place, []
        return words

    def _let_go(self, samples: np.ndarray) -> list[Word]:
        """Returns the words of samples that are over, and keeps in mind when somebody last spoke
        in them."""
        regions = self._regions(samples)
        words = self._words(samples, regions)
        self.spoke = max([self.spoke, *(end for _, end in regions)])
        return words

    def _regions(self, samples: np.ndarray) -> list[tuple[float, float]]:
        """Returns where somebody speaks in samples that start where the chunk does."""
        begin = self.start / self.rate
        return [
            (begin + start, begin + end)
            for start, end in speech_regions(samples, self.rate, hang_seconds=0.05)
        ]

    def _may_be_all(self) -> bool:
        """Returns whether this may be a word alone, with nothing around that it stands out of."""
        most = min(_ALONE_SECONDS * self.rate, self.size)
        return not self.spoke and self.start + len(self.held) < most

    def _words(
        self, samples: np.ndarray, regions: list[tuple[float, float]], last: bool = False
    ) -> list[Word]:
        """Returns the words of the unfinished chunk, those that are kept included; none of sound
        in which nobody speaks."""
        begin, end = self.start / self.rate, (self.start + len(samples)) / self.rate
        alone = last and len(samples) > 0 and self._may_be_all()
        if not regions and not alone:
            return self.kept
        (frames,) = self.recogniser.frames([self.recogniser.encode(samples)])
        words = self.recogniser.words(frames, begin)
        if not alone:
            before = []
            if self.spoke:
                before = [(self.spoke, self.spoke)]
            words = spoken(words, [*before, *regions], end, self.pause_seconds)
        if not self.kept:
            return words
        return merge_words([self.kept, words], [(begin - 1, self.covered), (begin, end)])


def _sized(blocks: Iterable[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """Yields blocks of exactly `size` samples, and what is left."""
    waiting = np.zeros(0, np.float32)
    for block in blocks:
        waiting = np.concatenate([waiting, block])
        while len(waiting) >= size:
            yield waiting[:size]
            waiting = waiting[size:]
    if len(waiting):
        yield waiting
