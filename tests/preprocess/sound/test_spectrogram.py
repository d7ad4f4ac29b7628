"""Log-mel spectrograms: bands, lengths, levels."""

import numpy as np
import pytest

from polymodal.preprocess.sound.spectrogram import LogMel


def test_a_tone_is_loudest_in_its_own_band():
    log_mel = LogMel(16000, 64, 400, 160)
    centres = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + 8000 / 700), 66)[1:-1] / 2595) - 1)
    for hertz in (300, 1000, 5000):
        wave = np.sin(2 * np.pi * hertz * np.arange(16000) / 16000).astype(np.float32)
        loudest = log_mel(wave).mean(0).argmax()
        assert abs(loudest - np.abs(centres - hertz).argmin()) <= 1


@pytest.mark.parametrize("factor", [0.85, 1.0, 1.15])
def test_a_tone_moves_as_the_frequencies_do_and_the_highest_stays(factor):
    log_mel = LogMel(16000, 64, 400, 160)
    tone = lambda hertz: np.sin(2 * np.pi * hertz * np.arange(8000) / 16000).astype(np.float32)
    loudest = lambda features: features.mean(0).argmax()
    for hertz in (500, 1500, 4000):
        moved = log_mel.stretched(log_mel(tone(hertz)), factor)
        assert abs(loudest(moved) - loudest(log_mel(tone(hertz / factor)))) <= 1
    assert abs(loudest(log_mel.stretched(log_mel(tone(7950)), factor)) - 63) <= 1
    one_band = LogMel(16000, 1, 400, 160)
    assert one_band.stretched(one_band(tone(500)), factor).shape == (48, 1)


@pytest.mark.parametrize("count", [1, 199, 200, 201, 279, 280, 281, 4000])
def test_num_frames_is_what_comes_out(count):
    log_mel = LogMel(8000, 40, 200, 80)
    features = log_mel(np.zeros(count, np.float32))
    assert features.shape == (log_mel.num_frames(count), 40)
    assert features.dtype == np.float32


@pytest.mark.parametrize(
    ("rate", "mels", "window"),
    [(8000, 40, 200), (8000, 128, 64), (16000, 80, 400), (48000, 128, 300)],
)
def test_no_band_is_always_silent(rate, mels, window):
    noise = np.random.default_rng(0).standard_normal(rate).astype(np.float32)
    log_mel = LogMel(rate, mels, window, window // 2)
    assert log_mel.fft_length >= window
    assert log_mel(noise).mean(0).min() > np.log(1e-8) + 3


def test_twice_as_loud_is_four_times_the_power():
    noise = np.random.default_rng(0).standard_normal(4000).astype(np.float32)
    log_mel = LogMel(8000, 40, 200, 80)
    assert np.allclose(log_mel(2 * noise) - log_mel(noise), np.log(4), atol=1e-4)
