"""Where content has to end, by the sizes in each format."""

import io

import pytest

from mutated_media import FILES
from polymodal.media.stated.ends import stated_end

EXACT = [
    "m4a-fast",
    "mp4",
    "mp4-fast",
    "mov",
    "3gp",
    "fragmented",
    "webm",
    "mkv",
    "mka",
    "mpeg",
    "flv",
    "ts",
    "gif",
    "gif-animation",
]


@pytest.fixture(scope="module", params=[*EXACT, "avi"])
def content(request):
    return FILES[request.param]()


def end(content):
    return stated_end(io.BytesIO(content))


def test_whole_files_end_where_they_state(content):
    assert end(content) in (len(content), len(content) - 64, None)


def test_a_cut_leaves_less_than_is_stated(content):
    for share in (0.33, 0.61, 0.97):
        size = round(share * len(content))
        assert (end(content[:size]) or 0) > size


@pytest.mark.parametrize("name", ["mp4-fast", "mkv", "avi", "gif"])
def test_what_follows_the_end_is_no_damage(name):
    content = FILES[name]()
    for tail in (bytes(1), bytes(300), b"TAG" + b"\xff" * 125):
        assert (end(content + tail) or 0) <= len(content + tail)


def test_a_film_of_a_program_that_could_not_go_back_states_no_end():
    content = bytearray(FILES["mkv"]())
    place = content.index(b"\x18\x53\x80\x67") + 4
    content[place : place + 8] = b"\x01" + b"\xff" * 7
    assert (end(bytes(content)) or 0) <= len(content)
    assert end(bytes(content[: len(content) // 2])) > len(content) // 2  # inside a cluster


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF",
        b"\x1aE\xdf\xa3",
        b"GIF89a",
        b"\0\0\1\xba",
        b"....ftyp",
        b"FLV\x01",
        b"no media at all" * 20,
    ],
)
def test_content_that_is_nothing_raises_nothing(content):
    end(content)
