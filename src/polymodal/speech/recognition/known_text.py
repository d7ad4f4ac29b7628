"""Alignment of a known text with a recording of any length."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from statistics import geometric_mean

import numpy as np

from polymodal.core.errors import DataError
from polymodal.core.printed.counting import counted
from polymodal.core.printed.progress import say
from polymodal.speech.decoding.align import align
from polymodal.speech.recognition.feeding import Span, clock, feed
from polymodal.speech.recognition.hearing import Frames, Recogniser
from polymodal.speech.recognition.predictor import SpeechPredictor
from polymodal.speech.recognition.transcript import Transcript
from polymodal.speech.segmenting.segments import segments_from_words
from polymodal.speech.transcripts.transcript import TokenSpan, Word, is_unspaced, join_words

__all__ = ["align_text"]

_DOUBTFUL = 0.01  # confidence

_Heard = list[tuple[Span, Frames]]


def align_text(
    predictor: SpeechPredictor, file: str | Path, text: str, batch_size: int = 8
) -> Transcript:
    """Returns when each word of a text is said.

    Args:
        predictor: Predictor of a run whose task is transcribe and whose only input is sound.
        file: sound or video file of any length; some bytes are kept of each of its frames.
        text: str, all that is said, in order.
        batch_size: int, chunks per batch.

    Returns:
        Transcript with the words as they are written in `text`. What the model has no characters
        for, such as a number in digits, goes with the word before it.

    Raises:
        DataError: the file cannot be read, or the text is too long for it. One that is merely not
            what is said has words with next to no confidence, of which a line tells.
        RecipeError: the run does something else.
    """
    recogniser, heard = Recogniser(predictor), []
    texts, tokens, owners = _spelt(recogniser, text)
    with clock([str(file)]) as passed:
        for pieces, ends in feed(recogniser, [str(file)], batch_size):
            for end in ends:
                if end.error:
                    raise end.error
            if pieces:
                said = recogniser.frames([piece.features for piece in pieces])
                heard += zip((piece.span for piece in pieces), said, strict=True)
                passed(sum(piece.seconds for piece in pieces))
    heard.sort(key=lambda pair: pair[0])
    log_probs, times = _joined(heard)
    try:
        spans = align(log_probs, tokens, recogniser.reading.blank)
    except ValueError as error:
        raise DataError(
            f"does not fit the text: {error}", path=str(file), reason="other_text"
        ) from None
    words = _words(texts, owners, spans, times, heard[0][1].seconds)
    doubtful = sum(word.confidence < _DOUBTFUL for word in words)
    if 2 * doubtful > len(words):
        say(
            f"{file}: {doubtful} of {counted(len(words), 'word')} have a confidence below "
            f"{_DOUBTFUL}. The text may not be a transcript of this recording."
        )
    return Transcript(str(file), heard[-1][0][1], tuple(words), tuple(segments_from_words(words)))


def _spelt(recogniser: Recogniser, text: str) -> tuple[list[str], list[int], list[int]]:
    """Returns the words, the tokens, and for each token the place of its word, -1 for spaces."""
    encode, labels = recogniser.target.encode, recogniser.target.labels
    space = []
    if " " in labels:
        space = [labels.index(" ")]
    words: list[str] = []
    tokens: list[int] = []
    owners: list[int] = []
    for word in text.split():
        if tokens and owners[-1] != -1:
            tokens += space
            owners += [-1] * len(space)
        for piece in _pieces(word):
            ids = encode(piece).tolist()
            if words and not (ids and tokens):  # what cannot be heard goes with what can
                words[-1] = join_words([words[-1], piece])
            else:
                words.append(piece)
            tokens += ids
            owners += [len(words) - 1] * len(ids)
    while owners[-1:] == [-1]:
        del owners[-1], tokens[-1]
    if not tokens:
        raise DataError(
            "The text contains no character that the model knows.",
            "Write it as in the transcripts that the model was trained on.",
            reason="empty_text",
        )
    return words, tokens, owners


def _pieces(word: str) -> list[str]:
    """Returns the words of what is between two spaces: several in scripts without spaces."""
    pieces = ""
    for before, letter in itertools.pairwise(f" {word}"):
        apart = pieces and (is_unspaced(letter) or is_unspaced(before))
        pieces += f" {letter}" if apart else letter
    return pieces.split()


def _joined(heard: _Heard) -> tuple[np.ndarray, np.ndarray]:
    """Returns the frames of all chunks, and when each of them starts.

    Where chunks overlap, the second takes over in the middle.
    """
    cuts = [
        0.0,
        *((before[1] + after[0]) / 2 for (before, _), (after, _) in itertools.pairwise(heard)),
        np.inf,
    ]
    kept, times = [], []
    for (span, frames), (first, last) in zip(heard, itertools.pairwise(cuts), strict=True):
        starts = span[0] + frames.seconds * np.arange(len(frames.log_probs))
        inside = (starts >= first) & (starts < last)
        kept.append(frames.log_probs[inside])
        times.append(starts[inside])
    return np.concatenate(kept), np.concatenate(times)


def _words(
    texts: Sequence[str],
    owners: Sequence[int],
    spans: Sequence[TokenSpan],
    times: np.ndarray,
    frame_seconds: float,
) -> list[Word]:
    groups: list[list[TokenSpan]] = [[] for _ in texts]
    for owner, span in zip(owners, spans, strict=True):
        if owner >= 0:
            groups[owner].append(span)
    return [
        Word(
            text,
            float(times[said[0].start_frame]),
            float(times[said[-1].end_frame - 1]) + frame_seconds,
            round(geometric_mean(max(span.confidence, 1e-12) for span in said), 6),
        )
        for text, said in zip(texts, groups, strict=True)
    ]
