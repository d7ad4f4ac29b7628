"""Every form of a media cell, and every way in which one can be wrong."""

import base64
import struct
import tarfile

import pytest

from polymodal.core.errors import DataError, RecipeError
from polymodal.media.cells import open_cell, open_part, reads_cell
from polymodal.media.media_cell import is_frames, media_cell


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "a.bin").write_bytes(b"hello")
    (tmp_path / "empty.bin").write_bytes(b"")
    return tmp_path


def test_paths_are_relative_to_the_root(folder):
    found, shown = open_cell("clips/a.bin", folder)
    assert found.read_bytes() == b"hello"
    assert shown == "clips/a.bin"
    assert open_cell(str(folder / "clips" / "a.bin"), None)[0].read_bytes() == b"hello"
    assert open_cell(f"file://{folder}/clips/a.bin", None)[0].read_bytes() == b"hello"
    assert open_cell(folder / "clips" / "a.bin", "/elsewhere")[0].read_bytes() == b"hello"


def test_bytes_and_data_uris_are_contents(folder):
    text = "data:audio/wav;base64," + base64.b64encode(b"hello").decode()
    assert open_cell(text, folder) == (b"hello", "data URI")
    assert open_cell(b"hello", folder) == (b"hello", "bytes")
    assert open_cell(memoryview(b"hello"), folder)[0] == b"hello"


def test_mappings_of_hugging_face(folder):
    assert open_cell({"bytes": b"hello", "path": "x.wav"}, folder) == (b"hello", "x.wav")
    assert open_cell({"bytes": None, "path": "clips/a.bin"}, folder)[1] == "clips/a.bin"


def test_members_of_tar_files_are_read_in_place(folder):
    with tarfile.open(folder / "shard.tar", "w") as tar:
        tar.add(folder / "clips" / "a.bin", "a.bin")
    with tarfile.open(folder / "shard.tar") as tar:
        offset = tar.getmember("a.bin").offset_data
    cell = {"path": "shard.tar", "offset": offset, "size": 5}
    assert open_cell(cell, folder) == (b"hello", f"shard.tar at byte {offset}")
    with pytest.raises(DataError, match="lies outside its tar file") as caught:
        open_cell({**cell, "size": 1 << 20}, folder)
    assert caught.value.reason == "truncated_file"
    with pytest.raises(DataError, match="takes 6,000,000,000 bytes in its tar file, the bound is"):
        open_cell({**cell, "size": 6_000_000_000}, folder)


@pytest.mark.parametrize(
    ("cell", "message", "reason"),
    [
        ("nothing.wav", r"nothing.wav does not exist. Looked in .*--media-root", "missing_file"),
        ("clips", "clips is not a file", "not_a_file"),
        ("empty.bin", "empty.bin has 0 bytes. Fix the file", "empty_file"),
        ("http://example.org/a.png", "is an address on a network. Download", "not_a_file"),
        ("a\x00b", "does not exist", "missing_file"),
        ("x" * 5000, "does not exist", "missing_file"),
        (b"", "bytes has 0 bytes", "empty_file"),
        ("data:image/png;base64,@@@", "is not valid base64", "bad_base64"),
        ("data:image/png;base64,", "data URI has 0 bytes", "empty_file"),
        ("data:image/png;base64,\u00e9", "is not valid base64", "bad_base64"),
        ({"bytes": "abc"}, r'needs "bytes" to contain bytes. Got str. In JSON, give', "not_media"),
        ({"bytes": 10**13}, r'needs "bytes" to contain bytes. Got int', "not_media"),
        ({"path": "clips/a.bin", "offset": "x", "size": 3}, "needs offset and size", "not_media"),
        ({"path": "clips/a.bin", "offset": None, "size": 3}, "needs offset and size", "not_media"),
        ({"path": "clips/a.bin", "offset": 2**70, "size": 3}, "outside its tar", "truncated_file"),
        ({"path": 3}, "needs a path, bytes or a data URI. Got int", "not_media"),
        (3.5, "needs a path, bytes or a data URI. Got float", "not_media"),
        ({"size": 3}, r'needs "bytes" or "path". Got a mapping of \[\'size\'\]', "not_media"),
    ],
)
def test_wrong_cells_say_what_is_wrong(folder, cell, message, reason):
    with pytest.raises(DataError, match=message) as caught:
        open_cell(cell, folder)
    assert caught.value.reason == reason


