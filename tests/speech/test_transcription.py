"""All parts together: from a file, by way of what a model would say of each chunk, to subtitles."""

import csv
import itertools
import string

import numpy as np
import pytest
import soundfile

from polymodal.media.audio import read_audio
from polymodal.speech.decoding.align import align
from polymodal.speech.decoding.ctc_search import beam_search
from polymodal.speech.decoding.hot_words import HotWords
from polymodal.speech.decoding.language_scorer import LanguageScorer
from polymodal.speech.language.kneser_ney import train_ngram
from polymodal.speech.segmenting.chunks import cut_chunks
from polymodal.speech.segmenting.merge import merge_words
from polymodal.speech.segmenting.segments import segments_from_words
from polymodal.speech.segmenting.stream import stream_audio
from polymodal.speech.transcripts.subtitles import to_srt
from polymodal.speech.transcripts.words import words_from_spans
from subtitle_parser import parse_subtitles

RATE, FRAME_SECONDS = 8000, 0.04
SYMBOLS = [*string.ascii_lowercase, " ", ""]
BLANK = len(SYMBOLS) - 1


@pytest.fixture(scope="module")
def recording(shared_data, tmp_path_factory):
    """A file of sixty clips, their texts, and (letter, seconds) for all that is said in it."""
    folder, rng = shared_data / "connected_digits", np.random.default_rng(0)
    with (folder / "val.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[:60]
    path = tmp_path_factory.mktemp("recording") / "long.flac"
    letters, time = [], 0.0
    with soundfile.SoundFile(path, "w", RATE, 1) as file:
        for row in rows:
            clip, gap = read_audio(row["audio"], folder, RATE), int(rng.uniform(0.3, 1.2) * RATE)
            times = time + np.linspace(0, len(clip) / RATE, len(row["transcript"]) + 1)
            letters += [*zip(f"{row['transcript']} ", times.tolist(), strict=True)]
            file.write(np.concatenate([clip, 0.001 * rng.standard_normal(gap, dtype="f4")]))
            time += (len(clip) + gap) / RATE
    return path, [row["transcript"] for row in rows], letters


def listen(chunk, letters, rng):
    """Log-probabilities as of a model that hears every letter, one in twelve only faintly."""
    count = int((chunk.end_seconds - chunk.start_seconds) / FRAME_SECONDS)
    logits = 0.5 * rng.normal(size=(count, len(SYMBOLS)))
    logits[:, BLANK] += 8
    last = -2
    for letter, seconds in letters:
        frame = max(last + 2, int((seconds - chunk.start_seconds) / FRAME_SECONDS))
        if seconds >= chunk.start_seconds and frame < count:
            last = frame
            logits[frame, SYMBOLS.index(letter)] += 14
            if rng.random() < 1 / 12:
                logits[frame, rng.integers(26)] += 14
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


@pytest.mark.parametrize("in_pauses", [True, False])
def test_a_long_recording_becomes_subtitles(recording, in_pauses):
    path, texts, letters = recording
    language = train_ngram(texts, order=2)
    scorers = [
        LanguageScorer(language, SYMBOLS, weight=2.0, word_bonus=4.0),
        HotWords(["seven", "zero"], SYMBOLS),
    ]
    parts, spans, rng = [], [], np.random.default_rng(1)
    for chunk in cut_chunks(
        stream_audio(path, RATE, 3.0), RATE, 12.0, 3.0, min_pause_seconds=0.2 if in_pauses else 60
    ):
        log_probs = listen(chunk, letters, rng)
        best = beam_search(log_probs, BLANK, scorers=scorers)[0]
        tokens = align(log_probs, best.ids, BLANK)
        parts.append(words_from_spans(tokens, SYMBOLS, FRAME_SECONDS, chunk.start_seconds))
        spans.append((chunk.start_seconds, chunk.end_seconds))
    assert len(parts) > 10
    assert in_pauses == all(a[1] == b[0] for a, b in itertools.pairwise(spans))

    words = merge_words(parts, spans)
    assert [word.text for word in words] == " ".join(texts).split()
    starts = [
        time for (before, _), (_, time) in itertools.pairwise([(" ", 0), *letters]) if before == " "
    ]
    assert np.abs(np.array([word.start_seconds for word in words]) - starts).max() < 0.15
    shown = parse_subtitles(to_srt(segments_from_words(words)))
    assert " ".join(segment.text for segment in shown).split() == " ".join(texts).split()
