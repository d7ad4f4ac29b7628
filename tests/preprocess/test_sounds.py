"""Recordings of steps: one vector each, decoded once, and what is broken is named."""

import numpy as np
import pytest
import soundfile

from polymodal.core.errors import DataError
from polymodal.preprocess.sounds import Sounds


def tone(folder, name, hertz, seconds=0.5, rate=8000):
    time = np.arange(int(seconds * rate)) / rate
    soundfile.write(folder / name, 0.5 * np.sin(2 * np.pi * hertz * time), rate)
    return name


@pytest.fixture
def cells(tmp_path):
    low, high = tone(tmp_path, "low.wav", 200), tone(tmp_path, "high.wav", 2000)
    return [[low, None, high], [high, low], [tone(tmp_path, "long.wav", 200, 1.5)]]


def test_each_recording_is_a_vector_and_a_missing_one_a_gap(cells, tmp_path):
    sounds = Sounds(**Sounds.suggest(cells, tmp_path))
    assert (sounds.audio.sample_rate, sounds.limit) == (8000, 8)
    decoded = [sounds.decode(cell, tmp_path) for cell in cells]
    assert [one.shape for one in decoded] == [(3, 201), (2, 201), (1, 201)]
    assert np.isnan(decoded[0][1]).all()
    assert not np.isnan(decoded[0][[0, 2]]).any()
    np.testing.assert_array_equal(decoded[0][0], decoded[1][1])
    spectra = decoded[0][[0, 2], :40]
    assert spectra[0].argmax() < spectra[1].argmax()  # the higher tone is in a higher band
    assert decoded[2][0, -1] == pytest.approx(np.log(1.5), abs=1e-3)
    sounds.fit(decoded)
    encoded = np.concatenate([sounds.encode(one) for one in decoded])
    known = encoded[~np.isnan(encoded[:, 0])]
    np.testing.assert_allclose(known[:, 200], known[:, 200] - known[:, 200].mean(), atol=1e-5)
    again = Sounds(8000)
    again.restore(sounds.state())
    np.testing.assert_array_equal(again.encode(decoded[0]), sounds.encode(decoded[0]))


def test_a_recording_is_decoded_once_until_its_file_changes(cells, tmp_path, monkeypatch):
    sounds = Sounds(8000)
    read, decode = [], sounds.audio.decode
    monkeypatch.setattr(
        sounds.audio, "decode", lambda cell, root: read.append(cell) or decode(cell, root)
    )
    for cell in cells * 2:
        sounds.decode(cell, tmp_path)
    assert sorted(read) == ["high.wav", "long.wav", "low.wav"]
    before = sounds.decode(["low.wav"], tmp_path)
    tone(tmp_path, "low.wav", 900, 0.7)
    assert not np.array_equal(sounds.decode(["low.wav"], tmp_path), before)


def test_a_broken_recording_is_named_by_its_step(cells, tmp_path):
    (tmp_path / "broken.wav").write_bytes(b"RIFF, but not really")
    for name in ("absent.wav", "broken.wav"):
        with pytest.raises(DataError, match="at step 2"):
            Sounds(8000).decode(["low.wav", name], tmp_path)
    with pytest.raises(DataError, match="needs a list with one recording per step"):
        Sounds(8000).decode("low.wav", tmp_path)