def test_lists_are_frames():
    assert is_frames(["a.png", "b.png"])
    assert not is_frames("a.png")


def test_parts_of_a_file_have_a_start_and_an_end(folder):
    cell = {"path": "clips/a.bin", "start_seconds": 1.5, "end_seconds": 2}
    part = open_part(cell, folder)
    assert part.source.read_bytes() == b"hello"
    assert part[1:] == ("clips/a.bin from 1.5 s to 2 s", 1.5, 2)
    assert open_part({**cell, "end_seconds": None}, folder)[1:] == (
        "clips/a.bin from 1.5 s",
        1.5,
        None,
    )
    assert open_part({**cell, "start_seconds": None}, folder)[2:] == (0.0, 2)
    assert open_part({"bytes": b"x", "path": None, "start_seconds": 1.0}, folder)[0] == b"x"
    for whole in ("clips/a.bin", {"path": "clips/a.bin"}, b"hello"):
        assert open_part(whole, folder) == (*open_cell(whole, folder), 0.0, None)


def test_only_sound_has_parts(folder):
    with pytest.raises(DataError, match=r"^clips/a\.bin is part of a file, which only sound can"):
        open_cell({"path": "clips/a.bin", "start_seconds": 0.0, "end_seconds": 1.0}, folder)


@pytest.mark.parametrize(
    ("start", "end"),
    [(2, 1), (1, 1), (-1, 2), (float("nan"), 2), ("1", 2), (0, float("inf")), (-0.5, None)],
)
def test_parts_end_after_their_start(folder, start, end):
    cell = {"path": "clips/a.bin", "start_seconds": start, "end_seconds": end}
    with pytest.raises(
        DataError,
        match=r"clips/a\.bin needs a part of a file, from 0 s or later "
        r"to a later end\. Got .* Correct these times",
    ) as caught:
        open_part(cell, folder)
    assert caught.value.reason == "bad_part"


def test_whatever_a_decoder_raises_names_the_file():
    @reads_cell
    def decode(cell, error):
        raise error

    for error in (
        struct.error("short"),
        OverflowError("large"),
        RecursionError(),
        MemoryError(),
        AttributeError("rate"),
        KeyError(3),
    ):
        with pytest.raises(DataError, match=rf"^a.wav cannot be read \({type(error).__name__}"):
            decode("a.wav", error)
    for cell, shown in (
        (b"x", "bytes"),
        ("data:audio/wav;base64,AAA", "data URI"),
        ({"path": "t.tar", "name": "7.png"}, "7.png"),
        ({"bytes": 3}, "bytes"),
    ):
        with pytest.raises(DataError, match=f"^{shown} cannot be read"):
            decode(cell, ValueError())
    with pytest.raises(RecipeError):
        decode("a.wav", RecipeError("is about no cell"))


@pytest.mark.parametrize(
    "times",
    [
        (1e308, 1.1e308),
        (1e308, None),
        (float("nan"), 2.0),
        (-1.0, 2.0),
        (2.0, 1.0),
        (1.0, 1.0),
        ("a", 2.0),
        (0.0, 1e400),
    ],
)
def test_times_that_are_no_part_of_a_recording_are_errors(folder, times):
    cell = {"path": "clips/a.bin", "start_seconds": times[0], "end_seconds": times[1]}
    with pytest.raises(DataError, match="needs a part of a file") as caught:
        open_part(cell, folder)
    assert caught.value.reason == "bad_part"


def test_the_files_of_a_cell_are_those_that_are_opened(folder):
    path = folder / "clips" / "a.bin"
    cells = [
        "clips/a.bin",
        str(path),
        f"file://{path}",
        path,
        {"path": "clips/a.bin"},
        {"path": "clips/a.bin", "offset": 1, "size": 2},
    ]
    assert [media_cell(cell).files(folder) for cell in cells] == [[path]] * 6
    assert media_cell(cells).files(folder) == [path] * 6
    without = [b"x", "data:a/b;base64,AA", {"bytes": b"x", "path": "y"}]
    assert media_cell(without).files(folder) == []
