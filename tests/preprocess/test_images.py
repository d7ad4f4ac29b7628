"""Pictures of steps as an encoder of images reads them."""

import numpy as np
import pytest
from PIL import Image as Picture

from media_files import write_container
from polymodal.core.errors import DataError
from polymodal.preprocess.collate import collate
from polymodal.preprocess.image import Image
from polymodal.preprocess.images import Images


@pytest.fixture
def cell(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("a.png", "b.png"):
        Picture.fromarray(rng.integers(0, 255, (20, 24, 3)).astype(np.uint8)).save(tmp_path / name)
    return ["a.png", None, "b.png"]


def test_steps_are_read_as_images_and_a_missing_one_is_a_gap(cell, tmp_path):
    images, alone = Images(size=8), Image(size=8)
    assert Images.suggest([cell, None]) == {"max_length": 8}
    decoded = images.decode(cell, tmp_path)
    images.fit([decoded])
    alone.fit([alone.decode(name, tmp_path) for name in ("a.png", "b.png")])
    encoded = images.encode(decoded)
    assert encoded.shape == (3, 8, 8, 3)
    expected = alone.encode(alone.decode("b.png", tmp_path))
    np.testing.assert_allclose(encoded[2], expected, atol=1e-5)
    batch, mask = collate(images, [encoded, None])
    assert mask.tolist() == [[True, False, True], [False, False, False]]
    assert not np.isnan(batch).any()
    again = Images(size=8)
    again.restore(images.state())
    np.testing.assert_array_equal(again.encode(decoded), encoded)


def test_longer_sequences_are_cut_and_counted(cell, tmp_path):
    images = Images(max_length=2, size=8)
    decoded = images.decode(cell * 2, tmp_path)
    assert images.truncated(decoded)
    assert images.length(decoded) == len(images.encode(decoded)) == 2


def test_a_video_is_its_middle_frame_and_what_is_broken_is_named(cell, tmp_path):
    dark, bright = (np.full((32, 32, 3), level, np.uint8) for level in (0, 200))
    write_container(tmp_path / "late.mp4", frames=np.stack([dark] * 4 + [bright] * 4))
    images = Images(size=8)
    assert images.decode(["late.mp4"], tmp_path)[..., :-1].mean() > 150
    with pytest.raises(DataError, match="at step 2"):
        images.decode(["a.png", "absent.png"], tmp_path)
