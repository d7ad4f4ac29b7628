"""Images: size and channels from the data, variation from the generator alone, normalisation."""

import io
import json

import numpy as np
import pytest
from PIL import Image as Pillow

from polymodal.core.errors import RecipeError
from polymodal.core.seeds import generator
from polymodal.preprocess.image import Image


def png(height, width, colour=(200, 30, 90)):
    mode = "L" if isinstance(colour, int) else "RGB"
    buffer = io.BytesIO()
    Pillow.new(mode, (width, height), colour).save(buffer, "PNG")
    return buffer.getvalue()


def noise(*shape):
    return np.random.default_rng(0).integers(0, 255, shape).astype(np.uint8)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([png(28, 28, 7)] * 3, {"size": 28, "channels": 1, "crop": 0.0, "flip": False}),
        ([png(64, 64)] * 3, {"size": 64, "channels": 3}),
        ([png(100, 400)] * 3, {"size": [64, 256], "channels": 3}),
        ([png(480, 640), png(640, 480)], {"size": 64, "channels": 3}),
        ([png(480, 640)] * 3, {"size": [64, 85], "channels": 3}),
        ([png(64, 64, (9, 9, 9)), png(64, 64, 5)], {"size": 64, "channels": 1}),
        ([png(40, 40), None, b"broken"], {"size": 40, "channels": 3}),
        ([None], {}),
    ],
)
def test_suggestions_follow_the_pictures(cells, expected):
    assert Image.suggest(cells) == expected
    Image(**expected)


def test_decode_gives_size_and_channels():
    assert Image(size=[8, 10], channels=1).decode(png(20, 30)).shape == (8, 10, 1)
    assert Image(size=8, channels=3).decode(png(20, 30, 5)).shape == (8, 8, 3)
    assert Image().decode(png(20, 30)).shape == (20, 30, 3)


def test_fit_fills_what_the_recipe_left_open():
    image = Image()
    image.fit(noise(100, 100, 3) for _ in range(3))
    assert image.shape == (64, 64, 3)
    assert image.encode(noise(100, 100, 3)).shape == (64, 64, 3)
    grey = Image()
    grey.fit([noise(28, 28, 1)])
    assert grey.shape == (28, 28, 1)


def test_each_channel_is_standardised_by_train():
    image = Image(size=32, channels=3)
    pixels = noise(32, 32, 3) // [1, 2, 4]
    image.fit([pixels.astype(np.uint8)])
    encoded = image.encode(pixels.astype(np.uint8))
    assert encoded.dtype == np.float32
    assert np.allclose(encoded.mean((0, 1)), 0, atol=1e-4)
    assert np.allclose(encoded.std((0, 1)), 1, atol=1e-3)


def test_state_survives_json():
    image, other = Image(), Image()
    image.fit([noise(20, 30, 3)])
    other.restore(json.loads(json.dumps(image.state())))
    assert other.shape == image.shape
    assert np.array_equal(other.encode(noise(20, 30, 3)), image.encode(noise(20, 30, 3)))


def test_variation_depends_on_the_generator_alone():
    image, pixels = Image(size=40, channels=3), noise(40, 40, 3)
    first = image.augment(pixels, generator(0, 1, 2))
    assert np.array_equal(first, image.augment(pixels, generator(0, 1, 2)))
    assert not np.array_equal(first, image.augment(pixels, generator(0, 1, 3)))
    assert first.shape == pixels.shape
    assert first.dtype == np.uint8


def test_without_strength_nothing_varies():
    image = Image(size=40, channels=3, shift=0, crop=0, colour=0, flip=False)
    pixels = noise(40, 40, 3)
    assert np.array_equal(image.augment(pixels, generator(1)), pixels)


