"""Chunks cover the recording, are cut in pauses, and do not depend on blocks."""

import csv
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polymodal.media.audio import read_audio
from polymodal.speech.segmenting.chunks import cut_chunks

RATE = 8000


def covered(chunks, samples):
    """Checks that chunks lie in the recording where they say, without a hole."""
    end = 0
    for chunk in chunks:
        assert chunk.start <= end
        place = slice(chunk.start, chunk.start + len(chunk.samples))
        assert np.array_equal(chunk.samples, samples[place])
        end = place.stop
    return end == len(samples)


@settings(max_examples=40)
@given(
    st.integers(0, 60_000),
    st.lists(st.integers(1, 30_000), max_size=6),
    st.floats(0.5, 3.0),
    st.floats(0, 0.2),
    st.booleans(),
)
def test_any_recording_is_covered_and_blocks_do_not_matter(
    length, sizes, max_seconds, overlap_seconds, pauses
):
    rng = np.random.default_rng(length)
    samples = 0.1 * rng.standard_normal(length, dtype="f4")
    if pauses:
        samples *= np.sin(np.arange(length) / 3000) > 0
    options = {"sample_rate": RATE, "max_seconds": max_seconds, "overlap_seconds": overlap_seconds}
    chunks = list(cut_chunks([samples], **options))
    assert covered(chunks, samples)
    assert all(0 < len(chunk.samples) <= round(max_seconds * RATE) for chunk in chunks)
    blocks = np.split(samples, np.cumsum(sizes).clip(max=length))
    again = list(cut_chunks(blocks, **options))
    assert [chunk.start for chunk in again] == [chunk.start for chunk in chunks]
    assert covered(again, samples)


def test_real_speech_is_cut_between_recordings(shared_data):
    folder, rng = shared_data / "connected_digits", np.random.default_rng(0)
    with (folder / "val.csv").open(encoding="utf-8") as file:
        names = [row["audio"] for row in csv.DictReader(file)][:40]
    parts, speaks = [], []
    for name in names:
        clip, gap = read_audio(name, folder, RATE), int(rng.uniform(0.6, 1.2) * RATE)
        parts += [clip, np.zeros(gap, "f4")]
        speaks += [np.ones(len(clip), bool), np.zeros(gap, bool)]
    samples, speaks = np.concatenate(parts), np.concatenate(speaks)
    samples = samples + 0.002 * rng.standard_normal(len(samples), dtype="f4")
    chunks = list(cut_chunks([samples], RATE, max_seconds=12.0, overlap_seconds=2.0))
    assert covered(chunks, samples)
    assert sum(len(chunk.samples) for chunk in chunks) == len(samples)  # nothing overlaps
    assert not any(speaks[chunk.start] for chunk in chunks[1:])
    assert 10 <= len(chunks) <= 2 * len(samples) / RATE / 12 + 1


def test_without_a_pause_chunks_overlap():
    time = np.arange(10 * RATE) / RATE
    samples = (0.3 * np.sin(300 * time) * np.exp(np.cos(20 * time))).astype("f4")
    samples[:RATE] = 0
    chunks = list(cut_chunks([samples], RATE, 4.0, 1.0, min_pause_seconds=10.0))
    assert [(chunk.start_seconds, chunk.end_seconds) for chunk in chunks] == [
        (0, 4),
        (3, 7),
        (6, 10),
    ]


def test_an_hour_takes_little_memory():
    block = 0.1 * np.random.default_rng(0).standard_normal(RATE * 10, dtype="f4")
    tracemalloc.start()
    total = sum(len(chunk.samples) for chunk in cut_chunks((block for _ in range(60)), RATE))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total >= 600 * RATE
    assert peak < 60e6, peak


def test_errors_say_what_is_needed():
    with pytest.raises(ValueError, match=r"below half of max_seconds\. Got 2\.0 and 4\.0"):
        cut_chunks([], RATE, max_seconds=4.0, overlap_seconds=2.0)
    with pytest.raises(ValueError, match=r"at least 8000\. Got 100"):
        cut_chunks([], 100)
