"""What a media cell says, in each of its forms."""

from __future__ import annotations

import pytest

from polymodal.core.errors import DataError
from polymodal.media.media_cell import media_cell

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("a.png", "image"),
        ("a.xyz", None),
        ("data:audio/wav;base64,AA", "audio"),
        (PNG, "image"),
        ({"bytes": PNG, "path": "a.wav"}, "image"),
        ({"bytes": b"?", "path": "a.wav"}, "audio"),
        ({"path": "set.tar", "name": "a.flac", "offset": 3, "size": 2}, "audio"),
        ({"path": "talk.mp4", "start_seconds": 2.0}, "video"),
    ],
)
def test_the_kind_follows_from_the_name_or_the_first_bytes(cell, kind):
    assert media_cell(cell).kind(".") == kind


def test_the_kind_of_a_member_without_a_name_follows_from_its_bytes(tmp_path):
    (tmp_path / "set.tar").write_bytes(b"???" + PNG)
    cell = {"path": "set.tar", "offset": 3, "size": 8}
    assert media_cell(cell).kind(tmp_path) == "image"
    assert media_cell({**cell, "path": "absent.tar"}).kind(tmp_path) is None


def test_equal_content_is_told_to_be_equal():
    def same(one, other):
        return media_cell(one).identity("/data") == media_cell(other).identity("/data")

    assert same("im/a.png", {"path": "./im/../im/a.png"})
    assert same(b"x", {"bytes": b"x", "path": "a.png"})
    assert same({"path": "a.wav", "start_seconds": 0}, "a.wav")
    assert same(["a.png", "b.png"], ["a.png", {"path": "b.png"}])
    assert not same({"path": "a.wav", "start_seconds": 1}, "a.wav")
    assert not same(
        {"path": "a.tar", "offset": 0, "size": 3}, {"path": "a.tar", "offset": 3, "size": 3}
    )


def test_columns_that_a_mapping_leaves_empty_say_nothing(tmp_path):
    cell = media_cell(
        {
            "path": "a.png",
            "bytes": None,
            "offset": None,
            "size": None,
            "start_seconds": None,
            "end_seconds": None,
            "name": None,
        }
    )
    assert cell == media_cell("a.png")


@pytest.mark.parametrize("cell", [3, None, {"path": None}, {"text": "a"}])
def test_what_is_no_media_cell_is_refused(cell):
    with pytest.raises(DataError) as caught:
        media_cell(cell)
    assert caught.value.reason == "not_media"
