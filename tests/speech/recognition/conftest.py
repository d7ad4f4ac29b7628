"""A recording of more than a minute in a language of whistles, and what understands it."""

import numpy as np
import pytest
import soundfile

import whistled


@pytest.fixture(scope="session")
def spoken():
    """25 texts, of one to five words."""
    rng = np.random.default_rng(3)
    return [" ".join(rng.choice(whistled.WORDS, rng.integers(1, 6))) for _ in range(25)]


@pytest.fixture(scope="session")
def long_file(spoken, tmp_path_factory):
    """Returns (path, start of each word) of the texts with pauses between them."""
    samples, starts = whistled.recording(spoken)
    path = tmp_path_factory.mktemp("recording") / "long.flac"
    soundfile.write(path, samples, whistled.RATE)
    return path, starts


@pytest.fixture
def predictor():
    return whistled.predictor()
