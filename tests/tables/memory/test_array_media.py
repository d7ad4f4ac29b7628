"""Pictures and sounds that a program holds as arrays become files of their kind."""

import numpy as np
import pytest
from PIL import Image

from media_files import tone
from polymodal.core.errors import DataError
from polymodal.media.audio import audio_length, read_audio
from polymodal.media.image import read_image
from polymodal.media.video import read_video
from polymodal.profile.columns import judge_columns
from polymodal.tables.memory.array_media import as_file
from polymodal.tables.table import read

PIXELS = np.random.default_rng(0).integers(0, 256, (9, 12, 3)).astype(np.uint8)
SOUND = tone(0.1)


@pytest.mark.parametrize("value", [PIXELS, PIXELS[:, :, :1], PIXELS[:, :, 0]])
def test_pictures_keep_their_pixels(value):
    assert np.array_equal(read_image(as_file(value)), value.reshape(9, 12, -1))
    assert np.array_equal(
        read_image(as_file(Image.fromarray(value.squeeze()))), value.reshape(9, 12, -1)
    )


def test_frames_are_a_video():
    clip = np.stack([PIXELS, PIXELS[::-1]])
    assert np.array_equal(read_video(as_file(clip)), clip)


@pytest.mark.parametrize(
    "value",
    [
        (SOUND, 16_000),
        (16_000, SOUND),
        (np.stack([SOUND, SOUND]), np.int64(16_000)),
        (np.stack([SOUND, SOUND], 1), 16_000.0),
        (16_000, np.rint(SOUND * 32767).astype("int16")),
        (16_000, np.rint(SOUND * float(2**31 - 1)).astype("int32")),
        (SOUND.astype("float64"), 16_000),
        {"array": SOUND, "sampling_rate": 16_000, "path": None},
    ],
)
def test_sounds_keep_their_samples_and_rate(value):
    content = as_file(value)
    assert audio_length(content) == (16_000, pytest.approx(0.1))
    assert np.abs(read_audio(content) - SOUND).max() < 1e-4


@pytest.mark.parametrize(
    "value",
    [
        (1, 2),
        ("a", "b"),
        ([1.0, 2.0], 16_000),
        (SOUND, "16000"),
        (SOUND, SOUND),
        (3.5, True),
        SOUND,
        [1, 2],
        None,
    ],
)
def test_other_values_stay_as_they_are(value):
    assert as_file(value) is value


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ((SOUND, 7), "has sound of 7 samples a second, expected 100 to 768000. Give the sampling"),
        ((SOUND, 10**12), "samples a second"),
        ((np.zeros(1600, "int64"), 16_000), r"has sound of shape \(1600,\) and type int64. Give"),
        ({"array": np.zeros((2, 2, 2)), "sampling_rate": 8000}, r"has sound of shape \(2, 2, 2\)"),
        (PIXELS / 255, "has an array of shape .* Give a picture as uint8"),
    ],
)
def test_what_no_file_can_be_says_what_to_give(value, message):
    with pytest.raises(DataError, match=message):
        as_file(value)


def test_columns_of_sounds_are_read_as_sound():
    table = read({"clip": [(SOUND * n, 16_000) for n in (0.1, 0.2, 0.3, 0.4)], "y": list("abab")})
    assert [guess.modality for guess in judge_columns(table, "y").inputs] == ["audio"]
    arrays = [np.resize(SOUND, 5000 + n) for n in range(4)]
    left_out = judge_columns(read({"clip": arrays, "y": list("abab")}), "y").left_out
    assert "sound is read from pairs of (samples, hertz)" in left_out[0].reason
