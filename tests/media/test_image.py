"""Pictures of every kind become upright 8-bit pixels, and broken ones clear errors."""

import io
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from polymodal.core.errors import DataError
from polymodal.media import image as image_file
from polymodal.media.image import image_size, read_image


def encoded(image, format="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("mode", "colour", "format", "expected"),
    [
        ("RGB", (10, 20, 30), "PNG", [10, 20, 30]),
        ("L", 77, "PNG", [77]),
        ("1", 1, "PNG", [255]),
        ("P", 0, "PNG", [0, 0, 0]),
        ("RGBA", (200, 0, 0, 0), "PNG", [255, 255, 255]),
        ("RGBA", (0, 0, 0, 51), "PNG", [204, 204, 204]),
        ("LA", (0, 0), "PNG", [255]),
        ("CMYK", (0, 0, 0, 255), "TIFF", [0, 0, 0]),
        ("I;16", 65535, "PNG", [255]),
        ("I;16", 257 * 9, "TIFF", [9]),
        ("I", 65535, "TIFF", [255]),
        ("I", 2**31 - 1, "TIFF", [255]),
        ("F", 0.2, "TIFF", [51]),
        ("F", 255.0, "TIFF", [255]),
        ("RGB", (10, 20, 30), "GIF", [10, 20, 30]),
        ("RGB", (10, 20, 30), "BMP", [10, 20, 30]),
        ("RGB", (10, 20, 30), "WEBP", [10, 20, 30]),
    ],
)
def test_modes_become_grey_or_colour(mode, colour, format, expected):
    options = {"lossless": True} if format == "WEBP" else {}
    pixels = read_image(encoded(Image.new(mode, (5, 3), colour), format, **options))
    assert pixels.dtype == np.uint8
    assert pixels.shape == (3, 5, len(expected))
    assert pixels[1, 2].tolist() == expected


def test_a_transparent_palette_entry_is_white():
    image = Image.new("P", (2, 2), 1)
    image.putpalette([0, 0, 0, 90, 90, 90])
    assert read_image(encoded(image, transparency=1))[0, 0].tolist() == [255] * 3
    assert read_image(encoded(image))[0, 0].tolist() == [90] * 3


def test_exif_orientation_turns_the_picture():
    image = Image.fromarray(np.arange(6, dtype=np.uint8).reshape(2, 3) * 40)
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encoded(image, exif=exif)
    assert read_image(content)[:, :, 0].tolist() == [[120, 0], [160, 40], [200, 80]]
    assert image_size(content) == (3, 2)


def test_pixels_are_counted_before_decoding(monkeypatch):
    content = encoded(Image.new("L", (100, 50)))
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(DataError, match=r"100 x 50 = 5,000 pixels, the bound is 4,999") as caught:
        read_image(content, max_pixels=4999)
    assert caught.value.reason == "image_too_large"


def test_a_decompression_bomb_is_refused():
    header = bytearray(encoded(Image.new("1", (1, 1))))
    header[16:24] = (60000).to_bytes(4, "big") * 2
    header[29:33] = zlib.crc32(bytes(header[12:29])).to_bytes(4, "big")
    with pytest.raises(DataError, match=r"has 3,600,000,000 pixels, the bound is 64,000,000"):
        read_image(bytes(header))


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_truncated_pictures_are_errors(format):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    content = encoded(Image.fromarray(noise), format)
    with pytest.raises(DataError, match="is a broken picture") as caught:
        read_image(content[: len(content) // 2])
    assert caught.value.reason == "unreadable_image"


def test_large_pictures_are_converted_in_bands(monkeypatch):
    noise = np.random.default_rng(0).integers(0, 256, (37, 23, 4)).astype(np.uint8)
    pictures = [
        Image.fromarray(noise),
        Image.fromarray(noise).convert("RGB"),
        Image.fromarray(noise[:, :, 0]),
        Image.fromarray(noise).convert("RGB").quantize(9),
        Image.fromarray(noise[:, :, 0].astype(np.uint16) * 200),
        Image.fromarray(noise[:, :, 0].astype(np.float32) * 3.5),
    ]
    contents = [encoded(picture, "TIFF") for picture in pictures]
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        contents.append(encoded(pictures[1], exif=exif))
    whole = [read_image(content) for content in contents]
    monkeypatch.setattr(image_file, "_BAND_PIXELS", 100)
    assert all(
        np.array_equal(read_image(content), one)
        for content, one in zip(contents, whole, strict=True)
    )
    upright = [ImageOps.exif_transpose(Image.open(io.BytesIO(content))) for content in contents[6:]]
    assert all(
        np.array_equal(one, picture) for one, picture in zip(whole[6:], upright, strict=True)
    )
    assert [image_size(content) for content in contents[6:]] == [one.shape[:2] for one in whole[6:]]


def test_a_checksum_that_differs_is_damage():
    content = bytearray(encoded(Image.new("P", (8, 8), 3)))
    content[-13] ^= 1  # the last byte of pixels' checksum
    with pytest.raises(DataError, match=r"is a broken picture .*checksum") as caught:
        read_image(bytes(content))
    assert caught.value.reason == "unreadable_image"


def test_pictures_inside_icons_are_counted_before_they_are_decoded():
    content = bytearray(encoded(Image.new("RGB", (16, 16)), "ICO"))
    assert read_image(bytes(content)).shape == (16, 16, 3)
    place = content.rindex(b"IHDR") + 4
    content[place : place + 8] = (30_000).to_bytes(4, "big") * 2
    for reading in (read_image, image_size):
        with pytest.raises(DataError, match="has 900,000,000 pixels, the bound is 64,000,000"):
            reading(bytes(content))


def test_a_format_that_costs_more_memory_has_a_lower_bound():
    content = encoded(Image.new("RGB", (40, 40)), "WEBP", lossless=True)
    with pytest.raises(DataError, match=r"has 40 x 40 = 1,600 pixels, the bound is 1,000\."):
        read_image(content, max_pixels=3000)
    assert read_image(content, max_pixels=4800).shape == (40, 40, 3)


def test_what_is_no_picture_says_so(tmp_path):
    (tmp_path / "a.png").write_text("not a picture")
    with pytest.raises(DataError, match=r"a.png is not a picture that can be read. Save it as PNG"):
        read_image("a.png", tmp_path)
    with pytest.raises(DataError, match="is a broken picture"):
        image_size("a.png", tmp_path)


def test_drawings_start_no_other_program():
    content = encoded(Image.new("RGB", (4, 4)), "EPS")
    with pytest.raises(DataError, match=r"is a drawing \(EPS\), not pixels"):
        read_image(content)


def test_pixels_that_are_no_numbers_are_errors():
    image = Image.fromarray(np.array([[np.nan, 1.0]], np.float32))
    with pytest.raises(DataError, match="has pixels that are not numbers"):
        read_image(encoded(image, "TIFF"))


def test_a_large_jpeg_is_decoded_small(tmp_path):
    content = encoded(Image.new("RGB", (640, 480), (200, 100, 50)), "JPEG")
    assert read_image(content, at_least=(60, 60)).shape == (120, 160, 3)
    assert image_size(content) == (480, 640)


def test_real_photographs(shared_data):
    files = sorted((shared_data / "photos" / "image").glob("*.jpg"))
    for file in files[:3]:
        pixels = read_image(file)
        assert pixels.shape[:2] == image_size(file)
        assert 20 < pixels.mean() < 235
