"""A few frames of a video, as an encoder of images reads them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as Picture

from media_files import write_container
from polymodal.core.errors import DataError, RecipeError
from polymodal.preprocess.frames import Frames
from polymodal.preprocess.image import Image


def test_frames_of_a_video_are_taken_evenly(tmp_path):
    levels = np.arange(12) * 20
    pixels = np.broadcast_to(levels[:, None, None, None], (12, 32, 32, 3)).astype(np.uint8)
    write_container(tmp_path / "a.mp4", frames=np.ascontiguousarray(pixels), frames_per_second=12)
    found = Frames(num_frames=3, size=16).decode("a.mp4", tmp_path)
    assert found.shape == (3, 16, 16, 3)
    np.testing.assert_allclose(found.mean(axis=(1, 2, 3)), [0, 80, 160], atol=8)
    assert len(Frames(num_frames=40, size=16).decode("a.mp4", tmp_path)) == 12


def test_pictures_of_a_list_are_taken_evenly_and_read_as_an_image(tmp_path):
    rng = np.random.default_rng(0)
    files = [f"{place}.png" for place in range(4)]
    for file in files:
        Picture.fromarray(rng.integers(0, 255, (20, 30, 3)).astype(np.uint8)).save(tmp_path / file)
    given = {
        "size": 8,
        "channels": 3,
        "mean": [9.0] * 3,
        "std": [7.0] * 3,
        "resample": "bicubic",
        "short_side": 10,
    }
    frames, image = Frames(num_frames=2, **given), Image(**given)
    alone = [image.encode(image.decode(file, tmp_path)) for file in files]
    found = frames.encode(frames.decode(files, tmp_path))
    np.testing.assert_array_equal(found, np.stack([alone[0], alone[2]]))
    np.testing.assert_array_equal(frames.encode(frames.decode(files[:1], tmp_path))[0], alone[0])
    np.testing.assert_array_equal(
        frames.decode('["1.png"]', tmp_path)[0], image.decode("1.png", tmp_path)
    )
    with pytest.raises(DataError, match="has no frame 2"):
        frames.decode([files[0], None], tmp_path)


def test_settings_out_of_range_are_refused():
    with pytest.raises(RecipeError, match="Frames needs num_frames from 1"):
        Frames(num_frames=0)
