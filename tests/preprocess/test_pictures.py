"""Pictures and videos of steps: one vector each, and what is broken is named."""

import numpy as np
import pytest
from PIL import Image

from media_files import write_container
from polymodal.core.errors import DataError
from polymodal.preprocess.pictures import Pictures, layout


def stripes(across: bool) -> np.ndarray:
    bright = np.arange(64) // 8 % 2 * 200
    picture = np.broadcast_to(bright, (64, 64))
    picture = picture if across else picture.T
    return np.repeat(picture[..., None], 3, axis=2).astype(np.uint8)


@pytest.fixture
def cells(tmp_path):
    for name, across in (("upright.png", True), ("flat.png", False)):
        Image.fromarray(stripes(across)).save(tmp_path / name)
    return [["upright.png", None, "flat.png"], ["flat.png"]]


def test_each_picture_is_a_vector_and_a_missing_one_a_gap(cells, tmp_path):
    pictures = Pictures(**Pictures.suggest(cells, tmp_path))
    assert not pictures.motion
    decoded = [pictures.decode(cell, tmp_path) for cell in cells]
    assert [one.shape for one in decoded] == [(3, 176), (1, 176)]
    assert np.isnan(decoded[0][1]).all()
    np.testing.assert_array_equal(decoded[0][2], decoded[1][0])
    pictures.fit(decoded)
    encoded = pictures.encode(decoded[0])
    again = Pictures()
    again.restore(pictures.state())
    np.testing.assert_array_equal(again.encode(decoded[0]), encoded)


def test_directions_of_edges_and_places_of_colours_are_told_apart():
    edges = [layout(stripes(across))[48:].reshape(16, 8) for across in (True, False)]
    assert set(edges[0].argmax(axis=1)) == {0}  # brightness changes from left to right
    assert set(edges[1].argmax(axis=1)) == {4}
    half = np.zeros((32, 32, 3), np.uint8)
    half[:, 16:, 0] = 255
    colours = layout(half)[:48].reshape(4, 4, 3)
    np.testing.assert_array_equal(colours[:, 2:, 0], 1)
    assert colours[:, :2].max() == colours[..., 1:].max() == 0
    assert np.abs(layout(np.full((9, 9, 3), 77, np.uint8))[48:]).max() < 0.05  # no edge anywhere


def test_a_video_has_the_mean_of_its_frames_and_how_they_differ(tmp_path):
    dark, bright = (np.full((32, 32, 3), level, np.uint8) for level in (0, 200))
    for name, frames in (("still", [dark] * 8), ("flicker", [dark, bright] * 4)):
        write_container(tmp_path / f"{name}.mp4", None, frames=np.stack(frames))
    cells = [["still.mp4", "flicker.mp4"]]
    pictures = Pictures(**Pictures.suggest(cells, tmp_path))
    assert pictures.motion
    still, flicker = pictures.decode(cells[0], tmp_path)
    assert still[:48].mean() < 0.05 < 0.3 < flicker[:48].mean() < 0.5
    assert still[176:224].mean() < 0.05 < 0.3 < flicker[176:224].mean()


def test_a_broken_picture_is_named_by_its_step(cells, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n, but not really")
    for name in ("absent.png", "broken.png"):
        with pytest.raises(DataError, match="at step 2"):
            Pictures().decode(["flat.png", name], tmp_path)