@pytest.mark.parametrize(
    ("side", "channels", "flip", "expected"),
    [
        (32, 3, None, False),
        (33, 3, None, True),
        (64, 1, None, False),
        (64, 3, False, False),
        (16, 1, True, True),
    ],
)
def test_flips_only_where_they_keep_meaning(side, channels, flip, expected):
    image = Image(size=side, channels=channels, shift=0, crop=0, colour=0, flip=flip)
    pixels = noise(side, side, channels)
    varied = [image.augment(pixels, generator(seed)) for seed in range(20)]
    mirrored = sum(np.array_equal(v, pixels[:, ::-1]) for v in varied)
    assert mirrored + sum(np.array_equal(v, pixels) for v in varied) == 20
    assert (mirrored > 0) == expected


def test_shift_moves_and_keeps_edges():
    image = Image(size=10, channels=1, shift=0.3, crop=0, colour=0)
    pixels = np.zeros((10, 10, 1), np.uint8)
    pixels[5, 5] = 255
    places = {tuple(np.argwhere(image.augment(pixels, generator(s)))[0][:2]) for s in range(50)}
    assert len(places) > 20
    assert all(2 <= row <= 8 and 2 <= column <= 8 for row, column in places)


def test_the_cache_key_changes_with_what_decode_does():
    keys = [Image(), Image(size=8), Image(size=8, channels=1), Image(max_pixels=9)]
    assert len({json.dumps(image.decode_key()) for image in keys}) == 4
    assert Image(size=8, shift=0.5).decode_key() == Image(size=8).decode_key()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"channels": 2}, "Image needs channels of 1 or 3. Got 2."),
        ({"size": [3]}, r"Image needs size as pixels or \[height, width\], 1 to 4096. Got \[3\]."),
        ({"size": 0}, "Image needs size as pixels"),
        ({"shift": 1.5}, "Image needs shift from 0 to 0.9. Got 1.5."),
    ],
)
def test_wrong_arguments_fail_at_once(arguments, message):
    with pytest.raises(RecipeError, match=message):
        Image(**arguments)


def test_real_digits_and_photographs(shared_data):
    digits = sorted((shared_data / "av_digits" / "image").iterdir())[:20]
    assert Image.suggest(list(digits))["size"] == 28
    photos = sorted((shared_data / "photos" / "image").iterdir())[:10]
    found = Image.suggest(list(photos))
    assert found["channels"] == 3
    assert min(np.atleast_1d(found["size"])) <= 64


def test_a_given_mean_and_deviation_stay_whatever_train_has():
    image = Image(size=4, channels=3, mean=[1.0, 2.0, 3.0], std=2.0)
    image.fit([noise(4, 4, 3)])
    assert np.allclose(image.encode(np.full((4, 4, 3), 5, np.uint8))[0, 0], [2.0, 1.5, 1.0])
    raw = Image(size=4, channels=1, mean=0, std=1)
    assert raw.encode(np.full((4, 4, 1), 200, np.uint8)).max() == 200


@pytest.mark.parametrize(
    "given",
    [
        {"mean": 1.0},
        {"mean": 1.0, "std": 1.0},
        {"channels": 3, "mean": [1.0], "std": 1.0},
        {"channels": 1, "mean": 1.0, "std": 0.0},
        {"resample": "cubic"},
    ],
)
def test_half_a_normalisation_or_an_unknown_filter_is_refused(given):
    with pytest.raises(RecipeError, match="Image needs"):
        Image(size=4, **given)


@pytest.mark.parametrize("filter_", ["nearest", "bicubic", "lanczos"])
def test_the_filter_and_the_middle_are_those_that_are_asked_for(filter_):
    picture, buffer = noise(20, 31, 3), io.BytesIO()
    Pillow.fromarray(picture).save(buffer, "PNG")
    image = Image(size=10, channels=3, resample=filter_, centre=True)
    whole = Pillow.fromarray(picture).resize((15, 10), Pillow.Resampling[filter_.upper()])
    assert (image.decode(buffer.getvalue()) == np.asarray(whole)[:, 2:12]).all()
    plain = Image(size=10, channels=3, resample=filter_).decode(buffer.getvalue())
    assert (
        plain
        == np.asarray(
            Pillow.fromarray(picture).resize((10, 10), Pillow.Resampling[filter_.upper()])
        )
    ).all()
    assert image.decode_key() != Image(size=10, channels=3).decode_key()
