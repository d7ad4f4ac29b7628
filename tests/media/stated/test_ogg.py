"""Pages of Ogg: each is compared with its checksum and its number."""

import io

import numpy as np
import pytest
import soundfile

from polymodal.media.stated.ogg import Pages, check_pages


@pytest.fixture(scope="module", params=["VORBIS", "OPUS"])
def content(request):
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 48_000)
    soundfile.write(buffer, noise, 16_000, format="OGG", subtype=request.param)
    return buffer.getvalue()


def starts(content):
    return [i for i in range(len(content)) if content.startswith(b"OggS\0", i)]


def check(content):
    return check_pages(io.BytesIO(content))


def test_a_whole_file_is_whole(content):
    assert len(starts(content)) > 3
    assert check(content) == Pages()


def test_any_changed_byte_is_found_in_its_page(content):
    places = starts(content)
    for at in np.random.default_rng(1).integers(0, len(content), 300).tolist():
        changed = bytearray(content)
        changed[at] ^= 1 << at % 8
        found = check(bytes(changed))
        page = max(place for place in places if place <= at)
        assert found.ends_inside or found.damaged_at == page


def test_a_cut_inside_a_page_is_no_damage_but_an_early_end(content):
    last = starts(content)[-1]
    for end in (last - 1, last + 3, last + 20, last + 40, len(content) - 1):
        assert check(content[:end]) == Pages(ends_inside=True)
    assert check(content[:last]) == Pages()  # a stream that was stopped


def test_a_page_that_is_missing_is_found(content):
    places = starts(content)
    before, after = places[-2], places[-1]
    assert check(content[:before] + content[after:]) == Pages(damaged_at=before)


def test_what_stands_around_the_pages_is_passed_over(content):
    tag = b"ID3\x04\0\0\0\0\x01\x00" + bytes(128)
    assert check(tag + content) == Pages()
    assert check(content + b"TAG" + bytes(125)) == Pages()
    middle = starts(content)[-1]
    assert check(content[:middle] + b"junk" + content[middle:]) == Pages(damaged_at=middle)
