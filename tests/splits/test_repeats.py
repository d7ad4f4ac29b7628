"""Media that stand in several rows are found."""

from __future__ import annotations

from polymodal.profile.profile import profile
from polymodal.splits.repeats import repeated_media
from polymodal.tables.table import read
from published_sets import write_pictures


def make(folder, **columns):
    write_pictures(folder, "a.png", "b.png", "c.png")
    return read(columns, media_root=folder)


def test_the_column_that_repeats_most_is_found(tmp_path):
    table = make(
        tmp_path,
        said=["x", "x", "x", "y"],
        once=["a.png", "b.png", "c.png", "c.png"],
        most=["a.png", "a.png", "b.png", "b.png"],
    )
    assert [profile(table).is_media(name) for name in (*table.column_names, "absent")] == [
        False,
        True,
        True,
        False,
    ]
    assert repeated_media(table) == "most"
    assert repeated_media(table, {"most"}) == "once"


def test_what_is_always_or_never_the_same_makes_no_groups(tmp_path):
    for cells in (["a.png", "b.png", ""], ["a.png", "a.png", "a.png"], ["a.png", "", ""]):
        assert repeated_media(make(tmp_path, image=cells)) is None
    assert repeated_media(make(tmp_path, image=["a.png", "a.png", "b.png", ""])) == "image"
