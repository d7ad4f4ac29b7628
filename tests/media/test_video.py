"""Frames are those on screen at even moments; broken videos are clear errors."""

import io

import numpy as np
import pytest
from PIL import Image

from media_files import raw_stream, tone, write_container
from polymodal.core.errors import DataError
from polymodal.media.video import read_video, video_info


def grey_frames(count=20, height=32, width=48):
    return np.stack([np.full((height, width, 3), 12 * i, np.uint8) for i in range(count)])


def picture(value, size=(6, 4)):
    buffer = io.BytesIO()
    Image.new("L", size, value).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Two seconds, ten frames a second, frame i of brightness 12 i."""
    path = tmp_path_factory.mktemp("film") / "a.mp4"
    return write_container(path, tone(2.0), frames=grey_frames())


@pytest.mark.parametrize(
    ("rate", "shown"),
    [
        (10, list(range(20))),
        (5, list(range(0, 20, 2))),
        (1, [0, 10]),
        (20, [i // 2 for i in range(40)]),
        (4, [0, 2, 5, 7, 10, 12, 15, 17]),
    ],
)
def test_frames_are_sampled_by_time(film, rate, shown):
    frames = read_video(film, frames_per_second=rate)
    assert frames.shape == (len(shown), 32, 48, 3)
    assert np.round(frames.mean((1, 2, 3)) / 12).tolist() == shown


def test_frames_are_bounded_and_resized(film):
    frames = read_video(film.read_bytes(), frames_per_second=10, max_frames=3, size=(8, 10))
    assert frames.shape == (3, 8, 10, 3)
    assert frames.dtype == np.uint8


def test_the_header_tells_rate_and_size(film):
    info = video_info(film)
    assert (info.frames_per_second, info.height, info.width) == (10, 32, 48)
    assert info.seconds == pytest.approx(2.0, abs=0.01)
    assert info.has_sound


def test_a_list_of_pictures_is_a_video():
    cell = [picture(10), picture(200), picture(90, (12, 8))]
    frames = read_video(cell, frames_per_second=1)
    assert frames.shape == (3, 4, 6, 3)
    assert frames[:, 0, 0, 0].tolist() == [10, 200, 90]
    assert read_video(cell, max_frames=2).shape[0] == 2
    info = video_info(cell)
    assert (info.seconds, info.height, info.width) == (3.0, 4, 6)


def test_an_animation_is_a_video(tmp_path):
    frames = [Image.new("L", (16, 16), value) for value in (0, 120, 240)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=500)
    read = read_video("a.gif", tmp_path, frames_per_second=2)
    assert np.abs(read.mean((1, 2, 3)) - [0, 120, 240]).max() < 3


def test_empty_lists_and_missing_frames_are_errors():
    with pytest.raises(DataError, match="has 0 frames") as caught:
        read_video([])
    assert caught.value.reason == "empty_video"
    with pytest.raises(DataError, match="has 0 frames"):
        video_info([])
    with pytest.raises(DataError, match=r"has no frame 2. Fill the list"):
        read_video([picture(1), None])


def test_sound_alone_is_no_video(tmp_path):
    file = write_container(tmp_path / "a.m4a", tone())
    with pytest.raises(
        DataError,
        match=r"has no moving pictures. Set the modality of this input "
        r"to audio, or run with --skip-bad",
    ) as caught:
        read_video(file)
    assert caught.value.reason == "no_video"


def test_large_frames_are_refused(film):
    with pytest.raises(DataError, match="has 1,536 pixels a frame, the bound is 1,000"):
        read_video(film, max_pixels=1000)


def test_frames_that_grow_on_the_way_are_refused():
    content = raw_stream((48, 64), (480, 640))
    assert read_video(content, frames_per_second=25).shape[1:] == (48, 64, 3)
    with pytest.raises(DataError, match="has 307,200 pixels a frame, the bound is 10,0") as caught:
        read_video(content, frames_per_second=25, max_pixels=10_000)
    assert caught.value.reason == "video_too_large"


def test_text_in_place_of_a_video_is_an_error():
    with pytest.raises(DataError, match="bytes is not a video that can be read"):
        read_video(b"no video at all" * 10)


def test_real_clips(shared_data):
    file = sorted((shared_data / "grid_av" / "video").iterdir())[0]
    frames = read_video(file, frames_per_second=10, size=(36, 45))
    assert frames.shape == (30, 36, 45, 3)
    assert np.abs(np.diff(frames.astype(int), axis=0)).mean() > 0.1
