"""Checksums of PNG, of every chunk."""

import io

import numpy as np
import pytest

from mutated_media import FILES
from polymodal.media.stated.png import png_damage


@pytest.mark.parametrize("name", ["png", "png-16", "png-palette", "png-animation"])
def test_every_changed_byte_of_a_chunk_is_found(name):
    content = FILES[name]()
    assert png_damage(io.BytesIO(content)) is None
    for at in np.random.default_rng(0).integers(16, len(content) - 12, 200).tolist():
        changed = bytearray(content)
        changed[at] ^= 1 << at % 8
        assert png_damage(io.BytesIO(bytes(changed)))


def test_missing_bytes_are_counted_and_what_follows_is_passed_over():
    content = FILES["png"]()
    assert "it was cut short" in png_damage(io.BytesIO(content[:-100]))
    assert png_damage(io.BytesIO(content[:-12])) is None  # all pixels are there
    assert png_damage(io.BytesIO(content + b"more")) is None
