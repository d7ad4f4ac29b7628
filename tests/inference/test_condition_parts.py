"""What is measured of a row for the slices of an evaluation."""

from types import SimpleNamespace

import numpy as np

from polymodal.inference.hidden.conditions import _decibels, _lowest


def test_noise_makes_the_quiet_parts_loud():
    rng, rate = np.random.default_rng(0), 8_000
    voice = np.sin(np.arange(rate) * 0.3) * (np.arange(rate) % 2_000 < 1_000)
    modality = SimpleNamespace(sample_rate=rate)
    clean, noisy = (
        _decibels(voice + level * rng.normal(size=rate), modality) for level in (0.001, 0.3)
    )
    assert clean > noisy + 20
    assert _decibels(None, modality) is None
    assert _decibels(np.zeros(10), modality) is None


def test_the_lowest_quarter_has_a_name_of_its_own():
    assert _lowest([1.0, 5.0, None, 6.0, 7.0], "up to {:.0f}", "longer") == [
        "up to 4",
        "longer",
        None,
        "longer",
        "longer",
    ]
    assert _lowest([None], "low", "high") == [None]
