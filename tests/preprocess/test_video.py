"""Videos: frames at one size, cut and counted, varied alike in all frames."""

import json

import numpy as np
import pytest
from PIL import Image

from media_files import tone, write_container
from polymodal.core.errors import RecipeError
from polymodal.core.seeds import generator
from polymodal.preprocess.audio import Audio
from polymodal.preprocess.video import Video


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    frames = np.stack([np.full((32, 48, 3), 12 * i, np.uint8) for i in range(20)])
    path = tmp_path_factory.mktemp("film") / "a.mp4"
    return write_container(path, tone(2.0), frames=frames)


def test_suggestions_follow_length_and_size(film, tmp_path):
    assert Video.suggest([film, None, b"broken"]) == {
        "size": [32, 48],
        "frames_per_second": 10.0,
        "max_frames": 22,
    }
    pictures = []
    for index in range(3):
        Image.new("L", (28, 28), index).save(tmp_path / f"{index}.png")
        pictures.append(str(tmp_path / f"{index}.png"))
    assert Video.suggest([pictures, pictures[:2]]) == {"size": 28, "max_frames": 3}
    assert Video.suggest([None]) == {}


def test_frames_are_cut_and_told(film):
    video = Video(size=16, frames_per_second=10, max_frames=8, channels=1)
    decoded = video.decode(film)
    assert decoded.shape == (9, 16, 16, 1)
    assert video.truncated(decoded)
    assert video.encode(decoded).shape == (8, 16, 16, 1)
    assert video.length(decoded) == 8
    assert video.augment(decoded, generator(0)).shape == (8, 16, 16, 1)


def test_standardised_by_train_and_restored(film):
    video, other = Video(size=16), Video(size=16)
    decoded = video.decode(film)
    video.fit([decoded])
    assert abs(video.encode(decoded).mean()) < 1e-3
    other.restore(json.loads(json.dumps(video.state())))
    assert np.array_equal(other.encode(decoded), video.encode(decoded))


def test_all_frames_vary_alike():
    pixels = np.random.default_rng(0).integers(0, 255, (16, 16, 3)).astype(np.uint8)
    varied = Video(size=16, colour=0).augment(np.stack([pixels, pixels]), generator(4))
    assert np.array_equal(varied[0], varied[1])
    assert not np.array_equal(varied[0], pixels)


def test_sound_and_frames_come_from_one_file(film):
    assert len(Video(frames_per_second=5).decode(film)) == 10
    assert abs(len(Audio().decode(film)) - 32000) < 2000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"channels": 4}, "Video needs channels of 1 or 3. Got 4."),
        ({"max_frames": 0}, "Video needs max_frames from 1"),
        ({"frames_per_second": 0}, "Video needs frames_per_second from 0.001"),
    ],
)
def test_wrong_arguments_fail_at_once(arguments, message):
    with pytest.raises(RecipeError, match=message):
        Video(**arguments)


def test_real_clips(shared_data):
    clips = sorted((shared_data / "grid_av" / "video").iterdir())
    found = Video.suggest(clips)
    assert found["size"] == [64, 80]
    assert 25 <= found["max_frames"] <= 40
    video = Video(**found)
    assert not video.truncated(video.decode(clips[0]))
