"""Speech is found above noise that may be loud and may change; blocks of any size agree."""

import csv
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polymodal.media.audio import read_audio
from polymodal.speech.segmenting.activity import ActivityDetector, speech_regions

RATE = 8000


def noise(seconds, level=0.01, seed=0, rate=RATE):
    return level * np.random.default_rng(seed).standard_normal(round(seconds * rate))


def syllables(seconds, level=0.1, rate=RATE):
    """A buzz that swells four times a second."""
    time = np.arange(round(seconds * rate)) / rate
    buzz = sum(np.sin(2 * np.pi * 150 * k * time + k) / k for k in range(1, 20))
    return level * buzz * np.sin(2 * np.pi * 2 * time) ** 2


@pytest.fixture(scope="module")
def recording(shared_data):
    """Forty clips with 0.6 to 1.5 s of nothing between them, and where the clips are."""
    folder, rng = shared_data / "connected_digits", np.random.default_rng(0)
    with (folder / "val.csv").open(encoding="utf-8") as file:
        names = [row["audio"] for row in csv.DictReader(file)][:40]
    parts, places, time = [], [], 0
    for name in names:
        gap, clip = int(rng.uniform(0.6, 1.5) * RATE), read_audio(name, folder, RATE)
        parts += [np.zeros(gap), clip]
        places.append((time + gap, time + gap + len(clip)))
        time = places[-1][1]
    return np.concatenate([*parts, np.zeros(RATE)]), places


@pytest.mark.parametrize(("decibels", "heard"), [(None, 0.98), (30, 0.95), (20, 0.9), (10, 0.8)])
def test_real_speech_is_told_from_the_noise_between(recording, decibels, heard):
    samples, places = recording
    speaks = np.zeros(len(samples), bool)
    for start, end in places:
        speaks[start:end] = True
    if decibels is not None:
        power = np.mean(samples[speaks] ** 2) * 10 ** (-decibels / 10)
        samples = samples + noise(len(samples) / RATE, np.sqrt(power))
    found = np.zeros(len(samples), bool)
    for start, end in speech_regions(samples, RATE):
        found[round(start * RATE) : round(end * RATE)] = True
    assert found[speaks].mean() > heard
    far = np.convolve(speaks, np.ones(RATE // 2 + 1), "same") < 0.5  # 0.25 s from any clip
    assert found[far].mean() < 0.02
    for (_, end), (start, _) in itertools.pairwise(places):
        assert not found[end:start].all()


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 44100])
def test_steady_noise_is_no_speech_and_a_voice_in_it_is(rate):
    quiet = noise(4, rate=rate)
    assert speech_regions(quiet, rate) == []
    quiet[2 * rate : 3 * rate] += syllables(1, rate=rate)
    start, end = np.array(speech_regions(quiet, rate))[[0, -1], [0, 1]]
    assert 1.95 < start < 2.15
    assert 2.85 < end < 3.25


def test_the_floor_follows_noise_that_becomes_louder():
    samples = np.concatenate([noise(5, 0.001), noise(10, 0.03)])
    samples[11 * RATE : 12 * RATE] += syllables(1, 0.3)
    regions = speech_regions(samples, RATE)
    assert all(end < 7.5 or start > 10.9 for start, end in regions)
    assert any(10.9 < start < 11.3 for start, _ in regions)


def test_silence_and_clicks_are_no_speech():
    assert speech_regions(np.zeros(3 * RATE), RATE) == []
    assert speech_regions(np.zeros(10), RATE) == []
    click = np.zeros(3 * RATE)
    click[RATE] = 0.5
    assert speech_regions(click, RATE) == []


def test_loudness_does_not_matter():
    samples = noise(4)
    samples[RATE : 2 * RATE] += syllables(1)
    expected = speech_regions(samples, RATE)
    assert np.allclose(speech_regions(samples * 3, RATE), expected, atol=0.03)


@settings(max_examples=25)
@given(st.lists(st.integers(0, 9000), max_size=12))
def test_blocks_of_any_size_give_the_same_frames(sizes):
    samples = np.concatenate([noise(2), noise(1) + syllables(1), noise(2, seed=1)])
    whole, parts = ActivityDetector(RATE), ActivityDetector(RATE)
    expected = np.concatenate([whole.push(samples), whole.finish()])
    blocks = np.split(samples, np.cumsum(sizes).clip(max=len(samples)))
    found = np.concatenate([*(parts.push(block) for block in blocks), parts.finish()])
    assert np.array_equal(found, expected)
    assert len(found) == (len(samples) - 160) // 80 + 1


def test_errors_say_what_is_needed():
    with pytest.raises(ValueError, match=r"sample_rate of at least 8000\. Got 4000"):
        ActivityDetector(4000)
    with pytest.raises(ValueError, match=r"at most on_decibels\. Got 6 and 3"):
        ActivityDetector(8000, off_decibels=6, on_decibels=3)
